"""Where a recording enters the model's frame, and parts of recordings."""

import numpy as np
import pytest

from threepoint.model_core.geometry.frames import OPENXR_TO_MODEL, convert_positions, convert_quaternions
from threepoint.model_core.recordings.model_frame import model_frame


def test_the_first_head_that_is_seen_is_above_the_origin_and_everything_comes_back(make_recording):
    recording = make_recording(1.0, move=(7.0, 0.2, -3.0))
    recording.tracks["head"].valid[:5] = False
    placed = model_frame(recording)
    np.testing.assert_array_equal(placed.tracks["head"].position[5, [0, 2]], 0)
    assert placed.origin[1] == 0 and placed.device == recording.device
    for role, track in recording.tracks.items():
        position = convert_positions(placed.tracks[role].position + placed.origin, OPENXR_TO_MODEL.T)
        np.testing.assert_allclose(position, track.position, atol=1e-12)
        rotation = convert_quaternions(placed.tracks[role].rotation, OPENXR_TO_MODEL.T)
        np.testing.assert_allclose(rotation, track.rotation, atol=1e-15)


def test_looking_along_minus_z_becomes_looking_along_z(make_recording):
    recording = make_recording(1.0)
    ahead = recording.tracks["head"].position - [0, 0, 1]
    placed = model_frame(recording)
    moved = convert_positions(ahead, OPENXR_TO_MODEL) - placed.origin
    np.testing.assert_allclose(moved - placed.tracks["head"].position, [[0, 0, 1]] * len(moved), atol=1e-6)


@pytest.mark.parametrize("samples", [slice(3, 9), np.array([0, 4, 5]), np.arange(73) % 2 == 0])
def test_some_samples_of_a_recording(make_recording, samples):
    recording = make_recording(1.0)
    part = recording.at(samples)
    np.testing.assert_array_equal(part.time, recording.time[samples])
    np.testing.assert_array_equal(part.tracks["head"].rotation, recording.tracks["head"].rotation[samples])
    assert part.dropouts == () and list(part.only(["head"]).tracks) == ["head"]


def test_who_is_far_away_is_placed_as_finely_as_who_is_near(make_recording):
    near, far = model_frame(make_recording(1.0)), model_frame(make_recording(1.0, move=(900.0, 0, -400.0)))
    for role, track in near.tracks.items():
        np.testing.assert_allclose(far.tracks[role].position, track.position, atol=1e-7)
    moved = convert_positions(np.array([900.0, 0, -400.0]), OPENXR_TO_MODEL)
    np.testing.assert_allclose(far.origin - near.origin, moved, atol=1e-7)
