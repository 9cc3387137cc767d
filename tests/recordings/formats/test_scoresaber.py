"""ScoreSaber's replays: written and read back, song speed and moved rooms undone, damage refused."""

from pathlib import Path

import numpy as np
import pytest

from threepoint.model_core.errors import InputError
from threepoint.model_core.recordings import Recording, read
from threepoint.model_core.recordings.formats import scoresaber
from threepoint.tests.same_recording import assert_same, texts


def test_writing_and_reading_gives_the_same_motion(make_recording, tmp_path):
    recording = make_recording(3.0, 90.0)
    scoresaber.write(tmp_path / "replay.dat", recording)
    again = read(tmp_path / "replay.dat")
    assert again.device == "saber"
    assert_same(again, recording)


@pytest.mark.parametrize(("modifier", "speed"), [("FS", 1.2), ("SF", 1.5), ("SS", 0.85)])
def test_song_speed_becomes_real_seconds(make_recording, tmp_path, modifier, speed):
    recording = make_recording(3.0, 90.0)
    scoresaber.write(tmp_path / "replay.dat", recording, ("NF", modifier))
    again = read(tmp_path / "replay.dat")
    assert again.duration == pytest.approx(3.0, abs=1e-3)
    assert any(f"{speed:g} times" in text for text in texts(again))


def test_a_room_that_the_player_moved_is_moved_back(make_recording, tmp_path):
    recording = make_recording(2.0)
    scoresaber.write(tmp_path / "replay.dat", recording, centre=(0.3, 0.15, -0.2))
    again = read(tmp_path / "replay.dat")
    assert_same(again, recording)
    assert any("moved the room" in text for text in texts(again))


def test_lost_samples_are_written_as_zeros_and_read_as_lost(make_recording, tmp_path):
    recording = make_recording(2.0, 60.0)
    recording.tracks["left_hand"].valid[10:40] = False
    scoresaber.write(tmp_path / "replay.dat", recording, centre=(0, 0.1, 0))
    assert [(d.role, d.first, d.last, d.reason) for d in read(tmp_path / "replay.dat").dropouts] == [
        ("left_hand", 10, 39, "zeroed")
    ]


def test_old_and_damaged_replays_are_refused(make_recording, tmp_path):
    path = tmp_path / "replay.dat"
    scoresaber.write(path, make_recording(1.0))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(InputError, match=r"^replay\.dat: [^\n]*$"):
        read(path)
    path.write_bytes(scoresaber.LEGACY + bytes(100))
    with pytest.raises(InputError, match="written before 2021"):
        read(path)


def test_the_first_line_is_the_games_own():
    assert len(scoresaber.MAGIC) == 28 and np.frombuffer(scoresaber.MAGIC, np.uint8)[-2:].tolist() == [13, 10]


def write_sample(folder: Path, recording: Recording) -> None:
    scoresaber.write(folder / "replay.dat", recording)
