"""BSOR replays: read as py-bsor reads them, written and read back, and every way of being broken told in one line."""

from pathlib import Path

import numpy as np
import pytest

from threepoint.model_core.errors import InputError
from threepoint.model_core.recordings import Recording, read
from threepoint.model_core.recordings.conventions import from_openxr
from threepoint.model_core.recordings.formats import bsor
from threepoint.tests.same_recording import texts


@pytest.fixture
def replay(make_recording, tmp_path):
    """A replay written by us, and the recording it was made from."""
    recording = make_recording(3.0, 90.0)
    path = tmp_path / "made.bsor"
    bsor.write(path, recording, hmd="Quest 3", controller="Touch Plus")
    return path, recording


def test_writing_and_reading_gives_the_same_motion(replay):
    path, recording = replay
    again = read(path)
    assert again.device == "saber" and again.dropouts == ()
    np.testing.assert_allclose(again.time, recording.time, atol=1e-6)
    for role, track in recording.tracks.items():
        np.testing.assert_allclose(again.tracks[role].position, track.position, atol=1e-6)
        dots = np.abs((again.tracks[role].rotation * track.rotation).sum(-1))
        np.testing.assert_allclose(dots, 1, atol=1e-6)


def test_py_bsor_reads_what_we_write(replay):
    oracle = pytest.importorskip("bsor.Bsor")
    path, recording = replay
    with open(path, "rb") as file:
        theirs = oracle.make_bsor(file)
    assert (theirs.info.hmd, theirs.info.controller, len(theirs.frames)) == ("Quest 3", "Touch Plus", 271)
    assert theirs.frames[7].head.y == pytest.approx(recording.tracks["head"].position[7, 1], abs=1e-6)
    assert theirs.frames[7].head.z == pytest.approx(-recording.tracks["head"].position[7, 2], abs=1e-6)


def test_lost_samples_are_written_as_zeros_and_read_as_lost(make_recording, tmp_path):
    recording = make_recording(2.0, 60.0)
    recording.tracks["left_hand"].valid[10:20] = False
    bsor.write(tmp_path / "lost.bsor", recording)
    again = read(tmp_path / "lost.bsor")
    assert [(d.role, d.first, d.last, d.reason) for d in again.dropouts] == [("left_hand", 10, 19, "zeroed")]


def test_every_real_replay_equals_py_bsor(shared):
    oracle = pytest.importorskip("bsor.Bsor")
    for path in sorted((shared / "hmd" / "bsor").glob("*.bsor")):
        with open(path, "rb") as file:
            theirs = oracle.make_bsor(file)
        times = np.array([frame.time for frame in theirs.frames])
        poses = np.array([[device_row(d) for d in (f.head, f.left_hand, f.right_hand)] for f in theirs.frames])
        ours = read(path)
        rows = np.searchsorted(times, ours.time) if (np.diff(times) > 0).all() else rows_of(times, ours.time)
        np.testing.assert_array_equal(times[rows], ours.time, err_msg=path.name)
        for index, role in enumerate(("head", "left_hand", "right_hand")):
            track = ours.tracks[role]
            position, rotation = from_openxr(track.position, track.rotation, "unity")
            seen = track.valid
            np.testing.assert_array_equal(position[seen], poses[rows, index, :3][seen], err_msg=path.name)
            expected = poses[rows, index][:, [6, 3, 4, 5]][seen]
            expected /= np.linalg.norm(expected, axis=-1, keepdims=True)
            same = np.abs((rotation[seen] * expected).sum(-1))
            np.testing.assert_allclose(same, 1, atol=1e-12, err_msg=path.name)
            garbage = np.abs(np.linalg.norm(poses[rows, index, 3:], axis=-1) - 1) > 0.05
            assert not (garbage & seen).any(), path.name


def device_row(device):
    return [*device.position, *device.rotation]


def rows_of(times, kept):
    """Rows in order whose times are ``kept``: of repeated stamps the last before the next kept one."""
    rows, row = [], len(times) - 1
    for value in kept[::-1]:
        while times[row] != value:
            row -= 1
        rows.append(row)
        row -= 1
    return np.array(rows[::-1])


