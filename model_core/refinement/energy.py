"""What refinement minimises: every energy term, in one table.

All terms are negative log-probabilities in nats, so that a sigma says what each means. The FLAG paper (section 4.5)
adds metres to 6D rotations to nats (equations 9 and 10); here a position has a sigma in metres and a rotation one in
radians.

To add a term, write its function and add a line to ``TERMS``.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

import torch

from ..flag.evidence import Evidence
from ..geometry.skeleton import ELBOWS, FEET, SHOULDERS, TRACKED_JOINTS, WRISTS
from ..observation import FPS
from .body_trackers import BodyTrackers
from .standing.feet import LIKELY_CONTACT

SIGMA_POSITION = 0.01
"""Standard deviation in metres of a tracked position."""
SIGMA_ROTATION = math.radians(3.0)
"""Standard deviation in radians of a tracked rotation."""
ARM_SLACK = 0.02
"""Fraction of its length by which an arm stays bent even where it reaches far."""
ANCHOR_ROBUST_SCALE = 0.1
"""Metres from its anchor at which a foot begins to be taken to have moved after all (Geman-McClure)."""


@dataclass(frozen=True)
class Reference:
    """What windows are held to, besides their evidence: tensors whose first dimensions are those of frames, (..., W).

    ``joints`` (..., W, 22, 3) and ``poses`` (..., W, 66) of the initial motion; ``contacts`` (..., W, 4) and
    ``foot_anchors`` (..., W, 4, 3) of ``skeleton.FEET``, which rest at the heights ``rest_heights`` (4,) or, of
    different people, (..., W, 4);
    ``trust`` (..., W, 22), 0 to 1, is the weight of the initial motion's joints, and ``body_trackers`` what further
    trackers measured: both None where there are none. ``pose_scale`` (66,) turns poses into radians. Neighbouring
    frames are 1 / ``fps`` seconds apart.
    """

    joints: torch.Tensor
    poses: torch.Tensor
    contacts: torch.Tensor
    foot_anchors: torch.Tensor
    rest_heights: torch.Tensor
    pose_scale: torch.Tensor
    trust: torch.Tensor | None = None
    body_trackers: BodyTrackers | None = None
    fps: float = FPS

    def take(self, frames: torch.Tensor, fps: float = FPS) -> "Reference":
        """The same of some frames, an index of any shape, whose neighbours are 1 / ``fps`` seconds apart."""
        return replace(
            self,
            fps=fps,
            joints=self.joints[frames],
            poses=self.poses[frames],
            contacts=self.contacts[frames],
            foot_anchors=self.foot_anchors[frames],
            rest_heights=self.rest_heights if self.rest_heights.ndim == 1 else self.rest_heights[frames],
            trust=None if self.trust is None else self.trust[frames],
            body_trackers=None if self.body_trackers is None else self.body_trackers.take(frames),
        )


@dataclass(frozen=True)
class Candidate:
    """A window's frames (..., W) as the optimiser tries them, with what they are compared to.

    ``codes`` and ``poses`` (..., W, 66), ``world`` rotations (..., W, 22, 3, 3) and ``joints`` (..., W, 22, 3).
    """

    codes: torch.Tensor
    poses: torch.Tensor
    world: torch.Tensor
    joints: torch.Tensor
    evidence: Evidence
    reference: Reference


def position_energy(joints: torch.Tensor, evidence: Evidence, sigma: float = SIGMA_POSITION) -> torch.Tensor:
    """How far head and hands are from where they were seen: (...) nats. What is not valid does not count."""
    seen = evidence.valid[..., None] > 0
    # Selected before it is squared: what is not valid may hold anything, and must not reach the gradient.
    off = torch.where(seen, _joints_of(joints, TRACKED_JOINTS) - evidence.positions, evidence.positions.new_zeros(()))
    return 0.5 * (off.square().sum(-1) / sigma**2).sum(-1)


def rotation_energy(world: torch.Tensor, evidence: Evidence, sigma: float = SIGMA_ROTATION) -> torch.Tensor:
    """How far head and hands are turned from what was seen: (...) nats. What is not valid does not count.

    For small angles the squared Frobenius distance of two rotations is twice their squared angle.
    """
    seen = evidence.valid[..., None, None] > 0
    zero = evidence.rotations.new_zeros(())
    off = torch.where(seen, _rotations_of(world, TRACKED_JOINTS) - evidence.rotations, zero)
    return 0.5 * (0.5 * off.square().sum((-1, -2)) / sigma**2).sum(-1)


def tracker_energy(
    world: torch.Tensor,
    joints: torch.Tensor,
    evidence: Evidence,
    sigma_position: float = SIGMA_POSITION,
    sigma_rotation: float = SIGMA_ROTATION,
) -> torch.Tensor:
    """``position_energy`` and ``rotation_energy`` together, (...) nats."""
    return position_energy(joints, evidence, sigma_position) + rotation_energy(world, evidence, sigma_rotation)


def region_energy(codes: torch.Tensor, evidence: Evidence) -> torch.Tensor:
    """-log N(z; mu_H, Sigma_H) (...) in nats, but for a constant of each frame."""
    return 0.5 * (((codes - evidence.mean) * torch.exp(-evidence.log_sigma)) ** 2).sum(-1)


def reach_energy(joints: torch.Tensor, evidence: Evidence, sigma: float) -> torch.Tensor:
    """How far shoulders are beyond an arm's length from where wrists were seen, (...) nats; ``sigma`` in metres.

    Arms are as long as ``evidence.rest_joints`` say, less ``ARM_SLACK``; ``joints`` (..., 22, 3).
    """
    chains = torch.stack([_joints_of(evidence.rest_joints, joint) for joint in (SHOULDERS, ELBOWS, WRISTS)])
    arms = chains.diff(dim=0).norm(dim=-1).sum(0) * (1 - ARM_SLACK)
    seen = evidence.valid[..., 1:] > 0
    away = _joints_of(joints, SHOULDERS) - evidence.positions[..., 1:, :]
    away = torch.where(seen[..., None], away, torch.zeros_like(away[..., :1]))
    beyond = (away.square().sum(-1).clamp_min(1e-6).sqrt() - arms).clamp_min(0)
    return 0.5 * (beyond / sigma).square().sum(-1)


def initial_joint_energy(joints: torch.Tensor, reference: Reference, sigma: float) -> torch.Tensor:
    """How far joints are from those of the initial motion, (...) nats; ``sigma`` in metres."""
    moved = ((joints - reference.joints) / sigma).square()
    if reference.trust is not None:
        moved = moved * reference.trust[..., None]
    return 0.5 * moved.sum((-1, -2))


def initial_pose_energy(poses: torch.Tensor, reference: Reference, sigma: float) -> torch.Tensor:
    """How far the pose is bent from that of the initial motion, (...) nats; ``sigma`` in radians."""
    bent = ((poses - reference.poses) * reference.pose_scale / sigma).square()
    if reference.trust is not None:
        bent = bent * reference.trust.repeat_interleave(3, -1)
    return 0.5 * bent.sum(-1)


def body_tracker_position_energy(joints: torch.Tensor, trackers: BodyTrackers, sigma: float) -> torch.Tensor:
    """How far joints are from where trackers beside head and hands put them, (...) nats; ``sigma`` in metres."""
    off = (_joints_of(joints, trackers.joints) - trackers.positions).square().sum(-1)
    return 0.5 * (trackers.valid * off / sigma**2).sum(-1)


def body_tracker_rotation_energy(world: torch.Tensor, trackers: BodyTrackers, sigma: float) -> torch.Tensor:
    """The same of their rotations; ``sigma`` in radians."""
    off = (_rotations_of(world, trackers.joints) - trackers.rotations).square().sum((-1, -2))
    return 0.5 * (trackers.valid * 0.5 * off / sigma**2).sum(-1)


def jerk_energy(joints: torch.Tensor, sigma: float, fps: float = FPS) -> torch.Tensor:
    """What the third derivative of joints (..., W, 22, 3) costs, (...) nats; ``sigma`` in m/s^3."""
    jerk = joints.diff(dim=-3, n=3) * fps**3
    return 0.5 * (jerk / sigma).square().sum((-1, -2, -3))


def foot_slide_energy(joints: torch.Tensor, reference: Reference, sigma: float) -> torch.Tensor:
    """What the speed of standing feet costs, (...) nats; ``sigma`` in m/s."""
    standing = _standing(reference)
    slide = (_joints_of(joints, FEET).diff(dim=-3) * reference.fps / sigma).square().sum(-1)
    return 0.5 * (torch.minimum(standing[..., 1:, :], standing[..., :-1, :]) * slide).sum((-1, -2))


def foot_anchor_energy(joints: torch.Tensor, reference: Reference, sigma: float) -> torch.Tensor:
    """What standing feet cost by being away from their anchors, (...) nats; ``sigma`` in metres."""
    away = (_joints_of(joints, FEET) - reference.foot_anchors)[..., ::2].square().sum(-1)
    robust = away / (1 + away / ANCHOR_ROBUST_SCALE**2)
    return 0.5 * (_standing(reference) * robust).sum((-1, -2)) / sigma**2


def foot_height_energy(joints: torch.Tensor, reference: Reference, sigma: float) -> torch.Tensor:
    """What standing feet cost by being off the floor, (...) nats; ``sigma`` in metres."""
    return 0.5 * (_standing(reference) * (_foot_heights(joints, reference) / sigma).square()).sum((-1, -2))


def floor_penetration_energy(joints: torch.Tensor, reference: Reference, sigma: float) -> torch.Tensor:
    """What any foot below the floor costs, (...) nats; ``sigma`` in metres."""
    return 0.5 * (_foot_heights(joints, reference).clamp_max(0) / sigma).square().sum((-1, -2))


def _standing(reference: Reference) -> torch.Tensor:
    """(..., W, 4) probability that a foot stands, zero where it is not likely."""
    contacts = reference.contacts
    return torch.where(contacts > LIKELY_CONTACT, contacts, torch.zeros_like(contacts))


def _foot_heights(joints: torch.Tensor, reference: Reference) -> torch.Tensor:
    """Metres (..., W, 4) of ``skeleton.FEET`` above where they rest."""
    return _joints_of(joints, FEET)[..., 1] - reference.rest_heights


def _joints_of(joints: torch.Tensor, chosen: tuple[int, ...]) -> torch.Tensor:
    """Some joints (..., n, 3) of (..., 22, 3)."""
    return joints.index_select(-2, _index(chosen, joints.device))


def _rotations_of(world: torch.Tensor, chosen: tuple[int, ...]) -> torch.Tensor:
    """Some rotations (..., n, 3, 3) of (..., 22, 3, 3)."""
    return world.index_select(-3, _index(chosen, world.device))


@lru_cache(maxsize=64)
def _index(chosen: tuple[int, ...], device: torch.device) -> torch.Tensor:
    """Numbers of joints on a device: a list would be made a tensor, and copied there, at every evaluation."""
    with torch.inference_mode(False):
        return torch.tensor(chosen, device=device)


def _of_body_trackers(function: Callable[..., torch.Tensor], attribute: str) -> "Energy":
    """An energy of a candidate's joints or world rotations that is zero where there are no body trackers."""

    def energy(candidate: Candidate, sigma: float) -> torch.Tensor:
        if candidate.reference.body_trackers is None:
            return candidate.codes.new_zeros(candidate.codes.shape[:-1])
        return function(getattr(candidate, attribute), candidate.reference.body_trackers, sigma)

    return energy


