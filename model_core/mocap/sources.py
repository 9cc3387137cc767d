"""Files of motion capture, whatever their kind: found, recognised by content, read and retargeted."""

import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from ..errors import InputError
from .amass import NOT_MOTION, read_amass
from ..retargeting.bvh import read_bvh
from ..retargeting.capture import Capture
from .preparation import LEFT_OUT, Prepared, prepare_capture
from .shards import read_shard
from ..retargeting.skeletons import SkeletonMap, recognise

SUFFIXES = (".bvh", ".npz")


def find_files(paths: Sequence[Path]) -> list[Path]:
    """The named files, and every .bvh and .npz below the named folders, sorted. Raises ``InputError`` for none."""
    found = []
    for path in map(Path, paths):
        if path.is_dir():
            below = [file for file in sorted(path.rglob("*")) if file.suffix.lower() in SUFFIXES and file.is_file()]
            motions = [file for file in below if not any(file.match(pattern) for pattern in NOT_MOTION)]
            if not motions:
                raise InputError(f"{path}: has no .bvh or .npz of motion in it or below it")
            found += motions
        elif path.suffix.lower() not in SUFFIXES:
            raise InputError(f"{path}: is no folder and ends in neither of {', '.join(SUFFIXES)}")
        elif not path.is_file():
            raise InputError(f"{path}: does not exist")
        else:
            found.append(path)
    return found


def read_captures(path: Path) -> Iterator[tuple[Capture, SkeletonMap]]:
    """The takes of a shard or BVH on their own skeletons, without those in ``LEFT_OUT``; nothing for an AMASS npz."""
    if path.suffix.lower() == ".bvh":
        yield read_bvh(path)
    elif "q_hi" in _arrays_in(path):
        for capture in read_shard(path):
            if capture.name in LEFT_OUT:
                continue
            skeleton = recognise(capture.names)
            if skeleton is None:
                raise InputError(f"{path}: its skeleton is not known (joints {', '.join(capture.names[:8])}..)")
            yield capture, skeleton


def read_takes(path: Path, rest_joints, sole) -> Iterator[Prepared]:
    """Every take of one file as motion of the body with ``rest_joints`` (22, 3) and ``sole``."""
    if path.suffix.lower() == ".npz" and "q_hi" not in _arrays_in(path):
        yield read_amass(path, rest_joints, sole)
        return
    for capture, skeleton in read_captures(path):
        yield prepare_capture(capture, skeleton, rest_joints, sole)


def _arrays_in(path):
    """Names of the arrays of an npz."""
    try:
        with np.load(path, allow_pickle=False) as data:
            return data.files
    except (OSError, ValueError, EOFError, AttributeError, zipfile.BadZipFile):
        raise InputError(f"{path}: is not a readable npz archive") from None
