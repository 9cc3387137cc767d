"""Pins in a scene: made of bones, of any object and of a pose; what the engine is asked; what comes of the answer."""

from dataclasses import replace
from types import SimpleNamespace
from unittest.mock import MagicMock

import bpy
import numpy as np
import pytest
from animators import answer_at_once, import_tiny
from bodies import REST
from mathutils import Matrix, Vector

from threepoint.blender_addon.animation.curves import checksum, fcurves_of
from threepoint.blender_addon.avatar.bake import read_action
from threepoint.blender_addon.avatar.contacts import switch_paths
from threepoint.blender_addon.operators import pins as operators
from threepoint.blender_addon.operators.showing import select_bones
from threepoint.blender_addon.operators.stepped import Phase, SteppedOperator
from threepoint.blender_addon.state import predictions
from threepoint.blender_addon.state.new_file import empty_file
from threepoint.blender_addon.state.people import people_of
from threepoint.blender_addon.state.pins.objects import pins_of
from threepoint.blender_addon.state.takes import whole_range
from threepoint.blender_addon.ui import panel
from threepoint.blender_addon.ui.pins import THREEPOINT_UL_pins
from threepoint.model_core.geometry.kinematics import forward_kinematics
from threepoint.model_core.geometry.rotations import matrix_to_quaternion, quaternion_to_matrix
from threepoint.model_core.notes import Note
from threepoint.model_core.pins import PIN_JOINTS, pins_from_json

FRAME = 9


@pytest.fixture
def asked(monkeypatch):
    """What the engine is asked; it answers at once."""
    empty_file(30)
    return answer_at_once(monkeypatch)


@pytest.fixture
def person(asked, tmp_path):
    """Somebody who stands elsewhere, turned, on a floor of their own, with a take; in pose mode at ``FRAME``."""
    person = import_tiny(tmp_path)
    person.override_floor, person.floor = True, 0.3
    bpy.ops.threepoint.predict()
    person.root.location, person.root.rotation_euler = (2, -1, 0.5), (0, 0, 0.7)
    bpy.context.scene.frame_set(FRAME)
    bpy.context.view_layer.objects.active = person.armature
    bpy.ops.object.mode_set(mode="POSE")
    return person


def choose(person, *bones):
    """Select these bones alone."""
    select_bones(person.armature)
    for bone in person.armature.pose.bones:
        owner = bone if hasattr(bone, "select") else bone.bone
        owner.select = bone.name in bones


def pins(person):
    return pins_of(person, bpy.context.scene)


def pin_here(person, *bones):
    choose(person, *bones)
    bpy.ops.threepoint.pin_here()
    return pins(person)


def sent(asked):
    """The pins of the last request, whose motion begins where its recording does."""
    return pins_from_json(asked[-1].options.get("pins", []))


def truth(person, frame=FRAME):
    """World rotations (22, 3, 3) and joints (22, 3) of the take at a frame, in the model's space."""
    motion = read_action(person.armature, person.takes[0].action, np.array(person.betas), bpy.context.scene)
    row = frame - 1 - round(motion.start * 30)
    rest = REST[:22] * (1 + 0.1 * person.betas[0])
    return forward_kinematics(quaternion_to_matrix(motion.rotations[row]), motion.translation[row], rest)


def second_of(asked, frame):
    return (frame - 1) / 30 - asked[-1].recording.time[0]


