"""Under a still head feet, pelvis and legs are those of hidden hands; elsewhere nothing changes."""

import numpy as np
import pytest
import torch

from threepoint.model_core.geometry.kinematics import forward_kinematics
from threepoint.model_core.geometry.rotations import axis_angle_to_matrix
from threepoint.model_core.observation import Observation
from threepoint.model_core.refinement.closed_form.trunk import steady_pelvis
from threepoint.model_core.refinement.standing import steady as steadying
from threepoint.model_core.refinement.standing.steady import HANDS_REACH, steady, steady_predictions
from threepoint.model_core.sage.inference import Prediction
from threepoint.model_core.sage.stillness import stillness

FRAMES = 120


def prediction(seed, contact, frames=FRAMES):
    generator = torch.Generator().manual_seed(seed)
    rotations = axis_angle_to_matrix(0.3 * torch.randn(1, 22, 3, generator=generator)).repeat(frames, 1, 1, 1)
    return Prediction(rotations, torch.zeros(frames, 3), torch.full((frames, 4), contact))


def chest(rotations):
    return rotations[:, 0] @ rotations[:, 3] @ rotations[:, 6] @ rotations[:, 9]


def test_a_head_that_walks_is_not_still_and_one_that_sways_is():
    time = np.arange(FRAMES) / 60
    swaying = np.stack([0.03 * np.sin(4 * time), 1.6 + 0.3 * time, 0 * time], 1)
    assert stillness(swaying).min() == 1
    assert stillness(swaying + np.outer(time, [0.9, 0, 0])).max() == 0
    assert stillness(swaying[:1]).tolist() == [1.0]


def test_legs_and_contacts_are_those_of_hidden_hands_where_the_head_is_still():
    shown, hidden = prediction(0, 0.2), prediction(1, 0.9)
    still = (torch.arange(FRAMES) < 60).float()
    found = steady(shown, hidden, still)
    legs = [0, 1, 2, 4, 5, 7, 8, 10, 11]
    torch.testing.assert_close(found.rotations[:60, legs], hidden.rotations[:60, legs], atol=1e-4, rtol=0)
    torch.testing.assert_close(found.rotations[60:], shown.rotations[60:], atol=1e-4, rtol=0)
    torch.testing.assert_close(chest(found.rotations), chest(shown.rotations), atol=1e-4, rtol=0)
    assert found.contacts[:60].min() == pytest.approx(0.9) and found.contacts[60:].max() == pytest.approx(0.2)


@pytest.mark.parametrize("seen_from", [300, None], ids=["hands come late", "no hands at all"])
def test_while_no_hand_is_seen_the_prediction_stays_as_it_is(monkeypatch, seen_from):
    shown, hidden = prediction(0, 0.2, 500), prediction(1, 0.9, 500)
    valid = np.ones((500, 3), bool)
    valid[:seen_from, 1:] = False
    head = Observation(np.tile(np.eye(3), (500, 3, 1, 1)), np.full((500, 3, 3), 1.6), valid, np.zeros(10))
    monkeypatch.setattr(steadying, "predict_all", lambda *arguments, **options: [hidden])
    (found,) = steady_predictions(None, [shown], [head], [np.zeros((22, 3))])
    before = 500 if seen_from is None else seen_from - HANDS_REACH - 12
    assert found.contacts[:before].max() == pytest.approx(0.2)
    torch.testing.assert_close(found.rotations[:before], shown.rotations[:before], atol=1e-4, rtol=0)
    assert seen_from is None or found.contacts[seen_from:].min() == pytest.approx(0.9)


def test_a_pelvis_is_carried_evenly_under_a_still_head_which_stays_where_it_is(make_clip):
    clip = make_clip(FRAMES)
    rest = torch.from_numpy(clip.rest_joints).float()
    rotations, translation = torch.from_numpy(clip.rotations()).float(), torch.from_numpy(clip.translation).float()
    shake = 0.03 * torch.sin(torch.arange(FRAMES) / 3)
    rotations[:, 0] = axis_angle_to_matrix(torch.outer(shake, torch.tensor([0.0, 0, 1.0]))) @ rotations[:, 0]
    calm, moved = steady_pelvis(rotations, translation, torch.ones(FRAMES), rest)
    before, after = (forward_kinematics(*body, rest)[1] for body in ((rotations, translation), (calm, moved)))
    hung = before - before[:, 15:16], after - after[:, 15:16]
    torch.testing.assert_close(after[:, 15], before[:, 15], atol=1e-4, rtol=0)
    assert hung[1][20:-20, 0, 0].std() != hung[0][20:-20, 0, 0].std()
    untouched = steady_pelvis(rotations, translation, torch.zeros(FRAMES), rest)
    torch.testing.assert_close(untouched[0], rotations, atol=1e-5, rtol=0)
