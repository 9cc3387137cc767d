"""Source conventions and their one conversion to OpenXR's."""

import numpy as np
import pytest

from threepoint.model_core.geometry.rotations import axis_angle_to_quaternion, quaternion_to_matrix
from threepoint.model_core.recordings.conventions import CONVENTIONS, euler_to_quaternion, from_openxr, to_openxr
from threepoint.model_core.recordings.guessing import rotate

FORWARD = {
    "openxr": [0, 0, -1], "unity": [0, 0, 1], "unreal": [1, 0, 0], "ros": [1, 0, 0], "z_up": [0, 1, 0],
    "gltf": [0, 0, 1], "blender": [0, -1, 0],
}  # fmt: skip
UP = {
    "openxr": [0, 1, 0], "unity": [0, 1, 0], "unreal": [0, 0, 1], "ros": [0, 0, 1], "z_up": [0, 0, 1],
    "gltf": [0, 1, 0], "blender": [0, 0, 1],
}  # fmt: skip
RIGHT = {
    "openxr": [1, 0, 0], "unity": [1, 0, 0], "unreal": [0, 1, 0], "ros": [0, -1, 0], "z_up": [1, 0, 0],
    "gltf": [-1, 0, 0], "blender": [-1, 0, 0],
}  # fmt: skip


def random_rotations(count=50):
    return axis_angle_to_quaternion(np.random.default_rng(0).normal(0, 1.5, (count, 3)))


@pytest.mark.parametrize("name", CONVENTIONS)
def test_axes_arrive_where_they_should(name):
    source = np.array([RIGHT[name], UP[name], FORWARD[name]], float)
    arrived, _ = to_openxr(source, random_rotations(3), name)
    np.testing.assert_allclose(arrived, [[1, 0, 0], [0, 1, 0], [0, 0, -1]])


@pytest.mark.parametrize("name", CONVENTIONS)
def test_there_and_back_is_the_same(name):
    positions, rotations = np.random.default_rng(1).normal(size=(50, 3)), random_rotations()
    there = to_openxr(positions, rotations, name)
    back = from_openxr(*there, name)
    np.testing.assert_allclose(back[0], positions, atol=1e-12)
    np.testing.assert_allclose(back[1], rotations, atol=1e-12)


@pytest.mark.parametrize("name", CONVENTIONS)
def test_converting_a_turned_vector_equals_turning_the_converted_vector(name):
    vectors, rotations = np.random.default_rng(2).normal(size=(50, 3)), random_rotations()
    # Unity's and Unreal's left-handed engines use the same formula for q * v: it holds in their coordinates as written.
    turned_there = rotate(rotations, vectors)
    converted_vectors, converted_rotations = to_openxr(vectors, rotations, name)
    expected, _ = to_openxr(turned_there, rotations, name)
    np.testing.assert_allclose(rotate(converted_rotations, converted_vectors), expected, atol=1e-12)


def test_a_device_that_looks_forward_is_the_identity_everywhere():
    for name in CONVENTIONS:
        _, rotation = to_openxr(np.zeros((1, 3)), np.array([[1.0, 0, 0, 0]]), name)
        np.testing.assert_allclose(rotation, [[1, 0, 0, 0]])


def test_unity_turns_to_the_right_for_positive_yaw():
    yaw = euler_to_quaternion(np.array([[0.0, 30, 0]]), "YXZ")
    _, rotation = to_openxr(np.zeros((1, 3)), yaw, "unity")
    forward = rotate(rotation, np.array([0.0, 0, -1]))[0]
    np.testing.assert_allclose(forward, [0.5, 0, -np.sqrt(0.75)], atol=1e-12)


def test_euler_order_is_the_product_from_left_to_right():
    angles = np.array([[10.0, 20, 30]])
    x, y, z = (quaternion_to_matrix(euler_to_quaternion(angles * np.eye(3)[axis], "XYZ"))[0] for axis in range(3))
    np.testing.assert_allclose(quaternion_to_matrix(euler_to_quaternion(angles, "YXZ"))[0], y @ x @ z, atol=1e-12)
    np.testing.assert_allclose(quaternion_to_matrix(euler_to_quaternion(angles, "zyx"))[0], z @ y @ x, atol=1e-12)


def test_full_turns_do_not_matter():
    angles = np.array([[359.5, 0.5, 180.0], [-0.5, 360.5, -180.0]])
    first, second = quaternion_to_matrix(euler_to_quaternion(angles, "YXZ"))
    np.testing.assert_allclose(first, second, atol=1e-12)
