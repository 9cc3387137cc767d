"""Formats of laboratories, games and the web: each read back from a file as its program writes it."""

import json
from dataclasses import replace

import numpy as np
import pytest

from threepoint.model_core.calibration import preset_offsets
from threepoint.model_core.errors import InputError
from threepoint.model_core.frames import OPENXR_TO_MODEL
from threepoint.model_core.recordings import Track, aria, iwer, read
from threepoint.model_core.recordings.conventions import from_openxr
from threepoint.model_core.rotations import (
    axis_angle_to_matrix,
    matrix_to_quaternion,
    quaternion_to_matrix,
)

ROLES = ("head", "left_hand", "right_hand")


def euler(rotation, order):
    """Degrees about x, y, z (N, 3) of quaternions (N, 4) for the orders YXZ and XZY."""
    m = quaternion_to_matrix(rotation)
    if order == "YXZ":
        x, y, z = np.arcsin(-m[:, 1, 2]), np.arctan2(m[:, 0, 2], m[:, 2, 2]), np.arctan2(m[:, 1, 0], m[:, 1, 1])
    else:
        z, x, y = np.arcsin(-m[:, 0, 1]), np.arctan2(m[:, 2, 1], m[:, 1, 1]), np.arctan2(m[:, 0, 2], m[:, 0, 0])
    return np.degrees(np.stack([x, y, z], -1))


def assert_same(again, recording, atol=1e-4):
    assert again.duration == pytest.approx(recording.duration, abs=1e-3)
    for role, track in recording.tracks.items():
        np.testing.assert_allclose(again.tracks[role].position, track.position, atol=atol, err_msg=role)
        same = np.abs((again.tracks[role].rotation * track.rotation).sum(-1))
        np.testing.assert_allclose(same, 1, atol=atol, err_msg=role)


# UXF


UXF_NAMES = {"head": "headset", "left_hand": "left_controller", "right_hand": "right_controller"}


def write_uxf(folder, recording, trial="T001", comma=False):
    folder.mkdir(exist_ok=True)
    for number, (role, track) in enumerate(recording.tracks.items()):
        position, rotation = from_openxr(track.position, track.rotation, "unity")
        rows = np.column_stack([recording.time + 0.001 * number, position, euler(rotation, "YXZ") % 360])
        mark = ";" if comma else ","
        lines = [mark.join(f"{value:.6f}" for value in row) for row in rows]
        text = "\n".join([mark.join(["time", "pos_x", "pos_y", "pos_z", "rot_x", "rot_y", "rot_z"])] + lines)
        (folder / f"{UXF_NAMES[role]}_movement_{trial}.csv").write_text(text.replace(".", ",") if comma else text)


@pytest.mark.parametrize("comma", [False, True])
@pytest.mark.parametrize("which", [".", "headset_movement_T001.csv", "right_controller_movement_T001.csv"])
def test_any_one_of_uxfs_files_or_the_folder_is_enough(make_recording, tmp_path, comma, which):
    recording = make_recording(3.0)
    write_uxf(tmp_path / "S001", recording, comma=comma)
    (tmp_path / "S001" / "trial_results.csv").write_text("participant,trial\n1,1\n2,2\n3,3\n")
    again = read(tmp_path / "S001" / which)
    assert set(again.tracks) == set(ROLES)
    assert_same(again, recording, atol=2e-3)  # the hands' clocks are a millisecond or two off the head's


def test_a_uxf_folder_of_several_trials_asks_which(make_recording, tmp_path):
    write_uxf(tmp_path / "S001", make_recording(2.0), "T001")
    write_uxf(tmp_path / "S001", make_recording(3.0), "T002")
    with pytest.raises(InputError, match="holds trials 001, 002; name a file"):
        read(tmp_path / "S001")
    assert read(tmp_path / "S001" / "headset_movement_T002.csv").duration == pytest.approx(3.0)


def test_a_uxf_trial_without_a_head_is_refused(make_recording, tmp_path):
    write_uxf(tmp_path / "S001", make_recording(2.0))
    (tmp_path / "S001" / "headset_movement_T001.csv").unlink()
    with pytest.raises(InputError, match="no file of trial 001 is named after the head"):
        read(tmp_path / "S001")


# Brekel


