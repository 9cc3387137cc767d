"""The made-up walk: a body that moves as bodies do, and trackers that calibration leads back to it."""

import numpy as np
import pytest

from threepoint.model_core.body import load_body
from threepoint.model_core.calibration import calibrate_by_preset, find_person, joint_poses
from threepoint.model_core.geometry.kinematics import forward_kinematics
from threepoint.model_core.geometry.rotations import geodesic_angle, quaternion_to_matrix
from threepoint.model_core.geometry.skeleton import BODY_JOINT_COUNT, FEET, ROLES, TRACKED_JOINTS
from threepoint.model_core.recordings import read
from threepoint.model_core.recordings.formats import plain
from threepoint.model_core.recordings.model_frame import model_frame
from threepoint.tests.calibrating import calibrate
from threepoint.tools.support.made_up_walk import FPS, HAND_LOST, SECONDS, walk_motion, walk_recording

STATURE = 1.72
FASTEST_JOINT = 5.0
"""Metres a second that nobody exceeds who walks, waves and crouches."""


@pytest.fixture(scope="module")
def truth():
    """World rotations (T, 22, 3, 3), joint positions (T, 22, 3) and the rest joints of the walk's person."""
    body = load_body()
    betas = body.betas_for(STATURE)
    motion = walk_motion(body, betas)
    rest = body.rest_joints(betas)[:BODY_JOINT_COUNT]
    world, joints = forward_kinematics(quaternion_to_matrix(motion.rotations), motion.translation, rest)
    return world, joints, rest, float(body.sole(betas))


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    path, body = tmp_path_factory.mktemp("walk") / "walk.csv", load_body()
    plain.write(path, walk_recording(body, body.betas_for(STATURE)))
    return read(path)


def test_body_moves_plausibly(truth):
    _, joints, rest, sole = truth
    speed = np.linalg.norm(np.diff(joints, axis=0), axis=-1) * FPS
    feet = list(FEET)
    above_rest = (joints[:, feet, 1] - (rest[feet, 1] - sole)).min(-1)
    assert speed.max() < FASTEST_JOINT
    assert np.abs(above_rest).max() < 0.02, "one foot is always on the floor"
    assert joints[:, 15, 1].min() < 1.1 < 1.45 < joints[:, 15, 1].max(), "crouches and stands"
    assert np.ptp(joints[:, 0, 2]) > 3, "walks"


def test_file_keeps_time_and_the_lost_hand(recording):
    assert recording.duration == pytest.approx(SECONDS, abs=1e-5)
    lost = ~recording.tracks["left_hand"].valid
    assert np.array_equal(lost, (recording.time >= HAND_LOST[0] - 1e-4) & (recording.time <= HAND_LOST[1] + 1e-4))
    assert recording.tracks["head"].valid.all() and recording.tracks["right_hand"].valid.all()


def test_calibration_leads_back_to_the_body(truth, recording):
    """By stature and preset exactly; what is found in the motion stays within what a hand can hold."""
    world, joints, _, _ = truth
    placed, body = model_frame(recording), load_body()
    by_preset = calibrate_by_preset(placed, body, recording.device, find_person(placed, body, STATURE))
    rotations, positions, valid = joint_poses(placed, by_preset)
    angles = np.degrees(geodesic_angle(quaternion_to_matrix(rotations), world[:, TRACKED_JOINTS]))
    fitted = joint_poses(placed, calibrate(recording, body))[1]
    errors, of_fitted = (
        np.linalg.norm(found + placed.origin - joints[:, TRACKED_JOINTS], axis=-1) for found in (positions, fitted)
    )
    for column, role in enumerate(ROLES):
        seen = valid[:, column]
        assert errors[seen, column].max() < 0.01 and angles[seen, column].max() < 0.1, role
        assert of_fitted[seen, column].max() < 0.06, role
