"""The head that a stream is shown: what a neck allows is left as it is, everything else is followed slowly."""

import numpy as np
import pytest

from threepoint.model_core.geometry.rotations import axis_angle_to_matrix, geodesic_angle
from threepoint.model_core.live.head import LiveHead
from threepoint.model_core.observation import FPS, heading
from threepoint.model_core.pipeline.human_head import FASTEST_TURN, LARGEST_TILT


def shown(angles, axis):
    """The head's rotations (T, 3, 3) that are shown of one that turns by ``angles`` about an axis."""
    head, found = LiveHead(), []
    for angle in angles:
        rotations = np.tile(axis_angle_to_matrix(angle * np.asarray(axis, float)), (3, 1, 1))
        found.append(head.step(rotations, np.zeros((3, 3)), True)[0][0])
    return np.stack(found)


def test_what_a_neck_allows_is_left_as_it_is():
    angles = 1.8 * np.sin(np.arange(200) / 20)
    np.testing.assert_allclose(
        shown(angles, [1, 0, 0]), axis_angle_to_matrix(angles[:, None] * [1.0, 0, 0]), atol=1e-12
    )


@pytest.mark.parametrize("axis", [[1, 0, 0], [0, 0, 1], [0.6, 0, 0.8]])
def test_a_headset_that_is_turned_over_leads_no_body_round(axis):
    found = shown(np.concatenate([np.linspace(0, 2 * np.pi, 120), np.full(60, 2 * np.pi)]), axis)
    assert found[:, 1, 1].min() > np.cos(LARGEST_TILT) - 1e-6
    assert FPS * geodesic_angle(found[:-1], found[1:]).max() <= FASTEST_TURN + 1e-6
    turns = np.abs(np.angle(np.exp(1j * np.diff(heading(found)))))
    assert turns.max() < np.pi / 4, "the body does not leap round"
    np.testing.assert_allclose(found[-1], np.eye(3), atol=1e-6)
