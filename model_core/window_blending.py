"""Overlapping windows of frames and their cross-fade: how SAGE and the refinement treat recordings of any length.

Torch's tensors are used by their own methods; Blender imports this module without torch.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING

import numpy as np

from .progress import Progress
from .side_by_side import side_by_side

if TYPE_CHECKING:
    import torch


def window_starts(count: int, window: int, step: int) -> list[int]:
    """First frames of windows that cover ``count`` frames, ``step`` apart; the last one is flush with the end.

    ``window`` is at most ``count``.
    """
    return [*range(0, count - window, step), count - window]


def even_parts(starts: list[int], most: int) -> list[list[int]]:
    """The windows in parts of one size to one window, ``most`` at most; an even number of parts where there are two
    windows, whatever the machine: two processor cores have as much to do then."""
    count = len(starts)
    parts = min(count, 2 * math.ceil(count / (2 * most)))
    return [starts[count * part // parts : count * (part + 1) // parts] for part in range(parts)]


def cross_fade(
    starts: list[int], window: int, count: int, length: int | None = None, hold_ends: bool = False
) -> np.ndarray:
    """Weights (B, window), float32, of the frames of windows that begin at ``starts``, among ``count`` frames.

    A frame's weight is how many frames it is from the nearer end of its window, or with a ``length`` that number over
    ``length``, at most 1. ``hold_ends``: the first of all frames and the last are no such ends.
    """
    frame, begin = np.arange(window, dtype=np.float32), np.array(starts)[:, None]
    rise = np.where(hold_ends & (begin == 0), np.inf, frame + 1)
    fall = np.where(hold_ends & (begin + window == count), np.inf, window - frame)
    nearest = np.minimum(rise, fall).astype(np.float32).clip(max=np.float32(window))
    return nearest if length is None else np.minimum(nearest / np.float32(length), np.float32(1))


def blend_windows(
    count: int,
    window: int,
    step: int,
    forward: Callable[[list[int]], torch.Tensor],
    per_batch: int,
    progress: Progress | None = None,
    stage: str = "",
    length: int | None = None,
    hold_ends: bool = False,
    device: torch.device | str = "cpu",
) -> torch.Tensor:
    """What ``forward(starts)`` gives (B, window, n) for windows that begin at ``starts``, cross-faded: (count, n).

    Windows are ``step`` frames apart and go at most ``per_batch`` at a time, side by side on ``device``;
    ``progress(fraction, stage)`` is told before each batch and may raise ``Cancelled``. ``length`` and ``hold_ends``
    are as for ``cross_fade``.
    """
    starts = window_starts(count, window, step)
    batches = even_parts(starts, per_batch)
    sums = weights = None
    with closing(side_by_side(forward, batches, device)) as results:
        for number, batch in enumerate(batches):
            if progress is not None:
                progress(number / len(batches), stage)
            values = next(results)
            fade = values.new_tensor(cross_fade(batch, window, count, length, hold_ends))[..., None]
            if sums is None or weights is None:
                sums, weights = values.new_zeros(count, values.shape[-1]), values.new_zeros(count, 1)
            for start, weight, of_window in zip(batch, fade, values, strict=True):
                sums[start : start + window] += weight * of_window
                weights[start : start + window] += weight
    assert sums is not None and weights is not None
    return sums / weights
