"""XROR: packed frames come back, and a real session is the same as its BSOR."""

import struct
import sys
from pathlib import Path

import numpy as np
import pytest

from threepoint.model_core.errors import InputError
from threepoint.model_core.geometry.rotations import quaternion_to_matrix
from threepoint.model_core.recordings import Recording, read
from threepoint.model_core.recordings.conventions import from_openxr
from threepoint.tests.same_recording import ROLES, assert_same


def test_the_real_xror_equals_its_bsor(shared):
    pytest.importorskip("fpzip")
    first = read(shared / "hmd" / "xror" / "sample1.xror")
    second = read(shared / "hmd" / "bsor" / "xror_sample1.bsor")
    np.testing.assert_allclose(first.time, second.time, atol=1e-4)
    assert first.device == second.device == "saber"
    for role in ROLES:
        np.testing.assert_allclose(first.tracks[role].position, second.tracks[role].position, atol=1e-4)
        np.testing.assert_allclose(
            quaternion_to_matrix(first.tracks[role].rotation),
            quaternion_to_matrix(second.tracks[role].rotation),
            atol=1e-4,
        )


def bson_text(key, value):
    """A field of BSON with a text."""
    return b"\x02" + key + b"\0" + struct.pack("<i", len(value) + 1) + value + b"\0"


def bson_document(*fields):
    """A document of BSON with these fields."""
    body = b"".join(fields) + b"\0"
    return struct.pack("<i", len(body) + 4) + body


AXES = b"\x04axes\0" + bson_document(*(bson_text(b"%d" % i, axis) for i, axis in enumerate(b"x y z i j k 1".split())))
JOINTS = b"HEAD", b"HAND_LEFT", b"HAND_RIGHT"


def xror_document(recording, joint_names=JOINTS, axes=AXES, frames=None):
    """An XROR document, packed by the library that reads it too, or with other ``axes`` or packed ``frames``."""
    fpzip = pytest.importorskip("fpzip")
    joints = [bson_document(bson_text(b"joint", joint), axes) for joint in joint_names]
    devices = bson_document(*(b"\x03%d\0" % i + joint for i, joint in enumerate(joints)))
    info = bson_document(b"\x03hardware\0" + bson_document(b"\x04devices\0" + devices))
    unity = [from_openxr(track.position, track.rotation, "unity") for track in recording.tracks.values()]
    poses = [np.concatenate([position, rotation[:, [1, 2, 3, 0]]], -1) for position, rotation in unity]
    if frames is None:
        table = np.concatenate([recording.time[:, None], *poses], -1)
        frames = fpzip.compress(table.astype(np.float32), order="C")
    binary = b"\x05frames\0" + struct.pack("<i", len(frames)) + b"\0" + frames
    schema = bson_text(b"$schema", b"https://metaguard.github.io/xror/schema")
    return bson_document(schema, b"\x03info\0" + info, binary)


def test_what_is_packed_comes_back(make_recording, tmp_path):
    recording = make_recording(2.0)
    (tmp_path / "session.xror").write_bytes(xror_document(recording))
    assert_same(read(tmp_path / "session.xror"), recording)


def test_other_joints_of_the_schema_are_hands_too(make_recording, tmp_path):
    recording = make_recording(2.0)
    (tmp_path / "wrists.xror").write_bytes(xror_document(recording, (b"HEAD", b"WRIST_LEFT", b"WRIST_RIGHT")))
    assert_same(read(tmp_path / "wrists.xror"), recording)
    (tmp_path / "odd.xror").write_bytes(xror_document(recording, (b"HEAD", b"HAND_LEFT", b"TAIL")))
    again = read(tmp_path / "odd.xror")
    assert any("the tracker 'tail' is not understood" in str(note) for note in again.warnings)
    assert any("there is no right hand" in str(note) for note in again.warnings)


@pytest.mark.parametrize("seed", range(6))
def test_damaged_packing_is_refused_in_a_line_or_read(make_recording, tmp_path, seed):
    content = bytearray(xror_document(make_recording(1.0)))
    begin = content.index(b"frames") + 12  # Behind the name, the length and the kind of the packed bytes.
    random = np.random.default_rng(seed)
    for index in random.integers(begin + 2, min(begin + 40, len(content)), 4):
        content[index] = random.integers(256)
    (tmp_path / "damaged.xror").write_bytes(bytes(content))
    try:
        read(tmp_path / "damaged.xror")
    except InputError as error:
        assert str(error).startswith("damaged.xror: ") and "\n" not in str(error)


def test_a_python_without_the_library_is_named(make_recording, tmp_path):
    (tmp_path / "session.xror").write_bytes(xror_document(make_recording(1.0)))
    (tmp_path / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" -S -I "$@"\n')
    (tmp_path / "python").chmod(0o755)
    with pytest.raises(InputError, match=r"session.xror: needs fpzip, a library that .*python lacks; install it there"):
        read(tmp_path / "session.xror", python=tmp_path / "python")


def write_sample(folder: Path, recording: Recording) -> None:
    (folder / "session.xror").write_bytes(xror_document(recording))
