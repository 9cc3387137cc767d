"""Recordings that somebody made to hang, fill or crash a reader: each is refused in a line, or read, within its budget.

``fuzz.attempt`` says so: two seconds of CPU time, 500 MB and one printable line.
"""

import functools
import importlib
import io
import json
import struct
import zipfile

import numpy as np
import pytest

from threepoint.model_core.errors import InputError
from threepoint.model_core.recordings import read
from threepoint.tests.recordings.formats.test_bvh import bvh_text
from threepoint.tests.recordings.formats.test_xror import bson_document, bson_text, xror_document

fuzz = importlib.import_module("threepoint.tools.fuzz")
DIGITS = "9" * 5000


def replay_that_never_says_how_long_a_text_is(count=1_500_000):
    """BSOR: the player's name is followed by bytes of which no four are a length."""
    texts = struct.pack("<i", 0) * 4 + struct.pack("<i", 1) + b"x"
    return struct.pack("<I", 0x442D3D69) + b"\x01\x00" + texts + b"\x7f" * count


def brekel_rows(numbers):
    lines = [" Head Mounted Display(s)", "deviceID\ttimestamp\t\tposX\tposY\tposZ\trotX\trotY\trotZ"]
    return "\n".join([*lines, *(f"{number}\t{i / 90:.4f}\t0\t1.6\t0\t0\t0\t0" for i, number in enumerate(numbers))])


def bvh_of_joints(joints, frames):
    """A small file of many joints without channels in many frames."""
    lines = ["HIERARCHY", "ROOT Hips", "{", "OFFSET 0 0 0", "CHANNELS 3 Xposition Yposition Zposition"]
    for number in range(joints):
        lines += [f"JOINT j{number}", "{", "OFFSET 0 1 0", "}"]
    lines += ["}", "MOTION", f"Frames: {frames}", "Frame Time: 0.01", *["0 0 0"] * frames]
    return "\n".join(lines)


def capture_of(times, trackers=("camera",)):
    """An A-Frame capture whose head goes on its way at these seconds."""
    poses = [{"position": {"x": 0.01 * i, "y": 1.6, "z": 0}, "rotation": {"x": 0, "y": i % 9, "z": 0},
              "timestamp": 1000 * time} for i, time in enumerate(times)]  # fmt: skip
    return json.dumps({name: {"poses": poses} for name in trackers}).encode()


def two_sessions(gap):
    return capture_of([*np.arange(60) / 60, *(gap + np.arange(60) / 60)])


def archive_of_bytes(frames=1_000_000):
    """AMASS: 64 MB of zeros that become 500 MB of numbers, packed to some kilobytes."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in (("poses", np.zeros((frames, 66), "u1")), ("trans", np.zeros((frames, 3), "u1")),
                            ("mocap_framerate", np.array(60.0))):  # fmt: skip
            member = io.BytesIO()
            np.lib.format.write_array(member, array)
            archive.writestr(f"{name}.npy", member.getvalue())
    return stream.getvalue()


FILES = {
    "a text without an end": ("a.bsor", replay_that_never_says_how_long_a_text_is),
    "a device's number of 400 digits": ("a.txt", lambda: brekel_rows(["9" * 400 if i == 5 else 0 for i in range(50)])),
    "60,000 devices": ("a.txt", lambda: brekel_rows(range(60_000))),
    "5,000 digits of frames": ("a.bvh", lambda: bvh_text().replace("Frames: 31", f"Frames: {DIGITS}")),
    "5,000 digits of channels": ("a.bvh", lambda: bvh_text().replace("CHANNELS 3", f"CHANNELS {DIGITS}", 1)),
    "channels that are not there": ("a.bvh", lambda: bvh_text().replace("CHANNELS 3 Z", "CHANNELS 2 Z", 1)),
    "bytes in a frame": ("a.bvh", lambda: bvh_text().encode() + b"\xff\xfe\x1b[2J" * 300),
    "6,000 joints in 6,000 frames": ("a.bvh", lambda: bvh_of_joints(6000, 6000)),
    "900 joints in 30,000 frames": ("a.bvh", lambda: bvh_of_joints(900, 30_000)),
    "2,000 trackers": ("a.json", lambda: capture_of(np.arange(20) / 60, ["camera", *map(str, range(2000))])),
    "zeros that unpack": ("a.npz", archive_of_bytes),
    "eleven days in between": ("a.json", lambda: two_sessions(1e6)),
    "thirty years in between": ("a.json", lambda: two_sessions(1e9)),
    "a stamp of 1e300": ("a.json", lambda: capture_of([*np.arange(60) / 60, 1e300])),
}


@pytest.mark.parametrize("case", FILES)
def test_a_hostile_recording_costs_no_more_than_its_budget(case):
    name, make = FILES[case]
    content = make()
    data = content.encode() if isinstance(content, str) else content
    assert_cheap(name, data)


def assert_cheap(name, data, outcomes=fuzz.GOOD):
    for measure_memory in (False, True):
        assert fuzz.attempt(name, data, {}, measure_memory)[0] in outcomes


AXES = {
    "a document among them": bson_document(b"\x030\0" + bson_document(), bson_text(b"1", b"y")),
    "numbers": bson_document(*(b"\x10%d\0" % i + struct.pack("<i", i) for i in range(7))),
    "nothing": bson_document(),
    "one seven times": bson_document(*(bson_text(b"%d" % i, b"x") for i in range(7))),
    "nested 100 deep": functools.reduce(lambda in_, _: bson_document(b"\x040\0" + in_), range(100), bson_document()),
}


@pytest.mark.parametrize("case", AXES)
def test_other_axes_are_refused_in_a_line(make_recording, tmp_path, case):
    (tmp_path / "a.xror").write_bytes(xror_document(make_recording(1.0), axes=b"\x04axes\0" + AXES[case]))
    with pytest.raises(InputError, match=r"^a\.xror: ") as error:
        read(tmp_path / "a.xror")
    assert str(error.value).isprintable() and len(str(error.value)) < 400


@pytest.mark.parametrize("axes", [b"\x03axes\0" + bson_document(), bson_text(b"axes", b"xyzijk1"), b"\x0aaxes\0"])
def test_axes_that_are_no_list_are_refused_in_a_line(make_recording, tmp_path, axes):
    (tmp_path / "a.xror").write_bytes(xror_document(make_recording(1.0), axes=axes))
    with pytest.raises(InputError, match=r"^a\.xror: "):
        read(tmp_path / "a.xror")


@pytest.mark.parametrize("value", [1, 0x7FFFFFFF, 1 << 28])
@pytest.mark.parametrize("place", [4, 8, 12, 16])
def test_packed_frames_that_tell_of_other_counts_stay_within_the_budget(make_recording, place, value):
    data = bytearray(xror_document(make_recording(1.0)))
    begin = data.index(b"frames\0") + 12 + place  # Behind the name, the length and the kind of the packed bytes.
    data[begin : begin + 4] = struct.pack("<I", value)
    assert fuzz.attempt("a.xror", bytes(data), {}, measure_memory=True)[0] in fuzz.GOOD


def test_a_bomb_of_packed_frames_is_refused(make_recording):
    """Some kilobytes that unpack to more than any file may."""
    fpzip = pytest.importorskip("fpzip")
    packed = fpzip.compress(np.zeros((600_000, 22), np.float32), order="C")
    data = xror_document(make_recording(1.0), frames=packed)
    assert len(data) < 1 << 20
    assert_cheap("a.xror", data, ("refused",))
