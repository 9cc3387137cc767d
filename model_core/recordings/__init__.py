"""Recordings that people have: one reader a file, behind ``read(path)``, which knows a format by its content.

numpy only. Every reader states its source's convention and hands out a ``Recording`` in OpenXR's frame.
"""

from pathlib import Path

import numpy as np

from ..errors import InputError
from .formats import aframe, amass, aria, brekel, bsor, bvh, iwer, plain, quest_text, table, uxf, xror
from .recording import Dropout, Recording, Track
from .text import decode, looks_like_text

__all__ = ["Dropout", "Recording", "Track", "read"]

HEAD_SIZE = 65536
"""Bytes from the beginning of a file by which its format is known."""
BINARY_READERS = (bsor, xror, amass)
TEXT_READERS = (plain, quest_text, iwer, aframe, bvh, brekel, uxf, aria)
FOLDER_READERS = (aria, uxf)
"""In this order; any other text is taken for a table."""


def read(path, **options):
    """The recording in the file (or folder) ``path`` as a ``Recording``.

    The format is known by content, never by name. ``options`` go to the format's reader: ``body`` for motion of a body,
    ``fps`` for the Quest's text, the fields of ``table.TableOptions`` for tables. Raises ``InputError`` with one line
    that names the file and what is wrong.
    """
    path = Path(path)
    reader = _reader(path)
    try:
        with np.errstate(all="ignore"):  # Damaged numbers become lost samples; numpy need not complain of them.
            return reader.read(path, **options)
    except TypeError as error:
        if "keyword argument" not in str(error):
            raise
        raise InputError(f"{path.name}: {_format_name(reader)} takes no option {_last_word(error)}") from None
    except MemoryError:
        raise InputError(f"{path.name}: does not fit into the memory of this machine") from None


def _reader(path):
    """The module that reads ``path``."""
    if not path.exists():
        raise InputError(f"{path}: no such file")
    if path.is_dir():
        reader = next((reader for reader in FOLDER_READERS if reader.recognises_folder(path)), None)
        if reader is None:
            raise InputError(f"{path}: is a folder without a recording in it")
        return reader
    try:
        with open(path, "rb") as file:
            head = file.read(HEAD_SIZE)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    if not head:
        raise InputError(f"{path.name}: is empty")
    for reader in BINARY_READERS:
        if reader.recognises(head):
            return reader
    if not looks_like_text(head):
        raise InputError(f"{path.name}: is neither text nor a recording of a known format")
    text = decode(head, path.name)
    return next((reader for reader in TEXT_READERS if reader.recognises(text)), table)


def _format_name(reader):
    return reader.__name__.rpartition(".")[2]


def _last_word(error):
    return str(error).rpartition(" ")[2]