def test_real_players_stand_upright_and_have_their_hands_on_their_sides(shared):
    for path in sorted((shared / "hmd" / "bsor").glob("*.bsor")):
        recording = read(path)
        head, left, right = (recording.tracks[role] for role in ("head", "left_hand", "right_hand"))
        assert 1.4 < np.median(head.position[head.valid, 1]) < 1.9, path.name
        both = left.valid & right.valid
        assert np.median((right.position - left.position)[both, 0]) > 0.15, path.name
        assert recording.tracks["head"].valid.mean() > 0.95, path.name


def test_song_speed_becomes_real_seconds(replay):
    path, recording = replay
    data = path.read_bytes()
    # The last of the info's texts is the modifiers: four bytes of length before jump distance and the other floats.
    place = data.index(bytes([1]) + (271).to_bytes(4, "little")) - 21 - 4
    path.write_bytes(data[:place] + (5).to_bytes(4, "little") + b"NF,FS" + data[place + 4 :])
    faster = read(path)
    assert faster.duration == pytest.approx(recording.duration / 1.2, abs=1e-4)
    assert any("1.2 times" in warning for warning in texts(faster))


@pytest.mark.parametrize("part", [0.001, 0.01, 0.3, 0.9])
def test_a_replay_cut_short_is_refused(replay, part):
    path, _ = replay
    data = path.read_bytes()
    path.write_bytes(data[: max(5, int(len(data) * part))])
    with pytest.raises(InputError, match=r"^made\.bsor: .*cut short[^\n]*$"):
        read(path)


def test_a_replay_whose_frames_are_whole_is_read(replay):
    path, recording = replay
    path.write_bytes(path.read_bytes()[:-9])
    again = read(path)
    assert len(again.time) == len(recording.time)
    assert any("cut short, but its frames are whole" in text for text in texts(again))


@pytest.mark.parametrize("speed", [0.5, 1.5])
def test_practice_speed_is_divided_out(replay, speed):
    path, recording = replay
    data = path.read_bytes()
    # The last float of the info, right before the frames' section.
    place = data.index(bytes([1]) + (271).to_bytes(4, "little")) - 4
    path.write_bytes(data[:place] + np.float32(speed).tobytes() + data[place + 4 :])
    again = read(path)
    assert again.duration == pytest.approx(recording.duration / speed, abs=1e-4)
    assert any(f"{speed:g} times" in text for text in texts(again))


def test_a_real_replay_cut_within_its_frames_is_refused(shared, tmp_path):
    data = (shared / "hmd" / "bsor" / "simsaber_motion.bsor").read_bytes()
    path = tmp_path / "cut.bsor"
    for part in (0.1, 0.5):
        path.write_bytes(data[: int(len(data) * part)])
        with pytest.raises(InputError, match=r"^cut\.bsor: [^\n]*$"):
            read(path)


def test_a_newer_version_is_refused(replay):
    path, _ = replay
    data = bytearray(path.read_bytes())
    data[4] = 9
    path.write_bytes(data)
    with pytest.raises(InputError, match="BSOR version 9"):
        read(path)


def test_a_huge_count_is_refused_before_any_memory_is_taken(replay):
    path, _ = replay
    data = path.read_bytes()
    count = data.index(bytes([1]) + (271).to_bytes(4, "little"))
    path.write_bytes(data[: count + 1] + (2**31 - 1).to_bytes(4, "little") + data[count + 5 :])
    with pytest.raises(InputError, match="tells of 2147483647 frames"):
        read(path)


def test_names_counted_in_letters_are_read(replay):
    path, recording = replay
    data = path.read_bytes()
    # Fifth text of the info: the player's name, whose length an old writer counted in letters, not bytes.
    place = 4 + 1 + 1 + 4 * 4
    name = "Jürgen".encode()
    path.write_bytes(data[:place] + (6).to_bytes(4, "little") + name + data[place + 4 :])
    assert len(read(path).time) == len(recording.time)


def write_sample(folder: Path, recording: Recording) -> None:
    bsor.write(folder / "game.bsor", recording, "Quest 3", "Touch Plus")
