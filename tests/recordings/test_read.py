"""The one door to all formats: content decides, and whatever is no recording gets one clear line."""

import numpy as np
import pytest

from threepoint.model_core.errors import InputError
from threepoint.model_core.recordings.formats import bsor, plain
from threepoint.model_core.recordings import read


def refusal(path, **options):
    with pytest.raises(InputError) as caught:
        read(path, **options)
    message = str(caught.value)
    assert "\n" not in message and len(message) < 300
    return message


def test_a_missing_file(tmp_path):
    assert refusal(tmp_path / "nowhere.bsor").endswith("nowhere.bsor: no such file")


def test_a_folder_without_a_recording(tmp_path):
    assert "folder" in refusal(tmp_path)


def test_an_empty_file(tmp_path):
    (tmp_path / "nothing.csv").write_bytes(b"")
    assert refusal(tmp_path / "nothing.csv") == "nothing.csv: is empty"


def test_a_text_file_named_bsor(tmp_path):
    (tmp_path / "notes.bsor").write_text("Dear diary,\ntoday I played well.\n")
    assert "notes.bsor: no recognisable columns" in refusal(tmp_path / "notes.bsor")


def test_a_picture(tmp_path):
    (tmp_path / "picture.bsor").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)))
    assert "neither text nor a recording" in refusal(tmp_path / "picture.bsor")


def test_a_table_without_recognisable_columns(tmp_path):
    (tmp_path / "prices.csv").write_text("day,apples,pears,plums,grapes\n1,2,3,4,5\n2,3,4,5,6\n")
    assert "prices.csv: no recognisable columns" in refusal(tmp_path / "prices.csv")


def test_a_zip_that_is_no_motion(tmp_path):
    np.savez(tmp_path / "other.npz", weights=np.zeros(3))
    assert "lacks poses, trans" in refusal(tmp_path / "other.npz")


def test_an_option_that_the_format_does_not_have(make_recording, tmp_path):
    bsor.write(tmp_path / "game.bsor", make_recording(1.0))
    assert "bsor takes no option 'fps'" in refusal(tmp_path / "game.bsor", fps=30)


def test_the_name_does_not_matter(make_recording, tmp_path):
    recording = make_recording(1.0)
    bsor.write(tmp_path / "game.csv", recording)
    plain.write(tmp_path / "table.bsor", recording)
    assert read(tmp_path / "game.csv").device == "saber"
    assert read(tmp_path / "table.bsor").device == "grip"


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


def test_betas_and_further_trackers_survive_our_own_csv(make_recording, tmp_path):
    from dataclasses import replace

    recording = make_recording(1.0)
    tracks = {**recording.tracks, "waist": recording.tracks["head"]}
    plain.write(tmp_path / "own.csv", replace(recording, tracks=tracks, betas=np.arange(10) / 7))
    again = read(tmp_path / "own.csv")
    assert list(again.tracks) == ["head", "left_hand", "right_hand", "waist"]
    np.testing.assert_array_equal(again.betas, np.arange(10) / 7)


def test_a_broken_first_line_of_our_own_csv(make_recording, tmp_path):
    plain.write(tmp_path / "own.csv", make_recording(1.0))
    text = (tmp_path / "own.csv").read_text().replace('{"device"', "[1,2", 1)
    (tmp_path / "own.csv").write_text(text)
    assert "its first line should be" in refusal(tmp_path / "own.csv")
