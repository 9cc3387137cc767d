"""Who stands when the headset is taken off stands on: nobody sees another step.

Without a head to follow SAGE settles its stance, often with both feet at once. Where the head is not seen and what
stands in for it stays, pelvis and legs are those of the last frame that was seen, or of the first one after it.
"""

from collections.abc import Iterator

import numpy as np
import torch

from ...body.foot_contacts import foot_rest_heights
from ...geometry.kinematics import forward_kinematics
from ...geometry.skeleton import BODY_JOINT_COUNT, FEET
from ...observation import FPS, Observation
from ...sage.inference import Prediction
from .feet import foot_contacts
from .steady import steady

LEAST_SECONDS = 1.0
"""A head that is lost for less may be that of somebody who walks."""
STAYS = 0.1
"""Metres over the floor within which the head's stand-in stays: farther nobody gets without a step."""
JUDGED = 3
"""Seen frames that say whether both feet stand."""
SETTLING = 1.0
"""Seconds at the end in which the body goes over to how it stands when the head is seen again."""


def stand_on(predicted: Prediction, observation: Observation, rest_joints: np.ndarray) -> Prediction:
    """A prediction with the pelvis and legs of who stands held while the head is not seen.

    ``rest_joints`` (22 or 24, 3). Without such a while it is the same to the last bit.
    """
    held, weight = predicted, np.zeros(observation.frame_count, np.float32)
    rest = torch.as_tensor(np.asarray(rest_joints)).to(predicted.translation)[:BODY_JOINT_COUNT]
    for first, last in _unseen(observation):
        known = first - 1 if first > 0 else last + 1
        seen = slice(max(0, first - JUDGED), first) if first > 0 else slice(known, known + JUDGED)
        joints = forward_kinematics(predicted.rotations[seen], predicted.translation[seen], rest)[1]
        standing = foot_contacts(joints, foot_rest_heights(rest)).amin(0).reshape(-1, len(FEET) // 2).amax(0)
        if not bool(standing.all()):
            continue
        rotations, contacts = held.rotations.clone(), held.contacts.clone()
        rotations[first : last + 1], contacts[first : last + 1] = rotations[known], 1.0
        held = Prediction(rotations, held.translation, contacts)
        weight[first : last + 1] = 1.0
        if first > 0 and last + 1 < observation.frame_count:
            settling = min(last - first, round(SETTLING * FPS))
            weight[last - settling : last + 1] = np.linspace(1, 0, settling + 1)
    return steady(predicted, held, torch.as_tensor(weight)) if weight.any() else predicted


def _unseen(observation: Observation) -> Iterator[tuple[int, int]]:
    """First and last frame of each while in which the head is not seen and stays."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], ~observation.valid[:, 0], [False]]).astype(np.int8)))
    for first, after in edges.reshape(-1, 2).tolist():
        heads = observation.positions[first:after, 0][:, [0, 2]]
        stays = np.linalg.norm(heads - heads[0], axis=-1).max() < STAYS
        ever_seen = after - first < observation.frame_count
        if stays and ever_seen and after - first >= LEAST_SECONDS * FPS:
            yield first, after - 1
