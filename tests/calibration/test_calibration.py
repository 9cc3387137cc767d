"""Trackers to joints: presets, the person's size, the floor, and the file that keeps them."""

from dataclasses import replace

import numpy as np
import pytest

from threepoint.model_core.body import load_body
from threepoint.model_core.calibration import (
    PRESETS,
    Calibration,
    Offset,
    fit_to_forearms,
    hand_prior,
    joint_poses,
    load,
    preset_offsets,
    save,
)
from threepoint.model_core.calibration.fitting import arm_frames
from threepoint.model_core.calibration.person import estimate_stature, head_offset, standing_eye_height
from threepoint.model_core.calibration.presets import HELD_TILT, PALM_RADIUS, mirrored, palm_center
from threepoint.model_core.errors import InputError
from threepoint.model_core.geometry.frames import OPENXR_TO_MODEL
from threepoint.model_core.geometry.kinematics import forward_kinematics
from threepoint.model_core.geometry.rotations import (
    axis_angle_to_matrix,
    axis_angle_to_quaternion,
    geodesic_angle,
    matrix_to_quaternion,
    quaternion_to_matrix,
)
from threepoint.model_core.geometry.skeleton import ROLES, TRACKED_JOINTS
from threepoint.model_core.notes import Note
from threepoint.model_core.recordings import Recording, Track, read
from threepoint.model_core.recordings.model_frame import model_frame
from threepoint.tests.calibrating import calibrate, calibrate_as_grips


@pytest.fixture(scope="module")
def body():
    return load_body()


def devices_of(rotations, positions, offsets, fps=60.0, device="grip"):
    """The recording that devices with ``offsets`` would make of joints: rotations (T, 3, 3, 3), positions (T, 3, 3)."""
    tracks = {}
    for index, role in enumerate(ROLES):
        turn = rotations[:, index] @ quaternion_to_matrix(offsets[role].rotation).T
        place = positions[:, index] - turn @ offsets[role].position
        rotation = matrix_to_quaternion(OPENXR_TO_MODEL.T @ turn @ OPENXR_TO_MODEL)
        tracks[role] = Track(place @ OPENXR_TO_MODEL, rotation, np.ones(len(turn), bool))
    return Recording(np.arange(len(rotations)) / fps, tracks, "devices", device).validate()


def joints_of(clip):
    """Head and wrists of a clip in the model's frame, floor at 0: rotations (T, 3, 3, 3), positions (T, 3, 3)."""
    local = axis_angle_to_matrix(clip.poses.reshape(-1, 22, 3).astype(float))
    world, positions = forward_kinematics(local, clip.translation.astype(float), clip.rest_joints.astype(float))
    return world[:, TRACKED_JOINTS], positions[:, TRACKED_JOINTS]


@pytest.mark.parametrize("preset", [*PRESETS, "hand"])
def test_joints_come_back_through_every_preset(make_clip, body, preset):
    rotations, positions = joints_of(make_clip(120))
    offsets = {"head": head_offset(1.0), **preset_offsets(preset)}
    recording = model_frame(devices_of(rotations, positions, offsets, device=preset))
    calibration = Calibration(np.zeros(10), 0.0, offsets)
    found_rotations, found_positions, valid = joint_poses(recording, calibration)
    assert valid.all()
    np.testing.assert_allclose(found_positions + recording.origin, positions, atol=5e-7)
    np.testing.assert_allclose(geodesic_angle(quaternion_to_matrix(found_rotations), rotations), 0, atol=1e-6)


def test_a_floor_below_zero_lifts_everything(make_recording):
    recording = model_frame(make_recording(1.0))
    offsets = {"head": head_offset(1.0), **preset_offsets("grip")}
    _, ground, _ = joint_poses(recording, Calibration(np.zeros(10), 0.0, offsets))
    _, lifted, _ = joint_poses(recording, Calibration(np.zeros(10), -0.5, offsets))
    np.testing.assert_allclose(lifted - ground, np.broadcast_to([0, 0.5, 0], ground.shape), atol=1e-12)


