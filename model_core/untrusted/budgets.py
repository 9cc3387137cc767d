"""How much memory a file from outside may take: asked for before it is taken (numpy only).

What a file unpacks to is bounded by its size: ``LEAST_UNPACKED`` bytes are always granted, and beyond them
``LARGEST_RATIO`` times the size of the file. Recordings, bodies and everything else that is read from outside go
through ``read_bytes`` or ``read_arrays`` and ask ``Budget.claim`` before they allocate what a file's numbers ask for.
"""

import math
import os
import stat
import struct
import zipfile
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from ..errors import InputError

LARGEST_FILE = 1 << 30
"""Bytes; a day of head and hands at 90 Hz is smaller in every format but text."""
LEAST_UNPACKED, LARGEST_RATIO = 48 << 20, 20
"""Bytes that may be unpacked from any file, and times its size. Motion does not shrink to a twentieth."""
MOST_TRACKERS = 64
"""A body has 24 joints, a hand 26; more names are no trackers of one recording."""
MOST_MEMBERS = 4096
"""Files in an archive."""
PARSE_ERRORS = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError, EOFError, OSError,
                struct.error)  # fmt: skip
"""What Python raises where something is not as it was taken to be: of a file from outside, the file's fault."""
NUMBERS = "fiub"
"""numpy's kinds of dtypes that are real numbers."""


@dataclass
class Budget:
    """What the file ``name`` of ``size`` bytes may still unpack to."""

    name: str
    size: int
    least: int = LEAST_UNPACKED
    claimed: int = 0

    @property
    def granted(self) -> int:
        """Bytes in all."""
        return max(self.least, LARGEST_RATIO * self.size)

    def claim(self, count: int, what: str) -> None:
        """Ask for ``count`` bytes. Raises ``InputError`` where the file has no such claim."""
        self.claimed += count
        if count < 0 or self.claimed > self.granted:
            raise InputError(
                f"{self.name}: {what} unpacks to {_amount(count)}, more than a file of {_amount(self.size)} can "
                "rightly hold"
            )


def _amount(count: int) -> str:
    return f"{count / 1e9:.3g} GB" if abs(count) >= 1e9 else f"{count / 1e6:.3g} MB"


def file_size(path: Path | str, largest: int = LARGEST_FILE) -> int:
    """Bytes of a plain file. Raises ``InputError`` for what is missing, is none (a pipe, a device) or is too large."""
    try:
        about = os.stat(path)
    except (OSError, ValueError) as error:
        raise InputError(unreadable(path, error)) from None
    if stat.S_ISDIR(about.st_mode):
        raise InputError(f"{path}: is a folder, not a file")
    if not stat.S_ISREG(about.st_mode):
        raise InputError(f"{path}: is not a plain file")
    if about.st_size > largest:
        raise InputError(f"{path}: has {_amount(about.st_size)}; more than {_amount(largest)} cannot be read")
    return about.st_size


def is_folder(path: Path | str) -> bool:
    """Whether a folder is there. Raises ``InputError`` where nothing can be said: of a name that is too long."""
    try:
        return stat.S_ISDIR(os.stat(path).st_mode)
    except FileNotFoundError:
        return False
    except (OSError, ValueError) as error:
        raise InputError(unreadable(path, error)) from None


def unreadable(path: Path | str, error: OSError | ValueError) -> str:
    """The line that says why a file cannot be read."""
    if isinstance(error, FileNotFoundError):
        return f"{path}: no such file"
    return f"{path}: cannot be read ({getattr(error, 'strerror', None) or error})"


def read_bytes(path: Path | str, first: int | None = None, largest: int = LARGEST_FILE) -> bytes:
    """The content of a plain file, or the ``first`` bytes of it. Raises ``InputError``."""
    size = file_size(path, largest)
    try:
        with open(path, "rb") as file:
            return file.read(min(size, first) if first is not None else size)
    except OSError as error:
        raise InputError(unreadable(path, error)) from None


def read_arrays(
    path: Path | str,
    names: Collection[str],
    largest: int = LARGEST_FILE,
    what: str = "npz archive",
    least: int = LEAST_UNPACKED,
) -> dict[str, np.ndarray]:
    """Those of the arrays ``names`` that an npz has. Nothing in it is run, and nothing is unpacked before its size is
    known and granted (numbers count as float64, which they become); ``least`` bytes always are. Raises ``InputError``.
    """
    name = Path(path).name
    budget = Budget(name, file_size(path, largest), least)
    arrays = {}
    try:
        with zipfile.ZipFile(path) as archive:
            if len(archive.infolist()) > MOST_MEMBERS:
                raise InputError(f"{name}: holds {len(archive.infolist())} files: no {what}")
            members = {member.filename: member for member in archive.infolist()}
            for key in names:
                if (member := members.get(f"{key}.npy")) is not None:
                    with archive.open(member) as file:
                        arrays[key] = _array(file, member.file_size, key, budget)
    except InputError:
        raise
    except Exception as error:  # zipfile, zlib and numpy raise a dozen kinds on damaged archives, and quote their bytes
        raise InputError(f"{name}: is not a readable {what} ({type(error).__name__})") from None
    return arrays


def _array(file: IO[bytes], size: int, key: str, budget: Budget) -> np.ndarray:
    """The array in the member ``key`` of an archive, which says that it unpacks to ``size`` bytes."""
    version = np.lib.format.read_magic(file)
    read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, column_order, dtype = read_header(file)
    count = math.prod(shape)
    if dtype.hasobject:
        raise InputError(f"{budget.name}: '{key}' holds objects; expected numbers")
    if min(shape, default=0) < 0 or not 0 <= count * dtype.itemsize <= size:
        raise InputError(f"{budget.name}: '{key}' is an array of {dtype} and {shape}, which its {size} bytes do not "
                         "hold")  # fmt: skip
    budget.claim(count * max(dtype.itemsize, 8 if dtype.kind in NUMBERS else 0), f"'{key}'")
    values = np.frombuffer(file.read(count * dtype.itemsize), dtype)
    return values.reshape(shape, order="F" if column_order else "C").copy()
