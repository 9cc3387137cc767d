"""Standing feet are held where they stand, by legs that bend as knees do; feet that swing are let go without a jerk."""

import pytest
import torch

from threepoint.model_core.body.foot_contacts import foot_rest_heights
from threepoint.model_core.geometry.kinematics import forward_kinematics
from threepoint.model_core.geometry.skeleton import FEET
from threepoint.model_core.refinement.legs import (
    FLOOR_TOLERANCE,
    HOLD_DISTANCE,
    LEGS,
    RELEASE_FRAMES,
    foot_corrections,
    move_feet,
    step_frames,
)

ON_THE_FLOOR = torch.full((4,), -1.0)
"""Rest heights so low that nothing sinks below them."""

BLURRED = 4
"""Frames beside an end that a blur changes."""


@pytest.fixture(scope="module")
def swaying(make_clip):
    """Local rotations, pelvis places and rest joints of a person who bends the knees on still feet."""
    clip = make_clip(90)
    rest_joints = torch.from_numpy(clip.rest_joints).float()
    return torch.from_numpy(clip.rotations()).float(), torch.from_numpy(clip.translation).float(), rest_joints


def drifting(translation, speed):
    """The same, the whole person sliding to the side at ``speed`` metres a second."""
    time = torch.arange(len(translation)) / 60
    return translation + torch.outer(time, torch.tensor([speed, 0.0, 0.0]))


def test_a_foot_that_slides_while_it_stands_is_held(swaying):
    rotations, translation, rest_joints = swaying
    translation = drifting(translation, 0.05)
    world, joints = forward_kinematics(rotations, translation, rest_joints)
    corrections = foot_corrections(joints, torch.ones(90, 4), ON_THE_FLOOR)
    solved = move_feet(rotations, translation, corrections, rest_joints)
    turned, moved = forward_kinematics(solved, translation, rest_joints)
    assert (moved[:, FEET] - joints[0, FEET]).norm(dim=-1).max() < 0.045, "metres from a place 7.5 cm along the way"
    left = moved[BLURRED:-BLURRED, FEET, 0].diff(dim=0).abs() * 60
    assert left.mean() < 0.008 and left.max() < 0.02, "metres a second that are left of 0.05"
    torch.testing.assert_close(moved[:, FEET, 1], joints[:, FEET, 1], atol=6e-3, rtol=0)
    torch.testing.assert_close(turned[:, [7, 8]], world[:, [7, 8]], atol=1e-4, rtol=0)
    others = [joint for joint in range(22) if joint not in (1, 2, 4, 5, 7, 8)]
    assert torch.equal(solved[:, others], rotations[:, others])


def test_knees_bend_about_their_own_axis(swaying):
    rotations, translation, rest_joints = swaying
    corrections = torch.zeros(90, 2, 3)
    corrections[:, :, 2] = 0.03
    _, joints = forward_kinematics(rotations, translation, rest_joints)
    turned, moved = forward_kinematics(
        move_feet(rotations, translation, corrections, rest_joints), translation, rest_joints
    )
    for hip, knee, ankle in LEGS:
        torch.testing.assert_close(moved[:, ankle], joints[:, ankle] + corrections[:, 0], atol=4e-3, rtol=0)
        bend = torch.linalg.cross(moved[:, knee] - moved[:, hip], moved[:, ankle] - moved[:, knee])
        assert ((bend * turned[:, hip, :, 0]).sum(-1) > -1e-4).all(), "a knee never bends backwards"


def test_what_is_not_to_move_is_left_to_the_last_digit(swaying):
    rotations, translation, rest_joints = swaying
    assert torch.equal(move_feet(rotations, translation, torch.zeros(90, 2, 3), rest_joints), rotations)
    _, joints = forward_kinematics(rotations, drifting(translation, 0.05), rest_joints)
    assert (foot_corrections(joints, torch.zeros(90, 4), ON_THE_FLOOR) == 0).all(), "no foot stands"


def test_one_foot_may_stand_while_the_other_swings_and_is_let_go_smoothly(swaying):
    rotations, translation, rest_joints = swaying
    _, joints = forward_kinematics(rotations, drifting(translation, 0.1), rest_joints)
    contacts = torch.zeros(90, 4)
    contacts[20:50, [0, 2]] = 0.9
    corrections = foot_corrections(joints, contacts, ON_THE_FLOOR)
    assert (corrections[:, 1] == 0).all() and (corrections[..., 1] == 0).all()
    assert corrections[20:50, 0, 0].abs().max() > 0.01
    assert (corrections[50 + RELEASE_FRAMES + BLURRED :] == 0).all()
    assert corrections[:, 0].diff(dim=0).norm(dim=-1).max() < 0.003, "metres a frame"


def test_a_foot_that_has_gone_far_was_not_standing(swaying):
    rotations, translation, rest_joints = swaying
    _, joints = forward_kinematics(rotations, drifting(translation, 2.0), rest_joints)
    corrections = foot_corrections(joints, torch.ones(90, 4), ON_THE_FLOOR)
    assert corrections.norm(dim=-1).max() <= 1.002 * HOLD_DISTANCE / 2 < 0.1, "of up to 1.5 metres"


