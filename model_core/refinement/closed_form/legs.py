"""Feet that stand on their spots, and out of the floor, by the legs' two-bone solution."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from ...geometry.filters import gaussian_reach, gaussian_smooth
from ...geometry.kinematics import forward_kinematics
from ...geometry.rotations import Array, rotation_about_y, slerp_matrices, transpose
from ...geometry.skeleton import ANKLES, HEAD, TOES
from ...observation import FPS, heading
from .arms import two_bone_ik
from .footsteps import LANDING_FRAMES, find_foot_anchors
from .given_stands import obey_given
from .smoothing import BRIDGED, ENVELOPE_REACH, fade_outside, rate_limited_envelope, whittaker_smooth

LEGS = ((1, 4, 7), (2, 5, 8))
"""Hip, knee and ankle of either side; ``skeleton.FEET`` alternates between the sides."""
LEG_JOINTS = [joint for joints in zip(*LEGS, strict=True) for joint in joints]
"""Both hips, both knees, both ankles."""
HINGE = (1.0, 0.0, 0.0)
"""The axis in the thigh's frame about which a knee bends."""
RELEASE_FRAMES = 12
"""Frames over which the correction of a foot that stands no more, or not yet, fades."""
GROUNDING_FRAMES, LEVEL_SMOOTHING = 6.0, 2.0
"""Standard deviations in frames by which feet come flat to the floor where a head comes to rest, and by which contacts
that turn them are blurred."""
SWING_SMOOTHING, FREE_SMOOTHING, SWING_REACH = 5.0, 1.5, 12
"""Frames over which a swinging foot is smoothed beside its stands, and that many frames from them."""
TRACKED_FOOT_SMOOTHING = 4.0
"""Standard deviation in frames by which corrections that bring feet to trackers of their own are blurred."""
FLOOR_TOLERANCE = 0.007
"""Metres by which a foot may be below the floor, lest legs bend for nothing."""
HIGHEST_STAND = 0.03
"""Metres above the floor up to which the lower foot may be while a foot carries the body."""
RAISED = 0.04
"""Metres by which a head is higher than in standing from which somebody jumps, or stands on something."""
CARRIED_SPEED, CARRIED_RISE = 0.8, 0.25
"""Metres a second of a head over the floor, and up or down, below which one foot at least carries the body."""
CARRY_SPEED, CARRY_SMOOTHING = 0.004, 3.0
"""Metres a frame by which feet are lowered for that, and the standard deviation in frames by which that is blurred."""
STEP_HEIGHT, STEP_LENGTH = 0.05, 0.08
"""Metres by which a foot is lifted at least on its way between spots that are this far apart."""
SWING_LOOK_AHEAD = max(LANDING_FRAMES, BRIDGED * RELEASE_FRAMES) + ENVELOPE_REACH + gaussian_reach(CARRY_SMOOTHING)
"""Frames ahead on whose anchors a foot's way depends: to its landing, and to where the feet carry the body again."""


@dataclass(frozen=True)
class FootTargets:
    """Where ankles should be, ``positions`` (T, 2, 3) in metres, and their world ``rotations`` (T, 2, 3, 3);
    ``standing`` (T, 2) bool says which feet stand."""

    positions: torch.Tensor
    rotations: torch.Tensor
    standing: torch.Tensor


def foot_targets(
    ankles_world: torch.Tensor,
    joints: torch.Tensor,
    contacts: torch.Tensor,
    still: torch.Tensor,
    rest_joints: torch.Tensor,
    rest_heights: torch.Tensor,
    tracked: tuple[torch.Tensor, torch.Tensor] | None = None,
    given: torch.Tensor | None = None,
) -> FootTargets:
    """Where the feet of a motion should be, by where they stand (``footsteps``).

    ``ankles_world`` rotations (T, 2, 3, 3) and ``joints`` (T, 22, 3), ``contacts`` (T, 4) and ``rest_heights`` (4,) of
    ``skeleton.FEET``, ``still`` (T,) bool where the head is. Feet that are ``tracked``, (T, 2) bool with their
    ankles' positions (T, 2, 3), go there, smoothed by ``TRACKED_FOOT_SMOOTHING``: trackers shake. ``given`` (T, 2): 1
    where somebody says that a foot stands, 0 where it is free, else NaN.
    """
    quiet = still.cpu().numpy()
    parts = []
    for side in range(len(LEGS)):
        seen = None
        if tracked is not None and tracked[0][:, side].any():
            seen = tracked[0][:, side], tracked[1][:, side]
        said = None if given is None else given[:, side].cpu().numpy()
        foot = ankles_world, joints, contacts, rest_joints, rest_heights, quiet, side, seen, said
        parts.append(_targets_of_foot(*foot))
    targets = FootTargets(*(torch.stack(values, 1) for values in zip(*parts, strict=True)))
    down = _carried_by(targets, joints[:, HEAD], rest_joints, rest_heights)
    if tracked is not None:
        down = down * (1 - fade_outside(torch.ones_like(down), tracked[0].any(1), RELEASE_FRAMES))
    if given is not None:  # Who is given as being in the air jumps.
        down = down * (1 - fade_outside(torch.ones_like(down), (given == 0).all(1), RELEASE_FRAMES))
    return replace(targets, positions=targets.positions - down[:, None] * down.new_tensor([0.0, 1.0, 0.0]))


