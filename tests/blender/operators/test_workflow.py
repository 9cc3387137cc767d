"""The buttons from import to export, on the installed extension, with an engine that has no networks."""

import os
import subprocess
import sys

import bpy
import numpy as np
import pytest
from bodies import wobbly_recording

from threepoint.blender_addon.animation.curves import curves_in, fcurves_of
from threepoint.blender_addon.avatar.bone_names import NAMES
from threepoint.blender_addon.avatar.hands import HOLDING, RELAXED
from threepoint.blender_addon.avatar.shape_keys import key_of
from threepoint.blender_addon.engine import client as engine
from threepoint.blender_addon.operators import command_line as commands
from threepoint.blender_addon.operators import engine_jobs
from threepoint.blender_addon.state import people, predictions, selection
from threepoint.blender_addon.state.new_file import empty_file
from threepoint.blender_addon.state.people import people_of
from threepoint.blender_addon.state.takes import is_edited
from threepoint.blender_addon.ui import panel
from threepoint.model_core.body import DEFAULT_BODY, load_body
from threepoint.model_core.recordings.formats import bsor, plain


def fcurves_of_take(person, take):
    return curves_in(person.armature, take.action).fcurves


ANSWER, REFUSE, FAIL, WORK_LONG, TURN_DEAF, DIE = range(6)


def test_import_makes_named_trackers_and_a_person(scene, person):
    assert person.name == "walk" and person.head.name == "head walk"
    assert scene.frame_end == pytest.approx(1 + 4 * 30, abs=4) and scene.render.fps == 30
    assert people.recording_of(person, scene).device == "saber"


def test_several_files_and_a_folder_come_in_together(scene, tmp_path):
    for name in ("a", "b"):
        bsor.write(tmp_path / f"{name}.bsor", wobbly_recording())
    plain.write(tmp_path / "c.csv", wobbly_recording())
    bpy.ops.threepoint.import_recording(directory=str(tmp_path), files=[{"name": "a.bsor"}, {"name": "b.bsor"}])
    bpy.ops.threepoint.import_recording(filepath=str(tmp_path))
    assert [p.name for p in people_of(scene)] == ["a", "b", "a.001", "b.001", "c"]


def test_a_file_that_is_no_recording_is_refused_in_a_line(scene, tmp_path):
    (tmp_path / "no.bsor").write_text("hello")
    with pytest.raises(RuntimeError, match="no.bsor"):
        bpy.ops.threepoint.import_recording(filepath=str(tmp_path / "no.bsor"))
    assert not people_of(scene) and not bpy.data.objects
    bsor.write(tmp_path / "good.bsor", wobbly_recording())
    bpy.ops.ed.undo_push(message="before")
    for names in (["no.bsor", "no.bsor"], ["no.bsor", "good.bsor"]):
        assert not people_of(bpy.context.scene)
        with pytest.raises(RuntimeError, match="no.bsor"):
            files = [{"name": name} for name in names]
            bpy.ops.threepoint.import_recording("EXEC_DEFAULT", True, directory=str(tmp_path), files=files)
    assert [person.name for person in people_of(bpy.context.scene)] == ["good"]
    bpy.ops.ed.undo()
    assert not people_of(bpy.context.scene)


def test_calibration_is_shown_and_can_be_overruled(scene, person):
    bpy.ops.threepoint.calibrate()
    assert "tall" in str(predictions.last_calibration(person).notes[-1])
    person.override_stature, person.stature = True, 1.9
    bpy.ops.threepoint.calibrate()
    assert "1.90 m tall" in str(predictions.last_calibration(person).notes[-1])


def test_predicting_makes_an_avatar_with_takes_and_colours(scene, person):
    bpy.ops.threepoint.predict()
    first, last = person.takes[0].action.frame_range
    assert (last - first) / 30 == pytest.approx(people.recording_of(person, scene).duration, abs=1 / 30)
    bpy.ops.threepoint.predict(kind="TAKE")
    assert [take.name for take in person.takes] == ["Most Likely", "Take 1"]
    assert person.armature.animation_data.action == person.takes[1].action
    person.active_take = 0
    assert person.armature.animation_data.action == person.takes[0].action
    assert len([o for o in bpy.data.objects if o.type == "ARMATURE"]) == 1
    scene.frame_set(60)
    mesh = person.mesh.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
    assert mesh.attributes["uncertainty"].data[0].value == pytest.approx(0.1 * 59 / 120, abs=3e-3)


