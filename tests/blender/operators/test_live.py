"""The *Live* panel: an avatar that moves without keyframes, and a recording that is there at the end."""

import time

import bpy
import numpy as np
import pytest

from threepoint.blender_addon.operators import live
from threepoint.blender_addon.state import predictions
from threepoint.blender_addon.state.people import people_of


@pytest.fixture
def running(scene, monkeypatch, tmp_path):
    """Live tracking by an engine that turns its body about and about."""
    monkeypatch.setattr(live, "take_path", lambda: tmp_path / "take.csv")
    assert bpy.ops.threepoint.live_start() == {"FINISHED"}
    yield live._live
    live._end(None)


def ticks(condition, seconds=20.0):
    """Let the timer tick until something holds."""
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < seconds, live.live_state()
        live._tick()
        time.sleep(0.005)


def avatar():
    return bpy.data.objects.get(live.AVATAR)


def is_turned():
    return avatar() is not None and abs(avatar().pose.bones["pelvis"].rotation_quaternion.w) < 0.99


def test_an_avatar_moves_without_keyframes_and_what_came_becomes_a_person(running, scene, tmp_path):
    longest = 0.0
    ticks(is_turned)
    for _ in range(20):
        begun = time.monotonic()
        live._tick()
        longest = max(longest, time.monotonic() - begun)
    armature = avatar()
    assert armature.animation_data is None and longest < 0.3
    bpy.context.view_layer.update()
    place = armature.pose.bones["pelvis"].head
    np.testing.assert_allclose(place, [0.5, 0, 0.95], atol=1e-4)
    assert not bpy.ops.threepoint.live_start.poll() and live.live_state().code == "live_running"
    assert 125 <= live.live_state().values["latency"] < 5000, "it is told of what is shown, not of what is made"
    assert bpy.ops.threepoint.live_record() == {"FINISHED"} and not bpy.ops.threepoint.live_record.poll()
    ticks(lambda: (running.tracking.samples or 0) > 30)
    assert bpy.ops.threepoint.live_t_pose() == {"FINISHED"}
    ticks(lambda: running.tracking.calibration.notes)
    assert bpy.ops.threepoint.live_stop() == {"FINISHED"}
    ticks(lambda: live._live is None)
    assert avatar() is None and "take.csv" in str(live.live_state())
    assert not [item.name for item in bpy.data.objects if item.name.startswith(live.AVATAR)]
    (person,) = people_of(scene)
    assert person.head is not None and person.left_hand is not None
    known = predictions.last_calibration(person)
    assert known is not None and known.betas[0] == 0.5 and person.keep_calibration, "the T-pose is kept with the person"
    assert person.calibration_key == predictions.current_calibration_key(person, scene)


def test_the_avatar_is_as_big_as_the_person(running, body_heights):
    ticks(is_turned)
    head = avatar().data.bones["head"].head_local.z
    assert head == pytest.approx(body_heights[1], abs=1e-3) and abs(head - body_heights[0]) > 0.005


@pytest.fixture
def body_heights():
    """How high the head joint is, of the mean person and of the engine's."""
    from threepoint.model_core.body import load_body

    body = load_body()
    return [float(body.head_height(np.array([beta, *[0.0] * 9]))) for beta in (0.0, 0.5)]


def test_an_avatar_that_is_undone_ends_it(running):
    ticks(is_turned)
    bpy.data.objects.remove(avatar())
    ticks(lambda: live._live is None)
    assert not [item.name for item in bpy.data.objects if item.name.startswith(live.AVATAR)]
    assert bpy.ops.threepoint.live_start.poll()


def test_what_the_engine_refuses_is_said(scene):
    bpy.context.window_manager.threepoint_live.source = "replay"
    try:
        bpy.ops.threepoint.live_start()
        ticks(lambda: live._live is None)
        assert "the source 'replay:' is not known" in str(live.live_state())
    finally:
        bpy.context.window_manager.threepoint_live.source = "vmc"


def test_sources_are_named_as_the_engine_names_them(scene):
    settings = bpy.context.window_manager.threepoint_live
    assert live.source_words(settings) == "vmc:39539"
    settings.network = True
    assert live.source_words(settings) == "vmc:0.0.0.0:39539"
    settings.network = False


