"""Heels that rise: a standing foot whose leg is too short to hold it flat stays where it is with its toes.

Who reaches up is on tiptoe, and a foot that the body leaves behind comes off with the heel first.
"""

import math
from dataclasses import replace
from typing import Any

import torch

from ...geometry.filters import gaussian_reach
from ...geometry.rotations import Array, array_namespace, axis_angle_to_matrix, length, stacked
from ...geometry.skeleton import ANKLES, TOES
from .legs import LEGS, FootTargets
from .smoothing import rate_limited_envelope

STRETCHED = 0.995
"""The part of its length that a leg reaches: a straighter one trembles."""
HIGHEST_HEEL = 0.9
"""Radians by which a foot is turned up on its toes at most."""
ROUNDS = 4
"""So often the rise is computed anew: the ankle that rises also goes over the floor, nearer to its hip or farther."""
HEEL_SPEED, HEEL_SMOOTHING = 0.05, 3.0
"""Radians a frame by which that grows, and the standard deviation in frames by which it is blurred."""
HEEL_LOOK_AHEAD = math.ceil(HIGHEST_HEEL / HEEL_SPEED) + gaussian_reach(HEEL_SMOOTHING)
"""Frames ahead on which a heel depends: it rises before it must."""


def raise_heels(targets: FootTargets, hips: torch.Tensor, rest_joints: torch.Tensor) -> FootTargets:
    """Targets with standing feet turned about their toes, as far as the ankles are out of the legs' reach.

    ``hips`` (T, 2, 3) metres are where the thighs hang, ``rest_joints`` (22, 3).
    """
    rise = heel_rise(targets.positions, targets.rotations, hips, rest_joints) * targets.standing
    smooth = [rate_limited_envelope(one[:, None], HEEL_SPEED, HEEL_SMOOTHING)[:, 0] for one in rise.unbind(1)]
    rise = torch.stack(smooth, 1)
    positions, rotations = turned_about_toes(targets.positions, targets.rotations, rest_joints, rise)
    return replace(targets, positions=positions, rotations=rotations)


def heel_rise(positions: Array, rotations: Array, hips: Array, rest_joints: Array) -> Array:
    """Radians (..., 2) by which feet are to be turned about their toes until the legs reach the ankles.

    In the world: ankles' ``positions`` (..., 2, 3) and ``rotations`` (..., 2, 3, 3), ``hips`` (..., 2, 3);
    ``rest_joints`` (22, 3). Metres.
    """
    xp = array_namespace(positions)
    hip, knee, ankle = (rest_joints[list(joints)] for joints in zip(*LEGS, strict=True))
    reach: Any = STRETCHED * (length(knee - hip) + length(ankle - knee))
    if bool((length(positions - hips) <= reach).all()):
        return xp.zeros_like(positions[..., 0])
    back, across = _backwards(rotations, rest_joints)
    toes, flat = positions - back, xp.arctan2(back[..., 1], length(back[..., ::2]))
    rise: Any = xp.zeros_like(flat)
    for _ in range(ROUNDS):
        away = length((toes + _turned(back, across, rise) - hips)[..., ::2])
        lowest = hips[..., 1] - xp.sqrt((reach**2 - away**2).clip(0))
        rise = (xp.arcsin(((lowest - toes[..., 1]) / length(back)).clip(-1, 1)) - flat).clip(0, HIGHEST_HEEL)
    return rise


def turned_about_toes(positions: Array, rotations: Array, rest_joints: Array, rise: Array) -> tuple[Array, Array]:
    """Ankles' positions and rotations, as in ``heel_rise``, with feet turned up by ``rise`` (..., 2) radians."""
    back, across = _backwards(rotations, rest_joints)
    turned: Any = axis_angle_to_matrix(across * rise[..., None]) @ rotations
    moved: Any = positions - back + _turned(back, across, rise)
    return moved, turned


def _backwards(rotations: Array, rest_joints: Array) -> tuple[Array, Array]:
    """From toes to ankles (..., 2, 3), and the horizontal axes (..., 2, 3) about which the ankles rise."""
    sole = rest_joints[list(ANKLES)] - rest_joints[list(TOES)]
    back: Any = (rotations @ sole[..., None])[..., 0]
    level: Any = length(back[..., ::2]).clip(1e-6)
    nothing = array_namespace(level).zeros_like(level)
    return back, stacked((-back[..., 2] / level, nothing, back[..., 0] / level))


def _turned(vectors: Array, axes: Array, angles: Array) -> Array:
    """Vectors (..., 3) turned about ``axes`` (..., 3) by ``angles`` (...)."""
    turn: Any = axis_angle_to_matrix(axes * angles[..., None])
    return (turn @ vectors[..., None])[..., 0]