Energy = Callable[[Candidate, float], torch.Tensor]
"""Cost in nats of a candidate's frames (..., W), or of its windows (...,)."""


@dataclass(frozen=True)
class Term:
    """One term of the energy: ``sigma`` is its standard deviation in ``unit``; ``per_frame`` says what it returns."""

    name: str
    sigma: float
    unit: str
    energy: Energy
    per_frame: bool = True


TERMS = (
    Term("region", math.sqrt(10.0), "its own sigmas", lambda c, s: region_energy(c.codes, c.evidence) / s**2),
    Term("position", SIGMA_POSITION, "m", lambda c, s: position_energy(c.joints, c.evidence, s)),
    Term("rotation", SIGMA_ROTATION, "rad", lambda c, s: rotation_energy(c.world, c.evidence, s)),
    Term("reach", 0.005, "m", lambda c, s: reach_energy(c.joints, c.evidence, s)),
    Term("joint", 0.07, "m", lambda c, s: initial_joint_energy(c.joints, c.reference, s)),
    Term("pose", 0.2, "rad", lambda c, s: initial_pose_energy(c.poses, c.reference, s)),
    Term("body_tracker_position", 0.015, "m", _of_body_trackers(body_tracker_position_energy, "joints")),
    Term("body_tracker_rotation", math.radians(6.0), "rad", _of_body_trackers(body_tracker_rotation_energy, "world")),
    Term("jerk", 300.0, "m/s^3", lambda c, s: jerk_energy(c.joints, s, c.reference.fps), per_frame=False),
    Term("foot_slide", 0.06, "m/s", lambda c, s: foot_slide_energy(c.joints, c.reference, s), per_frame=False),
    Term("foot_anchor", 0.02, "m", lambda c, s: foot_anchor_energy(c.joints, c.reference, s), per_frame=False),
    Term("foot_height", 0.02, "m", lambda c, s: foot_height_energy(c.joints, c.reference, s), per_frame=False),
    Term(
        "floor_penetration", 0.01, "m", lambda c, s: floor_penetration_energy(c.joints, c.reference, s), per_frame=False
    ),
)
"""What a window's energy consists of."""


def with_sigmas(terms: Iterable[Term] = TERMS, **sigmas: float) -> tuple[Term, ...]:
    """The same terms, some with other standard deviations: ``with_sigmas(foot_anchor=0.01)``."""
    return tuple(replace(term, sigma=sigmas.get(term.name, term.sigma)) for term in terms)


def total_energy(candidate: Candidate, terms: Iterable[Term] = TERMS) -> torch.Tensor:
    """The sum of all terms over a window's frames, (...,) nats."""
    total = candidate.codes.new_zeros(candidate.codes.shape[:-2])
    for term in terms:
        energy = term.energy(candidate, term.sigma)
        total = total + (energy.sum(-1) if term.per_frame else energy)
    return total
