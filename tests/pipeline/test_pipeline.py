"""The whole pipeline on made-up recordings, with the weights that come with Threepoint."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from vertex_uncertainty import at_vertices

from threepoint.model_core.body import load_body
from threepoint.model_core.calibration import Calibration, joint_poses
from threepoint.model_core.calibration.calibration import NO_OFFSET
from threepoint.model_core.errors import Cancelled, InputError
from threepoint.model_core.geometry.frames import OPENXR_TO_MODEL
from threepoint.model_core.geometry.kinematics import forward_kinematics
from threepoint.model_core.geometry.rotations import (
    axis_angle_to_matrix,
    geodesic_angle,
    matrix_to_quaternion,
    quaternion_to_matrix,
    rotation_about_y,
)
from threepoint.model_core.geometry.skeleton import ROLES, TRACKED_JOINTS
from threepoint.model_core.pipeline import (
    KnownPose,
    Options,
    animate,
    calibrate,
    choose_device,
    model_frame,
    observe,
    options_from_json,
    options_to_json,
    solve,
)
from threepoint.model_core.recordings import Recording, Track
from threepoint.model_core.refinement.initial_motion import Unrefined
from threepoint.model_core.refinement.refine import refine
from threepoint.model_core.sage.inference import predict

pytestmark = pytest.mark.slow

FASTEST_JOINT = 6.0
"""Metres a second: nothing in these recordings makes anybody move so fast."""


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
    recording = model_frame(make_recording())
    observation = observe(recording, calibrate(recording))
    _, joints = posed(motion)
    off = np.linalg.norm(joints[:, TRACKED_JOINTS] - observation.positions - recording.origin, axis=-1).mean(0)
    assert off[0] < 0.01 and off[1] < 0.02 and off[2] < 0.02


@pytest.mark.parametrize(
    ("refinement", "metres", "degrees"),
    # Single numbers are rounded otherwise elsewhere; steps of the refinement make a tenth of a millimetre of that.
    [(0.0, 5e-5, 1e-2), (Options().refinement, 2e-4, 0.05)],
    ids=["predicted", "refined"],
)
def test_a_recording_elsewhere_gives_the_same_motion_elsewhere(make_recording, networks, refinement, metres, degrees):
    options = Options(device="cpu", refinement=refinement, uncertainty=False)
    world, joints = posed(animate(make_recording(), options, networks=networks))
    moved_world, moved_joints = posed(animate(make_recording(turn=90, move=(5, 0, 5)), options, networks=networks))
    # A quarter turn of OpenXR's space is one of the model's, and 5 m along its X and Z are -5 m along the model's.
    turn = rotation_about_y(np.radians(np.array(90.0)))
    expected = joints @ turn.T + np.array([-5.0, 0, -5.0])
    assert np.abs(moved_joints - expected).max() < metres
    assert np.degrees(geodesic_angle(moved_world, turn @ world)).max() < degrees


def test_what_rounding_makes_of_a_start_moves_no_refined_joint_by_a_millimetre(make_recording, networks):
    """Devices round differently: what SAGE predicts on two of them differs by about a millionth."""
    recording, generator = model_frame(make_recording()), torch.Generator().manual_seed(0)
    observation = observe(recording, calibrate(recording))
    rest = torch.as_tensor(load_body().rest_joints(observation.betas)).float()
    start = predict(networks.sage, observation, rest)
    off = axis_angle_to_matrix(1e-6 * torch.randn(*start.rotations.shape[:-1], generator=generator))
    doubt = (start.contacts + 1e-6 * torch.randn(start.contacts.shape, generator=generator)).clamp(0, 1)
    found = [
        forward_kinematics(
            *refine(networks.flag, observation, Unrefined(rotations, start.translation, contacts), rest).motion,
            rest[:22],
        )
        for rotations, contacts in ((start.rotations, start.contacts), (start.rotations @ off, doubt))
    ]
    assert (found[0][1] - found[1][1]).norm(dim=-1).max() < 1e-3


def test_uncertainty_is_a_length_for_each_vertex_and_frame(motion):
    unsure = motion.uncertainty
    assert unsure.probes.shape[0] == motion.frame_count and (unsure.probes >= 0).all()
    assert 1e-4 < unsure.probes.mean() < 0.5
    assert at_vertices(unsure, 0).shape == (len(load_body().template),)
    assert unsure.probes.std(0).max() > 0 and unsure.probes.std(1).max() > 0


def test_a_hand_that_is_lost_is_less_certain(make_recording, networks):
    recording = make_recording(seconds=3)
    track = recording.tracks["right_hand"]
    gone = {"right_hand": replace(track, valid=recording.time < 1.0)}
    lost = replace(recording, tracks={**recording.tracks, **gone})
    motion = animate(lost, Options(device="cpu", refinement=0.0), networks=networks)
    seen = animate(recording, Options(device="cpu", refinement=0.0), networks=networks)
    right_arm = load_body().weights[:, [19, 21, 23]].sum(1) > 0.9
    assert (
        at_vertices(motion.uncertainty, 150)[right_arm].mean()
        > 1.5 * at_vertices(seen.uncertainty, 150)[right_arm].mean()
    )
    assert np.isfinite(motion.rotations).all()


@pytest.mark.parametrize("role, seen", [("head", slice(20, None)), ("head", slice(0, 40)), ("right_hand", slice(0, 0))])
def test_what_is_lost_leaves_a_calm_motion_of_the_whole_length(make_recording, networks, role, seen):
    recording = make_recording(seconds=1)
    track, valid = recording.tracks[role], np.zeros(len(recording.time), bool)
    valid[seen] = True
    lost = replace(recording, tracks={**recording.tracks, role: replace(track, valid=valid)})
    motion = animate(lost, Options(device="cpu", uncertainty=False), networks=networks)
    assert motion.duration == pytest.approx(recording.duration, abs=1 / 60)
    assert np.linalg.norm(np.diff(posed(motion)[1], axis=0), axis=-1).max() * motion.fps < FASTEST_JOINT


def test_a_head_alone_for_an_instant_is_enough(make_recording, networks):
    recording = make_recording(seconds=1 / 72)
    alone = replace(recording, tracks={"head": recording.tracks["head"]})
    assert len(alone.time) == 2
    assert animate(alone, Options(device="cpu"), networks=networks).frame_count == 1


def test_one_seed_is_one_motion_and_takes_differ(make_recording, networks):
    recording = make_recording(seconds=1)

    def take(number, seed=0):
        options = Options(device="cpu", seed=seed, take=number, refinement=0.0, uncertainty=False)
        return animate(recording, options, networks=networks).rotations

    np.testing.assert_array_equal(take(1), take(1))
    assert np.abs(take(1) - take(2)).max() > 1e-3
    assert np.abs(take(1, seed=1) - take(2)).max() > 1e-3


def test_a_start_is_changed_where_that_is_asked_for_and_nowhere_else(make_recording, networks):
    recording, options = make_recording(seconds=1), Options(device="cpu", refinement=0.0, uncertainty=False)
    shown = animate(recording, replace(options, take=3), networks=networks)
    same = animate(recording, options, networks=networks, start=shown)
    np.testing.assert_allclose(same.translation, shown.translation, atol=1e-5)
    changed = animate(recording, replace(options, take=1, take_part=(0.3, 0.7)), networks=networks, start=shown)
    moved = np.abs(changed.rotations - shown.rotations).max((1, 2))
    assert moved[30] > 1e-3 and moved[:18].max() < 1e-5 and moved[43:].max() < 1e-5
    of_mean = animate(recording, replace(options, take=1, take_part=(0.3, 0.7)), networks=networks)
    mean = animate(recording, options, networks=networks)
    np.testing.assert_array_equal(of_mean.rotations[:18], mean.rotations[:18])


def test_refinement_goes_the_part_of_the_way_that_is_asked_for(make_recording, networks):
    recording = make_recording(seconds=1)

    def refined(share):
        return animate(recording, Options(device="cpu", refinement=share, uncertainty=False), networks=networks)

    none, half, full = (refined(share) for share in (0.0, 0.5, 1.0))
    np.testing.assert_allclose(half.translation, (none.translation + full.translation) / 2, atol=1e-5)
    turned = [
        geodesic_angle(quaternion_to_matrix(none.rotations), quaternion_to_matrix(m.rotations)) for m in (half, full)
    ]
    assert turned[1].max() > 0.02 and np.abs(turned[0] - turned[1] / 2).max() < 2e-3
    with pytest.raises(InputError, match="the refinement is 1.5"):
        refined(1.5)


def test_contacts_say_how_likely_each_foot_stands(motion):
    assert motion.contacts.shape == (motion.frame_count, 4) and motion.contacts.dtype == np.float32
    assert (motion.contacts >= 0).all() and (motion.contacts <= 1).all()
    assert motion.contacts.max(1).mean() > 0.5  # A person who only looks about stands.


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
    placed = model_frame(recording)
    rotations, positions, valid = joint_poses(placed, calibrate(placed))
    assert valid.all()
    # OpenXR looks along -Z, the model along +Z.
    expected = recording.tracks["head"].position * [-1, 1, -1]
    np.testing.assert_allclose(positions[:, 0] + placed.origin, expected, atol=1e-9)


def test_an_unknown_device_is_refused():
    with pytest.raises(InputError, match="toaster"):
        choose_device("toaster")


def test_options_survive_json():
    options = Options(
        None, 1.8, 0.1, "touch", KnownPose("a", 2.5), None, "cpu", 3, 2, refinement=0.5, uncertainty=False
    )
    assert options_from_json(options_to_json(options)) == options
    assert options_from_json({}) == Options()
    assert options_from_json({"pose": {"kind": "t", "second": None}}).pose == KnownPose("t", None)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"stature": 17.5}, "the stature is 17.5"),
        ({"preset": "nunchuk"}, "device preset 'nunchuk' is not known"),
        ({"pose": {"kind": "y", "second": 1.0}}, "pose 'y' is not known"),
        ({"pose": {"kind": "a"}}, "only a T-pose can be looked for"),
        ({"device": "toaster"}, "toaster"),
        ({"refinement": -1}, "the refinement is -1"),
        ({"take": -1}, "the take is -1"),
        ({"speed": 1}, "no option 'speed'"),
    ],
)
def test_options_that_cannot_be_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        options_from_json(options)


def test_contacts_are_those_that_foot_trackers_saw(make_clip, networks):
    """Where SAGE thinks that a foot stands and its tracker sees it swing, the motion says that it does not stand."""
    recording = swinging_foot(make_clip(90))
    motion = animate(recording, Options(device="cpu", uncertainty=False), networks=networks)
    predicted = animate(recording, Options(device="cpu", uncertainty=False, refinement=0.0), networks=networks)
    left, right = [0, 2], [1, 3]  # ankle and toes in ``skeleton.FEET``
    assert predicted.contacts[10:-10, left].mean() > 0.5 > 0.2 > motion.contacts[10:-10, left].mean()
    assert (motion.contacts[:, right] >= predicted.contacts[:, right] - 1e-6).all(), "here SAGE has the say"


def swinging_foot(clip):
    """Head and hands of a standing person, and a tracker on the left ankle that swings to and fro."""
    world, joints = clip.world()
    count, tracks = len(clip), {}
    for role, joint in {"head": 15, "left_hand": 20, "right_hand": 21, "left_foot": 7}.items():
        position = joints[:, joint] * [-1, 1, -1]
        if role == "left_foot":
            position = position + np.sin(np.arange(count) / 6)[:, None] * [0.0, 0.0, 0.3]
        rotation = matrix_to_quaternion(OPENXR_TO_MODEL.T @ world[:, joint] @ OPENXR_TO_MODEL)
        tracks[role] = Track(position, rotation, np.ones(count, bool))
    return Recording(np.arange(count) / 60, tracks, "swinging", "joints").validate()


def test_steps_one_by_one_are_the_whole_and_a_given_calibration_is_taken(make_recording, networks):
    recording, options = make_recording(seconds=1, move=(3, 0, 4)), Options(device="cpu", uncertainty=False)
    placed = model_frame(recording)
    calibration = calibrate(placed, options, networks)
    one_by_one = solve(observe(placed, calibration), calibration, options, networks)
    whole = animate(recording, options, networks=networks)
    np.testing.assert_array_equal(one_by_one.translation, whole.translation)
    assert one_by_one.notes == whole.notes and whole.notes[: len(calibration.notes)] == calibration.notes
    given = Calibration(np.ones(10), -0.2, dict.fromkeys(ROLES, NO_OFFSET))
    taken = animate(recording, replace(options, stature=1.5, calibration=given), networks=networks)
    assert taken.floor == -0.2 and (taken.betas == 1).all()


def test_a_recording_far_away_is_calibrated_to_the_last_bit_as_near_by(make_recording):
    """Calibration comes after the first head is brought to the origin, so that rounding is the same everywhere."""

    def moved(move):
        """Positions on a grid of a millimetre, which the single precision of keyframes holds near by and far away."""
        recording = make_recording()
        tracks = {
            role: replace(track, position=np.rint(track.position * 1024) / 1024 + np.asarray(move))
            for role, track in recording.tracks.items()
        }
        return model_frame(replace(recording, tracks=tracks))

    near, far = (calibrate(moved(move)) for move in ((0, 0, 0), (4096.0, 0, -4096.0)))
    assert np.abs(near.betas - far.betas).max() < 1e-9
    assert moved((4096.0, 0, -4096.0)).origin[1] == 0
