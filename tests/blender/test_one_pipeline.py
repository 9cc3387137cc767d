"""Command line, ``blender --command`` and buttons take one pipeline and build one kind of scene."""

import importlib.util
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import bpy
import numpy as np
import pytest
from bodies import wobbly_recording

from threepoint.blender_addon.engine import client as engine
from threepoint.blender_addon.operators import command_line
from threepoint.blender_addon.state import engine_choice, predictions
from threepoint.blender_addon.state.new_file import empty_file
from threepoint.blender_addon.state.people import people_of
from threepoint.model_core.body import load_body
from threepoint.model_core.calibration import Offset
from threepoint.model_core.calibration.person import head_offset
from threepoint.model_core.geometry.frames import OPENXR_TO_MODEL, convert_positions, convert_quaternions
from threepoint.model_core.geometry.kinematics import forward_kinematics
from threepoint.model_core.geometry.rotations import (
    axis_angle_to_matrix,
    axis_angle_to_quaternion,
    matrix_to_quaternion,
)
from threepoint.model_core.geometry.skeleton import JOINT_NAMES, ROLES, TRACKED_JOINTS
from threepoint.model_core.recordings import Recording, Track
from threepoint.model_core.recordings.formats import bsor, plain
from threepoint.tools.support.checkout import ROOT
from threepoint.tools.support.made_up_walk import ramp, tracker_pose

FPS = 60
TENTH_MILLIMETRE = 1e-4
COMPARED = 60
"""Frames, spread over a motion, at which bones are compared."""
RECORDINGS = ("bsor/humanid_user4_ref.bsor", "iwer/cap.json", "questset/sample_movement_data.csv")
SAMPLES = 130
"""So many samples of each are taken: some two seconds."""


@pytest.fixture
def real_engine(monkeypatch):
    """The engine with its networks, in the Python that runs the tests."""
    if importlib.util.find_spec("torch") is None:
        pytest.skip("this environment has no torch")
    monkeypatch.setattr(engine_choice, "engine_python", lambda: Path(sys.executable))
    yield
    engine.stop()


def run_tools(*arguments):
    """``python3 tools animate`` in a process of its own."""
    command = [sys.executable, "-P", "-m", "threepoint.tools", "animate", *map(str, arguments), "--fps", str(FPS)]
    environment = {**os.environ, "PYTHONPATH": ""}
    result = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=900, check=False
    )
    assert result.returncode == 0, result.stderr


def opened(path):
    """The one person of a file."""
    bpy.ops.wm.open_mainfile(filepath=str(path))
    (person,) = people_of(bpy.context.scene)
    return person


def imported(path):
    """The person of a recording that the import button brings into an empty file."""
    scene = empty_file(FPS)
    bpy.ops.threepoint.import_recording(filepath=str(path))
    return people_of(scene)[0]


def bone_positions(person):
    """World positions of all bones (frames, 24, 3), at frames spread over the active take."""
    first, last = person.takes[person.active_take].action.frame_range
    found = []
    for frame in np.linspace(first, last, COMPARED).astype(int).tolist():
        bpy.context.scene.frame_set(frame)
        posed = person.armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
        found.append([list(posed.matrix_world @ posed.pose.bones[name].head) for name in JOINT_NAMES])
    return np.array(found)


def bone_positions_of_all(path):
    """``bone_positions`` of everybody in a file, by name."""
    bpy.ops.wm.open_mainfile(filepath=str(path))
    return {person.name: bone_positions(person) for person in people_of(bpy.context.scene)}


def beginning(path, folder):
    """A file of the same name and format with the first ``SAMPLES`` of a recording."""
    short = folder / path.name
    if path.suffix == ".csv":
        short.write_text("".join(path.read_text().splitlines(keepends=True)[: SAMPLES + 1]))
    elif path.suffix == ".json":
        content = json.loads(path.read_text())
        short.write_text(json.dumps({**content, "frames": content["frames"][:SAMPLES]}))
    else:
        bsor.write(short, bsor.read(path).at(slice(SAMPLES)))
    return short


@pytest.fixture
def short_recording(tmp_path):
    """A file of two seconds whose floor lies 0.3 m below that of its space."""
    recording = wobbly_recording(seconds=2.0)
    down = np.array([0.0, 0.3, 0.0])
    tracks = {role: replace(track, position=track.position - down) for role, track in recording.tracks.items()}
    path = tmp_path / "low.csv"
    plain.write(path, replace(recording, tracks=tracks))
    return path


@pytest.mark.slow
def test_a_file_of_the_command_line_opens_as_if_it_had_been_made_in_the_window(real_engine, short_recording, tmp_path):
    run_tools(short_recording, "-o", tmp_path / "low.blend", "--takes", 2, "--stature", 1.65, "--floor", -0.3)
    person = opened(tmp_path / "low.blend")
    assert person.name == "low" and [take.name for take in person.takes] == ["Most Likely", "Take 1"]
    assert person.active_take == 0 and person.armature.animation_data.action == person.takes[0].action
    assert person.override_stature and person.stature == pytest.approx(1.65)
    assert predictions.last_calibration(person).floor == -0.3
    assert predictions.current_calibration_key(person, bpy.context.scene) == person.calibration_key
    armature = person.armature
    bpy.ops.threepoint.predict(kind="TAKE")
    assert person.armature == armature and len(person.takes) == 3
    person.first, person.last = 20, 60
    bpy.ops.threepoint.predict(kind="RANGE")
    bpy.ops.threepoint.export(kind="NPZ", filepath=str(tmp_path / "low.npz"))
    assert (tmp_path / "low.npz").is_file()
    bpy.ops.threepoint.predict()
    assert person.armature == armature