def brekel_text(recording, order, swap=False, trackers=()):
    """A recording of Brekel's, controllers by number; each stamp is written twice."""
    hands = ["right_hand", "left_hand"] if swap else ["left_hand", "right_hand"]
    sections = [("Head Mounted Display(s)", [(0, recording.tracks["head"])])]
    sections.append(("Controllers", [(3 + i, recording.tracks[role]) for i, role in enumerate(hands)]))
    sections.append(("Generic Trackers", [(7 + i, track) for i, track in enumerate(trackers)]))
    lines = ["Brekel OpenVR Recorder", "Recording start year:\t2023", ""]
    for title, devices in sections:
        lines += [f" {title}", "deviceID\ttimestamp\t\tposX\t\tposY\t\tposZ\t\trotX\t\trotY\t\trotZ"]
        for number, track in devices:
            angles = euler(track.rotation, order)
            for row in np.column_stack([recording.time, track.position, angles]):
                line = f"{number}\t" + "\t\t".join(f"{value:.6f}" for value in row)
                lines += [line, line]
        lines.append("")
    return "\n".join(lines)


def turning_about(recording):
    """The same person turning once about themselves, hands and all, and looking up and down on the way."""
    tracks = {}
    yaw = axis_angle_to_matrix(np.linspace(0, 2.2 * np.pi, len(recording.time))[:, None] * [0, 1.0, 0])
    nod = axis_angle_to_matrix(0.5 * np.sin(3 * recording.time)[:, None] * [1.0, 0, 0])
    for role, track in recording.tracks.items():
        turned = yaw @ (nod if role == "head" else np.eye(3)) @ quaternion_to_matrix(track.rotation)
        tracks[role] = Track((yaw @ track.position[..., None])[..., 0], matrix_to_quaternion(turned), track.valid)
    return replace(recording, tracks=tracks)


@pytest.mark.parametrize("order", ["YXZ", "XZY"])
@pytest.mark.parametrize("swap", [False, True])
def test_brekels_text_is_read_whatever_the_order_of_angles(make_recording, tmp_path, order, swap):
    recording = turning_about(make_recording(4.0))
    (tmp_path / "vive.txt").write_text(brekel_text(recording, order, swap))
    again = read(tmp_path / "vive.txt")
    assert again.device == "vive"
    assert_same(again, recording)


def test_brekels_trackers_get_roles_by_where_they_are_worn(make_recording, tmp_path):
    recording = make_recording(3.0)
    head = recording.tracks["head"]
    worn = {"left_foot": [-0.1, -1.55, 0], "right_foot": [0.1, -1.55, 0], "waist": [0, -0.65, 0.1]}
    trackers = [Track(head.position + place, head.rotation, head.valid) for place in worn.values()]
    (tmp_path / "vive.txt").write_text(brekel_text(recording, "YXZ", trackers=trackers))
    assert set(read(tmp_path / "vive.txt").tracks) == {*ROLES, *worn}


# A-Frame


def test_aframes_capture_comes_back(make_recording, tmp_path):
    recording = make_recording(3.0, turn=-120.0)
    content = {}
    for role, key in (("head", "camera"), ("left_hand", "left"), ("right_hand", "right")):
        track = recording.tracks[role]
        poses = [
            {
                "position": dict(zip("xyz", position.tolist(), strict=True)),
                "rotation": dict(zip("xyz", angles.tolist(), strict=True)),
                "timestamp": 21140.5 + 1000 * seconds,
            }
            for position, angles, seconds in zip(
                track.position, euler(track.rotation, "YXZ"), recording.time.tolist(), strict=True
            )
        ]
        content[key] = {"poses": poses, "events": []}
    content["camera"]["poses"].insert(3, content["camera"]["poses"][2])
    content["left"]["poses"][10]["position"] = None
    (tmp_path / "capture.json").write_text(json.dumps(content))
    again = read(tmp_path / "capture.json")
    assert again.device == "vive"
    assert [(d.role, d.first, d.last, d.reason) for d in again.dropouts] == [("left_hand", 10, 10, "missing")]
    assert any("dropped 1 samples" in warning for warning in again.warnings)
    assert_same(again, recording, atol=1e-3)


# IWER


SCHEMA = [
    [0, {"handedness": "left", "targetRayMode": "tracked-pointer", "hasGrip": True, "hasHand": False}],
    [1, {"handedness": "right", "targetRayMode": "tracked-pointer", "hasGrip": True, "hasHand": False}],
    [2, {"handedness": "left", "targetRayMode": "tracked-pointer", "hasGrip": False, "hasHand": True}],
    [3, {"handedness": "right", "targetRayMode": "tracked-pointer", "hasGrip": False, "hasHand": True}],
]


def pose(position, rotation):
    return [*position, *rotation[[1, 2, 3, 0]]]