def test_in_t_pose_grips_lie_as_openxr_says_and_handles_lean_to_the_fingers(body):
    """Palms down, fists closed: -Z runs through the left tube of fingers, +X points out of the left palm."""
    lean = np.radians(HELD_TILT)
    for side, role in ((1, "left_hand"), (-1, "right_hand")):
        offset = preset_offsets("grip")[role]
        device = quaternion_to_matrix(offset.rotation).T  # the joint is the identity in T-pose
        axes = device @ OPENXR_TO_MODEL  # columns: the device's X, Y, Z in the model's frame
        np.testing.assert_allclose(axes[:, 0], [0, -side, 0], atol=1e-12)
        np.testing.assert_allclose(axes[:, 1], [-side * np.cos(lean), 0, np.sin(lean)], atol=1e-12)
        np.testing.assert_allclose(-axes[:, 2], [side * np.sin(lean), 0, np.cos(lean)], atol=1e-12)
        # The wrist joint lies toward the shoulder and the back of the hand.
        np.testing.assert_allclose(device @ offset.position, [-side * 0.085, 0.025, 0], atol=1e-12)


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_puts_its_handle_within_the_hand(name):
    prior, offset = hand_prior(name), preset_offsets(name)["left_hand"]
    handle = prior.rotation.T @ (prior.handle - offset.position)
    np.testing.assert_allclose(handle, palm_center() + prior.from_palm, atol=1e-12)
    assert np.linalg.norm(prior.from_palm) < PALM_RADIUS


def test_devices_are_mirror_images():
    offset = Offset(axis_angle_to_quaternion(np.array([0.3, -0.5, 0.9])), np.array([0.01, 0.02, 0.03]))
    again = mirrored(mirrored(offset))
    np.testing.assert_allclose(again.rotation, offset.rotation)
    flip = np.diag([-1.0, 1, 1])
    expected = flip @ quaternion_to_matrix(offset.rotation) @ flip
    np.testing.assert_allclose(quaternion_to_matrix(mirrored(offset).rotation), expected, atol=1e-12)


def test_the_measured_webxr_touch_pose_agrees_with_its_grip():
    """In the capture of a Quest 3 the pointing pose is the grip turned 45 degrees down, 5 cm before it."""
    touch, grip = preset_offsets("touch")["left_hand"], preset_offsets("grip")["left_hand"]
    between = quaternion_to_matrix(touch.rotation) @ quaternion_to_matrix(grip.rotation).T
    assert np.degrees(geodesic_angle(between, np.eye(3))) == pytest.approx(45.0)
    # Both lead to the same wrist: the difference is where the palm is seen from the pointing pose.
    difference = touch.position - between @ grip.position
    np.testing.assert_allclose(OPENXR_TO_MODEL @ difference, [-0.010, -0.016, 0.049], atol=1e-12)


@pytest.mark.parametrize("stature", [1.55, 1.75, 1.95])
def test_height_is_found_to_two_centimetres(make_recording, body, stature):
    betas = body.betas_for(stature).astype(float)
    recording = make_recording(20.0, move=(0, standing_eye_height(body, betas) - 1.62 - 0.02, 0))
    calibration = calibrate(recording, body)
    assert float(body.stature(calibration.betas)) == pytest.approx(stature, abs=0.02)
    assert calibration.floor == 0


def test_looking_down_makes_nobody_shorter(make_recording, body):
    recording = make_recording(10.0)
    head = recording.tracks["head"]
    down = axis_angle_to_matrix(np.array([-0.9, 0, 0]))
    eyes = np.array([0, 0.105, -0.062])
    bowed = head.position - eyes + down @ eyes
    rotation = np.broadcast_to(matrix_to_quaternion(down), head.rotation.shape)
    level = Track(head.position, np.broadcast_to([1.0, 0, 0, 0], head.rotation.shape), head.valid)
    upright = calibrate(replace(recording, tracks={**recording.tracks, "head": level}), body)
    looking = Track(bowed, rotation, head.valid)
    bent = calibrate(replace(recording, tracks={**recording.tracks, "head": looking}), body)
    # Who looks down steeply bends a little as a rule: the person is, if anything, taken to be taller.
    assert 0 <= float(body.stature(bent.betas)) - float(body.stature(upright.betas)) < 2.5 * bent.stature_error


