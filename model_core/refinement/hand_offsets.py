"""How both hands hold their devices, by which the wrists are those of people: a maximum a posteriori estimate.

A preset says how a device is held as a rule (``calibration.presets.HandPrior``), the recording how this person holds
it.
Given where a first prediction has the shoulders and on which side the elbows are, a candidate offset gives every frame
a forearm and a hand. Flexion, deviation and pronation between them have a distribution that people's wrists have, with
steep walls where anatomy ends; the elbow may swivel about the line from shoulder to wrist, and all swivels are summed
up. Sought is the offset that is likeliest over all frames, the same for both hands but for the mirror, and nearly so
for each.
"""

import math
from dataclasses import dataclass

import torch

from ..calibration.presets import PALM_RADIUS, HandPrior, palm_center
from ..geometry.rotations import axis_angle_to_matrix, cross, nearest_rotation, normalize, transpose
from .closed_form.wrists import EXTENSION, FLEXION, PRONATION, RADIAL, ULNAR
from .optimization.lbfgs import minimise

NATURAL = tuple(math.radians(angle) for angle in (-8.0, 0.0, 0.0))
NATURAL_STD = tuple(math.radians(angle) for angle in (20.0, 20.0, 12.0))
"""Mean and standard deviation of flexion, ulnar deviation and pronation. People pronate more than this: but the
networks know hands that go on as their forearms do, and lead feet astray by others (measured on real recordings)."""
HABIT_STD = math.radians(20.0)
"""By how much a person's forearms are pronated more or less than people's on average all through a recording: how a
device is turned about the forearm, and how the forearm is, cannot be told apart, and the preset knows the first."""
WALL_STD = math.radians(16.0)
"""By so much a wrist may seem to go beyond its limits."""
STRANGE_COST = 8.0
"""No frame costs more nats: what it shows then is something else."""
SWIVELS = tuple(math.radians(angle) for angle in range(-60, 61, 15))
SWIVEL_STD = math.radians(25.0)
"""By how much elbows are elsewhere on their circle than predicted."""
STRAIGHT = 0.3
"""Sine of the bend of an arm below which the elbow's hinge has a say in the plane of the arm."""
MISSED_STD = 0.03
"""Metres by which an arm may miss its hand."""
SECONDS_PER_FRAME, FEWEST_FRAMES, MOST_FRAMES = 1.5, 4.0, 20.0
"""As one independent frame count so many seconds of motion, which are much alike; and so many there are at most."""
ODD_COST = 8.0
"""An offset unlike the preset costs no more nats: some players have set up their devices in ways of their own."""
SIDE_ROTATION_STD, SIDE_POSITION_STD = math.radians(6.0), 0.007
"""By how much either hand differs from the mean of both."""
ROLLS = (0.0, math.pi / 2, math.pi, -math.pi / 2)
ROTATION_UNIT, POSITION_UNIT = 0.3, 0.01
UNKNOWNS = 13
HISTORY, ITERATIONS = 20, 24
ENOUGH = 1e-4
"""Of a cost: less gain ends the search, within some 0.5 degrees and a millimetre of where it would lead."""


@dataclass(frozen=True)
class Arms:
    """N frames of one arm, in the model's frame and mirrored to the left side.

    ``shoulders`` (N, 3), ``elbows`` (N, 3) and ``wrists`` (N, 3) are predicted, metres; ``hinges`` (N, 3) the axes
    about which the elbows bend. The device is at ``positions`` (N, 3), turned by ``rotations`` (N, 3, 3). ``upper`` and
    ``fore`` (N, 1) are the lengths of the arm's bones in metres.
    """

    shoulders: torch.Tensor
    elbows: torch.Tensor
    wrists: torch.Tensor
    hinges: torch.Tensor
    positions: torch.Tensor
    rotations: torch.Tensor
    upper: torch.Tensor
    fore: torch.Tensor

    @staticmethod
    def join(arms: "list[Arms]") -> "Arms":
        """The frames of several arms, one arm's after the other's."""
        return Arms(*(torch.cat(values) for values in zip(*(vars(arm).values() for arm in arms), strict=True)))


