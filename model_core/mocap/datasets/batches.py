"""Shards of ``python3 tools batch`` as motion to learn from: what was predicted of people whose truth nobody knows."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ...batches.rows import row_of
from ...batches.shards import INDEX, open_shard, values_of
from ...body import load_body
from ...errors import InputError
from ...geometry.rotations import quaternion_to_matrix
from ..preparation import Prepared, assess
from . import Dataset
from .amass import SCALE_RANGE, carried_scale


def is_shard(path: Path) -> bool:
    """Whether a Parquet file is a shard. Raises ``InputError`` where it is none."""
    return open_shard(path) is not None


def read_takes(path: Path, rest_joints: np.ndarray, sole: float) -> Iterator[Prepared]:
    """The motions of a shard on the body with ``rest_joints`` (22, 3); the subject is the player, else the id's folder.

    Rows without a motion, and motions that nobody carries on their feet, are left out.
    """
    body = load_body()
    for values in values_of(path):
        row = row_of(values, body)
        if row.motion is None:
            continue
        rotations = quaternion_to_matrix(row.motion.rotations.astype(np.float64))
        pelvis, fps = row.motion.translation.astype(np.float64), row.motion.fps
        scale = carried_scale(rotations, pelvis, fps, rest_joints, sole)
        if not SCALE_RANGE[0] < scale < SCALE_RANGE[1]:
            continue
        meta = {
            "name": row.id,
            "subject": row.player or str(Path(row.id).parent),
            "activity": Path(row.id).stem,
            "source": "threepoint batch",
            "skeleton": "batch",
            "flags": ["predicted"],
            "scale": round(scale, 4),
        }
        try:
            yield assess(meta, rotations, pelvis * scale, np.zeros(len(pelvis), bool), fps, rest_joints, sole)
        except InputError:
            continue


DATASET = Dataset(suffix=".parquet", recognises=is_shard, read_takes=read_takes, ignored=(INDEX,))
