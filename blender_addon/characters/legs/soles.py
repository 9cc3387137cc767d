"""Where a foot touches the floor: heel, ball and tip of its sole."""

from dataclasses import dataclass

import numpy as np

NEAR = 1.3
"""How far around a foot, in lengths from its ankle to its toes, vertices are looked for."""
WITHOUT_SKIN = (-0.35, 1.5)
"""Heel and tip of a foot without skin, in lengths from ankle to toes, along the foot from its ankle."""
SHORTEST = 1e-6


@dataclass(frozen=True)
class Sole:
    """A foot at rest: ``ankle`` and ``toes`` are joints; ``heel``, ``ball`` and ``tip`` lie on the floor; each (3,).

    ``heading`` (3,): the level direction of the foot, of length 1.
    """

    ankle: np.ndarray
    toes: np.ndarray
    heel: np.ndarray
    ball: np.ndarray
    tip: np.ndarray
    heading: np.ndarray

    @property
    def height(self) -> float:
        """Metres of the ankle above the sole."""
        return float(self.ankle[2] - self.ball[2])

    def scaled(self, scale: float) -> "Sole":
        """The same foot, so many times as large."""
        ankle, toes, heel, ball, tip = (scale * at for at in (self.ankle, self.toes, self.heel, self.ball, self.tip))
        return Sole(ankle, toes, heel, ball, tip, self.heading)

    def points(self, foot: np.ndarray, toes: np.ndarray) -> np.ndarray:
        """Heel, ball and tip from the ankle (T, 3, 3), for rotations of foot and toes (T, 3, 3) from rest."""
        ball, joint = foot @ (self.ball - self.ankle), foot @ (self.toes - self.ankle)
        return np.stack([foot @ (self.heel - self.ankle), ball, joint + toes @ (self.tip - self.toes)], 1)


def sole_below(ankle: np.ndarray, toes: np.ndarray, surface: np.ndarray, thick: float) -> Sole:
    """The sole of a foot whose ankle and toes are there (3,), from the vertices (V, 3) less than ``thick`` above it.

    Without vertices it lies as low as the toes' joint, and as far around the foot as feet do.
    """
    level = (toes - ankle) * [1, 1, 0]
    length = float(np.linalg.norm(level))
    heading = level / length if length > SHORTEST else np.array([0.0, -1.0, 0.0])
    length = max(length, float(np.linalg.norm(toes - ankle)), SHORTEST)
    offsets = surface - ankle
    along = offsets @ heading
    across = offsets[:, :2] @ np.array([-heading[1], heading[0]])
    near = (np.abs(across) < 0.7 * NEAR * length) & (along > -NEAR * length) & (along < 2 * NEAR * length)
    near &= offsets[:, 2] < 0
    if not near.any():
        floor = min(toes[2], ankle[2])
        heel, tip = WITHOUT_SKIN[0] * length, WITHOUT_SKIN[1] * length
    else:
        floor = float(surface[near, 2].min())
        low = near & (surface[:, 2] < floor + max(thick, SHORTEST))
        heel, tip = float(along[low].min()), float(along[low].max())
    ground = np.array([ankle[0], ankle[1], floor])
    ball = np.array([*(toes[:2] if length > SHORTEST else ankle[:2]), floor])
    tip = max(tip, float((ball - ground) @ heading))
    return Sole(ankle, toes, ground + heel * heading, ball, ground + tip * heading, heading)
