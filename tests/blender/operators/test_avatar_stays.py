"""Whatever is predicted, calibrated or chosen anew: what an animator has added to the avatar is still there."""

import bpy
import numpy as np
import pytest
from animators import TallBoxes, answer_at_once, import_tiny, lost, own_action, touch

from threepoint.blender_addon.animation.curves import curves_in
from threepoint.blender_addon.avatar.bone_names import names_of
from threepoint.blender_addon.avatar.uncertainty import mean_empty, modifier_of
from threepoint.blender_addon.avatar.uncertainty_nodes import ramp_node
from threepoint.blender_addon.state import person_avatar, predictions
from threepoint.blender_addon.state.new_file import empty_file
from threepoint.blender_addon.state.people import people_of
from threepoint.model_core.errors import InputError


@pytest.fixture
def asked(monkeypatch):
    empty_file(30)
    return answer_at_once(monkeypatch)


@pytest.fixture
def person(asked, tmp_path):
    return import_tiny(tmp_path)


def move_a_hand(person):
    for fcurve in curves_in(person.left_hand, person.left_hand.animation_data.action).fcurves:
        if fcurve.data_path == "location":
            for point in fcurve.keyframe_points:
                point.co.y += 0.05
            fcurve.update()


def predict_again(person):
    move_a_hand(person)
    bpy.ops.threepoint.predict()


def another_stature(person):
    person.override_stature, person.stature = True, 1.95
    bpy.ops.threepoint.predict()
    assert person.armature.data.bones["head"].head_local.z > 1.7


def calibrate_anew(person):
    person.override_stature, person.stature = True, 1.5
    bpy.ops.threepoint.calibrate()
    bpy.ops.threepoint.predict()


def another_take(person):
    bpy.ops.threepoint.predict(kind="TAKE")


def refine(person):
    bpy.ops.threepoint.predict(kind="REFINE")


def solve_a_range(person):
    bpy.ops.threepoint.predict(kind="RANGE")


def rename_and_turn(person):
    person.bone_names, person.rotation_order = "MIXAMO", "XYZ"
    person.bone_names, person.rotation_order = "SMPL", "QUATERNION"


def in_pose_mode(person):
    bpy.context.view_layer.objects.active = person.armature
    bpy.ops.object.mode_set(mode="POSE")
    another_stature(person)
    assert person.armature.mode == "POSE" and bpy.context.view_layer.objects.active == person.armature
    bpy.ops.object.mode_set(mode="OBJECT")


def hidden_and_unticked(person):
    person.armature.hide_viewport = person.armature.hide_select = True
    bpy.context.view_layer.layer_collection.children[0].exclude = True
    another_stature(person)
    assert person.armature.hide_viewport


WAYS = (predict_again, another_stature, calibrate_anew, another_take, refine, solve_a_range, rename_and_turn,
        in_pose_mode, hidden_and_unticked)  # fmt: skip


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_what_an_animator_added_lives_on(person, way):
    bpy.ops.threepoint.predict()
    touched = touch(person)
    way(person)
    assert lost(person, touched) == []


def test_own_bones_move_along_with_the_bone_that_carries_them(person):
    bpy.ops.threepoint.predict()
    touch(person)
    bones = person.armature.data.bones
    before = bones["prop bone"].head_local - bones["right_hand"].head_local
    another_stature(person)
    bones = person.armature.data.bones
    assert (bones["prop bone"].head_local - bones["right_hand"].head_local - before).length < 1e-5


def test_a_reshaped_avatar_is_the_one_that_would_have_been_made(person):
    bpy.ops.threepoint.predict()
    person.mesh.data.vertices[5].co.z += 0.03  # Sculpted.
    another_stature(person)
    made = person_avatar.rest_shape(TallBoxes(), np.array(person.betas)).vertices
    places = np.array([vertex.co for vertex in person.mesh.data.vertices])
    off = np.abs(places - made)
    assert off[5, 2] == pytest.approx(0.03, abs=1e-5) and np.delete(off, 5, 0).max() < 1e-5


def test_a_calibration_is_kept_until_it_is_asked_for_anew(person, asked):
    bpy.ops.threepoint.predict()
    betas = list(person.betas)
    predict_again(person)
    assert asked[-1].calibration is not None and list(person.betas) == betas
    person.keep_calibration = False
    predict_again(person)
    assert asked[-1].calibration is None
    person.keep_calibration = True
    person.override_floor, person.floor = True, 0.1
    bpy.ops.threepoint.predict()
    assert asked[-1].calibration is None and person.armature.location.z == pytest.approx(0.1)


def test_where_an_animator_has_put_the_armature_it_stays(person):
    bpy.ops.threepoint.predict()
    person.armature.location = (1, 2, 0.5)
    person.override_floor, person.floor = True, 0.1
    bpy.ops.threepoint.predict()
    assert tuple(person.armature.location) == pytest.approx((1, 2, 0.6))


