"""A whole body reaches for places, and its head and hands stay."""

import pytest
import torch

from threepoint.model_core.geometry.kinematics import forward_kinematics
from threepoint.model_core.geometry.rotations import axis_angle_to_matrix, geodesic_angle, matrix_to_axis_angle
from threepoint.model_core.geometry.skeleton import ANKLES, ELBOWS, HEAD, HIPS, KNEES, TOES, WRISTS
from threepoint.model_core.pins import PIN_JOINTS
from threepoint.model_core.refinement.closed_form.whole_body import WholeBodyTargets, reach_with_whole_body
from threepoint.model_core.refinement.pinning.closing import TRUNK, TRUNK_SIGMA

MM = 1e-3


@pytest.fixture(scope="module")
def motion(make_clip):
    clip = make_clip(40)
    rotations, translation = torch.as_tensor(clip.rotations()).float(), torch.as_tensor(clip.translation).float()
    return rotations, translation, torch.as_tensor(clip.rest_joints).float()


@pytest.mark.parametrize("joint", [joint for joint in PIN_JOINTS.values() if joint not in TOES])
def test_a_joint_comes_to_its_place_and_the_rest_hardly_moves(motion, joint):
    world, joints = forward_kinematics(*motion)
    targets = WholeBodyTargets.staying(world, joints)
    half = torch.cat([torch.zeros(20), torch.ones(20)])
    place = joints[:, joint] + half[:, None] * torch.tensor([0.01, -0.02, 0.02])
    if joint in ELBOWS:  # Its forearm is as long as it is, and its wrist stays.
        wrist, length = joints[:, joint + 2], (joints[:, joint] - joints[:, joint + 2]).norm(dim=-1, keepdim=True)
        place = wrist + length * (place - wrist) / (place - wrist).norm(dim=-1, keepdim=True)
    targets.hold(joint, place, half)
    rotations, translation = reach_with_whole_body(*motion, targets)
    found_world, found = forward_kinematics(rotations, translation, motion[2])
    assert (found[20:, joint] - place[20:]).norm(dim=-1).max() < 5 * MM
    assert (found - joints)[:, [HEAD, *WRISTS]].norm(dim=-1).max() < 2 * MM
    assert geodesic_angle(found_world, world)[:, [HEAD, *WRISTS]].max() < 1e-3
    assert (found - joints)[:20].norm(dim=-1).max() < 1e-4


def test_what_cannot_be_reached_is_approached_by_a_body_that_stays_whole(motion):
    world, joints = forward_kinematics(*motion)
    targets = WholeBodyTargets.staying(world, joints)
    targets.hold(7, joints[:, 7] + torch.tensor([0.0, 0.0, 2.0]), torch.ones(40))
    rotations, translation = reach_with_whole_body(*motion, targets)
    assert torch.isfinite(rotations).all() and torch.isfinite(translation).all()
    assert (matrix_to_axis_angle(rotations[:, list(KNEES)])[..., 0] > -1e-3).all()
    eye = torch.eye(3).expand_as(rotations)
    assert torch.allclose(rotations @ rotations.transpose(-1, -2), eye, atol=1e-5)


@pytest.mark.parametrize("ahead", [0.2, 0.4])
def test_a_straight_knee_leaves_to_others_what_it_cannot_do(motion, ahead):
    rest, bend = motion[2], torch.tensor([0.3, 0.0, 0.0])
    standing = torch.eye(3).expand(1, 22, 3, 3).clone()
    pelvis = torch.zeros(1, 3)
    straight = forward_kinematics(standing, pelvis, rest)[1]
    standing[:, HIPS[0]], standing[:, KNEES[0]] = axis_angle_to_matrix(-bend), axis_angle_to_matrix(bend)
    world, joints = forward_kinematics(standing, pelvis, rest)
    targets = WholeBodyTargets.staying(world, joints)
    targets.keep(TRUNK, joints[:, list(TRUNK)], TRUNK_SIGMA)
    towards = torch.tensor([[0.0, -1.0, ahead]])
    farthest = (straight[:, ANKLES[0]] - straight[:, HEAD]).norm()
    place = joints[:, HEAD] + 0.99 * farthest * towards / towards.norm()
    targets.hold(ANKLES[0], place, torch.ones(1))
    rotations, translation = reach_with_whole_body(standing, pelvis, rest, targets, limited=True)
    _, found = forward_kinematics(rotations, translation, rest)
    assert (found[:, ANKLES[0]] - place).norm() < 5 * MM
    assert (found - joints)[:, [HEAD, *WRISTS]].norm(dim=-1).max() < 2 * MM