def _carried_by(
    targets: FootTargets, head: torch.Tensor, rest_joints: torch.Tensor, rest_heights: torch.Tensor
) -> torch.Tensor:
    """Metres (T, 1) by which feet come down where both are in the air though the head (T, 3) does not jump or run."""
    lows = []
    for side in range(len(LEGS)):
        sole = rest_joints[TOES[side]] - rest_joints[ANKLES[side]]
        toes = targets.positions[:, side] + targets.rotations[:, side] @ sole
        heel = targets.positions[:, side, 1] - rest_heights[side]
        lows.append(torch.minimum(heel, toes[:, 1] - rest_heights[2 + side]))
    above = (torch.stack(lows).amin(0) - HIGHEST_STAND).clamp_min(0)
    velocity = gaussian_smooth(torch.gradient(head, dim=0)[0] * FPS, CARRY_SMOOTHING) if len(head) > 1 else head * 0
    slow = (velocity[:, [0, 2]].norm(dim=-1) < CARRIED_SPEED) & (velocity[:, 1].abs() < CARRIED_RISE)
    carried = slow & on_the_floor(head, rest_joints, rest_heights)
    carried = gaussian_smooth(carried[:, None].to(above), CARRY_SMOOTHING)[:, 0]
    down = rate_limited_envelope((above * carried)[:, None], CARRY_SPEED, CARRY_SMOOTHING)[:, 0]
    return torch.minimum(down, torch.stack(lows).amin(0).clamp_min(0))[:, None]


def on_the_floor(head: torch.Tensor, rest_joints: torch.Tensor, rest_heights: torch.Tensor) -> torch.Tensor:
    """(T,) bool: whether a head at (T, 3) is as low as that of somebody who stands on the floor, not on a step."""
    standing = rest_joints[HEAD, 1] - rest_joints[ANKLES[0], 1] + rest_heights[0]
    return head[:, 1] < standing + RAISED


