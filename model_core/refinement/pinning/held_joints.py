"""Pinned joints on the frames of a motion."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from ...geometry.kinematics import forward_kinematics
from ...geometry.skeleton import ANKLES, BODY_JOINT_COUNT, TOES
from .time_weights import FADE_FRAMES


@dataclass(frozen=True)
class HeldJoint:
    """Where one joint is pinned, on the frames of a motion in the model's frame.

    ``frames`` (M,) grow; ``positions`` (M, 3) metres; world ``rotations`` (M, 3, 3), which count where ``turned`` (M,)
    bool; ``hard`` (M,) bool; ``reach`` (M,) frames.
    """

    joint: int
    frames: np.ndarray
    positions: torch.Tensor
    rotations: torch.Tensor
    turned: torch.Tensor
    hard: torch.Tensor
    reach: np.ndarray

    def within(self, begin: int, end: int) -> "HeldJoint | None":
        """The same of the frames from ``begin`` to before ``end``, counted from there; None where there are none."""
        found = self.only((self.frames >= begin) & (self.frames < end))
        return None if found is None else replace(found, frames=found.frames - begin)

    def only(self, chosen: np.ndarray) -> "HeldJoint | None":
        """The same of some frames, ``chosen`` (M,) bool; None where there are none."""
        some = np.flatnonzero(chosen)
        if not len(some):
            return None
        index = torch.as_tensor(some).to(self.positions.device)
        return HeldJoint(
            self.joint, self.frames[some], self.positions[index], self.rotations[index], self.turned[index],
            self.hard[index], self.reach[some],
        )  # fmt: skip


def stretches_of(held: Sequence[HeldJoint], count: int) -> list[tuple[int, int]]:
    """First frame and the one after the last of the stretches of a motion that pins reach, apart from each other."""
    reached = np.zeros(count + 1, np.int64)
    for joint in held:
        margin = joint.reach + FADE_FRAMES
        np.add.at(reached, np.maximum(joint.frames - margin, 0), 1)
        np.add.at(reached, np.minimum(joint.frames + margin + 1, count), -1)
    inside = np.concatenate([[False], np.cumsum(reached)[:count] > 0, [False]])
    edges = np.flatnonzero(np.diff(inside.astype(np.int8)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def out_of_reach(
    rotations: torch.Tensor, translation: torch.Tensor, rest_joints: torch.Tensor, joint: HeldJoint
) -> torch.Tensor:
    """Metres (M,) by which a joint of a motion is off its pins."""
    frames = torch.as_tensor(joint.frames).to(translation.device)
    rest = torch.as_tensor(rest_joints).to(translation)[:BODY_JOINT_COUNT]
    joints = forward_kinematics(rotations[frames], translation[frames], rest)[1]
    return (joints[:, joint.joint] - joint.positions).norm(dim=-1)


def worn_on(joint: int) -> int:
    """The joint that a tracker of a pinned one would be worn on: of toes their ankle."""
    return ANKLES[TOES.index(joint)] if joint in TOES else joint