@dataclass(frozen=True)
class HeldDevices:
    """Offsets of the left and, mirrored, of the right hand: ``rotations`` (2, 3, 3) and ``positions`` (2, 3) of the
    wrist on the device, and ``from_palm`` (2, 3) metres, where the handle lies from the palm's centre.

    The search for them began at the rotation ``start`` (3, 3), and ended at the ``unknowns`` (13,) of ``_Problem``.
    """

    rotations: torch.Tensor
    positions: torch.Tensor
    from_palm: torch.Tensor
    start: torch.Tensor
    unknowns: torch.Tensor


def fit_hand_offsets(
    arms: list[Arms | None], prior: HandPrior, size: float, seconds: float, before: HeldDevices | None = None
) -> HeldDevices:
    """The likeliest offsets, given the arms of either side (None where a hand is hardly seen), the ``prior``, the
    person's ``size`` over the mean person's, and how long the recording is that the frames are from.

    The search goes on from what was found ``before`` in other frames, or else begins at the likeliest rotation that
    prior and straight wrists suggest.
    """
    problem = _Problem(
        [arm for arm in arms if arm is not None], [arm is not None for arm in arms], prior, size, seconds
    )
    if before is not None:
        return problem.maximize(before.start, before.unknowns)
    start = problem.start()
    return problem.maximize(start, start.new_zeros(UNKNOWNS))


