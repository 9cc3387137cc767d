"""FLAG's generation without optimisation (paper, section 4.5): x = f(mu_H), frame by frame."""

import torch

from ..geometry.kinematics import forward_kinematics
from ..geometry.skeleton import BODY_JOINT_COUNT, HEAD
from ..refinement.energy import gather_evidence

FRAMES_PER_BATCH = 8192


@torch.no_grad()
def generate(model, observation, rest_joints):
    """Poses of an ``Observation`` of a person with ``rest_joints`` (22 or 24, 3), placed by the observed head.

    Returns local rotations (T, 22, 3, 3) and pelvis translation (T, 3), tensors on the model's device.
    """
    like = model.pose.scale
    seen = [
        torch.as_tensor(value).to(like) for value in (observation.rotations, observation.positions, observation.valid)
    ]
    rest = torch.as_tensor(rest_joints).to(like)[:BODY_JOINT_COUNT]
    rotations = []
    for first in range(0, len(seen[0]), FRAMES_PER_BATCH):
        evidence = gather_evidence(model, *(values[first : first + FRAMES_PER_BATCH] for values in seen), rest)
        rotations.append(model.pose.decode(model.flow(evidence.mean, evidence.context), evidence.heading))
    rotations = torch.cat(rotations)
    _, joints = forward_kinematics(rotations, torch.zeros_like(rotations[:, 0, 0]), rest)
    return rotations, seen[1][:, 0] - joints[:, HEAD]
