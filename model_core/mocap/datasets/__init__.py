"""One kind of motion-capture file a module: each says which files are its own and reads them.

A module here defines ``DATASET``, a ``Dataset``; ``sources`` finds it. Motion on a skeleton of its own is read as
captures, which are retargeted; motion that is SMPL's already is read as takes.
"""

import importlib
import pkgutil
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from ...errors import InputError
from ...retargeting.capture import Capture
from ...retargeting.skeletons import SkeletonMap
from ..preparation import Prepared


@dataclass(frozen=True)
class Dataset:
    """A kind of file: its ``suffix``, which of those files it ``recognises``, and one of two ways to read them.

    ``read_captures(path)`` gives the takes on their own skeletons with their maps to SMPL's; ``read_takes(path,
    rest_joints, sole)`` gives SMPL motion of the body with ``rest_joints`` (22, 3) and the lowest point ``sole``.
    ``ignored`` are patterns of names of files in a folder that hold no motion.
    """

    suffix: str
    recognises: Callable[[Path], bool]
    read_captures: Callable[[Path], Iterator[tuple[Capture, SkeletonMap]]] | None = None
    read_takes: Callable[[Path, np.ndarray, float], Iterator[Prepared]] | None = None
    ignored: tuple[str, ...] = ()


@cache
def datasets() -> tuple[Dataset, ...]:
    """The ``DATASET`` of every module in this folder."""
    modules = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return tuple(importlib.import_module(f".{name}", __name__).DATASET for name in modules)


def arrays_in(path: Path) -> list[str]:
    """Names of the arrays of an npz. Raises ``InputError`` where it cannot be read."""
    try:
        with np.load(path, allow_pickle=False) as data:
            return data.files
    except (OSError, ValueError, EOFError, AttributeError, zipfile.BadZipFile):
        raise InputError(f"{path}: is not a readable npz archive") from None
