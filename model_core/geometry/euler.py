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
    return nearest_choices(euler_choices(matrices, order), before)


def nearest_choices(choices: np.ndarray, before: np.ndarray | None = None) -> np.ndarray:
    """Of both choices (2, n, J, 3) and all full turns the angles (n, J, 3) nearest to those of the frame before."""
    values = np.empty(choices.shape[1:])
    for joint in range(values.shape[1]):
        values[:, joint] = _nearest_of_one(choices[:, :, joint], None if before is None else before[joint])
    return values


def _nearest_of_one(choices: np.ndarray, before: np.ndarray | None) -> np.ndarray:
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
