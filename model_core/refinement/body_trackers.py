"""Trackers beside head and hands in refinement: what they tell of the body, and what of the initial motion they refute.

The papers know three points. A body tracker (waist, foot, knee, elbow, chest, shoulder) shows where one more joint
is; it enters the windows' energy like head and hands do, with sigmas that allow for straps and skin that move. Where
it contradicts the initial motion, the initial motion's joints along the same limb have that much less to say.
"""

from dataclasses import dataclass

import numpy as np
import torch

from ..geometry.rotations import quaternion_to_matrix
from ..geometry.skeleton import BODY_JOINT_COUNT, FEET, MIRRORED

LIMBS = {
    0: (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), 9: (3, 6, 9, 12), 7: (1, 4, 7, 10), 8: (2, 5, 8, 11), 4: (1, 4, 7, 10),
    5: (2, 5, 8, 11), 18: (13, 16, 18), 19: (14, 17, 19), 16: (13, 16), 17: (14, 17),
}  # fmt: skip
"""The joints that move when the joint of a body tracker is brought to where it is."""
SOLES = {7: (7, 10), 8: (8, 11)}
"""Ankle and toes, which an ankle's pose places."""

USUALLY_OFF = 0.03
"""Metres by which a joint of the initial motion may be off before its limb is trusted half as much."""

_LEFT_WITHIN = {
    7: {7: 0.055, 10: 0.073, 4: 0.080, 1: 0.075},
    4: {4: 0.070, 1: 0.045, 7: 0.115, 10: 0.130},
    18: {18: 0.024, 16: 0.033},
    16: {16: 0.025, 18: 0.032, 13: 0.024},
}
TRACKER_SIGMAS = {
    0: {0: 0.033, 1: 0.046, 2: 0.046, 3: 0.030, 6: 0.032, 9: 0.032},
    9: {9: 0.035, 6: 0.040, 3: 0.050, 0: 0.075},
    **_LEFT_WITHIN,
    **{MIRRORED[joint]: {MIRRORED[j]: error for j, error in found.items()} for joint, found in _LEFT_WITHIN.items()},
}
"""Metres within which refinement finds joints by a tracker alone, by the joint that it is worn on. Measured on mocap of
people who kick, sit and walk: 1 / error^2 is what the tracker added to 1 / error^2 of the motion without it."""


@dataclass(frozen=True)
class BodyTrackers:
    """K trackers over T frames as the joints that they are worn on, tensors in the model's frame, floor at y = 0.

    ``joints``, a tuple of K of SMPL's joints; ``rotations`` (T, K, 3, 3), ``positions`` (T, K, 3) metres and ``valid``
    (T, K) 0 or 1. Where a tracker is not valid its pose is zeros and the identity.
    """

    joints: tuple[int, ...]
    rotations: torch.Tensor
    positions: torch.Tensor
    valid: torch.Tensor

    def take(self, frames: torch.Tensor) -> "BodyTrackers":
        """The same of some frames, an index of any shape."""
        return BodyTrackers(self.joints, self.rotations[frames], self.positions[frames], self.valid[frames])


def gather_body_trackers(
    poses: dict[str, tuple[int, np.ndarray, np.ndarray, np.ndarray]], like: torch.Tensor
) -> BodyTrackers | None:
    """``BodyTrackers`` of ``calibration.body_tracker_poses``, with device and dtype of ``like``; None of none."""
    if not poses:
        return None
    joints, rotations, positions, valid = zip(*poses.values(), strict=True)
    valid = torch.stack([torch.as_tensor(seen) for seen in valid], 1).to(like)
    rotations = torch.stack([quaternion_to_matrix(torch.as_tensor(rotation)) for rotation in rotations], 1).to(like)
    positions = torch.stack([torch.as_tensor(position) for position in positions], 1).to(like)
    seen = valid[..., None] > 0
    rotations = torch.where(seen[..., None], rotations, torch.eye(3).to(like))
    return BodyTrackers(joints, rotations, torch.where(seen, positions, torch.zeros_like(positions)), valid)


def measured_joints(joints: torch.Tensor, trackers: BodyTrackers, rest_joints: torch.Tensor) -> torch.Tensor:
    """The initial motion's joints (T, 22, 3), those with a tracker where it puts them, toes with their ankles."""
    measured = joints.clone()
    for index, joint in enumerate(trackers.joints):
        seen, rotation = trackers.valid[:, index, None] > 0, trackers.rotations[:, index]
        for placed in SOLES.get(joint, (joint,)):
            position = trackers.positions[:, index] + rotation @ (rest_joints[placed] - rest_joints[joint])
            measured[:, placed] = torch.where(seen, position, measured[:, placed])
    return measured


def initial_motion_trust(joints: torch.Tensor, trackers: BodyTrackers) -> torch.Tensor:
    """Weight (T, 22), 0 to 1, of the motion's joints (T, 22, 3): 1 where no tracker of their limb is far from it.

    A motion that is off by d metres is taken to have a variance larger by d squared than ``USUALLY_OFF`` squared.
    """
    trust = torch.ones_like(joints[..., 0])
    for index, joint in enumerate(trackers.joints):
        off = (joints[:, joint] - trackers.positions[:, index]).square().sum(-1) * trackers.valid[:, index]
        limb = list(LIMBS[joint])
        trust[:, limb] = torch.minimum(trust[:, limb], (1 / (1 + off / USUALLY_OFF**2))[:, None])
    return trust


def tracked_feet(trackers: BodyTrackers) -> tuple[torch.Tensor, torch.Tensor]:
    """Whether the left and the right foot are seen by a tracker of their own, (T, 2) bool, and where that puts the
    ankle, (T, 2, 3)."""
    seen = torch.zeros_like(trackers.valid[:, :1], dtype=torch.bool).repeat(1, len(SOLES))
    positions = torch.zeros_like(trackers.positions[:, :1]).repeat(1, len(SOLES), 1)
    for side, ankle in enumerate(SOLES):
        if ankle in trackers.joints:
            index = trackers.joints.index(ankle)
            seen[:, side], positions[:, side] = trackers.valid[:, index] > 0, trackers.positions[:, index]
    return seen, positions


def measured_contacts(contacts: torch.Tensor, standing: torch.Tensor, trackers: BodyTrackers) -> torch.Tensor:
    """Contacts (T, 4) of ``skeleton.FEET``: where a foot is tracked, whether it is seen to stand (``standing``)."""
    measured = contacts.clone()
    for index, joint in enumerate(trackers.joints):
        for foot in (FEET.index(placed) for placed in SOLES.get(joint, ())):
            measured[:, foot] = torch.where(trackers.valid[:, index] > 0, standing[:, foot], measured[:, foot])
    return measured


def tracker_information(trackers: BodyTrackers) -> torch.Tensor:
    """How precisely trackers tell of joints, (T, 22): one over the square of the error in metres (``TRACKER_SIGMAS``).

    What several trackers tell of a joint adds up.
    """
    table = trackers.valid.new_zeros(len(trackers.joints), BODY_JOINT_COUNT)
    for row, tracked in zip(table, trackers.joints, strict=True):
        for joint, error in TRACKER_SIGMAS[tracked].items():
            row[joint] = error**-2
    return trackers.valid @ table
