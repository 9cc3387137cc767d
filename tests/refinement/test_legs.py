"""Standing feet stay on their spots, by legs that bend as knees do; steps are steps, not slides."""

import pytest
import torch

from threepoint.model_core.body.foot_contacts import foot_rest_heights
from threepoint.model_core.geometry.kinematics import forward_kinematics
from threepoint.model_core.geometry.rotations import axis_angle_to_matrix
from threepoint.model_core.geometry.skeleton import ANKLES, FEET
from threepoint.model_core.refinement.closed_form.legs import (
    FLOOR_TOLERANCE,
    LEGS,
    RELEASE_FRAMES,
    foot_targets,
    move_feet,
)

FRAMES = 90
STILL = torch.ones(FRAMES, dtype=torch.bool)
CONTACT = torch.ones(FRAMES, 4)


@pytest.fixture(scope="module")
def swaying(make_clip):
    """Local rotations, pelvis positions and rest joints of a person who bends the knees on still feet."""
    clip = make_clip(FRAMES)
    rest_joints = torch.from_numpy(clip.rest_joints).float()
    return torch.from_numpy(clip.rotations()).float(), torch.from_numpy(clip.translation).float(), rest_joints


def drifting(translation, speed):
    """The same, the whole person sliding to the side at ``speed`` metres a second."""
    time = torch.arange(len(translation)) / 60
    return translation + torch.outer(time, torch.tensor([speed, 0.0, 0.0]))


def targets_of(body, contacts=CONTACT, still=STILL, tracked=None):
    """The ``FootTargets`` of a body (rotations, pelvis positions, rest joints)."""
    rotations, translation, rest_joints = body
    world, joints = forward_kinematics(rotations, translation, rest_joints)
    heights = foot_rest_heights(rest_joints)
    return foot_targets(world[:, list(ANKLES)], joints, contacts, still, rest_joints, heights, tracked)


def solved(body, targets):
    """World rotations and joints of the body with its feet at their targets."""
    rotations, translation, rest_joints = body
    moved = move_feet(rotations, translation, targets.positions, targets.rotations, rest_joints)
    return forward_kinematics(moved, translation, rest_joints)


@pytest.mark.parametrize("still", [True, False])
def test_a_foot_that_slides_while_it_stands_is_held_to_the_millimetre(swaying, still):
    rotations, translation, rest_joints = swaying
    body = rotations, drifting(translation, 0.05), rest_joints
    _, moved = solved(body, targets_of(body, still=STILL & still))
    assert moved[:, FEET][..., [0, 2]].diff(dim=0).norm(dim=-1).max() < 1e-3
    assert targets_of(body).standing.all()


def test_under_a_still_head_standing_feet_are_flat_on_the_floor(swaying):
    rotations, translation, rest_joints = swaying
    body = rotations, translation - torch.tensor([0.0, 0.02, 0.0]), rest_joints
    _, moved = solved(body, targets_of(body))
    torch.testing.assert_close(moved[:, FEET, 1], foot_rest_heights(rest_joints).expand(FRAMES, 4), atol=4e-3, rtol=0)


def test_knees_bend_about_their_own_axis(swaying):
    rotations, translation, rest_joints = swaying
    targets = targets_of(swaying)
    away = targets.positions + torch.tensor([0.0, 0.0, 0.03])
    moved = move_feet(rotations, translation, away, targets.rotations, rest_joints)
    turned, joints = forward_kinematics(moved, translation, rest_joints)
    for side, (hip, knee, ankle) in enumerate(LEGS):
        torch.testing.assert_close(joints[:, ankle], away[:, side], atol=4e-3, rtol=0)
        bend = torch.linalg.cross(joints[:, knee] - joints[:, hip], joints[:, ankle] - joints[:, knee])
        assert ((bend * turned[:, hip, :, 0]).sum(-1) > -1e-4).all(), "a knee never bends backwards"
    others = [joint for joint in range(22) if joint not in (1, 2, 4, 5, 7, 8)]
    assert torch.equal(moved[:, others], rotations[:, others])


def test_where_no_foot_stands_the_motion_is_left_alone(swaying):
    rotations, translation, rest_joints = swaying
    body = rotations, drifting(translation, 0.05) + torch.tensor([0.0, 0.2, 0.0]), rest_joints
    targets = targets_of(body, 0 * CONTACT, ~STILL)
    _, joints = forward_kinematics(*body)
    assert not targets.standing.any()
    torch.testing.assert_close(targets.positions, joints[:, list(ANKLES)], atol=1e-5, rtol=0)


def test_who_neither_jumps_nor_stands_on_something_is_carried_by_a_foot(swaying):
    rotations, translation, rest_joints = swaying
    bent = rotations.clone()
    bent[:, [1, 2]] = bent[:, [1, 2]] @ axis_angle_to_matrix(torch.tensor([-0.9, 0.0, 0.0]))
    bent[:, [4, 5]] = bent[:, [4, 5]] @ axis_angle_to_matrix(torch.tensor([1.4, 0.0, 0.0]))
    heights = foot_rest_heights(rest_joints)
    for raised, carried in ((0.0, True), (0.4, False)):
        body = bent, translation + torch.tensor([0.0, raised, 0.0]), rest_joints
        _, before = forward_kinematics(*body)
        _, after = solved(body, targets_of(body, 0 * CONTACT, ~STILL))
        assert (before[:, FEET, 1] - heights).amin(1).min() > 0.08, "both feet are in the air"
        lows = (after[10:-10, FEET, 1] - heights).amin(1)
        assert lows.max() < 0.05 if carried else lows.min() > 0.08


