"""Hands that no tracker sees: they go their own way, outside the trunk, and over into what is seen."""

import torch

from ...geometry.filters import gaussian_smooth
from ...geometry.kinematics import forward_kinematics
from ...geometry.rotations import Array, array_namespace, matrix_to_sixd, sixd_to_matrix, stacked
from ...geometry.skeleton import ELBOWS, HEAD, TRACKED_JOINTS, WRISTS
from .arms import SOLVED_JOINTS
from .elbows import HAND_LENGTH, HAND_SMOOTHING, Trunk, trunk_depth
from .smoothing import whittaker_smooth

FOREARM_POINT = 0.7
"""Fraction of the forearm, from the elbow, at which it is kept out of the trunk."""
DROPOUT_SMOOTHING, DROPOUT_FREE_SMOOTHING, DROPOUT_REACH = 16, 4, 60
"""Frames over which an arm that was lost, or is soon found, is smoothed: nobody saw it swing, and where it is found
tells where it must go. It falls to the second number at the third one's distance from where the arm is seen."""


def hands_to_meet(
    rotations: torch.Tensor,
    translation: torch.Tensor,
    tracked_rotations: torch.Tensor,
    tracked_positions: torch.Tensor,
    valid: torch.Tensor,
    rest_joints: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor]:
    """World rotations (T, 3, 3, 3) and positions (T, 3, 3) that head and wrists are brought to.

    Those that are tracked where ``valid`` (T, 3); of a hand that is lost those of the motion, local ``rotations``
    (T, 22, 3, 3) and pelvis ``translation`` (T, 3), moved out of its trunk.
    """
    world, joints = forward_kinematics(rotations, translation, rest_joints)
    own = torch.cat([joints[:, [HEAD]], move_out_of_trunk(world, joints)], 1)
    known = valid[..., None] > 0
    return (
        torch.where(known[..., None], tracked_rotations, world[:, list(TRACKED_JOINTS)]),
        torch.where(known, tracked_positions, own),
    )


def move_out_of_trunk(world: Array, joints: Array) -> Array:
    """Where the wrists (T, 2, 3) of bodies (T, 22, 3, 3), (T, 22, 3) are, moved by as little as brings forearms and
    hands out of the trunk."""
    xp, trunk, moved = array_namespace(joints), Trunk.of(world, joints), []
    for side, (elbow, wrist) in enumerate(zip(ELBOWS, WRISTS, strict=True)):
        middle = joints[:, wrist] + (1 - 2 * side) * HAND_LENGTH * world[:, wrist, :, 0]
        forearm = joints[:, elbow] + FOREARM_POINT * (joints[:, wrist] - joints[:, elbow])
        points = xp.stack((forearm, joints[:, wrist], middle), 1)
        seen = (points - trunk.position[:, None]) @ trunk.rotation
        depth = trunk_depth(seen).clip(0.05)
        within = (seen[..., 1] > trunk.ends[:, :1]) & (seen[..., 1] < trunk.ends[:, 1:])
        push = (1 / depth - 1).clip(0) * within
        push = stacked((seen[..., 0] * push, 0 * push, seen[..., 2] * push))
        deepest = (push * push).sum(-1).argmax(1)
        push = gaussian_smooth(push[xp.arange(len(push)), deepest], HAND_SMOOTHING)
        moved.append(joints[:, wrist] + (trunk.rotation @ push[..., None])[..., 0])
    return xp.stack(moved, 1)


def smooth_dropouts(rotations: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
    """Local rotations (T, 22, 3, 3), smoothed where trackers are lost, and going over into them where they are found.

    ``valid`` (T, 3) of head and wrists says so of each one's joints (``SOLVED_JOINTS``).
    """
    result = rotations.clone()
    for seen, joints in zip((valid > 0).T, SOLVED_JOINTS, strict=True):
        met = rotations[:, joints]
        either = matrix_to_sixd(met).flatten(1)
        smoothed = whittaker_smooth(either, seen, DROPOUT_SMOOTHING, DROPOUT_FREE_SMOOTHING, DROPOUT_REACH)
        smoothed = sixd_to_matrix(smoothed.unflatten(1, (-1, 6)))
        result[:, joints] = torch.where(seen[:, None, None, None], met, smoothed)
    return result
