"""Rotations as angles about three axes, one after the other (numpy only).

An order such as ``XYZ`` turns about X first: its matrix is ``R_z R_y R_x``. Angles are in radians.
"""

import numpy as np

TURN = 2 * np.pi


def euler_choices(matrices: np.ndarray, order: str) -> np.ndarray:
    """Rotation matrices (..., 3, 3) -> angles about X, Y and Z, both triples that mean them: (2, ..., 3).

    The middle axis's angle is within 90 degrees in the first, (a + 180, 180 - b, c + 180) degrees are the second.
    """
    first, middle, last = ("XYZ".index(letter) for letter in order)
    sign = 1.0 if (middle - first) % 3 == 1 else -1.0
    angles = np.empty(matrices.shape[:-1])
    flat = np.hypot(matrices[..., first, first], matrices[..., middle, first])
    angles[..., middle] = np.arctan2(-sign * matrices[..., last, first], flat)
    angles[..., first] = np.arctan2(sign * matrices[..., last, middle], matrices[..., last, last])
    angles[..., last] = np.arctan2(sign * matrices[..., middle, first], matrices[..., first, first])
    # Straight up or down only the sum of the outer two is known: all of it goes to the first.
    locked = flat < 1e-9
    alone = np.arctan2(-sign * matrices[..., middle, last], matrices[..., middle, middle])
    angles[..., first] = np.where(locked, alone, angles[..., first])
    angles[..., last] = np.where(locked, 0.0, angles[..., last])
    other = angles + np.pi
    other[..., middle] = np.pi - angles[..., middle]
    return np.stack([angles, other])


def continuous_angles(matrices: np.ndarray, order: str, before: np.ndarray | None = None) -> np.ndarray:
    """Rotation matrices (n, J, 3, 3) -> angles about X, Y and Z (n, J, 3) without jumps from frame to frame.

    Of both triples and all full turns those nearest to the frame before; ``before`` (J, 3), if given, is the frame that
    the first one goes on from.
    """
    choices = euler_choices(matrices, order)
    values = np.empty(choices.shape[1:])
    now = choices[0, 0] if before is None else before
    for frame in range(len(values)):
        near = choices[:, frame] + TURN * np.rint((now - choices[:, frame]) / TURN)
        far = np.abs(near - now).sum(-1, keepdims=True)
        now = values[frame] = np.where(far[0] <= far[1], near[0], near[1])
    return values
