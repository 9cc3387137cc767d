"""The temporal refiner (paper, section 3.4): a GRU that corrects the decoded pose, frame by frame."""

import torch
from torch import nn

from ..skeleton import BODY_JOINT_COUNT


class Refiner(nn.Module):
    """A residual on 6D rotations (B, T, 22 * 6), given the observation; zero at the start."""

    def __init__(self, observation_size, width, layers=2):
        super().__init__()
        pose_size = 6 * BODY_JOINT_COUNT
        self.gru = nn.GRU(pose_size + observation_size, width, layers, batch_first=True)
        self.correct = nn.Linear(width, pose_size)
        nn.init.zeros_(self.correct.weight)
        nn.init.zeros_(self.correct.bias)

    def forward(self, pose, observation):
        return pose + self.correct(self.gru(torch.cat([pose, observation], -1))[0])
