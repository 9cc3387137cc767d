"""Lost hands stay where the motion has them, but not in the trunk; elbows bend in no haste."""

import math

import torch

from threepoint.model_core.geometry.kinematics import forward_kinematics
from threepoint.model_core.geometry.rotations import axis_angle_to_matrix
from threepoint.model_core.geometry.skeleton import HEAD, TRACKED_JOINTS
from threepoint.model_core.refinement.closed_form.arms import BEND_SPEED, ease_elbow_bend
from threepoint.model_core.refinement.closed_form.elbows import TRUNK_SURFACE, Trunk
from threepoint.model_core.refinement.closed_form.lost_hands import hands_to_meet

FRAMES = 40


def standing(make_clip, angle):
    """Somebody who stands with both forearms turned inwards by an angle: rotations, pelvis positions, rest joints."""
    rest_joints = torch.from_numpy(make_clip(2).rest_joints).float()[:22]
    rotations = torch.eye(3).repeat(FRAMES, 22, 1, 1)
    for sign, shoulder, elbow in ((1, 16, 18), (-1, 17, 19)):
        rotations[:, shoulder] = axis_angle_to_matrix(torch.tensor([0.0, 0.0, -sign * 1.2]))
        rotations[:, elbow] = axis_angle_to_matrix(torch.tensor([0.0, 0.0, -sign * angle]))
    return rotations, torch.zeros(FRAMES, 3), rest_joints


def depth(positions, trunk):
    """Distance (T,) of positions (T, 3) from the trunk's axis: 1 at its surface."""
    seen = ((positions - trunk.position)[:, None] @ trunk.rotation)[:, 0]
    return (seen[:, [0, 2]] / torch.tensor(TRUNK_SURFACE)).norm(dim=-1)


def test_lost_hands_leave_the_trunk_and_tracked_ones_are_where_they_are_tracked(make_clip):
    body = standing(make_clip, 1.6)
    world, joints = forward_kinematics(*body)
    trunk, tracked = Trunk.of(world, joints), list(TRACKED_JOINTS)
    elsewhere = joints[:, tracked] + 0.3
    valid = torch.tensor([[1.0, 1.0, 0.0]]).repeat(FRAMES, 1)
    assert depth(joints[:, 21], trunk).max() < 0.9
    rotations, positions = hands_to_meet(*body[:2], world[:, tracked], elsewhere, valid, body[2])
    assert torch.equal(positions[:, :2], elsewhere[:, :2])
    assert depth(positions[:, 2], trunk).min() > 0.99
    torch.testing.assert_close(rotations, world[:, tracked])


def test_lost_hands_beside_the_trunk_stay(make_clip):
    body = standing(make_clip, 0.0)
    world, joints = forward_kinematics(*body)
    tracked = list(TRACKED_JOINTS)
    _, positions = hands_to_meet(*body[:2], world[:, tracked], joints[:, tracked] + 1, torch.zeros(FRAMES, 3), body[2])
    torch.testing.assert_close(positions, joints[:, tracked], atol=1e-6, rtol=0)
    assert HEAD == tracked[0]


def bends(shoulder, target):
    """Radians (T,) by which an arm of 0.3 and 0.25 m bends that reaches a target."""
    reach = (target - shoulder).norm(dim=-1)
    return math.pi - torch.acos(((0.3**2 + 0.25**2 - reach**2) / (2 * 0.3 * 0.25)).clamp(-1, 1))


def test_an_arm_that_is_suddenly_bent_begins_before_and_one_that_bends_slowly_is_left_alone():
    shoulder = torch.zeros(FRAMES, 3)
    elbow, wrist = shoulder + torch.tensor([0.3, 0.0, 0.0]), shoulder + torch.tensor([0.55, 0.0, 0.0])
    along = torch.tensor([1.0, 0.0, 0.0])
    for last, hasty in ((0.3, True), (0.53, False)):
        distance = torch.full((FRAMES,), 0.539)
        distance[20:] = last
        if not hasty:
            distance = torch.linspace(0.539, last, FRAMES)
        target = distance[:, None] * along
        eased = ease_elbow_bend(shoulder, elbow, wrist, target)
        assert (bends(shoulder, target).diff().abs().max() > BEND_SPEED) == hasty
        assert bends(shoulder, eased).diff().abs().max() < BEND_SPEED + 1e-3
        assert torch.equal(eased[20:], target[20:])
        assert torch.equal(eased, target) != hasty
