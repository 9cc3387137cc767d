"""Exact head and hands: what refinement leaves of them is closed by geometry, arms by the two-bone solution.

What works frame by frame takes tensors of a whole motion and, for ``live``, numpy arrays of a single frame.
"""

import math
from collections.abc import Callable
from typing import Any, cast

import numpy as np
import torch

from ...geometry.filters import gaussian_reach
from ...geometry.kinematics import forward_kinematics
from ...geometry.rotations import (
    Array,
    array_namespace,
    axis_angle_to_matrix,
    cross,
    length,
    normalize,
    shortest_rotation,
    stacked,
    transpose,
)
from ...geometry.skeleton import HEAD, LEFT_WRIST, PARENTS, RIGHT_WRIST
from .elbows import Arm, Trunk, keep_out_of_trunk, swivels_of
from .smoothing import rate_limited_envelope
from .wrists import continuous_twist, solve_wrist, swing_twist

ARMS = ((13, 16, 18, LEFT_WRIST), (14, 17, 19, RIGHT_WRIST))
"""Collar, shoulder, elbow and wrist of either side."""
COLLARS, SHOULDERS, ELBOWS, WRISTS = (list(joints) for joints in zip(*ARMS, strict=True))
HINGES = ((0.0, -1.0, 0.0), (0.0, 1.0, 0.0))
"""The axis in the upper arm's frame about which either elbow bends."""
HINGE_SINE = 0.3
"""Sine of an elbow's bend about its hinge below which the hinge has a say in the arm's plane."""
EXACT_REACH, MAX_REACH = 0.98, 0.9995
"""Fractions of its length to which an arm reaches exactly, and at all. Near full stretch a millimetre at the wrist
turns the elbow by degrees: between the two an arm stretches ever more slowly, 4 mm short at most for a steady elbow."""
COLLAR_REACH = 0.97, 0.99
"""The same where a collar helps: it begins at the first, and keeps the arm from being stretched beyond the second."""
MAX_COLLAR_ROTATION = 0.40
"""Radians by which a collar is rotated at most for it: at the end of the collar bone 4 to 5 cm."""
DAMPING = 0.03
"""Metres: levers that are shorter are hardly used."""
COLLAR_ITERATIONS = 2
COLLAR_SPEED, COLLAR_BLUR = math.radians(1.5), 1.5
"""Radians a frame by which a collar rotates for it, and frames by which that is blurred: hands may swing faster."""
BEND_SPEED = math.radians(18.0)
"""Radians a frame by which an elbow bends and straightens at most."""
REACH_LOOK_AHEAD = (
    math.ceil(MAX_COLLAR_ROTATION / COLLAR_SPEED) + gaussian_reach(COLLAR_BLUR) + math.ceil(math.pi / BEND_SPEED)
)
"""Frames ahead on which collars, and then the elbow's bend, depend."""
FRAMES_PER_BATCH = 8192
"""Frames whose kinematics are computed together."""
SOLVED_JOINTS = ((HEAD,), *ARMS)
"""The joints that are turned for head, left and right wrist."""


def collar_rotations(
    rotations: torch.Tensor, translation: torch.Tensor, tracked_positions: torch.Tensor, rest_joints: torch.Tensor
) -> torch.Tensor:
    """How collars turn for wrists that arms cannot reach: axis-angles (T, 2, 3) in the frame of the collars' parent.

    The motion is as in ``solve_arm_ik``.
    """
    return collars_of(*forward_kinematics(rotations, translation, rest_joints), tracked_positions, rest_joints)


def collars_of(world: Array, joints: Array, tracked_positions: Array, rest_joints: Array) -> Array:
    """The same of bodies with world rotations (T, 22, 3, 3) and joints (T, 22, 3)."""
    lengths = arm_lengths(rest_joints)[..., None]
    turned = extend_reach_with_collar(joints[:, COLLARS], joints[:, SHOULDERS], tracked_positions[:, 1:], lengths)
    to_parents: Any = transpose(world[:, [PARENTS[collar] for collar in COLLARS]])
    return (to_parents @ turned[..., None])[..., 0]


