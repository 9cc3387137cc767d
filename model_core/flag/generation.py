"""FLAG's generation without optimisation (paper, section 4.5): x = f(mu_H), frame by frame."""

import numpy as np
import torch

from ..geometry.kinematics import forward_kinematics
from ..geometry.skeleton import BODY_JOINT_COUNT, HEAD
from ..observation import Observation
from .evidence import gather_evidence
from .model import Flag

FRAMES_PER_BATCH = 8192


@torch.no_grad()
def generate(
    model: Flag, observation: Observation, rest_joints: np.ndarray | torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Poses of an ``Observation`` of a person with ``rest_joints`` (22 or 24, 3), placed by the observed head.

    Returns local rotations (T, 22, 3, 3) and pelvis translation (T, 3), tensors on the model's device.
    """
    like = model.pose.scale
    seen = observation.to(like)
    rest = torch.as_tensor(rest_joints).to(like)[:BODY_JOINT_COUNT]
    rotations = []
    for first in range(0, len(seen[0]), FRAMES_PER_BATCH):
        some = slice(first, first + FRAMES_PER_BATCH)
        evidence = gather_evidence(model, seen[0][some], seen[1][some], seen[2][some], rest)
        rotations.append(model.pose.decode(model.flow(evidence.mean, evidence.context), evidence.heading))
    rotations = torch.cat(rotations)
    _, joints = forward_kinematics(rotations, torch.zeros_like(rotations[:, 0, 0]), rest)
    return rotations, seen[1][:, 0] - joints[:, HEAD]
