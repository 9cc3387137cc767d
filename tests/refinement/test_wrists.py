"""Hands are met as far as human wrists and forearms turn, and no farther."""

import numpy as np
import pytest
import torch

from threepoint.model_core.geometry.rotations import axis_angle_to_matrix, geodesic_angle
from threepoint.model_core.refinement.closed_form.wrists import (
    EXTENSION,
    FLEXION,
    PRONATION,
    RADIAL,
    ULNAR,
    WRIST_TWIST,
    solve_wrist,
    swing_excess,
    swing_twist,
)
from threepoint.model_core.refinement.optimization.dynamic_programming import shortest_path

ALONG = torch.tensor([1.0, 0.0, 0.0])


def turn(x=0.0, y=0.0, z=0.0, frames=40):
    return axis_angle_to_matrix(torch.tensor([[x, y, z]])).repeat(frames, 1, 1)


def met(hand, side=0):
    """The hand (T, 3, 3) as forearm and wrist bring it, the pronation (T,) and the wrist's swing and twist."""
    pose = solve_wrist(hand, ALONG, side)
    forearm = axis_angle_to_matrix(pose.pronation[:, None] * ALONG)
    twist, swing = swing_twist(pose.wrist)
    return forearm @ pose.wrist, pose.pronation, twist, swing


def test_a_rotation_is_its_twist_times_its_swing():
    generator = torch.Generator().manual_seed(0)
    rotation = axis_angle_to_matrix(1.5 * torch.randn(200, 3, generator=generator))
    twist, swing = swing_twist(rotation)
    again = axis_angle_to_matrix(twist[:, None] * ALONG) @ axis_angle_to_matrix(
        torch.cat([torch.zeros(200, 1), swing], 1)
    )
    torch.testing.assert_close(again, rotation, atol=1e-4, rtol=0)
    assert twist.abs().max() <= np.pi + 1e-5


@pytest.mark.parametrize("side", [0, 1])
def test_limits_are_those_of_flexion_extension_and_deviation(side):
    # Palms down, the left fingers along +X: flexion turns them down, ulnar deviation back.
    sign = 1 - 2 * side
    limits = [(0, -sign * FLEXION), (0, sign * EXTENSION), (sign * ULNAR, 0), (-sign * RADIAL, 0)]
    assert swing_excess(torch.tensor(limits), side).tolist() == pytest.approx([1.0] * 4)
    fingers = torch.tensor([float(sign), 0.0, 0.0])
    flexed = axis_angle_to_matrix(torch.tensor([0, *limits[0]])) @ fingers
    deviated = axis_angle_to_matrix(torch.tensor([0, *limits[2]])) @ fingers
    assert flexed[1] < -0.9 and deviated[2] < -0.5


@pytest.mark.parametrize("side", [0, 1])
def test_a_hand_within_the_limits_is_met_exactly_and_its_roll_is_the_forearms(side):
    hand = turn(x=0.8) @ turn(y=0.1, z=0.5)
    found, pronation, twist, _ = met(hand, side)
    torch.testing.assert_close(found, hand, atol=1e-4, rtol=0)
    assert pronation.numpy() == pytest.approx(0.8, abs=1e-3) and twist.abs().max() < 1e-3


def test_a_hand_beyond_them_is_met_as_far_as_they_allow():
    hand = turn(x=2.9) @ turn(z=-2.2)
    found, pronation, twist, swing = met(hand)
    assert pronation.max() <= PRONATION and twist.abs().max() <= WRIST_TWIST
    assert swing_excess(swing, 0).max() <= 1
    assert geodesic_angle(found, hand).mean() < geodesic_angle(turn(), hand).mean()


def test_a_roll_that_goes_round_is_held_at_its_end_and_does_not_jump():
    rolls = torch.linspace(0, 1.5 * torch.pi, 150)
    hand = axis_angle_to_matrix(rolls[:, None] * ALONG)
    found, pronation, _, _ = met(hand)
    turned = geodesic_angle(found[1:], found[:-1])
    assert (pronation[-40:] > 0.9 * PRONATION).all() and turned.max() < 2 * float(rolls[1])


def test_the_cheapest_path_goes_round_a_peak():
    costs = np.zeros((9, 3))
    costs[4, 0] = 10
    costs[:, 1:] = 1, 3
    steps = np.abs(np.subtract.outer(np.arange(3), np.arange(3))) * 0.5
    assert shortest_path(costs, steps).tolist() == [0, 0, 0, 0, 1, 0, 0, 0, 0]
    assert shortest_path(costs, 100 * steps).tolist() == [1] * 9
    assert shortest_path(costs[:1], steps).tolist() == [0]
