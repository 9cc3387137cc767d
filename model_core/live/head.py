"""The head that a stream is shown: one that a person can have, and that leaps nowhere once it is found again."""

import numpy as np

from ..geometry.filters import smoothstep
from ..geometry.rotations import axis_angle_to_matrix, matrix_to_axis_angle
from ..observation import FPS
from ..pipeline.human_head import FASTEST_TURN, LARGEST_TILT, MARGIN, SLOW_TURN, less_tilted

RETURN_FRAMES = 12
"""Frames, at least, over which a head that was lost goes to where its tracker is."""
RETURN_SPEED = 2.5
"""Metres a second at most with which it goes there on average."""
UP = np.array([0.0, 1.0, 0.0])


class LiveHead:
    """A head's tracker, frame by frame."""

    def __init__(self) -> None:
        self._shown: tuple[np.ndarray, np.ndarray] | None = None
        self._seen = True
        self._away = np.zeros(3), np.zeros(3)
        self._left = self._frames = 0
        self._turned: np.ndarray | None = None
        self._slow = 0
        self._following = False

    def step(self, rotations: np.ndarray, positions: np.ndarray, seen: bool) -> tuple[np.ndarray, np.ndarray]:
        """Trackers (3, 3, 3) and (3, 3) with the head that is shown; ``seen`` says whether its own is valid."""
        rotations, positions = rotations.copy(), positions.copy()
        rotations[0] = self._turned = self._human(rotations[0].astype(np.float64))
        if self._shown is not None and seen and not self._seen:
            away = self._shown[1] - positions[0]
            self._away = away, matrix_to_axis_angle(self._shown[0] @ rotations[0].T)
            self._frames = max(RETURN_FRAMES, round(float(np.linalg.norm(away)) / RETURN_SPEED * FPS))
            self._left = self._frames
        self._seen = seen
        if self._left > 0:
            self._left -= 1
            weight = smoothstep(self._left / self._frames)
            rotations[0] = axis_angle_to_matrix(weight * self._away[1]) @ rotations[0]
            positions[0] = positions[0] + weight * self._away[0]
        self._shown = rotations[0], positions[0]
        return rotations, positions

    def _human(self, rotation: np.ndarray) -> np.ndarray:
        """The rotation (3, 3) where a neck allows it; else it is followed slowly, as ``pipeline.human_head`` does."""
        tilted = bool(rotation[1, 1] < np.cos(LARGEST_TILT))
        self._slow = MARGIN if tilted else max(0, self._slow - 1)
        before = self._turned
        if not (self._slow or self._following):
            return rotation
        aim = less_tilted(rotation, UP if before is None else before[:, 1])
        if before is None:
            return aim
        away = matrix_to_axis_angle(before.T @ aim)
        angle, step = float(np.linalg.norm(away)), (SLOW_TURN if self._slow else FASTEST_TURN) / FPS
        self._following = angle > step
        if not self._following:
            return aim
        return less_tilted(before @ axis_angle_to_matrix(away * (step / angle)), before[:, 1])
