"""Where a head is still over the floor: there feet stand unless they are clearly lifted, however fast the hands are."""

import numpy as np

from ..geometry.filters import gaussian_smooth
from ..observation import FPS

STILL_SPEED, MOVING_SPEED = 0.3, 0.6
"""Metres a second over the floor up to which a head is still, and from which it is not."""
SPEED_SMOOTHING = 4.0
"""Standard deviation in frames by which the head's velocity, and what it decides, are blurred."""


def stillness(heads: np.ndarray) -> np.ndarray:
    """How still a head at positions (T, 3) is, (T,) from 0 to 1."""
    if len(heads) < 2:
        return np.ones(len(heads), np.float32)
    velocity = gaussian_smooth(np.gradient(heads[:, [0, 2]].astype(np.float64), axis=0) * FPS, SPEED_SMOOTHING)
    still = (MOVING_SPEED - np.linalg.norm(velocity, axis=-1)) / (MOVING_SPEED - STILL_SPEED)
    return gaussian_smooth(still.clip(0, 1), SPEED_SMOOTHING).astype(np.float32)
