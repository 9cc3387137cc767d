"""What annoys on a first day: names, tooltips, places, ranges, and what a button says when it cannot be pressed."""

from types import SimpleNamespace

import bpy
import numpy as np
import pytest
from animators import answer_at_once, import_tiny, person_with_takes
from drawing import Layout, calls, context

from threepoint.blender_addon.animation.curves import curves_in
from threepoint.blender_addon.avatar.uncertainty import modifier_of
from threepoint.blender_addon.engine import client as engine
from threepoint.blender_addon.i18n.messages import message
from threepoint.blender_addon.i18n.translations import as_sentence
from threepoint.blender_addon.operators import engine_environment, importing
from threepoint.blender_addon.state import people, predictions
from threepoint.blender_addon.state.new_file import empty_file
from threepoint.blender_addon.state.people import people_of
from threepoint.blender_addon.trackers.roles import role_label
from threepoint.blender_addon.ui import panel, preferences
from threepoint.model_core.errors import InputError
from threepoint.model_core.notes import Note

PANELS = [kind for kind in panel.CLASSES if issubclass(kind, bpy.types.Panel)]
SAID_BY_BLENDER = ("use_online_access",)
"""Properties of Blender's own."""


@pytest.fixture
def person(monkeypatch, tmp_path):
    return person_with_takes(monkeypatch, tmp_path)


def buttons():
    """Every button of the sidebar with what it is set to: (operator's class, its properties), as it is now."""
    pressed = []
    for kind in PANELS:
        for call in calls(kind):
            if call.name == "operator" and call.arguments[0].startswith("threepoint."):
                name = call.arguments[0].removeprefix("threepoint.")
                pressed.append((getattr(bpy.types, f"THREEPOINT_OT_{name}"), vars(call.result)))
    return pressed


def tooltip(kind, properties):
    if "description" in vars(kind):
        return kind.description(bpy.context, SimpleNamespace(**properties))
    return getattr(bpy.ops.threepoint, kind.bl_idname.partition(".")[2]).get_rna_type().description


def test_every_button_has_a_tooltip_of_its_own(person, tmp_path):
    import_tiny(tmp_path, "other")
    bpy.context.view_layer.objects.active = person.armature
    said = {}
    for kind, properties in buttons():
        said.setdefault(tooltip(kind, properties), set()).add((kind.bl_idname, *sorted(properties.items())))
    assert len(said) > 20 and "" not in said
    assert {words: found for words, found in said.items() if len(found) > 1} == {}


def test_cancel_says_of_esc_only_where_esc_stops_the_work(person):
    work = bpy.context.window_manager.threepoint
    kind = bpy.types.THREEPOINT_OT_cancel
    for step, esc in (("PREDICTION", True), ("CHARACTER", True), ("EXPORT", False)):
        work.step = step
        assert ("Esc" in tooltip(kind, {"workplace": "threepoint"})) == esc


def test_every_setting_of_the_sidebar_has_a_tooltip(person):
    person.use_t_pose = True
    person.character.armature = None
    settings = [call.arguments[:2] for kind in PANELS for call in calls(kind) if call.name == "prop"]
    names = {name for _, name in settings}
    assert {"head", "stature", "device", "seed", "refinement", "first", "low", "armature"} <= names
    for owner, name in settings:
        if name not in SAID_BY_BLENDER:
            assert len(owner.bl_rna.properties[name].description) > 10, name


def test_names_do_not_churn_whatever_they_are(monkeypatch, tmp_path):
    empty_file(30)
    answer_at_once(monkeypatch)
    made = [import_tiny(tmp_path, "walk.v2"), import_tiny(tmp_path, "walk.v2")]
    kinds = ("objects", "meshes", "armatures", "actions", "node_groups", "collections", "materials")

    def names():
        return {kind: sorted(item.name for item in getattr(bpy.data, kind)) for kind in kinds}

    bpy.ops.threepoint.predict(kind="ALL")
    before = names()
    assert {"walk.v2 body uncertainty", "walk.v2.001 body uncertainty"} <= set(before["node_groups"])
    modifier_of(made[1].mesh).node_group.name = "own colours"
    before["node_groups"] = sorted({*before["node_groups"], "own colours"} - {"walk.v2.001 body uncertainty"})
    for kind in ("ALL", "REFINE", "RANGE", "ALL"):
        bpy.ops.threepoint.predict(kind=kind)
        assert names() == before


