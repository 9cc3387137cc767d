"""Our own CSV: written and read back without loss."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from threepoint.model_core.errors import InputError
from threepoint.model_core.recordings import Recording, read
from threepoint.model_core.recordings.formats import plain


def test_our_own_csv_is_read_back_without_loss(make_recording, tmp_path):
    recording = make_recording(2.0, 90.0, turn=40.0)
    recording.tracks["left_hand"].valid[30:40] = False
    plain.write(tmp_path / "own.csv", recording)
    again = read(tmp_path / "own.csv")
    np.testing.assert_array_equal(again.time, recording.time)
    for role, track in recording.tracks.items():
        np.testing.assert_array_equal(again.tracks[role].valid, track.valid)
        np.testing.assert_array_equal(again.tracks[role].position[track.valid], track.position[track.valid])
        np.testing.assert_allclose(again.tracks[role].rotation[track.valid], track.rotation[track.valid], atol=1e-15)
    assert again.device == recording.device


def test_betas_and_body_trackers_survive(make_recording, tmp_path):
    recording = make_recording(1.0)
    tracks = {**recording.tracks, "waist": recording.tracks["head"]}
    plain.write(tmp_path / "own.csv", replace(recording, tracks=tracks, betas=np.arange(10) / 7))
    again = read(tmp_path / "own.csv")
    assert list(again.tracks) == ["head", "left_hand", "right_hand", "waist"]
    np.testing.assert_array_equal(again.betas, np.arange(10) / 7)


def test_a_broken_first_line_is_refused(make_recording, tmp_path):
    plain.write(tmp_path / "own.csv", make_recording(1.0))
    text = (tmp_path / "own.csv").read_text().replace('{"device"', "[1,2", 1)
    (tmp_path / "own.csv").write_text(text)
    with pytest.raises(InputError, match="its first line should be"):
        read(tmp_path / "own.csv")


def write_sample(folder: Path, recording: Recording) -> None:
    plain.write(folder / "own.csv", recording)
