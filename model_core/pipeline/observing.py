"""From a recording and its calibration to what the networks see."""

from dataclasses import replace

import numpy as np

from ..calibration import joint_poses
from ..geometry.frames import OPENXR_TO_MODEL, convert_positions
from ..observation import FPS, Observation
from ..recordings.resample import resample
from ..geometry.rotations import quaternion_to_matrix


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


def from_first_head(recording):
    """The recording with its first head above the origin, and the place (3,) in the model's frame where that head was.

    Single numbers round to a quarter of a micrometre five metres away, and refinement makes millimetres of it.
    """
    head = recording.tracks["head"]
    place = head.position[np.argmax(head.valid)] * [1.0, 0.0, 1.0]
    tracks = {role: replace(track, position=track.position - place) for role, track in recording.tracks.items()}
    return replace(recording, tracks=tracks), convert_positions(place, OPENXR_TO_MODEL)
