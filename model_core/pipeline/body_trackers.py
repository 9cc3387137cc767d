"""From trackers beside head and hands in a recording to what refinement takes of them."""

import numpy as np
import torch

from ..calibration import Calibration, body_tracker_poses
from ..calibration.body_trackers import fit_body_tracker_offsets
from ..geometry.kinematics import forward_kinematics
from ..geometry.skeleton import BODY_JOINT_COUNT
from ..observation import Observation
from ..refinement.body_trackers import BodyTrackers, gather_body_trackers

FITTED_FRAMES = 5000
"""Frames, spread over the recording, to which offsets are fitted at most."""


def body_trackers(
    observation: Observation,
    calibration: Calibration,
    rotations: torch.Tensor,
    translation: torch.Tensor,
    rest_joints: np.ndarray | torch.Tensor,
) -> BodyTrackers | None:
    """What trackers beside head and hands measure, at the observation's frames; None where there are none.

    ``rotations`` (T, 22, 3, 3) and ``translation`` (T, 3) are a first motion of the person with ``rest_joints`` (22 or
    24, 3): offsets that the calibration does not know are fitted to it.
    """
    recording = observation.body_trackers
    if recording is None:
        return None
    some = slice(None, None, 1 + len(recording.time) // FITTED_FRAMES)
    rest = torch.as_tensor(rest_joints).to(rotations)[:BODY_JOINT_COUNT]
    world, joints = forward_kinematics(rotations[some], translation[some], rest)
    fitted = fit_body_tracker_offsets(recording.at(some), calibration, world.cpu().numpy(), joints.cpu().numpy())
    return gather_body_trackers(body_tracker_poses(recording, fitted), rotations)
