"""How hands hold their devices: recovered from made-up arms, never beyond what a hand can hold."""

import numpy as np
import pytest
import torch

from threepoint.model_core.calibration import PRESETS, hand_prior
from threepoint.model_core.calibration.presets import PALM_RADIUS, palm_center
from threepoint.model_core.geometry.rotations import axis_angle_to_matrix, geodesic_angle
from threepoint.model_core.refinement import hand_offsets
from threepoint.model_core.refinement.closed_form.wrists import EXTENSION, FLEXION, PRONATION, RADIAL, ULNAR
from threepoint.model_core.refinement.hand_offsets import (
    NATURAL,
    NATURAL_STD,
    Arms,
    fit_hand_offsets,
    forearm_frames,
    wrist_angles,
    wrist_cost,
)

FRAMES = 160
LENGTHS = torch.full((FRAMES, 1), 0.26), torch.full((FRAMES, 1), 0.25)
"""Upper arm and forearm, metres."""


def arms_holding(rotation, position, seed=0, bent=(12.0, 6.0, 10.0)):
    """Arms of somebody whose wrist sits at ``rotation`` (3, 3), ``position`` (3,) on the device.

    Flexion, deviation and pronation have these standard deviations in degrees.
    """
    generator = torch.Generator().manual_seed(seed)
    shoulders = torch.zeros(FRAMES, 3)
    wrists = torch.tensor([0.1, -0.25, 0.3]) + 0.08 * torch.randn(FRAMES, 3, generator=generator)
    hinges = torch.tensor([0.9, 0.2, 0.3]).expand(FRAMES, 3)
    hinges = hinges / hinges.norm(dim=-1, keepdim=True)
    elbows = torch.tensor([0.05, -0.25, -0.05]).expand(FRAMES, 3)
    arms = Arms(shoulders, elbows, wrists, hinges, wrists, torch.eye(3).expand(FRAMES, 3, 3), *LENGTHS)
    forearms = forearm_frames(arms, wrists, torch.zeros(1))[:, 0]
    flexion, deviation, pronation = (np.radians(std) * torch.randn(FRAMES, generator=generator) for std in bent)
    nothing = torch.zeros(FRAMES)
    twist = axis_angle_to_matrix(torch.stack([pronation, nothing, nothing], -1))
    swing = axis_angle_to_matrix(torch.stack([nothing, deviation, -flexion + np.radians(8.0)], -1))
    hands = forearms @ twist @ swing
    devices = hands @ rotation.T
    placed = wrists - (devices @ position[:, None])[..., 0]
    elbows = shoulders + (wrists - LENGTHS[1] * forearms[..., 0]) - shoulders
    return Arms(shoulders, elbows, wrists, hinges, placed, devices, *LENGTHS)


def held(preset, turn):
    """The offset of a hand that holds the device of a preset turned by ``turn`` degrees about its axes."""
    prior = hand_prior(preset)
    rotation = prior.rotation @ axis_angle_to_matrix(np.radians(turn))
    position = prior.handle - rotation @ (palm_center() + prior.from_palm)
    return prior, torch.as_tensor(rotation).float(), torch.as_tensor(position).float()


def test_flexion_and_deviation_have_the_signs_of_a_left_hand():
    forearm = torch.eye(3)
    turns = {"flexion": [0.0, 0.0, -0.5], "ulnar": [0.0, 0.5, 0.0], "pronation": [0.5, 0.0, 0.0]}
    for number, (name, turn) in enumerate(turns.items()):
        angles = wrist_angles(forearm, axis_angle_to_matrix(torch.tensor(turn)))
        expected = [0.5 if number == place else 0.0 for place in range(3)]
        assert [float(angle) for angle in angles] == pytest.approx(expected, abs=1e-4), name