def wrist_angles(forearms: torch.Tensor, hands: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Flexion, ulnar deviation and pronation, radians, of left hands (..., 3, 3) on forearms (..., 3, 3) that are
    turned as their elbows' hinges are.

    The swing of the hand's X axis is split about the hand's own axes; the twist about it is the forearm's pronation.
    """
    relative = transpose(forearms) @ hands
    along = relative[..., 0, :]
    aside = (along[..., 1].square() + along[..., 2].square()).clamp_min(1e-12).sqrt()
    bend = torch.atan2(aside, along[..., 0]) / aside
    trace = 1 + relative[..., 0, 0] + relative[..., 1, 1] + relative[..., 2, 2]
    w = trace.clamp_min(1e-9).sqrt()
    twist = 2 * torch.atan2((relative[..., 2, 1] - relative[..., 1, 2]) / w, w)
    return bend * along[..., 1], bend * along[..., 2], twist


def wrist_cost(
    flexion: torch.Tensor, deviation: torch.Tensor, pronation: torch.Tensor, habit: torch.Tensor | float = 0.0
) -> torch.Tensor:
    """Cost in nats of wrists: a normal distribution about ``NATURAL``, with walls at the limits of human wrists.

    Flexion and deviation share an ellipse. ``habit`` is the person's own mean pronation in radians.
    """
    angles = (flexion, deviation, pronation - habit)
    cost = sum(((a - mean) / std).square() for a, mean, std in zip(angles, NATURAL, NATURAL_STD, strict=True))
    bent = flexion / torch.where(flexion > 0, FLEXION, EXTENSION)
    aside = deviation / torch.where(deviation > 0, ULNAR, RADIAL)
    radius = (bent.square() + aside.square() + 1e-9).sqrt()
    beyond = (flexion.square() + deviation.square() + 1e-9).sqrt() * (1 - 1 / radius.clamp_min(1))
    twisted = (pronation.abs() - PRONATION).clamp_min(0)
    return 0.5 * (cost + (beyond / WALL_STD).square() + (twisted / WALL_STD).square())


def forearm_frames(arms: Arms, wrists: torch.Tensor, swivels: torch.Tensor) -> torch.Tensor:
    """Forearms (N, S, 3, 3) that lead to ``wrists`` (N, 3), X along them and -Y the elbow's hinge, with the elbow
    turned by ``swivels`` (S,) radians about the line from shoulder to wrist, from where it was predicted."""
    reach = wrists - arms.shoulders
    distance = reach.norm(dim=-1, keepdim=True)
    line = reach / distance.clamp_min(1e-6)
    distance = distance.clamp((arms.upper - arms.fore).abs() + 1e-3, 0.995 * (arms.upper + arms.fore))
    hinge = arms.hinges
    normal = cross(normalize(arms.elbows - arms.shoulders), normalize(arms.wrists - arms.elbows))
    normal = normal + hinge * (STRAIGHT - (normal * hinge).sum(-1, keepdim=True)).clamp_min(0)
    aside = normalize(cross(line, normal))
    cosine = ((arms.upper**2 + distance**2 - arms.fore**2) / (2 * arms.upper * distance)).clamp(-1, 1)
    elbow = arms.upper * (cosine * line + (1 - cosine.square()).clamp_min(1e-9).sqrt() * aside)
    fore = normalize(distance * line - elbow)
    up = -normalize(cross(aside, line))
    frames = torch.stack([fore, up, cross(fore, up)], -1)
    # Rodrigues: of one axis there are many angles.
    across = torch.linalg.cross(line[..., None].expand_as(frames), frames, dim=-2)
    outside = line[..., None] * (line[:, None] @ frames) - frames
    sine, versed = swivels.sin()[:, None, None], (1 - swivels.cos())[:, None, None]
    return frames[:, None] + sine * across[:, None] + versed * outside[:, None]


def frame_costs(
    arms: Arms, rotation: torch.Tensor, position: torch.Tensor, habit: torch.Tensor | float = 0.0
) -> torch.Tensor:
    """Cost (N,) in nats of each frame under the offset ``rotation`` (3, 3), ``position`` (3,), or under one of its own,
    (N, 3, 3) and (N, 3); elbows summed up, of a person whose mean pronation is ``habit`` radians."""
    swivels = position.new_tensor(SWIVELS)
    wrists = arms.positions + (arms.rotations @ position[..., None])[..., 0]
    hands = (arms.rotations @ rotation)[:, None]
    costs = wrist_cost(*wrist_angles(forearm_frames(arms, wrists, swivels), hands), habit)
    cost = -torch.logsumexp(-costs - 0.5 * (swivels / SWIVEL_STD).square(), 1)
    missed = ((wrists - arms.shoulders).norm(dim=-1, keepdim=True) - arms.upper - arms.fore).clamp_min(0)[:, 0]
    strange = torch.full_like(cost, -STRANGE_COST)
    return -torch.logaddexp(-cost, strange) + torch.log1p(0.5 * (missed / MISSED_STD).square())


class _Problem:
    """The search for the offsets: unknown are the mean's rotation and shift and either side's difference, and the
    person's habit, (13,)."""

    def __init__(self, arms: list[Arms], seen: list[bool], prior: HandPrior, size: float, seconds: float) -> None:
        self.arms, self.prior, self.together, like = arms, prior, Arms.join(arms), arms[0].positions
        sides = [side for side, there in enumerate(seen) if there]
        counts = torch.tensor([len(arm.positions) for arm in arms], device=like.device)
        self.sides = torch.tensor(sides, device=like.device).repeat_interleave(counts)
        self.shares = (1 / (len(arms) * counts.to(like))).repeat_interleave(counts)
        self.prior_rotation = torch.as_tensor(prior.rotation).to(like)
        self.handle, self.usual = torch.as_tensor(prior.handle).to(like), torch.as_tensor(prior.from_palm).to(like)
        self.rotation_std = like.new_tensor([prior.roll_std, prior.rotation_std, prior.rotation_std])
        self.palm = torch.as_tensor(palm_center(size)).to(like)
        self.frames = min(max(seconds / SECONDS_PER_FRAME, FEWEST_FRAMES), MOST_FRAMES)

    def start(self) -> torch.Tensor:
        """The likeliest of the prior's rotation and, on forearms as they are predicted, the one that makes wrists
        straight on average, as it is and turned about the forearm."""
        total = torch.zeros_like(self.prior_rotation)
        for arms in self.arms:
            frames = forearm_frames(arms, arms.wrists, arms.wrists.new_zeros(1))[:, 0]
            total = total + (transpose(arms.rotations) @ frames).mean(0)
        straight = torch.as_tensor(nearest_rotation(total.cpu().double().numpy())).to(total)
        rolls = [axis_angle_to_matrix(total.new_tensor([angle, 0.0, 0.0])) for angle in ROLLS]
        starts = [self.prior_rotation, *(straight @ roll for roll in rolls)]
        with torch.no_grad():
            return min(starts, key=lambda start: float(self.cost(start, start.new_zeros(UNKNOWNS))))

    def held(self, start: torch.Tensor, unknown: torch.Tensor) -> HeldDevices:
        """The offsets of both sides for the unknowns."""
        rotation, rotation_apart, shift, shift_apart = unknown[:12].view(4, 3)
        sides = unknown.new_tensor([[1.0], [-1.0]])
        rotations = start @ axis_angle_to_matrix(ROTATION_UNIT * (rotation + sides * rotation_apart))
        from_palm = self.usual + POSITION_UNIT * (shift + sides * shift_apart)
        length = from_palm.norm(dim=-1, keepdim=True).clamp_min(1e-9)
        from_palm = from_palm / length * PALM_RADIUS * torch.tanh(length / PALM_RADIUS)
        positions = self.handle - (rotations @ (self.palm + from_palm)[..., None])[..., 0]
        return HeldDevices(rotations, positions, from_palm, start, unknown)

    def cost(self, start: torch.Tensor, unknown: torch.Tensor) -> torch.Tensor:
        """Cost in nats of the unknowns."""
        held, habit = self.held(start, unknown), ROTATION_UNIT * unknown[12]
        rotations, positions = (part.index_select(0, self.sides) for part in (held.rotations, held.positions))
        seen = self.shares @ frame_costs(self.together, rotations, positions, habit)
        rotation, rotation_apart, shift, shift_apart = unknown[:12].view(4, 3)
        mean = transpose(self.prior_rotation) @ start @ axis_angle_to_matrix(ROTATION_UNIT * rotation)
        unusual = self.unusual(mean)
        unusual = -torch.logaddexp(-unusual, unusual.new_tensor(-ODD_COST)) + 0.5 * (habit / HABIT_STD).square()
        moved = (POSITION_UNIT * shift / self.prior.position_std).square().sum()
        apart = (ROTATION_UNIT * rotation_apart / SIDE_ROTATION_STD).square().sum()
        apart = apart + (POSITION_UNIT * shift_apart / SIDE_POSITION_STD).square().sum()
        return self.frames * seen + unusual + 0.5 * (moved + apart)

    def unusual(self, rotation: torch.Tensor) -> torch.Tensor:
        """Cost in nats of a hand that is turned by ``rotation`` (3, 3) from how the preset has it on the device."""
        cosine = ((rotation.diagonal().sum() - 1) / 2).clamp(-1 + 1e-6, 1 - 1e-6)
        skew = rotation - rotation.T
        axis = torch.stack([skew[2, 1], skew[0, 2], skew[1, 0]]).square()
        return 0.5 * torch.acos(cosine).square() * (axis / (axis.sum() + 1e-9) / self.rotation_std.square()).sum()

    def maximize(self, start: torch.Tensor, unknown: torch.Tensor) -> HeldDevices:
        """The likeliest offsets that are reached from ``unknown`` (13,) beside the rotation ``start`` (3, 3)."""

        def cost(unknown: torch.Tensor, items: torch.Tensor) -> torch.Tensor:
            return self.cost(start, unknown[0])[None]

        with torch.no_grad():
            return self.held(start, minimise(cost, unknown[None], ITERATIONS, HISTORY, ENOUGH).x[0])
