"""Takes in a range, blended over time; each shows how sure it is; what is changed is what the animator sees."""

import bpy
import numpy as np
import pytest
from animators import answer_at_once, import_tiny, person_with_takes

from threepoint.blender_addon.animation.curves import checksum
from threepoint.blender_addon.avatar.bake import read_action
from threepoint.blender_addon.avatar.uncertainty import mean_keyframes, modifier_of, read_uncertainty
from threepoint.blender_addon.state import predictions, takes
from threepoint.blender_addon.state.new_file import empty_file
from threepoint.blender_addon.state.people import people_of
from threepoint.model_core.geometry.filters import smoothstep
from threepoint.model_core.geometry.rotations import slerp

FIRST, LAST = 5, 11


@pytest.fixture
def asked(monkeypatch):
    """The requests; ``person`` fills it."""
    return []


@pytest.fixture
def person(monkeypatch, tmp_path, asked):
    person = person_with_takes(monkeypatch, tmp_path)
    job = predictions.Job

    class Kept(job):
        def __init__(self, *request):
            super().__init__(*request)
            asked.append(request)

    monkeypatch.setattr(predictions, "Job", Kept)
    person.first, person.last = FIRST, LAST
    return person


def motion_of(person, index):
    return read_action(person.armature, person.takes[index].action, np.array(person.betas), bpy.context.scene)


def apart(one, other):
    """(T,) how far two motions' rotations are apart, whatever their signs."""
    return 1 - np.abs((one.rotations * other.rotations).sum(-1)).min(1)


def uncertainty_of(person, index):
    """What the mesh shows of a take in each frame, and the mean that the Graph Editor has."""
    person.active_take = index
    return read_uncertainty(person.mesh, np.arange(1, 16)).probes, mean_keyframes(person.mesh)


def test_another_take_in_a_range_starts_from_what_is_shown_and_is_a_take_of_its_own(person, asked):
    shown, before = motion_of(person, 1), [take.baked for take in person.takes]
    bpy.ops.threepoint.predict(kind="TAKE_RANGE")
    start, options = asked[0][-1], asked[0][3]
    assert options["take"] == 2 and options["take_part"] == pytest.approx(
        np.array([FIRST - 1, LAST - 1]) / 30 - asked[0][2].time[0], abs=1e-6
    )
    assert np.allclose(start.at(np.array([0.2]))[0], shown.at(np.array([0.2]))[0], atol=1e-5)
    assert [take.name for take in person.takes] == ["Most Likely", "Take 1", f"Take 2, {FIRST} to {LAST}"]
    assert person.active_take == 2 and [take.baked for take in person.takes][:2] == before
    moved = apart(motion_of(person, 2), shown)
    assert moved[FIRST : LAST - 1].min() > 1e-4
    assert np.delete(moved, np.arange(FIRST - 1, LAST)).max() < 1e-6


def test_pins_change_what_is_shown_edits_included(person, asked):
    action = person.takes[1].action
    bone = person.armature.pose.bones["left_knee"]
    bpy.context.scene.frame_set(8)
    bone.rotation_quaternion = (0.8, 0.6, 0, 0)
    bone.keyframe_insert("rotation_quaternion", frame=8)
    edited = motion_of(person, 1)
    bpy.context.view_layer.objects.active = person.armature
    bpy.ops.object.mode_set(mode="POSE")
    for other in person.armature.pose.bones:
        (other if hasattr(other, "select") else other.bone).select = other.name == "pelvis"
    bpy.ops.threepoint.pin_here()
    bpy.ops.threepoint.solve_pins()
    start = asked[-1][-1]
    assert np.allclose(start.at(np.array([7 / 30]))[0], edited.at(np.array([7 / 30]))[0], atol=1e-5)
    assert person.takes[1].action == action and "take_part" not in asked[-1][3]