def test_iwers_controllers_and_hands_become_the_same_grip(make_recording, tmp_path):
    recording = make_recording(2.0)
    left, right, head = (recording.tracks[role] for role in ("left_hand", "right_hand", "head"))
    rays = np.array([0.9, 0.1, -0.4, 0.1])
    rays /= np.linalg.norm(rays)
    frames = []
    for i, seconds in enumerate(recording.time):
        frame = [seconds * 1000, *pose(head.position[i], head.rotation[i])]
        if i < 60:  # controllers
            frame.append([0, *pose(left.position[i] + 0.05, rays), pose(left.position[i], left.rotation[i]), []])
        elif i < 100:  # tracked hands, joints relative to the ray
            frame.append([2, *pose(left.position[i] + 0.05, rays), wrist_in_ray(left, i, rays), []])
        if i != 80:
            frame.append([1, *pose(right.position[i], rays), pose(right.position[i], right.rotation[i]), []])
        frames.append(frame)
    (tmp_path / "cap.json").write_text(json.dumps({"schema": SCHEMA, "frames": frames}))
    again = read(tmp_path / "cap.json")
    assert again.device == "grip"
    assert [(d.role, d.first, d.last) for d in again.dropouts] == [("left_hand", 100, 144), ("right_hand", 80, 80)]
    for role in ("left_hand", "right_hand"):
        seen = again.tracks[role].valid
        np.testing.assert_allclose(again.tracks[role].position[seen], recording.tracks[role].position[seen], atol=1e-6)
        same = np.abs((again.tracks[role].rotation * recording.tracks[role].rotation).sum(-1))[seen]
        np.testing.assert_allclose(same, 1, atol=1e-6)


def wrist_in_ray(track, i, ray):
    """The wrist joint (8 numbers) that a headset would report of a hand whose grip is the track's."""
    grip = quaternion_to_matrix(track.rotation[i])
    wrist_to_grip = quaternion_to_matrix(iwer.WRIST_TO_GRIP_ROTATION["left_hand"])
    wrist = grip @ wrist_to_grip.T
    place = track.position[i] - wrist @ iwer.WRIST_TO_GRIP["left_hand"]
    space = quaternion_to_matrix(ray)
    local = space.T @ (place - (track.position[i] + 0.05))
    return [*pose(local, matrix_to_quaternion(space.T @ wrist)), 0.02]


def test_iwers_wrist_and_grip_agree_with_the_presets():
    """Both ways from a tracked hand to the wrist joint end within 4 cm and at the same rotation."""
    for role in ("left_hand", "right_hand"):
        hand, grip = preset_offsets("hand")[role], preset_offsets("grip")[role]
        to_grip = OPENXR_TO_MODEL @ quaternion_to_matrix(iwer.WRIST_TO_GRIP_ROTATION[role]) @ OPENXR_TO_MODEL.T
        by_grip = to_grip @ quaternion_to_matrix(grip.rotation)
        np.testing.assert_allclose(by_grip, quaternion_to_matrix(hand.rotation), atol=1e-12)
        place = OPENXR_TO_MODEL @ iwer.WRIST_TO_GRIP[role] + to_grip @ grip.position
        assert np.linalg.norm(place) < 0.04


# Aria


def write_aria(folder, recording, hands=True):
    """The services' two tables: world +Z up, the device a camera that is turned on the head."""
    (folder / "slam").mkdir(parents=True)
    (folder / "hand_tracking").mkdir()
    to_z_up = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
    # The camera's axes on the head: -X up, +Z forward, as on the glasses.
    on_head = np.array([[0.0, -1, 0], [-1, 0, 0], [0, 0, -1]]).T
    head = recording.tracks["head"]
    world = to_z_up @ quaternion_to_matrix(head.rotation) @ on_head
    place = head.position @ to_z_up.T
    rows = np.column_stack([recording.time * 1e6 + 37709493155, place, matrix_to_quaternion(world)])
    names = [f"{field}_world_device" for field in ("tx", "ty", "tz", "qw", "qx", "qy", "qz")]
    lines = ["graph_uid,tracking_timestamp_us," + ",".join(names)]
    lines += [f"abc-def,{row[0]:.0f}," + ",".join(f"{value:.8f}" for value in row[1:]) for row in rows]
    (folder / "slam" / "closed_loop_trajectory.csv").write_text("\n".join(lines))
    if not hands:
        return
    header, columns = ["tracking_timestamp_us"], [rows[:, 0]]
    for side in ("left", "right"):
        track = recording.tracks[f"{side}_hand"]
        axes = quaternion_to_matrix(track.rotation)
        wrist, palm = track.position, track.position - 0.08 * axes[:, :, 2]
        header.append(f"{side}_tracking_confidence")
        columns.append(np.where(np.arange(len(rows)) % 50 < 40, 0.99, -1))
        for kind, point, values in (
            ("t", "wrist", wrist - head.position),
            ("t", "palm", palm - head.position),
            ("n", "wrist", -axes[:, :, 1]),
        ):
            local = np.einsum("nji,nj->ni", world, values @ to_z_up.T)
            local[
                columns[-1 if kind == "t" and point == "wrist" else header.index(f"{side}_tracking_confidence")] < 0
            ] = 0
            header += [f"{kind}{axis}_{side}_{point}_device" for axis in "xyz"]
            columns += list(local.T)
    table = np.column_stack(columns)[::7]  # the hands are seen at a tenth of the rate
    lines = [",".join(header)] + [f"{row[0]:.0f}," + ",".join(f"{value:.8f}" for value in row[1:]) for row in table]
    (folder / "hand_tracking" / "wrist_and_palm_poses.csv").write_text("\n".join(lines))


