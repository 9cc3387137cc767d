"""Refinement over time: windows of frames optimised together, from SAGE's motion, under FLAG's prior.

FLAG refines single frames and names temporal data as future work. Here each window has a latent code a frame, started
at the inverse flow of the motion that is refined, and one energy: the latent region, head and hands within their
sigmas, nearness to the start, smoothness, feet that stand still and do not sink. Windows overlap and are cross-faded.
"""

import math
from dataclasses import dataclass

import torch

from ..body.foot_contacts import foot_rest_heights
from ..geometry.kinematics import forward_kinematics
from .lbfgs import minimise
from ..observation import FPS, heading
from ..geometry.skeleton import BODY_JOINT_COUNT, HEAD, TRACKED_JOINTS
from .arms import blend_across_dropouts, smooth_collar_rotations, collar_rotations, solve_arm_ik
from .energy import gather_evidence, place_body, reach_energy, region_energy, tracker_energy
from .feet import feet_energy, plants, standing
from .body_trackers import body_tracker_energy, measured_contacts, measured_joints, tracked_feet, trust_in_start
from .legs import foot_corrections, move_feet
from .smoothing import smooth_in_time

WINDOW, OVERLAP = 48, 12
"""Frames of a window, and those that it shares with the next."""
SMOOTHING = 2.0
"""Standard deviation in frames by which the start is blurred in time."""
KNOT_FRAMES = 4
"""A window's correction is a smooth curve with a knot every so many frames."""
FRAMES_PER_BATCH = 1536
"""Frames that are optimised together: bounds the memory to a few hundred MB, whatever the recording's length."""
FRAMES_IN_ROOM = 8192
"""Frames that are placed in the room together, before and after."""
ITERATIONS = 12
"""BodyTrackers ones bring the body hardly nearer to the truth, and multiply what rounding has made different."""
FURTHER_ITERATIONS = 24
"""The same with further trackers: they may be far from where SAGE, which does not see them, leaves the body."""
SINGULAR = 1e-6
"""Added to the size of a knot's correction: knots outside a short window move nothing."""
JERK_SHARE = 1000.0
"""How much a correction's third differences count beside the correction itself, where it is told how large it is."""


@dataclass(frozen=True)
class Terms:
    """What a window's energy consists of: standard deviations, and the weight of the latent region.

    ``place`` metres and ``turn`` radians of head and hands; ``reach`` metres by which hands are too far from shoulders;
    ``worn`` metres and ``strap`` radians of further trackers;
    ``joint`` metres and ``bend`` radians of the start's joints and pose; ``jerk`` m/s^3 of the joints; ``slide`` m/s of
    a standing foot, ``plant`` metres from where it stands, ``lift`` metres of its height; ``sink`` metres of any foot
    below the floor.
    """

    region: float = 0.1
    place: float = 0.01
    turn: float = math.radians(3.0)
    reach: float = 0.005
    joint: float = 0.03
    bend: float = 0.2
    worn: float = 0.015
    strap: float = math.radians(6.0)
    jerk: float = 600.0
    slide: float = 0.06
    plant: float = 0.02
    lift: float = 0.02
    sink: float = 0.01


