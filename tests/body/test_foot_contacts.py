"""Feet at rest and standing: one rule for numpy and torch, for one body and for many."""

import numpy as np
import pytest
import torch

from threepoint.model_core.body.foot_contacts import STANDING_HEIGHT, STANDING_SPEED, foot_rest_heights, in_contact


def test_toes_tell_where_the_sole_is(body):
    rest, sole = body.rest_joints(np.zeros(10)), float(body.sole(np.zeros(10)))
    np.testing.assert_allclose(foot_rest_heights(rest), foot_rest_heights(rest, sole), atol=0.012)
    assert (foot_rest_heights(rest, sole) > 0).all()


def test_many_bodies_at_once_in_torch_are_each_alone_in_numpy(body):
    rest = np.stack([body.rest_joints(np.eye(10)[0] * size) for size in (-1, 0, 2)])
    many = foot_rest_heights(torch.from_numpy(rest))
    np.testing.assert_allclose(many.numpy(), [foot_rest_heights(one) for one in rest], atol=1e-9)
    assert (many.diff(dim=0) > 0).all(), "the larger the person, the higher the ankle"


@pytest.mark.parametrize("above, speed, standing", [(0.0, 0.0, True), (0.9, 0.9, True), (1.1, 0.0, False),
                                                    (0.0, 1.1, False)])  # fmt: skip
def test_a_foot_stands_that_is_low_and_slow(above, speed, standing):
    rest = np.array([0.08, 0.08, 0.02, 0.02])
    assert (in_contact(rest + above * STANDING_HEIGHT, speed * STANDING_SPEED, rest) == standing).all()
