"""Refinement over time: windows of frames optimised together, from SAGE's motion, under FLAG's prior.

FLAG refines single frames and names temporal data as future work. Here each window has a latent code a frame, started
at the inverse flow of the motion that is refined, and one energy (``energy.TERMS``): the latent region, head and hands
within their sigmas, nearness to the initial motion, smoothness, feet that stand still and do not sink. Windows overlap
and are cross-faded. What is left between wrists and trackers, and between standing feet and their anchors, is closed
by geometry.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from ..flag.evidence import place_body
from ..flag.influence import joint_influence
from ..flag.model import Flag
from ..notes import Note
from ..observation import FPS, Observation
from ..progress import part_of
from ..window_blending import Places, blend_sequences
from .body_trackers import BodyTrackers
from .closed_form.wrists import wrist_notes
from .energy import TERMS, Candidate, Term, total_energy
from .initial_motion import BodyMotion, InitialMotion
from .joined_motions import JoinedMotions
from .optimization.lbfgs import minimise
from .windows import KNOT_FRAMES, OVERLAP, WINDOW, correction_units, smooth_curves

FRAMES_PER_BATCH = 1092
"""Frames that are optimised together, 13 windows: bounds the memory to some hundred MB, however long the recording is.
Of fewer, each costs more; of twice as many hardly less."""
FRAMES_AT_ONCE = 546
"""Of these, frames whose codes or poses are computed together before and after: the flow's contexts take 16 kB each."""
ITERATIONS = 8
"""More bring the body hardly nearer to the truth, and multiply what rounding has made different."""
BODY_TRACKER_ITERATIONS = 16
"""The same with body trackers: they may be far from where SAGE, which does not see them, leaves the body."""


@dataclass(frozen=True)
class Refined:
    """A refined motion: local ``rotations`` (T, 22, 3, 3), ``translation`` (T, 3) of the pelvis in metres, and the
    ``contacts`` (T, 4) that the refinement used: the probability that each of ``skeleton.FEET`` stands. ``notes`` say
    what of the hands had to be given up."""

    rotations: torch.Tensor
    translation: torch.Tensor
    contacts: torch.Tensor
    notes: tuple[Note, ...] = ()

    @property
    def motion(self) -> tuple[torch.Tensor, torch.Tensor]:
        """``rotations`` and ``translation``."""
        return self.rotations, self.translation


@dataclass(frozen=True)
class RefinementOptions:
    """``iterations`` None are ``BODY_TRACKER_ITERATIONS`` where there are such trackers, else ``ITERATIONS``;
    ``closed_form`` False leaves out the closed-form arms and legs at the end."""

    iterations: int | None = None
    terms: tuple[Term, ...] = TERMS
    closed_form: bool = True


@dataclass(frozen=True)
class ToRefine:
    """A motion to ``refine`` with its observation, of a person with ``rest_joints`` (22 or 24, 3).

    ``observation`` and ``motion`` are in the model's frame, metres, floor at 0. Where the motion has no contacts, its
    low and slow feet stand. ``body_trackers`` are those beside head and hands. ``given_contacts`` (T, 2) are 1 where
    somebody says that the left or right foot stands, 0 where it is free, else NaN.
    """

    observation: Observation
    motion: BodyMotion
    rest_joints: np.ndarray | torch.Tensor
    body_trackers: BodyTrackers | None = None
    given_contacts: np.ndarray | None = None


def refine(
    model: Flag,
    observation: Observation,
    motion: BodyMotion,
    rest_joints: np.ndarray | torch.Tensor,
    body_trackers: BodyTrackers | None = None,
    options: RefinementOptions | None = None,
    progress: Callable[[float, str], None] | None = None,
    given_contacts: np.ndarray | None = None,
) -> Refined:
    """Refine a motion so that it meets its observation, stays likely and moves like a person.

    The arguments are those of ``ToRefine`` and of ``refine_all``.
    """
    one = ToRefine(observation, motion, rest_joints, body_trackers, given_contacts)
    return refine_all(model, [one], options, progress)[0]


@torch.no_grad()
def refine_all(
    model: Flag,
    motions: Sequence[ToRefine],
    options: RefinementOptions | None = None,
    progress: Callable[[float, str], None] | None = None,
) -> list[Refined]:
    """Refine motions of several recordings, whose windows share batches.

    Where feet have body trackers, the contacts returned are those that these see. ``progress(fraction, stage)``.
    """
    options = options or RefinementOptions()
    initials = [
        InitialMotion(model, each.observation, each.motion, each.rest_joints, each.body_trackers, each.given_contacts)
        for each in motions
    ]
    alike: dict[tuple[int, ...], list[int]] = {}
    for number, motion in enumerate(motions):
        alike.setdefault(() if motion.body_trackers is None else motion.body_trackers.joints, []).append(number)
    refined: dict[int, Refined] = {}
    for numbers in alike.values():
        report = part_of(progress, len(refined) / len(motions), (len(refined) + len(numbers)) / len(motions))
        some = [initials[number] for number in numbers]
        blended = _refine_alike(model, some, options, report)
        for number, initial, poses in zip(numbers, some, blended, strict=True):
            refined[number] = _finished(initial, poses, options)
    return [refined[number] for number in range(len(motions))]


