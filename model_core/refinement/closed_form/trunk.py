"""A pelvis that is carried by standing legs: steadied under a still head, and low enough for the legs to reach."""

import math

import torch

from ...geometry.filters import gaussian_reach, gaussian_smooth
from ...geometry.kinematics import forward_kinematics
from ...geometry.rotations import (
    axis_angle_to_matrix,
    cross,
    rotation_about_y,
    slerp_matrices,
)
from ...geometry.skeleton import HEAD
from ...observation import heading
from .smoothing import rate_limited_envelope

PELVIS_SMOOTHING = 10.0
"""Standard deviation in frames by which a pelvis is blurred over the floor under a still head."""

TRUNK = (0, 3, 6, 9, 12)
"""The joints from pelvis to neck."""
LEGS = ((1, 4, 7), (2, 5, 8))
"""Hip, knee and ankle of either side."""
TOLERATED_LACK = 0.02
"""Metres by which a foot may miss its place: feet that are this near to the floor look as if they stood."""
STRAIGHTENING = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Fractions of the way to an upright, straight trunk that are tried."""
STRAIGHTENING_SPEED, STRAIGHTENING_BLUR = 0.03, 3.0
"""The most of it that comes in a frame, and the standard deviation in frames by which that is blurred."""
STRAIGHTENING_LOOK_AHEAD = math.ceil(1 / STRAIGHTENING_SPEED) + gaussian_reach(STRAIGHTENING_BLUR)
"""Frames ahead on which it depends."""


def steady_pelvis(
    rotations: torch.Tensor, translation: torch.Tensor, still: torch.Tensor, rest_joints: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Local rotations (T, 22, 3, 3) and pelvis positions (T, 3) whose trunk is turned about the head joint so that the
    pelvis goes evenly over the floor, by the weight ``still`` (T,).

    Head, neck and chest turn with it by a few degrees; the head's rotation, hands and feet are solved afterwards.
    """
    _, joints = forward_kinematics(rotations, translation, rest_joints)
    head, pelvis = joints[:, HEAD], joints[:, 0]
    trunk = pelvis - head
    shift = (gaussian_smooth(pelvis, PELVIS_SMOOTHING) - pelvis) * still[:, None]
    shift = shift * shift.new_tensor([1.0, 0.0, 1.0])
    rotation = axis_angle_to_matrix(cross(trunk, shift) / trunk.square().sum(-1, keepdim=True))
    turned = rotations.clone()
    turned[:, 0] = rotation @ rotations[:, 0]
    moved = head + (rotation @ trunk[..., None])[..., 0]
    return turned, translation + moved - pelvis


def straighten_to_stand(
    rotations: torch.Tensor,
    translation: torch.Tensor,
    ankles: torch.Tensor,
    standing: torch.Tensor,
    rest_joints: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Local rotations (T, 22, 3, 3) and pelvis positions (T, 3) whose trunk is as straight as standing legs need to
    reach the floor.

    Under a head that stays where it is a bent trunk holds the pelvis up, and legs that are straight already leave the
    feet in the air. ``ankles`` (T, 2, 3) is where they should be, ``standing`` (T, 2) bool which feet stand. The head's
    rotation, hands and feet are solved afterwards.
    """
    lacking = _lacking_reach(rotations, translation, ankles, standing, rest_joints)
    if not (lacking > 0).any():
        return rotations, translation
    missing = torch.stack(
        [
            _lacking_reach(*_straightened(rotations, translation, rest_joints, fraction), ankles, standing, rest_joints)
            for fraction in STRAIGHTENING
        ]
    )
    enough = torch.tensor(STRAIGHTENING).to(lacking)
    # The first step that lacks nothing, and the fraction of it that was needed; all of it where none does.
    index = (missing > 0).long().cumprod(0).sum(0).clamp(1, len(STRAIGHTENING) - 1)
    before, after = missing.gather(0, index[None] - 1)[0], missing.gather(0, index[None])[0]
    within = (before.clamp_min(0) / (before - after).clamp_min(1e-6)).clamp(0, 1)
    fraction = torch.where(lacking > 0, torch.lerp(enough[index - 1], enough[index], within), torch.zeros_like(lacking))
    fraction = rate_limited_envelope(fraction[:, None], STRAIGHTENING_SPEED, STRAIGHTENING_BLUR)[:, 0].clamp(0, 1)
    return _straightened(rotations, translation, rest_joints, fraction)


def _lacking_reach(
    rotations: torch.Tensor,
    translation: torch.Tensor,
    ankles: torch.Tensor,
    standing: torch.Tensor,
    rest_joints: torch.Tensor,
) -> torch.Tensor:
    """Metres (T,) beyond ``TOLERATED_LACK`` that legs are too short for the nearer standing foot; below 0 if not."""
    _, joints = forward_kinematics(rotations, translation, rest_joints)
    lacking = []
    for side, (hip, knee, ankle) in enumerate(LEGS):
        length = (rest_joints[knee] - rest_joints[hip]).norm() + (rest_joints[ankle] - rest_joints[knee]).norm()
        away = (ankles[:, side] - joints[:, hip]).norm(dim=-1) - length - TOLERATED_LACK
        lacking.append(torch.where(standing[:, side], away, torch.full_like(away, torch.inf)))
    least = torch.stack(lacking).amin(0)
    return torch.where(least.isinf(), torch.full_like(least, -1.0), least)


def _straightened(
    rotations: torch.Tensor, translation: torch.Tensor, rest_joints: torch.Tensor, fraction: float | torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """The body with its trunk so much of the way, (T,) or one number, to upright and straight, hung from its head."""
    _, joints = forward_kinematics(rotations, translation, rest_joints)
    trunk = rotations[:, list(TRUNK)]
    upright = torch.eye(3).to(trunk).expand_as(trunk).clone()
    upright[:, 0] = rotation_about_y(heading(rotations[:, 0]))
    weight = torch.as_tensor(fraction).to(translation).expand(len(translation))[:, None]
    straight = rotations.clone()
    straight[:, list(TRUNK)] = slerp_matrices(trunk, upright, weight)
    _, moved = forward_kinematics(straight, translation, rest_joints)
    return straight, translation + joints[:, HEAD] - moved[:, HEAD]
