"""Takes: on the NLA or not, beside own layers, renamed, duplicated, deleted; what is written is the take."""

import bpy
import numpy as np
import pytest
from animators import own_action, person_with_takes

from threepoint.blender_addon.animation.curves import curves_in
from threepoint.blender_addon.state import takes
from threepoint.blender_addon.state.person_avatar import CONVERSIONS


@pytest.fixture
def person(monkeypatch, tmp_path):
    return person_with_takes(monkeypatch, tmp_path)


def nla(person):
    """The strips: their actions by track, those that are heard in capitals."""
    return [
        [(strip.action.name.upper() if not track.mute else strip.action.name) for strip in track.strips]
        for track in person.armature.animation_data.nla_tracks
    ]


def tweak(person, blend="COMBINE"):
    """Takes on the NLA, an own action on top that nothing else holds."""
    bpy.ops.threepoint.push_takes()
    animation = person.armature.animation_data
    animation.action = own_action("tweak")
    animation.action_blend_type = blend
    return animation.action


@pytest.mark.parametrize("kind", ["MEAN", "TAKE", "REFINE", "RANGE"])
def test_an_own_layer_over_the_takes_stays_and_the_strip_gets_the_new_motion(person, kind):
    layer = tweak(person)
    before = takes.active_take(person).baked
    bpy.ops.threepoint.predict(kind=kind)
    animation = person.armature.animation_data
    assert animation.action == layer and animation.action_blend_type == "COMBINE"
    heard = [name for track in nla(person) for name in track if name.isupper()]
    active = takes.active_take(person)
    assert heard == [active.action.name.upper()]
    assert sum(len(track) for track in nla(person)) == len(person.takes) == (3 if kind == "TAKE" else 2)
    assert active.baked != before or kind == "MEAN"


def test_strips_follow_the_length_of_their_take(person):
    bpy.ops.threepoint.push_takes()
    scene, action = bpy.context.scene, person.takes[0].action
    person.active_take = 0
    for tracker in (person.head, person.left_hand, person.right_hand):
        for fcurve in curves_in(tracker, tracker.animation_data.action).fcurves:
            for point in fcurve.keyframe_points:
                point.co.x = 1 + 2 * (point.co.x - 1)
            fcurve.update()
    person.head["threepoint_frames"] = []
    bpy.ops.threepoint.predict()
    (strip,) = [s for t in person.armature.animation_data.nla_tracks for s in t.strips if s.action == action]
    assert strip.action_frame_end == action.frame_range[1] > 25 and scene is not None


def test_in_tweak_mode_the_take_is_written_and_nothing_is_swapped(person):
    bpy.ops.threepoint.push_takes()
    animation = person.armature.animation_data
    track = animation.nla_tracks[1]
    track.strips[0].select = True
    animation.nla_tracks.active = track
    animation.use_tweak_mode = True
    action = person.takes[1].action
    bpy.ops.threepoint.predict(kind="REFINE")
    assert animation.use_tweak_mode and animation.action == action == person.takes[1].action
    bpy.ops.threepoint.predict(kind="TAKE")
    assert len(person.takes) == 3 and nla(person)[-1] == [person.takes[2].action.name.upper()]


def test_a_range_of_takes_on_the_nla_is_solved_again(person):
    bpy.ops.threepoint.push_takes()
    curves = curves_in(person.armature, person.takes[1].action).fcurves
    curve = next(f for f in curves if f.data_path == 'pose.bones["left_knee"].rotation_quaternion' and f.array_index)
    before = [curve.evaluate(frame) for frame in (1, 8, 15)]
    person.first, person.last = 5, 11
    bpy.ops.threepoint.predict(kind="RANGE")
    after = [curve.evaluate(frame) for frame in (1, 8, 15)]
    assert after[0] == before[0] and after[2] == before[2] and after[1] != before[1]
    assert person.armature.animation_data.action is None


