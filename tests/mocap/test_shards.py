"""Reader of the compact motion-capture shards, against a writer of our own."""

import json

import numpy as np
import pytest

from threepoint.model_core.errors import InputError
from threepoint.model_core.geometry.rotations import make_continuous, normalize
from threepoint.model_core.mocap.datasets.shards import (
    FORMAT,
    KEPT_COMPONENTS,
    POSITION_UNIT,
    QUATERNION_SCALE,
    read_shard,
)

JOINTS, FRAMES = ("Hips", "Spine"), (50, 30)


@pytest.fixture
def motion():
    """Two clips that turn through every quaternion component: rotations (N, 2, 4) and roots (N, 3)."""
    random = np.random.default_rng(1)
    clips = []
    for count in FRAMES:
        steps = np.cumsum(random.normal(0, 0.15, (count, len(JOINTS), 4)), axis=0) + random.normal(0, 1, (2, 4))
        clips.append((make_continuous(normalize(steps)), np.cumsum(random.normal(0, 0.02, (count, 3)), axis=0)))
    return clips


def write_shard(path, clips, kind=FORMAT):
    deltas, indices, moves = [], [], []
    for rotations, root in clips:
        index = np.abs(rotations).argmax(-1)
        largest = np.take_along_axis(rotations, index[..., None], -1)
        smallest = np.take_along_axis(rotations * np.sign(largest), KEPT_COMPONENTS[index], -1)
        stored = np.round(smallest * QUATERNION_SCALE).astype(np.int16).transpose(1, 2, 0)
        deltas.append(np.diff(stored, axis=2, prepend=np.int16(0)))
        indices.append(index.T.astype(np.uint8))
        moves.append(np.diff(np.round(root.T / POSITION_UNIT).astype(np.int32), axis=1, prepend=np.int32(0)))
    starts = np.cumsum([0, *FRAMES])
    header = {
        "format": kind,
        "names": JOINTS,
        "parents": [-1, 0],
        "clips": [
            {"name": f"clip {i}", "subject": 7, "desc": "turn", "source": "made up", "fps": 60.0, "flags": ["odd"],
             "start": int(starts[i]), "n": FRAMES[i], "skeleton": 0}
            for i in range(len(clips))
        ],
    }  # fmt: skip
    delta = np.concatenate(deltas, axis=2).astype(np.int32)
    bad = np.zeros(sum(FRAMES), bool)
    bad[3] = True
    np.savez(
        path,
        q_hi=(delta >> 8).astype(np.int8),
        q_lo=(delta & 255).astype(np.uint8),
        q_i=np.concatenate(indices, axis=1),
        t=np.concatenate(moves, axis=1),
        bad=bad,
        offsets=np.array([[[0, 0, 0], [0, 0.2, 0]]], np.float32),
        header=np.frombuffer(json.dumps(header).encode(), np.uint8),
    )
    return path


def test_clips_come_back(tmp_path, motion):
    clips = list(read_shard(write_shard(tmp_path / "a.npz", motion)))
    assert [clip.name for clip in clips] == ["clip 0", "clip 1"]
    for clip, (rotations, root) in zip(clips, motion, strict=True):
        assert np.abs((clip.rotations * rotations).sum(-1)).min() > 1 - 1e-7
        np.testing.assert_allclose(clip.root, root, atol=POSITION_UNIT)
        assert (clip.fps, clip.subject, clip.activity, clip.flags) == (60, 7, "turn", ("odd",))
    assert clips[0].bad.sum() == 1 and clips[1].bad.sum() == 0
    _, positions = clips[0].world()
    np.testing.assert_allclose(np.linalg.norm(positions[:, 1] - positions[:, 0], axis=-1), 0.2, rtol=1e-5)


def test_other_formats_are_refused(tmp_path, motion):
    with pytest.raises(InputError, match="shard format is 'mocapq9', should be 'mocapq1'"):
        list(read_shard(write_shard(tmp_path / "a.npz", motion, "mocapq9")))


def test_other_files_are_refused(tmp_path):
    (tmp_path / "a.npz").write_bytes(b"PK\x03\x04 and then nothing")
    with pytest.raises(InputError, match="a.npz: not a motion-capture shard"):
        list(read_shard(tmp_path / "a.npz"))
    np.savez(tmp_path / "b.npz", poses=np.zeros(3))
    with pytest.raises(InputError, match="b.npz: not a motion-capture shard"):
        list(read_shard(tmp_path / "b.npz"))
