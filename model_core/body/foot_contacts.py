"""How high feet rest and when they stand: one definition for training, refinement and scores; numpy or torch."""

from ..observation import body_size
from ..geometry.skeleton import FEET, TOES

TOE_REST_HEIGHT = 0.02
"""Height of the toe joints of the default body above its sole at rest, metres."""
STANDING_HEIGHT, STANDING_SPEED = 0.05, 0.20
"""A foot stands when it is less than this above its rest height (metres) and slower than this (metres a second)."""


def foot_rest_heights(rest_joints, sole=None):
    """Heights (..., 4) in metres of ``skeleton.FEET`` above the sole, for rest joints (..., J, 3).

    ``sole`` is the y of the lowest point of the body at rest, a number; without it toes tell where it is.
    """
    if sole is None:
        sole = rest_joints[..., list(TOES), 1].mean(-1) - TOE_REST_HEIGHT * body_size(rest_joints)
        return rest_joints[..., list(FEET), 1] - sole[..., None]
    return rest_joints[..., list(FEET), 1] - sole


def stands(heights, speeds, rest_heights):
    """Which feet stand, bool: ``heights`` above the floor, ``speeds`` in metres a second, and ``rest_heights``."""
    return (heights < rest_heights + STANDING_HEIGHT) & (speeds < STANDING_SPEED)