def test_each_take_shows_how_sure_it_is_itself(person):
    (mean, mean_curve), (take, take_curve) = (uncertainty_of(person, index) for index in (0, 1))
    assert np.abs(mean - take).max() > 0.01 and np.abs(mean_curve[:, 1] - take_curve[:, 1]).max() > 0.01
    again, again_curve = uncertainty_of(person, 0)
    assert (again == mean).all() and (again_curve == mean_curve).all()
    bpy.ops.threepoint.predict(kind="REFINE")
    assert np.abs(uncertainty_of(person, 0)[0] - mean).max() > 0.01 and (uncertainty_of(person, 1)[0] == take).all()


def test_a_range_that_is_solved_again_changes_the_uncertainty_of_its_take_alone(person):
    others = [uncertainty_of(person, index)[0] for index in (0, 1)]
    bpy.ops.threepoint.duplicate_take()
    assert (uncertainty_of(person, 2)[0] == others[1]).all()
    bpy.ops.threepoint.predict(kind="RANGE")
    assert np.abs(uncertainty_of(person, 2)[0] - others[1]).max() > 0.01
    assert all((uncertainty_of(person, index)[0] == before).all() for index, before in enumerate(others))


def test_what_a_deleted_take_was_sure_of_goes_with_it(person):
    counts = len(bpy.data.node_groups), len(bpy.data.meshes)
    bpy.ops.threepoint.duplicate_take()
    bpy.ops.threepoint.delete_take()
    assert (len(bpy.data.node_groups), len(bpy.data.meshes)) == counts
    assert modifier_of(person.mesh).node_group == person.takes[person.active_take].uncertainty


def test_what_each_take_is_sure_of_is_saved_with_the_file(person, tmp_path):
    before = [uncertainty_of(person, index)[0] for index in (0, 1)]
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "takes.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "takes.blend"))
    (again,) = people_of(bpy.context.scene)
    assert all((uncertainty_of(again, index)[0] == probes).all() for index, probes in enumerate(before))


def test_a_take_goes_over_into_another_one_in_a_take_of_its_own(person):
    person.active_take = 0
    one, other = motion_of(person, 0), motion_of(person, 1)
    sure = [uncertainty_of(person, index)[0] for index in (1, 0)]
    before = [checksum(take.action) for take in person.takes]
    bpy.ops.threepoint.blend_to_take(take=str(person.takes[1].identifier))
    assert [take.name for take in person.takes][2] == "Most Likely > Take 1" and person.active_take == 2
    assert [checksum(take.action) for take in person.takes][:2] == before and not takes.is_edited(person.takes[2])
    mixed = motion_of(person, 2)
    assert apart(mixed, one)[: FIRST - 1].max() < 1e-6 and apart(mixed, other)[LAST:].max() < 1e-6
    middle = (FIRST + LAST) // 2 - 1
    half = slerp(one.rotations[middle], other.rotations[middle], np.array(smoothstep((middle + 1 - FIRST) / 6)))
    assert np.abs((half * mixed.rotations[middle]).sum(-1)).min() > 1 - 1e-6
    assert np.allclose(mixed.translation[middle], (one.translation[middle] + other.translation[middle]) / 2, atol=1e-4)
    shown = uncertainty_of(person, 2)[0]
    assert np.allclose(shown[0], sure[1][0]) and np.allclose(shown[-1], sure[0][-1], atol=1e-6)


def test_blending_needs_another_take_and_a_range_of_this_one(person):
    count = len(person.takes)
    person.first, person.last = 200, 300
    with pytest.raises(RuntimeError, match="Frames 200 to 300 lie outside of the take"):
        bpy.ops.threepoint.blend_to_take(take=str(person.takes[0].identifier))
    person.first, person.last = FIRST, LAST
    bpy.ops.threepoint.delete_take()
    with pytest.raises((RuntimeError, TypeError), match="Choose another take|not found"):
        bpy.ops.threepoint.blend_to_take()
    assert len(person.takes) == count - 1