def test_fingers_close_around_controllers_and_open_as_they_are_told(scene, person):
    bpy.ops.threepoint.predict()

    def shown():
        return [key_of(person.mesh, name).value for name in (RELAXED, HOLDING)]

    assert people.recording_of(person, scene).device == "saber" and shown() == [0.0, 1.0]
    for choice, values in (("RELAXED", [1.0, 0.0]), ("FLAT", [0.0, 0.0]), ("HOLDING", [0.0, 1.0])):
        person.hand_pose = choice
        assert shown() == values, choice


def test_a_person_of_another_size_gets_another_avatar_and_nothing_of_the_old_one_stays(scene, person):
    bpy.ops.threepoint.predict()
    counts = (len(bpy.data.objects), len(bpy.data.node_groups))
    person.override_stature, person.stature = True, 1.95
    bpy.ops.threepoint.predict()
    assert (len(bpy.data.objects), len(bpy.data.node_groups)) == counts and len(person.takes) == 1
    assert 1.9 < person.mesh.dimensions.z < 2.0


def test_colours_can_be_set_and_switched_off(scene, person):
    bpy.ops.threepoint.predict()
    person.low, person.high = 0.0, 0.5
    scene.frame_set(100)
    modifier = person.mesh.modifiers["Uncertainty"]

    def colour():
        mesh = person.mesh.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
        return np.array(mesh.attributes["uncertainty_color"].data[0].color)

    hot = colour()
    person.high = 50.0
    assert np.abs(colour() - hot).max() > 0.1
    person.colours = False
    assert not modifier.show_viewport and not modifier.show_render
    bpy.ops.threepoint.show_uncertain()
    assert scene.frame_current == pytest.approx(scene.frame_end, abs=1)


def test_a_range_is_solved_again_and_the_rest_stays(scene, person):
    bpy.ops.threepoint.predict()
    asked = predictions.part_of(people.recording_of(person, scene), 1.0, 2.0)
    assert (
        1 <= asked.time[0] < 1.02 and 1.98 < asked.time[-1] <= 2 and len(asked.time) == len(asked.tracks["head"].valid)
    )
    curves = {(f.data_path, f.array_index): f for f in fcurves_of(person.armature)}
    turn = curves['pose.bones["pelvis"].rotation_quaternion', 1]
    before = [turn.evaluate(frame) for frame in (5, 60, 110)]
    path = 'pose.bones["left_knee"].rotation_quaternion'
    knee = curves[path, 1]
    for point in knee.keyframe_points:
        point.co.y = 0.5
    person.first, person.last = 40, 80
    bpy.ops.threepoint.predict(kind="RANGE")
    assert knee.evaluate(30) == pytest.approx(0.5) and knee.evaluate(60) == pytest.approx(0, abs=1e-6)
    assert [turn.evaluate(frame) for frame in (5, 60, 110)] == pytest.approx(before, abs=1e-4)


def test_the_shown_take_is_refined_again_and_the_others_stay(scene, person):
    bpy.ops.threepoint.predict()
    bpy.ops.threepoint.predict(kind="TAKE")
    bpy.ops.threepoint.predict(kind="TAKE")
    person.active_take = 1
    before = [take.action for take in person.takes]
    for take in person.takes:
        fcurves_of_take(person, take)[0].keyframe_points[3].co.y += 0.5
    person.refinement = 0.5
    bpy.ops.threepoint.predict(kind="REFINE")
    assert [take.action for take in person.takes] == before
    assert [is_edited(take) for take in person.takes] == [True, False, True]
    assert person.active_take == 1 and person.armature.animation_data.action == before[1]


def test_uncertainty_is_replaced_in_the_range_and_nowhere_else(scene, person):
    bpy.ops.threepoint.predict()
    mean = fcurves_of(person.mesh["threepoint_uncertainty"])[0]
    before = [mean.evaluate(frame) for frame in (10, 60, 110)]
    person.first, person.last = 40, 80
    bpy.ops.threepoint.predict(kind="RANGE")
    after = [mean.evaluate(frame) for frame in (10, 60, 110)]
    assert after[0] == pytest.approx(before[0]) and after[2] == pytest.approx(before[2])
    assert abs(after[1] - before[1]) < 5 and not person.armature.animation_data.action.name.endswith(".001")

    def shown(frame):
        scene.frame_set(frame)
        mesh = person.mesh.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
        return 100 * mesh.attributes["uncertainty"].data[0].value

    for frame in (10, 41, 60, 79, 110):
        assert shown(frame) == pytest.approx(mean.evaluate(frame), abs=0.05)


