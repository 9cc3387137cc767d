"""A limb's twist, shared among the pieces of it that can take some."""

import numpy as np

from ...model_core.geometry.filters import smoothstep
from ...model_core.geometry.rotations import (
    axis_angle_to_quaternion,
    matrix_to_quaternion,
    normalize,
    quaternion_conjugate,
    quaternion_to_matrix,
    shortest_rotation,
)
from ...model_core.geometry.rotations import quaternion_multiply as multiply
from .character import Segment
from .turning_limit import FASTEST, limited
from .turning_limit import turned as turned_by

FOLDED = (0.2, 0.7)
"""Cosines of half the angle between two bones: up to the first they are folded, from the second on they are not."""
FURTHEST = np.radians(120.0)
"""What a limb can be twisted by; more fades to nothing by half a turn."""


def twist_angle(quaternions: np.ndarray, axis: np.ndarray) -> np.ndarray:
    """How far rotations (T, 4) turn about an axis (3,), in radians (T,).

    Nothing where that is not known: of bones that are folded back onto each other, and half a turn away, where a twist
    to the one side is one to the other, too.
    """
    along, scalar = quaternions[:, 1:] @ axis, quaternions[:, 0]
    angle = 2 * np.arctan2(np.where(scalar < 0, -along, along), np.abs(scalar))
    unfolded = np.clip((np.hypot(along, scalar) - FOLDED[0]) / (FOLDED[1] - FOLDED[0]), 0, 1)
    sided = np.clip((np.pi - np.abs(angle)) / (np.pi - FURTHEST), 0, 1)
    return angle * smoothstep(unfolded) * smoothstep(sided)


def about(axis: np.ndarray, angle: np.ndarray) -> np.ndarray:
    """Rotations (T, 4) by ``angle`` (T,) about an axis (3,)."""
    return axis_angle_to_quaternion(angle[:, None] * normalize(axis))


def share_twist(
    segment: Segment, whole: np.ndarray, near: np.ndarray, far: np.ndarray | None, lines: dict[int, np.ndarray]
) -> dict[int, np.ndarray]:
    """Rotations from rest (T, 4) of a segment's pieces.

    ``whole`` (T, 4): that of the segment as one piece. Its twist from ``near`` (T, 4), what it hangs on, is what the
    pieces of an upper segment take bit by bit; with ``far``, what hangs on it, that from itself to that. ``lines``:
    for a piece the direction (3,) at rest from its head to the segment's end, about which it turns. No piece turns
    faster than both ends of the segment and ``FASTEST``.
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
    ends = [quaternion_to_matrix(turn) for turn in (whole, near if far is None else far)]
    allowed = np.maximum.reduce([np.full(len(whole) - 1, FASTEST), *(turned_by(end) for end in ends)])
    return {bone: _in_time(turn, lines.get(bone, axis), allowed) for bone, turn in result.items()}


def _in_time(piece: np.ndarray, line: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """Rotations (T, 4) of a piece that points along ``line`` (3,), of which none is too far from the one before."""
    turns = quaternion_to_matrix(piece)
    (found,) = limited([turns], allowed, np.ones(len(piece)))
    return piece if found is turns else matrix_to_quaternion(shortest_rotation(found @ line, turns @ line) @ found)
