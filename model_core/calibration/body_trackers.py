"""Trackers beside head and hands whose offset nobody gave: estimated from a first prediction (numpy only).

A belt or a strap holds a tracker so that the joint beneath it lies at a constant offset in the tracker's axes. A
prediction from head and hands alone is wrong about a foot by a hand's breadth in one moment and right on average, so
the offset is the average over the recording, drawn towards none where there is little to go by.
"""

from dataclasses import replace

import numpy as np

from ..geometry.rotations import matrix_to_quaternion, nearest_rotation, quaternion_to_matrix, transpose
from ..notes import Note
from ..recordings.model_frame import ModelFrameRecording
from ..recordings.recording import Recording
from .calibration import BODY_TRACKER_JOINTS, Calibration, Offset, joint_pose

OFFSET_SIGMA = 0.06
"""Standard deviation in metres, along each axis, of where people wear trackers from the joint."""
LEAST_FRAMES = 30
ALIKE_SECONDS = 5.0
"""For so long a prediction keeps being wrong in the same way: each such stretch is one observation of the offset."""


def body_tracker_roles(recording: Recording) -> list[str]:
    """The roles of the recording's trackers beside head and hands that are worn on a joint."""
    return [role for role in BODY_TRACKER_JOINTS if role in recording.tracks]


def fit_body_tracker_offsets(
    recording: ModelFrameRecording, calibration: Calibration, rotations: np.ndarray, positions: np.ndarray
) -> Calibration:
    """The calibration with an offset for each body tracker that it knows none of.

    ``rotations`` (N, 22, 3, 3) and ``positions`` (N, 22, 3) are the joints, floor at y = 0, that a prediction has at
    the recording's times. A tracker that is hardly ever seen gets no offset, and so is not used.
    """
    bare = Calibration(calibration.betas, calibration.floor, {})
    offsets = {}
    for role in body_tracker_roles(recording):
        track, joint = recording.tracks[role], BODY_TRACKER_JOINTS[role]
        seen = np.flatnonzero(track.valid)
        if role in calibration.offsets or len(seen) < LEAST_FRAMES:
            continue
        quaternions, tracker = joint_pose(track.at(seen), bare, role)
        back = transpose(quaternion_to_matrix(quaternions))
        rotation = nearest_rotation((back @ rotations[seen, joint]).mean(0))
        apart = (back @ (positions[seen, joint] - tracker)[..., None])[..., 0]
        seconds = len(seen) * float(np.median(np.diff(recording.time)))
        error = apart.std(0) / np.sqrt(max(1.0, seconds / ALIKE_SECONDS))
        position = np.median(apart, axis=0) * OFFSET_SIGMA**2 / (OFFSET_SIGMA**2 + error**2)
        offsets[role] = Offset(matrix_to_quaternion(rotation), position)
    if not offsets:
        return calibration
    note = Note("body_trackers_fitted", {"roles": ", ".join(offsets)})
    return replace(calibration, offsets={**calibration.offsets, **offsets}, notes=(*calibration.notes, note))
