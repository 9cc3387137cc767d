"""A motion meets pins within their reach, and the rest of it stays as it is."""

import numpy as np
import pytest
import torch

from threepoint.model_core.errors import InputError
from threepoint.model_core.evaluation.metrics import mean_jerk
from threepoint.model_core.geometry.kinematics import forward_kinematics
from threepoint.model_core.geometry.rotations import (
    axis_angle_to_matrix,
    geodesic_angle,
    matrix_to_quaternion,
    quaternion_to_matrix,
)
from threepoint.model_core.geometry.skeleton import ANKLES, HEAD, PELVIS, WRISTS
from threepoint.model_core.pins import PIN_JOINTS, Pin
from threepoint.model_core.pipeline.pins import held_joints, missed_notes
from threepoint.model_core.refinement.body_trackers import BodyTrackers
from threepoint.model_core.refinement.initial_motion import Unrefined
from threepoint.model_core.refinement.pinning import bring, closing
from threepoint.model_core.refinement.pinning.bring import SOFT_PART, bring_to_pins
from threepoint.model_core.refinement.pinning.held_joints import stretches_of
from threepoint.model_core.refinement.pinning.time_weights import FADE_FRAMES, time_weights

FRAMES, PINNED = 80, 40
REACH = 0.2
A_TENTH_OF_WALKING = 0.16
"""Jerk in 10^2 m/s^3: a tenth of what joints have on average in walking."""
WITHIN = 0.005


@pytest.fixture(scope="module")
def clip(make_clip):
    return make_clip(FRAMES)


def start_of(clip):
    rotations = torch.as_tensor(clip.rotations()).float()
    return Unrefined(rotations, torch.as_tensor(clip.translation).float(), torch.ones(FRAMES, 4))


def pinned_to(clip, *pins, body_trackers=None):
    """The motion with pins, its joints, and the pins as refinement has them."""
    start, rest = start_of(clip), torch.as_tensor(clip.rest_joints).float()
    held = held_joints(pins, np.zeros(3), forward_kinematics(start.rotations, start.translation, rest)[1])
    found = bring_to_pins(start, clip.rest_joints, held, body_trackers)
    return found, forward_kinematics(found.rotations, found.translation, rest), held


def moved(clip, role, frame, by):
    """Where a joint of the clip is at a frame, and ``by`` beside."""
    return tuple((clip.world()[1][frame, PIN_JOINTS[role]] + by).tolist())


@pytest.mark.parametrize("role", ["pelvis", "left_knee", "left_toes", "left_shoulder"])
def test_a_hard_pin_is_met_and_nothing_outside_its_reach_changes(clip, role):
    place = moved(clip, role, PINNED, [0.02, -0.01, 0.02])
    found, (_, joints), _ = pinned_to(clip, Pin(role, (PINNED / 60,), (place,), reach=REACH))
    truth = torch.as_tensor(clip.world()[1]).float()
    assert (joints[PINNED, PIN_JOINTS[role]] - torch.tensor(place)).norm() < WITHIN
    assert (joints - truth)[PINNED, [HEAD, *WRISTS]].norm(dim=-1).max() < 2 * WITHIN
    outside = np.abs(np.arange(FRAMES) - PINNED) > REACH * 60 + FADE_FRAMES
    assert torch.equal(found.rotations[outside], start_of(clip).rotations[outside])
    assert torch.equal(found.translation[outside], start_of(clip).translation[outside])
    assert found.body_trackers.valid[PINNED].max() == 1 and found.body_trackers.valid[outside].max() == 0


@pytest.mark.parametrize(("role", "by"), [("left_knee", [0, 0.3, 0.1]), ("pelvis", [0.3, 0.1, 0])])
def test_a_hard_pin_that_is_far_but_not_out_of_reach_is_met(clip, role, by):
    place = moved(clip, role, PINNED, by)
    _, (_, joints), _ = pinned_to(clip, Pin(role, (PINNED / 60,), (place,), reach=REACH))
    assert (joints[PINNED, PIN_JOINTS[role]] - torch.tensor(place)).norm() < WITHIN


def test_a_rotation_is_met_too(clip):
    place, half = moved(clip, "left_ankle", PINNED, [0, 0.05, 0]), np.radians(10)
    turned = (float(np.cos(half)), 0.0, float(np.sin(half)), 0.0)
    pin = Pin("left_ankle", (PINNED / 60,), (place,), (turned,), reach=REACH)
    _, (world, joints), _ = pinned_to(clip, pin)
    assert geodesic_angle(world[PINNED, 7], quaternion_to_matrix(torch.tensor(turned))) < np.radians(1)
    assert (joints[PINNED, 7] - torch.tensor(place)).norm() < WITHIN


