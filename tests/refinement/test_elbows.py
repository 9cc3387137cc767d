"""Elbows swivel so that wrists stay human, smoothly, and nothing goes into the trunk."""

import pytest
import torch

from threepoint.model_core.geometry.rotations import axis_angle_to_matrix, normalize, transpose
from threepoint.model_core.refinement.closed_form.elbows import (
    HAND_LENGTH,
    TRUNK_SURFACE,
    Arm,
    Trunk,
    keep_out_of_trunk,
    swivels_of,
)
from threepoint.model_core.refinement.closed_form.wrists import swing_excess, swing_twist

FRAMES = 120


def reaching():
    """A left arm that reaches forward, bent by a right angle and its elbow down, beside a trunk."""
    shoulder, elbow = torch.tensor([0.2, 1.4, 0.0]), torch.tensor([0.2, 1.15, 0.15])
    wrist = torch.tensor([0.2, 1.3, 0.35])
    along = normalize(wrist - elbow)
    forearm = torch.stack([along, torch.linalg.cross(along, torch.tensor([1.0, 0, 0])), torch.tensor([1.0, 0, 0])], -1)
    forearm[:, 2] = torch.linalg.cross(forearm[:, 0], forearm[:, 1])
    same = [
        value.repeat(FRAMES, *[1] * value.ndim)
        for value in (shoulder, elbow, wrist, torch.eye(3), torch.eye(3), forearm)
    ]
    trunk = Trunk(
        torch.tensor([[0.0, 1.15, 0.0]]).repeat(FRAMES, 1), torch.eye(3).repeat(FRAMES, 1, 1),
        torch.tensor([[-0.25, 0.3]]).repeat(FRAMES, 1),
    )  # fmt: skip
    return Arm(*same), trunk


def bend(arm, hand, swivel):
    """The hand's swing, in units of a wrist's limits, after the elbow has swivelled."""
    turn = axis_angle_to_matrix(normalize(arm.wrist - arm.shoulder) * swivel[:, None])
    return swing_excess(swing_twist(transpose(turn @ arm.forearm_world) @ hand)[1], 0)


def test_an_elbow_whose_hand_is_straight_stays_and_one_whose_wrist_would_break_swivels():
    arm, trunk = reaching()
    straight = swivels_of(arm, arm.forearm_world, trunk, 0)
    assert straight.abs().max() < 0.1
    hand = arm.forearm_world @ axis_angle_to_matrix(torch.tensor([0.0, -0.9, 0.0]))
    swivel = swivels_of(arm, hand, trunk, 0)
    assert bend(arm, hand, swivel).mean() < 0.8 * bend(arm, hand, 0 * swivel).mean()


def test_a_hand_that_turns_over_at_once_does_not_make_the_elbow_jump():
    arm, trunk = reaching()
    hand = arm.forearm_world @ axis_angle_to_matrix(torch.tensor([0.0, -0.9, 0.0]))
    hand[60:] = (arm.forearm_world @ axis_angle_to_matrix(torch.tensor([0.0, 1.0, 0.0])))[60:]
    swivel = swivels_of(arm, hand, trunk, 0)
    assert swivel.diff().abs().max() < 0.15 and (swivel[:30].mean() - swivel[-30:].mean()).abs() > 0.05


@pytest.mark.parametrize("side", [0, 1])
def test_a_hand_that_points_into_the_trunk_is_turned_out_and_others_are_left(side):
    arm, trunk = reaching()
    sign = 1 - 2 * side
    arm.wrist[:] = torch.tensor([0.08, 1.25, 0.12])
    inwards = torch.stack(
        [torch.tensor([0.0, 0.0, -sign]), torch.tensor([0.0, 1.0, 0.0]), torch.tensor([sign, 0.0, 0.0])], -1
    )
    hand = inwards.repeat(FRAMES, 1, 1)
    turned = keep_out_of_trunk(hand, arm, trunk, side)
    middle = arm.wrist + sign * HAND_LENGTH * turned[..., 0] - trunk.position
    before = arm.wrist + sign * HAND_LENGTH * hand[..., 0] - trunk.position
    depth, depth_before = ((part[:, [0, 2]] / torch.tensor(TRUNK_SURFACE)).norm(dim=-1) for part in (middle, before))
    assert (depth > depth_before + 0.1).all()
    outwards = -hand
    torch.testing.assert_close(keep_out_of_trunk(outwards, arm, trunk, side), outwards)
