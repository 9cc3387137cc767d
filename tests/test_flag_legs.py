"""Standing feet are held where they stand, by legs that bend as knees do; feet that swing are let go without a jerk."""

import pytest
import torch

from threepoint.model_core.flag.legs import LEGS, RELEASE_FRAMES, foot_corrections, move_feet
from threepoint.model_core.kinematics import forward_kinematics
from threepoint.model_core.skeleton import FEET


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
    corrections = foot_corrections(joints, torch.ones(90, 4))
    solved = move_feet(rotations, translation, corrections, rest_joints)
    turned, moved = forward_kinematics(solved, translation, rest_joints)
    assert (moved[:, FEET] - joints[0, FEET]).norm(dim=-1).max() < 0.045, "metres from a place 7.5 cm along the way"
    left = moved[:, FEET, 0].diff(dim=0).abs() * 60
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
    assert (foot_corrections(joints, torch.zeros(90, 4)) == 0).all(), "no foot stands"


def test_one_foot_may_stand_while_the_other_swings_and_is_let_go_smoothly(swaying):
    rotations, translation, rest_joints = swaying
    _, joints = forward_kinematics(rotations, drifting(translation, 0.1), rest_joints)
    contacts = torch.zeros(90, 4)
    contacts[20:50, [0, 2]] = 0.9
    corrections = foot_corrections(joints, contacts)
    assert (corrections[:, 1] == 0).all() and (corrections[..., 1] == 0).all()
    assert corrections[20:50, 0, 0].abs().max() > 0.01
    assert (corrections[50 + RELEASE_FRAMES :] == 0).all()
    assert corrections[:, 0].diff(dim=0).norm(dim=-1).max() < 0.003, "metres a frame"


def test_a_foot_that_has_gone_far_was_not_standing(swaying):
    rotations, translation, rest_joints = swaying
    _, joints = forward_kinematics(rotations, drifting(translation, 2.0), rest_joints)
    assert foot_corrections(joints, torch.ones(90, 4)).norm(dim=-1).max() <= 0.0501, "of up to 1.5 metres"


@pytest.mark.parametrize("count", [1, 2])
def test_the_shortest_motion_is_held_too(swaying, count):
    rotations, translation, rest_joints = swaying
    _, joints = forward_kinematics(rotations[:count], translation[:count], rest_joints)
    assert foot_corrections(joints, torch.ones(count, 4)).abs().max() < 1e-3
