"""Any animated objects and pose bones become trackers: chosen by name or order, read with the axes that they have."""

import bpy
import numpy as np
import pytest

from threepoint.blender_addon.animation.curves import new_action, write_vector
from threepoint.blender_addon.i18n import messages
from threepoint.blender_addon.state import people
from threepoint.blender_addon.state.new_file import empty_file
from threepoint.blender_addon.state.people import people_of
from threepoint.blender_addon.trackers import selection
from threepoint.blender_addon.trackers.empties import ROLE
from threepoint.blender_addon.trackers.object_axes import AXES, PRIOR
from threepoint.model_core.geometry.frames import OPENXR_TO_BLENDER, convert_positions
from threepoint.model_core.geometry.rotations import (
    geodesic_angle,
    make_continuous,
    matrix_to_quaternion,
    quaternion_to_matrix,
)
from threepoint.model_core.recordings.conventions import CONVENTIONS
from threepoint.tests.recordings.samples import walking_person

ROLES = ("head", "left_hand", "right_hand")


@pytest.fixture
def scene():
    return empty_file(60)


@pytest.fixture(scope="module")
def walk():
    return walking_person(8.0, 60.0)


def poses_of(track, axes):
    """World positions and rotations in Blender of objects that look as ``axes`` say."""
    matrix = OPENXR_TO_BLENDER @ quaternion_to_matrix(track.rotation) @ CONVENTIONS[axes]
    return convert_positions(track.position, OPENXR_TO_BLENDER), make_continuous(matrix_to_quaternion(matrix))


def frames_of(recording):
    return 1 + 60 * recording.time


def make_objects(scene, recording, names, axes="openxr", data=None):
    """Animated objects of a scene, by role."""
    found = {}
    for role, name in zip(ROLES, names, strict=True):
        item = bpy.data.objects.new(name, data)
        scene.collection.objects.link(item)
        item.rotation_mode = "QUATERNION"
        curves = new_action(item, name)
        position, rotation = poses_of(recording.tracks[role], axes)
        write_vector(curves, "location", frames_of(recording), position, "Pose")
        write_vector(curves, "rotation_quaternion", frames_of(recording), rotation, "Pose")
        found[role] = item
    return found


def make_armature(scene, recording, names, axes="openxr", lying=True):
    """An armature as add-ons record devices on: a bone each below a root, and one more for its offset."""
    armature = bpy.data.objects.new("XR Trackers", bpy.data.armatures.new("XR Trackers"))
    scene.collection.objects.link(armature)
    bpy.context.view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="EDIT")
    root = armature.data.edit_bones.new("root")
    root.tail = (0, 0.2, 0)
    for name in names:
        for bone_name, parent in ((name, root), (f"{name} Offset", None)):
            bone = armature.data.edit_bones.new(bone_name)
            bone.tail = (0, 1, 0)
            bone.parent = parent or armature.data.edit_bones[name]
    bpy.ops.object.mode_set(mode="OBJECT")
    curves = new_action(armature, "take")
    for role, name in zip(ROLES, names, strict=True):
        armature.pose.bones[name].rotation_mode = "QUATERNION"
        position, rotation = poses_of(recording.tracks[role], axes)
        path = f'pose.bones["{name}"]'
        write_vector(curves, f"{path}.location", frames_of(recording), position, name)
        write_vector(curves, f"{path}.rotation_quaternion", frames_of(recording), rotation, name)
    return armature


def select(*items, active=None):
    bpy.context.view_layer.update()
    for item in bpy.context.view_layer.objects:
        item.select_set(item in items)
    bpy.context.view_layer.objects.active = active or items[0]


def use_selected(scene):
    assert bpy.ops.threepoint.use_objects() == {"FINISHED"}
    return people_of(scene)[-1]


def assert_read(person, scene, recording, roles=ROLES):
    found = people.recording_of(person, scene)
    assert found.duration == pytest.approx(recording.duration, abs=1e-3)
    at = np.searchsorted(found.time, recording.time - 1e-4)
    for role in roles:
        track, true = found.tracks[role], recording.tracks[role]
        np.testing.assert_allclose(track.position[at], true.position, atol=2e-4)
        turned = geodesic_angle(quaternion_to_matrix(track.rotation[at]), quaternion_to_matrix(true.rotation))
        assert np.degrees(turned).max() < 0.1


