"""Isaac Teleop's MCAP: FlatBuffers with their schemas, written here byte by byte."""

import struct
from pathlib import Path

import lz4.frame
import numpy as np
import pytest
import zstandard

from threepoint.model_core.errors import InputError
from threepoint.model_core.recordings import Recording, read
from threepoint.model_core.recordings.formats import mcap
from threepoint.tests.recordings.samples import walking_person
from threepoint.tests.same_recording import assert_same

FLOAT, BOOL, OBJECT = 11, 2, 15
POINT = [("x", FLOAT, -1, 0), ("y", FLOAT, -1, 4), ("z", FLOAT, -1, 8)]
QUATERNION = [*POINT, ("w", FLOAT, -1, 12)]
OBJECTS = (
    # name, whether a struct, bytes, fields: name, base type, number of the object, offset in a struct or in the vtable
    ("core.Point", True, 12, POINT),
    ("core.Quaternion", True, 16, QUATERNION),
    ("core.Pose", True, 28, [("position", OBJECT, 0, 0), ("orientation", OBJECT, 1, 12)]),
    ("core.HeadPose", False, 0, [("pose", OBJECT, 2, 4), ("is_valid", BOOL, -1, 6)]),
    ("core.HeadPoseRecord", False, 0, [("data", OBJECT, 3, 4)]),
    ("core.ControllerSnapshot", False, 0, [("aim", OBJECT, 3, 4), ("grip", OBJECT, 3, 6)]),
    ("core.ControllerSnapshotRecord", False, 0, [("data", OBJECT, 5, 4)]),
)
"""The schema in which the messages below are written."""


class Table:
    """A FlatBuffer's table: values by number, of which texts, lists and tables follow behind it."""

    def __init__(self, *values):
        self.values = values


