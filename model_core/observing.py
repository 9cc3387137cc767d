"""From a recording and its calibration to what the networks see."""

import numpy as np

from .calibration import joint_poses
from .observation import FPS, Observation
from .recordings.resample import resample
from .rotations import quaternion_to_matrix


def observe(recording, calibration):
    """The 60 Hz ``Observation`` of a calibrated recording: resampled by its real timestamps, as joints, floor at 0."""
    regular = resample(recording, FPS)
    rotations, positions, valid = joint_poses(regular, calibration)
    return Observation(
        rotations=quaternion_to_matrix(rotations).astype(np.float32),
        positions=positions.astype(np.float32),
        valid=valid,
        betas=np.asarray(calibration.betas, np.float32),
        start=float(regular.time[0]),
    )