def test_blending_needs_a_take_that_has_all_of_the_range(person):
    person.use_trim, person.trim_first, person.trim_last = True, 6, 11
    bpy.ops.threepoint.predict()
    goal, person.active_take = str(person.takes[2].identifier), 0
    one, other = motion_of(person, 0), motion_of(person, 2)
    for person.first, person.last in ((5, 9), (8, 12), (13, 15)):
        with pytest.raises(RuntimeError, match=f"Frames {person.first} to {person.last} lie outside .* has 6 to 11"):
            bpy.ops.threepoint.blend_to_take(take=goal)
    assert len(person.takes) == 3 and person.active_take == 0
    person.first, person.last = 6, 8
    bpy.ops.threepoint.blend_to_take(take=goal)
    mixed = motion_of(person, 3)
    assert len(mixed.rotations) == len(one.rotations) and np.isfinite(mixed.rotations).all()
    assert apart(mixed, one)[:5].max() < 1e-6 and apart(mixed, one)[11:].max() < 1e-6
    assert (1 - np.abs((mixed.rotations[7] * other.rotations[2]).sum(-1))).max() < apart(mixed, one)[7]


def test_what_is_trimmed_away_is_not_predicted_and_can_be_had_back(person, asked):
    scene = bpy.context.scene
    for frame in (6, 9):
        scene.timeline_markers.new(f"m{frame}", frame=frame).select = True
    bpy.ops.threepoint.trim()
    assert (person.use_trim, person.trim_first, person.trim_last) == (True, 6, 9)
    bpy.ops.threepoint.predict(kind="REFINE")
    time = asked[-1][2].time
    assert time[0] >= 5 / 30 - 1e-6 and time[-1] <= 8 / 30 + 1e-6
    assert person.active_take == 2 and takes.whole_range(person.takes[2].action) == (6, 9)
    person.use_trim, person.active_take = False, 1
    bpy.ops.threepoint.predict(kind="REFINE")
    assert asked[-1][2].time[0] < 1 / 30 and takes.whole_range(person.takes[1].action)[0] == 1


def test_a_trim_outside_the_recording_is_refused_in_words(person):
    person.use_trim, person.trim_first, person.trim_last = True, 500, 600
    with pytest.raises(RuntimeError, match="trimmed to the frames 500 to 600, and the recording has 1 to 1"):
        bpy.ops.threepoint.predict()


def test_what_lost_hands_do_is_sent(person, asked):
    person.lost_hands = "HANG"
    bpy.ops.threepoint.predict(kind="REFINE")
    assert asked[-1][3]["lost_hands"] == "hang"


def test_a_trimmed_prediction_leaves_the_whole_take_and_becomes_one_of_its_own(person):
    whole = person.takes[0].baked
    person.use_trim, person.trim_first, person.trim_last = True, 6, 11
    for _ in range(2):
        bpy.ops.threepoint.predict()
        assert [take.name for take in person.takes] == ["Most Likely", "Take 1", "Most Likely 6-11"]
        assert person.active_take == 2 and person.takes[0].baked == whole
    assert takes.whole_range(person.takes[2].action) == (6, 11)
    person.use_trim = False
    bpy.ops.threepoint.predict()
    assert len(person.takes) == 3 and person.active_take == 0 and person.takes[0].baked != whole


def test_a_trim_that_ends_before_it_begins_is_refused_in_words(person):
    person.use_trim, person.trim_first, person.trim_last = True, 11, 6
    with pytest.raises(RuntimeError, match="the trim begins at frame 11, after its end at 6"):
        bpy.ops.threepoint.predict()


def test_trim_and_range_begin_and_end_alike(monkeypatch, tmp_path):
    empty_file(30)
    answer_at_once(monkeypatch)
    person = import_tiny(tmp_path)
    person.last = person.trim_last = person.last + 1  # As where the recording ends between two frames.
    bpy.ops.threepoint.predict()
    assert (person.trim_first, person.trim_last) == (person.first, person.last)
    assert (person.first, person.last) == takes.whole_range(person.takes[0].action)
