"""Exact head and hands: what refinement leaves of them is closed by geometry, arms by the two-bone solution."""

import math

import torch

from ..geometry.kinematics import forward_kinematics
from ..geometry.rotations import axis_angle_to_matrix, cross, matrix_to_sixd, normalize, sixd_to_matrix, transpose
from ..geometry.skeleton import HEAD, LEFT_WRIST, PARENTS, RIGHT_WRIST
from .smoothing import anticipate, calm

ARMS = ((13, 16, 18, LEFT_WRIST), (14, 17, 19, RIGHT_WRIST))
"""Collar, shoulder, elbow and wrist of either side."""
HINGES = ((0.0, -1.0, 0.0), (0.0, 1.0, 0.0))
"""The axis in the upper arm's frame about which either elbow bends."""
STRAIGHT = 0.3
"""Sine of an elbow's bend about its hinge below which the hinge has a say in the arm's plane."""
EXACT_REACH, FULL_STRETCH = 0.98, 0.9995
"""Shares of its length to which an arm reaches exactly, and at all. Near full stretch a millimetre at the wrist turns
the elbow by degrees: between the two an arm stretches ever more slowly, and gives up to 4 mm for a steady elbow."""
LENT_REACH = 0.97, 0.99
"""The same of shoulders: from where, and to where at most, they keep the arm from being stretched."""
FARTHEST_LENT = 0.40
"""Radians by which a collar is turned at most for it: at the end of the collar bone 4 to 5 cm."""
DAMPING = 0.03
"""Metres: levers that are shorter are hardly used."""
LENDING_STEPS = 2
LENDING_SPEED, LENDING_BLUR = math.radians(1.5), 1.5
"""Radians a frame by which a collar turns for it, and frames by which that is blurred: hands may swing faster."""
CALM_FRAMES, FREE_FRAMES, CALM_REACH = 16, 4, 60
"""An arm that was lost, or is soon found, does not swing faster than in so many frames: nobody saw it swing, and where
it is found tells where it must go. Later than ``CALM_REACH`` frames it may move as freely as in ``FREE_FRAMES``."""
CLOSED = ((HEAD,), *ARMS)
"""The joints that are turned for head, left and right wrist."""


def collar_rotations(rotations, translation, tracked_positions, rest_joints):
    """How collars turn for wrists that arms cannot reach: axis-angles (T, 2, 3) in the frame of the collars' parent.

    The motion is as in ``solve_arm_ik``.
    """
    world, joints = forward_kinematics(rotations, translation, rest_joints)
    turns = []
    for side, (collar, shoulder, _, _) in enumerate(ARMS):
        target, arm = tracked_positions[:, 1 + side], arm_length(rest_joints, side)
        turn = extend_reach_with_collar(joints[:, collar], joints[:, shoulder], target, arm)
        turns.append((transpose(world[:, PARENTS[collar]]) @ turn[..., None])[..., 0])
    return torch.stack(turns, 1)


def smooth_collar_rotations(turns, valid):
    """``collar_rotations`` (T, 2, 3) without haste: shoulders lend before a hand needs it, and after; ``valid`` (T, 3)."""
    asked = torch.where(valid[:, 1:, None] > 0, turns, torch.zeros_like(turns))
    return torch.stack([anticipate(asked[:, side], LENDING_SPEED, LENDING_BLUR) for side in range(len(ARMS))], 1)


def arm_length(rest_joints, side):
    """Upper arm and forearm of a side together, metres."""
    _, shoulder, elbow, wrist = ARMS[side]
    return (rest_joints[elbow] - rest_joints[shoulder]).norm() + (rest_joints[wrist] - rest_joints[elbow]).norm()