def test_a_pin_is_an_empty_where_the_bone_is_and_is_sent_as_the_joint_of_the_motion(person, asked):
    world, joints = truth(person)
    made = pin_here(person, "left_ankle", "pelvis", "head")
    assert sorted(item.threepoint.pin.role for item in made) == ["left_ankle", "pelvis"]
    for item in made:
        bone = person.armature.pose.bones[item.threepoint.pin.role]
        assert (item.matrix_world.translation - person.armature.matrix_world @ bone.head).length < 1e-5
        assert item.users_collection == person.root.users_collection and item.threepoint.root == person.root
        item.threepoint.pin.turned = True
    bpy.ops.threepoint.solve_pins()
    assert len(sent(asked)) == 2
    for pin in sent(asked):
        joint = PIN_JOINTS[pin.role]
        assert pin.seconds == (pytest.approx(second_of(asked, FRAME)),) and pin.hard and pin.reach == 1.0
        assert np.abs(np.array(pin.positions[0]) - joints[joint]).max() < 1e-4
        assert abs(np.array(pin.rotations[0]) @ matrix_to_quaternion(world[joint])) > 1 - 1e-6


def test_a_pin_that_is_moved_holds_there_without_any_key(person, asked):
    (pin,) = pin_here(person, "right_knee")
    before = np.array(truth(person)[1][PIN_JOINTS["right_knee"]])
    up = person.root.matrix_world.to_3x3() @ Vector((0, 0, 0.2))
    pin.matrix_world = Matrix.Translation(up) @ pin.matrix_world
    bpy.ops.threepoint.solve_pins()
    (found,) = sent(asked)
    assert np.abs(np.array(found.positions[0]) - before - [0, 0.2, 0]).max() < 1e-4 and found.rotations is None


@pytest.mark.parametrize(
    ("between", "moments"), [(False, [(5,), (8,)]), (True, [(5, 6, 7, 8)])], ids=["at keys", "between keys"]
)
def test_a_keyed_pin_holds_at_its_keys_and_between_them_if_that_is_wanted(person, asked, between, moments):
    (pin,) = pin_here(person, "left_ankle")
    pin.threepoint.pin.between = between
    for frame, height in ((5, 0.0), (8, 0.3)):
        pin.location.z = height
        pin.keyframe_insert("location", frame=frame)
    bpy.ops.threepoint.solve_pins()
    found = sent(asked)
    assert [pin.seconds for pin in found] == [
        tuple(pytest.approx(second_of(asked, frame)) for frame in frames) for frames in moments
    ]
    assert found[-1].positions[-1][1] - found[0].positions[0][1] == pytest.approx(0.3, abs=1e-5)
    assert {pin.between for pin in found} == {between}


def test_muted_keyframes_do_not_say_when_a_pin_holds_and_its_settings_have_none(person, asked):
    (pin,) = pin_here(person, "left_ankle")
    pin.keyframe_insert("location", frame=3)
    for curve in fcurves_of(pin):
        curve.mute = True
    bpy.ops.threepoint.solve_pins()
    assert sent(asked)[0].seconds == (pytest.approx(second_of(asked, FRAME)),)
    with pytest.raises(TypeError, match="not animatable"):
        pin.keyframe_insert("threepoint.pin.muted", frame=3)


def test_with_time_stretching_a_pin_holds_at_the_frame_that_is_shown(person, asked):
    scene = bpy.context.scene
    scene.render.frame_map_new = 200
    scene.frame_set(2 * FRAME)
    joints = truth(person)[1]
    (pin,) = pin_here(person, "left_ankle")
    bpy.ops.threepoint.solve_pins()
    (found,) = sent(asked)
    assert pin.threepoint.pin.first == FRAME and found.seconds == (pytest.approx(second_of(asked, FRAME)),)
    assert np.abs(np.array(found.positions[0]) - joints[PIN_JOINTS["left_ankle"]]).max() < 1e-4
    scene.use_preview_range, scene.frame_preview_start, scene.frame_preview_end = True, 6, 14
    bpy.ops.threepoint.range_from_preview()
    assert (person.first, person.last) == (3, 7)


def test_a_pin_holds_over_a_range_soft_and_with_another_reach(person, asked):
    (pin,) = pin_here(person, "spine3")
    settings = pin.threepoint.pin
    settings.first, settings.last, settings.hard, settings.reach = 4, 6, False, 0.5
    bpy.ops.threepoint.solve_pins()
    (found,) = sent(asked)
    assert len(found.seconds) == 3 and found.between and not found.hard and found.reach == 0.5
    assert len(set(found.positions)) == 1
    settings.last = 2
    with pytest.raises(RuntimeError, match="begins at frame 4, after its end at 2"):
        bpy.ops.threepoint.solve_pins()


