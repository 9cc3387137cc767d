"""Tables with one row a tracker whose names say nothing: numbers, letters and serials are told by the motion."""

from itertools import permutations

import numpy as np
import pytest

from threepoint.model_core.recordings import read
from threepoint.model_core.recordings.conventions import from_openxr
from threepoint.tests.recordings.samples import walking_person
from threepoint.tests.same_recording import texts

ROLES = ("head", "left_hand", "right_hand")


def write_rows(path, recording, ids, column="device", convention="unity", angles=False, more=None):
    """A table with a row for each tracker and time; ``ids`` are what head, left and right hand are called."""
    tracks = dict(zip(ids, (recording.tracks[role] for role in ROLES), strict=True)) | (more or {})
    names = ["time", column, "pos_x", "pos_y", "pos_z", "rot_x", "rot_y", "rot_z", "rot_w"]
    poses = {name: from_openxr(track.position, track.rotation, convention) for name, track in tracks.items()}
    lines = [",".join(names)]
    for i, second in enumerate(recording.time):
        for name in sorted(poses, key=str):
            position, rotation = poses[name]
            numbers = [*position[i], *rotation[i][[1, 2, 3, 0]]]
            lines.append(f"{second:.5f},{name}," + ",".join(f"{number:.5f}" for number in numbers))
    path.write_text("\n".join(lines) + "\n")
    return path


def assert_right(found, recording):
    assert set(found.tracks) == set(recording.tracks)
    for role, track in recording.tracks.items():
        np.testing.assert_allclose(found.tracks[role].position, track.position, atol=1e-3)


@pytest.mark.parametrize("ids", list(permutations((0, 1, 2))))
@pytest.mark.parametrize("convention", ["unity", "openxr", "unreal"])
def test_numbers_are_told_by_the_motion(tmp_path, ids, convention):
    person = walking_person(8.0, 30.0)
    found = read(write_rows(tmp_path / "rows.csv", person, ids, "tracker_id", convention))
    assert_right(found, person)
    head, left, right = ids
    told = f"head, left and right hand are '{head}', '{left}', '{right}'"
    swapped = f"'{head}', '{right}', '{left}'; '--trackers left=right_hand,right=left_hand' chooses the other"
    # Mirrored axes with exchanged hands look alike.
    assert {f"guessed: {told}", f"not sure: {told} or {swapped}"} & set(texts(found))


@pytest.mark.parametrize(
    "ids", [("B", "C", "A"), ("H", "L", "R"), ("LHR-9F3", "LHR-00A", "LHR-77C"), ("hmd", "LHR-77C", "LHR-00A")]
)
def test_letters_and_serials(tmp_path, ids):
    person = walking_person(8.0, 30.0, seed=3)
    assert_right(read(write_rows(tmp_path / "rows.csv", person, ids, "name")), person)


def test_a_head_alone_and_more_trackers_than_two_hands(tmp_path):
    person = walking_person(8.0, 30.0)
    foot = person.tracks["left_hand"].at(slice(None))
    foot.position[:, 1] -= 0.8
    found = read(write_rows(tmp_path / "rows.csv", person, (3, 7, 5), "id", more={9: foot}))
    assert_right(found, person)
    assert "1 trackers whose names are not understood are not used: 9" in texts(found)


def test_a_column_that_numbers_other_things_is_no_tracker(tmp_path):
    person = walking_person(4.0, 30.0)
    path = write_rows(tmp_path / "rows.csv", person, ("HMD", "left hand", "right hand"))
    rows = path.read_text().splitlines()
    path.write_text("\n".join([rows[0] + ",trial_id"] + [f"{row},{i % 2}" for i, row in enumerate(rows[1:])]))
    assert_right(read(path), person)


def test_hands_may_have_fewer_rows_than_the_head(tmp_path):
    person = walking_person(8.0, 60.0)
    path = write_rows(tmp_path / "rows.csv", person, ("HMD", "LeftController", "RightController"))
    rows = path.read_text().splitlines()
    path.write_text("\n".join([rows[0]] + [row for i, row in enumerate(rows[1:]) if "HMD" in row or (i // 3) % 2 == 0]))
    found = read(path)
    for role, track in person.tracks.items():
        assert found.tracks[role].valid[:-1].all()
        np.testing.assert_allclose(found.tracks[role].position[::2], track.position[::2], atol=1e-3)
