"""Motions out of what ``python3 tools batch`` has written."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..body import Body, load_body
from ..errors import InputError
from .rows import BODY_POSES, BatchRow, motion_of, row_of
from .shards import SHARD_FOLDER, shards_of, values_of

NPZ = ".npz"


def read_batch(folder: str | Path, ids: Collection[str] | None = None, body: Body | None = None) -> Iterator[BatchRow]:
    """The rows (``BatchRow``) of an output of ``python3 tools batch``, those of ``ids`` or all, with their motions.

    Motions are read one after the other, whether they lie in Parquet or in an npz each; of an output of .blend files
    rows have none. Errors are rows. ``body``: what ``--body`` was, if it was given. Raises ``InputError``.
    """
    folder = Path(folder)
    if not (folder / SHARD_FOLDER).is_dir():
        raise InputError(f"{folder}: is no output of `python3 tools batch`; it has no folder '{SHARD_FOLDER}'")
    return _rows(folder, ids, body or load_body())


def _rows(folder: Path, ids: Collection[str] | None, body: Body) -> Iterator[BatchRow]:
    for shard in shards_of(folder):
        for values in values_of(shard):
            if ids is None or values["id"] in ids:
                yield _with_file(folder, row_of(values, body), body)


def _with_file(folder: Path, row: BatchRow, body: Body) -> BatchRow:
    """The row with the motion of its own npz, where it has one."""
    if not row.file.endswith(NPZ):
        return row
    try:
        with np.load(folder / row.file, allow_pickle=False) as data:
            arrays = {name: data[name] for name in data.files if not name.startswith("uncertainty")}
    except (OSError, ValueError) as error:
        raise InputError(f"{folder / row.file}: cannot be read ({error})") from None
    fingers = arrays["poses"][:, BODY_POSES:]
    floor = 0.0 if row.calibration is None else row.calibration.floor
    return replace(row, motion=motion_of(arrays, body, floor), finger_poses=fingers if fingers.any() else None)