def test_a_joint_is_held_all_the_time_between(clip):
    place = moved(clip, "right_ankle", PINNED, [0.03, 0.02, 0])
    pin = Pin("right_ankle", (PINNED / 60, (PINNED + 10) / 60), (place, place), between=True, reach=REACH)
    _, (_, joints), _ = pinned_to(clip, pin)
    assert (joints[PINNED : PINNED + 11, 8] - torch.tensor(place)).norm(dim=-1).max() < WITHIN


def test_a_soft_pin_is_a_wish(clip):
    away = np.array([0.0, 0.0, 0.1])
    place = moved(clip, "left_ankle", PINNED, away)
    _, (_, joints), _ = pinned_to(clip, Pin("left_ankle", (PINNED / 60,), (place,), hard=False, reach=REACH))
    came = joints[PINNED, 7].numpy() - clip.world()[1][PINNED, 7]
    assert np.allclose(came, SOFT_PART * away, atol=WITHIN)


def test_feet_go_along_with_a_pelvis_over_the_floor_unless_they_are_pinned_or_tracked(clip):
    pelvis = Pin("pelvis", (PINNED / 60,), (moved(clip, "pelvis", PINNED, [0.08, -0.03, 0.0]),), reach=REACH)
    foot = Pin("right_ankle", (PINNED / 60,), (moved(clip, "right_ankle", PINNED, [0, 0, 0]),), reach=REACH)
    world, truth = (torch.as_tensor(part).float() for part in clip.world())
    seen = BodyTrackers(ANKLES[:1], world[:, [7]], truth[:, [7]], torch.ones(FRAMES, 1))
    _, (_, alone), _ = pinned_to(clip, pelvis)
    _, (_, stood), _ = pinned_to(clip, pelvis, foot, body_trackers=seen)
    assert (alone - truth)[PINNED, list(ANKLES)].allclose(torch.tensor([closing.FEET_FOLLOW * 0.08, 0, 0]), atol=0.01)
    assert (stood - truth)[PINNED, list(ANKLES)].norm(dim=-1).max() < 2 * WITHIN
    assert (stood - alone)[PINNED, PELVIS].norm() < 2 * WITHIN


def test_feet_turn_along_with_a_pelvis(clip):
    world, truth = (torch.as_tensor(part).float() for part in clip.world())
    angle = 0.2
    turn = axis_angle_to_matrix(torch.tensor([0.0, angle, 0.0]))
    quaternion = tuple(matrix_to_quaternion(turn @ world[PINNED, 0]).tolist())
    pin = Pin("pelvis", (PINNED / 60,), (moved(clip, "pelvis", PINNED, [0, 0, 0]),), (quaternion,), reach=REACH)
    _, (turned, joints), _ = pinned_to(clip, pin)
    lever = (truth[PINNED, list(ANKLES)] - truth[PINNED, PELVIS])[:, [2, 0]] * torch.tensor([1.0, -1.0])
    came = (joints - truth)[PINNED, list(ANKLES)][:, [0, 2]]
    assert came.allclose(closing.FEET_FOLLOW * angle * lever, atol=0.01)
    assert geodesic_angle(turned[PINNED, 7], world[PINNED, 7]) == pytest.approx(closing.FEET_FOLLOW * angle, abs=0.02)


def test_a_correction_adds_hardly_any_jitter(clip):
    place = moved(clip, "left_ankle", PINNED, [0.1, 0.05, 0.05])
    _, (_, joints), _ = pinned_to(clip, Pin("left_ankle", (PINNED / 60,), (place,), reach=REACH))
    assert mean_jerk(joints.numpy()) < mean_jerk(clip.world()[1]) + A_TENTH_OF_WALKING


def test_what_cannot_be_is_approached_and_said(clip):
    behind = [moved(clip, role, PINNED, [0, 0.6, -2]) for role in ("left_ankle", "right_ankle")]
    pins = [Pin(role, (PINNED / 60,), (place,), reach=REACH)
            for role, place in zip(("left_ankle", "right_ankle"), behind, strict=True)]  # fmt: skip
    found, _, held = pinned_to(clip, *pins)
    assert torch.isfinite(found.rotations).all() and torch.isfinite(found.translation).all()
    notes = missed_notes(held, found.rotations, found.translation, clip.rest_joints)
    assert [note.code for note in notes] == ["pin_out_of_reach"] * 2


def lacking(before, *by):
    """A pin of the pelvis that is so far beside it."""
    place = tuple((before[PINNED, PELVIS] + torch.tensor(by)).tolist())
    return held_joints([Pin("pelvis", (PINNED / 60,), (place,))], np.zeros(3), before)