@pytest.mark.parametrize("count", [1, 2])
def test_the_shortest_motion_is_held_too(swaying, count):
    rotations, translation, rest_joints = swaying
    _, joints = forward_kinematics(rotations[:count], translation[:count], rest_joints)
    assert foot_corrections(joints, torch.ones(count, 4), ON_THE_FLOOR).abs().max() < 1e-3


def test_a_foot_in_the_floor_is_lifted_out_and_one_above_it_is_not(swaying):
    rotations, translation, rest_joints = swaying
    heights = foot_rest_heights(rest_joints)
    deep = translation - torch.tensor([0.0, 0.05, 0.0])
    _, joints = forward_kinematics(rotations, deep, rest_joints)
    corrections = foot_corrections(joints, torch.zeros(90, 4), heights)
    _, lifted = forward_kinematics(move_feet(rotations, deep, corrections, rest_joints), deep, rest_joints)
    assert (heights - joints[:, FEET, 1]).min() > 0.03, "all feet are deep in the floor"
    assert (heights - lifted[:, FEET, 1]).max() < FLOOR_TOLERANCE + 0.004
    torch.testing.assert_close(lifted[:, FEET][..., [0, 2]], joints[:, FEET][..., [0, 2]], atol=4e-3, rtol=0)
    _, joints = forward_kinematics(rotations, translation + torch.tensor([0.0, 0.05, 0.0]), rest_joints)
    assert (foot_corrections(joints, torch.zeros(90, 4), heights) == 0).all()


def test_where_contact_is_lost_for_a_moment_a_foot_is_held_as_before_and_after(swaying):
    rotations, translation, rest_joints = swaying
    sway = 0.03 * torch.cos(2 * torch.pi * (torch.arange(90) - 42) / 28)
    translation = translation + torch.outer(sway, torch.tensor([1.0, 0.0, 0.0]))
    _, joints = forward_kinematics(rotations, translation, rest_joints)
    whole = foot_corrections(joints, torch.ones(90, 4), ON_THE_FLOOR)
    contacts = torch.ones(90, 4)
    contacts[40:44] = 0.0
    torn = foot_corrections(joints, contacts, ON_THE_FLOOR)
    assert whole[40:44].norm(dim=-1).min() > 0.02
    assert (torn - whole).norm(dim=-1).max() < 0.006


def test_a_step_between_two_stands_parts_them_though_contact_is_only_doubted(swaying):
    rotations, translation, rest_joints = swaying
    _, joints = forward_kinematics(rotations, translation, rest_joints)
    joints, contacts = joints[:1].repeat(90, 1, 1), torch.full((90, 4), 0.9)
    contacts[40:50] = 0.3
    share = ((torch.arange(90) - 40) / 10).clamp(0, 1)
    for length, parted in ((0.05, False), (0.4, True)):
        moved = joints + torch.outer(length * share, torch.tensor([0.0, 0.0, 1.0]))[:, None]
        expected = torch.zeros(90, 4, dtype=torch.bool)
        expected[40:50] = parted
        assert torch.equal(step_frames(moved, contacts), expected)
    corrections = foot_corrections(moved, contacts, ON_THE_FLOOR)
    assert corrections.norm(dim=-1).max() < 1e-3, "either stand is where it is"
    contacts[45] = 0.0
    assert not step_frames(moved, contacts).any(), "here contact parts them already"


def test_tracked_feet_go_where_their_trackers_are_but_do_not_shake_as_these_do(swaying):
    rotations, translation, rest_joints = swaying
    heights = foot_rest_heights(rest_joints) + 0.02
    _, joints = forward_kinematics(rotations, drifting(translation, 0.05), rest_joints)
    seen, places = torch.zeros(90, 2, dtype=torch.bool), joints[:, [7, 8]] + torch.tensor([0.0, 0.04, 0.03])
    seen[30:60, 1] = True
    shaking = places + 0.004 * torch.randn(places.shape, generator=torch.Generator().manual_seed(0))
    free = foot_corrections(joints, torch.ones(90, 4), heights)
    told, shaken = (foot_corrections(joints, torch.ones(90, 4), heights, (seen, p)) for p in (places, shaking))
    within = slice(30 + RELEASE_FRAMES // 2, 60 - RELEASE_FRAMES // 2)
    torch.testing.assert_close(told[within, 1], (places - joints[:, [7, 8]])[within, 1], atol=2e-3, rtol=0)
    torch.testing.assert_close(told[:, 0], free[:, 0], atol=0, rtol=0)
    assert told[:, 1].diff(dim=0).norm(dim=-1).max() < 0.006, "metres a frame where it comes and goes"
    speeds = [60 * p.diff(dim=0)[within, 1].norm(dim=-1).mean() for p in (shaking - joints[:, [7, 8]], shaken)]
    assert speeds[1] < 0.1 * speeds[0], "metres a second"
