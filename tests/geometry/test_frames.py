"""OpenXR, model and Blender: one person, seen in all three frames."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.transform import Rotation

from threepoint.model_core.geometry.frames import (
    MODEL_TO_BLENDER,
    OPENXR_TO_BLENDER,
    OPENXR_TO_MODEL,
    convert_positions,
    convert_quaternions,
)
from threepoint.model_core.geometry.rotations import quaternion_to_matrix

CHANGES = {
    "OpenXR to model": OPENXR_TO_MODEL,
    "model to Blender": MODEL_TO_BLENDER,
    "OpenXR to Blender": OPENXR_TO_BLENDER,
}
EVERY_CHANGE = pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)

UNHURRIED = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])

# Up, forward and the person's left hand side in each frame.
OPENXR = {"up": (0, 1, 0), "forward": (0, 0, -1), "left": (-1, 0, 0)}
MODEL = {"up": (0, 1, 0), "forward": (0, 0, 1), "left": (1, 0, 0)}
BLENDER = {"up": (0, 0, 1), "forward": (0, -1, 0), "left": (1, 0, 0)}


def conjugated(matrices, change):
    """Rotation matrices in one frame -> in another."""
    return change @ matrices @ change.T


@pytest.mark.parametrize("direction", ["up", "forward", "left"])
@pytest.mark.parametrize(
    "change, source, target",
    [(OPENXR_TO_MODEL, OPENXR, MODEL), (MODEL_TO_BLENDER, MODEL, BLENDER), (OPENXR_TO_BLENDER, OPENXR, BLENDER)],
    ids=CHANGES,
)
def test_a_person_keeps_up_forward_and_left(change, source, target, direction):
    np.testing.assert_array_equal(convert_positions(np.array(source[direction], float), change), target[direction])


def test_a_left_hand_before_a_standing_person_lands_there_in_every_frame():
    """1.2 m high, 0.4 m in front, 0.3 m to the left."""
    hand = np.array([-0.3, 1.2, -0.4])
    np.testing.assert_allclose(convert_positions(hand, OPENXR_TO_MODEL), (0.3, 1.2, 0.4))
    np.testing.assert_allclose(convert_positions(hand, OPENXR_TO_BLENDER), (0.3, -0.4, 1.2))


@EVERY_CHANGE
def test_changes_are_rotations(change):
    np.testing.assert_allclose(change @ change.T, np.eye(3))
    assert np.linalg.det(change) == pytest.approx(1)


@EVERY_CHANGE
def test_a_device_looking_forward_is_the_identity_everywhere(change):
    np.testing.assert_allclose(convert_quaternions(np.array([1.0, 0, 0, 0]), change), (1, 0, 0, 0), atol=1e-12)


def test_a_device_turned_to_the_left_looks_left_in_every_frame():
    turned = Rotation.from_rotvec([0, np.pi / 2, 0]).as_matrix()  # OpenXR: counter-clockwise seen from above.
    np.testing.assert_allclose(turned @ OPENXR["forward"], OPENXR["left"], atol=1e-12)
    for change, target in ((OPENXR_TO_MODEL, MODEL), (OPENXR_TO_BLENDER, BLENDER)):
        found = conjugated(turned, change) @ target["forward"]
        np.testing.assert_allclose(found, target["left"], atol=1e-12)


@EVERY_CHANGE
@UNHURRIED
@given(points=arrays(np.float64, (4, 2, 3), elements=st.floats(-100, 100)), seed=st.integers(0, 2**32 - 1))
def test_round_trips_and_agreement_of_quaternions_with_matrices(change, points, seed):
    np.testing.assert_allclose(convert_positions(convert_positions(points, change), change.T), points)
    turns = Rotation.random(5, random_state=seed)
    matrices, quaternions = turns.as_matrix(), turns.as_quat()[:, [3, 0, 1, 2]]
    converted = conjugated(matrices, change)
    np.testing.assert_allclose(conjugated(converted, change.T), matrices, atol=1e-12)
    np.testing.assert_allclose(quaternion_to_matrix(convert_quaternions(quaternions, change)), converted, atol=1e-12)


@EVERY_CHANGE
def test_turning_then_converting_is_converting_then_turning(change):
    turn, point = Rotation.random(random_state=1).as_matrix(), np.array([0.3, -1.0, 2.0])
    expected = convert_positions(turn @ point, change)
    np.testing.assert_allclose(conjugated(turn, change) @ convert_positions(point, change), expected, atol=1e-12)


def test_the_long_way_round_is_the_short_way():
    np.testing.assert_array_equal(MODEL_TO_BLENDER @ OPENXR_TO_MODEL, OPENXR_TO_BLENDER)


def test_single_precision_stays_single():
    assert convert_positions(np.zeros((2, 3), np.float32), OPENXR_TO_MODEL).dtype == np.float32
    assert convert_quaternions(np.array([1, 0, 0, 0], np.float32), OPENXR_TO_MODEL).dtype == np.float32
