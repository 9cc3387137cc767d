"""The AMASS npz: its layout, its meaning to SMPL, and back through our own reader."""

import numpy as np
import pytest

from threepoint.model_core.amass_writer import MODEL_TO_AMASS, amass_arrays, write_amass
from threepoint.model_core.body import load_body, skin
from threepoint.model_core.geometry.frames import OPENXR_TO_MODEL, convert_positions, convert_quaternions
from threepoint.model_core.geometry.kinematics import forward_kinematics
from threepoint.model_core.geometry.rotations import (
    axis_angle_to_matrix,
    axis_angle_to_quaternion,
    quaternion_to_matrix,
)
from threepoint.model_core.geometry.skeleton import ROLES, TRACKED_JOINTS
from threepoint.model_core.motion import Motion, Uncertainty
from threepoint.model_core.recordings import read
from threepoint.model_core.recordings.formats.amass import OWN_BODY
from threepoint.tools.support.made_up_walk import walk_motion

FRAMES, FPS = 30, 60.0


@pytest.fixture(scope="module")
def motion():
    rng = np.random.default_rng(3)
    rotations = axis_angle_to_quaternion(np.cumsum(rng.normal(0, 0.05, (FRAMES, 22, 3)), 0))
    translation = np.array([0.3, 0.9, -2.0]) + np.cumsum(rng.normal(0, 0.01, (FRAMES, 3)), 0)
    uncertainty = Uncertainty(
        rng.random((FRAMES, 5), np.float32), np.zeros((7, 4), np.int32), np.full((7, 4), 0.25, np.float32)
    )
    return Motion(FPS, rotations, translation, rng.normal(0, 1, 10), 1.5, uncertainty=uncertainty)


def test_layout(motion, tmp_path):
    path = tmp_path / "motion.npz"
    write_amass(path, motion, load_body())
    with np.load(path, allow_pickle=False) as file:
        assert file["poses"].shape == (FRAMES, 156) and file["trans"].shape == (FRAMES, 3)
        assert file["betas"].shape == (10,) and file["mocap_framerate"] == FPS and file["start"] == 1.5
        assert np.array_equal(file["uncertainty"], motion.uncertainty.probes)
        assert np.array_equal(file["uncertainty_index"], motion.uncertainty.index)
        assert np.array_equal(file["uncertainty_weight"], motion.uncertainty.weight)
        assert not file["poses"][:, 66:].any(), "the hands follow the wrists"


def test_smpl_puts_the_mesh_where_the_motion_has_it(motion):
    body = load_body()
    arrays = amass_arrays(motion, body, OWN_BODY, "SMPL")
    expected = skin(body, quaternion_to_matrix(motion.rotations), motion.translation, motion.betas)
    # SMPL's own forward pass: the pelvis stays at its rest place, then everything moves by ``trans``.
    pose = axis_angle_to_matrix(arrays["poses"].reshape(FRAMES, 24, 3).astype(float))
    pelvis = np.broadcast_to(body.rest_joints(motion.betas)[0], (FRAMES, 3))
    posed = skin(body, pose, pelvis, motion.betas) + arrays["trans"][:, None]
    assert np.abs(posed - convert_positions(expected, MODEL_TO_AMASS)).max() < 1e-5


def test_our_reader_finds_head_and_wrists(tmp_path):
    path, body = tmp_path / "motion.npz", load_body()
    walk = walk_motion(body, body.betas_for(1.85))
    write_amass(path, walk, body)
    recording = read(path)
    rest = body.rest_joints(walk.betas)[:22]
    world, joints = forward_kinematics(quaternion_to_matrix(walk.rotations), walk.translation, rest)
    for role, joint in zip(ROLES, TRACKED_JOINTS, strict=True):
        track = recording.tracks[role]
        found = quaternion_to_matrix(convert_quaternions(track.rotation, OPENXR_TO_MODEL))
        assert np.abs(convert_positions(track.position, OPENXR_TO_MODEL) - joints[:, joint]).max() < 1e-5
        assert np.abs(found - world[:, joint]).max() < 1e-5
    assert recording.duration == pytest.approx(walk.duration)
    assert np.allclose(recording.betas, walk.betas) and recording.warnings == ()
