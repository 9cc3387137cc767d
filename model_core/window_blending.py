"""Overlapping windows of frames and their cross-fade: how SAGE and the refinement treat recordings of any length.

Torch's tensors are used by their own methods; Blender imports this module without torch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import numpy as np

from .progress import Progress

if TYPE_CHECKING:
    import torch


def window_starts(count: int, window: int, step: int) -> list[int]:
    """First frames of windows that cover ``count`` frames, ``step`` apart; the last one is flush with the end.

    ``window`` is at most ``count``.
    """
    return [*range(0, count - window, step), count - window]


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
    map_batches: Callable[..., Iterable[torch.Tensor]] = map,
) -> torch.Tensor:
    """What ``forward(starts)`` gives (B, window, n) for windows that begin at ``starts``, cross-faded: (count, n).

    Windows are ``step`` frames apart and go ``per_batch`` at a time, by ``map_batches(forward, batches)``;
    ``progress(fraction, stage)`` is told before the first batch and after each, and may raise ``Cancelled``. ``length``
    and ``hold_ends`` are as for ``cross_fade``.
    """
    starts = window_starts(count, window, step)
    batches = [starts[first : first + per_batch] for first in range(0, len(starts), per_batch)]
    report = progress or (lambda fraction, stage: None)
    report(0.0, stage)
    sums = weights = None
    for number, (batch, values) in enumerate(zip(batches, map_batches(forward, batches), strict=True), 1):
        report(number / len(batches), stage)
        fade = values.new_tensor(cross_fade(batch, window, count, length, hold_ends))[..., None]
        if sums is None or weights is None:
            sums, weights = values.new_zeros(count, values.shape[-1]), values.new_zeros(count, 1)
        for start, weight, of_window in zip(batch, fade, values, strict=True):
            sums[start : start + window] += weight * of_window
            weights[start : start + window] += weight
    assert sums is not None and weights is not None
    return sums / weights