def test_wrists_meet_a_wall_where_human_ones_end_and_none_before():
    for angle, place in ((FLEXION, 0), (-EXTENSION, 0), (ULNAR, 1), (-RADIAL, 1), (PRONATION, 2)):
        walls = []
        for part in (0.9, 1.5):
            angles = [torch.tensor(mean) for mean in NATURAL]
            angles[1 if place == 0 else 0] = torch.zeros(())
            angles[place] = torch.tensor(part * angle)
            usual = sum(((a - m) / std) ** 2 for a, m, std in zip(angles, NATURAL, NATURAL_STD, strict=True))
            walls.append(float(wrist_cost(*angles) - 0.5 * usual))
        assert walls[0] == pytest.approx(0, abs=1e-4) and walls[1] > 0.15, (angle, place)


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("turn", [(0, 0, 0), (10, 40, 0), (-20, 30, 20), (100, 0, 0)])
def test_offsets_are_found_that_differ_from_the_preset(preset, turn):
    prior, rotation, position = held(preset, turn)
    arms = arms_holding(rotation, position)
    found = fit_hand_offsets([arms, arms], prior, 1.0, 30.0)
    for side in range(2):
        apart = geodesic_angle(found.rotations[side].double().numpy(), rotation.double().numpy())
        assert np.degrees(apart) < 15
        assert (found.positions[side] - position).norm() < 0.035


def test_a_turn_about_the_forearm_is_believed_in_part_for_people_pronate_by_habit():
    """Of turns across the forearm the motion decides; of one about it, it could be either."""
    turned = []
    for turn in ((40, 0, 0), (0, 40, 0)):
        prior, rotation, position = held("grip", turn)
        found = fit_hand_offsets([arms_holding(rotation, position)] * 2, prior, 1.0, 60.0).rotations[0]
        turned.append(np.degrees(geodesic_angle(found.double().numpy(), prior.rotation)))
    assert 5 < turned[0] < 30 < turned[1] < 50


def test_without_motion_the_preset_has_its_say():
    prior, rotation, position = held("grip", (50, 0, 0))
    arms = arms_holding(rotation, position)
    long, short = (fit_hand_offsets([arms, None], prior, 1.0, seconds) for seconds in (60.0, 1.0))
    away = [geodesic_angle(found.rotations[0].double().numpy(), prior.rotation) for found in (short, long)]
    assert away[0] < away[1]


def test_both_hands_hold_alike_unless_the_motion_says_otherwise():
    prior, rotation, position = held("touch", (20, 0, 0))
    other = rotation @ axis_angle_to_matrix(torch.tensor([0.0, 0.35, 0.0]))
    same = fit_hand_offsets(
        [arms_holding(rotation, position, 1), arms_holding(rotation, position, 2)], prior, 1.0, 30.0
    )
    apart = fit_hand_offsets([arms_holding(rotation, position, 1), arms_holding(other, position, 2)], prior, 1.0, 30.0)
    between = [float(geodesic_angle(*found.rotations.double().numpy())) for found in (same, apart)]
    assert np.degrees(between[0]) < 4 < np.degrees(between[1]) < 20


def test_a_hand_that_is_not_seen_holds_its_device_like_the_other():
    prior, rotation, position = held("saber", (30, 0, 0))
    found = fit_hand_offsets([None, arms_holding(rotation, position)], prior, 1.0, 30.0)
    assert float(geodesic_angle(*found.rotations.double().numpy())) < np.radians(4)


@pytest.mark.parametrize("preset", PRESETS)
def test_no_device_is_farther_from_the_palm_than_a_hand_can_hold(preset):
    prior, rotation, position = held(preset, (0, 0, 0))
    far = position + rotation @ torch.tensor([-0.15, 0.0, 0.0])
    found = fit_hand_offsets([arms_holding(rotation, far)] * 2, prior, 1.0, 300.0)
    for turned, moved in zip(found.rotations, found.positions, strict=True):
        handle = turned.T @ (torch.as_tensor(prior.handle).float() - moved) - torch.as_tensor(palm_center()).float()
        assert handle.norm() <= PALM_RADIUS + 1e-6


def test_a_search_that_goes_on_ends_where_a_new_one_does_in_fewer_steps(monkeypatch):
    prior, rotation, position = held("touch", (10, 40, 0))
    first, second = ([arms_holding(rotation, position, 2 * round + side) for side in (0, 1)] for round in (0, 1))
    asked = []
    counted = hand_offsets.frame_costs
    monkeypatch.setattr(hand_offsets, "frame_costs", lambda *args: asked.append(args) or counted(*args))
    anew = fit_hand_offsets(second, prior, 1.0, 30.0)
    steps = len(asked)
    before = fit_hand_offsets(first, prior, 1.0, 30.0)
    asked.clear()
    on = fit_hand_offsets(second, prior, 1.0, 30.0, before)
    assert len(asked) < 0.8 * steps
    assert np.degrees(geodesic_angle(on.rotations.numpy(), anew.rotations.numpy())).max() < 0.6
    assert (on.positions - anew.positions).norm(dim=-1).max() < 0.002
