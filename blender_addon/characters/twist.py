"""A limb's twist, shared among the pieces of it that can take some."""

import numpy as np

from ...model_core.geometry.rotations import axis_angle_to_quaternion, normalize, quaternion_conjugate
from ...model_core.geometry.rotations import quaternion_multiply as multiply
from .character import Segment


def twist_angle(quaternions: np.ndarray, axis: np.ndarray) -> np.ndarray:
    """How far rotations (T, 4) turn about an axis (3,), in radians without jumps (T,); about zero at the start."""
    along = quaternions[:, 1:] @ axis
    angle = 2 * np.unwrap(np.arctan2(along, quaternions[:, 0]), period=np.pi)
    turns = 2 * np.pi * np.rint(np.median(angle) / (2 * np.pi))
    return angle - turns


def about(axis: np.ndarray, angle: np.ndarray) -> np.ndarray:
    """Rotations (T, 4) by ``angle`` (T,) about an axis (3,)."""
    return axis_angle_to_quaternion(angle[:, None] * normalize(axis))


def share_twist(
    segment: Segment, whole: np.ndarray, near: np.ndarray, far: np.ndarray | None, lines: dict[int, np.ndarray]
) -> dict[int, np.ndarray]:
    """Rotations from rest (T, 4) of a segment's pieces.

    ``whole`` (T, 4): that of the segment as one piece. Its twist from ``near`` (T, 4), what it hangs on, is what the
    pieces of an upper segment take bit by bit; with ``far``, what hangs on it, that from itself to that. ``lines``:
    for a piece the direction (3,) at rest from its head to the segment's end, about which it turns.
    """
    axis = normalize(segment.vector)
    if far is None:
        angle = twist_angle(multiply(quaternion_conjugate(near), whole), axis)
        base = -angle  # Counted back from the whole.
    else:
        angle, base = twist_angle(multiply(quaternion_conjugate(whole), far), axis), np.zeros(len(whole))
    turned, before, result = whole, np.zeros(len(whole)), {}
    for bone, share in segment.in_line:
        now = base + share * angle
        turned = multiply(turned, about(lines[bone], now - before))
        before, result[bone] = now, turned
    for bone, share in segment.beside:
        result[bone] = multiply(whole, about(axis, base + share * angle))
    return result