def test_the_range_follows_the_take_until_another_is_chosen(person):
    def stretch():
        for tracker in (person.head, person.left_hand, person.right_hand):
            for fcurve in curves_in(tracker, tracker.animation_data.action).fcurves:
                for point in fcurve.keyframe_points:
                    point.co.x = 1 + 2 * (point.co.x - 1)
                fcurve.update()
        person.head["threepoint_frames"] = []
        bpy.ops.threepoint.predict()
        return round(person.takes[0].action.frame_range[1])

    before = person.last
    end = stretch()
    assert (person.first, person.last) == (1, end) and end > 1.5 * before
    bpy.ops.threepoint.predict(kind="RANGE")
    person.first, person.last = 3, 7
    assert stretch() > end and (person.first, person.last) == (3, 7)


def test_the_range_of_objects_is_their_motion(monkeypatch, tmp_path):
    scene = empty_file(30)
    answer_at_once(monkeypatch)
    imported = import_tiny(tmp_path)
    bpy.context.view_layer.objects.active = imported.head
    scene.frame_end = 250
    bpy.ops.threepoint.use_objects()
    person = next(one for one in people_of(scene) if one.root != imported.root)
    bpy.ops.threepoint.predict()
    assert (person.first, person.last) == (1, round(person.takes[0].action.frame_range[1])) and person.last < 30


@pytest.mark.parametrize("scale", [0.5, 3.0])
def test_people_stand_beside_those_whose_root_was_turned_or_scaled(monkeypatch, tmp_path, scale):
    empty_file(30)
    answer_at_once(monkeypatch)
    first = import_tiny(tmp_path, "a")
    first.root.scale, first.root.rotation_euler.z = (scale,) * 3, np.pi / 2
    second = import_tiny(tmp_path, "b")
    low_x, low_y, high_x, high_y = first.extent
    taken = scale * max(-low_y, -high_y)  # A quarter turn brings -Y to +X.
    assert second.root.location.x + second.extent[0] == pytest.approx(taken, abs=1e-4)
    assert taken == pytest.approx(scale * -low_y) and low_x < high_x


def test_the_buttons_say_what_is_missing_once_the_avatar_was_deleted(person):
    objects = [person.armature, person.mesh]
    with bpy.context.temp_override(selected_objects=objects, selected_editable_objects=objects):
        bpy.ops.object.delete()
    for button in ("export", "push_takes", "duplicate_take", "show_uncertain", "put_on_character"):
        with pytest.raises(RuntimeError, match="Predict a motion first"):
            getattr(bpy.ops.threepoint, button)()
    bpy.ops.threepoint.predict()
    assert bpy.context.scene in person.armature.users_scene and bpy.ops.threepoint.export.poll()


def test_a_camera_that_stands_is_no_head(person):
    camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    bpy.context.scene.collection.objects.link(camera)
    camera.location.z = 5.0
    for item in bpy.context.scene.objects:
        item.select_set(item in (camera, person.left_hand, person.right_hand))
    bpy.context.view_layer.objects.active = camera
    bpy.ops.threepoint.use_objects()
    made = next(one for one in people_of(bpy.context.scene) if one.head == camera)
    with pytest.raises(RuntimeError, match="camera: does not move; choose the object that moves as the head"):
        bpy.ops.threepoint.predict()
    assert made.armature is None and not made.calibration


def test_only_tables_are_asked_about_columns(tmp_path):
    def asked(path):
        seen = []
        dialog = SimpleNamespace(layout=Layout(seen), filepath=str(path), _draw_runs=lambda layout: None)
        importing.THREEPOINT_OT_import_recording.draw(dialog, context())
        return {call.arguments[1] for call in seen if call.name == "prop"}

    (tmp_path / "walk.bsor").write_text("")
    assert asked(tmp_path / "walk.bsor") == {"fit_range", "beside"}
    assert asked("") == {"fit_range", "beside", "fps", *importing.TABLE_CHOICES}


