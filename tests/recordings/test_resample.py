"""Recordings at other times."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from threepoint.model_core.errors import InputError
from threepoint.model_core.geometry.rotations import axis_angle_to_quaternion, quaternion_to_axis_angle
from threepoint.model_core.recordings import Recording, Track
from threepoint.model_core.recordings.resample import frame_count, interpolate_track, resample

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


def test_between_valid_samples_a_quarter_of_a_second_apart_all_is_valid():
    recording = turning(np.arange(10) / 10)
    recording.tracks["head"].valid[5] = False
    there = resample(recording, 40)
    assert there.tracks["head"].valid.all()  # 0.2 s from the sample before the lost one to the one after it
    recording.tracks["head"].valid[6] = False
    there = resample(recording, 40)
    np.testing.assert_array_equal(there.tracks["head"].valid, (there.time < 0.401) | (there.time > 0.699))


@pytest.mark.parametrize("jitter", [0.0, 3e-4])
def test_a_hand_in_every_second_row_is_known_all_the_time(make_recording, jitter):
    recording = make_recording(6.0, 90.0)
    time = recording.time + np.random.default_rng(0).uniform(-jitter, jitter, len(recording.time))
    seen = np.arange(len(time)) % 2 == 0
    whole = resample(replace(recording, time=time), 60)
    tracks = dict(recording.tracks)
    tracks["left_hand"] = replace(tracks["left_hand"], valid=seen)
    half = resample(replace(recording, time=time, tracks=tracks), 60)
    assert half.tracks["left_hand"].valid[:-1].all()
    found, expected = half.tracks["left_hand"].position[:-1], whole.tracks["left_hand"].position[:-1]
    np.testing.assert_allclose(found, expected, atol=2e-3)


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


def swinging(time):
    """A head that swings to and fro and turns, twice a second."""
    time = np.asarray(time, float)
    swing = np.stack([np.sin(4 * np.pi * time), np.cos(4 * np.pi * time), 0 * time], -1)
    return Recording(time, {"head": Track(0.2 * swing, axis_angle_to_quaternion(0.6 * swing), time >= 0)}, "swinging")


def apart(first, second):
    """Metres and radians between two recordings' heads, each frame."""
    one, two = first.tracks["head"], second.tracks["head"]
    turned = 2 * np.arccos(np.clip(np.abs((one.rotation * two.rotation).sum(-1)), 0, 1))
    return np.linalg.norm(one.position - two.position, axis=-1), turned


def test_between_sparse_samples_the_way_is_curved_not_cornered():
    there = resample(swinging(np.arange(91) / 30), 60)
    straight = interpolated_straight(swinging(np.arange(91) / 30), there.time)
    inner = slice(4, -4)
    for curved, cornered in zip(apart(there, swinging(there.time)), apart(straight, swinging(there.time)), strict=True):
        assert curved[inner].max() < 0.12 * cornered[inner].max()
    jerk = np.linalg.norm(np.diff(there.tracks["head"].position, n=3, axis=0), axis=-1).mean()
    cornered = np.linalg.norm(np.diff(straight.tracks["head"].position, n=3, axis=0), axis=-1).mean()
    assert jerk < 0.35 * cornered


def interpolated_straight(recording, at):
    tracks = {role: interpolate_track(recording.time, track, at) for role, track in recording.tracks.items()}
    return Recording(at, tracks, "straight")


@pytest.mark.parametrize("source", [60, 72, 90])
def test_between_dense_samples_it_is_straight_even_where_the_clock_stumbles(source):
    time = np.arange(3 * source) / source
    time[20:40:2] += 0.4 / source
    recording = swinging(np.delete(time, 70))
    there = resample(recording, 60)
    straight = interpolated_straight(recording, there.time)
    np.testing.assert_allclose(there.tracks["head"].position, straight.tracks["head"].position, atol=1e-12)
    np.testing.assert_allclose(there.tracks["head"].rotation, straight.tracks["head"].rotation, atol=1e-12)


def test_a_lost_sample_bends_no_curve():
    recording = swinging(np.arange(60) / 30)
    recording.tracks["head"].valid[30] = False
    there = resample(recording, 60)
    recording.tracks["head"].position[30] = 1e6
    again = resample(recording, 60)
    seen = there.tracks["head"].valid
    np.testing.assert_array_equal(there.tracks["head"].position[seen], again.tracks["head"].position[seen])


@pytest.mark.parametrize("fps", [0, -30, np.nan, np.inf])
def test_impossible_rates_are_refused(fps):
    with pytest.raises(InputError, match="cannot be resampled"):
        resample(turning([0, 1]), fps)
