"""XRoboToolkit's lines: controllers in either axes, tracked hands, broken lines."""

import json
from pathlib import Path

import numpy as np
import pytest

from threepoint.model_core.recordings import Recording, read
from threepoint.model_core.recordings.conventions import from_openxr
from threepoint.tests.recordings.samples import walking_person
from threepoint.tests.same_recording import assert_same, texts


def lines(recording, axes="openxr", hands=False):
    """What XRoboToolkit records: a line a sample."""

    def pose(role, index, convention):
        track = recording.tracks[role]
        position, rotation = from_openxr(track.position[index], track.rotation[index], convention)
        return ",".join(f"{value:.6f}" for value in [*position, *rotation[[1, 2, 3, 0]]])

    found = []
    for i, seconds in enumerate(recording.time):
        stamp = 1_700_000_000_000_000_000 + round(seconds * 1e9)
        sample = {"predictTime": 0, "timeStampNs": stamp, "Head": {"pose": pose("head", i, "openxr"), "status": 3}}
        left, right = (pose(f"{side}_hand", i, axes) for side in ("left", "right"))
        if hands:
            rest = [{"p": "0,0,0,0,0,0,1"}]
            sample["Hand"] = {
                f"{side}Hand": {"isActive": 1, "HandJointLocations": rest + [{"p": wrist}] + rest * 24}
                for side, wrist in (("left", left), ("right", right))
            }
        else:
            sample["Controller"] = {"left": {"pose": left}, "right": {"pose": right}, "timeStampNs": stamp}
        found.append(json.dumps(sample))
    return found


@pytest.mark.parametrize("axes", ["openxr", "unity"])
@pytest.mark.parametrize("hands", [False, True])
def test_controllers_and_hands_come_into_the_heads_axes(tmp_path, axes, hands):
    recording = walking_person(4.0)
    (tmp_path / "trackingData_1.txt").write_text("\n".join(lines(recording, axes, hands)))
    again = read(tmp_path / "trackingData_1.txt")
    assert again.device == ("hand" if hands else "grip")
    assert_same(again, recording)


def test_broken_lines_are_counted_and_bodies_named(tmp_path):
    rows = lines(walking_person(2.0))
    rows[5] = rows[5][:40]
    rows[7] = rows[7][:-1] + ', "Body": {"joints": [{"p": "0,0,0,0,0,0,1"}]}}'
    (tmp_path / "tracking.txt").write_text("\n".join(rows))
    again = read(tmp_path / "tracking.txt")
    assert len(again.time) == 60
    assert any("left out 1 of 61 lines" in text for text in texts(again))
    assert any("not used: Body" in text for text in texts(again))


def test_controllers_that_are_off_are_zeros(tmp_path):
    recording = walking_person(2.0)
    rows = [json.loads(row) for row in lines(recording)]
    for row in rows[10:40]:
        row["Controller"]["left"]["pose"] = "0.0,0.0,0.0,0.0,0.0,0.0,1.0"
    (tmp_path / "tracking.txt").write_text("\n".join(map(json.dumps, rows)))
    left = read(tmp_path / "tracking.txt").tracks["left_hand"]
    assert np.flatnonzero(~left.valid).tolist() == list(range(10, 40))


def write_sample(folder: Path, recording: Recording) -> None:
    (folder / "trackingData_sample.txt").write_text("\n".join(lines(recording)))


def test_a_stamp_of_hundreds_of_digits_is_no_time(tmp_path):
    recording = walking_person(2.0)
    found = lines(recording)
    sample = json.loads(found[20])
    sample["timeStampNs"] = 10**400
    found[20] = json.dumps(sample)
    path = tmp_path / "a.txt"
    path.write_text("\n".join(found))
    assert len(read(path).time) == len(recording.time) - 1
