"""The flow's variable: a body pose as 66 numbers without wraps, around the training set's mean pose."""

import torch
from torch import nn

from ..geometry.rotations import (
    axis_angle_to_matrix,
    matrix_to_axis_angle,
    nearest_rotation,
    rotation_about_y,
    transpose,
)
from ..geometry.skeleton import BODY_JOINT_COUNT

POSE_COUNT = 3 * BODY_JOINT_COUNT


class PoseNormalizer(nn.Module):
    """Local rotations <-> x: each joint's axis-angle from its mean, divided by its standard deviation.

    The pelvis's global orient is taken in the head's heading frame, so that no direction of the room is special. The
    paper's x is the plain axis-angle pose, whose wraps and offsets a flow would have to learn.
    """

    mean: torch.Tensor
    scale: torch.Tensor

    def __init__(self, mean: torch.Tensor | None = None, scale: torch.Tensor | None = None) -> None:
        """``mean`` (22, 3, 3) rotations, ``scale`` (66,) radians; the identity and ones until a data set gives them."""
        super().__init__()
        self.register_buffer("mean", torch.eye(3).repeat(BODY_JOINT_COUNT, 1, 1) if mean is None else mean)
        self.register_buffer("scale", torch.ones(POSE_COUNT) if scale is None else scale)

    def encode(self, rotations: torch.Tensor, heading: torch.Tensor) -> torch.Tensor:
        """Local rotations (..., 22, 3, 3), the first one global, and the head's heading (...) -> x (..., 66)."""
        root = transpose(rotation_about_y(heading))[..., None, :, :] @ rotations[..., :1, :, :]
        canonical = torch.cat([root, rotations[..., 1:, :, :]], -3)
        return matrix_to_axis_angle(transpose(self.mean) @ canonical).flatten(-2) / self.scale

    def decode(self, x: torch.Tensor, heading: torch.Tensor) -> torch.Tensor:
        """x (..., 66) -> local rotations (..., 22, 3, 3), the first one global."""
        residual = axis_angle_to_matrix((x * self.scale).unflatten(-1, (BODY_JOINT_COUNT, 3)))
        canonical = self.mean @ residual
        root = rotation_about_y(heading)[..., None, :, :] @ canonical[..., :1, :, :]
        return torch.cat([root, canonical[..., 1:, :, :]], -3)


def mean_rotation(rotations: torch.Tensor) -> torch.Tensor:
    """The rotation nearest to the average of many: (N, ..., 3, 3) -> (..., 3, 3)."""
    return nearest_rotation(rotations.double().mean(0)).to(rotations.dtype)