@torch.no_grad()
def refine(model, observation, rotations, translation, rest_joints, contacts=None, iterations=None, terms=None,
           exact=True, progress=None, further=None):  # fmt: skip
    """Refine a motion so that it meets its observation, stays likely and moves like a person.

    ``observation`` has ``rotations`` (T, 3, 3, 3), ``positions`` (T, 3, 3), ``valid`` (T, 3) (tensors or arrays, the
    model's frame, metres, floor at 0); the start is ``rotations`` (T, 22, 3, 3) local and ``translation`` (T, 3) of the
    pelvis; ``rest_joints`` (22, 3); ``contacts`` (T, 4) is the probability that each of ``skeleton.FEET`` stands.
    ``exact`` closes by geometry what is left between wrists and trackers, and between standing feet and their places.
    ``further`` (``further.BodyTrackers``) is what trackers beside head and hands tell; ``iterations`` are then
    ``FURTHER_ITERATIONS``, else ``ITERATIONS``, unless given. ``progress(fraction, stage)``.
    Returns rotations (T, 22, 3, 3) and translation (T, 3).
    """
    terms = terms or Terms()
    if iterations is None:
        iterations = ITERATIONS if further is None else FURTHER_ITERATIONS
    start = _Start(model, observation, rotations, translation, rest_joints, contacts)
    if further is not None:
        start.hear(further, terms)
    blended = torch.zeros_like(start.x)
    weights = torch.zeros_like(start.x[:, :1])
    windows = window_frames(len(start.x)).to(start.x.device)
    at_once = max(1, FRAMES_PER_BATCH // windows.shape[1])
    for first in range(0, len(windows), at_once):
        frames = windows[first : first + at_once]
        x = _refine_windows(model, start, frames, iterations, terms)
        share = cross_fade(frames, len(start.x))[..., None].to(x)
        blended.index_add_(0, frames.flatten(), (x * share).flatten(0, 1))
        weights.index_add_(0, frames.flatten(), share.flatten(0, 1))
        if progress is not None:
            progress(min(1.0, (first + at_once) / len(windows)), "refining")
    rotations, translation = start.finish(blended / weights, exact)
    return rotations, translation


def window_frames(count, window=WINDOW, overlap=OVERLAP):
    """Frame numbers (B, window) of windows that cover ``count`` frames and overlap; the last ones may overlap more."""
    window = min(window, count)
    last = count - window
    starts = list(range(0, last, window - overlap)) + [last]
    return torch.tensor(starts)[:, None] + torch.arange(window)


def cross_fade(frames, count, overlap=OVERLAP):
    """Weight (B, W) of each window's frames: falls linearly towards ends that another window covers too."""
    place = torch.arange(frames.shape[1], device=frames.device, dtype=torch.float32)
    rising, falling = (place + 1) / (overlap + 1), (frames.shape[1] - place) / (overlap + 1)
    begin = torch.where(frames[:, :1] == 0, torch.ones_like(rising), rising.clamp_max(1))
    end = torch.where(frames[:, -1:] == count - 1, torch.ones_like(falling), falling.clamp_max(1))
    return torch.minimum(begin, end)


def smooth_basis(count, every=KNOT_FRAMES):
    """Cubic B-splines (count, M) with a knot every few frames: a correction that is made of them adds no jitter."""
    time = torch.arange(count, dtype=torch.float32)[:, None] / every
    knots = torch.arange(-1, math.ceil((count - 1) / every) + 2, dtype=torch.float32)
    away = (time - knots).abs()
    near, far = 2 / 3 - away**2 + away**3 / 2, (2 - away).clamp_min(0) ** 3 / 6
    return torch.where(away < 1, near, far)


def even_basis(count):
    """``smooth_basis`` (count, M), mixed so that corrections of one size cost about as much, be they quick or slow.

    L-BFGS gets as far in fewer iterations then, and each of them multiplies what rounding has made different.
    """
    basis = smooth_basis(count).double()
    jerk = basis.diff(dim=0, n=3)
    size = basis.T @ basis + JERK_SHARE * jerk.T @ jerk + SINGULAR * torch.eye(basis.shape[1])
    return torch.linalg.solve_triangular(torch.linalg.cholesky(size), basis.T, upper=False).T


def jerk_energy(joints, sigma):
    """What the third derivative of joints (..., W, 22, 3) costs, (...) nats; ``sigma`` m/s^3."""
    jerk = joints.diff(dim=-3, n=3) * FPS**3
    return 0.5 * (jerk / sigma).square().sum((-1, -2, -3))


def _refine_windows(model, start, frames, iterations, terms):
    """Optimise the windows ``frames`` (B, W) of frame numbers, each as one problem; poses x (B, W, 66)."""
    first = int(frames.min())
    frames_here = torch.arange(first, int(frames.max()) + 1, device=frames.device)
    evidence, place = start.evidence(frames_here), frames - first
    z = model.flow.inverse(start.x[frames_here], evidence.context)[0]
    joints, x_start, contacts = start.joints[frames], start.x[frames], start.contacts[frames]
    planted, trust = start.planted[frames], start.trust[frames] if start.further else None
    further = start.further.take(frames) if start.further else None

    basis = even_basis(frames.shape[1]).to(z)

    def codes_of(change, items):
        return z[place[items]] + basis @ change.unflatten(-1, (basis.shape[1], -1))

    def cost(change, items):
        z = codes_of(change, items)
        known = evidence.take(place[items])
        x = model.flow(z, known.context)
        world, now = place_body(model.pose, x, known)
        energy = tracker_energy(world, now, known, terms.place, terms.turn)
        energy = energy + terms.region * region_energy(z, known)
        energy = energy + reach_energy(now, known, terms.reach)
        moved = ((now - joints[items]) / terms.joint).square()
        bent = ((x - x_start[items]) * model.pose.scale / terms.bend).square()
        if further is not None:
            moved, bent = moved * trust[items][..., None], bent * trust[items].repeat_interleave(3, -1)
            energy = energy + body_tracker_energy(world, now, further.take(items), terms.worn, terms.strap)
        energy = energy + 0.5 * moved.sum((-1, -2))
        energy = energy + 0.5 * bent.sum(-1)
        energy = energy.sum(-1) + jerk_energy(now, terms.jerk)
        return energy + feet_energy(now, contacts[items], planted[items], start.floor, terms)

    still = z.new_zeros(len(frames), basis.shape[1] * z.shape[-1])
    best = minimise(cost, still, iterations).x
    return model.flow(codes_of(best, slice(None)), evidence.take(place).context)


class _Start:
    """The motion to refine as the flow sees it, with its observation; trackers that are not valid follow the motion."""

    def __init__(self, model, observation, rotations, translation, rest_joints, contacts):
        self.model, like = model, model.pose.scale
        self.rest_joints = torch.as_tensor(rest_joints).to(like)[:BODY_JOINT_COUNT]
        parts = [observation.rotations, observation.positions, observation.valid, rotations, translation]
        found = _in_parts(self._place, *(torch.as_tensor(part).to(like) for part in parts))
        self.seen_rotations, self.seen_positions, self.valid, self.joints, self.x = found
        self.x = smooth_in_time(self.x, SMOOTHING)
        self.floor = foot_rest_heights(self.rest_joints)
        self.contacts = standing(self.joints, self.floor) if contacts is None else torch.as_tensor(contacts).to(like)
        self.planted = plants(self.joints, self.contacts)
        self.further, self.trust, self.tracked_feet = None, None, None

    def hear(self, further, terms):
        """Let ``further`` trackers correct what the start says of their joints, and of which feet stand where."""
        self.further, self.trust = further, trust_in_start(self.joints, further, terms.joint)
        self.tracked_feet = tracked_feet(further)
        self.joints = measured_joints(self.joints, further, self.rest_joints)
        self.contacts = measured_contacts(self.contacts, standing(self.joints, self.floor), further)
        self.planted = plants(self.joints, self.contacts)

    def _place(self, seen_rotations, seen_positions, valid, rotations, translation):
        world, joints = forward_kinematics(rotations, translation, self.rest_joints)
        tracked, known = list(TRACKED_JOINTS), valid[..., None] > 0
        seen_rotations = torch.where(known[..., None], seen_rotations, world[:, tracked])
        seen_positions = torch.where(known, seen_positions, joints[:, tracked])
        shift = seen_positions[:, 0] - joints[:, HEAD]
        x = self.model.pose.encode(rotations, heading(seen_rotations[:, 0]))
        return seen_rotations, seen_positions, valid, joints + shift[:, None], x

    def evidence(self, frames):
        """``energy.Evidence`` of some frames."""
        seen = self.seen_rotations[frames], self.seen_positions[frames], self.valid[frames]
        return gather_evidence(self.model, *seen, self.rest_joints)

    def finish(self, x, exact):
        """The refined poses x (T, 66) as local rotations and pelvis places."""
        rotations, translation = _in_parts(self._hang, x, self.seen_rotations, self.seen_positions)
        if exact:
            rotations = self._stand(self._meet(rotations, translation), translation)
        return rotations, translation

    def _meet(self, rotations, translation):
        """Local rotations that meet head and hands exactly."""
        body = rotations, translation, self.seen_positions
        (lent,) = _in_parts(lambda *part: (collar_rotations(*part, self.rest_joints),), *body)
        lent = smooth_collar_rotations(lent, self.valid)
        (exact,) = _in_parts(lambda *part: (solve_arm_ik(*part, self.rest_joints),), *body, self.seen_rotations, lent)
        return blend_across_dropouts(rotations, exact, self.valid)

    def _stand(self, rotations, translation):
        """Local rotations whose feet stay where they stand, and out of the floor."""
        (joints,) = _in_parts(lambda *body: forward_kinematics(*body, self.rest_joints)[1:], rotations, translation)
        corrections = foot_corrections(joints, self.contacts, self.floor, self.tracked_feet)
        (stood,) = _in_parts(
            lambda r, t, c: (move_feet(r, t, c, self.rest_joints),),
            rotations, translation, corrections,
        )  # fmt: skip
        return stood

    def _hang(self, x, seen_rotations, seen_positions):
        rotations = self.model.pose.decode(x, heading(seen_rotations[:, 0]))
        _, joints = forward_kinematics(rotations, torch.zeros_like(x[:, :3]), self.rest_joints)
        return rotations, seen_positions[:, 0] - joints[:, HEAD]


def _in_parts(function, *tensors):
    """What a function of each frame alone returns (tensors), computed a part of the frames at a time: saves memory."""
    parts = [function(*part) for part in zip(*(t.split(FRAMES_IN_ROOM) for t in tensors), strict=True)]
    return [torch.cat(values) for values in zip(*parts, strict=True)]
