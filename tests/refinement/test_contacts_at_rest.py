"""Contacts of feet that move are none, and of those that only seem to rest."""

import torch

from threepoint.model_core.geometry.skeleton import FEET
from threepoint.model_core.refinement.standing.feet import REST_FRAMES, contacts_at_rest


def test_a_foot_that_goes_up_is_in_contact_before_and_after():
    joints, contacts = torch.zeros(60, 22, 3), torch.full((60, 4), 0.9)
    joints[20:, FEET[1], 1] = torch.cat([torch.linspace(0, 0.2, 10), torch.full((30,), 0.2)])
    found = contacts_at_rest(joints, contacts)
    assert (found[:, [0, 2, 3]] == contacts[:, [0, 2, 3]]).all()
    assert (found[:20, 1] == 0.9).all() and (found[30:, 1] == 0.9).all() and (found[21:29, 1] == 0).all()


def test_a_foot_that_turns_back_in_the_air_is_in_none():
    joints, contacts = torch.zeros(60, 22, 3), torch.ones(60, 4)
    joints[:, FEET[0], 1] = 0.2 - 0.004 * (torch.arange(60) - 30).abs()
    found = contacts_at_rest(joints, contacts)
    assert not found[:, 0].any() and found[:, 1:].all()
    assert (contacts_at_rest(joints[:1], contacts[:1]) == 1).all() and REST_FRAMES > 3
