"""The recording that comes with the extension: cut from a longer one, small, and of somebody who wears the headset."""

import json

import numpy as np
import pytest

from threepoint.blender_addon.sample import SAMPLE
from threepoint.model_core.geometry.skeleton import ROLES
from threepoint.model_core.recordings import read
from threepoint.model_core.recordings.checks import check
from threepoint.tools.packaging import sample

LARGEST_KILOBYTES = 300


def capture(seconds, rate=90):
    """An A-Frame capture in which a pose's number is its place, with buttons."""
    poses = [
        {
            "position": dict.fromkeys("xyz", index + 0.123456),
            "rotation": dict.fromkeys("xyz", 0.987654321),
            "timestamp": 5000 + 1000 * index / rate,
        }
        for index in range(round(seconds * rate))
    ]
    return {
        "camera": {"poses": poses, "events": []},
        "left": {"poses": poses[3:], "events": [{"name": "buttondown"}], "gamepad": {"hand": "left"}},
    }


def test_a_capture_is_cut_rounded_and_timed_from_zero(monkeypatch):
    monkeypatch.setattr(sample, "BEGIN", 1.0)
    monkeypatch.setattr(sample, "END", 2.0)
    found = sample.cut(capture(4.0))
    assert list(found) == ["camera", "left"] and all(list(entity) == ["poses"] for entity in found.values())
    poses = found["left"]["poses"]
    assert [pose["position"]["x"] for pose in poses] == [index + 0.1235 for index in range(90, 181, sample.EVERY)]
    assert poses[0] == {"position": dict.fromkeys("xyz", 90.1235), "rotation": dict.fromkeys("xyz", 0.9877),
                        "timestamp": 0.0}  # fmt: skip
    assert poses[-1]["timestamp"] == 1000.0


def test_the_sample_is_small_and_what_the_cut_makes():
    assert SAMPLE.stat().st_size < 1000 * LARGEST_KILOBYTES
    content = json.loads(SAMPLE.read_text(encoding="utf-8"))
    assert {tuple(entity) for entity in content.values()} == {("poses",)}


def test_somebody_wears_the_headset_and_holds_both_controllers_all_the_time():
    recording = read(SAMPLE)
    assert recording.device == "vive" and recording.duration == pytest.approx(sample.END - sample.BEGIN, abs=0.05)
    assert set(recording.tracks) == set(ROLES) and all(track.valid.all() for track in recording.tracks.values())
    head = recording.tracks["head"].position
    assert head[:, 1].min() > 1.4
    for hand in ("left_hand", "right_hand"):
        assert np.linalg.norm(recording.tracks[hand].position - head, axis=-1).max() < 1.0
    assert not recording.warnings and not list(check(recording))
