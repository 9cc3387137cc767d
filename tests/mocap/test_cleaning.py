"""What retargeted motion goes through before it is learned from."""

import numpy as np
import pytest

from threepoint.model_core.geometry.rotations import (
    geodesic_angle,
    matrix_to_quaternion,
    quaternion_to_matrix,
    rotation_about_y,
)
from threepoint.model_core.mocap.cleaning import floor_height, foot_heights, glitches, resample_motion, segments, smooth


def spin(count, fps):
    """22 joints that turn once in two seconds while the pelvis moves 1 m a second."""
    times = np.arange(count) / fps
    rotations = np.repeat(rotation_about_y(np.pi * times)[:, None], 22, axis=1)
    return rotations, times[:, None] * [1.0, 0, 0]


@pytest.mark.parametrize(("fps", "count"), [(30, 31), (60, 61), (100, 101), (120, 121), (59.94, 61)])
def test_a_second_stays_a_second_at_any_rate(fps, count):
    rotations, translation = spin(count, fps)
    turned, moved, bad = resample_motion(rotations, translation, np.zeros(count, bool), fps)
    expected_turn, expected_move = spin(len(moved), 60)
    assert len(moved) == int((count - 1) / fps * 60 + 1e-6) + 1 and not bad.any()
    np.testing.assert_allclose(moved, expected_move, atol=1e-4)
    assert np.degrees(geodesic_angle(turned, expected_turn)).max() < 0.01


def test_a_bad_frame_spoils_those_made_of_it():
    rotations, translation = spin(31, 30)
    bad = np.zeros(31, bool)
    bad[10] = True
    assert np.flatnonzero(resample_motion(rotations, translation, bad, 30)[2]).tolist() == [18, 19, 20, 21]


def test_stretches_between_glitches_are_found():
    bad = np.zeros(200, bool)
    bad[[70, 90, 199]] = True
    assert segments(bad) == [(0, 70), (91, 199)]
    assert segments(np.ones(5, bool)) == []


def test_jumps_are_glitches_and_swaying_is_none(make_clip):
    clip = make_clip(120)
    rotations, translation = clip.rotations(), clip.translation.astype(float)
    assert not glitches(rotations, translation, clip.rest_joints).any()
    rotations[60, 16] = rotation_about_y(np.array(2.0)) @ rotations[60, 16]
    found = np.flatnonzero(glitches(rotations, translation, clip.rest_joints))
    assert found.tolist() == list(range(56, 66))


def test_smoothing_takes_noise_and_leaves_motion(make_clip):
    clip = make_clip(240)
    random = np.random.default_rng(0)
    truth = matrix_to_quaternion(clip.rotations())
    noisy = truth + random.normal(0, 0.002, truth.shape)
    noisy[100:] *= -1  # The same rotations by other signs.
    smoothed, moved = smooth(noisy, clip.translation.astype(float))
    error = np.degrees(geodesic_angle(quaternion_to_matrix(smoothed), clip.rotations()))
    raw = np.degrees(
        geodesic_angle(quaternion_to_matrix(noisy / np.linalg.norm(noisy, axis=-1)[..., None]), clip.rotations())
    )
    assert error.mean() < 0.6 * raw.mean()
    np.testing.assert_allclose(moved, clip.translation, atol=2e-3)


def test_the_floor_is_where_the_feet_stand(make_clip):
    clip = make_clip(240)
    raised = clip.translation + [0, 0.37, 0]
    assert floor_height(clip.rotations(), raised, clip.rest_joints, clip.sole) == pytest.approx(0.37, abs=0.005)
    heights = foot_heights(clip.world()[1], clip.rest_joints, clip.sole)
    np.testing.assert_allclose(heights[:, :2], 0, atol=1e-3)
