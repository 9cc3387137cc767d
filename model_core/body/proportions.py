"""How big a body is and how its limbs compare with the default body's, from rest joints; numpy or torch."""

from typing import Any

from ..geometry.rotations import Array, array_namespace
from ..geometry.skeleton import HEAD

# Rest-pose lengths of the default body in metres: the units in which a person's size and proportions are given.
TEMPLATE_ARM, TEMPLATE_LEG, TEMPLATE_TRUNK = 0.511, 0.781, 0.524
TEMPLATE_HEAD_ABOVE_ANKLES = 1.444
PROPORTION_SCALE = 10.0
"""Brings proportions to about unit standard deviation."""


def body_size(rest_joints: Array) -> Array:
    """Size (...) of rest joints (..., J, 3): height of the head joint above the ankles, over the default body's."""
    ankles: Any = 0.5 * (rest_joints[..., 7, 1] + rest_joints[..., 8, 1])
    return (rest_joints[..., HEAD, 1] - ankles) / TEMPLATE_HEAD_ABOVE_ANKLES


def proportions(rest_joints: Array, size: Array) -> Array:
    """Arm, leg and trunk length (..., 3) of rest joints (..., J, 3), relative to the default body of the same size."""
    xp = array_namespace(rest_joints)

    def length(*chain):
        bones = rest_joints[..., list(chain[1:]), :] - rest_joints[..., list(chain[:-1]), :]
        return xp.sqrt((bones * bones).sum(-1)).sum(-1)

    lengths = [
        length(16, 18, 20) / (TEMPLATE_ARM * size) - 1,
        length(1, 4, 7) / (TEMPLATE_LEG * size) - 1,
        length(0, 3, 6, 9, 12) / (TEMPLATE_TRUNK * size) - 1,
    ]
    return xp.stack(lengths, -1) * PROPORTION_SCALE