def test_what_is_given_is_taken(make_recording, body):
    calibration = calibrate(make_recording(3.0), body, stature=1.60, floor=-0.2, preset="vive")
    assert float(body.stature(calibration.betas)) == pytest.approx(1.60, abs=1e-3)
    assert calibration.floor == -0.2
    expected = preset_offsets("vive", float(body.size(calibration.betas)))["left_hand"]
    np.testing.assert_allclose(calibration.offsets["left_hand"].position, expected.position)


def test_a_recording_relative_to_the_first_pose_gets_a_floor(make_recording, body):
    calibration = calibrate(make_recording(5.0, move=(0, -1.62, 0)), body)
    assert calibration.floor == pytest.approx(-1.6, abs=0.08)
    assert any("y = 0 cannot be the floor" in str(note) for note in calibration.notes)


def test_who_sits_is_not_taken_for_a_child(make_recording, body):
    calibration = calibrate_as_grips(make_recording(5.0, move=(0, -0.42, 0)), body)
    assert 1.60 < float(body.stature(calibration.betas)) < 1.85
    assert calibration.floor == 0


@pytest.mark.parametrize("stature", [0.9, 2.3])
@pytest.mark.parametrize("name", ["humanid_user1", "humanid_user2", "humanid_user3", "humanid_user4", "humanid_user5"])
def test_people_of_any_size_are_within_what_is_said_of_their_stature(shared, body, stature, name):
    """Case robustness/32 of ../shared: real players, scaled."""

    def found_in(recording):
        return estimate_stature(
            model_frame(recording), body, 0.0, preset_offsets("saber"), PRESETS["saber"].reach_sigma
        )

    recording = read(shared / "hmd" / "bsor" / f"{name}_ref.bsor")
    factor = stature / found_in(recording).stature.value
    tracks = {role: Track(factor * t.position, t.rotation, t.valid) for role, t in recording.tracks.items()}
    found = found_in(replace(recording, tracks=tracks)).stature
    assert found.low < stature < found.high
    assert abs(found.value - stature) < max(3 * found.error, 0.05)


@pytest.mark.parametrize("factor", [0.9, 1.0, 1.2, 1.4])
def test_a_made_up_adult_of_any_size_is_within_what_is_said_of_their_stature(make_recording, body, factor):
    recording = make_recording(6.0)
    tracks = {role: Track(factor * t.position, t.rotation, t.valid) for role, t in recording.tracks.items()}
    placed = model_frame(replace(recording, tracks=tracks))
    found = estimate_stature(placed, body, 0.0, preset_offsets("grip"), PRESETS["grip"].reach_sigma).stature
    assert found.low < 1.75 * factor < found.high


def test_joints_need_no_calibration(make_clip, body):
    rotations, positions = joints_of(make_clip(60))
    identity = {role: Offset(np.array([1.0, 0, 0, 0]), np.zeros(3)) for role in ROLES}
    recording = devices_of(rotations, positions, identity, device="joints")
    calibration = calibrate(replace(recording, betas=np.arange(10) / 9), body)
    np.testing.assert_array_equal(calibration.betas, np.arange(10) / 9)
    placed = model_frame(recording)
    _, found, _ = joint_poses(placed, calibration)
    np.testing.assert_allclose(found + placed.origin, positions, atol=1e-12)


def test_a_missing_hand_is_never_valid(make_recording, body):
    recording = make_recording(2.0)
    tracks = {role: track for role, track in recording.tracks.items() if role != "left_hand"}
    recording = replace(recording, tracks=tracks)
    rotations, positions, valid = joint_poses(model_frame(recording), calibrate(recording, body))
    np.testing.assert_array_equal(valid.all(0), [True, False, True])
    assert np.isfinite(rotations).all() and np.isfinite(positions).all()


