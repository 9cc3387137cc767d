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

import numpy as np

OPENXR_TO_MODEL = np.array([[-1.0, 0, 0], [0, 1, 0], [0, 0, -1]])
MODEL_TO_BLENDER = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
OPENXR_TO_BLENDER = MODEL_TO_BLENDER @ OPENXR_TO_MODEL


def convert_positions(positions: np.ndarray, frame_change: np.ndarray) -> np.ndarray:
    """(..., 3) positions or vectors in one frame -> in another; ``frame_change`` is one of the 3 x 3 above."""
    return positions @ frame_change.T.astype(positions.dtype)


def convert_quaternions(quaternions: np.ndarray, frame_change: np.ndarray) -> np.ndarray:
    """(..., 4) ``wxyz`` rotations in one frame -> in another, by conjugation, which turns their axes alone."""
    axes = convert_positions(quaternions[..., 1:], frame_change)
    return np.concatenate([quaternions[..., :1], axes], -1)
