"""IWER's WebXR captures: controllers and tracked hands become the same grip."""

import json
from pathlib import Path

import numpy as np
import pytest

from threepoint.model_core.calibration import preset_offsets
from threepoint.model_core.geometry.frames import OPENXR_TO_MODEL
from threepoint.model_core.geometry.rotations import matrix_to_quaternion, quaternion_to_matrix
from threepoint.model_core.recordings import Recording, read
from threepoint.model_core.recordings.formats import iwer

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


def test_a_hands_wrist_counts_for_more_than_the_grip_that_is_given_of_it():
    rays = np.array([0.9, 0.1, -0.4, 0.1]) / np.linalg.norm([0.9, 0.1, -0.4, 0.1])
    wrist, grip = pose([0.1, 0.0, 0.2], rays), pose([0.0, 1.0, 0.0], rays)
    ray = pose([0.3, 1.2, -0.2], rays)
    alone = iwer._grip([2, *ray, wrist, []], "left_hand", False, True)
    both = iwer._grip([2, *ray, grip, wrist, []], "left_hand", True, True)
    np.testing.assert_allclose(both, alone)
    np.testing.assert_allclose(iwer._grip([0, *ray, grip, []], "left_hand", True, False), grip)


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


def write_sample(folder: Path, recording: Recording) -> None:
    """Controllers in the first half, tracked hands in the second."""

    def numbers(role, index):
        track = recording.tracks[role]
        return [round(float(v), 4) for v in pose(track.position[index], track.rotation[index])]

    frames = []
    for i, seconds in enumerate(recording.time):
        first = 0 if i < len(recording.time) // 2 else 2
        hands = ("left_hand", "right_hand")
        inputs = [[first + n, *numbers(role, i), numbers(role, i)] for n, role in enumerate(hands)]
        frames.append([round(1000 * seconds, 2), *numbers("head", i), *inputs])
    (folder / "capture.json").write_text(json.dumps({"schema": SCHEMA, "frames": frames}))