def _refine_alike(
    model: Flag, initials: Sequence[InitialMotion], options: RefinementOptions, progress: Callable[[float, str], None]
) -> list[torch.Tensor]:
    """Poses (T, 66) of each motion after the windows' optimisation; all have trackers on the same joints."""
    iterations = options.iterations
    if iterations is None:
        iterations = ITERATIONS if initials[0].reference.body_trackers is None else BODY_TRACKER_ITERATIONS
    # One motion's rest joints are the same in all frames, which is less to compute with.
    joined = initials[0] if len(initials) == 1 else JoinedMotions(initials)
    influence = joint_influence(model)
    firsts, device = [0] if isinstance(joined, InitialMotion) else joined.firsts, joined.valid.device

    def forward(places: Places, window: int) -> torch.Tensor:
        starts = torch.tensor([firsts[sequence] + start for sequence, start in places], device=device)
        frames = starts[:, None] + torch.arange(window, device=device)
        return _refine_windows(model, joined, frames, iterations, options.terms, influence)

    return blend_sequences(
        [initial.frame_count for initial in initials], WINDOW, WINDOW - OVERLAP, forward, FRAMES_PER_BATCH // WINDOW,
        progress, "refining", length=OVERLAP + 1, hold_ends=True, device=device,
    )  # fmt: skip


def _finished(initial: InitialMotion, poses: torch.Tensor, options: RefinementOptions) -> Refined:
    """Optimised poses (T, 66) in the room, with what geometry closes."""
    rotations, translation = initial.place(poses)
    notes: tuple[Note, ...] = ()
    if options.closed_form:
        rotations, translation = initial.solve(rotations, translation)
        notes = (*initial.crouching_notes(), *wrist_notes(initial.given_up(rotations, translation)))
    return Refined(rotations, translation, initial.reference.contacts, notes)


def _refine_windows(
    model: Flag,
    initial: InitialMotion | JoinedMotions,
    frames: torch.Tensor,
    iterations: int,
    terms: tuple[Term, ...],
    influence: torch.Tensor,
) -> torch.Tensor:
    """Optimise the windows ``frames`` (B, W) of frame numbers, each as one problem; poses (B, W, 66).

    ``influence`` (22, 66) is ``joint_influence``.

    A correction is as smooth as its knots let it be: its energy is computed at the frames where these lie.
    """
    every_frame, index = frames.unique(return_inverse=True)
    initial_codes = torch.cat([
        model.flow.inverse(initial.reference.poses[some], initial.context(some))[0]
        for some in every_frame.split(FRAMES_AT_ONCE)
    ])  # fmt: skip
    curves = smooth_curves(frames.shape[1])
    units, basis = correction_units(influence, curves, terms), curves.values.to(initial_codes)
    some, compared_basis = frames[:, ::KNOT_FRAMES], basis[::KNOT_FRAMES]
    compared, compared_index = some.unique(return_inverse=True)
    start = initial_codes[index[:, ::KNOT_FRAMES]]
    evidence = initial.evidence(compared).take(compared_index)
    reference = initial.reference.take(some, FPS / KNOT_FRAMES)

    def correction(change: torch.Tensor, basis: torch.Tensor) -> torch.Tensor:
        return basis @ (units * change.unflatten(-1, units.shape))

    def cost(change: torch.Tensor, items: torch.Tensor) -> torch.Tensor:
        codes, known, held = start, evidence, reference
        if len(items) < len(frames):
            codes, known, held = start[items], evidence.take(items), reference.take(items, reference.fps)
        codes = codes + correction(change, compared_basis)
        poses = model.flow(codes, known.context)
        world, joints = place_body(model.pose, poses, known)
        return total_energy(Candidate(codes, poses, world, joints, known, held), terms)

    unchanged = initial_codes.new_zeros(len(frames), units.numel())
    best = minimise(cost, unchanged, iterations).x
    codes = initial_codes[index] + correction(best, basis)
    parts = zip(codes.flatten(0, 1).split(FRAMES_AT_ONCE), frames.flatten().split(FRAMES_AT_ONCE), strict=True)
    return torch.cat([model.flow(part, initial.context(some)) for part, some in parts]).view_as(codes)
