"""Trackers beside head and hands whose place on the body nobody told: learnt from a first prediction (numpy only).

A belt or a strap holds a tracker so that the joint beneath it lies at a constant offset in the tracker's axes. A
prediction from head and hands alone is wrong about a foot by a hand's breadth in one moment and right on average, so
the offset is the average over the recording, drawn towards none where there is little to go by.
"""

from dataclasses import replace

import numpy as np

from ..geometry.rotations import matrix_to_quaternion, quaternion_to_matrix, transpose
from .calibration import FURTHER_JOINTS, Calibration, Offset, joint_pose
from .fitting import nearest_rotation

WORN_SPREAD = 0.06
"""Standard deviation in metres, along each axis, of where people wear trackers from the joint."""
LEAST_FRAMES = 30
ALIKE_SECONDS = 5.0
"""For so long a prediction keeps being wrong in the same way: each such stretch is one observation of the offset."""


def body_tracker_roles(recording):
    """The roles of the recording's trackers beside head and hands that are worn on a joint."""
    return [role for role in FURTHER_JOINTS if role in recording.tracks]


def fit_body_tracker_offsets(recording, calibration, rotations, positions):
    """The calibration with an offset for each worn tracker that it knows none of.

    ``rotations`` (N, 22, 3, 3) and ``positions`` (N, 22, 3) are the joints in the model's frame, floor at y = 0, that a
    prediction has at the recording's times. A tracker that is hardly ever seen gets no offset, and so is not used.
    """
    bare = Calibration(calibration.betas, calibration.floor, {})
    offsets = {}
    for role in body_tracker_roles(recording):
        track, joint = recording.tracks[role], FURTHER_JOINTS[role]
        seen = np.flatnonzero(track.valid)
        if role in calibration.offsets or len(seen) < LEAST_FRAMES:
            continue
        quaternion, place = joint_pose(track, bare, role)
        back = transpose(quaternion_to_matrix(quaternion[seen]))
        turn = nearest_rotation((back @ rotations[seen, joint]).mean(0))
        apart = (back @ (positions[seen, joint] - place[seen])[..., None])[..., 0]
        seconds = len(seen) * float(np.median(np.diff(recording.time)))
        doubt = apart.std(0) / np.sqrt(max(1.0, seconds / ALIKE_SECONDS))
        offset = np.median(apart, axis=0) * WORN_SPREAD**2 / (WORN_SPREAD**2 + doubt**2)
        offsets[role] = Offset(matrix_to_quaternion(turn), offset)
    if not offsets:
        return calibration
    note = f"where {', '.join(offsets)} sit on the body was fitted to a prediction from head and hands"
    return replace(calibration, offsets={**calibration.offsets, **offsets}, notes=(*calibration.notes, note))
