"""The second step: from a recording and its calibration to what the networks see."""

import numpy as np

from ..calibration import Calibration, joint_poses
from ..calibration.body_trackers import body_tracker_roles
from ..geometry.rotations import quaternion_to_matrix
from ..observation import FPS, Observation
from ..recordings.model_frame import ModelFrameRecording
from ..recordings.resample import resample
from .human_head import with_human_head


def observe(recording: ModelFrameRecording, calibration: Calibration) -> Observation:
    """The 60 Hz ``Observation`` of a calibrated recording: resampled by its real timestamps, as joints, floor at 0.

    A head that turns as no neck does is shown as one that a person could have, and a note says so.
    """
    regular, notes = with_human_head(resample(recording, FPS))
    rotations, positions, valid = joint_poses(regular, calibration)
    roles = body_tracker_roles(regular)
    return Observation(
        rotations=quaternion_to_matrix(rotations).astype(np.float32),
        positions=positions.astype(np.float32),
        valid=valid,
        betas=np.asarray(calibration.betas, np.float32),
        start=float(regular.time[0]),
        origin=recording.origin,
        body_trackers=regular.only(roles) if roles else None,
        source=recording.source,
        notes=notes,
        levels=None if recording.levels is None else np.interp(regular.time, *recording.levels),
    )


def seen_with_head(recording: ModelFrameRecording, role: str) -> np.ndarray:
    """Where the head and the tracker ``role`` are seen, (N,) bool."""
    head = recording.tracks["head"].valid
    return recording.tracks[role].valid & head if role in recording.tracks else np.zeros_like(head)