def test_feet_in_the_air_come_down_where_no_tracker_sees_them_whatever_is_seen_elsewhere(swaying):
    rotations, translation, rest_joints = (part.repeat(5, *[1] * (part.ndim - 1)) for part in swaying)
    rest_joints, frames = swaying[2], len(rotations)
    bent = rotations[:1].repeat(frames, 1, 1, 1)
    bent[:, [1, 2]] = bent[:, [1, 2]] @ axis_angle_to_matrix(torch.tensor([-0.9, 0.0, 0.0]))
    bent[:, [4, 5]] = bent[:, [4, 5]] @ axis_angle_to_matrix(torch.tensor([1.4, 0.0, 0.0]))
    body = bent, translation[:1].repeat(frames, 1), rest_joints
    _, joints = forward_kinematics(*body)
    ankles, seen = joints[:, list(ANKLES)], torch.zeros(frames, 2, dtype=torch.bool)
    nothing = torch.zeros(frames, 4), torch.zeros(frames, dtype=torch.bool)
    free, unseen = (targets_of(body, *nothing, tracked=tracked).positions for tracked in (None, (seen, ankles)))
    torch.testing.assert_close(unseen, free, atol=1e-6, rtol=0)
    assert (ankles - free)[..., 1].amin() > 0.05
    seen[300:] = True
    found = targets_of(body, *nothing, tracked=(seen, ankles)).positions
    torch.testing.assert_close(found[:250], free[:250], atol=1e-5, rtol=0)
    torch.testing.assert_close(found[300:], ankles[300:], atol=1e-4, rtol=0)


def test_one_foot_may_stand_while_the_other_swings_and_is_let_go_smoothly(swaying):
    rotations, translation, rest_joints = swaying
    body = rotations, drifting(translation, 0.1) + torch.tensor([0.0, 0.02, 0.0]), rest_joints
    contacts = torch.zeros(FRAMES, 4)
    contacts[20:50, [0, 2]] = 0.9
    targets = targets_of(body, contacts, ~STILL)
    _, joints = forward_kinematics(*body)
    correction = targets.positions - joints[:, list(ANKLES)]
    assert targets.standing[:, 0].nonzero().flatten().tolist() == list(range(20, 50))
    assert correction[:, 1].abs().max() < 1e-4 and correction[20:50, 0, 0].abs().max() > 0.01
    assert correction[50 + 2 * RELEASE_FRAMES :].abs().max() < 2e-3
    assert correction[:, 0].diff(dim=0).norm(dim=-1).max() < 0.006, "metres a frame"


def test_a_foot_that_slides_far_steps_and_is_lifted_on_its_way(swaying):
    rotations, translation, rest_joints = swaying
    path = 0.5 / (1 + torch.exp(-(torch.arange(FRAMES) - 45.0) / 4))
    body = rotations, translation + torch.outer(path, torch.tensor([1.0, 0.0, 0.0])), rest_joints
    targets = targets_of(body)
    ankles = targets.positions
    assert (targets.standing[:25].all() and targets.standing[-25:].all()) and not targets.standing.all()
    assert 0.4 < (ankles[-1] - ankles[0]).norm(dim=-1).min()
    assert (ankles[..., 1].amax(0) - ankles[0, :, 1]).min() > 0.03, "metres of lift"
    standing = targets.standing[1:] & targets.standing[:-1]
    assert ankles[..., [0, 2]].diff(dim=0).norm(dim=-1)[standing].max() < 1e-3


def test_a_foot_in_the_floor_is_lifted_out(swaying):
    rotations, translation, rest_joints = swaying
    heights = foot_rest_heights(rest_joints)
    body = rotations, translation - torch.tensor([0.0, 0.05, 0.0]), rest_joints
    _, joints = forward_kinematics(*body)
    _, lifted = solved(body, targets_of(body, 0 * CONTACT, ~STILL))
    assert (heights - joints[:, FEET, 1]).min() > 0.03, "all feet are deep in the floor"
    assert (heights - lifted[:, FEET, 1]).max() < FLOOR_TOLERANCE + 0.004


@pytest.mark.parametrize("count", [1, 2])
def test_the_shortest_motion_is_held_too(swaying, count):
    body = swaying[0][:count], swaying[1][:count], swaying[2]
    _, joints = forward_kinematics(*body)
    targets = targets_of(body, CONTACT[:count], STILL[:count])
    assert (targets.positions - joints[:, list(ANKLES)]).norm(dim=-1).max() < 0.02


def test_tracked_feet_go_where_their_trackers_are_but_do_not_shake_as_these_do(swaying):
    rotations, translation, rest_joints = swaying
    body = rotations, drifting(translation, 0.05), rest_joints
    _, joints = forward_kinematics(*body)
    seen, places = torch.zeros(FRAMES, 2, dtype=torch.bool), joints[:, [7, 8]] + torch.tensor([0.0, 0.04, 0.03])
    seen[30:60, 1] = True
    shaking = places + 0.004 * torch.randn(places.shape, generator=torch.Generator().manual_seed(0))
    free = targets_of(body)
    told, shaken = (targets_of(body, tracked=(seen, position)) for position in (places, shaking))
    within = slice(30 + RELEASE_FRAMES // 2, 60 - RELEASE_FRAMES // 2)
    torch.testing.assert_close(told.positions[within, 1], places[within, 1], atol=3e-3, rtol=0)
    torch.testing.assert_close(told.positions[:, 0], free.positions[:, 0], atol=0, rtol=0)
    speeds = [60 * p.diff(dim=0)[within, 1].norm(dim=-1).mean() for p in (shaking - places, shaken.positions - places)]
    assert speeds[1] < 0.2 * speeds[0], "metres a second"
