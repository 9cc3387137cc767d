"""Angles about three axes: which of those that mean a rotation follow the frame before."""

import numpy as np
import pytest

from threepoint.model_core.geometry.euler import TURN, nearest_choices


@pytest.mark.parametrize("step", [0.05, 0.7, 2.0])
def test_angles_go_on_with_the_choice_and_the_turns_that_are_nearest(step):
    def one_after_the_other(choices, now):
        values = np.empty(choices.shape[1:])
        for frame in range(len(values)):
            near = choices[:, frame] + TURN * np.rint((now - choices[:, frame]) / TURN)
            away = np.abs(near - now).sum(-1, keepdims=True)
            now = values[frame] = np.where(away[0] <= away[1], near[0], near[1])
        return values

    rng = np.random.default_rng(0)
    for count in (1, 2, 200):
        angles = np.cumsum(rng.normal(0, step, (count, 5, 3)), 0) % TURN
        other = np.stack([angles[..., 0] + np.pi, np.pi - angles[..., 1], angles[..., 2] + np.pi], -1)
        turned = rng.random((count, 5, 1)) < 0.3
        choices = np.stack([np.where(turned, other, angles), np.where(turned, angles, other)])
        for before in (None, rng.normal(0, 4, (5, 3))):
            wanted = one_after_the_other(choices, choices[0, 0] if before is None else before)
            np.testing.assert_allclose(nearest_choices(choices, before), wanted, atol=1e-9)
