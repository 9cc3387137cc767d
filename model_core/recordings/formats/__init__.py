"""One file for each recording format. A module put here is found by itself: nothing else needs to know of it."""

import pkgutil
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from ...errors import InputError
from ...untrusted.budgets import is_folder, read_bytes
from ..recording import Recording

HEAD_SIZE = 65536
"""Bytes from the beginning of a file by which its format is known."""


class Format(Protocol):
    """What a module of this package offers.

    ``NAME`` stands in messages and ``SUFFIXES`` in file dialogs. ``OPTIONS`` are the keyword arguments that ``read``
    takes; one called ``python`` is an interpreter with the libraries that Blender's own lacks. Formats with a
    ``PRECEDENCE`` above the usual 0 are asked after the others, in that order: what they recognise is less specific.
    """

    NAME: str
    SUFFIXES: tuple[str, ...]
    OPTIONS: tuple[str, ...]

    def recognises(self, head: bytes, path: Path) -> bool:
        """Whether ``path`` is of this format: a file that begins with ``head``, or a folder (``head`` is empty)."""
        ...

    def read(self, path: Path, **options: object) -> Recording:
        """The recording, in OpenXR's frame. Raises ``InputError``."""
        ...


@cache
def all_formats() -> tuple[Format, ...]:
    """Every format, in the order in which they are asked."""
    modules = [import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__)]
    return cast(tuple[Format, ...], tuple(sorted(modules, key=lambda module: getattr(module, "PRECEDENCE", 0))))


def suffixes() -> tuple[str, ...]:
    """The endings of recordings' file names, each once."""
    return tuple(dict.fromkeys(suffix for known in all_formats() for suffix in known.SUFFIXES))


def recognise(path: Path) -> Format | None:
    """The format of a file or folder, by its content; None where it is no recording. Raises ``InputError``."""
    head = b"" if is_folder(path) else read_head(path)
    return next((known for known in all_formats() if known.recognises(head, path)), None)


def find_format(path: Path) -> Format:
    """The format of a file or folder. Raises ``InputError`` where it has none."""
    found = recognise(path)
    if found is not None:
        return found
    if is_folder(path):
        raise InputError(f"{path}: is a folder without a recording in it")
    if not read_head(path):
        raise InputError(f"{path.name}: is empty")
    raise InputError(f"{path.name}: is neither text nor a recording of a known format")


def read_head(path: Path) -> bytes:
    """The first bytes of a file. Raises ``InputError``."""
    return read_bytes(path, HEAD_SIZE)