def test_the_list_shows_what_plays(person):
    bpy.ops.threepoint.push_takes()
    tracks = person.armature.animation_data.nla_tracks
    assert person.active_take == 1
    tracks[0].mute, tracks[1].mute = False, True
    assert person.active_take == 0
    person.active_take = 1
    assert [track.mute for track in tracks] == [True, False]
    bpy.ops.threepoint.push_takes()
    assert len(tracks) == 2


def test_without_tracks_the_list_follows_the_action_editor(person):
    person.armature.animation_data.action = person.takes[0].action
    assert person.active_take == 0
    person.armature.animation_data.action = own = own_action("mine")
    assert person.active_take == 1
    person.active_take = 0
    assert person.armature.animation_data.action == own and nla(person) == [[person.takes[0].action.name.upper()]]
    assert person.active_take == 0


def test_takes_keep_the_names_they_are_given(person):
    person.takes[1].name = "the good one"
    names = sorted(action.name for action in bpy.data.actions)
    for kind in ("REFINE", "MEAN", "RANGE", "REFINE"):
        bpy.ops.threepoint.predict(kind=kind)
    assert [take.name for take in person.takes] == ["Most Likely", "the good one"]
    assert sorted(action.name for action in bpy.data.actions) == names


def test_a_duplicate_is_a_take_of_its_own(person):
    bpy.ops.threepoint.push_takes()
    bpy.ops.threepoint.duplicate_take()
    assert [take.name for take in person.takes] == ["Most Likely", "Take 1", "Take 1 copy"] and person.active_take == 2
    source, copy = person.takes[1], person.takes[2]
    assert source.action != copy.action and not takes.is_edited(copy)
    before = source.baked
    bpy.ops.threepoint.predict(kind="REFINE")
    assert person.takes[1].baked == before and person.takes[2].baked != before and not takes.is_edited(person.takes[1])
    assert nla(person)[2] == [copy.action.name.upper()]


def test_a_deleted_take_goes_with_its_strips_and_the_rest_stays(person):
    layer = tweak(person)
    action, other = person.takes[1].action, person.takes[0].action
    bpy.ops.threepoint.delete_take()
    assert [take.name for take in person.takes] == ["Most Likely"] and not action.use_fake_user and not action.users
    assert nla(person) == [[other.name.upper()]] and person.armature.animation_data.action == layer
    bpy.ops.threepoint.delete_take()
    assert not person.takes and nla(person) == []
    bpy.ops.threepoint.predict()
    assert [take.name for take in person.takes] == ["Most Likely"]


def test_a_take_whose_action_was_deleted_is_said_and_predicted_anew(person):
    bpy.data.actions.remove(person.takes[1].action)
    person.chosen_take = 1
    for button, words in ((bpy.ops.threepoint.export, {"kind": "NPZ"}), (bpy.ops.threepoint.duplicate_take, {})):
        with pytest.raises(RuntimeError, match="poll"):
            button(**words)
    with pytest.raises(RuntimeError, match="Take 1: its action was deleted; predict it again"):
        bpy.ops.threepoint.predict(kind="RANGE")
    bpy.ops.threepoint.predict(kind="REFINE")
    assert person.takes[1].action is not None and len(person.takes) == 2


def test_an_action_that_another_armature_plays_is_not_written(person):
    action = person.takes[1].action
    other = bpy.data.objects.new("other", person.armature.data)
    bpy.context.scene.collection.objects.link(other)
    other.animation_data_create().action = action
    before = takes.checksum(action)
    bpy.ops.threepoint.predict(kind="REFINE")
    assert takes.checksum(action) == before and person.takes[1].action != action


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        (10, 5, "The range begins at frame 10, after its end at 5"),
        (100, 200, "Frames 100 to 200 lie outside of the take, which has 1 to"),
    ],
)
def test_bad_ranges_are_refused_in_words(person, first, last, words):
    person.first, person.last = first, last
    with pytest.raises(RuntimeError, match=words):
        bpy.ops.threepoint.predict(kind="RANGE")


