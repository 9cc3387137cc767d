"""Wrong values in a scene, put there by hand, by a script or by another add-on: each is one line, or does no harm."""

import bpy
import pytest

from threepoint.blender_addon.animation.curves import fcurves_of
from threepoint.blender_addon.state import engine_choice, people, predictions
from threepoint.blender_addon.state.new_file import empty_file
from threepoint.tools.fuzzing import blender_values

NAN = float("nan")


@pytest.fixture
def person(monkeypatch):
    """Somebody who wobbles for a second, in a scene whose engine has no networks."""
    monkeypatch.setattr(predictions, "Job", blender_values.StandingJob)
    monkeypatch.setattr(engine_choice, "engine_python", lambda: "python")
    return people.add_person(blender_values.wobbling_recording(), "person", empty_file(30))


def said_by(kind="MEAN"):
    """What *Predict* reports as an error, in one line; nothing where it works."""
    try:
        bpy.ops.threepoint.predict(kind=kind)
    except RuntimeError as error:
        assert "Traceback" not in str(error), error
        line = str(error).removeprefix("Error: ").strip()
        assert line.isprintable() and len(line) < 400
        return line
    return ""


def stray_key(person):
    for fcurve in fcurves_of(person.head):
        fcurve.keyframe_points.insert(1e6, 0.0)


def odd_rate(person):
    bpy.context.scene.render.fps_base = 1e6


def half_a_million_frames(person):
    bpy.context.scene.frame_end = 1_000_000
    for role in ("head", "left_hand", "right_hand"):
        getattr(person, role).animation_data_clear()


def role_that_is_a_list(person):
    person.left_hand["threepoint_role"] = [1, 2]


def waist_whose_role_is_a_list(person):
    other = bpy.data.objects.new("other", None)
    other["threepoint_role"] = [1, 2, 3]
    other.threepoint.root = person.root
    person.head.users_collection[0].objects.link(other)


def without_a_bone(person):
    bpy.ops.threepoint.predict()
    bpy.context.view_layer.objects.active = person.armature
    bpy.ops.object.mode_set(mode="EDIT")
    person.armature.data.edit_bones.remove(person.armature.data.edit_bones["spine1"])
    bpy.ops.object.mode_set(mode="OBJECT")


def avatar_is(part):
    def change(person):
        bpy.ops.threepoint.predict()
        person.armature = getattr(person, part)

    return change


def property_of(name, value, role="head"):
    def change(person):
        getattr(person, role)[name] = value

    return change


def setting(**values):
    def change(person):
        for name, value in values.items():
            setattr(person, name, value)

    return change


def place(**values):
    def change(person):
        for name, value in values.items():
            setattr(person.head, name, value)

    return change


REFUSED = {
    "betas of another length": (property_of("threepoint_betas", [1.0, 2.0]), "should be a list of 10 numbers"),
    "betas that are text": (property_of("threepoint_betas", "abc"), "'threepoint_betas' should be a list of numbers"),
    "betas that are no numbers": (property_of("threepoint_betas", [NAN] * 10), "expected a number between"),
    "betas of no person": (property_of("threepoint_betas", [1e30] * 10), "expected a number between"),
    "valid that is text": (property_of("valid", "yes"), "'valid' should be a number"),
    "valid that is a dictionary": (property_of("valid", {"a": 1}), "'valid' should be a number"),
    "frames that are text": (property_of("threepoint_frames", "abc"), "should be a list of numbers"),
    "a role that is a list": (role_that_is_a_list, "'threepoint_role' should be text"),
    "a bone that is gone": (without_a_bone, "has no bone 'spine1' any more"),
    "an avatar that is a mesh": (avatar_is("mesh"), "stands as the avatar of person"),
    "an avatar that is an empty": (avatar_is("head"), "stands as the avatar of person"),
    "an object twice": (lambda person: setattr(person, "left_hand", person.head), "is chosen twice"),
    "the root as the head": (lambda person: setattr(person, "head", person.root), "is the root of its person"),
    "a floor that is no number": (setting(override_floor=True, floor=NAN), "floor is nan; expected a number"),
    "a floor in the sky": (setting(override_floor=True, floor=1e30), "expected a number between"),
    "a place that is no number": (place(delta_location=(NAN, 0, 0)), "is nowhere at frame"),
    "a place far away": (place(delta_location=(1e30, 0, 0)), "m from the origin"),
    "a scale of zero": (place(scale=(0, 0, 0)), "is scaled to zero"),
    "a key that strayed": (stray_key, "Nothing is keyed for 556 minutes from frame 30 on"),
    "seconds of weeks": (odd_rate, "Nothing is keyed for"),
    "a scene of half a million frames": (half_a_million_frames, "Nothing is keyed for 556 minutes from frame 1 on"),
    "a body that is a folder": (setting(body_path="/"), "is a folder, not a file"),
    "a body that is a device": (setting(body_path="/dev/zero"), "is not a plain file"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_it_is_refused_in_one_line_and_the_scene_stays_as_it_was(person, case):
    change, words = REFUSED[case]
    change(person)
    before = sorted(item.name for item in bpy.data.objects), len(person.takes), len(bpy.data.armatures)
    assert words in said_by()
    assert before == (sorted(item.name for item in bpy.data.objects), len(person.takes), len(bpy.data.armatures))


TAKEN = {
    "a take that is not there": setting(chosen_take=99),
    "a source that is a list": property_of("threepoint_source", [1, 2]),
    "a device that is a list": property_of("threepoint_device", [1], "left_hand"),
    "another tracker's role that is a list": waist_whose_role_is_a_list,
    "another version's calibration": setting(calibration="{}"),
    "an excluded collection": lambda person: setattr(layer(), "exclude", True),
    "a hidden collection": lambda person: setattr(layer(), "hide_viewport", True),
    "frames of a microsecond": lambda person: setattr(bpy.context.scene.render, "fps_base", 1e-5),
}


def layer():
    return bpy.context.view_layer.layer_collection.children[0]


@pytest.mark.parametrize("case", TAKEN)
def test_it_does_no_harm(person, case):
    TAKEN[case](person)
    assert said_by() == ""
    assert bpy.context.scene in person.armature.users_scene and person.takes[0].action is not None


def test_without_the_collection_there_are_no_trackers(person):
    bpy.data.collections.remove(bpy.context.scene.collection.children[0])
    assert "Import a recording or use animated objects first" in said_by() and len(bpy.data.armatures) == 0


def test_a_collection_that_is_excluded_stays_so_and_its_avatar_is_there(person):
    layer().exclude = True
    assert said_by() == said_by("TAKE") == ""
    assert layer().exclude and len(person.takes) == 2 and len(bpy.data.armatures) == 1
    layer().exclude = False
    assert person.armature.name in bpy.context.view_layer.objects


def test_scenes_with_random_wrong_values_are_predicted_or_refused_in_one_line():
    assert set(blender_values.fuzz_blender(12)) <= {"taken", "refused"}
