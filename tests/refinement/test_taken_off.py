"""Who stands when the headset is taken off stands on; everybody else is left as they are."""

import numpy as np
import pytest
import torch

from threepoint.model_core.body import load_body
from threepoint.model_core.geometry.rotations import axis_angle_to_matrix
from threepoint.model_core.observation import Observation
from threepoint.model_core.refinement.standing.taken_off import stand_on
from threepoint.model_core.sage.inference import Prediction

FRAMES, OFF = 300, 120
REST = load_body().rest_joints(np.zeros(10, np.float32))[:22]
LEGS = [1, 2, 4, 5, 7, 8, 10, 11]


def stepping(from_frame):
    """Who stands and lets their legs swing from a frame on; the heights are those of who stands."""
    phase = torch.sin(torch.arange(FRAMES) / 6.0) * (torch.arange(FRAMES) >= from_frame)
    turned = torch.zeros(FRAMES, 22, 3)
    turned[:, 1, 0], turned[:, 2, 0] = 0.5 * phase, -0.5 * phase
    lowest = torch.as_tensor(REST[:, 1].min() - REST[0, 1])
    pelvis = torch.tensor([0.0, 0.0, 0.0]).repeat(FRAMES, 1) - lowest * torch.tensor([0.0, 1.0, 0.0])
    return Prediction(axis_angle_to_matrix(turned), pelvis, torch.full((FRAMES, 4), 0.3))


def seen(lost, way=0.0):
    """An observation whose head is lost in a slice, and goes so many metres meanwhile."""
    valid, heads = np.ones((FRAMES, 3), bool), np.full((FRAMES, 3, 3), 1.6)
    valid[lost] = False
    heads[lost, 0, 0] += np.linspace(0, way, len(heads[lost]))
    return Observation(np.tile(np.eye(3), (FRAMES, 3, 1, 1)), heads, valid, np.zeros(10))


def assert_same(found, expected):
    torch.testing.assert_close(found, expected.expand(found.shape), atol=1e-4, rtol=0)


def test_the_legs_stay_as_they_were_and_stand():
    shown = stepping(OFF)
    found = stand_on(shown, seen(slice(OFF, None)), REST)
    assert_same(found.rotations[OFF:, LEGS], shown.rotations[OFF - 1, LEGS])
    assert found.contacts[OFF:].min() == 1 and found.contacts[:OFF].max() == pytest.approx(0.3)
    assert_same(found.rotations[:OFF], shown.rotations[:OFF])


def test_who_puts_it_on_again_goes_over_to_how_they_stand_then():
    shown = stepping(OFF)
    found = stand_on(shown, seen(slice(OFF, 240)), REST)
    assert_same(found.rotations[OFF : OFF + 50, LEGS], shown.rotations[OFF - 1, LEGS])
    assert_same(found.rotations[239:, LEGS], shown.rotations[239:, LEGS])
    steps = (found.rotations[1:] - found.rotations[:-1]).abs().amax((1, 2, 3))
    assert steps.max() < 1.5 * (shown.rotations[1:] - shown.rotations[:-1]).abs().max()


def test_who_is_seen_late_stands_before_as_then():
    shown = stepping(0)
    still = Prediction(shown.rotations.clone(), shown.translation, shown.contacts)
    still.rotations[OFF : OFF + 3] = stepping(FRAMES).rotations[:3]
    found = stand_on(still, seen(slice(0, OFF)), REST)
    assert_same(found.rotations[:OFF, LEGS], still.rotations[OFF, LEGS])


@pytest.mark.parametrize(
    ("walks", "lost", "way"),
    [
        (FRAMES, slice(0, 0), 0.0),
        (OFF, slice(OFF, OFF + 30), 0.0),
        (OFF, slice(OFF, None), 1.0),
        (0, slice(OFF, None), 0.0),
    ],
    ids=["always seen", "lost for a moment", "the head goes on", "on the move"],
)
def test_others_are_left_as_they_are(walks, lost, way):
    shown = stepping(walks)
    assert stand_on(shown, seen(lost, way), REST) is shown
