"""Recordings as empties, and back."""

import bpy
import numpy as np
import pytest
from bodies import wobbly_recording

from threepoint.blender_addon.animation.curves import fcurves_of, keyframes_of, values_at
from threepoint.blender_addon.state import people
from threepoint.blender_addon.state.new_file import empty_file
from threepoint.blender_addon.trackers import reading
from threepoint.blender_addon.trackers.empties import COLOURS, VALID, create_trackers, find_dropouts
from threepoint.blender_addon.trackers.reading import read_trackers
from threepoint.blender_addon.ui import overlay
from threepoint.model_core.errors import InputError
from threepoint.model_core.geometry.rotations import geodesic_angle, quaternion_to_matrix


def angles(first, second):
    return geodesic_angle(quaternion_to_matrix(first), quaternion_to_matrix(second))


def test_a_recording_survives_the_round_trip():
    scene = empty_file(30)
    recording = wobbly_recording()
    back = read_trackers(create_trackers(recording, "take", scene), scene)
    assert len(back.time) == len(recording.time)
    assert np.abs(back.time - recording.time).max() < 1e-5
    assert back.device == recording.device
    for role, track in recording.tracks.items():
        assert (back.tracks[role].valid == track.valid).all()
        assert np.abs(back.tracks[role].position - track.position)[track.valid].max() < 1e-5
        assert angles(back.tracks[role].rotation, track.rotation)[track.valid].max() < 1e-4
    assert scene.render.fps == 30


def test_dropouts_have_no_keyframes_and_are_listed():
    scene = empty_file(60)
    recording = wobbly_recording()
    hand = create_trackers(recording, "take", scene)["left_hand"]
    keys = {f.data_path: keyframes_of(f)[:, 0] for f in fcurves_of(hand)}
    first, last = (1 + 60 * recording.time[i] for i in (100, 139))
    assert not ((keys["location"] > first - 0.01) & (keys["location"] < last + 0.01)).any()
    (gap,) = find_dropouts(hand, scene)
    assert gap == pytest.approx((recording.time[100], recording.time[140]), abs=1e-5)
    scene.frame_set(int(first) + 1)
    assert not hand[VALID] and hand.empty_display_size < 0.05
    scene.frame_set(int(last) + 3)
    assert hand[VALID] and hand.empty_display_size > 0.05


@pytest.fixture
def evaluations():
    """Grows whenever Blender evaluates a scene."""
    heard = []
    handlers = (bpy.app.handlers.depsgraph_update_post, bpy.app.handlers.frame_change_post)

    @bpy.app.handlers.persistent  # Opening a file removes others.
    def hear(*_):
        heard.append(1)

    for handler in handlers:
        handler.append(hear)
    yield heard
    for handler in handlers:
        handler.remove(hear)


@pytest.mark.parametrize("edited", [False, True])
def test_keyframes_say_what_evaluating_the_scene_says(monkeypatch, evaluations, edited):
    scene = empty_file(30)
    trackers = create_trackers(wobbly_recording(), "take", scene)
    if edited:
        for fcurve in fcurves_of(trackers["head"])[:7]:  # Location and rotation.
            for point in list(fcurve.keyframe_points)[50:150:2]:
                fcurve.keyframe_points.remove(point)
            fcurve.keyframe_points[60].interpolation = "BEZIER"
            fcurve.update()
        noise = fcurves_of(trackers["right_hand"])[0].modifiers.new("NOISE")
        noise.strength = 0.3
    evaluations.clear()
    keyed = read_trackers(trackers, scene)
    assert not evaluations  # And so nothing is drawn again.
    monkeypatch.setattr(reading, "_own_curves", lambda item, root: None)
    sampled = read_trackers(trackers, scene)
    assert evaluations
    assert (keyed.time == sampled.time).all()
    for role, track in sampled.tracks.items():
        assert (keyed.tracks[role].valid == track.valid).all()
        assert np.abs(keyed.tracks[role].position - track.position).max() < 1e-6
        assert angles(keyed.tracks[role].rotation, track.rotation).max() < 1e-5


def test_a_curve_that_was_made_of_samples_is_evaluated():
    scene = empty_file(60)
    head = create_trackers(wobbly_recording(), "take", scene)["head"]
    fcurve, frames = fcurves_of(head)[0], np.arange(10.0, 20.0)
    keyed = values_at(fcurve, frames)
    fcurve.convert_to_samples(0, 60)
    assert len(keyframes_of(fcurve)) == 0
    assert np.abs(values_at(fcurve, frames) - keyed).max() < 1e-6


