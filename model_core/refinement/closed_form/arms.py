"""Exact head and hands: what refinement leaves of them is closed by geometry, arms by the two-bone solution."""

import math
from collections.abc import Callable

import torch

from ...geometry.filters import gaussian_reach
from ...geometry.kinematics import forward_kinematics
from ...geometry.rotations import (
    axis_angle_to_matrix,
    cross,
    normalize,
    shortest_rotation,
    transpose,
)
from ...geometry.skeleton import HEAD, LEFT_WRIST, PARENTS, RIGHT_WRIST
from .elbows import Arm, Trunk, keep_out_of_trunk, swivels_of
from .smoothing import rate_limited_envelope
from .wrists import continuous_twist, solve_wrist, swing_twist

ARMS = ((13, 16, 18, LEFT_WRIST), (14, 17, 19, RIGHT_WRIST))
"""Collar, shoulder, elbow and wrist of either side."""
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
    world, joints = forward_kinematics(rotations, translation, rest_joints)
    collars = []
    for side, (collar, shoulder, _, _) in enumerate(ARMS):
        target, arm = tracked_positions[:, 1 + side], arm_length(rest_joints, side)
        rotation = extend_reach_with_collar(joints[:, collar], joints[:, shoulder], target, arm)
        collars.append((transpose(world[:, PARENTS[collar]]) @ rotation[..., None])[..., 0])
    return torch.stack(collars, 1)


