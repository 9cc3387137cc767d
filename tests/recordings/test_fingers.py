"""Fingers of the formats that have hand joints, and how they go through a recording."""

import json
from dataclasses import replace

import h5py
import numpy as np
import pytest

from threepoint.model_core.body import load_body
from threepoint.model_core.body.fingers import hand_points, rotations_of
from threepoint.model_core.geometry.frames import OPENXR_TO_MODEL
from threepoint.model_core.geometry.hand import HANDS, OPENXR_POINTS, WEBXR_POINTS
from threepoint.model_core.geometry.rotations import quaternion_to_matrix
from threepoint.model_core.recordings import read
from threepoint.model_core.recordings.fingers import fingers_of
from threepoint.model_core.recordings.formats import mcap
from threepoint.model_core.recordings.model_frame import model_frame
from threepoint.tests.geometry.test_hand import curled
from threepoint.tests.recordings.samples import walking_person

BETAS = np.zeros(10)
ARKIT = [
    finger + part for finger in ("IndexFinger", "MiddleFinger", "LittleFinger", "RingFinger", "Thumb")
    for part in ("Knuckle", "IntermediateBase", "IntermediateTip", "Tip")
]  # fmt: skip


@pytest.fixture(scope="module")
def bending():
    """A recording, and by hand its points (N, 21, 3) in OpenXR's space: all fingers bend and stretch."""
    recording, body = walking_person(2.0), load_body()
    points = {}
    for hand in HANDS:
        rest = hand_points(body, BETAS, hand)
        angles = 0.4 - 0.4 * np.cos(3 * recording.time)
        bent = np.array([curled(rest, hand, angle)[0] - rest[0] for angle in angles]) @ OPENXR_TO_MODEL
        track = recording.tracks[hand]
        turned = np.einsum("nij,npj->npi", quaternion_to_matrix(track.rotation), bent)
        points[hand] = turned + track.position[:, None]
    return recording, points


def assert_bends(again, bending, atol=2e-3):
    """The fingers that were read bend as those that were written."""
    recording, points = bending
    assert set(again.fingers) == set(HANDS)
    seconds = np.linspace(0.1, 1.8, 30)
    for hand in HANDS:
        wanted = fingers_of(recording.time - recording.time[0], points[hand], hand).at(seconds)
        found = again.fingers[hand].at(seconds + again.time[0])
        assert np.abs(1 - np.abs((found * wanted).sum(-1))).max() < atol, hand
        turned = rotations_of(load_body(), BETAS, {hand: found})[hand]
        assert np.degrees(2 * np.arccos(np.clip(np.abs(turned[..., 0]), 0, 1))).max() > 30


def test_webxr_captures(bending, tmp_path):
    recording, points = bending
    schema = [[number, {"handedness": hand.removesuffix("_hand"), "targetRayMode": "tracked-pointer", "hasGrip": False,
                        "hasHand": True}] for number, hand in enumerate(HANDS)]  # fmt: skip
    head, frames = recording.tracks["head"], []
    for i, seconds in enumerate(recording.time):
        frame = [seconds * 1000, *head.position[i], *head.rotation[i][[1, 2, 3, 0]]]
        for number, hand in enumerate(HANDS):
            joints = np.zeros((25, 8))
            joints[:, 6] = 1
            joints[WEBXR_POINTS, :3] = points[hand][i]
            frame.append([number, 0, 0, 0, 0, 0, 0, 1, joints.ravel().tolist(), []])
        frames.append(frame)
    (tmp_path / "cap.json").write_text(json.dumps({"schema": schema, "frames": frames}))
    assert_bends(read(tmp_path / "cap.json"), bending)


