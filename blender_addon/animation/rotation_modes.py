"""A bone's rotation as Blender's channels hold it: a quaternion, or angles in any of the six orders.

Blender's order ``XYZ`` turns about X first: its matrix is ``R_z R_y R_x``. Angles are in radians.
"""

import numpy as np

from ...model_core.geometry.rotations import make_continuous, normalize, quaternion_to_matrix
from ...model_core.recordings.conventions import euler_to_quaternion

QUATERNION = "QUATERNION"
EULER_ORDERS = ("XYZ", "XZY", "YXZ", "YZX", "ZXY", "ZYX")
ORDERS = (QUATERNION, *EULER_ORDERS)
CHANNELS = {QUATERNION: ("rotation_quaternion", 4), **dict.fromkeys(EULER_ORDERS, ("rotation_euler", 3))}
"""Rotation mode -> the property that is animated, and its length."""
TURN = 2 * np.pi


def channel_values(quaternions: np.ndarray, order: str, before: np.ndarray | None = None) -> np.ndarray:
    """Unit quaternions (n, J, 4) -> channel values (n, J, 4 or 3) without jumps from frame to frame.

    ``before`` (J, 4 or 3), if given, are the values that the first frame goes on from.
    """
    if order == QUATERNION:
        values = make_continuous(quaternions)
        return values if before is None else values * np.copysign(1.0, (values[0] * before).sum(-1))[:, None]
    return _follow(_angles(quaternion_to_matrix(quaternions), order), before)


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


def _angles(matrices: np.ndarray, order: str) -> np.ndarray:
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


def _follow(choices: np.ndarray, before: np.ndarray | None) -> np.ndarray:
    """Of both choices (2, n, J, 3) and all full turns the values (n, J, 3) nearest to those of the frame before."""
    values = np.empty(choices.shape[1:])
    for joint in range(values.shape[1]):
        values[:, joint] = _follow_one(choices[:, :, joint], None if before is None else before[joint])
    return values


def _follow_one(choices: np.ndarray, before: np.ndarray | None) -> np.ndarray:
    """The same of one joint: choices (2, n, 3) -> values (n, 3).

    Turns do not matter for which choice is nearer, so each frame's depends on the one before it alone, in one of four
    ways: always the first, always the second, the same, the other one. The last frame at which it was always the same
    and the changes since then decide.
    """
    now = choices[0, 0] if before is None else before
    first = _is_second(choices[:, :1], now[None])
    after = [_is_second(choices[:, 1:], own[:-1]) for own in choices]  # After the first and after the second choice.
    settled = np.concatenate([[True], after[0] == after[1]])
    changes = np.cumsum(np.concatenate([[False], after[0] & ~after[1]])) % 2 == 1
    last = np.maximum.accumulate(np.where(settled, np.arange(len(settled)), 0))
    second = np.concatenate([first, after[0]])[last] ^ changes ^ changes[last]
    chosen = np.where(second[:, None], choices[1], choices[0])
    return chosen + TURN * np.cumsum(np.rint(np.diff(chosen, axis=0, prepend=now[None]) / -TURN), axis=0)


def _is_second(choices: np.ndarray, now: np.ndarray) -> np.ndarray:
    """Whether (n,) of choices (2, n, 3) the second is nearer to ``now`` (n, 3), turns aside."""
    away = choices - now
    distance = np.abs(away - TURN * np.rint(away / TURN)).sum(-1)
    return distance[1] < distance[0]
