"""A-Frame's captures, made up and real."""

import json
from pathlib import Path

import numpy as np
import pytest

from threepoint.model_core.geometry.rotations import quaternion_to_matrix
from threepoint.model_core.recordings import Recording, read
from threepoint.tests.same_recording import assert_same, euler, texts


def capture(recording, digits=9):
    """What A-Frame's component writes of a recording."""
    content = {}
    for role, key in (("head", "camera"), ("left_hand", "left"), ("right_hand", "right")):
        track = recording.tracks[role]
        poses = [
            {
                "position": dict(zip("xyz", position.round(digits).tolist(), strict=True)),
                "rotation": dict(zip("xyz", angles.round(digits).tolist(), strict=True)),
                "timestamp": round(21140.5 + 1000 * seconds, digits),
            }
            for position, angles, seconds in zip(
                track.position, euler(track.rotation, "YXZ"), recording.time.tolist(), strict=True
            )
        ]
        content[key] = {"poses": poses, "events": []}
    return content


def test_aframes_capture_comes_back(make_recording, tmp_path):
    recording = make_recording(3.0, turn=-120.0)
    content = capture(recording)
    content["camera"]["poses"].insert(3, content["camera"]["poses"][2])
    content["left"]["poses"][10]["position"] = None
    (tmp_path / "capture.json").write_text(json.dumps(content))
    again = read(tmp_path / "capture.json")
    assert again.device == "vive"
    assert [(d.role, d.first, d.last, d.reason) for d in again.dropouts] == [("left_hand", 10, 10, "missing")]
    assert any("dropped 1 samples" in warning for warning in texts(again))
    assert_same(again, recording, atol=1e-3)


def test_the_real_aframe_captures(shared):
    for name, seconds, samples in (("dev-recording.json", 9.334, 816), ("grabLeft.json", 12.69, 1127)):
        recording = read(shared / "hmd" / "aframe" / name)
        assert recording.duration == pytest.approx(seconds, abs=1e-3) and len(recording.time) == samples
        head = recording.tracks["head"]
        up = quaternion_to_matrix(head.rotation)[:, 1, 1]
        assert up.mean() > 0.9 and 1.0 < np.median(head.position[:, 1]) < 1.7
        sideways = (
            quaternion_to_matrix(head.rotation).swapaxes(-1, -2)
            @ (recording.tracks["right_hand"].position - recording.tracks["left_hand"].position)[..., None]
        )
        assert sideways[:, 0, 0].mean() > 0.1


def write_sample(folder: Path, recording: Recording) -> None:
    (folder / "capture.json").write_text(json.dumps(capture(recording, digits=4)))
