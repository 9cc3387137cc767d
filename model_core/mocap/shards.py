"""Reader of the compact motion-capture shards ("mocapq1": one npz of many clips on one skeleton)."""

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ..errors import InputError
from ..retargeting.capture import Capture

FORMAT = "mocapq1"
QUATERNION_SCALE = 32767 / np.sqrt(0.5)
"""The three smallest components of a unit quaternion are at most sqrt(1/2), stored as int16."""
POSITION_UNIT = 1e-5
"""Root positions are stored in steps of 10 um."""
KEPT_COMPONENTS = np.array([[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2]])
"""For each dropped component of ``wxyz``, the three that are stored."""


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


def _decode(header, clip, deltas, arrays):
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
