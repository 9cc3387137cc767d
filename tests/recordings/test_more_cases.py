"""Neighbours of the cases that people handed in: other words for flags, other clocks, headers and pauses."""

import numpy as np
import pytest

from threepoint.model_core.recordings import read
from threepoint.model_core.recordings.resample import time_seen
from threepoint.tests.recordings.samples import walking_person
from threepoint.tests.recordings.test_cases import assert_right, columns_of, stamps, table
from threepoint.tests.same_recording import texts


@pytest.fixture(scope="module")
def person():
    return walking_person(10.0, 60.0)


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("TrackingState", '"Position, Rotation"', "None"), ("Confidence", "0.97", "0.02"), ("Tracked", "-1", "0"),
        ("LossOfTracking", "0", "1"), ("IsNotTracked", "false", "true"), ("TrackingQuality", "High", "None"),
    ],
)  # fmt: skip
def test_other_ways_to_say_that_a_hand_is_lost(tmp_path, person, name, good, bad):
    lost = person.time >= 8
    cells = np.where(lost, bad, good)
    if name == "Confidence":
        cells[::7] = "0.99"
        lost = lost.copy()
        lost[::7] = False
    found = read(table(tmp_path, ("Time", stamps(person)), *columns_of(person), (f"LeftHand{name}", cells.tolist())))
    np.testing.assert_array_equal(found.tracks["left_hand"].valid, ~lost)
    assert found.tracks["right_hand"].valid.all()


@pytest.mark.parametrize(
    ("name", "stamp", "unit"),
    [
        ("time_min", lambda s: f"{s / 60:.9f}", None), ("time", lambda s: f"{45000.5 + s / 86400:.11f}", "day"),
        ("datenum_time", lambda s: f"{738000.5 + s / 86400:.12f}", "day"),
    ],
)  # fmt: skip
def test_minutes_and_days_are_clocks(tmp_path, person, name, stamp, unit):
    found = read(table(tmp_path, (name, [stamp(s) for s in person.time]), *columns_of(person)))
    assert found.duration == pytest.approx(10.0, abs=0.01) and len(found.time) == len(person.time)
    guessed = [note.values["value"] for note in found.warnings if note.code == "time_unit_guessed"]
    assert guessed == ([unit] if unit else [])


@pytest.mark.parametrize("mark", [",", " "])
def test_a_header_may_stand_in_a_comment(tmp_path, person, mark):
    path = table(tmp_path, ("# Time", stamps(person)), *columns_of(person), mark=mark)
    path.write_text("# my logger\n" + path.read_text())
    assert_right(read(path), person)


def test_single_stamps_that_are_wild_start_no_clock_again(tmp_path, person):
    clock = person.time.copy()
    clock[[100, 300, 450]] = 1e9, -5.0, 0.2
    found = read(table(tmp_path, ("Time", [f"{value:.5f}" for value in clock]), *columns_of(person)))
    assert found.duration == pytest.approx(10.0, abs=1e-3) and len(found.time) == len(person.time) - 3
    assert not found.runs
    assert "dropped 3 samples whose times are far from those around them" in texts(found)


def test_a_pause_is_no_hands_fault(tmp_path, person):
    clock = np.where(person.time > 5, person.time + 300, person.time)
    found = read(table(tmp_path, ("Time", [f"{value:.5f}" for value in clock]), *columns_of(person)))
    assert found.duration == pytest.approx(310, abs=0.1)
    assert not any("is known" in text for text in texts(found))


@pytest.mark.parametrize("number", ["-1", "0", "-999", "9999"])
def test_numbers_that_stand_for_a_lost_hand_are_no_poses(tmp_path, person, number):
    lost = person.time >= 5
    columns = [
        (name, np.where(lost, number, cells).tolist() if "Left" in name else cells)
        for name, cells in columns_of(person)
    ]
    found = read(table(tmp_path, ("Time", stamps(person)), *columns))
    np.testing.assert_array_equal(found.tracks["left_hand"].valid, ~lost)
    for role, track in person.tracks.items():
        known = found.tracks[role].valid
        np.testing.assert_allclose(found.tracks[role].position[known], track.position[known], atol=1e-3)


@pytest.mark.parametrize("step", [2, 3])
def test_zeros_between_samples_spoil_no_guess(tmp_path, person, step):
    columns = [
        (name, [cell if "Hand" not in name or i % step == 0 else "0" for i, cell in enumerate(cells)])
        for name, cells in columns_of(person)
    ]
    found = read(table(tmp_path, ("Time", stamps(person)), *columns))
    assert found.duration == pytest.approx(10.0, abs=1e-3)
    for role, track in person.tracks.items():
        known = found.tracks[role].valid
        np.testing.assert_allclose(found.tracks[role].position[known], track.position[known], atol=0.01)
        assert time_seen(found.time, known) > 0.99
    assert {note.values["value"] for note in found.warnings if note.code == "length_unit_guessed"} == {"m"}