def test_any_object_holds_a_joint_wherever_a_parent_takes_it(person, asked):
    platform, ball = (bpy.data.objects.new(name, None) for name in ("platform", "ball"))
    for item in (platform, ball):
        bpy.context.scene.collection.objects.link(item)
    ball.parent, ball.location = platform, (0, 0, 1)
    platform.location = person.root.location
    bpy.ops.object.mode_set(mode="OBJECT")
    bpy.context.view_layer.objects.active = ball
    bpy.ops.threepoint.use_as_pin(role="pelvis")
    assert pins(person) == [ball]
    ball.threepoint.pin.first = ball.threepoint.pin.last = 3
    bpy.ops.threepoint.predict(kind="REFINE")
    (found,) = sent(asked)
    assert found.role == "pelvis" and found.positions[0] == pytest.approx((0, 1 - 0.3, 0), abs=1e-5)
    bpy.ops.threepoint.remove_pin()
    assert pins(person) == [] and "ball" in bpy.context.scene.objects and ball.threepoint.root is None


@pytest.mark.parametrize("part", ["head", "armature", "root"])
def test_a_part_of_a_person_is_no_pin(person, part):
    bpy.ops.object.mode_set(mode="OBJECT")
    bpy.context.view_layer.objects.active = getattr(person, part)
    with pytest.raises(RuntimeError, match="is a part of a person"):
        bpy.ops.threepoint.use_as_pin(role="pelvis")
    assert pins(person) == []


def test_what_is_muted_removed_or_deleted_counts_no_more(person, asked):
    muted, removed, deleted = pin_here(person, "left_ankle", "right_ankle", "pelvis")
    kept = [item.name for item in (muted, removed, deleted)]
    muted.threepoint.pin.muted = True
    bpy.ops.object.mode_set(mode="OBJECT")
    bpy.context.scene.threepoint.pin_row = list(bpy.context.scene.objects).index(removed)
    assert bpy.context.view_layer.objects.active == removed
    bpy.ops.threepoint.remove_pin()
    bpy.data.collections[person.root.users_collection[0].name].objects.unlink(deleted)
    assert kept[1] not in bpy.data.objects and pins(person) == [muted]
    with pytest.raises(RuntimeError, match="no pins that are not muted"):
        bpy.ops.threepoint.solve_pins()
    bpy.ops.threepoint.predict(kind="REFINE")
    assert "pins" not in asked[-1].options


def test_pins_are_saved_with_the_file(person, asked, tmp_path):
    pin_here(person, "left_foot")
    bpy.ops.object.mode_set(mode="OBJECT")
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "pins.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "pins.blend"))
    (again,) = people_of(bpy.context.scene)
    (pin,) = pins(again)
    assert pin.threepoint.pin.role == "left_toes" and pin.threepoint.pin.first == FRAME
    bpy.ops.threepoint.solve_pins()
    assert [pin.role for pin in sent(asked)] == ["left_toes"]


def test_from_a_pose_come_pins_and_a_motion_around_them(person, asked):
    choose(person, "left_knee")
    bone = person.armature.pose.bones["left_knee"]
    bone.rotation_quaternion = bone.rotation_quaternion @ Matrix.Rotation(0.5, 3, "X").to_quaternion()
    bpy.context.view_layer.update()
    goal = person.armature.matrix_world @ person.armature.pose.bones["left_ankle"].head
    action, before = person.takes[0].action, checksum(person.takes[0].action)
    bpy.ops.threepoint.solve_from_pose()
    made = {item.threepoint.pin.role: item for item in pins(person)}
    assert set(made) == {"left_knee", "left_ankle"} == {pin.role for pin in sent(asked)}
    assert (made["left_ankle"].matrix_world.translation - goal).length < 1e-5
    assert person.takes[0].action == action and checksum(action) != before and len(person.takes) == 1
    bpy.ops.threepoint.solve_from_pose()
    assert len(pins(person)) == 2  # At the same frame they are the same pins.


