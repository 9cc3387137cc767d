"""Recordings that people have: one reader a file, behind ``read(path)``, which knows a format by its content.

numpy only. Every reader states its source's convention and returns a ``Recording`` in OpenXR's frame.
"""

from pathlib import Path

import numpy as np

from ..errors import InputError, UnforeseenError
from ..untrusted.budgets import PARSE_ERRORS
from .cleaning import cut
from .formats import find_format
from .recording import Dropout, DropoutReason, Recording, Track
from .tables.layouts import Layouts

__all__ = ["Dropout", "DropoutReason", "Recording", "Track", "read"]


def read(
    path: str | Path,
    layouts: Layouts | None = None,
    run: int | None = None,
    part: tuple[float, float] | None = None,
    **options: object,
) -> Recording:
    """The recording in the file (or folder) ``path``.

    The format is known by content, never by name. ``options`` go to the format's reader: ``body`` for motion of a body,
    ``fps`` for the Quest's text, the fields of ``tables.options.TableOptions`` for tables. ``layouts`` are what the
    user saved for tables, by their headers; nothing is looked up unless they are given. ``run``: of a file with
    several runs only this one, counted from 1; ``part``: only the seconds from the one to the other, counted from the
    first sample. Raises ``InputError`` with one line that names the file and what is wrong.
    """
    path = Path(path)
    found = find_format(path)
    unknown = [name for name in options if name not in found.OPTIONS]
    if unknown:
        raise InputError(f"{path.name}: {found.NAME} takes no option '{unknown[0]}'")
    if layouts is not None and "layouts" in found.OPTIONS:
        options["layouts"] = layouts
    try:
        with np.errstate(all="ignore"):  # Damaged numbers become lost samples; numpy need not complain of them.
            recording = found.read(path, **options)
    except MemoryError:
        raise InputError(f"{path.name}: does not fit into the memory of this machine") from None
    except InputError:
        raise
    except PARSE_ERRORS as error:  # No reader can foresee every way in which a file can be wrong.
        raise UnforeseenError(f"{path.name}: is no whole {found.NAME} recording ({type(error).__name__})") from error
    return cut(recording, run, part)
