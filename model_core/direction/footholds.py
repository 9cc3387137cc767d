"""How a foot stands on ground that is not flat: wholly on a tread, tilted as a slope is (numpy only)."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..geometry.rotations import shortest_rotation

HEEL, TIP, HALF_WIDTH = 0.05, 0.06, 0.03
"""Metres that a sole goes on behind the ankle and before the toe joint, and to either side."""
SPACING = 0.01
"""Metres between the places along a sole at which the ground is looked up."""
FARTHEST_SHIFT = 0.16
"""Metres by which a foot is moved forward or back, that it stands on one tread and not in the next one."""
STEEPEST, STEEPEST_SIDEWAYS = np.tan(np.radians(30.0)), np.tan(np.radians(15.0))
"""Slopes that a foot follows; what is steeper is a step."""
EVEN = 0.02
"""Metres by which the ground under a sole may differ from a plane."""
UNSUPPORTED = 0.3
"""Metres of shift that a sole which hangs wholly over an edge is worth."""
LEAST_SUPPORT = 0.5
"""Part of the sole that must be on something."""


@dataclass(frozen=True)
class Foothold:
    """Where a foot stands: moved by ``shift`` (x, z), its sole under the ankle at ``height``, in metres, and turned by
    ``rotation`` (3, 3) from flat."""

    shift: np.ndarray
    height: float
    rotation: np.ndarray


def find_foothold(heights: Callable[[np.ndarray], np.ndarray], spot: np.ndarray, yaw: float, length: float) -> Foothold:
    """The foothold nearest to a foot whose ankle is over ``spot`` (x, z) and whose toe joint is ``length`` before it.

    ``heights`` gives the ground's (N,) under places (N, 2); a foot with ``yaw`` 0 faces +Z.
    """
    forward, sideways = np.array([np.sin(yaw), np.cos(yaw)]), np.array([np.cos(yaw), -np.sin(yaw)])
    most = round(FARTHEST_SHIFT / SPACING)
    sole = np.arange(-round(HEEL / SPACING), round((length + TIP) / SPACING) + 1) * SPACING
    along = np.arange(-most, most + len(sole)) * SPACING - HEEL
    profile = heights(spot + along[:, None] * forward)
    best: tuple[float, int, float, float] | None = None
    for shift in sorted(range(-most, most + 1), key=abs):
        cost, height, slope = _stand(sole, profile[shift + most : shift + most + len(sole)])
        cost += abs(shift) * SPACING
        if best is None or cost < best[0]:
            best = cost, shift, height, slope
    assert best is not None
    _, shift, height, slope = best
    moved = shift * SPACING * forward
    edges = heights(spot + moved + 0.5 * length * forward + np.array([[-HALF_WIDTH], [HALF_WIDTH]]) * sideways)
    roll = (edges[1] - edges[0]) / (2 * HALF_WIDTH)
    roll = roll if abs(roll) <= STEEPEST_SIDEWAYS else 0.0
    rise = slope * forward + roll * sideways
    up, normal = np.array([0.0, 1.0, 0.0]), np.array([-rise[0], 1.0, -rise[1]])
    return Foothold(moved, height, shortest_rotation(up, normal / np.linalg.norm(normal)))


def _stand(sole: np.ndarray, ground: np.ndarray) -> tuple[float, float, float]:
    """What standing there costs in metres of shift, the sole's height under the ankle and its slope.

    ``ground`` (N,) is its height under places ``sole`` (N,) along the foot.
    """
    slope, height = np.polyfit(sole, ground, 1)
    above = ground - (height + slope * sole)
    if abs(slope) <= STEEPEST and np.abs(above).max() <= EVEN:
        return 0.0, float(height + above.max()), float(slope)
    top = float(ground.max())
    support = float((ground > top - EVEN).mean())
    return UNSUPPORTED * (1 - support) + (support < LEAST_SUPPORT), top, 0.0