def test_good_and_bad_verdicts_look_different_and_the_log_is_named(monkeypatch, tmp_path):
    def shown(fine):
        seen = []
        monkeypatch.setattr(engine_environment, "_verdict", engine_environment.Verdict(fine, "as it is"))
        chosen = SimpleNamespace(layout=Layout(seen), source="OWN")
        preferences.THREEPOINT_preferences.draw(chosen, context())
        return [call.words["icon"] for call in seen if call.words.get("text") == "as it is"]

    monkeypatch.setattr(engine, "about", lambda: None)
    assert shown(True) == ["CHECKMARK"] and shown(False) == ["ERROR"]
    monkeypatch.setattr(engine_environment, "_verdict", None)
    monkeypatch.setattr(engine, "log_path", lambda: tmp_path / "log.txt")
    assert list(map(str, preferences.engine_state(SimpleNamespace(source="OWN")))) == ["Not running"]
    (tmp_path / "log.txt").touch()
    said = list(map(str, preferences.engine_state(SimpleNamespace(source="OWN"))))
    assert said == ["Not running", f"Log: {tmp_path / 'log.txt'}"]


@pytest.mark.parametrize(("step", "words"), [("IMPORT", "Another recording is being read"),
                                             ("CONVERSION", "The avatar is being converted")])  # fmt: skip
def test_an_import_says_what_it_waits_for(person, step, words):
    work = bpy.context.window_manager.threepoint_import
    work.running, work.step = True, step
    try:
        with pytest.raises(RuntimeError, match=words):
            bpy.ops.threepoint.import_sample()
    finally:
        work.running = False


def test_a_long_calibration_is_shown_to_its_last_line(person):
    calibration = predictions.last_calibration(person)
    many = tuple(Note("person", {"stature": 1.5 + k / 100, "floor": 0.0, "preset": "grip"}) for k in range(20))
    predictions.receive_calibration(person, calibration.__class__(
        calibration.betas, calibration.floor, calibration.offsets, many), "key")  # fmt: skip
    words = " ".join(str(call.words.get("text", "")) for call in calls(panel.THREEPOINT_PT_calibration))
    assert all(f"{1.5 + k / 100:.2f} m tall" in words for k in range(20)) and "more" not in words


def test_people_share_no_name_in_the_panel(person, tmp_path):
    import_tiny(tmp_path, "another_with_a_long_name_of_a_file")
    for one in people_of(bpy.context.scene):
        names = [item.name for item in people.trackers_of(one).values()]
        assert len({name[:6] for name in names}) == len(names)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (message("{tracker} lost ({reason})", tracker=role_label("left_hand"), reason="frozen"), "Left hand lost (fro"),
        (message("{tracker} lost ({reason})", tracker=role_label("puck_a"), reason="frozen"), "puck a lost (fro"),
        (Note("person", {"stature": 1.7, "floor": 0.0, "preset": "grip"}), "Person 1.70 m tall"),
        (InputError(message("{file}: cannot be read ({reason})", file="walk.csv", reason="x")), "walk.csv: cannot"),
        (message("{progress}, {minutes}:{seconds:02d} left", progress=message("refining"), minutes=1, seconds=2),
         "Refining, 1:02 left"),
        ("no.bsor: is no recording", "no.bsor"),
    ],
)  # fmt: skip
def test_what_is_said_begins_with_a_capital_and_names_stay_as_they_are(said, shown):
    assert as_sentence(said).startswith(shown)


def test_lines_of_the_panels_begin_with_a_capital(person):
    for kind in (panel.THREEPOINT_PT_calibration, panel.THREEPOINT_PT_avatar, panel.THREEPOINT_PT_recording):
        lines = [call for call in calls(kind) if call.name == "label" and call.words.get("translate") is False]
        assert not lines or lines[0].words["text"][0].isupper()