def test_objects_that_something_else_moves_are_followed(scene, monkeypatch):
    told = []
    monkeypatch.setattr(live.LiveTracking, "feed", lambda tracking, *pose: told.append(pose))
    settings = bpy.context.window_manager.threepoint_live
    settings.source = "objects"
    try:
        with pytest.raises(RuntimeError, match="Select three objects"):
            bpy.ops.threepoint.live_start()
        for name, place in (("head", (0, 0, 1.6)), ("left hand", (0.3, -0.2, 1.1)), ("right hand", (-0.3, -0.2, 1.1))):
            empty = bpy.data.objects.new(name, None)
            scene.collection.objects.link(empty)
            empty.location = place
            empty.select_set(True)
        bpy.ops.threepoint.live_start()
        bpy.data.objects["left hand"].location.z = 1.3
        bpy.context.view_layer.update()
        ticks(lambda: len(told) > 2)
    finally:
        live._end(None)
        settings.source = "vmc"
    _, positions, rotations, valid = told[-1]
    np.testing.assert_allclose(positions, [[0, 1.6, 0], [-0.3, 1.3, -0.2], [0.3, 1.1, -0.2]], atol=1e-6)
    np.testing.assert_allclose(np.abs(rotations[:, 0]), 1, atol=1e-6)
    assert valid.all()


def test_trackers_are_named_in_the_panel_and_saved_with_the_scene(scene, monkeypatch, tmp_path):
    asked, roles = [], scene.threepoint_live_roles

    def refuse(*given):
        asked.append(given)
        raise live.EngineError("not now")

    monkeypatch.setattr(live, "LiveTracking", refuse)
    roles.waist, roles.left_foot = "LHR-1", " LHR-2 "
    assert live.live_roles.named(scene) == {}, "as long as nobody asks for it"
    roles.chosen = True
    drawn = []
    live._draw(Layout(drawn), bpy.context)
    assert {"chosen", "head", "waist", "right_elbow"} <= set(drawn)
    with pytest.raises(RuntimeError, match="not now"):
        bpy.ops.threepoint.live_start()
    assert asked[0][1:] == ("vmc:39539", {}, {"waist": "LHR-1", "left_foot": "LHR-2"})
    bpy.data.libraries.write(str(tmp_path / "a.blend"), {scene})
    with bpy.data.libraries.load(str(tmp_path / "a.blend")) as (there, loaded):
        loaded.scenes = there.scenes[:1]
    assert live.live_roles.named(loaded.scenes[0]) == {"waist": "LHR-1", "left_foot": "LHR-2"}
    bpy.data.scenes.remove(loaded.scenes[0])
    roles.right_foot = "LHR-1"
    with pytest.raises(RuntimeError, match="LHR-1 is named twice, for waist and right foot"):
        bpy.ops.threepoint.live_start()


def test_objects_that_are_named_are_followed_beside_head_and_hands(scene, monkeypatch):
    told, roles = [], scene.threepoint_live_roles
    monkeypatch.setattr(live.LiveTracking, "feed", lambda tracking, *pose: told.append(pose))
    bpy.context.window_manager.threepoint_live.source = "objects"
    roles.chosen, roles.left_foot, roles.head = True, "sole", "cube"
    try:
        with pytest.raises(RuntimeError, match="no object cube to follow as head"):
            bpy.ops.threepoint.live_start()
        for name, place in (("cube", (0, 0, 1.6)), ("sole", (0.1, 0, 0.1))):
            scene.collection.objects.link(bpy.data.objects.new(name, None))
            bpy.data.objects[name].location = place
        bpy.ops.threepoint.live_start()
        assert live._live.objects == {"head": "cube", "left_foot": "sole"}
        bpy.context.view_layer.update()
        ticks(lambda: len(told) > 1)
    finally:
        live._end(None)
        bpy.context.window_manager.threepoint_live.source = "vmc"
    _, positions, _, valid = told[-1]
    np.testing.assert_allclose(positions[[0, 3]], [[0, 1.6, 0], [-0.1, 0.1, 0]], atol=1e-6)
    assert valid.tolist() == [True, False, False, True]
    assert dict(bpy.data.objects["sole"]) == {}, "it is not marked: it is no person's"


class Layout:
    """Takes what a panel draws, and checks operators and icons."""

    def __init__(self, drawn):
        self.drawn = drawn
        self.enabled = self.use_property_split = self.use_property_decorate = True

    def column(self, **_):
        return self

    row = column

    def prop(self, data, name, **_):
        assert name in data.bl_rna.properties
        self.drawn.append(name)

    def operator(self, name, icon="NONE", depress=False):
        icons = bpy.types.UILayout.bl_rna.functions["operator"].parameters["icon"].enum_items
        assert icon in icons and hasattr(bpy.types, "THREEPOINT_OT_" + name.partition(".")[2])
        self.drawn.append(name)


def test_the_panel_shows_what_can_be_done(running):
    drawn = []
    live._draw(Layout(drawn), bpy.context)
    buttons = [f"threepoint.live_{name}" for name in ("record", "t_pose", "stop")]
    assert drawn == ["source", "port", "network", "chosen", *buttons]
    live._end(None)
    live._draw(Layout(drawn), bpy.context)
    assert drawn[-1] == "threepoint.live_start"