@pytest.mark.slow
def test_trackers_stay_where_the_recording_says_and_the_avatar_stands_on_its_floor(
    real_engine, short_recording, tmp_path
):
    run_tools(short_recording, "-o", tmp_path / "low.blend", "--floor", -0.3, "--no-refine")

    def heights(person):
        bpy.context.scene.frame_set(bpy.context.scene.frame_start)
        return [getattr(person, role).matrix_world.translation.z for role in ROLES], person.armature.location.z

    by_tools = heights(opened(tmp_path / "low.blend"))
    person = imported(short_recording)
    person.override_floor, person.floor, person.refinement = True, -0.3, 0.0
    bpy.ops.threepoint.predict()
    by_buttons = heights(person)
    recording = plain.read(short_recording)
    assert by_tools[0][0] == pytest.approx(recording.tracks["head"].position[0, 1], abs=1e-5)
    assert by_tools[0] == pytest.approx(by_buttons[0], abs=1e-5)
    assert by_tools[1] == pytest.approx(-0.3) and by_buttons[1] == pytest.approx(-0.3)


ODD = {
    "left_hand": Offset(axis_angle_to_quaternion(np.array([0.5, -0.3, 0.8])), np.array([0.03, 0.05, -0.06])),
    "right_hand": Offset(axis_angle_to_quaternion(np.array([-0.7, 0.2, 0.4])), np.array([-0.04, 0.02, 0.05])),
}
"""How devices that nobody knows sit on the wrists."""
T_POSE_SECONDS = 2.5


@pytest.fixture
def unknown_devices(tmp_path):
    """A file of such devices: the person stands in a T-pose, then lowers the arms."""
    body, betas, time = load_body(), np.zeros(10), np.arange(360) / 72
    angles = np.random.default_rng(1).normal(0, 5e-4, (len(time), 22, 3))  # Nobody stands perfectly still.
    for joint, side in ((16, -1), (17, 1)):
        angles[:, joint, 2] += side * 1.2 * ramp(time, T_POSE_SECONDS, T_POSE_SECONDS + 1)
    rest = body.rest_joints(betas)[:22]
    pelvis = np.tile(rest[0] - [0, body.sole(betas), 0], (len(time), 1))
    world, positions = forward_kinematics(axis_angle_to_matrix(angles), pelvis, rest)
    offsets, tracks = {"head": head_offset(float(body.size(betas))), **ODD}, {}
    for role, joint in zip(ROLES, TRACKED_JOINTS, strict=True):
        rotation, position = tracker_pose(matrix_to_quaternion(world[:, joint]), positions[:, joint], offsets[role])
        back = OPENXR_TO_MODEL.T
        track = Track(convert_positions(position, back), convert_quaternions(rotation, back), np.ones(len(time), bool))
        tracks[role] = track
    plain.write(tmp_path / "unknown.csv", Recording(time, tracks, "unknown").validate())
    return tmp_path / "unknown.csv"


def assert_odd(calibration):
    for role, true in ODD.items():
        assert np.linalg.norm(calibration.offsets[role].position - true.position) < 0.015, role


def test_a_t_pose_of_unknown_devices_is_found_in_blender_too(real_engine, unknown_devices):
    person = imported(unknown_devices)
    bpy.ops.threepoint.calibrate()
    found = predictions.last_calibration(person)
    assert found.notes[0].code == "unknown_device_t_pose"
    assert_odd(found)


def test_the_t_pose_at_the_playhead_is_measured_and_kept(real_engine, unknown_devices):
    person, scene = imported(unknown_devices), bpy.context.scene
    person.preset = "touch"  # Which the pose overrules.
    scene.frame_set(scene.frame_start + FPS)
    bpy.ops.threepoint.calibrate_t_pose()
    found = predictions.last_calibration(person)
    assert person.use_t_pose and person.t_pose_frame == scene.frame_current
    assert found.notes[-1].code == "person_in_pose" and found.notes[-1].values["second"] == pytest.approx(1, abs=0.02)
    assert_odd(found)
    job = predictions.ask_for_motion(person, scene, sys.executable)
    job.cancel()
    assert job._request[0]["options"]["pose"] == {"kind": "t", "second": pytest.approx(1, abs=0.02)}
    assert job._request[0]["calibration"]["floor"] == pytest.approx(found.floor)


@pytest.mark.slow
def test_every_way_gives_the_same_motion(real_engine, shared, tmp_path):
    paths = [beginning(shared / "hmd" / name, tmp_path) for name in RECORDINGS]
    run_tools(*paths, "-o", tmp_path / "tools.blend")
    by_tools = bone_positions_of_all(tmp_path / "tools.blend")
    arguments = [*map(str, paths), "-o", str(tmp_path / "command.blend"), "--fps", str(FPS)]
    assert command_line.run(["animate", *arguments, "--python", sys.executable]) == 0
    by_command = bone_positions_of_all(tmp_path / "command.blend")
    assert set(by_tools) == set(by_command) == {path.stem for path in paths}
    for path in paths:
        person = imported(path)
        bpy.ops.threepoint.predict()
        by_buttons = bone_positions(person)
        assert np.abs(by_command[path.stem] - by_tools[path.stem]).max() < TENTH_MILLIMETRE, path.stem
        assert np.abs(by_buttons - by_tools[path.stem]).max() < TENTH_MILLIMETRE, path.stem
