"""Forward kinematics, its inverse, and mirror images."""

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from threepoint.model_core.geometry.kinematics import forward_kinematics, joint_offsets, local_rotations, mirror_motion
from threepoint.model_core.geometry.rotations import axis_angle_to_matrix
from threepoint.model_core.geometry.skeleton import (
    JOINT_COUNT,
    JOINT_NAMES,
    LEFT_WRIST,
    LOWER_HALF,
    MIRRORED,
    PARENTS,
    RIGHT_WRIST,
    ROLES,
    TRACKED_JOINTS,
    UPPER_HALF,
)

NUMPY_AND_TORCH = pytest.mark.parametrize("kind", [np.asarray, torch.tensor], ids=["numpy", "torch"])
EVERY_COUNT = pytest.mark.parametrize("count", [22, 24])


@pytest.fixture
def rest_joints(body):
    return body.rest_joints(np.zeros(10))


def random_motion(frames, joints, seed=0):
    rng = np.random.default_rng(seed)
    turns = Rotation.random(frames * joints, random_state=seed).as_matrix().reshape(frames, joints, 3, 3)
    return turns, rng.normal(0, 1, (frames, 3))


@EVERY_COUNT
@NUMPY_AND_TORCH
def test_each_joint_is_carried_by_its_parent(rest_joints, kind, count):
    rotations, translation = random_motion(3, count)
    world, positions = forward_kinematics(kind(rotations), kind(translation), kind(rest_joints))
    np.testing.assert_array_equal(positions[:, 0], translation)
    np.testing.assert_array_equal(world[:, 0], rotations[:, 0])
    for joint in range(1, count):
        parent = PARENTS[joint]
        bone = rest_joints[joint] - rest_joints[parent]
        np.testing.assert_allclose(world[:, joint], world[:, parent] @ kind(rotations)[:, joint], atol=1e-12)
        expected = np.asarray(positions[:, parent]) + np.asarray(world[:, parent]) @ bone
        np.testing.assert_allclose(positions[:, joint], expected, atol=1e-12)


@EVERY_COUNT
@NUMPY_AND_TORCH
def test_local_rotations_undo_forward_kinematics(rest_joints, kind, count):
    rotations, translation = random_motion(4, count)
    world, _ = forward_kinematics(kind(rotations), kind(translation), kind(rest_joints))
    np.testing.assert_allclose(local_rotations(world), rotations, atol=1e-12)


def test_unturned_joints_give_the_rest_pose_at_the_translation(rest_joints):
    rotations = np.broadcast_to(np.eye(3), (2, 24, 3, 3))
    _, positions = forward_kinematics(rotations, np.array([rest_joints[0], [0, 5, 0]]), rest_joints)
    np.testing.assert_allclose(positions[0], rest_joints, atol=1e-12)
    np.testing.assert_allclose(positions[1] - positions[1, 0], rest_joints - rest_joints[0], atol=1e-12)


def test_raising_the_left_arm_raises_the_left_wrist_only(rest_joints):
    pose = np.zeros((24, 3))
    pose[JOINT_NAMES.index("left_shoulder"), 2] = np.pi / 2
    _, positions = forward_kinematics(axis_angle_to_matrix(pose), rest_joints[0], rest_joints)
    assert positions[LEFT_WRIST, 1] > rest_joints[LEFT_WRIST, 1] + 0.4
    np.testing.assert_allclose(positions[RIGHT_WRIST], rest_joints[RIGHT_WRIST], atol=1e-12)


def test_a_skeleton_for_each_frame_is_taken(rest_joints):
    rotations, translation = random_motion(3, 24)
    skeletons = rest_joints * np.array([0.9, 1.0, 1.1])[:, None, None]
    _, positions = forward_kinematics(rotations, translation, skeletons)
    for frame in range(3):
        _, alone = forward_kinematics(rotations[frame], translation[frame], skeletons[frame])
        np.testing.assert_allclose(positions[frame], alone, atol=1e-12)


@NUMPY_AND_TORCH
def test_offsets_add_up_to_the_joints(rest_joints, kind):
    offsets = np.asarray(joint_offsets(kind(rest_joints)))
    for joint in range(JOINT_COUNT):
        total, walk = np.zeros(3), joint
        while walk >= 0:
            total, walk = total + offsets[walk], PARENTS[walk]
        np.testing.assert_allclose(total, rest_joints[joint], atol=1e-12)


@EVERY_COUNT
@NUMPY_AND_TORCH
def test_mirroring_swaps_the_sides_in_space(rest_joints, kind, count):
    rotations, translation = random_motion(5, count)
    rest = kind(rest_joints)
    _, positions = forward_kinematics(kind(rotations), kind(translation), rest)
    _, mirrored = forward_kinematics(*mirror_motion(kind(rotations), kind(translation), MIRRORED), rest)
    expected = np.asarray(positions)[:, list(MIRRORED[:count])] * (-1, 1, 1)
    np.testing.assert_allclose(mirrored, expected, atol=1e-4)  # The template is symmetric within so much.


@EVERY_COUNT
def test_mirroring_twice_changes_nothing(count):
    rotations, translation = random_motion(5, count)
    back = mirror_motion(*mirror_motion(rotations, translation, MIRRORED), MIRRORED)
    np.testing.assert_array_equal(back[0], rotations)
    np.testing.assert_array_equal(back[1], translation)


def test_mirroring_leaves_its_input_alone():
    rotations, translation = random_motion(2, 22)
    kept = rotations.copy(), translation.copy()
    mirror_motion(rotations, translation, MIRRORED)
    np.testing.assert_array_equal(rotations, kept[0])
    np.testing.assert_array_equal(translation, kept[1])


def test_the_tree_and_its_names_agree():
    assert len(JOINT_NAMES) == len(set(JOINT_NAMES)) == len(PARENTS) == len(MIRRORED) == JOINT_COUNT
    assert all(parent < joint for joint, parent in enumerate(PARENTS))
    for joint, other in enumerate(MIRRORED):
        swapped = {"left": "right", "righ": "left"}.get(JOINT_NAMES[joint][:4])
        expected = JOINT_NAMES[joint] if swapped is None else swapped + "_" + JOINT_NAMES[joint].split("_", 1)[1]
        assert JOINT_NAMES[other] == expected and MIRRORED[other] == joint


def test_the_halves_cover_the_body_and_share_the_root():
    assert set(UPPER_HALF) | set(LOWER_HALF) == set(range(22))
    assert set(UPPER_HALF) & set(LOWER_HALF) == {0}


def test_tracked_joints_are_in_the_order_of_the_roles():
    assert len(ROLES) == len(TRACKED_JOINTS) == 3
    assert [JOINT_NAMES[joint] for joint in TRACKED_JOINTS] == ["head", "left_wrist", "right_wrist"]
