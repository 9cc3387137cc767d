"""Reader of the compact motion-capture shards ("mocapq1": one npz of many clips on one skeleton)."""

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import InputError
from ...retargeting.capture import Capture
from ...retargeting.skeletons import SkeletonMap, recognise
from . import Dataset, arrays_in

FORMAT = "mocapq1"
QUATERNION_SCALE = 32767 / np.sqrt(0.5)
"""The three smallest components of a unit quaternion are at most sqrt(1/2), stored as int16."""
POSITION_UNIT = 1e-5
"""Root positions are stored in steps of 10 um."""
FORMAT_ARRAY = "q_hi"
"""An array that only shards have."""
KEPT_COMPONENTS = np.array([[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2]])
"""For each dropped component of ``wxyz``, the three that are stored."""


LEFT_OUT = {
    "13_18": "both elbows bend backwards",
    "14_23": "left elbow bends backwards",
    "xtest_jumping_1": "49_02 of the validation split under another name",
    "xtrain_jumping_2": "49_03 of the validation split under another name",
}
"""CMU trials that are wrong at their source, or that would let a training see what judges it."""


def read_shard(path: Path) -> Iterator[Capture]:
    """Every clip of one shard, in its order. Raises ``InputError`` where the file is no shard."""
    try:
        with np.load(path, allow_pickle=False) as data:
            header = json.loads(bytes(data["header"]).decode())
            arrays = {name: data[name] for name in ("q_hi", "q_lo", "q_i", "t", "bad", "offsets")}
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, EOFError) as error:
        raise InputError(f"{path}: not a motion-capture shard ({FORMAT}): {error}") from error
    if header.get("format") != FORMAT:
        raise InputError(f"{path}: shard format is {header.get('format')!r}, should be {FORMAT!r}")
    # Time deltas of int16 that wrap; summing them in int16 undoes the wrapping.
    deltas = ((arrays["q_hi"].astype(np.int32) << 8) | arrays["q_lo"].astype(np.int32)).astype(np.int16)
    for clip in header["clips"]:
        yield _decode(header, clip, deltas, arrays)


def _decode(header: dict[str, Any], clip: dict[str, Any], deltas: np.ndarray, arrays: dict[str, np.ndarray]) -> Capture:
    frames = slice(clip["start"], clip["start"] + clip["n"])
    smallest = np.cumsum(deltas[:, :, frames], axis=2, dtype=np.int16).transpose(2, 0, 1) / QUATERNION_SCALE
    dropped = arrays["q_i"][:, frames].T.astype(int)
    rotations = np.empty(smallest.shape[:2] + (4,))
    np.put_along_axis(rotations, KEPT_COMPONENTS[dropped], smallest, -1)
    largest = np.sqrt(np.clip(1 - (smallest**2).sum(-1), 0, None))
    np.put_along_axis(rotations, dropped[..., None], largest[..., None], -1)
    return Capture(
        name=clip["name"],
        subject=int(clip["subject"]),
        activity=clip["desc"],
        source=clip["source"],
        fps=float(clip["fps"]),
        names=tuple(header["names"]),
        parents=tuple(header["parents"]),
        offsets=arrays["offsets"][clip["skeleton"]].astype(float),
        rotations=rotations,
        root=np.cumsum(arrays["t"][:, frames], axis=1, dtype=np.int64).T * POSITION_UNIT,
        bad=arrays["bad"][frames].astype(bool),
        flags=tuple(clip["flags"]),
    )


def read_captures(path: Path) -> Iterator[tuple[Capture, SkeletonMap]]:
    """The takes of a shard on their own skeletons, without those in ``LEFT_OUT``."""
    for capture in read_shard(path):
        if capture.name in LEFT_OUT:
            continue
        skeleton = recognise(capture.names)
        if skeleton is None:
            raise InputError(f"{path}: its skeleton is not known (joints {', '.join(capture.names[:8])}..)")
        yield capture, skeleton


DATASET = Dataset(suffix=".npz", recognises=lambda path: FORMAT_ARRAY in arrays_in(path), read_captures=read_captures)
