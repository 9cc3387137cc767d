"""A bone's rotation as Blender's channels hold it: a quaternion, or angles in any of the six orders.

Blender's order ``XYZ`` turns about X first: its matrix is ``R_z R_y R_x``. Angles are in radians.
"""

import numpy as np

from ...model_core.geometry.euler import TURN, continuous_angles
from ...model_core.geometry.rotations import make_continuous, normalize, quaternion_to_matrix
from ...model_core.recordings.conventions import euler_to_quaternion

QUATERNION = "QUATERNION"
EULER_ORDERS = ("XYZ", "XZY", "YXZ", "YZX", "ZXY", "ZYX")
ORDERS = (QUATERNION, *EULER_ORDERS)
CHANNELS = {QUATERNION: ("rotation_quaternion", 4), **dict.fromkeys(EULER_ORDERS, ("rotation_euler", 3))}
"""Rotation mode -> the property that is animated, and its length."""


def channel_values(quaternions: np.ndarray, order: str, before: np.ndarray | None = None) -> np.ndarray:
    """Unit quaternions (n, J, 4) -> channel values (n, J, 4 or 3) without jumps from frame to frame.

    ``before`` (J, 4 or 3), if given, are the values that the first frame goes on from.
    """
    if order == QUATERNION:
        values = make_continuous(quaternions)
        return values if before is None else values * np.copysign(1.0, (values[0] * before).sum(-1))[:, None]
    return continuous_angles(quaternion_to_matrix(quaternions), order, before)


def quaternions_of(values: np.ndarray, order: str) -> np.ndarray:
    """The inverse of ``channel_values``."""
    if order == QUATERNION:
        return normalize(values)
    return euler_to_quaternion(np.degrees(values), order[::-1])


def same_rotation(values: np.ndarray, wanted: np.ndarray, order: str) -> tuple[np.ndarray, np.ndarray]:
    """How values (J, k) become the ones of the same rotation nearest to ``wanted``: a factor (J, 1), a shift (J, k)."""
    if order == QUATERNION:
        return np.copysign(1.0, (values * wanted).sum(-1))[:, None], np.zeros_like(values)
    return np.ones((len(values), 1)), TURN * np.rint((wanted - values) / TURN)
