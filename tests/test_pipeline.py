"""The whole road on made-up recordings, with the weights that come with Threepoint."""

import numpy as np
import pytest

from threepoint.model_core.body import load_body
from threepoint.model_core.calibration import calibrate, joint_poses
from threepoint.model_core.errors import Cancelled, InputError
from threepoint.model_core.kinematics import forward_kinematics
from threepoint.model_core.pipeline import Options, animate, choose_device, load_networks, observe
from threepoint.model_core.recordings import Recording, Track
from threepoint.model_core.rotations import geodesic_angle, quaternion_to_matrix, rotation_about_y
from threepoint.model_core.skeleton import TRACKED_JOINTS


@pytest.fixture(scope="module")
def networks():
    return load_networks("cpu")


@pytest.fixture(scope="module")
def motion(make_recording, networks):
    return animate(make_recording(), Options(device="cpu"), networks=networks)


def posed(motion):
    """World rotations and joints of a motion."""
    rest = load_body().rest_joints(motion.betas)[:22]
    return forward_kinematics(quaternion_to_matrix(motion.rotations.astype(float)), motion.translation, rest)


def test_the_motion_lasts_as_long_as_the_recording(motion, make_recording):
    assert motion.fps == 60
    assert motion.duration == pytest.approx(make_recording().duration, abs=1 / 60)


def test_head_and_wrists_are_where_the_trackers_say(motion, make_recording):
    recording = make_recording()
    observation = observe(recording, calibrate(recording, load_body()))
    _, joints = posed(motion)
    off = np.linalg.norm(joints[:, TRACKED_JOINTS] - observation.positions, axis=-1).mean(0)
    assert off[0] < 0.01 and off[1] < 0.02 and off[2] < 0.02


def test_a_recording_elsewhere_gives_the_same_motion_elsewhere(motion, make_recording, networks):
    moved = animate(make_recording(turn=90, move=(5, 0, 5)), Options(device="cpu"), networks=networks)
    world, joints = posed(motion)
    moved_world, moved_joints = posed(moved)
    # A quarter turn of OpenXR's space is one of the model's, and 5 m along its X and Z are -5 m along the model's.
    turn = rotation_about_y(np.radians(np.array(90.0)))
    expected = joints @ turn.T + np.array([-5.0, 0, -5.0])
    assert np.abs(moved_joints - expected).max() < 1e-3
    assert np.degrees(geodesic_angle(moved_world, turn @ world)).max() < 0.1


def test_uncertainty_is_a_length_for_each_vertex_and_frame(motion):
    unsure = motion.uncertainty
    assert unsure.probes.shape[0] == motion.frame_count and (unsure.probes >= 0).all()
    assert 1e-4 < unsure.probes.mean() < 0.5
    assert unsure.at_vertices(0).shape == (len(load_body().template),)
    assert unsure.probes.std(0).max() > 0 and unsure.probes.std(1).max() > 0


def test_a_hand_that_is_lost_is_less_certain(make_recording, networks):
    recording = make_recording(seconds=3)
    track = recording.tracks["right_hand"]
    lost = Recording(
        recording.time,
        {**recording.tracks, "right_hand": Track(track.position, track.rotation, recording.time < 1.0)},
        recording.source,
        recording.device,
    )
    motion = animate(lost, Options(device="cpu", refine=False), networks=networks)
    seen = animate(recording, Options(device="cpu", refine=False), networks=networks)
    right_arm = load_body().weights[:, [19, 21, 23]].sum(1) > 0.9
    assert (
        motion.uncertainty.at_vertices(150)[right_arm].mean()
        > 1.5 * seen.uncertainty.at_vertices(150)[right_arm].mean()
    )
    assert np.isfinite(motion.rotations).all()


def test_one_seed_is_one_motion_and_takes_differ(make_recording, networks):
    recording = make_recording(seconds=1)

    def take(number):
        return animate(
            recording, Options(device="cpu", take=number, refine=False, uncertainty=False), networks=networks
        )

    np.testing.assert_array_equal(take(1).rotations, take(1).rotations)
    assert np.abs(take(1).rotations - take(2).rotations).max() > 1e-3


def test_progress_rises_to_the_end_and_names_its_stages(make_recording, networks):
    seen = []
    animate(make_recording(seconds=1), Options(device="cpu"), lambda f, stage: seen.append((f, stage)), networks)
    fractions = [fraction for fraction, _ in seen]
    assert fractions == sorted(fractions) and fractions[0] == 0 and fractions[-1] > 0.95
    assert len({stage for _, stage in seen}) >= 4


def test_cancelling_stops_the_work(make_recording, networks):
    def cancel(fraction, stage):
        if fraction > 0.1:
            raise Cancelled

    with pytest.raises(Cancelled):
        animate(make_recording(seconds=1), Options(device="cpu"), cancel, networks)


def test_joints_need_no_calibration(make_recording):
    recording = make_recording(seconds=1, device="joints")
    rotations, positions, valid = joint_poses(recording, calibrate(recording, load_body()))
    assert valid.all()
    np.testing.assert_allclose(np.abs(positions[:, 0, 0]), np.abs(recording.tracks["head"].position[:, 0]), atol=1e-9)


def test_an_unknown_device_is_refused():
    with pytest.raises(InputError, match="toaster"):
        choose_device("toaster")
