"""Two-bone inverse kinematics for all frames at once: the end of a limb to its goal, its plane kept."""

from dataclasses import dataclass

import numpy as np

from ...model_core.geometry.filters import smoothstep
from ...model_core.geometry.rotations import (
    axis_angle_to_matrix,
    cross,
    matrix_to_axis_angle,
    normalize,
    shortest_rotation,
)

STRAIGHT = (0.05, 0.15)
"""Bends, in lengths of the limb: below the first the plane comes from the joint's hinge, above the second from the
bend. SMPL's straight legs have their knees 3 cm outside of the line from hip to ankle."""
SOFT, SLACK = 0.01, 0.98
"""The last part of a limb's length, over which it straightens slowly: a knee that locks would snap; and how much of it
is used: quite straight a limb would have no plane."""
SHORTEST = 0.26
"""A limb's end comes no nearer to its beginning than this part of its length: elbows and knees bend by 150 degrees."""
NEAR = 0.4
"""Nearer than this part of the length a goal is less and less followed: by its beginning it may be on any side."""
SWUNG = np.radians((60.0, 150.0))
"""Between these angles from where it was, a limb's plane goes over from what it was to what carries the limb."""


@dataclass(frozen=True)
class Bend:
    """How a limb bends where its own pose does not say it: directions (T, 3) in the world.

    ``hinge``: out of the straight limb, as its own joint bends; ``carried``: the same, as its carrier stands.
    """

    hinge: np.ndarray
    carried: np.ndarray


def two_bone(
    start: np.ndarray, upper: np.ndarray, lower: np.ndarray, bones: tuple[np.ndarray, np.ndarray], goal: np.ndarray,
    bend: Bend,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Rotations from rest of both bones (T, 3, 3) by which the limb's end comes to ``goal`` (T, 3), or towards it.

    ``start`` (T, 3) is where the limb begins; ``upper`` and ``lower`` (T, 3, 3) its rotations so far; ``bones`` the two
    vectors (3,) at rest.
    """
    first, second = upper @ bones[0], lower @ bones[1]
    a, b = (float(np.linalg.norm(bone)) for bone in bones)
    line, wanted = first + second, goal - start
    distance = np.linalg.norm(wanted, axis=-1)
    reach = np.clip(_soft_reach(distance, a + b), max(abs(a - b) * 1.01, SHORTEST * (a + b)), None)
    part = followed(distance, a + b)[:, None]
    swing = axis_angle_to_matrix(matrix_to_axis_angle(shortest_rotation(line, wanted)) * part)
    along = (swing @ normalize(line)[..., None])[..., 0]
    pole = _pole(first, line, bend.hinge, a + b)
    new_pole = _moved_pole(pole, line, along, bend.carried)
    ahead = (a * a - b * b + reach * reach) / (2 * reach)
    aside = np.sqrt(np.maximum(a * a - ahead * ahead, 0))
    middle, end = ahead[:, None] * along + aside[:, None] * new_pole, reach[:, None] * along
    normal, new_normal = cross(normalize(line), pole), cross(along, new_pole)
    upper = _frames(middle, new_normal) @ np.swapaxes(_frames(first, normal), -1, -2) @ upper
    lower = _frames(end - middle, new_normal) @ np.swapaxes(_frames(second, normal), -1, -2) @ lower
    return upper, lower


def followed(distance: np.ndarray, length: float) -> np.ndarray:
    """How much of the way a limb of ``length`` swings towards goals at these distances (T,) from its beginning."""
    return smoothstep((distance / length - SHORTEST) / (NEAR - SHORTEST))


def _soft_reach(distance: np.ndarray, length: float) -> np.ndarray:
    """Distances (T,) that a limb of ``length`` may bridge: as asked, but never quite its length."""
    begin, room = length * (1 - SOFT), length * SOFT
    beyond = np.maximum(distance - begin, 0)
    return np.where(distance > begin, begin + room * (1 - np.exp(-beyond / room)) * SLACK, distance)


def _across(vectors: np.ndarray, along: np.ndarray) -> np.ndarray:
    """The part of vectors (T, 3) that is perpendicular to directions (T, 3)."""
    return vectors - (vectors * along).sum(-1, keepdims=True) * along


def _pole(first: np.ndarray, line: np.ndarray, hinge: np.ndarray, length: float) -> np.ndarray:
    """The way (T, 3) that the middle joint stands out from the line of the limb."""
    along = normalize(line)
    out = _across(first, along)
    bend = np.linalg.norm(out, axis=-1, keepdims=True) / length
    unsure = 1 - smoothstep((bend - STRAIGHT[0]) / (STRAIGHT[1] - STRAIGHT[0]))
    mixed = normalize(out) * (1 - unsure) + normalize(_across(hinge, along)) * unsure
    return normalize(_across(mixed, along))


def _moved_pole(pole: np.ndarray, line: np.ndarray, along: np.ndarray, carried: np.ndarray) -> np.ndarray:
    """The same for a limb that has swung to ``along`` (T, 3): turned along with it, the shortest way.

    Half a turn away there is no shortest way: there it is as what carries the limb has it.
    """
    swing = shortest_rotation(line, along)
    turned = (swing @ pole[..., None])[..., 0]
    angle = np.arccos(np.clip((normalize(line) * along).sum(-1), -1, 1))
    lost = smoothstep((angle - SWUNG[0]) / (SWUNG[1] - SWUNG[0]))[:, None]
    turned, wanted = normalize(_across(turned, along)), normalize(_across(carried, along))
    apart = np.arctan2((cross(turned, wanted) * along).sum(-1), (turned * wanted).sum(-1))
    return (axis_angle_to_matrix(along * (lost * apart[:, None])) @ turned[..., None])[..., 0]


def _frames(along: np.ndarray, normal: np.ndarray) -> np.ndarray:
    """Rotations (T, 3, 3) whose first axis is a direction and whose last is as near to ``normal`` as may be."""
    first = normalize(along)
    last = normalize(_across(normal, first))
    return np.stack([first, cross(last, first), last], -1)
