"""Feet that stand on ground which is no flat floor, of a motion that was found as on one.

Where a foot stands it is moved to its hold: as high as the ground, off the edges of treads, tilted as a slope is.
On its way from one hold to the next it goes over, above what lies between. Legs bend for it; where they are too short
the whole body gives way.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from ...body.foot_contacts import foot_rest_heights
from ...direction.footholds import HEEL, TIP, Foothold, find_foothold
from ...direction.ground import GroundHeights
from ...geometry.filters import gaussian_smooth, smoothstep
from ...geometry.kinematics import forward_kinematics
from ...geometry.rotations import slerp_matrices
from ...geometry.skeleton import ANKLES, HIPS, TOES
from ...observation import FPS, heading
from .heel_rise import raise_heels
from .legs import RELEASE_FRAMES, FootTargets, foot_targets, move_feet
from .smoothing import fade_outside, rate_limited_envelope
from .whole_body import WholeBodyTargets, reach_with_whole_body

RISE_START = 0.006
"""Metres of that by the square of frames since a foot left its stand, or before it comes to one."""
KNEES = 0.5
"""Metres above what a person stands on up to which there is something to step on."""
CLEARANCE = 0.015
"""Metres above edges at which soles pass."""
RISE, RISE_SMOOTHING = 0.035, 1.5
"""Metres a frame by which a foot is lifted over an edge at most, and the standard deviation in frames by which that is
blurred."""
LEVEL_CUT = 30
"""Frames on either side of a change of given height from which a foot that stands on is taken to have stepped."""
STEP = 12
"""Frames on either side of that which the step takes."""
LACKING = 0.001
"""Metres that a leg is too short by from which the whole body gives way."""


@dataclass(frozen=True)
class GroundUnder:
    """The ground under a motion of T frames: ``heights``, at seconds from its first frame and at places in the room;
    ``levels`` (T,) metres, by which the motion is raised from a flat floor; ``origin`` (3,), its own in the room."""

    heights: GroundHeights
    levels: np.ndarray
    origin: np.ndarray

    def under(self, frames: np.ndarray, places: np.ndarray) -> np.ndarray:
        """Metres (N,) of the ground at frames (N,) under the motion's places (N, 2)."""
        return self.heights.at(frames / FPS, places + self.origin[[0, 2]], self.levels[frames] + KNEES)


