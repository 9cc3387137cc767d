"""By how much FLAG's codes move a body's joints."""

import numpy as np
import torch

from ..body import load_body
from ..geometry.kinematics import local_rotations
from ..geometry.skeleton import BODY_JOINT_COUNT, TRACKED_JOINTS
from .evidence import gather_evidence, place_body
from .model import Flag

DRAWS = 4
"""Bodies over which the influence is averaged: more change hardly what it is used for."""
SMALL = 0.01
"""By so much a code is changed to see what moves."""


@torch.no_grad()
def joint_influence(model: Flag) -> torch.Tensor:
    """By how much each code moves each joint, (22, 66) square metres for a code that is changed by one.

    The mean over bodies of the mean person that FLAG draws under a head alone (always the same), then seen with their
    hands.
    """
    like = model.pose.scale
    rest = torch.as_tensor(load_body().rest_joints(np.zeros(10, np.float32))).to(like)[:BODY_JOINT_COUNT]
    rest = rest - rest[:, 1].amin() * rest.new_tensor([0.0, 1.0, 0.0])
    tracked, valid = list(TRACKED_JOINTS), rest.new_ones(DRAWS, 3)
    upright = torch.eye(3).to(like).expand(DRAWS, 3, 3, 3), rest[tracked].expand(DRAWS, 3, 3)
    alone = gather_evidence(model, *upright, valid * valid.new_tensor([1.0, 0.0, 0.0]), rest)
    noise = torch.randn(DRAWS, len(like), generator=torch.Generator().manual_seed(0)).to(like)
    drawn = model.flow(alone.mean + torch.exp(alone.log_sigma) * noise, alone.context)
    world, joints = place_body(model.pose, drawn, alone)
    seen = gather_evidence(model, world[:, tracked], joints[:, tracked], valid, rest)
    codes, _ = model.flow.inverse(model.pose.encode(local_rotations(world), seen.heading), seen.context)
    changed = codes[:, None] + SMALL * torch.eye(len(like)).to(like)
    every = seen.take(torch.arange(DRAWS, device=like.device)[:, None].expand(changed.shape[:2]))
    _, moved = place_body(model.pose, model.flow(changed, every.context), every)
    return ((moved - joints[:, None]) / SMALL).square().sum(-1).mean(0).T