def closed_by_moving(monkeypatch, clip, way, first, *by):
    """Metres by which the last frame moves where closing moves all frames from the ``first`` by ``way`` of the most."""

    def close(rotations, translation, rest, held, before, body_trackers, farthest, limited, every):
        moved = translation.clone()
        moved[first:, 2] += way * farthest
        return rotations[::every], moved[::every]

    monkeypatch.setattr(closing, "_close", close)
    start = start_of(clip)
    rest, before = torch.as_tensor(clip.rest_joints).float(), torch.as_tensor(clip.world()[1]).float()
    held = lacking(before, *(by or (0.0, 0.0, -2.0)))
    (_, found), _ = closing.close_without_jumps(start.rotations, start.translation, rest, held, before, None, False)
    return float((found - start.translation)[-1, 2])


@pytest.mark.parametrize(("torn", "closed"), [(0.1, 1.0), (0.3, 0.4), (1, 0.1), (10, 0.0)])
def test_a_closing_that_tears_the_body_is_done_by_less_or_not_at_all(monkeypatch, clip, torn, closed):
    monkeypatch.setattr(closing, "MOST_PULLED", np.inf)
    assert closed_by_moving(monkeypatch, clip, torn, PINNED) == pytest.approx(torn * closed, abs=1e-6)


def test_a_joint_moves_as_fast_as_it_is_pinned_to(clip):
    kick = np.array([0, 0.1, 0.2])
    places = tuple(moved(clip, "left_ankle", PINNED + frame, frame * kick) for frame in range(2))
    seconds = tuple((PINNED + frame) / 60 for frame in range(2))
    _, (_, joints), _ = pinned_to(clip, Pin("left_ankle", seconds, places, between=True, reach=REACH))
    assert np.linalg.norm(kick) > closing.FASTEST
    assert (joints[PINNED : PINNED + 2, 7] - torch.tensor(places)).norm(dim=-1).max() < WITHIN


@pytest.mark.parametrize(("pulled", "closed"), [(0.01, 1.0), (0.04, 0.4), (0.1, 0.1), (1, 0.0)])
def test_a_closing_that_pulls_head_and_hands_is_done_by_less_or_not_at_all(monkeypatch, clip, pulled, closed):
    assert closed_by_moving(monkeypatch, clip, pulled, 0) == pytest.approx(pulled * closed, abs=1e-6)


def test_what_lacks_little_is_not_closed_by_less_again(monkeypatch, clip):
    assert closed_by_moving(monkeypatch, clip, 0.04, 0, 0.05, 0.0, 0.0) == 0
    assert closed_by_moving(monkeypatch, clip, 0.04, 0, 0.3, 0.0, 0.0) == pytest.approx(0.004, abs=1e-6)


@pytest.mark.parametrize(
    ("closed", "asked"),
    [(0.0, [(False, 1.0), (True, 1.0), (True, 1.0)]), (0.4, [(False, 1.0), (False, 0.4), (True, 1.0), (True, 1.0)])],
)
def test_what_a_closing_could_not_do_is_not_tried_again(monkeypatch, clip, closed, asked):
    """Whether closings are limited, and how far they may go, where they do ``closed`` metres that bring nothing."""
    tried = []

    def close(rotations, translation, rest, held, before, body_trackers, limited, farthest):
        tried.append((limited, farthest))
        return (rotations, translation), closed

    monkeypatch.setattr(bring, "close_without_jumps", close)
    place = moved(clip, "pelvis", PINNED, [0.3, 0, 0])
    pinned_to(clip, Pin("pelvis", (PINNED / 60,), (place,), reach=REACH))
    assert tried == asked


def test_frames_are_looked_at_for_a_pulled_head_before_all_are_closed(monkeypatch, clip):
    closed = []

    def close(rotations, translation, rest, held, before, body_trackers, farthest, limited, every):
        closed.append((farthest, every))
        return rotations[::every], translation[::every] + 0.1 * farthest

    monkeypatch.setattr(closing, "_close", close)
    start = start_of(clip)
    rest, before = torch.as_tensor(clip.rest_joints).float(), torch.as_tensor(clip.world()[1]).float()
    held = lacking(before, 0.0, 0.0, -2.0)
    closing.close_without_jumps(start.rotations, start.translation, rest, held, before, None, False)
    assert closed == [(1.0, closing.LOOKED_AT), (0.4, closing.LOOKED_AT), (0.1, closing.LOOKED_AT), (0.1, 1)]