def test_solving_from_a_pose_is_one_step_to_undo(person):
    choose(person, "left_ankle")
    before = checksum(person.takes[0].action)
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.threepoint.solve_from_pose("EXEC_DEFAULT", True)
    (person,) = people_of(bpy.context.scene)
    assert len(pins(person)) == 2 and checksum(person.takes[0].action) != before
    bpy.ops.ed.undo()
    (person,) = people_of(bpy.context.scene)
    assert pins(person) == [] and checksum(person.takes[0].action) == before


def test_a_pose_that_the_engine_cannot_solve_leaves_no_pins(person, monkeypatch):
    choose(person, "pelvis")
    before = checksum(person.takes[0].action)

    def refuse(*_, **__):
        raise predictions.InputError("no")

    monkeypatch.setattr(predictions, "Job", refuse)
    with pytest.raises(RuntimeError, match="no"):
        bpy.ops.threepoint.solve_from_pose()
    assert pins(person) == [] and checksum(person.takes[0].action) == before


def test_solving_from_a_pose_that_is_cancelled_changes_nothing(person, monkeypatch):
    class Begun(operators._SolvingPins):
        held = operators.THREEPOINT_OT_solve_from_pose.held

    cancelled = []
    monkeypatch.setattr(predictions.Job, "poll", lambda job: False)
    monkeypatch.setattr(predictions.Job, "cancel", lambda job: cancelled.append(job))
    choose(person, "left_ankle")
    before = checksum(person.takes[0].action)
    work = Begun().working(bpy.context)
    assert Phase.WAITING in (next(work) for _ in range(100))
    work.close()
    assert len(cancelled) == 1 and pins(person) == [] and checksum(person.takes[0].action) == before


@pytest.mark.parametrize("name", ["pin_here", "solve_from_pose"])
@pytest.mark.parametrize("bones", [(), ("head", "left_wrist")], ids=["none", "head and hand"])
def test_head_and_hands_are_the_recordings(person, name, bones):
    choose(person, *bones)
    with pytest.raises(RuntimeError, match="Select bones of .* in Pose Mode"):
        getattr(bpy.ops.threepoint, name)()


def test_a_pin_outside_the_recording_is_refused_and_nothing_changes(person):
    (pin,) = pin_here(person, "pelvis")
    pin.threepoint.pin.last = 40
    before = checksum(person.takes[0].action)
    with pytest.raises(RuntimeError, match=r"holds at frame 1\d, outside of the recording, which has \d to 1\d"):
        bpy.ops.threepoint.solve_pins()
    assert checksum(person.takes[0].action) == before


def trim_take(person, last):
    """Let the take end at a frame, as that of a trimmed recording does."""
    for curve in [curve for curve in fcurves_of(person.armature) if curve.data_path.startswith("pose.bones")]:
        for point in reversed([point for point in curve.keyframe_points if point.co.x > last]):
            curve.keyframe_points.remove(point)
    for path in switch_paths():
        (curve,) = [curve for curve in fcurves_of(person.armature) if curve.data_path == path]
        while curve.keyframe_points[-1].co.x > last:
            curve.keyframe_points.remove(curve.keyframe_points[-1])


