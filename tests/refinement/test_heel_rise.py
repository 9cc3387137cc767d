"""Who reaches up stands on tiptoe: toes stay on the floor, heels rise as far as legs are too short."""

import pytest
import torch

from threepoint.model_core.body.foot_contacts import foot_rest_heights
from threepoint.model_core.geometry.kinematics import forward_kinematics
from threepoint.model_core.geometry.rotations import rotation_about_y
from threepoint.model_core.geometry.skeleton import ANKLES, BODY_JOINT_COUNT, HIPS, TOES
from threepoint.model_core.refinement.closed_form.heel_rise import HEEL_LOOK_AHEAD, STRETCHED, raise_heels
from threepoint.model_core.refinement.closed_form.legs import LEGS, FootTargets, move_feet

FRAMES = 120
UP = torch.tensor([0.0, 1.0, 0.0])


@pytest.fixture(scope="module")
def rest(make_clip):
    """Rest joints (22, 3)."""
    return torch.from_numpy(make_clip(4).rest_joints).float()[:BODY_JOINT_COUNT]


def standing_at(rest, yaws=(0.2, -0.3), standing=True):
    """Feet flat on the floor below the rest pose's hips, turned outwards."""
    heights = foot_rest_heights(rest)
    positions = rest[list(ANKLES)].clone()
    positions[:, 1] = heights[: len(ANKLES)]
    turned = rotation_about_y(torch.tensor(yaws))
    held = torch.full((FRAMES, len(ANKLES)), standing)
    return FootTargets(positions.expand(FRAMES, -1, -1), turned.expand(FRAMES, -1, -1, -1), held)


def hips_raised(rest, lift, forwards=0.0):
    """Hips (T, 2, 3) of somebody whose legs are bent a little, and who rises by ``lift`` and comes down again."""
    way = torch.sin(torch.linspace(0, torch.pi, FRAMES)) ** 2
    ankles = rest[list(ANKLES)]
    hips = rest[list(HIPS)] + (foot_rest_heights(rest)[0] - ankles[:, 1].mean() - 0.02) * UP
    moved = way[:, None, None] * torch.tensor([0.0, lift, forwards])
    return hips + moved


def toes_of(targets, rest):
    soles = rest[list(TOES)] - rest[list(ANKLES)]
    return targets.positions + (targets.rotations @ soles[..., None])[..., 0]


@pytest.mark.parametrize("lift, forwards", [(0.04, 0.0), (0.07, 0.0), (0.02, 0.15), (0.0, 0.3)])
def test_toes_stay_where_they_are_and_ankles_come_within_reach(rest, lift, forwards):
    flat, hips = standing_at(rest), hips_raised(rest, lift, forwards)
    raised = raise_heels(flat, hips, rest)
    torch.testing.assert_close(toes_of(raised, rest), toes_of(flat, rest), atol=1e-5, rtol=0)
    for side, joints in enumerate(LEGS):
        hip, knee, ankle = (rest[joint] for joint in joints)
        length = (knee - hip).norm() + (ankle - knee).norm()
        before, after = ((each.positions - hips)[:, side].norm(dim=-1).max() / length for each in (flat, raised))
        assert before > 1 and after < STRETCHED + 0.004
    assert raised.positions[..., 1].min() > flat.positions[..., 1].min() - 1e-6
    assert raised.positions[:, :, 1].diff(dim=0).abs().max() < 0.01


def test_a_body_on_tiptoe_has_its_toes_on_the_floor(rest):
    rotations = torch.eye(3).expand(FRAMES, BODY_JOINT_COUNT, 3, 3)
    heights = foot_rest_heights(rest)
    low = rest[0] + (heights[0] - rest[ANKLES[0], 1]) * UP
    pelvis = low + 0.04 * torch.sin(torch.linspace(0, torch.pi, FRAMES))[:, None] ** 2 * UP
    hips = forward_kinematics(rotations, pelvis, rest)[1][:, list(HIPS)]
    feet = raise_heels(standing_at(rest, (0.0, 0.0)), hips, rest)
    moved = move_feet(rotations, pelvis, feet.positions, feet.rotations, rest)
    joints = forward_kinematics(moved, pelvis, rest)[1]
    assert (joints[:, list(TOES), 1] - heights[len(ANKLES) :]).abs().max() < 0.006
    assert (joints[FRAMES // 2, list(ANKLES), 1] - heights[: len(ANKLES)]).min() > 0.03


def test_feet_that_legs_reach_and_feet_in_the_air_stay_as_they_are(rest):
    for targets, lift in ((standing_at(rest), -0.05), (standing_at(rest, standing=False), 0.06)):
        raised = raise_heels(targets, hips_raised(rest, lift), rest)
        torch.testing.assert_close(raised.positions, targets.positions, atol=1e-6, rtol=0)
        torch.testing.assert_close(raised.rotations, targets.rotations, atol=1e-6, rtol=0)


def test_a_leg_that_is_far_too_short_leaves_a_whole_foot(rest):
    raised = raise_heels(standing_at(rest), hips_raised(rest, 0.8), rest)
    assert torch.isfinite(raised.positions).all()
    torch.testing.assert_close(torch.linalg.det(raised.rotations), torch.ones(FRAMES, 2))


@pytest.mark.parametrize("seed", range(5))
def test_a_heel_rises_no_sooner_than_it_may(rest, seed):
    lifts = torch.rand(FRAMES // 12, generator=torch.Generator().manual_seed(seed)).repeat_interleave(12) ** 2
    flat, hips = standing_at(rest), hips_raised(rest, 0.0) + 0.12 * lifts[:, None, None] * UP
    whole = raise_heels(flat, hips, rest)
    for cut in (60, 85, 110):
        kept = FootTargets(flat.positions[:cut], flat.rotations[:cut], flat.standing[:cut])
        sure = cut - HEEL_LOOK_AHEAD
        short = raise_heels(kept, hips[:cut], rest)
        torch.testing.assert_close(short.positions[:sure], whole.positions[:sure], atol=1e-6, rtol=0)
    assert (whole.positions[..., 1] - flat.positions[..., 1]).max() > 0.02