def test_xrobotoolkits_lines(bending, tmp_path):
    recording, points = bending
    head, lines = recording.tracks["head"], []
    for i, seconds in enumerate(recording.time):
        sample = {
            "timeStampNs": 10**18 + round(seconds * 1e9),
            "Head": {"pose": told(head.position[i], head.rotation[i])},
        }
        sample["Hand"] = {}
        for hand in HANDS:
            joints = [{"p": told([0.01, 0, 0])} for _ in range(26)]
            for number, place in zip(OPENXR_POINTS, points[hand][i], strict=True):
                joints[number] = {"p": told(place, recording.tracks[hand].rotation[i])}
            sample["Hand"][hand.replace("_hand", "Hand")] = {"isActive": 1, "HandJointLocations": joints}
        lines.append(json.dumps(sample))
    (tmp_path / "trackingData_1.txt").write_text("\n".join(lines))
    assert_bends(read(tmp_path / "trackingData_1.txt"), bending)


def told(position, rotation=(1, 0, 0, 0)):
    return ",".join(f"{value:.7f}" for value in [*position, *np.asarray(rotation)[[1, 2, 3, 0]]])


def test_egodex(bending, tmp_path):
    recording, points = bending
    rows = np.searchsorted(recording.time, np.arange(int(recording.duration * 30)) / 30)
    with h5py.File(tmp_path / "0.hdf5", "w") as file:
        for role, name in (("head", "camera"), ("left_hand", "leftHand"), ("right_hand", "rightHand")):
            track = recording.tracks[role]
            matrices = np.tile(np.eye(4), (len(rows), 1, 1))
            matrices[:, :3, :3], matrices[:, :3, 3] = quaternion_to_matrix(track.rotation[rows]), track.position[rows]
            file[f"transforms/{name}"] = matrices
        for hand in HANDS:
            for number, name in enumerate(ARKIT):
                matrices = np.tile(np.eye(4), (len(rows), 1, 1))
                matrices[:, :3, 3] = points[hand][rows, number + 1]
                file[f"transforms/{hand.removesuffix('_hand')}{name}"] = matrices
    again = read(tmp_path / "0.hdf5")
    assert set(again.fingers) == set(HANDS) and again.warnings == ()
    for hand in HANDS:
        wanted = fingers_of(recording.time[rows], points[hand][rows], hand).bones
        assert np.abs(1 - np.abs((again.fingers[hand].bones * wanted).sum(-1))).max() < 1e-6


def test_moments_without_a_hand_are_left_out_and_what_is_no_hand_has_no_fingers(bending):
    recording, points = bending
    some = points["left_hand"].copy()
    some[10:20] = np.nan
    some[30] = 0
    found = fingers_of(recording.time, some, "left_hand")
    assert len(found.time) == len(recording.time) - 11 and np.isfinite(found.bones).all()
    assert fingers_of(recording.time, np.zeros_like(some), "left_hand") is None
    assert fingers_of(recording.time, 50 * points["left_hand"], "left_hand") is None


def test_they_are_held_at_both_ends_and_go_with_the_recording(bending):
    recording, points = bending
    found = fingers_of(recording.time, points["left_hand"], "left_hand")
    ends = found.at(np.array([-5.0, 50.0]))
    assert np.abs(np.abs((ends * found.bones[[0, -1]]).sum(-1)) - 1).max() < 1e-9
    carried = model_frame(replace(recording, fingers={"left_hand": found})).part(0.5, 1.0)
    assert carried.fingers["left_hand"] is found


def test_isaac_teleops_messages_have_the_joints_of_hands(bending):
    recording, points = bending

    def message(place):
        turned = dict.fromkeys("xyz", 0.0) | {"w": 1.0}
        joints = [{"pose": {"position": {}, "orientation": turned}, "is_valid": True} for _ in range(26)]
        for number, where in zip(OPENXR_POINTS, place, strict=True):
            joints[number]["pose"]["position"] = dict(zip("xyz", where.tolist(), strict=True))
        return {"data": {"joints": joints}}

    rows = zip(recording.time, points["left_hand"], strict=True)
    samples = [(100 + second, mcap._points(message(place))) for second, place in rows]
    later = recording.time + 0.004
    found = mcap._nearest(samples, 100, later)
    assert np.abs(found - points["left_hand"]).max() < 1e-9
    assert np.isnan(mcap._nearest(samples, 100, recording.time + 50)).all()
    assert mcap._points({"data": {"pose": {}}}) is None
