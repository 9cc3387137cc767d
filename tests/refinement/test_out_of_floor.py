"""Who lies has no flesh in the floor and stretched legs; who stands is left as they are."""

import numpy as np
import pytest
import torch

from threepoint.model_core.geometry.kinematics import forward_kinematics
from threepoint.model_core.geometry.rotations import axis_angle_to_matrix
from threepoint.model_core.geometry.skeleton import (
    HEAD,
    HIPS,
    KNEES,
    PELVIS,
    SHOULDERS,
    TOES,
    TRACKED_JOINTS,
)
from threepoint.model_core.refinement.closed_form.out_of_floor import FLESH, lift_out_of_floor
from threepoint.tools.simulation.low_poses import POSES, going_down, lowest_skin

BETAS = np.zeros(10)
DEEPEST = 0.015
"""Metres that flesh may be in the floor."""


def sunk(body, name, by=0.12, thighs=-0.9, knees=1.5):
    """Who lies as the networks show it: the trunk slopes into the floor from the tracked head on, legs are folded.

    Rotations, pelvis positions, the head (T, 3) and the rest joints of some frames.
    """
    _, rotations, translation = going_down(body, POSES[name])
    rotations, translation = (torch.as_tensor(part[200:201]).repeat(24, *[1] * (part.ndim - 1))
                              for part in (rotations, translation))  # fmt: skip
    rest = torch.as_tensor(body.rest_joints(BETAS)[:22])
    head = forward_kinematics(rotations, translation, rest)[1][:, HEAD]
    away = head - translation
    axis = torch.nn.functional.normalize(torch.linalg.cross(away, away.new_tensor([[0.0, 1.0, 0.0]])), dim=-1)
    rotations[:, 0] = axis_angle_to_matrix(by / away.norm(dim=-1, keepdim=True) * axis) @ rotations[:, 0]
    for joints, angle in ((HIPS, thighs), (KNEES, knees)):
        rotations[:, list(joints)] = axis_angle_to_matrix(rotations.new_tensor([angle, 0.0, 0.0]))
    rotations[:, list(SHOULDERS)] = torch.eye(3).to(rotations)  # Hands beside the trunk would be in the floor as well.
    moved = forward_kinematics(rotations, translation, rest)[1]
    return rotations.float(), (translation + head - moved[:, HEAD]).float(), head.float(), rest.float()


def lowest(body, rotations, translation):
    """Metres (T,) of the lowest skin but that of head and forearms, which trackers hold."""
    return lowest_skin(body, rotations.double().numpy(), translation.double().numpy())


@pytest.mark.parametrize("name", ["lies on the back", "lies on the belly"])
def test_who_lies_is_not_in_the_floor_and_has_stretched_legs(body, name):
    rotations, translation, head, rest = sunk(body, name)
    assert lowest(body, rotations, translation).min() < -2 * DEEPEST, "the networks' fault"
    found = lift_out_of_floor(rotations, translation, head, rest)
    assert lowest(body, *found).min() > -DEEPEST
    before, after = (forward_kinematics(*motion, rest)[1] for motion in ((rotations, translation), found))
    tracked = list(TRACKED_JOINTS)
    assert (after[:, tracked] - before[:, tracked]).norm(dim=-1).max() < 0.005
    trunk = torch.nn.functional.normalize(after[-1, HEAD] - after[-1, PELVIS], dim=0)
    for knee in KNEES:
        thigh = torch.nn.functional.normalize(after[-1, PELVIS] - after[-1, knee], dim=0)
        assert trunk @ thigh > 0.7, "legs go on where the trunk ends"
    assert (after[1:] - after[:-1]).norm(dim=-1).max() < 0.002, "who lies still is still"


@pytest.mark.parametrize("foot", TOES)
def test_whichever_way_a_foot_lies_its_flesh_reaches_to_its_skin(body, foot):
    skin_of_it = (body.template - body.rest_joints(BETAS)[foot])[body.weights.argmax(1) == foot]
    down = np.random.default_rng(0).normal(size=(500, 3))
    down /= np.linalg.norm(down, axis=1, keepdims=True)
    sideways, along, ahead, behind = FLESH["foot"]
    axes = np.stack([np.where(down[:, 2] > 0, ahead, behind), np.full(500, sideways), np.full(500, along)], 1)
    reached = np.linalg.norm(axes * down[:, [2, 0, 1]], axis=1)
    assert (skin_of_it @ down.T).max(0).max() > 0.05 and ((skin_of_it @ down.T).max(0) - reached).max() < DEEPEST / 2


def test_a_body_that_is_not_low_is_not_touched(body):
    rotations, translation, head, rest = sunk(body, "lies on the back")
    high = head + torch.tensor([0.0, 1.5, 0.0])
    found = lift_out_of_floor(rotations, translation, high, rest)
    assert found[0] is rotations and found[1] is translation


def test_who_crouches_keeps_their_feet(body):
    _, rotations, translation = going_down(body, POSES["sits on the floor"])
    rotations, translation = (torch.as_tensor(part[60:240:6]).float() for part in (rotations, translation))
    rest = torch.as_tensor(body.rest_joints(BETAS)[:22]).float()
    joints = forward_kinematics(rotations, translation, rest)[1]
    found = lift_out_of_floor(rotations, translation, joints[:, HEAD], rest)
    after = forward_kinematics(*found, rest)[1]
    assert (after - joints).norm(dim=-1).max() < 0.03, "a pose that lies on the floor is hardly moved"
