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
        upper, fore = bend_arm(joints[:, shoulder], joints[:, elbow], joints[:, wrist], tracked_positions[:, side])
        shoulder_world = upper @ world[:, shoulder]
        elbow_world = fore @ upper @ world[:, elbow]
        locals_ = {
            shoulder: transpose(world[:, collar]) @ shoulder_world,
            elbow: transpose(shoulder_world) @ elbow_world,
            wrist: transpose(elbow_world) @ tracked_rotations[:, side],
        }
        for joint, rotation in locals_.items():
            solved[:, joint] = _towards(rotations[:, joint], rotation, weight)
    return solved


def bend_arm(shoulder, elbow, wrist, target):
    """The two-bone solution nearest to the present arm: all (N, 3) in the world.

    Returns world rotations (N, 3, 3) to apply to the whole arm and then, within the turned frame's world, to the
    forearm: the elbow first opens or closes in the arm's own plane until the wrist is as far from the shoulder as the
    target, then the whole arm swings by the least rotation that brings the wrist there. Beyond ``EXACT_REACH`` the arm
    falls short of the target, but points at it.
    """
    upper, fore = elbow - shoulder, wrist - elbow
    a, b = upper.norm(dim=-1), fore.norm(dim=-1)
    distance = (target - shoulder).norm(dim=-1)
    wanted = _soften(distance / (a + b)) * (a + b)
    wanted = wanted.maximum((a - b).abs() + 1e-4)
    axis = cross(upper, fore)
    straight = axis.norm(dim=-1, keepdim=True) < 1e-5 * (a * b)[:, None]
    axis = normalize(torch.where(straight, _any_perpendicular(upper), axis))

    def bend(side):
        return torch.acos(((side**2 - a**2 - b**2) / (2 * a * b)).clamp(-1, 1))

    now = torch.atan2(cross(upper, fore).norm(dim=-1), (upper * fore).sum(-1))
    open_elbow = axis_angle_to_matrix(axis * (bend(wanted) - now)[:, None])
    bent = upper + (open_elbow @ fore[..., None])[..., 0]
    swing = least_rotation(bent, target - shoulder)
    return swing, swing @ open_elbow @ transpose(swing)


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


def _any_perpendicular(vectors):
    least = torch.nn.functional.one_hot(vectors.abs().argmin(-1), 3).to(vectors.dtype)
    return cross(vectors, least)