@pytest.mark.parametrize(("nearer", "off"), [(0.5, 0.004), (0.9, 0.219)])
def test_a_pin_is_given_up_only_where_it_hardly_comes_nearer(monkeypatch, clip, nearer, off):
    """What is left of 0.3 m after closings that leave so much of it each, and after three, when it is given up."""

    def close(rotations, translation, rest, held, before, body_trackers, limited, farthest):
        moved = translation.clone()
        moved[held[0].frames] = torch.lerp(held[0].positions, translation[held[0].frames], nearer)
        return (rotations, moved), farthest

    monkeypatch.setattr(bring, "close_without_jumps", close)
    place = moved(clip, "pelvis", PINNED, [0.3, 0, 0])
    _, (_, joints), _ = pinned_to(clip, Pin("pelvis", (PINNED / 60,), (place,), reach=REACH))
    assert (joints[PINNED, PELVIS] - torch.tensor(place)).norm() == pytest.approx(off, abs=0.002)


def test_a_pin_outside_the_motion_is_refused():
    with pytest.raises(InputError, match=r"at 9\.00 s is outside the motion"):
        held_joints([Pin("pelvis", (9.0,), ((0, 1, 0),))], np.zeros(3), torch.zeros(FRAMES, 22, 3))


def test_of_two_pins_of_a_joint_at_a_frame_the_later_counts():
    pins = [Pin("pelvis", (0.5,), ((0, height, 0),)) for height in (0.8, 0.9)]
    (held,) = held_joints(pins, np.array([0, 0.1, 0]), torch.zeros(FRAMES, 22, 3))
    assert held.positions.tolist() == [pytest.approx([0, 0.8, 0])]


@pytest.mark.parametrize("between", [False, True])
def test_what_is_pinned_between_two_frames_is_met_there_while_it_moves(between):
    path, by = torch.zeros(FRAMES, 22, 3), torch.tensor([0.0, 0.2, 0.0])
    path[..., 0] = 0.1 * torch.arange(FRAMES)[:, None]
    moments = np.array([39.7, 40.4])
    wanted = np.stack([0.1 * moments, [0.2] * 2, [0.0] * 2], 1)
    pin = Pin("left_ankle", tuple(moments / 60), tuple(map(tuple, wanted.tolist())), between=between)
    (held,) = held_joints([pin], np.zeros(3), path)
    assert held.frames.tolist() == [40]
    assert torch.allclose(held.positions, path[held.frames, 7] + by, atol=1e-5)


def test_weights_are_one_at_pins_join_near_ones_and_fade_outside():
    weights = time_weights(np.array([20, 40, 140]), np.array([15, 15, 15]), 200)
    assert np.array_equal(weights[[20, 40, 140]], np.eye(3))
    assert np.allclose(weights[20:41].sum(1), 1)
    assert np.array_equal(weights[[0, 90, 140 + 15 + FADE_FRAMES]], [[weights[0, 0], 0, 0], [0, 0, 0], [0, 0, 0]])
    assert weights[147, 2] == 1 and weights[140 + 15, 2] > 0
    assert np.abs(np.diff(weights, axis=0)).max() < 0.11


def test_a_foot_goes_over_to_the_next_pin_while_it_moves_and_forgets_what_it_walked_away_from():
    steps = np.zeros(100)
    steps[40:50] = 0.02
    path = np.cumsum(steps + 0.0001)
    weights = time_weights(np.array([20, 80]), np.array([60, 60]), 101, np.concatenate([[0], path]))
    assert weights[39, 0] > 0.95 and weights[51, 1] > 0.95
    walked = time_weights(np.array([20]), np.array([60]), 101, np.concatenate([[0], 10 * path]))
    assert walked[39, 0] > 0.95 and walked[51, 0] < 0.01


def test_stretches_are_apart_and_end_where_the_motion_does():
    pins = [Pin("pelvis", (second,), ((0, 1, 0),), reach=0.1) for second in (0.0, 0.2, 1.0)]
    held = held_joints(pins, np.zeros(3), torch.zeros(FRAMES, 22, 3))
    assert stretches_of(held, FRAMES) == [(0, 31), (42, 79)]


@pytest.mark.parametrize(("gain", "times"), [(0.0004, bring.UNLIMITED + 1), (0.001, bring.CLOSINGS)])
def test_what_brings_no_pin_nearer_by_half_a_millimetre_is_not_done_again(clip, monkeypatch, gain, times):
    done = []

    def close_a_little(rotations, translation, *known):
        done.append(gain)
        return (rotations, translation + torch.tensor([0.0, gain, 0.0])), known[-1]

    monkeypatch.setattr(bring, "close_without_jumps", close_a_little)
    found, _, _ = pinned_to(clip, Pin("pelvis", (PINNED / 60,), (moved(clip, "pelvis", PINNED, [0, 0.03, 0]),)))
    assert len(done) == times
    before = torch.as_tensor(clip.translation).float()
    assert (found.translation - before)[PINNED, 1] == pytest.approx(gain * sum(1 for _ in done), abs=gain * 1.01)
