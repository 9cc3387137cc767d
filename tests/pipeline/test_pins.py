"""Refinement meets pins within their reach, and leaves the rest of the motion as it is."""

import numpy as np
import pytest
import torch

from threepoint.model_core.errors import InputError
from threepoint.model_core.evaluation.methods import observe_truth
from threepoint.model_core.flag.model import CONFIGS, Flag
from threepoint.model_core.geometry.kinematics import forward_kinematics
from threepoint.model_core.geometry.rotations import geodesic_angle, quaternion_to_matrix
from threepoint.model_core.geometry.skeleton import HEAD, WRISTS
from threepoint.model_core.pins import PIN_JOINTS, Pin
from threepoint.model_core.pipeline.pins import held_joints, missed_notes
from threepoint.model_core.refinement import pinning
from threepoint.model_core.refinement.initial_motion import Unrefined
from threepoint.model_core.refinement.pinning import refine_to_pins, stretches_of, time_weights

FRAMES, PINNED = 80, 40
REACH = 0.2
WITHIN = 0.005


@pytest.fixture(scope="module")
def model():
    """An untrained FLAG: what is shown here holds for any weights."""
    torch.manual_seed(0)
    model = Flag(CONFIGS["smoke"])
    model.pose.scale.fill_(0.3)
    return model.eval().requires_grad_(False)


@pytest.fixture(scope="module")
def clip(make_clip):
    return make_clip(FRAMES)


def start_of(clip):
    rotations = torch.as_tensor(clip.rotations()).float()
    return Unrefined(rotations, torch.as_tensor(clip.translation).float(), torch.ones(FRAMES, 4))


def pinned_to(model, clip, *pins):
    """The motion with pins, its joints, and the pins as refinement has them."""
    start = start_of(clip)
    held = held_joints(pins, np.zeros(3), FRAMES, start.translation)
    found = refine_to_pins(model, observe_truth(clip), start, clip.rest_joints, held)
    rest = torch.as_tensor(clip.rest_joints).float()
    return found, forward_kinematics(found.rotations, found.translation, rest), held


def moved(clip, role, frame, by):
    """Where a joint of the clip is at a frame, and ``by`` beside."""
    return tuple((clip.world()[1][frame, PIN_JOINTS[role]] + by).tolist())


@pytest.mark.parametrize("role", ["pelvis", "left_knee", "left_toes", "left_shoulder"])
def test_a_hard_pin_is_met_and_nothing_outside_its_reach_changes(model, clip, role):
    place = moved(clip, role, PINNED, [0.02, -0.01, 0.02])
    found, (_, joints), _ = pinned_to(model, clip, Pin(role, (PINNED / 60,), (place,), reach=REACH))
    truth = torch.as_tensor(clip.world()[1]).float()
    assert (joints[PINNED, PIN_JOINTS[role]] - torch.tensor(place)).norm() < WITHIN
    assert (joints - truth)[PINNED, [HEAD, *WRISTS]].norm(dim=-1).max() < 2 * WITHIN
    outside = np.abs(np.arange(FRAMES) - PINNED) > REACH * 60 + 12
    assert torch.equal(found.rotations[outside], start_of(clip).rotations[outside])
    assert torch.equal(found.translation[outside], start_of(clip).translation[outside])
    assert found.body_trackers.valid[PINNED].max() == 1 and found.body_trackers.valid[outside].max() == 0


@pytest.mark.parametrize(("role", "by"), [("left_knee", [0, 0.3, 0.1]), ("pelvis", [0.3, 0.1, 0])])
def test_a_hard_pin_that_is_far_but_not_out_of_reach_is_met(model, clip, role, by):
    place = moved(clip, role, PINNED, by)
    _, (_, joints), _ = pinned_to(model, clip, Pin(role, (PINNED / 60,), (place,), reach=REACH))
    assert (joints[PINNED, PIN_JOINTS[role]] - torch.tensor(place)).norm() < WITHIN


