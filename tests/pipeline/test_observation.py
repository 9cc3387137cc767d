"""The networks' input: independent of place and heading, silent about what was not seen."""

import numpy as np
import pytest
import torch

from threepoint.model_core.body.proportions import body_size, proportions
from threepoint.model_core.geometry.rotations import axis_angle_to_matrix, rotation_about_y
from threepoint.model_core.observation import FEATURE_COUNT, features, heading

FRAMES = 30


@pytest.fixture
def seen():
    rng = np.random.default_rng(0)
    return axis_angle_to_matrix(rng.normal(0, 0.5, (FRAMES, 3, 3))), rng.normal(0, 1, (FRAMES, 3, 3))


def describe(rotations, positions, valid=None):
    valid = np.ones((FRAMES, 3)) if valid is None else valid
    return features(rotations, positions, valid, np.array(1.05), np.array([0.1, -0.2, 0.3]))


def test_moving_and_turning_the_room_changes_nothing(seen):
    rotations, positions = seen
    turn = rotation_about_y(np.array(1.3))
    moved = (turn @ positions[..., None])[..., 0] + np.array([5.0, 0.0, -3.0])
    assert describe(rotations, positions).shape == (FRAMES, FEATURE_COUNT)
    np.testing.assert_allclose(describe(turn @ rotations, moved), describe(rotations, positions), atol=1e-12)


def test_height_above_the_floor_is_seen(seen):
    rotations, positions = seen
    lifted = describe(rotations, positions + np.array([0, 0.1, 0]))
    assert np.abs(lifted - describe(rotations, positions)).max() > 0.05


def test_a_larger_person_in_a_larger_room_looks_the_same(seen):
    rotations, positions = seen
    valid, person = np.ones((FRAMES, 3)), np.zeros(3)
    small = features(rotations, positions, valid, np.array(1.0), person)
    np.testing.assert_allclose(features(rotations, 1.2 * positions, valid, np.array(1.2), person), small, atol=1e-12)


def test_a_lost_hand_contributes_nothing(seen):
    rotations, positions = seen
    valid = np.ones((FRAMES, 3))
    valid[10:20, 1] = 0
    invented = positions.copy()
    invented[10:20, 1] = 77.0
    np.testing.assert_array_equal(describe(rotations, invented, valid), describe(rotations, positions, valid))
    left = describe(rotations, positions, valid)[10:20, 13:29]
    assert not left.any()


def test_numpy_and_torch_agree(seen):
    rotations, positions = seen
    as_torch = features(
        torch.from_numpy(rotations), torch.from_numpy(positions), torch.ones(FRAMES, 3, dtype=torch.float64),
        torch.tensor(1.05, dtype=torch.float64), torch.tensor([0.1, -0.2, 0.3], dtype=torch.float64),
    )  # fmt: skip
    np.testing.assert_allclose(as_torch.numpy(), describe(rotations, positions), atol=1e-12)


@pytest.mark.parametrize("pitch", [-89.9, -60, 0, 60, 89.9])
def test_heading_survives_looking_up_and_down(pitch):
    turn = 0.7
    look = axis_angle_to_matrix(np.array([np.radians(pitch), 0, 0]))
    assert heading(rotation_about_y(np.array(turn)) @ look) == pytest.approx(turn, abs=1e-6)


def test_the_default_body_has_size_one_and_neutral_proportions(body):
    rest = body.rest_joints(np.zeros(10))
    assert body_size(rest) == pytest.approx(1.0, abs=2e-3)
    np.testing.assert_allclose(proportions(rest, body_size(rest)), 0, atol=0.02)


def test_size_follows_stature(body):
    tall = body.rest_joints(body.betas_for(1.95))
    assert body_size(tall) == pytest.approx(1.95 / body.stature(np.zeros(10)), rel=0.03)
