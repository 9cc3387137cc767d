"""Feet stand and are free when somebody says so; where nothing is said they do as before."""

import numpy as np
import pytest
import torch

from threepoint.model_core.body.foot_contacts import foot_rest_heights
from threepoint.model_core.geometry.kinematics import forward_kinematics
from threepoint.model_core.geometry.skeleton import ANKLES, FEET
from threepoint.model_core.refinement.closed_form.footsteps import STEP_FRAMES, FootAnchor
from threepoint.model_core.refinement.closed_form.given_stands import obey_given
from threepoint.model_core.refinement.closed_form.legs import foot_targets, move_feet
from threepoint.model_core.refinement.standing.feet import obey_contacts

FRAMES = 120
SPOTS, YAWS = np.zeros((FRAMES, 2)), np.zeros(FRAMES)


def anchor(first, last, x=0.0):
    return FootAnchor(first, last, np.array([x, 0.0]), 0.0)


def given_as(**stretches):
    """``free=(10, 20)``, ``stands=(30, 40)`` as an array (T,)."""
    given = np.full(FRAMES, np.nan)
    for name, (first, last) in stretches.items():
        given[first:last] = name == "stands"
    return given


def spans(anchors):
    return [(one.first, one.last) for one in anchors]


def test_a_foot_that_is_free_stands_no_more_and_stays_where_it_was_before_and_after():
    found = obey_given([anchor(10, 100, 0.3)], SPOTS, YAWS, given_as(free=(40, 60)))
    assert spans(found) == [(10, 40), (60, 100)] and all(one.position[0] == 0.3 for one in found)
    assert obey_given([anchor(40, 60)], SPOTS, YAWS, given_as(free=(30, 80))) == []


def test_a_foot_that_is_to_stand_goes_on_on_its_spot_or_stands_where_it_is():
    assert spans(obey_given([anchor(10, 40)], SPOTS, YAWS, given_as(stands=(30, 70)))) == [(10, 70)]
    (found,) = obey_given([], SPOTS + [0.5, 0.0], YAWS + 0.4, given_as(stands=(30, 70)))
    assert (found.first, found.last) == (30, 70) and abs(found.position[0] - 0.5) < 1e-9 and abs(found.yaw - 0.4) < 1e-9


def test_of_two_spots_in_a_stand_the_longer_one_counts():
    found = obey_given([anchor(0, 50), anchor(60, 120, 0.5)], SPOTS, YAWS, given_as(stands=(40, 100)))
    assert spans(found) == [(0, 40 - STEP_FRAMES), (40, 120)] and [one.position[0] for one in found] == [0.0, 0.5]


def test_a_stand_that_is_made_longer_stays_where_it_was_though_the_foot_goes_on():
    found = obey_given(
        [anchor(0, 50), anchor(54, 70, 0.3), anchor(71, 120, 0.5)], SPOTS, YAWS, given_as(stands=(45, 70))
    )
    assert spans(found) == [(0, 70), (70 + STEP_FRAMES, 120)] and [one.position[0] for one in found] == [0.0, 0.5]


@pytest.mark.parametrize("seed", range(40))
def test_whatever_is_given_is_obeyed_and_nothing_else_changes(seed):
    rng = np.random.default_rng(seed)
    edges = np.sort(rng.choice(FRAMES, 6, replace=False))
    before = [anchor(a, b, float(rng.normal())) for a, b in edges.reshape(3, 2)]
    given = np.repeat(rng.choice([np.nan, 0.0, 1.0], 12), FRAMES // 12)
    after = obey_given(before, SPOTS + rng.normal(size=(FRAMES, 2)), YAWS, given)
    stands = np.zeros(FRAMES, int)
    for one in after:
        stands[one.first : one.last] += 1
    assert stands.max() <= 1, "no foot stands twice"
    assert (stands[given == 1] == 1).all() and (stands[given == 0] == 0).all()
    if np.isnan(given).all():
        assert after == before


def test_a_foot_in_the_air_comes_down_where_it_is_to_stand_and_a_locked_one_is_let_go(make_clip):
    clip = make_clip(FRAMES)
    rest = torch.from_numpy(clip.rest_joints).float()
    rotations, translation = torch.from_numpy(clip.rotations()).float(), torch.from_numpy(clip.translation).float()
    translation = translation + torch.outer(torch.arange(FRAMES) / 60, torch.tensor([0.3, 0.0, 0.0]))
    translation = translation + torch.tensor([0.0, 0.04, 0.0])
    world, joints = forward_kinematics(rotations, translation, rest)
    given = torch.full((FRAMES, 2), torch.nan)
    given[40:80, 0], given[40:80, 1] = 1, 0
    contacts = obey_contacts(torch.tensor([0.0, 1.0, 0.0, 1.0]).expand(FRAMES, 4), given)
    heights = foot_rest_heights(rest)
    moving = torch.zeros(FRAMES, dtype=torch.bool)
    targets = foot_targets(world[:, list(ANKLES)], joints, contacts, moving, rest, heights, given=given)
    assert targets.standing[40:80, 0].all() and not targets.standing[40:80, 1].any()
    solved = move_feet(rotations, translation, targets.positions, targets.rotations, rest)
    feet = forward_kinematics(solved, translation, rest)[1][:, FEET]
    assert feet[40:80, 0].diff(dim=0).norm(dim=-1).max() < 0.001
    assert (feet[40:80, 0, 1] - heights[0]).abs().max() < 0.01
    assert feet[45:75, 1].diff(dim=0).norm(dim=-1).min() > 0.001
