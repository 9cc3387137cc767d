"""The three frames of reference and the only place where one is turned into another (numpy only).

All are right-handed and in metres.

========== ==== ======== =================================
frame      up   forward  used for
========== ==== ======== =================================
OpenXR     +Y   -Z       recordings
model      +Y   +Z       SMPL bodies, observations, motions
Blender    +Z   -Y       the scene
========== ==== ======== =================================

A rotation changes frame by conjugation, so that a device which looks forward without rolling is the identity in all
three; its own axes are then the frame's axes (a headset's forward is -Z in OpenXR, +Z in the model, -Y in Blender).
"""

from functools import lru_cache

import numpy as np

from .rotations import matrix_to_quaternion, quaternion_conjugate, quaternion_multiply

OPENXR_TO_MODEL = np.array([[-1.0, 0, 0], [0, 1, 0], [0, 0, -1]])
MODEL_TO_BLENDER = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
OPENXR_TO_BLENDER = MODEL_TO_BLENDER @ OPENXR_TO_MODEL


def convert_positions(positions: np.ndarray, frame_change: np.ndarray) -> np.ndarray:
    """(..., 3) positions or vectors in one frame -> in another; ``frame_change`` is one of the 3 x 3 above."""
    return positions @ frame_change.T.astype(positions.dtype)


def convert_quaternions(quaternions: np.ndarray, frame_change: np.ndarray) -> np.ndarray:
    """(..., 4) ``wxyz`` rotations in one frame -> in another, by conjugation."""
    change = _quaternion_of(tuple(frame_change.ravel().tolist())).astype(quaternions.dtype)
    return quaternion_multiply(quaternion_multiply(change, quaternions), quaternion_conjugate(change))


@lru_cache
def _quaternion_of(values: tuple[float, ...]) -> np.ndarray:
    """The quaternion (4,) of a change with these nine values: there are few, and live sources ask for them often."""
    return matrix_to_quaternion(np.array(values).reshape(3, 3))
