"""How long what a pin tells holds: weights over time (numpy only)."""

import numpy as np

from ...geometry.filters import smoothstep

FADE_FRAMES = 12
"""Frames beyond a pin's reach over which a motion goes over into what it was."""
SURE_FRAMES = 9.0
"""Frames from a pin at which what it asks for is believed half as much."""
WALKED = 0.25
"""Metres of a foot's path over which what a pin tells of it is forgotten: where it steps next is another matter. Of
refined motions of training clips 0.2 explains most."""


def time_weights(frames: np.ndarray, reach: np.ndarray, count: int, path: np.ndarray | None = None) -> np.ndarray:
    """Weights (T, M) with which what is known at M ``frames`` holds at each of ``count`` frames.

    1 at the frame itself. Two frames that lie within each other's ``reach`` (M,) are joined by a smooth step; other
    sides hold for half their reach and are gone ``FADE_FRAMES`` beyond it. Of a foot ``path`` (T,) are the metres that
    it has moved: it goes over from one to the next while it moves, and forgets as it walks.
    """
    time = np.arange(count, dtype=np.float64)
    weights = np.zeros((count, len(frames)))
    along = time if path is None else path
    weights[frames, np.arange(len(frames))] = 1
    for number, (before, after) in enumerate(zip(frames[:-1], frames[1:], strict=True)):
        between = slice(before + 1, after)
        if after - before <= reach[number] + reach[number + 1]:
            step = smoothstep((along[between] - along[before]) / max(along[after] - along[before], 1e-9))
            weights[between, number], weights[between, number + 1] = 1 - step, step
        else:
            weights[between, number] = _fading(time[between] - before, reach[number])
            weights[between, number + 1] = _fading(after - time[between], reach[number + 1])
    weights[: frames[0], 0] = _fading(frames[0] - time[: frames[0]], reach[0])
    weights[frames[-1] + 1 :, -1] = _fading(time[frames[-1] + 1 :] - frames[-1], reach[-1])
    return weights if path is None else weights * _remembered(path, frames)


def evidence_weights(frames: np.ndarray, reach: np.ndarray, count: int) -> np.ndarray:
    """How surely pins at M ``frames`` tell of each of ``count`` frames, (T,) 0 to 1: as a tracker does at the pin."""
    away = np.abs(np.arange(count)[:, None] - frames).astype(np.float64)
    return (smoothstep(1 - away / (reach + 1)) / (1 + (away / SURE_FRAMES) ** 2)).max(1)


def _fading(away: np.ndarray, reach: int) -> np.ndarray:
    """What is left of a pin so many frames ``away`` (n,)."""
    return 1 - smoothstep((away - reach / 2) / (reach / 2 + FADE_FRAMES))


def _remembered(path: np.ndarray, frames: np.ndarray) -> np.ndarray:
    """What a foot has not forgotten (T, M) of M ``frames`` along its path (T,)."""
    return np.exp(-0.5 * ((path[:, None] - path[frames]) / WALKED) ** 2)