def test_pins_outside_of_a_trimmed_take_are_left_out_and_do_not_lengthen_it(person, asked, monkeypatch):
    trim_take(person, 10)
    (inside,) = pin_here(person, "left_ankle")
    outside = next(pin for pin in pin_here(person, "right_ankle") if pin != inside)
    outside.threepoint.pin.first = outside.threepoint.pin.last = 12
    told = MagicMock()
    monkeypatch.setattr(operators._SolvingPins, "tell", told)
    bpy.ops.threepoint.solve_pins()
    assert any("outside of the take: right_ankle pin" in str(call.args[0]) for call in told.call_args_list)
    assert [pin.role for pin in sent(asked)] == ["left_ankle"]
    assert whole_range(person.takes[0].action) == (1, 10)
    inside.threepoint.pin.muted = True
    with pytest.raises(RuntimeError, match=r"right_ankle pin .*: outside of the take, which has the frames 1 to 10"):
        bpy.ops.threepoint.solve_pins()
    bpy.context.scene.frame_set(12)
    choose(person, "pelvis")
    with pytest.raises(RuntimeError, match="pelvis: outside of the take"):
        bpy.ops.threepoint.solve_from_pose()


def test_drafts_meet_no_pins_and_say_so(person):
    pin_here(person, "pelvis")
    person.quality = "DRAFT"
    with pytest.raises(RuntimeError, match="Pins are met by refinement"):
        bpy.ops.threepoint.predict(kind="REFINE")


@pytest.mark.parametrize("operator", ["solve_pins", "predict"])
@pytest.mark.parametrize(
    ("code", "values", "words"),
    [("pin_out_of_reach", {"role": "left ankle", "second": 0.2}, "Left Ankle: its pin is out of reach; at frame 7,"),
     ("seat_out_of_reach", {"second": 0.2}, "a seat is out of reach; at frame 7,"),
     ("seems_to_sit", {"seconds": 2.0, "first": 0.1}, "seems to sit for 2.0 s, first at frame 4, on ")],
)  # fmt: skip
def test_what_solving_has_to_say_is_said_with_the_frame(person, monkeypatch, operator, code, values, words):
    pin_here(person, "left_ankle")
    note, init = Note(code, {"cm": 31.0, **values}), predictions.Job.__init__

    def noting(job, *known, **named):
        init(job, *known, **named)
        job.motion = replace(job.motion, start=0.0, notes=(note,))

    told = MagicMock()
    monkeypatch.setattr(predictions.Job, "__init__", noting)
    monkeypatch.setattr(SteppedOperator, "tell", told)
    getattr(bpy.ops.threepoint, operator)()
    (said,) = [str(call.args[0]) for call in told.call_args_list if words in str(call.args[0])]
    assert "31 cm" in said and said == str(told.call_args.args[0]), "the status bar shows what is told last"


def test_in_the_place_of_the_buttons_that_solve_is_their_progress(person):
    work = bpy.context.window_manager.threepoint

    def shown():
        layout = MagicMock()
        panel.THREEPOINT_PT_pins.draw(SimpleNamespace(layout=layout), bpy.context)
        return layout.column().enabled, layout.column().row().progress.called

    assert shown() == (True, False)
    try:
        work.running, work.step = True, "PINS"
        assert shown() == (True, True)
        work.step = "PREDICTION"
        assert shown() == (False, False)
    finally:
        work.running = False


def test_the_panel_lists_the_persons_pins_and_shows_the_selected_one(person):
    scene = bpy.context.scene

    def shown():
        layout = MagicMock()
        panel.THREEPOINT_PT_pins.draw(SimpleNamespace(layout=layout), bpy.context)
        return [call.args[1] for call in layout.column().prop.call_args_list], layout.row().template_list.called

    assert shown() == ([], False)
    (pin,) = pin_here(person, "pelvis")
    assert shown() == ([], True)
    scene.threepoint.pin_row = list(scene.objects).index(pin)
    assert shown() == (["role", "hard", "turned", "reach"], True)
    flags, _ = THREEPOINT_UL_pins.filter_items(SimpleNamespace(bitflag_filter_item=1), bpy.context, scene, "objects")
    assert [item for item, flag in zip(scene.objects, flags, strict=True) if flag] == [pin]
    pin.keyframe_insert("location", frame=3)
    assert shown()[0] == ["role", "between", "hard", "turned", "reach"]
