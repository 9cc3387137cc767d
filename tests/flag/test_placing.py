"""Poses in the room: as kinematics places them, and their gradient as autograd finds it."""

import pytest
import torch

from threepoint.model_core.flag.placing import place_joints
from threepoint.model_core.flag.pose import PoseNormalizer
from threepoint.model_core.geometry.kinematics import forward_kinematics
from threepoint.model_core.geometry.rotations import axis_angle_to_matrix
from threepoint.model_core.geometry.skeleton import HEAD, PELVIS


def random(*shape):
    return torch.randn(*shape, dtype=torch.float64)


def by_kinematics(angles, mean, heading, rest_joints, joint, position):
    """The same by autograd."""
    pose = PoseNormalizer(mean, mean.new_ones(66))
    world, joints = forward_kinematics(
        pose.decode(angles.flatten(-2), heading), torch.zeros_like(position), rest_joints
    )
    return world, joints + (position - joints[..., joint, :])[..., None, :]


@pytest.fixture
def body():
    torch.manual_seed(0)
    return random(2, 5, 22, 3), axis_angle_to_matrix(random(22, 3)), random(2, 5), random(22, 3), random(2, 5, 3)


@pytest.mark.parametrize("joint", [HEAD, PELVIS])
@pytest.mark.parametrize("people", [(), (2, 5)], ids=["one", "many"])
@pytest.mark.parametrize("size", [0.0, 1e-5, 1e-3, 0.1, 1.0, 3.0])
def test_places_and_gradients_are_those_of_kinematics(body, joint, people, size):
    angles, mean, heading, rest_joints, position = body
    angles, rest_joints = (angles * size).requires_grad_(), random(*people, 22, 3) + rest_joints
    position.requires_grad_()
    pulls = random(2, 5, 22, 3, 3), random(2, 5, 22, 3)
    found, expected = (
        (placed, torch.autograd.grad(placed, (angles, position), pulls))
        for placed in (
            function(angles, mean, heading, rest_joints, joint, position) for function in (place_joints, by_kinematics)
        )
    )
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-8)


def test_joints_alone_have_a_gradient_too(body):
    angles, mean, heading, rest_joints, position = body
    angles.requires_grad_()
    found, expected = (
        torch.autograd.grad(function(angles, mean, heading, rest_joints, HEAD, position)[1].square().sum(), angles)
        for function in (place_joints, by_kinematics)
    )
    torch.testing.assert_close(found, expected)


def test_small_turns_keep_their_gradient_in_single_precision(body):
    """Where a cosine is nearly one, one minus it has lost its digits."""
    angles, mean, heading, rest_joints, position = body
    pulls = random(2, 5, 22, 3, 3), random(2, 5, 22, 3)
    for size in (1e-4, 1e-3, 1e-2):
        found = []
        for kind in (torch.float32, torch.float64):
            own = (angles * size).to(kind).requires_grad_()
            rest = (part.to(kind) for part in (mean, heading, rest_joints))
            placed = place_joints(own, *rest, HEAD, position.to(kind))
            found.append(torch.autograd.grad(placed, own, [part.to(kind) for part in pulls])[0].double())
        assert (found[0] - found[1]).abs().max() < 1e-5 * found[1].abs().max()
