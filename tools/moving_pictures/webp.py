"""Frames as an animated WebP, which code hosts and browsers play by themselves."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

QUALITY, EFFORT = 75, 4
"""Of 100, and of 6: WebP's own scales."""


def write_webp(path: Path, frames: Sequence[np.ndarray], fps: float) -> None:
    """Write ``frames``, each (height, width, 3) uint8, as a picture that plays at ``fps`` and begins again."""
    pictures = [Image.fromarray(frame) for frame in frames]
    pictures[0].save(
        path, "WEBP", save_all=True, append_images=pictures[1:], duration=round(1000 / fps), loop=0,
        quality=QUALITY, method=EFFORT,
    )  # fmt: skip


def read_frame(path: Path) -> np.ndarray:
    """A rendered picture (height, width, 3) uint8."""
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


def side_by_side(films: Sequence[Sequence[np.ndarray]], columns: int) -> list[np.ndarray]:
    """One film of several of the same size, ``columns`` in a row; a shorter one stands still at its end.

    Raises ``ValueError`` where they do not fill their rows.
    """
    if len(films) % columns:
        raise ValueError(f"{len(films)} films do not fill rows of {columns}")
    joined = []
    for number in range(max(map(len, films))):
        tiles = [film[min(number, len(film) - 1)] for film in films]
        rows = [np.concatenate(tiles[first : first + columns], 1) for first in range(0, len(tiles), columns)]
        joined.append(np.concatenate(rows))
    return joined