def put_on_ground(
    rotations: torch.Tensor,
    translation: torch.Tensor,
    contacts: torch.Tensor,
    still: torch.Tensor,
    ground: GroundUnder,
    rest_joints: torch.Tensor,
    tracked: tuple[torch.Tensor, torch.Tensor] | None = None,
    given: torch.Tensor | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Local rotations (T, 22, 3, 3) and pelvis positions (T, 3), raised to the ground, with feet that stand on it.

    ``still`` (T,) bool, where the head is; the others as in ``legs.foot_targets``, all of them on a flat floor.
    """
    heights = foot_rest_heights(rest_joints)
    world, joints = forward_kinematics(rotations, translation, rest_joints)
    flat = foot_targets(world[:, list(ANKLES)], joints, contacts, still, rest_joints, heights, tracked, given)
    up = torch.as_tensor(np.outer(ground.levels, [0.0, 1.0, 0.0])).to(translation)
    raised, raised_joints = translation + up, joints + up[:, None]
    sides = []
    for side in range(len(ANKLES)):
        sides.append(_foot_on_ground(flat, side, ground, rest_joints, heights, tracked))
    positions, turned = (torch.stack(parts, 1) for parts in zip(*sides, strict=True))
    feet = raise_heels(FootTargets(positions, turned, flat.standing), raised_joints[:, list(HIPS)], rest_joints)
    solved = move_feet(rotations, raised, feet.positions, feet.rotations, rest_joints)
    return _give_way(solved, raised, raised_joints, feet.positions, flat.standing, rest_joints)


def _foot_on_ground(
    flat: FootTargets,
    side: int,
    ground: GroundUnder,
    rest_joints: torch.Tensor,
    rest_heights: torch.Tensor,
    tracked: tuple[torch.Tensor, torch.Tensor] | None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Where an ankle goes over the ground, (T, 3), and its world rotations (T, 3, 3)."""
    ankle, turned, standing = flat.positions[:, side], flat.rotations[:, side], flat.standing[:, side]
    sole = rest_joints[TOES[side]] - rest_joints[ANKLES[side]]
    length = float(sole[[0, 2]].norm())
    rest = float(rest_heights[side]), float(rest_heights[2 + side])
    low = torch.minimum(ankle[:, 1] - rest[0], (ankle + turned @ sole)[:, 1] - rest[1])
    up = ankle.new_tensor([0.0, 1.0, 0.0])
    ankle = ankle - fade_outside(low[:, None], standing, RELEASE_FRAMES) * up
    spots, yaws = ankle[:, [0, 2]].cpu().double().numpy(), heading(turned).cpu().double().numpy()
    stands = [part for run in _runs(standing.cpu().numpy()) for part in _cut(*run, ground, spots)]
    holds: list[Foothold] = []
    moved, tilt = torch.zeros_like(ankle), torch.eye(3).to(ankle).repeat(len(ankle), 1, 1)
    on = torch.zeros_like(standing)
    lean = torch.zeros_like(ankle)
    for first, last in stands:
        frames, middle = slice(first, last), (first + last) // 2
        spot, yaw = np.median(spots[frames], 0), float(yaws[middle])
        hold = find_foothold(_looking(ground, middle), spot, yaw, length)
        holds.append(hold)
        rotation = torch.as_tensor(hold.rotation).to(ankle)
        foot = ankle.new_tensor([spot[0], 0.0, spot[1]])
        lean[frames] = (ankle[frames] - foot) @ (rotation.T - torch.eye(3).to(ankle))
        tilt[frames], on[frames] = rotation, True
    moved = torch.as_tensor(_between(stands, holds, ground, spots)).to(ankle)
    target = ankle + moved + fade_outside(lean, on, RELEASE_FRAMES)
    weight = fade_outside(torch.ones_like(low)[:, None], on, RELEASE_FRAMES)[:, 0]
    tilted = slerp_matrices(turned, _held(tilt, on) @ turned, weight)
    target = target + _clearing(target, tilted, on, ground, sole, rest)[:, None] * up
    if tracked is not None and bool(tracked[0][:, side].any()):
        seen = fade_outside(torch.ones_like(low)[:, None], tracked[0][:, side], RELEASE_FRAMES)
        raised = flat.positions[:, side] + torch.as_tensor(ground.levels).to(ankle)[:, None] * up
        target, tilted = torch.lerp(target, raised, seen), slerp_matrices(tilted, turned, seen[:, 0])
    return target, tilted


def _looking(ground: GroundUnder, frame: int) -> Callable[[np.ndarray], np.ndarray]:
    """The ground at one frame."""
    return lambda places: ground.under(np.full(len(places), frame), places)


def _runs(standing: np.ndarray) -> list[tuple[int, int]]:
    """First frame and the one after the last of each stand."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], standing, [False]]).astype(np.int8)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _cut(first: int, last: int, ground: GroundUnder, spots: np.ndarray) -> list[tuple[int, int]]:
    """A stand, cut where the height changes that is given for the time: nobody is lifted without a step."""
    parts = []
    for level in ground.heights.levels:
        for second in level.seconds:
            frame = round(second * FPS)
            if first + LEVEL_CUT <= frame <= last - LEVEL_CUT:
                before, after = _looking(ground, frame - 1)(spots[[frame]]), _looking(ground, frame)(spots[[frame]])
                if before != after:
                    parts.append(frame)
    edges = [first, *sorted(set(parts)), last]
    return [
        (begin + STEP * (begin != first), end - STEP * (end != last))
        for begin, end in zip(edges[:-1], edges[1:], strict=True)
    ]


def _between(
    stands: list[tuple[int, int]], holds: list[Foothold], ground: GroundUnder, spots: np.ndarray
) -> np.ndarray:
    """Metres (T, 3) by which a foot is moved: at its stands to their holds, between them from each to the next."""
    count = len(spots)
    if not stands:
        under = ground.under(np.arange(count), spots)
        return np.stack([np.zeros(count), gaussian_smooth(under, 2.0 * STEP), np.zeros(count)], 1)
    at = np.array([[hold.shift[0], hold.height, hold.shift[1]] for hold in holds])
    moved, time = np.zeros((count, 3)), np.arange(count)
    moved[: stands[0][1]], moved[stands[-1][0] :] = at[0], at[-1]
    for number, (first, last) in enumerate(stands):
        moved[first:last] = at[number]
        if number + 1 < len(stands):
            landing = stands[number + 1][0]
            way = smoothstep((time[last:landing] - last + 1.0) / (landing - last + 1))
            moved[last:landing] = at[number] + way[:, None] * (at[number + 1] - at[number])
    return moved


def _held(tilt: torch.Tensor, on: torch.Tensor) -> torch.Tensor:
    """Tilts (T, 3, 3) of stands, and between these those of the nearest one."""
    frames = np.flatnonzero(on.cpu().numpy())
    if not len(frames):
        return tilt
    time = np.arange(len(tilt))
    after = np.clip(np.searchsorted(frames, time), 0, len(frames) - 1)
    before = np.clip(after - 1, 0, None)
    nearest = np.where(np.abs(frames[before] - time) < np.abs(frames[after] - time), frames[before], frames[after])
    return tilt[torch.as_tensor(nearest).to(tilt.device)]


def _clearing(
    ankle: torch.Tensor, turned: torch.Tensor, on: torch.Tensor, ground: GroundUnder, sole: torch.Tensor,
    rest: tuple[float, float],
) -> torch.Tensor:  # fmt: skip
    """Metres (T,) by which a foot on its way is lifted over what is in it."""
    frames = np.arange(len(ankle))
    ahead = turned @ sole
    level = ahead * ahead.new_tensor([1.0, 0.0, 1.0])
    level = level / level.norm(dim=-1, keepdim=True).clamp_min(1e-6)
    toes = ankle + ahead
    lacking = torch.zeros_like(ankle[:, 0])
    for place, height in (
        (ankle - HEEL * level, ankle[:, 1] - rest[0]),
        (ankle, ankle[:, 1] - rest[0]),
        (toes, toes[:, 1] - rest[1]),
        (toes + TIP * level, toes[:, 1] - rest[1]),
    ):
        under = ground.under(frames, place[:, [0, 2]].cpu().double().numpy())
        lacking = torch.maximum(lacking, torch.as_tensor(under).to(ankle) + CLEARANCE - height)
    lacking = torch.where(on, torch.zeros_like(lacking), lacking)
    if not bool((lacking > 0).any()):
        return lacking
    envelope = rate_limited_envelope(lacking[:, None], RISE, RISE_SMOOTHING)[:, 0]
    standing = np.flatnonzero(on.cpu().numpy())
    if not len(standing):
        return envelope
    after = np.clip(np.searchsorted(standing, frames), 0, len(standing) - 1)
    away = np.minimum(np.abs(standing[after] - frames), np.abs(standing[np.clip(after - 1, 0, None)] - frames))
    return torch.minimum(envelope, torch.as_tensor(RISE_START * away**2).to(ankle))


def _give_way(
    rotations: torch.Tensor,
    translation: torch.Tensor,
    before: torch.Tensor,
    ankles: torch.Tensor,
    standing: torch.Tensor,
    rest_joints: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor]:
    """The motion with what standing feet lack to ``ankles`` (T, 2, 3) closed by trunk and pelvis, where legs are too
    short; head and hands stay as they were ``before``: joints (T, 22, 3)."""
    world, joints = forward_kinematics(rotations, translation, rest_joints)
    found = joints[:, list(ANKLES)]
    lacking = torch.stack(
        [
            fade_outside(ankles[:, side] - found[:, side], standing[:, side], RELEASE_FRAMES)
            for side in range(len(ANKLES))
        ],
        1,
    )
    frames = torch.nonzero((lacking.norm(dim=-1) > LACKING).any(1))[:, 0]
    if not len(frames):
        return rotations, translation
    targets = WholeBodyTargets.staying(world, before)
    everywhere = torch.ones_like(translation[:, 0])
    for side, joint in enumerate(ANKLES):
        targets.hold(joint, found[:, side] + lacking[:, side], everywhere)
    some = WholeBodyTargets(
        targets.positions[frames], targets.rotations[frames],
        targets.position_weight[frames], targets.rotation_weight[frames],
    )  # fmt: skip
    moved = reach_with_whole_body(rotations[frames], translation[frames], rest_joints, some)
    rotations, translation = rotations.clone(), translation.clone()
    rotations[frames], translation[frames] = moved
    return rotations, translation
