"""How often training draws each clip: people who stand in one stance for minutes must not become everybody's stance."""

from collections import defaultdict

import numpy as np

from ..observation import FPS
from .clips import Clips

STILL_SPEED = 0.25
"""Metres a second of the pelvis, below which a body stands."""
STANDING_FRACTION = 0.8
"""Of its frames: a clip that is still for so long is a standing clip."""
STANDING_SECONDS = 90.0
"""Standing clips of one person count for so much in all, however long they are."""


def clip_weights(clips: Clips) -> np.ndarray:
    """Weights (C,), at most 1, by which to multiply clips' lengths when windows are drawn."""
    standing = [_is_standing(clip.translation) for clip in clips]
    people = [str(meta.get("subject", meta["name"])) for meta in clips.meta]
    seconds = defaultdict(float)
    for clip, stands, person in zip(clips, standing, people, strict=True):
        seconds[person] += stands * len(clip) / FPS
    weights = [
        min(1.0, STANDING_SECONDS / seconds[person]) if stands else 1.0
        for stands, person in zip(standing, people, strict=True)
    ]
    return np.array(weights)


def _is_standing(translation: np.ndarray) -> bool:
    """Whether the pelvis (T, 3) is still most of the time."""
    if len(translation) < 2:
        return True
    speed = np.linalg.norm(np.diff(translation.astype(np.float64), axis=0), axis=-1) * FPS
    return float(np.mean(speed < STILL_SPEED)) >= STANDING_FRACTION
