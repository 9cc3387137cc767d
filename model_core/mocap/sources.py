"""Files of motion capture, whatever their kind: found, recognised by content, read and retargeted."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from ..errors import InputError
from ..retargeting.capture import Capture
from ..retargeting.skeletons import SkeletonMap
from .datasets import Dataset, datasets
from .preparation import Prepared, prepare_capture


def find_files(paths: Sequence[Path]) -> list[Path]:
    """The named files, and all of motion below the named folders, sorted. Raises ``InputError`` for none."""
    suffixes = sorted({dataset.suffix for dataset in datasets()})
    found: list[Path] = []
    for path in map(Path, paths):
        if path.is_dir():
            below = [file for file in sorted(path.rglob("*")) if file.suffix.lower() in suffixes and file.is_file()]
            motions = [file for file in below if not _is_ignored(file)]
            if not motions:
                raise InputError(f"{path}: has no {' or '.join(suffixes)} of motion in it or below it")
            found += motions
        elif path.suffix.lower() not in suffixes:
            raise InputError(f"{path}: is no folder and should end in {' or '.join(suffixes)}")
        elif not path.is_file():
            raise InputError(f"{path}: does not exist")
        else:
            found.append(path)
    return found


def recognise_dataset(path: Path) -> Dataset:
    """The kind of a file, by its suffix and content. Raises ``InputError`` for one that is of none."""
    for dataset in datasets():
        if path.suffix.lower() == dataset.suffix and dataset.recognises(path):
            return dataset
    raise InputError(f"{path}: is no motion capture of a known kind")


def read_captures(path: Path) -> Iterator[tuple[Capture, SkeletonMap]]:
    """The takes of one file on their own skeletons; nothing where motion is SMPL's already."""
    dataset = recognise_dataset(path)
    if dataset.read_captures is not None:
        yield from dataset.read_captures(path)


def read_takes(path: Path, rest_joints: np.ndarray, sole: float) -> Iterator[Prepared]:
    """Every take of one file as motion of the body with ``rest_joints`` (22, 3) and ``sole``."""
    dataset = recognise_dataset(path)
    if dataset.read_takes is not None:
        yield from dataset.read_takes(path, rest_joints, sole)
    elif dataset.read_captures is not None:
        for capture, skeleton in dataset.read_captures(path):
            yield prepare_capture(capture, skeleton, rest_joints, sole)


def _is_ignored(file: Path) -> bool:
    return any(file.match(pattern) for dataset in datasets() for pattern in dataset.ignored)