def test_bones_are_named_and_turn_as_the_person_says_in_all_takes(scene, person):
    person.bone_names, person.rotation_order = "MIXAMO", "YXZ"
    bpy.ops.threepoint.predict()
    bones = person.armature.pose.bones
    assert set(bones.keys()) == set(NAMES["MIXAMO"]) and bones["mixamorig:Hips"].rotation_mode == "YXZ"
    bpy.ops.threepoint.predict(kind="TAKE")
    poses = []
    for names, order in (("MIXAMO", "YXZ"), ("SMPL", "QUATERNION"), ("VRM", "XYZ")):
        person.bone_names, person.rotation_order = names, order
        for take in (0, 1):
            person.active_take = take
            scene.frame_set(50)
            posed = person.armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
            poses.append(np.array([list(bone.tail) for bone in posed.pose.bones]))
    for place in (2, 4):
        assert np.abs(np.array(poses[place : place + 2]) - poses[:2]).max() < 1e-5
    assert np.abs(poses[0] - poses[1]).max() > 0.1
    person.first, person.last = 40, 80
    bpy.ops.threepoint.predict(kind="RANGE")


def test_another_body_makes_another_avatar_with_its_correctives(scene, person, tmp_path, monkeypatch):
    bpy.ops.threepoint.predict()
    rings = len([item for item in bpy.data.objects if "foot stands" in item.name])
    body = load_body()
    vertices = len(body.template)
    own = dict(np.load(DEFAULT_BODY))
    own["posedirs"] = np.zeros((vertices, 3, 207), np.float32)
    own["posedirs"][:, 2, 9:18] = 0.01
    np.savez(tmp_path / "own.npz", **own)
    person.body_path = str(tmp_path / "own.npz")
    bpy.ops.threepoint.predict()
    of_hands = {"Basis", RELAXED, HOLDING}
    assert person.has_correctives and set(person.mesh.data.shape_keys.key_blocks.keys()) == of_hands
    assert any("left out" in str(said) for said in panel.avatar_messages(person))
    person.correctives = True
    assert len(person.mesh.data.shape_keys.key_blocks) == len(of_hands) + 9
    person.correctives = False
    assert set(person.mesh.data.shape_keys.key_blocks.keys()) == of_hands
    assert len([item for item in bpy.data.objects if "foot stands" in item.name]) == rings == 2


@pytest.mark.parametrize(
    ("seed", "words"), [(REFUSE, "hands: none"), (FAIL, "not enough memory"), (DIE, "something is broken")]
)
def test_a_failing_engine_leaves_the_scene_and_the_next_click_works(scene, person, seed, words):
    objects = set(bpy.data.objects)
    person.seed = seed
    with pytest.raises(RuntimeError, match=words):
        bpy.ops.threepoint.predict()
    assert set(bpy.data.objects) == objects
    person.seed = ANSWER
    bpy.ops.threepoint.predict()
    assert person.armature is not None


def test_a_cancelled_job_stops_even_a_deaf_engine(scene, person, monkeypatch):
    monkeypatch.setattr(engine, "CANCEL_SECONDS", 0.3)
    person.seed = TURN_DEAF
    job = predictions.ask_for_motion(person, scene, sys.executable)
    while job.stage != "deaf":
        job.poll()
    deaf = engine.client(sys.executable).process
    job.cancel()
    person.seed = ANSWER
    job = predictions.ask_for_motion(person, scene, sys.executable)
    job.wait()
    assert job.motion.frame_count > 100
    assert deaf.poll() is not None


def test_opening_a_file_ends_the_engine(scene, person):
    bpy.ops.threepoint.predict()
    process = engine.client(sys.executable).process
    empty_file()
    assert process.poll() is not None


def test_takes_go_to_the_nla(scene, person):
    bpy.ops.threepoint.predict()
    bpy.ops.threepoint.predict(kind="TAKE")
    bpy.ops.threepoint.push_takes()
    tracks = person.armature.animation_data.nla_tracks
    assert [track.name for track in tracks] == [take.action.name for take in person.takes]
    assert [track.mute for track in tracks] == [True, False]
    person.active_take = 0
    assert [track.mute for track in tracks] == [False, True] and person.armature.animation_data.action is None


def test_two_people_are_predicted_apart(scene, person, tmp_path):
    bpy.ops.threepoint.import_recording(filepath=str(tmp_path / "walk.bsor"))
    for place in (0, 1):
        selection.activate(people_of(scene)[place].root, bpy.context)
        bpy.ops.threepoint.predict()
    a, b = people_of(scene)
    assert a.armature != b.armature and a.takes[0].action != b.takes[0].action


