"""Calibration from a T-pose or A-pose: devices attached anyhow are found again."""

import importlib
from dataclasses import replace

import numpy as np
import pytest

from threepoint.model_core.body import load_body
from threepoint.model_core.calibration import body_tracker_poses, find_person, find_t_pose
from threepoint.model_core.calibration import person as person_module
from threepoint.model_core.calibration.known_pose import ARMS_DOWN
from threepoint.model_core.errors import InputError
from threepoint.model_core.geometry.frames import OPENXR_TO_MODEL
from threepoint.model_core.geometry.kinematics import forward_kinematics
from threepoint.model_core.geometry.rotations import (
    axis_angle_to_matrix,
    geodesic_angle,
    matrix_to_quaternion,
    quaternion_to_matrix,
)
from threepoint.model_core.pipeline import KnownPose, Options, calibrate
from threepoint.model_core.recordings import Track
from threepoint.model_core.recordings.model_frame import model_frame
from threepoint.tests.calibrating import calibrate_at

simulate_devices = importlib.import_module("threepoint.tools.simulation.devices")


@pytest.fixture(scope="module")
def body():
    return load_body()


@pytest.fixture(scope="module", params=range(4))
def simulation(request, make_clip, body):
    return simulate_devices.simulate(make_clip(240), body, np.random.default_rng(request.param))


def test_offsets_and_height_are_recovered_from_a_t_pose(simulation, body):
    found = calibrate_at(simulation.recording, body, 1.0)
    assert float(body.stature(found.betas)) == pytest.approx(float(body.stature(simulation.betas)), abs=0.02)
    for role, true in simulation.offsets.items():
        mine = found.offsets[role]
        assert np.linalg.norm(mine.position - true.position) < 0.01, role
        turn = geodesic_angle(quaternion_to_matrix(mine.rotation), quaternion_to_matrix(true.rotation))
        assert np.degrees(turn) < 3, role


def test_a_motion_that_seems_to_stand_elsewhere_moves_the_floor_only_without_a_pose(simulation, body, monkeypatch):
    placed = model_frame(simulation.recording)
    found = person_module.estimate_stature(placed, body)
    small = replace(found, stature=replace(found.stature, value=found.stature.value - 0.2), explanation="standing")
    monkeypatch.setattr(person_module, "estimate_stature", lambda *_: small)
    assert find_person(placed, body).floor > 0.1
    found = calibrate(placed, Options(body=body, pose=KnownPose("t", 1.0)))
    assert found.floor == 0
    assert float(body.stature(found.betas)) == pytest.approx(float(body.stature(simulation.betas)), abs=0.02)


def test_the_t_pose_is_found_and_nothing_else_is_taken_for_one(simulation, body):
    moment = t_pose_in(simulation.recording, body)
    assert moment is not None and moment < simulate_devices.T_POSE_SECONDS
    assert t_pose_in(simulate_devices.without_t_pose(simulation), body) is None


def t_pose_in(recording, body):
    placed = model_frame(recording)
    return find_t_pose(placed, body, find_person(placed, body))


def test_an_a_pose_differs_by_the_arms_alone(body, make_clip):
    simulation = simulate_devices.simulate(make_clip(60), body, np.random.default_rng(7))
    as_t = calibrate_at(simulation.recording, body, 1.0, "t")
    as_a = calibrate_at(simulation.recording, body, 1.0, "a")
    np.testing.assert_allclose(as_a.offsets["head"].position, as_t.offsets["head"].position)
    turn = geodesic_angle(
        quaternion_to_matrix(as_a.offsets["left_hand"].rotation),
        quaternion_to_matrix(as_t.offsets["left_hand"].rotation),
    )
    assert turn == pytest.approx(ARMS_DOWN["a"], abs=1e-6)


def test_body_trackers_find_their_joints(body, make_clip):
    simulation = simulate_devices.simulate(make_clip(240), body, np.random.default_rng(3))
    worn = {"waist": 0, "left_foot": 7, "right_elbow": 19}
    tracks = dict(simulation.recording.tracks)
    for role, joint in worn.items():
        turn = simulation.rotations[:, joint] @ axis_angle_to_matrix(np.array([0.4, -0.3, 0.2]))
        place = simulation.positions[:, joint] + turn @ np.array([0.03, 0.05, -0.04])
        rotation = matrix_to_quaternion(OPENXR_TO_MODEL.T @ turn @ OPENXR_TO_MODEL)
        tracks[role] = Track(place @ OPENXR_TO_MODEL, rotation, np.ones(len(place), bool))
    recording = replace(simulation.recording, tracks=tracks)
    placed = model_frame(recording)
    poses = body_tracker_poses(placed, calibrate_at(recording, body, 1.0))
    assert {role: pose[0] for role, pose in poses.items()} == worn
    for role, joint in worn.items():
        _, rotations, positions, valid = poses[role]
        assert valid.all()
        np.testing.assert_allclose(positions + placed.origin, simulation.positions[:, joint], atol=0.01, err_msg=role)
        turned = geodesic_angle(quaternion_to_matrix(rotations), simulation.rotations[:, joint])
        assert np.degrees(turned.max()) < 3, role


def test_a_tracker_unseen_in_the_pose_is_named(body, make_clip):
    simulation = simulate_devices.simulate(make_clip(60), body, np.random.default_rng(1))
    simulation.recording.tracks["right_hand"].valid[:200] = False
    with pytest.raises(InputError, match="'right_hand' is not seen at 1.00 s"):
        calibrate_at(simulation.recording, body, 1.0)
    with pytest.raises(InputError, match="pose 'y' is not known"):
        calibrate_at(simulation.recording, body, 3.0, "y")


def test_the_simulated_person_stands_on_the_floor(simulation, body):
    rest = body.rest_joints(simulation.betas)
    _, still = forward_kinematics(np.eye(3)[None].repeat(22, 0), rest[0].astype(float), rest[:22].astype(float))
    feet = simulation.positions[:60, [10, 11], 1]
    np.testing.assert_allclose(feet, (still[10, 1] - float(body.sole(simulation.betas))), atol=5e-3)