@pytest.mark.parametrize("which", [".", "slam/closed_loop_trajectory.csv", "hand_tracking/wrist_and_palm_poses.csv"])
def test_arias_folder_becomes_head_and_wrists(make_recording, tmp_path, which):
    recording = make_recording(4.0)
    write_aria(tmp_path / "mps", recording)
    again = read(tmp_path / "mps" / which)
    assert again.device == "hand" and again.duration == pytest.approx(4.0, abs=1e-4)
    np.testing.assert_allclose(again.tracks["head"].position, recording.tracks["head"].position, atol=1e-4)
    # How the camera sits on the head is guessed from the motion: good to some degrees.
    same = np.abs((again.tracks["head"].rotation * recording.tracks["head"].rotation).sum(-1))
    assert np.degrees(2 * np.arccos(same.min())) < 15
    for role in ("left_hand", "right_hand"):
        seen = again.tracks[role].valid
        assert 0.5 < seen.mean() < 0.9
        np.testing.assert_allclose(again.tracks[role].position[seen], recording.tracks[role].position[seen], atol=6e-3)
        same = np.abs((again.tracks[role].rotation * recording.tracks[role].rotation).sum(-1))[seen]
        assert np.degrees(2 * np.arccos(same.min())) < 3


def test_aria_without_hands_is_a_head(make_recording, tmp_path):
    write_aria(tmp_path / "mps", make_recording(2.0), hands=False)
    again = read(tmp_path / "mps")
    assert list(again.tracks) == ["head"]


def test_aria_looks_into_no_folder_but_its_own(make_recording, tmp_path):
    write_aria(tmp_path / "mps", make_recording(2.0))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "mps" / "hand_tracking" / aria.HANDS).rename(tmp_path / "elsewhere" / aria.HANDS)
    assert list(read(tmp_path / "mps").tracks) == ["head"]
    assert list(read(tmp_path / "mps" / "slam" / "closed_loop_trajectory.csv").tracks) == ["head"]


def test_arias_hands_alone_are_refused(make_recording, tmp_path):
    write_aria(tmp_path / "mps", make_recording(2.0))
    (tmp_path / "mps" / "slam" / "closed_loop_trajectory.csv").unlink()
    with pytest.raises(InputError, match="no closed_loop_trajectory.csv beside it"):
        read(tmp_path / "mps" / "hand_tracking" / aria.HANDS)


# BVH


def test_bvh_gives_the_joints_of_a_person(tmp_path):
    from threepoint.model_core.body import load_body

    path = tmp_path / "standing.bvh"
    path.write_text(bvh_text())
    recording = read(path)
    assert recording.device == "joints" and recording.duration == pytest.approx(1.0)
    body = load_body()
    head = recording.tracks["head"].position
    assert np.median(head[:, 1]) == pytest.approx(float(body.head_height(np.zeros(10))), abs=0.12)
    left, right = recording.tracks["left_hand"].position, recording.tracks["right_hand"].position
    # The person faces the model's +Z, which is OpenXR's +Z too: the left hand is then at positive x in the model.
    assert abs((left - right)[0, 0]) > 0.8


