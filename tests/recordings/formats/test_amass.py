"""AMASS npz as a recording: head and wrists derived from the body."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from threepoint.model_core.body import load_body
from threepoint.model_core.calibration import joint_poses
from threepoint.model_core.errors import InputError
from threepoint.model_core.geometry.kinematics import forward_kinematics
from threepoint.model_core.geometry.rotations import (
    axis_angle_to_matrix,
    geodesic_angle,
    matrix_to_axis_angle,
    quaternion_to_matrix,
)
from threepoint.model_core.geometry.skeleton import TRACKED_JOINTS
from threepoint.model_core.recordings import Recording, read
from threepoint.model_core.recordings.formats.amass import read_motion
from threepoint.model_core.recordings.model_frame import model_frame
from threepoint.tests.calibrating import calibrate
from threepoint.tests.same_recording import texts

MODEL_TO_AMASS = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])


@pytest.fixture
def arrays(make_clip):
    """A clip in AMASS's layout: +Z up, 52 joints, trans relative to the rest pelvis."""
    clip = make_clip(90)
    poses = np.zeros((90, 156))
    poses[:, :66] = clip.poses
    turned = MODEL_TO_AMASS @ axis_angle_to_matrix(poses[:, :3])
    poses[:, :3] = matrix_to_axis_angle(turned)
    trans = clip.translation @ MODEL_TO_AMASS.T - clip.rest_joints[0]
    return {"poses": poses, "trans": trans, "mocap_framerate": np.array(60.0), "betas": np.zeros(16), "gender": "male"}


def save(tmp_path, arrays):
    np.savez(tmp_path / "motion.npz", **arrays)
    return tmp_path / "motion.npz"


def test_head_and_wrists_are_the_bodys(make_clip, arrays, tmp_path):
    clip = make_clip(90)
    local = axis_angle_to_matrix(clip.poses.reshape(-1, 22, 3).astype(float))
    world, positions = forward_kinematics(local, clip.translation.astype(float), clip.rest_joints.astype(float))
    recording = read(save(tmp_path, arrays))
    assert recording.device == "joints" and recording.duration == pytest.approx(89 / 60)
    placed = model_frame(recording)
    rotations, found, valid = joint_poses(placed, calibrate(recording, load_body()))
    assert valid.all()
    np.testing.assert_allclose(found + placed.origin, positions[:, TRACKED_JOINTS], atol=2e-3)
    np.testing.assert_allclose(geodesic_angle(quaternion_to_matrix(rotations), world[:, TRACKED_JOINTS]), 0, atol=1e-3)


def test_a_body_that_stands_along_y_is_turned_upright(arrays, tmp_path):
    upright = read(save(tmp_path, arrays))
    turn = MODEL_TO_AMASS.T
    pelvis = load_body().rest_joints(np.zeros(10))[0]
    arrays["poses"][:, :3] = matrix_to_axis_angle(turn @ axis_angle_to_matrix(arrays["poses"][:, :3]))
    arrays["trans"] = (arrays["trans"] + pelvis) @ turn.T - pelvis
    found = read(save(tmp_path, arrays))
    assert "its body stands along +Y, where AMASS has +Z up: turned upright" in texts(found)
    for role, track in upright.tracks.items():
        np.testing.assert_allclose(found.tracks[role].position, track.position, atol=1e-6)
    again = read_motion(tmp_path / "motion.npz")[1]
    np.testing.assert_allclose((again + pelvis) @ turn.T - pelvis, arrays["trans"], atol=1e-9)


def test_a_body_that_never_stands_is_refused(arrays, tmp_path):
    lying = axis_angle_to_matrix(np.array([0, 0, np.pi / 2])) @ axis_angle_to_matrix(arrays["poses"][:, :3])
    arrays["poses"][:, :3] = matrix_to_axis_angle(axis_angle_to_matrix(np.array([0, np.pi / 2, 0])) @ lying)
    for reader in (read, read_motion):
        with pytest.raises(InputError, match="its body never stands nor sits upright; AMASS has \\+Z up"):
            reader(save(tmp_path, arrays))


def test_still_frames_of_mocap_are_no_dropouts(arrays, tmp_path):
    arrays["poses"][:], arrays["trans"][:] = arrays["poses"][0], arrays["trans"][0]
    assert read(save(tmp_path, arrays)).dropouts == ()


def test_a_floor_elsewhere_is_found(arrays, tmp_path):
    height = read(save(tmp_path, arrays)).tracks["head"].position[:, 1]
    arrays["trans"] = arrays["trans"] + [0, 0, 0.4]
    lifted = read(save(tmp_path, arrays))
    np.testing.assert_allclose(lifted.tracks["head"].position[:, 1], height, atol=0.03)
    assert any("its floor lies at 0.4" in warning for warning in texts(lifted))


def test_betas_of_another_body_are_not_used(arrays, tmp_path):
    arrays["betas"] = np.full(16, 2.0)
    recording = read(save(tmp_path, arrays))
    np.testing.assert_array_equal(recording.betas, np.zeros(10))
    assert any("betas belong to another body" in warning for warning in texts(recording))
    own = read(save(tmp_path, arrays), body=load_body())
    np.testing.assert_array_equal(own.betas, np.full(10, 2.0))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"poses": np.zeros((90, 30))}, "poses .* should be"),
        ({"trans": np.zeros((3, 3))}, "should be"),
        ({"mocap_framerate": np.array(0.0)}, "mocap_framerate is 0; expected a number between 0.1 and 10000"),
        ({"mocap_framerate": np.array(1e-9)}, "expected a number between"),
        ({"mocap_framerate": np.array(np.nan)}, "mocap_framerate is nan; expected a number"),
        ({"poses": np.full((90, 156), np.nan)}, "not finite"),
        ({"poses": np.full((90, 156), "x")}, "should be numbers"),
    ],
)
def test_impossible_motions_are_refused(arrays, tmp_path, change, message):
    with pytest.raises(InputError, match=message) as caught:
        read(save(tmp_path, {**arrays, **change}))
    assert "\n" not in str(caught.value)


def test_an_array_that_unpacks_to_a_mountain_is_refused(tmp_path):
    np.savez_compressed(
        tmp_path / "bomb.npz", poses=np.zeros((10**6, 66), np.uint8), trans=np.zeros((10**6, 3)), fps=30
    )
    with pytest.raises(InputError, match="'poses' unpacks to 528 MB"):
        read(tmp_path / "bomb.npz")


def test_pickled_objects_are_never_loaded(tmp_path):
    np.savez(tmp_path / "evil.npz", poses=np.array([{"a": 1}], dtype=object), trans=np.zeros(3), fps=30)
    with pytest.raises(InputError, match="'poses' holds objects; expected numbers"):
        read(tmp_path / "evil.npz")


def test_a_damaged_archive_is_refused(arrays, tmp_path):
    path = save(tmp_path, arrays)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(InputError, match="not a readable npz"):
        read(path)


def write_sample(folder: Path, recording: Recording) -> None:
    """A person who stands and breathes: an AMASS file tells of a body, not of trackers."""
    frames = len(recording.time)
    poses = np.zeros((frames, 66), np.float32)
    poses[:, 0] = np.pi / 2
    poses[:, 9] = 0.02 * np.sin(recording.time)
    arrays = {"poses": poses, "trans": np.zeros((frames, 3)), "mocap_framerate": np.array(30.0), "betas": np.zeros(16)}
    with zipfile.ZipFile(folder / "motion.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            stream = io.BytesIO()
            np.lib.format.write_array(stream, array)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), stream.getvalue(), zipfile.ZIP_DEFLATED)
