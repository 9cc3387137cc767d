"""A pelvis that is carried by standing legs, not swung by the hands: steadied under a still head."""

import torch

from ...geometry.filters import gaussian_smooth
from ...geometry.kinematics import forward_kinematics
from ...geometry.rotations import axis_angle_to_matrix, cross
from ...geometry.skeleton import HEAD

PELVIS_SMOOTHING = 10.0
"""Standard deviation in frames by which a pelvis is blurred over the floor under a still head."""


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
