"""Variations of training windows: other arms leave the rest as it is, feet stay planted under a moving pelvis."""

import pytest
import torch

from threepoint.model_core.geometry.kinematics import forward_kinematics
from threepoint.model_core.geometry.rotations import axis_angle_to_matrix
from threepoint.model_core.geometry.skeleton import FEET
from threepoint.model_core.mocap.augmentation import Augmentation, Dice
from threepoint.model_core.mocap.play_variation import (
    ARMS,
    PelvisMotion,
    draw_pelvis_motion,
    move_pelvis,
    rotation_between,
    swap_arms,
)
from threepoint.model_core.observation import FPS

MILLIMETRE = 1e-3
DEVICE = "cpu"


@pytest.fixture(scope="module")
def windows(make_clip):
    """Local rotations (4, 60, 22, 3, 3), translation and rest joints of four windows."""
    clip = make_clip(240)
    local = torch.from_numpy(clip.rotations()).float().unflatten(0, (4, 60))
    translation = torch.from_numpy(clip.translation).float().unflatten(0, (4, 60))
    rest = torch.as_tensor(clip.rest_joints).float()[:22].expand(4, -1, -1)
    return local, translation, rest


def test_other_arms_change_nothing_but_arms_of_the_chosen_windows(windows):
    local, translation, rest = windows
    arms = axis_angle_to_matrix(torch.randn(4, 60, len(ARMS), 3, generator=torch.Generator().manual_seed(0)))
    chosen = torch.tensor([True, False, True, False])
    found = swap_arms(local, arms, chosen)
    others = [joint for joint in range(22) if joint not in ARMS]
    assert torch.equal(found[:, :, others], local[:, :, others]) and torch.equal(found[~chosen], local[~chosen])
    assert torch.equal(found[chosen][:, :, list(ARMS)], arms[chosen])
    feet = [forward_kinematics(some, translation, rest[:, None])[1][:, :, FEET] for some in (local, found)]
    assert torch.equal(*feet)  # So standing is, and contacts are, what they were.


def test_feet_stay_where_they_are_while_the_pelvis_ducks_leans_and_sways(windows):
    local, translation, rest = windows
    draw = Dice(torch.Generator().manual_seed(1), DEVICE)
    always = Augmentation(duck=1.0)
    moved = draw_pelvis_motion(draw, 4, 60, rest[:, 0, 1] - rest[:, 7, 1], always)
    assert moved.drop.max() > 0.1 and moved.pitch.max() > 0.1
    chosen = torch.tensor([True, True, True, False])
    found, place = move_pelvis(local, translation, rest, moved, chosen)
    before, after = (forward_kinematics(*motion, rest[:, None]) for motion in ((local, translation), (found, place)))
    distance = (before[1] - after[1])[:, :, list(FEET)].norm(dim=-1)
    assert distance.max() < 2 * MILLIMETRE
    torch.testing.assert_close(before[0][:, :, list(FEET)], after[0][:, :, list(FEET)], atol=1e-4, rtol=0)
    assert torch.equal(found[3], local[3]) and torch.equal(place[3], translation[3])
    pelvis = (after[1] - before[1])[:3, :, 0]
    assert (pelvis[..., 1].min(1).values < -0.02).all()


def test_bones_keep_their_length_and_a_foot_beyond_reach_follows(windows):
    local, translation, rest = windows
    up = PelvisMotion(torch.full((4, 60), -0.4), torch.zeros(4, 60, 2), torch.zeros(4, 60))
    found, place = move_pelvis(local, translation, rest, up, torch.ones(4, dtype=torch.bool))
    assert torch.linalg.det(found).sub(1).abs().max() < 1e-3
    joints = forward_kinematics(found, place, rest[:, None])[1]
    leg = (joints[:, :, 7] - joints[:, :, 1]).norm(dim=-1)
    longest = (rest[:, 4] - rest[:, 1]).norm(dim=-1) + (rest[:, 7] - rest[:, 4]).norm(dim=-1)
    assert (leg <= longest[:, None] + MILLIMETRE).all() and joints[:, :, 7, 1].min() > 0.1


def test_pelvises_move_no_faster_than_people():
    draw = Dice(torch.Generator().manual_seed(2), DEVICE)
    moved = draw_pelvis_motion(draw, 300, 60, torch.full((300,), 0.85), Augmentation())
    assert (moved.drop.diff(dim=1) * FPS).abs().max() < 4.5 and (moved.aside.diff(dim=1) * FPS).abs().max() < 1.5


@pytest.mark.parametrize("target", [[0.0, 0.0, 2.0], [1.0, 2.0, 3.0], [3.0, 0.0, 1e-6]])
def test_the_least_rotation_between_directions(target):
    source, target = torch.tensor([3.0, 0.0, 0.0]), torch.tensor(target)
    turned = rotation_between(source, target) @ source
    torch.testing.assert_close(turned / 3, target / target.norm(), atol=1e-5, rtol=0)
