"""Recordings at other times."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from threepoint.model_core.errors import InputError
from threepoint.model_core.recordings import Recording, Track
from threepoint.model_core.recordings.resample import frame_count, resample
from threepoint.model_core.rotations import axis_angle_to_quaternion, quaternion_to_axis_angle

RATES = [24, 29.97, 30, 60, 72, 80, 90, 120, 144]


def turning(time):
    """A head that moves and turns at constant speed: interpolation is exact."""
    time = np.asarray(time, float)
    position = time[:, None] * np.array([0.1, 0.02, -0.3])
    rotation = axis_angle_to_quaternion(time[:, None] * np.array([0.2, 0.5, -0.1]))
    return Recording(time, {"head": Track(position, rotation, np.ones(len(time), bool))}, "turning")


@pytest.mark.parametrize("source", RATES)
@pytest.mark.parametrize("target", RATES)
def test_seconds_are_kept_to_a_frame(source, target):
    recording = turning(np.arange(round(10.3 * source) + 1) / source)
    there = resample(recording, target)
    assert 0 <= recording.duration - there.duration < 1 / target
    back = resample(there, source)
    assert 0 <= recording.duration - back.duration < 1 / target + 1 / source


@settings(deadline=None, max_examples=60)
@given(
    steps=st.lists(st.floats(1e-4, 0.24), min_size=2, max_size=60),
    start=st.floats(-1e4, 1e4),
    fps=st.sampled_from(RATES),
)
def test_irregular_clocks_keep_their_seconds_and_poses(steps, start, fps):
    recording = turning(start + np.cumsum(steps))
    there = resample(recording, fps)
    assert -1e-6 / fps <= recording.duration - there.duration < 1 / fps + 1e-6
    assert there.tracks["head"].valid.all()
    np.testing.assert_allclose(there.tracks["head"].position, turning(there.time).tracks["head"].position, atol=1e-7)
    np.testing.assert_allclose(np.linalg.norm(there.tracks["head"].rotation, axis=-1), 1, atol=1e-9)


def test_rotation_turns_at_constant_speed():
    there = resample(turning(np.arange(30) / 10), 97)
    expected = there.time[:, None] * np.array([0.2, 0.5, -0.1])
    np.testing.assert_allclose(quaternion_to_axis_angle(there.tracks["head"].rotation), expected, atol=1e-6)


def test_the_same_times_give_the_same_poses():
    recording = turning(np.arange(50) / 60)
    there = resample(recording, 60)
    np.testing.assert_allclose(there.tracks["head"].position, recording.tracks["head"].position, atol=1e-12)
    assert len(there.time) == 50


def test_gaps_are_not_data():
    recording = turning([0, 0.1, 0.2, 0.6, 0.7])
    there = resample(recording, 20)
    in_gap = (there.time > 0.201) & (there.time < 0.599)
    np.testing.assert_array_equal(there.tracks["head"].valid, ~in_gap)


def test_samples_beside_a_lost_one_are_not_data():
    recording = turning(np.arange(10) / 10)
    recording.tracks["head"].valid[5] = False
    there = resample(recording, 40)
    np.testing.assert_array_equal(there.tracks["head"].valid, (there.time < 0.401) | (there.time > 0.599))


def test_a_window_equals_the_same_part_of_the_whole(make_recording):
    recording = make_recording(5.0, 90.0)
    whole = resample(recording, 60)
    window = resample(recording, 60, start=whole.time[100], count=50)
    for role, track in window.tracks.items():
        np.testing.assert_allclose(track.position, whole.tracks[role].position[100:150], atol=1e-9)
        np.testing.assert_array_equal(track.valid, whole.tracks[role].valid[100:150])


def test_outside_the_recording_nothing_is_valid():
    recording = turning(np.arange(11) / 10)
    beyond = resample(recording, 10, start=-0.5, count=20)
    np.testing.assert_array_equal(beyond.tracks["head"].valid, (beyond.time > -0.01) & (beyond.time < 1.01))


def test_an_hour_has_its_frames():
    assert frame_count(3600.0, 90) == 324001
    assert frame_count(61.3, 60) == 3679


@pytest.mark.parametrize("fps", [0, -30, np.nan, np.inf])
def test_impossible_rates_are_refused(fps):
    with pytest.raises(InputError, match="cannot be resampled"):
        resample(turning([0, 1]), fps)