def test_any_objects_can_be_head_and_hands(scene):
    for name in ("hat", "glove"):
        item = bpy.data.objects.new(name, None)
        scene.collection.objects.link(item)
        for frame in (1, 30):
            item.location = (0, 0, 1.5 + frame / 100)
            item.keyframe_insert("location", frame=frame)
        item.select_set(True)
    bpy.context.view_layer.objects.active = bpy.data.objects["hat"]
    bpy.ops.threepoint.use_objects()
    person = people_of(scene)[0]
    assert person.head.name == "hat" and person.left_hand.name == "glove"
    bpy.ops.threepoint.predict()
    assert person.armature is not None


def test_saving_and_opening_keeps_people_and_takes(scene, person, tmp_path):
    bpy.ops.threepoint.predict()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "a.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "a.blend"))
    person = people_of(bpy.context.scene)[0]
    assert person.armature.animation_data.action == person.takes[0].action
    assert not bpy.context.window_manager.threepoint.running


def state_of(scene):
    """What the buttons change: people with what was found of them, and how many objects and actions there are."""
    people_now = [
        (person.name, person.calibration, person.armature is not None, len(person.takes), person.active_take)
        for person in people_of(scene)
    ]
    first = [item.pose.bones[0] for item in bpy.data.objects if item.type == "ARMATURE"]
    bones = [(bone.name, bone.rotation_mode) for bone in first]
    return people_now, len(bpy.data.objects), len(bpy.data.actions), bones


def test_every_button_is_one_undo_step(scene, tmp_path):
    bsor.write(tmp_path / "walk.bsor", wobbly_recording())
    buttons = (
        (bpy.ops.threepoint.import_recording, {"filepath": str(tmp_path / "walk.bsor")}),
        (bpy.ops.threepoint.calibrate, {}),
        (bpy.ops.threepoint.predict, {}),
        (bpy.ops.threepoint.predict, {"kind": "TAKE"}),
        (bpy.ops.threepoint.predict, {"kind": "RANGE"}),
        (bpy.ops.threepoint.name_bones, {"bone_names": "MIXAMO"}),
        (bpy.ops.threepoint.order_rotations, {"rotation_order": "YXZ"}),
        (bpy.ops.threepoint.push_takes, {}),
        (bpy.ops.threepoint.remove_person, {}),
        (bpy.ops.threepoint.use_objects, {}),
    )
    bpy.ops.ed.undo_push(message="before")
    states = [state_of(scene)]
    for button, words in buttons:
        button("EXEC_DEFAULT", True, **words)
        states.append(state_of(bpy.context.scene))
    for before in reversed(states[:-1]):
        bpy.ops.ed.undo()
        assert state_of(bpy.context.scene) == before


def test_the_engine_is_asked_for_what_the_panel_says(scene, person):
    person.refinement, person.seed, person.device = 0.25, ANSWER, "cpu"
    job = predictions.ask_for_motion(person, scene, sys.executable, take=3)
    options = job._request[0]["options"]
    assert options == {
        "stature": None, "floor": None, "preset": None, "pose": None,
        "device": "cpu", "seed": ANSWER, "take": 3, "refinement": 0.25, "lost_hands": "prior",
    }  # fmt: skip
    job.wait()


def test_feet_that_stand_are_marked_in_every_take(scene, person):
    bpy.ops.threepoint.predict()
    bpy.ops.threepoint.predict(kind="TAKE")
    for take in (0, 1):
        person.active_take = take
        assert len([f for f in fcurves_of(person.armature) if "foot_contact" in f.data_path]) == 2
    scene.frame_set(30)
    assert person.armature.evaluated_get(bpy.context.evaluated_depsgraph_get())["right_foot_contact"] == 1


def test_progress_tells_the_time_left():
    class Job:
        stage, fraction, seconds_left = "refining", 0.5, 75

    assert str(engine_jobs.progress_message(Job)) == "refining 50%, 1:15 left"


def test_no_process_is_left_behind(scene, person):
    for _ in range(3):
        bpy.ops.threepoint.predict()
    engine.stop()
    children = ["ps", "-o", "args", "--ppid", str(os.getpid())]
    listing = subprocess.run(children, capture_output=True, text=True, check=True).stdout
    assert "fake_engine.py" not in listing


def test_the_command_takes_a_refinement_from_none_to_all(scene, tmp_path, capsys):
    bsor.write(tmp_path / "walk.bsor", wobbly_recording())
    words = ["animate", str(tmp_path / "walk.bsor"), "-o", str(tmp_path / "walk.blend"), "--python", sys.executable]
    assert commands.run([*words, "--refinement", "1.5"]) == 2
    assert "--refinement: it is 1.5; expected a number between 0 and 1" in capsys.readouterr().err
    assert commands.run([*words, "--refinement", "0.5", "--fps", "30"]) == 0
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "walk.blend"))
    assert people_of(bpy.context.scene)[0].refinement == pytest.approx(0.5)