def test_hand_edits_are_kept_as_a_copy_and_said(person, capfd):
    bpy.ops.threepoint.predict()
    action = person.takes[0].action
    bpy.ops.threepoint.predict()
    assert [action.name for action in bpy.data.actions if "take" in action.name] == [action.name]
    curve = curves_in(person.armature, action).fcurves[0]
    curve.keyframe_points[2].co.y += 1
    curve.update()
    edited = curve.keyframe_points[2].co.y
    bpy.ops.threepoint.predict()
    kept = bpy.data.actions[f"{action.name} edited"]
    assert kept.use_fake_user and person.takes[0].action == action
    assert curves_in(person.armature, kept).fcurves[0].keyframe_points[2].co.y == edited
    assert "Your edits of 'Most Likely' are kept as the action" in capfd.readouterr().out


def test_what_else_an_action_animates_stays_in_it(person):
    bpy.ops.threepoint.predict()
    action = person.takes[0].action
    own = curves_in(person.armature, action).fcurves.new('pose.bones["left_hand"].scale', index=0)
    own.keyframe_points.insert(3, 2.0)
    bpy.ops.threepoint.predict()
    found = [f for f in curves_in(person.armature, action).fcurves if f.data_path.endswith("scale")]
    assert len(found) == 1 and found[0].keyframe_points[0].co.y == 2.0


def test_the_ramp_and_the_mean_of_the_uncertainty_stay(person):
    bpy.ops.threepoint.predict()
    ramp = ramp_node(modifier_of(person.mesh).node_group).color_ramp
    ramp.elements[0].color = (0, 0, 1, 1)
    empty = mean_empty(person.mesh)
    names = sorted(item.name for item in bpy.data.objects)
    predict_again(person)
    assert tuple(ramp_node(modifier_of(person.mesh).node_group).color_ramp.elements[0].color) == (0, 0, 1, 1)
    assert mean_empty(person.mesh) == empty and sorted(item.name for item in bpy.data.objects) == names


def test_another_body_takes_the_old_ones_place_and_an_edited_mesh_is_kept(person, monkeypatch, capfd):
    answer_at_once(monkeypatch, probes=0)
    bpy.ops.threepoint.predict()
    armature, mesh, data = person.armature, person.mesh, person.mesh.data

    class Halved(TallBoxes):
        def __init__(self):
            super().__init__()
            self.faces, self.weights = self.faces[:60], self.weights[:96]

        def rest_vertices(self, betas):
            return super().rest_vertices(betas)[:96]

        def sole(self, betas):
            return super().rest_vertices(betas)[:, 1].min()

    bodies = {"": TallBoxes(), "half": Halved()}
    monkeypatch.setattr(person_avatar, "body_of", bodies.__getitem__)
    mesh.data.materials.append(bpy.data.materials.new("own skin"))
    person.body_path = "half"
    bpy.ops.threepoint.predict()
    assert (person.armature, person.mesh, person.mesh.data) == (armature, mesh, data) and len(data.vertices) == 96
    assert "own skin" in data.materials and [m for m in bpy.data.meshes if m.use_fake_user] == []
    for name in ("Basis", "own smile"):
        mesh.shape_key_add(name=name, from_mix=False)
    person.body_path = ""
    bpy.ops.threepoint.predict()
    (kept,) = [m for m in bpy.data.meshes if m.use_fake_user]
    assert "own smile" in kept.shape_keys.key_blocks and len(mesh.data.vertices) == 192
    assert f"The edited mesh is kept as '{kept.name}'" in capfd.readouterr().out


@pytest.mark.parametrize("what", ["armature", "mesh", "both", "everything"])
def test_what_was_deleted_is_made_anew(person, what):
    bpy.ops.threepoint.predict()
    person.bone_names = "RIGIFY"
    action = person.takes[0].action
    parts = {"armature": [person.armature], "mesh": [person.mesh], "both": [person.armature, person.mesh],
             "everything": [person.armature, person.mesh, *person.armature.children]}[what]  # fmt: skip
    with bpy.context.temp_override(selected_objects=parts, selected_editable_objects=parts):
        bpy.ops.object.delete()
    bpy.ops.threepoint.predict()
    scene = bpy.context.scene
    assert scene in person.armature.users_scene and scene in person.mesh.users_scene
    assert person.armature.animation_data.action == action == person.takes[0].action
    assert person.mesh.parent == person.armature
    assert [m.object for m in person.mesh.modifiers if m.type == "ARMATURE"] == [person.armature]
    pelvis = names_of(person.armature)[0]
    assert pelvis == "spine" and any(pelvis in f.data_path for f in curves_in(person.armature, action).fcurves)


def test_a_deleted_head_or_hand_counts_no_more(person, asked):
    bpy.data.objects.remove(person.left_hand)
    bpy.ops.threepoint.predict()
    assert "left_hand" not in asked[-1].recording.tracks
    with bpy.context.temp_override(selected_objects=[person.right_hand]):
        bpy.ops.object.delete()
    bpy.ops.threepoint.predict()
    assert set(asked[-1].recording.tracks) == {"head"}
    with bpy.context.temp_override(selected_objects=[person.head]):
        bpy.ops.object.delete()
    with pytest.raises(RuntimeError, match="poll"):
        bpy.ops.threepoint.predict()