RIGGINGS = {
    "parent": lambda item: setattr(item, "parent", bpy.data.objects.new("stage", None)),
    "constraint": lambda item: item.constraints.new("LIMIT_LOCATION"),
    "driver": lambda item: item.driver_add("location", 0),
    "another rotation": lambda item: setattr(item, "rotation_mode", "XYZ"),
    "shift": lambda item: setattr(item, "delta_location", (0, 0, 1)),
    "turn": lambda item: setattr(item, "delta_rotation_quaternion", (0, 1, 0, 0)),
    "mirror": lambda item: setattr(item, "scale", (1, -1, 1)),
    "mute": lambda item: setattr(fcurves_of(item)[0], "mute", True),
    "mute group": lambda item: setattr(fcurves_of(item)[0].group, "mute", True),
    "key of another property": lambda item: item.keyframe_insert("delta_location"),
    "track": lambda item: item.animation_data.nla_tracks.new(),
}


@pytest.mark.parametrize("rigging", RIGGINGS)
def test_what_moves_by_more_than_its_keyframes_is_evaluated(rigging):
    trackers = create_trackers(wobbly_recording(), "take", empty_file(60))
    assert reading._own_curves(trackers["head"]) is not None
    RIGGINGS[rigging](trackers["head"])
    assert reading._own_curves(trackers["head"]) is None


def test_edits_parents_and_constraints_are_read():
    scene = empty_file(60)
    recording = wobbly_recording()
    trackers = create_trackers(recording, "take", scene)
    stage = bpy.data.objects.new("stage", None)
    scene.collection.objects.link(stage)
    stage.location, stage.scale = (0, 0, 0.5), (2, 2, 2)
    trackers["left_hand"].parent = stage
    follower = bpy.data.objects.new("follower", None)
    scene.collection.objects.link(follower)
    follower.constraints.new("COPY_LOCATION").target = trackers["right_hand"]
    back = read_trackers({"head": trackers["head"], "left_hand": trackers["left_hand"], "waist": follower}, scene)
    left, right = recording.tracks["left_hand"], recording.tracks["right_hand"]
    assert np.abs(back.tracks["left_hand"].position - 2 * left.position - [0, 0.5, 0])[left.valid].max() < 1e-5
    assert np.abs(back.tracks["waist"].position - right.position)[right.valid].max() < 1e-5
    assert np.abs(back.tracks["left_hand"].rotation - left.rotation)[left.valid].max() < 2.1
    assert angles(back.tracks["left_hand"].rotation, left.rotation)[left.valid].max() < 1e-4


def test_any_hand_animated_object_is_sampled_sixty_times_a_second():
    scene = empty_file(24)
    scene.frame_end = 49
    cube = bpy.data.objects.new("cube", None)
    scene.collection.objects.link(cube)
    for frame in (1, 25, 49):
        cube.location = (0, 0, frame / 24)
        cube.rotation_euler = (0, 0, frame / 24)
        cube.keyframe_insert("location", frame=frame)
        cube.keyframe_insert("rotation_euler", frame=frame)
    back = read_trackers({"head": cube}, scene)
    assert len(back.time) == 121 and back.duration == pytest.approx(2)
    assert np.diff(back.time).max() < 0.017
    assert back.tracks["head"].position[60, 1] == pytest.approx(25 / 24, abs=1e-5)
    assert len(bpy.data.scenes) == 1


def test_a_hidden_tracker_is_read_and_stays_hidden():
    scene = empty_file(60)
    recording = wobbly_recording()
    trackers = create_trackers(recording, "take", scene)
    trackers["head"].hide_viewport = True
    back = read_trackers(trackers, scene)
    assert np.abs(back.tracks["head"].position - recording.tracks["head"].position).max() < 1e-5
    assert trackers["head"].hide_viewport


def test_a_missing_head_and_a_flat_object_are_named():
    scene = empty_file(60)
    trackers = create_trackers(wobbly_recording(), "take", scene)
    with pytest.raises(InputError, match="object for the head"):
        read_trackers({"left_hand": trackers["left_hand"]}, scene)
    trackers["head"].scale = (0, 0, 0)
    with pytest.raises(InputError, match="take head.*scaled to zero"):
        read_trackers(trackers, scene)


def test_trackers_are_drawn_in_their_own_colours_where_they_are(scene, person):
    scene.frame_set(30)
    lines = overlay.tracker_lines(person)
    assert [colour for colour, _ in lines] == [pytest.approx(COLOURS[role]) for role in people.ROLES]
    head = person.head
    middle, tip = lines[0][1][0], lines[0][1][5]
    assert np.abs(middle - np.array(head.matrix_world.translation)).max() < 1e-6
    up = np.array(head.matrix_world)[:3, 2]
    assert np.abs(tip - middle - head.empty_display_size * up).max() < 1e-6
    head.hide_set(True)
    person.left_hand = None
    assert len(overlay.tracker_lines(person)) == 1