@pytest.mark.parametrize("axes", list(PRIOR))
def test_objects_are_read_with_the_axes_that_they_have(scene, walk, axes):
    objects = make_objects(scene, walk, ("HMD", "controller.L", "controller.R"), axes)
    select(*objects.values(), active=objects["right_hand"])
    person = use_selected(scene)
    assert (person.head, person.left_hand, person.right_hand) == tuple(objects.values())
    assert_read(person, scene, walk)
    noted = [note.values["value"] for note in messages.load(person.notes) if note.code.startswith("object_axes")]
    assert noted == ([axes] if axes != "blender" else [])
    assert objects["head"].get(AXES, "blender") == axes


def test_a_property_says_how_objects_look(scene, walk):
    objects = make_objects(scene, walk, ("a", "b", "c"), "z_up")
    for item in objects.values():
        item[AXES] = "z_up"
    person = people.add_person_from_objects(objects, "Ann", scene)
    assert_read(person, scene, walk)
    objects["head"][AXES] = "sideways"
    with pytest.raises(Exception, match="object 'a': 'sideways' are no axes that are known; known are blender, openxr"):
        people.recording_of(person, scene)


def test_objects_chosen_in_the_panel_are_read_with_their_axes_too(scene, walk):
    objects = make_objects(scene, walk, ("a", "b", "c"), "openxr")
    assert_read(people.add_person_from_objects(objects, "Ann", scene), scene, walk)


def test_a_camera_looks_as_cameras_do(scene, walk):
    objects = make_objects(scene, walk, ("Camera", "one", "two"), "openxr")
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    scene.collection.objects.link(camera)
    camera.rotation_mode = "QUATERNION"
    camera.animation_data_create().action = objects["head"].animation_data.action
    if hasattr(camera.animation_data, "action_slot"):
        camera.animation_data.action_slot = objects["head"].animation_data.action_slot
    person = people.add_person_from_objects({"head": camera}, "Ann", scene)
    assert_read(person, scene, walk, ("head",))


@pytest.mark.parametrize("mode", ["POSE", "OBJECT"])
@pytest.mark.parametrize("axes", ["openxr", "blender"])
def test_pose_bones_are_trackers(scene, walk, mode, axes):
    names = ("head", "hand.L", "hand.R")
    armature = make_armature(scene, walk, names, axes)
    select(armature)
    if mode == "POSE":
        bpy.ops.object.mode_set(mode="POSE")
        bpy.ops.pose.select_all(action="DESELECT")
        for name in names:
            bone = armature.pose.bones[name] if bpy.app.version >= (5, 0) else armature.data.bones[name]
            bone.select = True
        armature.data.bones.active = armature.data.bones["hand.R"]
    person = use_selected(scene)
    bpy.ops.object.mode_set(mode="OBJECT")
    assert person.head.type == "EMPTY" and person.head.constraints[0].subtarget == "head"
    assert_read(person, scene, walk)
    assert person.head.users_collection[0].name == "Person trackers"
    # An edit of the armature is an edit of the recording.
    armature.location.z += 1
    moved = people.recording_of(person, scene).tracks["head"].position
    assert moved[:, 1].mean() == pytest.approx(walk.tracks["head"].position[:, 1].mean() + 1, abs=1e-3)


def test_without_names_the_active_one_is_the_head_and_what_is_left_over_is_said(scene, walk):
    objects = list(make_objects(scene, walk, ("a", "b", "c"), "blender").values())
    more = bpy.data.objects.new("d", None)
    scene.collection.objects.link(more)
    select(*objects, more, active=objects[1])
    person = use_selected(scene)
    assert person.head == objects[1] and {person.left_hand, person.right_hand} <= {*objects, more}
    assert any("Selected but not used" in str(note) for note in messages.load(person.notes))


def test_names_of_other_trackers_make_body_trackers(scene, walk):
    names = ("Headset", "Left Controller", "Right Controller")
    objects = make_objects(scene, walk, names, "blender")
    waist = make_objects(scene, walk, ("Waist", "x", "y"), "blender")["head"]
    select(*objects.values(), waist)
    person = use_selected(scene)
    assert waist[ROLE] == "waist"
    assert set(people.recording_of(person, scene).tracks) == {*ROLES, "waist"}


def test_roles_by_name_prefer_the_shortest(scene):
    items = [bpy.data.objects.new(name, None) for name in ("Head Offset", "Head", "L Hand", "R Hand")]
    found, left = selection.by_role([selection.Chosen(item) for item in items])
    assert {role: one.name for role, one in found.items()} == dict(
        zip(ROLES, ("Head", "L Hand", "R Hand"), strict=True)
    )
    assert [one.name for one in left] == ["Head Offset"]
