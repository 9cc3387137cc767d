"""What FLAG sees of a person does not depend on where in the room they are, nor on what is not valid."""

import pytest
import torch

from threepoint.model_core.flag.condition import (
    CONDITION_COUNT,
    below_head,
    joint_features,
    make_condition,
    split_condition,
)
from threepoint.model_core.flag.evidence import gather_evidence
from threepoint.model_core.flag.generation import generate
from threepoint.model_core.flag.model import CONFIGS, Flag
from threepoint.model_core.flag.pose import PoseNormalizer, mean_rotation
from threepoint.model_core.geometry.kinematics import forward_kinematics
from threepoint.model_core.geometry.rotations import axis_angle_to_matrix, rotation_about_y
from threepoint.model_core.geometry.skeleton import HEAD, TRACKED_JOINTS
from threepoint.model_core.observation import Observation, heading


def condition_of(rotations, positions, valid, size=1.0):
    count = len(rotations)
    joints = joint_features(
        rotations, positions, heading(rotations[:, 0]), torch.full((count,), size), below_head(positions[:, 0])
    )
    return make_condition(joints, valid, torch.zeros(count, 3))


@pytest.fixture
def tracked():
    """Random head and hands of 20 frames and their validity."""
    generator = torch.Generator().manual_seed(0)
    rotations = axis_angle_to_matrix(0.7 * torch.randn(20, 3, 3, generator=generator))
    positions = torch.randn(20, 3, 3, generator=generator) * 0.3 + torch.tensor([2.0, 1.3, -4.0])
    return rotations, positions, torch.ones(20, 3)


@pytest.mark.parametrize("angle", [0.4, 3.1, -2.0])
def test_moving_and_turning_the_person_changes_nothing(tracked, angle):
    rotations, positions, valid = tracked
    turn = rotation_about_y(torch.tensor(angle))
    moved = condition_of(turn @ rotations, positions @ turn.T + torch.tensor([5.0, 0.0, 9.0]), valid)
    torch.testing.assert_close(moved, condition_of(rotations, positions, valid), atol=2e-5, rtol=0)


def test_height_counts_and_size_divides_it(tracked):
    rotations, positions, valid = tracked
    lower = condition_of(rotations, positions - torch.tensor([0.0, 0.2, 0.0]), valid)
    assert not torch.allclose(lower, condition_of(rotations, positions, valid))
    doubled = condition_of(rotations, 2 * positions, valid, size=2.0)
    torch.testing.assert_close(doubled, condition_of(rotations, positions, valid), atol=1e-5, rtol=0)


def test_a_condition_splits_into_what_it_was_made_of(tracked):
    rotations, positions, valid = tracked
    valid[3, 2] = 0
    condition = condition_of(rotations, positions, valid)
    joints, seen, proportions = split_condition(condition)
    assert condition.shape == (20, CONDITION_COUNT)
    assert (seen == valid).all() and (proportions == 0).all()
    assert (joints[3, 2] == 0).all() and joints[3, 1].abs().sum() > 0


def test_poses_survive_their_code(make_clip):
    clip = make_clip(40)
    rotations = torch.from_numpy(clip.rotations()).float()
    towards = torch.linspace(-3, 3, 40)
    mean = axis_angle_to_matrix(0.2 * torch.randn(22, 3, generator=torch.Generator().manual_seed(1)))
    code = PoseNormalizer(mean, torch.linspace(0.1, 1, 66))
    x = code.encode(rotations, towards)
    torch.testing.assert_close(code.decode(x, towards), rotations, atol=1e-5, rtol=0)
    turned = torch.cat([rotation_about_y(torch.tensor(1.1)) @ rotations[:, :1], rotations[:, 1:]], 1)
    torch.testing.assert_close(code.encode(turned, towards + 1.1), x, atol=1e-4, rtol=0)


def test_the_mean_rotation_lies_in_the_middle():
    middle = axis_angle_to_matrix(torch.tensor([0.3, -0.5, 0.2]))
    off = axis_angle_to_matrix(0.4 * torch.randn(500, 3, generator=torch.Generator().manual_seed(2)))
    both = torch.cat([middle @ off, middle @ off.transpose(1, 2)])
    torch.testing.assert_close(mean_rotation(both[:, None])[0], middle, atol=1e-4, rtol=0)


def test_generated_bodies_hang_from_their_heads(make_clip):
    clip = make_clip(30)
    world, joints = clip.world()
    tracked = list(TRACKED_JOINTS)
    observation = Observation(world[:, tracked], joints[:, tracked], torch.ones(30, 3).numpy(), torch.zeros(10).numpy())
    model = Flag(CONFIGS["smoke"]).eval()
    rotations, translation = generate(model, observation, clip.rest_joints)
    _, found = forward_kinematics(rotations, translation, torch.from_numpy(clip.rest_joints).float())
    torch.testing.assert_close(found[:, HEAD], torch.from_numpy(joints[:, HEAD]).float(), atol=1e-5, rtol=0)


def test_the_papers_mode_is_relative_to_the_pelvis(make_clip):
    """With the root at the origin, raising the whole body changes nothing; from the head, it does."""
    clip = make_clip(8)
    world, joints = (torch.from_numpy(values).float() for values in clip.world())
    tracked, rest = list(TRACKED_JOINTS), torch.from_numpy(clip.rest_joints).float()
    model = Flag(CONFIGS["smoke"]).eval()

    def condition(up, pelvis):
        raised = joints + torch.tensor([0.0, up, 0.0])
        origin = raised[:, 0] if pelvis else None
        return gather_evidence(model, world[:, tracked], raised[:, tracked], torch.ones(8, 3), rest, origin).condition

    torch.testing.assert_close(condition(0.3, True), condition(0.0, True), atol=1e-5, rtol=0)
    assert not torch.allclose(condition(0.3, False), condition(0.0, False), atol=1e-2)
