"""Blender's own words kept off the terminal, where a command says what there is to say (Python and bpy's streams)."""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping

STREAMS: tuple[int, ...] = (1, 2)
"""Standard output and standard error."""


@contextlib.contextmanager
def quiet() -> Iterator[Callable[[], contextlib.AbstractContextManager[None]]]:
    """Keep Blender's and its graphics driver's own chatter, which goes past Python, off the terminal.

    Yields what lets a part within it speak: ``with aloud(): print(...)``.
    """
    _flush()
    kept = {stream: os.dup(stream) for stream in STREAMS}
    with open(os.devnull, "wb") as nowhere:
        silent = dict.fromkeys(STREAMS, nowhere.fileno())

        @contextlib.contextmanager
        def aloud() -> Iterator[None]:
            _point(kept)
            try:
                yield
            finally:
                _point(silent)

        _point(silent)
        try:
            yield aloud
        finally:
            _point(kept)
            for copy in kept.values():
                os.close(copy)


def _point(streams: Mapping[int, int]) -> None:
    """Let streams go elsewhere; what was written before, and waits in Python, goes where it was meant to."""
    _flush()
    for stream, to in streams.items():
        os.dup2(to, stream)


def _flush() -> None:
    sys.stdout.flush()
    sys.stderr.flush()
