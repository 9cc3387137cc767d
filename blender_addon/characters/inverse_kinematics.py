"""Two-bone inverse kinematics for all frames at once: the end of a limb to its goal, its plane kept."""

import numpy as np

from ...model_core.geometry.rotations import normalize, shortest_rotation

STRAIGHT = 0.08
"""Bends, in lengths of the limb, below which the plane comes from the joint's hinge rather than from the bend."""
SOFT = 0.01
"""The last part of a limb's length, over which it straightens slowly: a knee that locks would snap."""
SHORTEST = 0.15
"""A limb's end comes no nearer to its beginning than this part of its length, beyond what its bones allow."""


def soft_reach(distance: np.ndarray, length: float, softness: float = SOFT) -> np.ndarray:
    """Distances (T,) that a limb of ``length`` may bridge: as asked, but never quite its length."""
    begin, room = length * (1 - softness), length * softness
    beyond = np.maximum(distance - begin, 0)
    return np.where(distance > begin, begin + room * (1 - np.exp(-beyond / room)) * SLACK, distance)


SLACK = 0.98
"""How much of the softened end a limb uses: quite straight it would have no plane."""


def two_bone(
    start: np.ndarray, upper: np.ndarray, lower: np.ndarray, bones: tuple[np.ndarray, np.ndarray],
    goal: np.ndarray, hinge: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Rotations from rest of both bones (T, 3, 3) by which the limb's end comes to ``goal`` (T, 3), or towards it.

    ``start`` (T, 3) is where the limb begins; ``upper`` and ``lower`` (T, 3, 3) its rotations so far; ``bones`` the two
    vectors (3,) at rest; ``hinge`` (T, 3) the way that its joint bends where it is straight now.
    """
    first, second = upper @ bones[0], lower @ bones[1]
    a, b = (float(np.linalg.norm(bone)) for bone in bones)
    line, wanted = first + second, goal - start
    distance = np.linalg.norm(wanted, axis=-1)
    nearest = max(abs(a - b) * 1.01, SHORTEST * (a + b))
    reach = np.clip(soft_reach(distance, a + b), nearest, None)
    along = normalize(wanted)
    swing = shortest_rotation(line, wanted)
    pole = _pole(first, line, hinge, a + b)
    pole = _turn(swing, pole)
    pole = normalize(pole - (pole * along).sum(-1, keepdims=True) * along)
    ahead = (a * a - b * b + reach * reach) / (2 * reach)
    aside = np.sqrt(np.maximum(a * a - ahead * ahead, 0))
    middle = ahead[:, None] * along + aside[:, None] * pole
    end = reach[:, None] * along
    upper, lower = swing @ upper, swing @ lower
    upper = shortest_rotation(_turn(swing, first), middle) @ upper
    lower = shortest_rotation(_turn(swing, second), end - middle) @ lower
    return upper, lower


def _turn(rotations: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    return (rotations @ vectors[..., None])[..., 0]


def _pole(first: np.ndarray, line: np.ndarray, hinge: np.ndarray, length: float) -> np.ndarray:
    """The way (T, 3) that the middle joint stands out from the line of the limb."""
    along = normalize(line)
    out = first - (first * along).sum(-1, keepdims=True) * along
    hinge = normalize(hinge - (hinge * along).sum(-1, keepdims=True) * along)
    bend = np.linalg.norm(out, axis=-1, keepdims=True) / length
    unsure = np.clip(1 - bend / STRAIGHT, 0, 1)
    return normalize(out) * (1 - unsure) + hinge * unsure