def test_arm_frames_are_rotations_and_find_a_bent_elbow(body):
    rest = body.rest_joints(np.zeros(10)).astype(float)
    heads = np.tile(rest[15], (3, 1))
    wrists = rest[16] + np.array([[0.0, -0.3, 0.3], [0.2, -0.2, 0.2], [0.1, -0.5, 0.0]])
    frames = arm_frames(np.tile(np.eye(3), (3, 1, 1)), heads, wrists, rest)
    np.testing.assert_allclose(frames @ frames.swapaxes(-1, -2), np.tile(np.eye(3), (3, 1, 1)), atol=1e-9)
    assert frames[0, 2, 0] > 0.8  # a hand held before the body: the forearm points forward


def test_offsets_are_found_from_the_forearms_that_a_model_predicts(make_clip, body):
    clip = make_clip(240)
    local = axis_angle_to_matrix(clip.poses.reshape(-1, 22, 3).astype(float))
    world, positions = forward_kinematics(local, clip.translation.astype(float), clip.rest_joints.astype(float))
    offsets = {"head": head_offset(1.0)}
    for role, turn in (("left_hand", [0.6, -0.5, 0.3]), ("right_hand", [-0.2, 0.7, 0.5])):
        offsets[role] = Offset(axis_angle_to_quaternion(np.array(turn)), np.array([0.02, -0.05, 0.04]))
    recording = devices_of(world[:, TRACKED_JOINTS], positions[:, TRACKED_JOINTS], offsets)
    nothing = Offset(np.array([1.0, 0, 0, 0]), np.zeros(3))
    start = Calibration(np.zeros(10), 0.0, {"head": offsets["head"], "left_hand": nothing, "right_hand": nothing})
    found = fit_to_forearms(model_frame(recording), start, world[:, [18, 19]])
    for role in ("left_hand", "right_hand"):
        turn = geodesic_angle(
            quaternion_to_matrix(found.offsets[role].rotation), quaternion_to_matrix(offsets[role].rotation)
        )
        assert np.degrees(turn) < 15  # the wrists of this clip are bent by up to 23 degrees
        np.testing.assert_array_equal(found.offsets[role].position, 0)


def test_a_saved_calibration_comes_back(make_recording, body, tmp_path):
    calibration = calibrate(make_recording(2.0), body)
    save(tmp_path / "me.json", calibration)
    again = load(tmp_path / "me.json")
    np.testing.assert_array_equal(again.betas, calibration.betas)
    assert again.floor == calibration.floor and again.notes == calibration.notes
    for role, offset in calibration.offsets.items():
        np.testing.assert_allclose(again.offsets[role].rotation, offset.rotation, atol=1e-15)
        np.testing.assert_array_equal(again.offsets[role].position, offset.position)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not a calibration"),
        ("[1, 2]", "its 'format' should be"),
        ('{"format": "threepoint calibration 1"}', "not a whole calibration"),
        ('{"format": "threepoint calibration 1", "betas": [1], "floor": 0, "offsets": {}}', "not a whole calibration"),
        (
            '{"format": "threepoint calibration 1", "betas": [0,0,0,0,0,0,0,0,0,0], "floor": 0, '
            '"offsets": {"head": {"rotation_wxyz": [0,0,0,0], "position": [0,0,0]}}}',
            "unit quaternion",
        ),
    ],
)
def test_a_broken_calibration_is_refused(tmp_path, text, message):
    (tmp_path / "me.json").write_text(text)
    with pytest.raises(InputError, match=message) as caught:
        load(tmp_path / "me.json")
    assert "\n" not in str(caught.value)


def test_notes_that_an_older_version_kept_as_text_are_read(make_recording, body, tmp_path):
    save(tmp_path / "me.json", replace(calibrate(make_recording(2.0), body), notes=()))
    text = (tmp_path / "me.json").read_text()
    (tmp_path / "me.json").write_text(text.replace('"notes": []', '"notes": ["person 1.7 m tall"]'))
    assert load(tmp_path / "me.json").notes == (Note("text", {"text": "person 1.7 m tall"}),)


def test_an_unknown_preset_is_refused():
    with pytest.raises(InputError, match="no device preset 'nunchuk'"):
        preset_offsets("nunchuk")