def smooth_collar_rotations(collars: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
    """``collar_rotations`` (T, 2, 3), rate-limited: they come before hands need them and go after; ``valid`` (T, 3)."""
    asked = torch.where(valid[:, 1:, None] > 0, collars, torch.zeros_like(collars))
    envelopes = [rate_limited_envelope(asked[:, side], COLLAR_SPEED, COLLAR_BLUR) for side in range(len(ARMS))]
    return torch.stack(envelopes, 1)


def arm_length(rest_joints: torch.Tensor, side: int) -> torch.Tensor:
    """Upper arm and forearm of a side together, metres."""
    _, shoulder, elbow, wrist = ARMS[side]
    return (rest_joints[elbow] - rest_joints[shoulder]).norm() + (rest_joints[wrist] - rest_joints[elbow]).norm()


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
    for side, (_, shoulder, elbow, wrist) in enumerate(ARMS):
        arm = Arm.join([arms[side] for _, _, arms in batches])
        hand = keep_out_of_trunk(tracked_rotations[:, 1 + side], arm, trunk, side)
        swivel = swivels_of(arm, hand, trunk, side)
        solved[:, shoulder], solved[:, elbow], solved[:, wrist] = meet_hand(arm, hand, swivel, rest_joints, side)
    return solved


def meet_hand(
    arm: Arm,
    hand: torch.Tensor,
    swivel: torch.Tensor,
    rest_joints: torch.Tensor,
    side: int,
    continuous: Callable[[torch.Tensor], torch.Tensor] = continuous_twist,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Local rotations (T, 3, 3) of shoulder, elbow and wrist of an arm that is turned by ``swivel`` (T,) radians about
    the line to its wrist, for a hand with world rotations (T, 3, 3). ``continuous`` as in ``solve_wrist``."""
    swing = axis_angle_to_matrix(normalize(arm.wrist - arm.shoulder) * swivel[:, None])
    upper, forearm = swing @ arm.upper_world, swing @ arm.forearm_world
    bone = _forearm_axis(rest_joints, side)
    pose = solve_wrist(transpose(forearm) @ hand, bone, side, continuous)
    pronation = axis_angle_to_matrix(pose.pronation[:, None] * bone)
    return transpose(arm.collar_world) @ upper, transpose(upper) @ forearm @ pronation, pose.wrist


def reach_for_wrists(
    rotations: torch.Tensor,
    translation: torch.Tensor,
    tracked_positions: torch.Tensor,
    tracked_rotations: torch.Tensor,
    collars: torch.Tensor,
    rest_joints: torch.Tensor,
    ease: Callable[[torch.Tensor, int], torch.Tensor] = lambda bend, side: ease_bend(bend),
) -> tuple[torch.Tensor, Trunk, list[Arm]]:
    """Of some frames: rotations with collars and head as they will be, the trunk, and both arms as they reach the
    tracked wrists in the plane of the motion, their forearms without twist.

    ``ease`` makes of the bends (T,) of a side's elbow, in radians, those that it has."""
    solved = rotations.clone()
    for side, (collar, *_) in enumerate(ARMS):
        solved[:, collar] = axis_angle_to_matrix(collars[:, side]) @ rotations[:, collar]
    world, joints = forward_kinematics(solved, translation, rest_joints)
    solved[:, HEAD] = transpose(world[:, PARENTS[HEAD]]) @ tracked_rotations[:, 0]
    arms = []
    for side, (collar, shoulder, elbow, wrist) in enumerate(ARMS):
        hinge = world[:, shoulder] @ world.new_tensor(HINGES[side])
        limb = joints[:, shoulder], joints[:, elbow], joints[:, wrist]
        target = ease_elbow_bend(*limb, tracked_positions[:, 1 + side], lambda bend, side=side: ease(bend, side))
        upper, fore = two_bone_ik(*limb, target, hinge)
        upper_world, forearm_world = upper @ world[:, shoulder], fore @ world[:, elbow]
        twist, _ = swing_twist(transpose(upper_world) @ forearm_world)
        back = axis_angle_to_matrix(-twist[:, None] * _forearm_axis(rest_joints, side))
        bent = limb[0] + (upper @ (limb[1] - limb[0])[..., None])[..., 0]
        reached = bent + (fore @ (limb[2] - limb[1])[..., None])[..., 0]
        arms.append(Arm(limb[0], bent, reached, world[:, collar], upper_world, forearm_world @ back))
    return solved, Trunk.of(world, joints), arms


def _forearm_axis(rest_joints: torch.Tensor, side: int) -> torch.Tensor:
    """The axis (3,) near +X about which a forearm pronates: that of its bone, so that the wrist stays where it is."""
    _, _, elbow, wrist = ARMS[side]
    return normalize(rest_joints[wrist] - rest_joints[elbow]) * (1 - 2 * side)


def extend_reach_with_collar(
    collar: torch.Tensor, shoulder: torch.Tensor, target: torch.Tensor, arm: torch.Tensor
) -> torch.Tensor:
    """Rotations of collars, axis-angles (N, 3) in the world, that bring shoulders nearer to what an arm cannot reach.

    ``collar``, ``shoulder`` and ``target`` (N, 3) metres in the world, ``arm`` the arm's length. Damped least squares
    (Wampler 1986): the shoulder moves little where turning the collar would bring it no nearer, and never far.
    """
    bone, axis_angle = shoulder - collar, torch.zeros_like(shoulder)
    for _ in range(COLLAR_ITERATIONS):
        moved = (axis_angle_to_matrix(axis_angle) @ bone[..., None])[..., 0]
        away = target - collar - moved
        distance = away.norm(dim=-1, keepdim=True)
        missing = distance - arm * _soften(distance / arm, *COLLAR_REACH)
        lever = cross(moved, away / distance.clamp_min(1e-6))
        axis_angle = axis_angle + lever * missing / (lever.square().sum(-1, keepdim=True) + DAMPING**2)
        angle = axis_angle.norm(dim=-1, keepdim=True).clamp_min(1e-9)
        axis_angle = axis_angle / angle * MAX_COLLAR_ROTATION * torch.tanh(angle / MAX_COLLAR_ROTATION)
    return axis_angle


def ease_bend(bend: torch.Tensor) -> torch.Tensor:
    """Bends (T,) in radians over time that change by at most ``BEND_SPEED`` a frame, none less than it was."""
    eased = bend
    for frames in range(1, math.ceil(math.pi / BEND_SPEED)):
        eased = eased.maximum(torch.nn.functional.pad(bend[frames:], (0, len(bend[:frames]))) - BEND_SPEED * frames)
        eased = eased.maximum(torch.nn.functional.pad(bend[:-frames], (len(bend[:frames]), 0)) - BEND_SPEED * frames)
    return eased


def ease_elbow_bend(
    shoulder: torch.Tensor,
    elbow: torch.Tensor,
    wrist: torch.Tensor,
    target: torch.Tensor,
    ease: Callable[[torch.Tensor], torch.Tensor] = ease_bend,
) -> torch.Tensor:
    """Targets (T, 3) of a wrist, brought nearer to its shoulder before and after the elbow bends in haste.

    ``shoulder``, ``elbow``, ``wrist`` (T, 3) of an arm over time. Near full stretch a hand that comes closer by
    centimetres bends the elbow by tens of degrees; an arm that begins to bend some frames earlier, by at most
    ``BEND_SPEED`` a frame, leaves its hand short by about a centimetre there.
    """
    a, b = (elbow - shoulder).norm(dim=-1), (wrist - elbow).norm(dim=-1)
    away = (target - shoulder).norm(dim=-1)
    reach = (_soften(away / (a + b)) * (a + b)).maximum((a - b).abs() + 1e-4)
    bend = math.pi - torch.acos(((a * a + b * b - reach * reach) / (2 * a * b)).clamp(-1, 1))
    eased = ease(bend)
    eased_reach = (a * a + b * b + 2 * a * b * torch.cos(eased)).clamp_min(0).sqrt()
    nearer = torch.where(eased != bend, eased_reach / away.clamp_min(1e-6), torch.ones_like(away))
    return shoulder + nearer[:, None] * (target - shoulder)


def two_bone_ik(
    shoulder: torch.Tensor, elbow: torch.Tensor, wrist: torch.Tensor, target: torch.Tensor, hinge: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """The two-bone solution nearest to the present arm: all (N, 3) in the world, positions in metres.

    Returns world rotations (N, 3, 3) to apply to the upper arm and to the forearm: the arm's plane swings with the
    least rotation that turns the wrist's direction to the target's, and within the plane shoulder, elbow and target
    make the triangle. ``hinge`` is the elbow's own axis, which decides the plane where the arm is too straight to
    have one, or bent backwards. Beyond ``EXACT_REACH`` the arm falls short of the target, but points at it.
    """
    upper, fore = elbow - shoulder, wrist - elbow
    a, b = upper.norm(dim=-1, keepdim=True), fore.norm(dim=-1, keepdim=True)
    distance = _soften((target - shoulder).norm(dim=-1, keepdim=True) / (a + b)) * (a + b)
    distance = distance.maximum((a - b).abs() + 1e-4)
    normal = cross(upper / a, fore / b)
    normal = normal + hinge * (HINGE_SINE - (normal * hinge).sum(-1, keepdim=True)).clamp_min(0)
    towards = normalize(target - shoulder)
    swing = shortest_rotation(wrist - shoulder, target - shoulder)
    aside = normalize(cross(towards, (swing @ normal[..., None])[..., 0]))
    cosine = ((a * a + distance * distance - b * b) / (2 * a * distance)).clamp(-1, 1)
    new_upper = a * (cosine * towards + torch.sqrt(1 - cosine * cosine) * aside)
    new_normal = cross(aside, towards)
    return (
        _frame(new_upper, new_normal) @ transpose(_frame(upper, normal)),
        _frame(distance * towards - new_upper, new_normal) @ transpose(_frame(fore, normal)),
    )


def _soften(reach: torch.Tensor, exact: float = EXACT_REACH, full: float = MAX_REACH) -> torch.Tensor:
    """Fractions of an arm's length (...): unchanged up to ``exact``, then ever closer to ``full``."""
    room = full - exact
    beyond = (reach - exact).clamp_min(0)
    return torch.where(beyond > 0, exact + room * (1 - torch.exp(-beyond / room)), reach)


def _frame(along: torch.Tensor, normal: torch.Tensor) -> torch.Tensor:
    """Rotations (N, 3, 3) whose first axis lies along one vector and whose last is nearest to another."""
    first = normalize(along)
    second = normalize(cross(normal, first))
    return torch.stack([first, second, cross(first, second)], -1)