def test_the_range_comes_from_the_recording_the_preview_range_or_the_playhead(person):
    scene = bpy.context.scene
    assert (person.first, person.last) == (1, scene.frame_end) and scene.frame_end > 10
    with pytest.raises(RuntimeError, match="poll"):
        bpy.ops.threepoint.range_from_preview()
    scene.use_preview_range = True
    scene.frame_preview_start, scene.frame_preview_end = 3, 7
    bpy.ops.threepoint.range_from_preview()
    assert (person.first, person.last) == (3, 7)
    scene.frame_set(10)
    bpy.ops.threepoint.range_at_playhead()
    assert (person.first, person.last) == (1, round(person.takes[1].action.frame_range[1]))


def test_rotation_order_and_bone_names_reach_own_layers_too(person):
    layer = tweak(person)
    own = curves_in(person.armature, layer)
    for index, value in enumerate((1.0, 0.0, 0.0, 0.0)):
        own.fcurves.new('pose.bones["left_knee"].rotation_quaternion', index=index).keyframe_points.insert(4, value)
    person.bone_names, person.rotation_order = "MIXAMO", "YXZ"
    paths = {fcurve.data_path for fcurve in curves_in(person.armature, layer).fcurves}
    assert paths == {'pose.bones["mixamorig:Head"].location', 'pose.bones["mixamorig:LeftLeg"].rotation_euler'}
    assert not any(takes.is_edited(take) for take in person.takes)


@pytest.mark.parametrize("way", ["below", "alone", "layer", "muted"])
def test_own_animation_that_plays_beside_a_take_is_said(person, way, capfd):
    animation = person.armature.animation_data
    track = animation.nla_tracks.new()
    track.name = "own track"
    track.strips.new("own", 1, own_action("own"))
    track.is_solo, track.mute = way == "alone", way in ("muted", "layer")
    if way == "layer":
        animation.action = own_action("own layer")
    bpy.ops.threepoint.predict()
    said = {"layer": "your own animation plays: own layer;", "muted": ""}.get(
        way, "your own animation plays: own track;"
    )
    words = capfd.readouterr().out
    assert said in words and (bool(said) == ("your own animation plays" in words))


def test_takes_are_converted_in_steps(person):
    for setting, value, least in (("bone_names", "MIXAMO", 180), ("rotation_order", "XYZ", 200)):
        steps = sum(1 for _ in CONVERSIONS[setting](person, value))
        assert steps >= len(person.takes) * least
    assert person.armature.data.bones[0].name == "mixamorig:Hips"
    assert person.armature.pose.bones[0].rotation_mode == "XYZ" and not any(map(takes.is_edited, person.takes))


@pytest.mark.parametrize(
    ("button", "setting", "value"),
    [("name_bones", "bone_names", "VRM"), ("order_rotations", "rotation_order", "ZXY"),
     ("pose_hands", "hand_pose", "HOLDING"), ("switch_correctives", "correctives", True)],
)  # fmt: skip
def test_a_button_converts_once_and_setting_and_avatar_agree(person, monkeypatch, button, setting, value):
    converted = []

    def convert(who, wanted):
        converted.append(wanted)
        yield from real(who, wanted)

    real = CONVERSIONS[setting]
    monkeypatch.setitem(CONVERSIONS, setting, convert)
    assert getattr(bpy.ops.threepoint, button)(**{setting: value}) == {"FINISHED"}
    assert converted == [value] and getattr(person, setting) == value


def test_what_cannot_be_converted_leaves_setting_and_avatar(person):
    bpy.context.view_layer.objects.active = person.armature
    bpy.ops.object.mode_set(mode="EDIT")
    with pytest.raises(RuntimeError, match="is being edited; go back to Object Mode first"):
        bpy.ops.threepoint.name_bones(bone_names="MIXAMO")
    bpy.ops.object.mode_set(mode="OBJECT")
    assert person.bone_names == "SMPL" and person.armature.data.bones[0].name == "pelvis"


def test_switching_to_no_animation_of_a_take_is_harmless(person):
    person.armature.animation_data_clear()
    assert person.active_take == 1
    person.active_take = 0
    assert person.armature.animation_data.action == person.takes[0].action
    assert np.isfinite(person.takes[0].action.frame_range[0])
