"""A trunk straightens as far as standing legs need it, and no farther."""

import pytest
import torch

from threepoint.model_core.geometry.kinematics import forward_kinematics
from threepoint.model_core.geometry.rotations import axis_angle_to_matrix
from threepoint.model_core.geometry.skeleton import ANKLES, HEAD
from threepoint.model_core.refinement.closed_form.trunk import TOLERATED_LACK, straighten_to_stand

FRAMES = 80
STANDING = torch.ones(FRAMES, 2, dtype=torch.bool)


@pytest.fixture(scope="module")
def bowed(make_clip):
    """Local rotations, pelvis positions, rest joints and ankles of somebody whose legs are straight and whose trunk
    bows in the middle of the motion, the head staying where it is; the ankles are where they were before that."""
    rest_joints = torch.from_numpy(make_clip(2).rest_joints).float()[:22]
    rotations = torch.eye(3).repeat(FRAMES, 22, 1, 1)
    way = torch.sin(torch.linspace(0, torch.pi, FRAMES)).square()
    turns = torch.zeros(FRAMES, 3)
    turns[:, 0] = 0.35 * way
    for joint in (3, 6, 9):
        rotations[:, joint] = axis_angle_to_matrix(turns)
    _, joints = forward_kinematics(rotations, torch.zeros(FRAMES, 3), rest_joints)
    translation = joints[:1, HEAD] - joints[:, HEAD]
    return rotations, translation, rest_joints, joints[:1, list(ANKLES)].expand(FRAMES, -1, -1)


def lack(rotations, translation, rest_joints, ankles):
    """How much farther (T,) the ankles are from the hips than legs are long."""
    _, joints = forward_kinematics(rotations, translation, rest_joints)
    length = (rest_joints[4] - rest_joints[1]).norm() + (rest_joints[7] - rest_joints[4]).norm()
    return (ankles[:, 0] - joints[:, 1]).norm(dim=-1) - length


def test_legs_reach_the_floor_again_and_the_head_stays(bowed):
    rotations, translation, rest_joints, ankles = bowed
    assert lack(rotations, translation, rest_joints, ankles).max() > 0.05
    straight, moved = straighten_to_stand(rotations, translation, ankles, STANDING, rest_joints)
    assert lack(straight, moved, rest_joints, ankles).max() < TOLERATED_LACK + 0.005
    _, before = forward_kinematics(rotations, translation, rest_joints)
    _, after = forward_kinematics(straight, moved, rest_joints)
    torch.testing.assert_close(after[:, HEAD], before[:, HEAD], atol=1e-5, rtol=0)
    assert moved.diff(dim=0).norm(dim=-1).max() < 0.01, "metres a frame"
    assert not torch.equal(straight[FRAMES // 2, 3], torch.eye(3)), "no straighter than it must be"


def test_who_is_low_enough_or_does_not_stand_keeps_the_trunk(bowed):
    rotations, translation, rest_joints, ankles = bowed
    _, joints = forward_kinematics(rotations, translation, rest_joints)
    for goal, standing in ((joints[:, list(ANKLES)], STANDING), (ankles, ~STANDING)):
        straight, moved = straighten_to_stand(rotations, translation, goal, standing, rest_joints)
        assert torch.equal(straight, rotations) and torch.equal(moved, translation)