def smooth_collar_rotations(collars: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
    """``collar_rotations`` (T, 2, 3), rate-limited: they come before hands need them and go after; ``valid`` (T, 3)."""
    asked = torch.where(valid[:, 1:, None] > 0, collars, torch.zeros_like(collars))
    envelopes = [rate_limited_envelope(asked[:, side], COLLAR_SPEED, COLLAR_BLUR) for side in range(len(ARMS))]
    return torch.stack(envelopes, 1)


def arm_lengths(rest_joints: Array) -> Array:
    """Upper arm and forearm of either side together, (2,) metres."""
    shoulders, elbows, wrists = cast(Any, [rest_joints[joints] for joints in (SHOULDERS, ELBOWS, WRISTS)])
    return length(elbows - shoulders) + length(wrists - elbows)


def solve_arm_ik(
    rotations: torch.Tensor,
    translation: torch.Tensor,
    tracked_positions: torch.Tensor,
    tracked_rotations: torch.Tensor,
    collars: torch.Tensor,
    rest_joints: torch.Tensor,
) -> torch.Tensor:
    """Turn head and arms so that head rotation and, in reach, wrist positions are the tracked ones, and wrist rotations
    as far as human wrists and forearms turn.

    ``rotations`` (T, 22, 3, 3) local, ``translation`` (T, 3) of the pelvis; tracked: (T, 3, 3) and (T, 3, 3, 3) of
    head, left and right wrist; ``collars`` (T, 2, 3) is what collars are rotated by (``smooth_collar_rotations``);
    ``rest_joints`` (22, 3). Returns local rotations (T, 22, 3, 3); those of ``SOLVED_JOINTS`` may differ. Frames are a
    motion's, in their order: elbows swivel smoothly over time.
    """
    batches = [
        reach_for_wrists(*part, rest_joints=rest_joints)
        for part in zip(
            *(
                v.split(FRAMES_PER_BATCH)
                for v in (rotations, translation, tracked_positions, tracked_rotations, collars)
            ),
            strict=True,
        )
    ]
    solved = torch.cat([turned for turned, _, _ in batches])
    trunk = Trunk.join([trunk for _, trunk, _ in batches])
    both = Arm.join([arms for _, _, arms in batches])
    for side, (_, shoulder, elbow, wrist) in enumerate(ARMS):
        arm = both.of(side)
        hand = keep_out_of_trunk(tracked_rotations[:, 1 + side], arm, trunk, side)
        swivel = swivels_of(arm, hand, trunk, side)
        solved[:, shoulder], solved[:, elbow], solved[:, wrist] = meet_hand(arm, hand, swivel, rest_joints, side)
    return solved


def meet_hand(
    arm: Arm[Array],
    hand: Array,
    swivel: Array,
    rest_joints: Array,
    side: int | np.ndarray,
    continuous: Callable[[Any], Any] = continuous_twist,
) -> tuple[Array, Array, Array]:
    """Local rotations (T, ..., 3, 3) of shoulder, elbow and wrist of an arm that is turned by ``swivel`` (T, ...)
    radians about the line to its wrist, for a hand with world rotations (T, ..., 3, 3). ``side`` (...) is that of the
    arm or, as an array, of each; ``continuous`` as in ``solve_wrist``."""
    swing: Any = axis_angle_to_matrix(normalize(arm.wrist - arm.shoulder) * swivel[..., None])
    upper, forearm = swing @ arm.upper_world, swing @ arm.forearm_world
    bone = _forearm_axes(rest_joints)[side]
    pose: Any = solve_wrist(transpose(forearm) @ hand, bone, side, continuous)
    pronation = axis_angle_to_matrix(pose.pronation[..., None] * bone)
    return transpose(arm.collar_world) @ upper, transpose(upper) @ forearm @ pronation, pose.wrist


def reach_for_wrists(
    rotations: torch.Tensor,
    translation: torch.Tensor,
    tracked_positions: torch.Tensor,
    tracked_rotations: torch.Tensor,
    collars: torch.Tensor,
    rest_joints: torch.Tensor,
) -> tuple[torch.Tensor, Trunk[torch.Tensor], Arm[torch.Tensor]]:
    """Of some frames: rotations with collars and head as they will be, the trunk, and both arms as they reach the
    tracked wrists in the plane of the motion, their forearms without twist."""
    solved = rotations.clone()
    turn_collars(solved, collars)
    world, joints = forward_kinematics(solved, translation, rest_joints)
    solved[:, HEAD] = transpose(world[:, PARENTS[HEAD]]) @ tracked_rotations[:, 0]
    return solved, Trunk.of(world, joints), reaching_arms(world, joints, tracked_positions[:, 1:], rest_joints)


def turn_collars(rotations: Array, collars: Array) -> None:
    """Turn local rotations (T, 22, 3, 3), in place, by ``collar_rotations`` (T, 2, 3)."""
    rotations[:, COLLARS] = axis_angle_to_matrix(collars) @ rotations[:, COLLARS]


def reaching_arms(
    world: Array,
    joints: Array,
    wrists: Array,
    rest_joints: Array,
    ease: Callable[[Any], Any] = lambda bend: ease_bend(bend),
) -> Arm[Array]:
    """Both arms, (T, 2, ...), as they reach ``wrists`` (T, 2, 3) in the plane of the motion, forearms without twist.

    ``world`` rotations (T, 22, 3, 3) and ``joints`` (T, 22, 3) of the bodies. ``ease`` makes of the bends (T, 2) of
    both elbows, in radians, those that they have."""
    axes = [sign * world[:, shoulder, :, 1] for shoulder, (_, sign, _) in zip(SHOULDERS, HINGES, strict=True)]
    limbs = joints[:, SHOULDERS], joints[:, ELBOWS], joints[:, WRISTS]
    target = ease_elbow_bend(*limbs, wrists, ease)
    upper, fore = two_bone_ik(*limbs, target, transpose(stacked(axes)))
    upper_world, forearm_world = upper @ world[:, SHOULDERS], fore @ world[:, ELBOWS]
    twist, _ = swing_twist(transpose(upper_world) @ forearm_world)
    forearm_world = forearm_world @ axis_angle_to_matrix(-twist[..., None] * _forearm_axes(rest_joints))
    bent = limbs[0] + (upper @ (limbs[1] - limbs[0])[..., None])[..., 0]
    reached = bent + (fore @ (limbs[2] - limbs[1])[..., None])[..., 0]
    return Arm(limbs[0], bent, reached, world[:, COLLARS], upper_world, forearm_world)


def _forearm_axes(rest_joints: Array) -> Array:
    """The axes (2, 3) near +X about which forearms pronate: their bones', so that wrists stay where they are."""
    (left, right), (left_wrist, right_wrist) = rest_joints[ELBOWS], rest_joints[WRISTS]
    return normalize(transpose(stacked((left_wrist - left, right - right_wrist))))


def extend_reach_with_collar(collar: Array, shoulder: Array, target: Array, arm: Array) -> Array:
    """Rotations of collars, axis-angles (..., 3) in the world, that bring shoulders nearer to what an arm cannot reach.

    ``collar``, ``shoulder`` and ``target`` (..., 3) metres in the world, ``arm`` the arm's length, (..., 1). Damped
    least squares (Wampler 1986): the shoulder moves little where turning the collar would bring it no nearer, and never
    far.
    """
    xp = array_namespace(shoulder)
    bone, axis_angle = shoulder - collar, xp.zeros_like(shoulder)
    for _ in range(COLLAR_ITERATIONS):
        moved = (axis_angle_to_matrix(axis_angle) @ bone[..., None])[..., 0]
        away = target - collar - moved
        distance = length(away)[..., None]
        missing = distance - arm * _soften(distance / arm, *COLLAR_REACH)
        lever = cross(moved, away / distance.clip(1e-6))
        axis_angle = axis_angle + lever * missing / ((lever * lever).sum(-1)[..., None] + DAMPING**2)
        angle = length(axis_angle)[..., None].clip(1e-9)
        axis_angle = axis_angle / angle * MAX_COLLAR_ROTATION * xp.tanh(angle / MAX_COLLAR_ROTATION)
    return axis_angle


def ease_bend(bend: torch.Tensor) -> torch.Tensor:
    """Bends (T, ...) in radians over time that change by at most ``BEND_SPEED`` a frame, none less than it was."""
    eased = bend.clone()
    for frames in range(1, math.ceil(math.pi / BEND_SPEED)):
        eased[:-frames] = eased[:-frames].maximum(bend[frames:] - BEND_SPEED * frames)
        eased[frames:] = eased[frames:].maximum(bend[:-frames] - BEND_SPEED * frames)
    return eased


def ease_elbow_bend(
    shoulder: Array,
    elbow: Array,
    wrist: Array,
    target: Array,
    ease: Callable[[Any], Any] = ease_bend,
) -> Array:
    """Targets (T, ..., 3) of a wrist, brought nearer to its shoulder before and after the elbow bends in haste.

    ``shoulder``, ``elbow``, ``wrist`` (T, ..., 3) of an arm over time. Near full stretch a hand that comes closer by
    centimetres bends the elbow by tens of degrees; an arm that begins to bend some frames earlier, by at most
    ``BEND_SPEED`` a frame, leaves its hand short by about a centimetre there.
    """
    xp = array_namespace(target)
    a, b, away = length(elbow - shoulder), length(wrist - elbow), length(target - shoulder)
    reach = xp.maximum(_soften(away / (a + b)) * (a + b), abs(a - b) + 1e-4)
    bend = math.pi - xp.arccos(((a * a + b * b - reach * reach) / (2 * a * b)).clip(-1, 1))
    eased = ease(bend)
    eased_reach = xp.sqrt((a * a + b * b + 2 * a * b * xp.cos(eased)).clip(0))
    nearer = xp.where(eased != bend, eased_reach / away.clip(1e-6), xp.ones_like(away))
    return shoulder + nearer[..., None] * (target - shoulder)


def two_bone_ik(shoulder: Array, elbow: Array, wrist: Array, target: Array, hinge: Array) -> tuple[Array, Array]:
    """The two-bone solution nearest to the present arm: all (..., 3) in the world, positions in metres.

    Returns world rotations (..., 3, 3) to apply to the upper arm and to the forearm: the arm's plane swings with the
    least rotation that turns the wrist's direction to the target's, and within the plane shoulder, elbow and target
    make the triangle. ``hinge`` is the elbow's own axis, which decides the plane where the arm is too straight to
    have one, or bent backwards. Beyond ``EXACT_REACH`` the arm falls short of the target, but points at it.
    """
    xp = array_namespace(target)
    upper, fore = elbow - shoulder, wrist - elbow
    a, b, away = (length(vectors)[..., None] for vectors in (upper, fore, target - shoulder))
    distance = xp.maximum(_soften(away / (a + b)) * (a + b), abs(a - b) + 1e-4)
    normal = cross(upper / a, fore / b)
    normal = normal + hinge * (HINGE_SINE - (normal * hinge).sum(-1)[..., None]).clip(0)
    towards = normalize(target - shoulder)
    swing = shortest_rotation(wrist - shoulder, target - shoulder)
    aside = normalize(cross(towards, (swing @ normal[..., None])[..., 0]))
    cosine = ((a * a + distance * distance - b * b) / (2 * a * distance)).clip(-1, 1)
    new_upper = a * (cosine * towards + xp.sqrt(1 - cosine * cosine) * aside)
    new_normal = cross(aside, towards)
    new_fore = distance * towards - new_upper
    before, after = _frame(xp.stack((upper, fore)), normal), _frame(xp.stack((new_upper, new_fore)), new_normal)
    turned: Any = after @ transpose(before)
    return turned[0], turned[1]


def _soften(reach: Array, exact: float = EXACT_REACH, full: float = MAX_REACH) -> Array:
    """Fractions of an arm's length (...): unchanged up to ``exact``, then ever closer to ``full``."""
    xp, room = array_namespace(reach), full - exact
    beyond = (reach - exact).clip(0)
    return xp.where(beyond > 0, exact + room * (1 - xp.exp(-beyond / room)), reach)


def _frame(along: Array, normal: Array) -> Array:
    """Rotations (..., 3, 3) whose first axis lies along one vector and whose last is nearest to another."""
    first = normalize(along)
    second = normalize(cross(normal, first))
    return stacked((first, second, cross(first, second)))