def flatbuffer(root):
    """The bytes of a table and all that it holds."""
    data = bytearray(4)

    def put(value):
        """Write a value behind what is there; returns where it begins."""
        while len(data) % 8:
            data.append(0)
        place = len(data)
        if isinstance(value, str):
            data.extend(struct.pack("<I", len(value.encode())) + value.encode() + b"\0")
        elif isinstance(value, list):
            data.extend(struct.pack("<I", len(value)) + bytes(4 * len(value)))
            for number, item in enumerate(value):
                at = place + 4 + 4 * number
                struct.pack_into("<I", data, at, put(item) - at)
        else:
            return put_table(value)
        return place

    def put_table(table):
        sizes = [0 if v is None else 4 if isinstance(v, (str, list, Table)) else len(v) for v in table.values]
        places, inside = [], 8
        for size in sizes:
            places.append(inside if size else 0)
            inside += -(-size // 8) * 8
        vtable = len(data)
        data.extend(struct.pack("<HH", 4 + 2 * len(sizes), inside) + struct.pack(f"<{len(sizes)}H", *places))
        while len(data) % 8:
            data.append(0)
        place = len(data)
        data.extend(struct.pack("<i", place - vtable) + bytes(inside - 4))
        for value, where in zip(table.values, places, strict=True):
            if isinstance(value, bytes):
                data[place + where : place + where + len(value)] = value
            elif value is not None:
                at = place + where
                struct.pack_into("<I", data, at, put(value) - at)
        return place

    struct.pack_into("<I", data, 0, put_table(root))
    return bytes(data)


def schema(root):
    """The binary schema of ``OBJECTS``, as ``flatc`` writes it, in the fields that are read."""

    def field(name, kind, index, offset):
        about = Table(struct.pack("<b", kind), None, struct.pack("<i", index))
        return Table(name, about, None, struct.pack("<H", offset))

    tables = [
        Table(name, [field(*one) for one in fields], struct.pack("<?", is_struct), None, struct.pack("<i", size))
        for name, is_struct, size, fields in OBJECTS
    ]
    return flatbuffer(Table(tables, [], None, None, next(t for t in tables if t.values[0] == root)))


def pose(track, index):
    numbers = struct.pack("<7f", *track.position[index], *track.rotation[index][[1, 2, 3, 0]])
    return Table(numbers, struct.pack("<?", bool(track.valid[index])))


def record(code, content):
    return struct.pack("<BQ", code, len(content)) + content


def text(value):
    return struct.pack("<I", len(value)) + value.encode()


PACKERS = {"": lambda data: data, "zstd": zstandard.compress, "lz4": lz4.frame.compress}


def mcap_bytes(recording, chunked=True, packed=""):
    """A session as Isaac Teleop records it; ``packed`` is the compression of its chunk."""
    records = b""
    for number, root in enumerate(("core.HeadPoseRecord", "core.ControllerSnapshotRecord"), 1):
        data = schema(root)
        records += record(
            3, struct.pack("<H", number) + text(root) + text("flatbuffer") + struct.pack("<I", len(data)) + data
        )
    topics = {"head": "teleop/head", "left_hand": "teleop/left_controller", "right_hand": "teleop/right_controller"}
    for number, (role, topic) in enumerate(topics.items(), 1):
        kind = 1 if role == "head" else 2
        records += record(4, struct.pack("<HH", number, kind) + text(topic) + text("flatbuffer") + struct.pack("<I", 0))
    for index, seconds in enumerate(recording.time):
        for number, role in enumerate(topics, 1):
            found = pose(recording.tracks[role], index)
            aim = Table(struct.pack("<7f", 9, 9, 9, 0, 0, 0, 1), struct.pack("<?", True))
            message = Table(found) if role == "head" else Table(Table(aim, found))
            stamp = 1_700_000_000_000_000_000 + round(seconds * 1e9)
            records += record(5, struct.pack("<HIQQ", number, index, stamp, stamp) + flatbuffer(message))
    if chunked:
        content = PACKERS[packed](records)
        head = struct.pack("<QQQI", 0, 0, len(records), 0) + text(packed) + struct.pack("<Q", len(content))
        records = record(6, head + content)
    return mcap.MAGIC + record(1, text("") + text("made up")) + records + record(2, bytes(20)) + mcap.MAGIC


@pytest.mark.parametrize(("chunked", "packed"), [(True, ""), (False, ""), (True, "zstd"), (True, "lz4")])
def test_head_and_grips_come_back(tmp_path, chunked, packed):
    recording = walking_person(2.0)
    recording.tracks["left_hand"].valid[20:50] = False
    (tmp_path / "session.mcap").write_bytes(mcap_bytes(recording, chunked, packed))
    again = read(tmp_path / "session.mcap")
    assert again.device == "grip"
    np.testing.assert_array_equal(again.tracks["left_hand"].valid, recording.tracks["left_hand"].valid)
    del recording.tracks["left_hand"]
    assert_same(again, recording)


def test_a_cut_file_is_read_up_to_there(tmp_path):
    data = mcap_bytes(walking_person(2.0), chunked=False)
    (tmp_path / "cut.mcap").write_bytes(data[: len(data) * 3 // 4])
    again = read(tmp_path / "cut.mcap")
    assert 0.5 < again.duration < 1.9 and any("cut short" in str(note) for note in again.warnings)


def test_what_is_no_teleop_session_is_refused(tmp_path):
    (tmp_path / "empty.mcap").write_bytes(mcap.MAGIC + record(1, text("") + text("")) + mcap.MAGIC)
    with pytest.raises(InputError, match="no channel with a head's poses"):
        read(tmp_path / "empty.mcap")
    head = struct.pack("<QQQI", 0, 0, 5, 0) + text("brotli") + struct.pack("<Q", 5) + b"12345"
    (tmp_path / "packed.mcap").write_bytes(mcap.MAGIC + record(6, head))
    with pytest.raises(InputError, match="packed with 'brotli'"):
        read(tmp_path / "packed.mcap")


def write_sample(folder: Path, recording: Recording) -> None:
    (folder / "session.mcap").write_bytes(mcap_bytes(recording))
