"""Overlapping windows of frames and their cross-fade: how SAGE and the refinement treat recordings of any length.

Torch's tensors are used by their own methods; Blender imports this module without torch.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from .progress import Progress
from .side_by_side import side_by_side

if TYPE_CHECKING:
    import torch

Window = TypeVar("Window")
Places = list[tuple[int, int]]
"""(sequence, first frame) of windows."""


def window_starts(count: int, window: int, step: int) -> list[int]:
    """First frames of windows that cover ``count`` frames, ``step`` apart; the last one is flush with the end.

    ``window`` is at most ``count``.
    """
    return [*range(0, count - window, step), count - window]


def even_parts(windows: list[Window], most: int) -> list[list[Window]]:
    """The windows in parts of one size to one window, ``most`` at most; an even number of parts where there are two
    windows, whatever the machine: two processor cores have as much to do then."""
    count = len(windows)
    parts = min(count, 2 * math.ceil(count / (2 * most)))
    return [windows[count * part // parts : count * (part + 1) // parts] for part in range(parts)]


def cross_fade(
    starts: list[int], window: int, count: int | Sequence[int], length: int | None = None, hold_ends: bool = False
) -> np.ndarray:
    """Weights (B, window), float32, of the frames of windows that begin at ``starts``, among ``count`` frames: one
    number, or one a window.

    A frame's weight is how many frames it is from the nearer end of its window, or with a ``length`` that number over
    ``length``, at most 1. ``hold_ends``: the first of all frames and the last are no such ends.
    """
    frame, begin = np.arange(window, dtype=np.float32), np.array(starts)[:, None]
    rise = np.where(hold_ends & (begin == 0), np.inf, frame + 1)
    fall = np.where(hold_ends & (begin + window == np.reshape(count, (-1, 1))), np.inf, window - frame)
    nearest = np.minimum(rise, fall).astype(np.float32).clip(max=np.float32(window))
    return nearest if length is None else np.minimum(nearest / np.float32(length), np.float32(1))


def blend_sequences(
    counts: Sequence[int],
    window: int,
    step: int,
    forward: Callable[[Places, int], torch.Tensor],
    per_batch: int,
    progress: Progress | None = None,
    stage: str = "",
    length: int | None = None,
    hold_ends: bool = False,
    device: torch.device | str = "cpu",
) -> list[torch.Tensor]:
    """What ``forward(places, window)`` gives (B, window, n) for windows at ``places``, cross-faded: (count, n) a
    sequence.

    Sequences have ``counts`` frames; one that is shorter than ``window`` is a window of its own length. Windows are
    ``step`` frames apart and go at most ``per_batch`` at a time, those of one length together, whatever sequence they
    are of, and batches side by side on ``device``; ``progress(fraction, stage)`` is told before each batch and may
    raise ``Cancelled``. ``length`` and ``hold_ends`` are as for ``cross_fade``.
    """
    of_length: dict[int, Places] = {}
    for sequence, count in enumerate(counts):
        own = min(window, count)
        of_length.setdefault(own, []).extend((sequence, start) for start in window_starts(count, own, step))
    batches = [(own, part) for own, places in of_length.items() for part in even_parts(places, per_batch)]
    sums: dict[int, torch.Tensor] = {}
    weights: dict[int, torch.Tensor] = {}
    with closing(side_by_side(lambda batch: forward(batch[1], batch[0]), batches, device)) as results:
        for number, (own, places) in enumerate(batches):
            if progress is not None:
                progress(number / len(batches), stage)
            values = next(results)
            starts, frames = [start for _, start in places], [counts[sequence] for sequence, _ in places]
            fade = values.new_tensor(cross_fade(starts, own, frames, length, hold_ends))[..., None]
            for (sequence, start), weight, of_window in zip(places, fade, values, strict=True):
                if sequence not in sums:
                    sums[sequence] = values.new_zeros(counts[sequence], values.shape[-1])
                    weights[sequence] = values.new_zeros(counts[sequence], 1)
                sums[sequence][start : start + own] += weight * of_window
                weights[sequence][start : start + own] += weight
    return [sums[sequence] / weights[sequence] for sequence in range(len(counts))]