def test_a_root_that_is_deleted_comes_back_with_its_person(person):
    bpy.ops.threepoint.predict()
    armature = person.armature
    with bpy.context.temp_override(selected_objects=[person.root]):
        bpy.ops.object.delete()
    assert not people_of(bpy.context.scene)
    bpy.context.view_layer.objects.active = armature
    bpy.ops.threepoint.predict()
    (person,) = people_of(bpy.context.scene)
    assert person.armature == armature == person.head.parent.threepoint.armature and armature.parent == person.root


def test_a_head_that_stands_still_is_refused(person):
    for fcurve in list(curves_in(person.head, person.head.animation_data.action).fcurves):
        if fcurve.data_path in ("location", "rotation_quaternion"):
            curves_in(person.head, person.head.animation_data.action).fcurves.remove(fcurve)
    with pytest.raises(RuntimeError, match="head walk: does not move; choose the object that moves as the head"):
        bpy.ops.threepoint.predict()


def rename_a_bone(person):
    person.armature.data.bones["left_knee"].name = "knie"
    return "has no bone 'left_knee' any more"


def edit_the_preset(person):
    person.armature["threepoint_bone_names"] = "KLINGON"
    return "its property threepoint_bone_names is KLINGON; it should be one of SMPL, MIXAMO"


def set_an_array(person):
    person.armature["threepoint_bone_names"] = [1.0, 2.0]
    return "its property threepoint_bone_names is"


def stay_in_edit_mode(person):
    bpy.context.view_layer.objects.active = person.armature
    bpy.ops.object.mode_set(mode="EDIT")
    return "is being edited; go back to Object Mode first"


def move_to_another_scene(person):
    bpy.data.scenes.new("other").collection.objects.link(person.mesh)
    for collection in list(person.mesh.users_collection):
        if collection.name != "Scene Collection" or collection == bpy.context.scene.collection:
            collection.objects.unlink(person.mesh)
    return "is in another scene than its person"


@pytest.mark.parametrize(
    "spoil", [rename_a_bone, edit_the_preset, set_an_array, stay_in_edit_mode, move_to_another_scene],
    ids=lambda spoil: spoil.__name__,
)  # fmt: skip
def test_what_cannot_be_worked_on_is_refused_before_the_work(person, asked, spoil):
    bpy.ops.threepoint.predict()
    count, words = len(asked), spoil(person)
    with pytest.raises(RuntimeError, match=words):
        bpy.ops.threepoint.predict()
    assert len(asked) == count
    if bpy.context.object is not None and bpy.context.object.mode != "OBJECT":
        bpy.ops.object.mode_set(mode="OBJECT")


def test_properties_of_another_kind_do_no_harm(person):
    bpy.ops.threepoint.predict()
    person.mesh["threepoint_uncertainty"] = "gone"
    person.armature["left_foot_contact"] = [1.0, 2.0]
    mean_empty(person.mesh)
    predict_again(person)
    assert mean_empty(person.mesh) is not None


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("valid", "yes", "its property 'valid' should be a number"),
        ("valid", [1.0, 0.0], "its property 'valid' should be a number"),
        ("threepoint_frames", "all", "its property 'threepoint_frames' should be a list of numbers"),
        ("threepoint_frames", 3.0, "its property 'threepoint_frames' should be a list of numbers"),
        ("threepoint_betas", "slim", "its property 'threepoint_betas' should be a list of numbers"),
    ],
)
def test_edited_properties_of_trackers_are_refused_in_a_line(person, asked, name, value, words):
    if name in person.head:
        del person.head[name]
    person.head[name] = value
    with pytest.raises(RuntimeError, match=f"head walk: {words}"):
        bpy.ops.threepoint.predict()
    assert not asked
    person.head[name] = 1 if name == "valid" else [1.0] * 10
    person.head["threepoint_device"] = [1.0]
    bpy.ops.threepoint.predict()


def test_one_undo_takes_a_prediction_back(person, tmp_path):
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.threepoint.predict("EXEC_DEFAULT", True)
    bpy.ops.threepoint.predict("EXEC_DEFAULT", True)
    bpy.ops.ed.undo()
    (person,) = people_of(bpy.context.scene)
    assert person.armature is not None and person.takes[0].action.name == "walk take 0"
    bpy.ops.ed.undo()
    (person,) = people_of(bpy.context.scene)
    assert person.armature is None and not person.takes


def test_errors_name_what_is_missing(person):
    bpy.ops.threepoint.predict()
    fcurves = curves_in(person.armature, person.takes[0].action).fcurves
    fcurves.remove(next(f for f in fcurves if f.data_path.endswith("location")))
    with pytest.raises(InputError, match="walk take 0: its curve .*location is missing; predict this take again"):
        predictions.ask_for_motion(person, bpy.context.scene, "python", 0, (1, 10))
    assert own_action("unused").name == "unused"