def bvh_text(frames=31):
    """A person in T-pose with the names that most programs use, in centimetres, who moves along."""
    bones = [
        ("Hips", None, (0, 100, 0)), ("Spine", "Hips", (0, 10, 0)), ("Spine1", "Spine", (0, 12, 0)),
        ("Spine2", "Spine1", (0, 12, 0)), ("Neck", "Spine2", (0, 15, 0)), ("Head", "Neck", (0, 10, 2)),
        ("LeftShoulder", "Spine2", (4, 12, 0)), ("LeftArm", "LeftShoulder", (13, 0, 0)),
        ("LeftForeArm", "LeftArm", (28, 0, 0)), ("LeftHand", "LeftForeArm", (25, 0, 0)),
        ("RightShoulder", "Spine2", (-4, 12, 0)), ("RightArm", "RightShoulder", (-13, 0, 0)),
        ("RightForeArm", "RightArm", (-28, 0, 0)), ("RightHand", "RightForeArm", (-25, 0, 0)),
        ("LeftUpLeg", "Hips", (9, -5, 0)), ("LeftLeg", "LeftUpLeg", (0, -42, 0)), ("LeftFoot", "LeftLeg", (0, -42, 0)),
        ("LeftToeBase", "LeftFoot", (0, -8, 14)), ("RightUpLeg", "Hips", (-9, -5, 0)),
        ("RightLeg", "RightUpLeg", (0, -42, 0)), ("RightFoot", "RightLeg", (0, -42, 0)),
        ("RightToeBase", "RightFoot", (0, -8, 14)),
    ]  # fmt: skip
    order = []

    def joint(name, depth):
        order.append(name)
        offset = next(o for n, _, o in bones if n == name)
        children = [n for n, parent, _ in bones if parent == name]
        position = "6 Xposition Yposition Zposition" if depth == 0 else "3"
        lines = [f"{'ROOT' if depth == 0 else 'JOINT'} {name}", "{", "OFFSET " + " ".join(map(str, offset))]
        lines.append(f"CHANNELS {position} Zrotation Xrotation Yrotation")
        for child in children:
            lines += joint(child, depth + 1)
        if not children:
            lines += ["End Site", "{", "OFFSET 0 5 0" if name == "Head" else "OFFSET 0 0 5", "}"]
        return [*lines, "}"]

    lines = ["HIERARCHY", *joint("Hips", 0), "MOTION", f"Frames: {frames}", "Frame Time: 0.0333333"]
    for i in range(frames):
        lines.append(" ".join([f"{i}", "100", f"{2 * i}"] + ["0"] * (3 * len(order))))
    return "\n".join(lines) + "\n"


# The real files


def test_the_real_xror_equals_its_bsor(shared):
    pytest.importorskip("fpzip")
    first = read(shared / "hmd" / "xror" / "sample1.xror")
    second = read(shared / "hmd" / "bsor" / "xror_sample1.bsor")
    np.testing.assert_allclose(first.time, second.time, atol=1e-4)
    assert first.device == second.device == "saber"
    for role in ROLES:
        np.testing.assert_allclose(first.tracks[role].position, second.tracks[role].position, atol=1e-4)
        np.testing.assert_allclose(
            quaternion_to_matrix(first.tracks[role].rotation),
            quaternion_to_matrix(second.tracks[role].rotation),
            atol=1e-4,
        )


def test_the_real_aframe_captures(shared):
    for name, seconds, samples in (("dev-recording.json", 9.334, 816), ("grabLeft.json", 12.69, 1127)):
        recording = read(shared / "hmd" / "aframe" / name)
        assert recording.duration == pytest.approx(seconds, abs=1e-3) and len(recording.time) == samples
        head = recording.tracks["head"]
        up = quaternion_to_matrix(head.rotation)[:, 1, 1]
        assert up.mean() > 0.9 and 1.0 < np.median(head.position[:, 1]) < 1.7
        sideways = (
            quaternion_to_matrix(head.rotation).swapaxes(-1, -2)
            @ (recording.tracks["right_hand"].position - recording.tracks["left_hand"].position)[..., None]
        )
        assert sideways[:, 0, 0].mean() > 0.1


def test_the_real_iwer_capture(shared):
    recording = read(shared / "hmd" / "iwer" / "cap.json")
    assert recording.duration == pytest.approx(20.066, abs=1e-3)
    assert recording.tracks["head"].valid.all()
    for role, least in (("left_hand", 0.8), ("right_hand", 0.85)):
        track = recording.tracks[role]
        assert least < track.valid.mean() < 0.95
        # From controllers to hands the grip stays where it is: no jump of more than a few centimetres a frame.
        steps = np.linalg.norm(np.diff(track.position, axis=0), axis=-1)[track.valid[1:] & track.valid[:-1]]
        assert np.percentile(steps, 99) < 0.04
    assert {d.reason for d in recording.dropouts} <= {"missing", "frozen"}


def test_axes_of_the_wrist_follow_fingers_and_palm():
    turn = axis_angle_to_matrix(np.random.default_rng(0).normal(0, 1, (20, 3)))
    found = aria._wrist_axes(-turn[:, :, 2] * 0.07, -turn[:, :, 1])
    np.testing.assert_allclose(quaternion_to_matrix(found), turn, atol=1e-9)
