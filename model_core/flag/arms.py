"""Exact head and hands: what refinement leaves of them is closed by geometry, arms by the two-bone solution."""

import torch

from ..kinematics import forward_kinematics
from ..rotations import (
    axis_angle_to_matrix,
    cross,
    matrix_to_quaternion,
    normalize,
    quaternion_to_matrix,
    slerp,
    transpose,
)
from ..skeleton import HEAD, LEFT_WRIST, PARENTS, RIGHT_WRIST

ARMS = ((13, 16, 18, LEFT_WRIST), (14, 17, 19, RIGHT_WRIST))
"""Collar, shoulder, elbow and wrist of either side."""
HINGES = ((0.0, -1.0, 0.0), (0.0, 1.0, 0.0))
"""The axis in the upper arm's frame about which either elbow bends."""
STRAIGHT = 0.3
"""Sine of an elbow's bend about its hinge below which the hinge has a say in the arm's plane."""
EXACT_REACH, FULL_STRETCH = 0.98, 0.9995
"""Shares of its length to which an arm reaches exactly, and at all. Near full stretch a millimetre at the wrist turns
the elbow by degrees: between the two an arm stretches ever more slowly, and gives up to 4 mm for a steady elbow."""
RAMP_FRAMES = 8
"""Frames over which exactness fades in and out where a tracker becomes valid or invalid."""


def meet_trackers(rotations, translation, rest_joints, tracked_rotations, tracked_positions, share):
    """Turn head and arms so that head rotation, wrist rotations and, in reach, wrist places are the tracked ones.

    ``rotations`` (T, 22, 3, 3) local, ``translation`` (T, 3) of the pelvis, ``rest_joints`` (22, 3); tracked: (T, 3,
    3, 3) and (T, 3, 3) of head, left and right wrist. ``share`` (T, 3), see ``fade``, is how far each is turned: 0
    leaves it, 1 is exact. Returns local rotations (T, 22, 3, 3).
    """
    world, joints = forward_kinematics(rotations, translation, rest_joints)
    solved = rotations.clone()
    neck = world[:, PARENTS[HEAD]]
    solved[:, HEAD] = _towards(rotations[:, HEAD], transpose(neck) @ tracked_rotations[:, 0], share[:, 0])
    for side, (collar, shoulder, elbow, wrist) in enumerate(ARMS, start=1):
        weight = share[:, side]
        hinge = world[:, shoulder] @ world.new_tensor(HINGES[side - 1])
        limb = joints[:, shoulder], joints[:, elbow], joints[:, wrist]
        upper, fore = bend_arm(*limb, tracked_positions[:, side], hinge)
        shoulder_world = upper @ world[:, shoulder]
        elbow_world = fore @ world[:, elbow]
        locals_ = {
            shoulder: transpose(world[:, collar]) @ shoulder_world,
            elbow: transpose(shoulder_world) @ elbow_world,
            wrist: transpose(elbow_world) @ tracked_rotations[:, side],
        }
        for joint, rotation in locals_.items():
            solved[:, joint] = _towards(rotations[:, joint], rotation, weight)
    return solved


def bend_arm(shoulder, elbow, wrist, target, hinge):
    """The two-bone solution nearest to the present arm: all (N, 3) in the world, places in metres.

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
    normal = normal + hinge * (STRAIGHT - (normal * hinge).sum(-1, keepdim=True)).clamp_min(0)
    towards = normalize(target - shoulder)
    swing = least_rotation(wrist - shoulder, target - shoulder)
    aside = normalize(cross(towards, (swing @ normal[..., None])[..., 0]))
    cosine = ((a * a + distance * distance - b * b) / (2 * a * distance)).clamp(-1, 1)
    new_upper = a * (cosine * towards + torch.sqrt(1 - cosine * cosine) * aside)
    new_normal = cross(aside, towards)
    return (
        _frame(new_upper, new_normal) @ transpose(_frame(upper, normal)),
        _frame(distance * towards - new_upper, new_normal) @ transpose(_frame(fore, normal)),
    )


def least_rotation(first, second):
    """The smallest rotation (N, 3, 3) that turns the direction of ``first`` (N, 3) to that of ``second`` (N, 3)."""
    first, second = normalize(first), normalize(second)
    axis = cross(first, second)
    angle = torch.atan2(axis.norm(dim=-1), (first * second).sum(-1))
    return axis_angle_to_matrix(normalize(axis) * angle[:, None])


def fade(valid, frames=RAMP_FRAMES):
    """(T, n) 0 or 1 -> weights (T, n): 0 where not valid, rising smoothly to 1 over ``frames`` away from there."""
    time = torch.arange(len(valid), device=valid.device)[:, None].expand(valid.shape)
    lost = valid <= 0
    before = torch.where(lost, time, -frames).cummax(0).values
    after = torch.where(lost, time, len(valid) + frames).flip(0).cummin(0).values.flip(0)
    share = torch.minimum(time - before, after - time).clamp_max(frames) / frames
    return share * share * (3 - 2 * share)


def _soften(reach):
    """Shares of an arm's length (N,): unchanged up to ``EXACT_REACH``, then ever closer to ``FULL_STRETCH``."""
    room = FULL_STRETCH - EXACT_REACH
    beyond = (reach - EXACT_REACH).clamp_min(0)
    return torch.where(beyond > 0, EXACT_REACH + room * (1 - torch.exp(-beyond / room)), reach)


def _towards(first, second, share):
    """Rotations (N, 3, 3) a share (N,) of the way from one to another."""
    mixed = quaternion_to_matrix(slerp(matrix_to_quaternion(first), matrix_to_quaternion(second), share))
    return torch.where((share == 0)[:, None, None], first, torch.where((share == 1)[:, None, None], second, mixed))


def _frame(along, normal):
    """Rotations (N, 3, 3) whose first axis lies along one vector and whose last is nearest to another."""
    first = normalize(along)
    second = normalize(cross(normal, first))
    return torch.stack([first, second, cross(first, second)], -1)