def solve_arm_ik(rotations, translation, tracked_positions, tracked_rotations, lent, rest_joints):
    """Turn head and arms so that head rotation, wrist rotations and, in reach, wrist places are the tracked ones.

    ``rotations`` (T, 22, 3, 3) local, ``translation`` (T, 3) of the pelvis; tracked: (T, 3, 3) and (T, 3, 3, 3) of
    head, left and right wrist; ``lent`` (T, 2, 3) is what collars are turned by (``smooth_collar_rotations``); ``rest_joints``
    (22, 3). Returns local rotations (T, 22, 3, 3); those of ``CLOSED`` may differ.
    """
    solved = rotations.clone()
    for side, (collar, *_) in enumerate(ARMS):
        solved[:, collar] = axis_angle_to_matrix(lent[:, side]) @ rotations[:, collar]
    world, joints = forward_kinematics(solved, translation, rest_joints)
    solved[:, HEAD] = transpose(world[:, PARENTS[HEAD]]) @ tracked_rotations[:, 0]
    for side, (collar, shoulder, elbow, wrist) in enumerate(ARMS):
        hinge = world[:, shoulder] @ world.new_tensor(HINGES[side])
        limb = joints[:, shoulder], joints[:, elbow], joints[:, wrist]
        upper, fore = two_bone_ik(*limb, tracked_positions[:, 1 + side], hinge)
        shoulder_world = upper @ world[:, shoulder]
        elbow_world = fore @ world[:, elbow]
        solved[:, shoulder] = transpose(world[:, collar]) @ shoulder_world
        solved[:, elbow] = transpose(shoulder_world) @ elbow_world
        solved[:, wrist] = transpose(elbow_world) @ tracked_rotations[:, 1 + side]
    return solved


def extend_reach_with_collar(collar, shoulder, target, arm):
    """Turns of collars, axis-angles (N, 3) in the world, that bring shoulders nearer to what an arm cannot reach.

    ``collar``, ``shoulder`` and ``target`` (N, 3) metres in the world, ``arm`` the arm's length. Damped least squares
    (Wampler 1986): the shoulder moves little where turning the collar would bring it no nearer, and never far.
    """
    bone, turn = shoulder - collar, torch.zeros_like(shoulder)
    for _ in range(LENDING_STEPS):
        moved = (axis_angle_to_matrix(turn) @ bone[..., None])[..., 0]
        away = target - collar - moved
        distance = away.norm(dim=-1, keepdim=True)
        missing = distance - arm * _soften(distance / arm, *LENT_REACH)
        lever = cross(moved, away / distance.clamp_min(1e-6))
        turn = turn + lever * missing / (lever.square().sum(-1, keepdim=True) + DAMPING**2)
        angle = turn.norm(dim=-1, keepdim=True).clamp_min(1e-9)
        turn = turn / angle * FARTHEST_LENT * torch.tanh(angle / FARTHEST_LENT)
    return turn


def blend_across_dropouts(rotations, exact, valid):
    """The rotations ``exact`` (T, 22, 3, 3) where trackers are valid, ``rotations``, calmed, where they are lost.

    ``valid`` (T, 3) of head and wrists says so of each one's joints (``CLOSED``). One goes over into the other where a
    tracker is lost and where it is found.
    """
    result = exact.clone()
    for seen, joints in zip((valid > 0).T, CLOSED, strict=True):
        met, own = exact[:, joints], rotations[:, joints]
        either = matrix_to_sixd(torch.where(seen[:, None, None, None], met, own)).flatten(1)
        calmed = sixd_to_matrix(calm(either, seen, CALM_FRAMES, FREE_FRAMES, CALM_REACH).unflatten(1, (-1, 6)))
        result[:, joints] = torch.where(seen[:, None, None, None], met, calmed)
    return result


def two_bone_ik(shoulder, elbow, wrist, target, hinge):
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


def _soften(reach, exact=EXACT_REACH, full=FULL_STRETCH):
    """Shares of an arm's length (...): unchanged up to ``exact``, then ever closer to ``full``."""
    room = full - exact
    beyond = (reach - exact).clamp_min(0)
    return torch.where(beyond > 0, exact + room * (1 - torch.exp(-beyond / room)), reach)


def _frame(along, normal):
    """Rotations (N, 3, 3) whose first axis lies along one vector and whose last is nearest to another."""
    first = normalize(along)
    second = normalize(cross(normal, first))
    return torch.stack([first, second, cross(first, second)], -1)
