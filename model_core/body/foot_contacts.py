"""How high feet rest and when they stand: one definition for training, refinement and metrics; numpy or torch."""

from typing import Any

from ..geometry.rotations import Array
from ..geometry.skeleton import FEET, TOES
from .proportions import body_size

TOE_REST_HEIGHT = 0.02
"""Height of the toe joints of the default body above its sole at rest, metres."""
STANDING_HEIGHT, STANDING_SPEED = 0.05, 0.20
"""A foot stands when it is less than this above its rest height (metres) and slower than this (metres a second)."""


def foot_rest_heights(rest_joints: Array, sole: float | None = None) -> Array:
    """Heights (..., 4) in metres of ``skeleton.FEET`` above the sole, for rest joints (..., J, 3).

    ``sole`` is the y of the lowest point of the body at rest, a number; without it, it is estimated from the toes.
    """
    if sole is None:
        estimated: Any = rest_joints[..., list(TOES), 1].mean(-1) - TOE_REST_HEIGHT * body_size(rest_joints)
        sole = estimated[..., None]
    heights: Any = rest_joints[..., list(FEET), 1]
    return heights - sole


def in_contact(heights: Array, speeds: Array, rest_heights: Array) -> Array:
    """Which feet stand, bool: ``heights`` above the floor, ``speeds`` in metres a second, and ``rest_heights``."""
    low: Any = heights < rest_heights + STANDING_HEIGHT
    return low & (speeds < STANDING_SPEED)