def test_a_rotation_is_met_too(model, clip):
    place, half = moved(clip, "left_ankle", PINNED, [0, 0.05, 0]), np.radians(10)
    turned = (float(np.cos(half)), 0.0, float(np.sin(half)), 0.0)
    pin = Pin("left_ankle", (PINNED / 60,), (place,), (turned,), reach=REACH)
    _, (world, joints), _ = pinned_to(model, clip, pin)
    assert geodesic_angle(world[PINNED, 7], quaternion_to_matrix(torch.tensor(turned))) < np.radians(1)
    assert (joints[PINNED, 7] - torch.tensor(place)).norm() < WITHIN


def test_a_joint_is_held_all_the_time_between(model, clip):
    place = moved(clip, "right_ankle", PINNED, [0.03, 0.02, 0])
    pin = Pin("right_ankle", (PINNED / 60, (PINNED + 10) / 60), (place, place), between=True, reach=REACH)
    _, (_, joints), _ = pinned_to(model, clip, pin)
    assert (joints[PINNED : PINNED + 11, 8] - torch.tensor(place)).norm(dim=-1).max() < WITHIN


def test_what_cannot_be_is_approached_and_said(model, clip):
    behind = [moved(clip, role, PINNED, [0, 0.6, -2]) for role in ("left_ankle", "right_ankle")]
    pins = [Pin(role, (PINNED / 60,), (place,), reach=REACH)
            for role, place in zip(("left_ankle", "right_ankle"), behind, strict=True)]  # fmt: skip
    found, _, held = pinned_to(model, clip, *pins)
    assert torch.isfinite(found.rotations).all() and torch.isfinite(found.translation).all()
    notes = missed_notes(held, found.rotations, found.translation, clip.rest_joints)
    assert [note.code for note in notes] == ["pin_out_of_reach"] * 2


@pytest.mark.parametrize(("torn", "closed"), [(1, 0.1), (10, 0.0)])
def test_a_closing_that_tears_the_body_is_done_by_less_or_not_at_all(monkeypatch, clip, torn, closed):
    def close(rotations, translation, rest, held, elbows, farthest):
        moved = translation.clone()
        moved[PINNED:] += torn * farthest
        return rotations, moved

    monkeypatch.setattr(pinning, "_close", close)
    start = start_of(clip)
    rest = torch.as_tensor(clip.rest_joints).float()
    _, found = pinning._close_without_jumps(start.rotations, start.translation, rest, [], torch.zeros(FRAMES, 2, 3))
    assert torch.allclose(found[PINNED:] - start.translation[PINNED:], torch.tensor(closed))


def test_a_pin_outside_the_motion_is_refused():
    with pytest.raises(InputError, match=r"at 9\.00 s is outside the motion"):
        held_joints([Pin("pelvis", (9.0,), ((0, 1, 0),))], np.zeros(3), FRAMES, torch.zeros(1))


def test_of_two_pins_of_a_joint_at_a_frame_the_later_counts():
    pins = [Pin("pelvis", (0.5,), ((0, height, 0),)) for height in (0.8, 0.9)]
    (held,) = held_joints(pins, np.array([0, 0.1, 0]), FRAMES, torch.zeros(1))
    assert held.positions.tolist() == [pytest.approx([0, 0.8, 0])]


def test_weights_are_one_at_pins_join_near_ones_and_fade_outside():
    weights = time_weights(np.array([20, 40, 140]), np.array([15, 15, 15]), 200)
    assert np.array_equal(weights[[20, 40, 140]], np.eye(3))
    assert np.allclose(weights[20:41].sum(1), 1)
    assert np.array_equal(weights[[0, 90, 160]], np.zeros((3, 3)))
    assert np.abs(np.diff(weights, axis=0)).max() < 0.11


def test_stretches_are_apart_and_end_where_the_motion_does():
    pins = [Pin("pelvis", (second,), ((0, 1, 0),), reach=0.1) for second in (0.0, 0.2, 1.0)]
    held = held_joints(pins, np.zeros(3), FRAMES, torch.zeros(1))
    assert stretches_of(held, FRAMES) == [(0, 31), (42, 79)]