def _targets_of_foot(
    ankles_world: torch.Tensor,
    joints: torch.Tensor,
    contacts: torch.Tensor,
    rest_joints: torch.Tensor,
    rest_heights: torch.Tensor,
    still: np.ndarray,
    side: int,
    tracked: tuple[torch.Tensor, torch.Tensor] | None,
    given: np.ndarray | None,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    ankle = joints[:, ANKLES[side]]
    turned = ankles_world[:, side]
    sole = rest_joints[TOES[side]] - rest_joints[ANKLES[side]]
    heights = joints[:, [ANKLES[side], TOES[side]], 1] - rest_heights[side::2]
    contact = contacts[:, side::2].amax(1)
    spots, yaws, lifts, likely = (
        value.cpu().double().numpy() for value in (ankle[:, [0, 2]], heading(turned), heights.amin(1), contact)
    )
    anchors = find_foot_anchors(spots, yaws, lifts, likely, still)
    if given is not None:
        anchors = obey_given(anchors, spots, yaws, given)
    standing = torch.zeros_like(ankle[:, 0], dtype=torch.bool)
    spot, yaw = ankle.clone(), heading(turned)
    for anchor in anchors:
        frames = slice(anchor.first, anchor.last)
        standing[frames] = True
        spot[frames, 0], spot[frames, 2] = float(anchor.position[0]), float(anchor.position[1])
        yaw[frames] = anchor.yaw
    # On the floor under a still head, and where it is given as standing; else as high as the motion has it: skeletons
    # differ in how high ankles are.
    grounded = gaussian_smooth(torch.as_tensor(still).to(ankle)[:, None], GROUNDING_FRAMES)[:, 0]
    if given is not None:
        grounded = torch.maximum(grounded, torch.as_tensor(given == 1).to(grounded))
    spot[:, 1] = torch.lerp(ankle[:, 1], rest_heights[side].expand_as(grounded), grounded)
    if tracked is not None:
        standing = standing & ~tracked[0]
    # Flat where ankle and toes touch; where the heel is off, or has only just touched, as the motion has it.
    flat = rotation_about_y(yaw)
    on_heel, on_toes = contacts[:, side], contacts[:, 2 + side]
    level = gaussian_smooth(torch.minimum(on_heel, on_toes)[:, None], LEVEL_SMOOTHING)[:, 0]
    level = torch.maximum(level, grounded).clamp(0, 1)
    rotation = slerp_matrices(turned, flat, level)
    pivot = (on_toes / (on_toes + on_heel).clamp_min(1e-6))[:, None]
    pivoted = spot + pivot * ((flat - rotation) @ sole)
    goal = pivoted - ankle
    correction = fade_outside(goal, standing, RELEASE_FRAMES)
    # Ankles leave their stands and come to them without a jerk.
    target = whittaker_smooth(ankle + correction, standing, SWING_SMOOTHING, FREE_SMOOTHING, SWING_REACH)
    target = _lift_steps(target, standing)
    weight = fade_outside(torch.ones_like(ankle[:, :1]), standing, RELEASE_FRAMES // 2)[:, 0]
    rotation = slerp_matrices(turned, rotation, weight)
    low = torch.minimum(target[:, 1] - rest_heights[side], (target + rotation @ sole)[:, 1] - rest_heights[2 + side])
    sunk = (-low).clamp_min(0)
    up = sunk - FLOOR_TOLERANCE * (1 - torch.exp(-sunk / FLOOR_TOLERANCE))
    target = target + torch.stack([torch.zeros_like(up), up, torch.zeros_like(up)], -1)
    if tracked is not None:
        missing = fade_outside(tracked[1] - ankle, tracked[0], RELEASE_FRAMES)
        unseen = 1 - fade_outside(torch.ones_like(ankle), tracked[0], RELEASE_FRAMES)
        target = ankle + (target - ankle) * unseen + gaussian_smooth(missing, TRACKED_FOOT_SMOOTHING, hold_ends=False)
        rotation = slerp_matrices(turned, rotation, unseen[:, 0])
    return target, rotation, standing


def _lift_steps(target: torch.Tensor, standing: torch.Tensor) -> torch.Tensor:
    """Ankles (T, 3), lifted on their way between two spots: steps, not slides."""
    target = target.clone()
    edges = torch.diff(standing.to(torch.int8)).cpu().numpy()
    leaves, comes = np.flatnonzero(edges < 0), np.flatnonzero(edges > 0) + 1
    for leave in leaves:
        later = comes[comes > leave]
        if not len(later):
            continue
        come = int(later[0])
        if come - leave > LANDING_FRAMES:
            continue
        far = float((target[come] - target[leave])[[0, 2]].norm())
        wanted = STEP_HEIGHT * min(1.0, far / STEP_LENGTH)
        floor = torch.maximum(target[leave, 1], target[come, 1])
        lacking = wanted - float((target[leave : come + 1, 1] - floor).max())
        if far < 0.02 or lacking <= 0:
            continue
        way = torch.linspace(0, 1, come - leave + 1).to(target)
        target[leave : come + 1, 1] += lacking * torch.sin(torch.pi * way).square()
    return target


def move_feet(
    rotations: torch.Tensor,
    translation: torch.Tensor,
    positions: torch.Tensor,
    turned: torch.Tensor,
    rest_joints: torch.Tensor,
) -> torch.Tensor:
    """Bend legs so that ankles lie at ``positions`` (T, 2, 3) with world rotations ``turned`` (T, 2, 3, 3).

    ``rotations`` (T, 22, 3, 3) local, ``translation`` (T, 3) of the pelvis, ``rest_joints`` (22, 3). Returns rotations.
    """
    world, joints = forward_kinematics(rotations, translation, rest_joints)
    solved = rotations.clone()
    solved[:, LEG_JOINTS] = torch.cat(bent_legs(world, joints, positions, turned), 1)
    return solved


def bent_legs(world: Array, joints: Array, positions: Array, turned: Array) -> tuple[Array, Array, Array]:
    """The same of bodies with world rotations (T, 22, 3, 3) and joints (T, 22, 3): local rotations (T, 2, 3, 3) of
    hips, knees and ankles."""
    hips, knees, ankles = (list(joints_of_both) for joints_of_both in zip(*LEGS, strict=True))
    hinge = world[:, hips][..., HINGE.index(1.0)]
    thigh, shank = two_bone_ik(joints[:, hips], joints[:, knees], joints[:, ankles], positions, hinge)
    hip_world, knee_world = thigh @ world[:, hips], shank @ world[:, knees]
    to_parents: Any = [transpose(parents) for parents in (world[:, :1], hip_world, knee_world)]
    return to_parents[0] @ hip_world, to_parents[1] @ knee_world, to_parents[2] @ turned
