"""The temporal refiner (paper, section 3.4): a GRU that corrects the decoded pose, frame by frame."""

import torch
from torch import nn

from ..geometry.kinematics import forward_kinematics
from ..geometry.rotations import Array, array_namespace, matrix_to_sixd, sixd_to_matrix
from ..geometry.skeleton import BODY_JOINT_COUNT, HEAD, LEFT_WRIST, RIGHT_WRIST
from ..observation import HEAD_HEIGHT, HEAD_SIXD, hand_poses

RESIDUAL_COUNT = 6 + 2 * (6 + 3)
"""Numbers of ``tracker_residuals``: the head's rotation, and each wrist's rotation and position."""
POSITION_SCALE = 10.0
"""Brings residuals of some centimetres to the standard deviation of the other inputs."""
LEAST_WINDOWS = 11
"""Windows that the GRU sees at once, at least: with fewer rows processors multiply matrices otherwise and round
otherwise, and a window would depend on how many others it is computed with."""


def tracker_residuals(pose: Array, observation: Array, rest_joints: Array) -> Array:
    """Trackers minus the pose's head and wrists: what forward kinematics computes and a GRU would have to learn.

    ``pose`` (B, T, 22 * 6) and features ``observation`` (B, T, F) in the head's heading frame, ``rest_joints``
    (B, 22, 3) of bodies of size 1; numpy or torch. Returns (B, T, ``RESIDUAL_COUNT``); zeros for a hand that is not
    valid, and for all while the head is lost: its features are zeros then.
    """
    xp = array_namespace(pose)
    local = sixd_to_matrix(pose.reshape(*pose.shape[:-1], BODY_JOINT_COUNT, 6))
    world, joints = forward_kinematics(local, xp.zeros_like(pose[..., :3]), rest_joints[:, None])
    head = observation[..., HEAD_SIXD]
    head_height = xp.zeros_like(joints[..., HEAD : HEAD + 1, :])
    head_height[..., 0, 1] = observation[..., HEAD_HEIGHT]
    wrists = slice(LEFT_WRIST, RIGHT_WRIST + 1)
    sixd, positions, valid = hand_poses(observation)
    beside_head = joints[..., wrists, :] - joints[..., HEAD : HEAD + 1, :]
    turned = (sixd - matrix_to_sixd(world[..., wrists, :, :])) * valid
    moved = (positions - head_height - beside_head) * (POSITION_SCALE * valid)
    hands = xp.concatenate([turned, moved], -1).reshape(*head.shape[:-1], -1)
    head_seen = (head != 0).any(-1)[..., None]
    return xp.concatenate([head - matrix_to_sixd(world[..., HEAD, :, :]), hands], -1) * head_seen


class Refiner(nn.Module):
    """A residual on 6D rotations (B, T, 22 * 6), given the observation and ``tracker_residuals``; zero at the start."""

    def __init__(self, observation_size: int, width: int, layers: int = 2) -> None:
        super().__init__()
        pose_size = 6 * BODY_JOINT_COUNT
        self.gru = nn.GRU(pose_size + observation_size + RESIDUAL_COUNT, width, layers, batch_first=True)
        self.correct = nn.Linear(width, pose_size)
        nn.init.zeros_(self.correct.weight)
        nn.init.zeros_(self.correct.bias)

    def forward(self, pose: torch.Tensor, observation: torch.Tensor, rest_joints: torch.Tensor) -> torch.Tensor:
        """The corrected pose (B, T, 22 * 6); ``rest_joints`` (B, 22, 3) of bodies of size 1."""
        with torch.autocast(pose.device.type, enabled=False):  # It corrects by less than half precision rounds off.
            pose, observation = (values.to(self.correct.weight.dtype) for values in (pose, observation))
            seen = torch.cat([pose, observation, tracker_residuals(pose, observation, rest_joints)], -1)
            few = 1 < len(seen) < LEAST_WINDOWS and not self.training
            rows = nn.functional.pad(seen, (0, 0, 0, 0, 0, LEAST_WINDOWS - len(seen))) if few else seen
            return pose + self.correct(self.gru(rows)[0][: len(seen)])
