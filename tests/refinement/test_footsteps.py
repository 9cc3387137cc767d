"""Feet stand on one spot until there is reason to step."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d

from threepoint.model_core.refinement.closed_form.footsteps import find_foot_anchors

FRAMES = 240


def foot(frames=FRAMES):
    """A foot that rests: spots, yaws, lifts, contacts, and a head that is still."""
    return np.zeros((frames, 2)), np.zeros(frames), np.zeros(frames), np.ones(frames), np.ones(frames, bool)


def test_a_foot_that_sways_stands_on_one_spot_throughout():
    spots, yaws, lifts, contacts, still = foot()
    spots[:, 0] = 0.06 * np.sin(np.arange(FRAMES) / 9)
    (anchor,) = find_foot_anchors(spots, yaws, lifts, contacts, still)
    assert (anchor.first, anchor.last) == (0, FRAMES) and abs(anchor.position[0]) < 0.02


def test_under_a_still_head_a_foot_that_is_doubted_and_comes_back_has_not_stepped():
    spots, yaws, lifts, contacts, still = foot()
    contacts[100:140], lifts[100:140] = 0.0, 0.05
    assert len(find_foot_anchors(spots, yaws, lifts, contacts, still)) == 1
    assert len(find_foot_anchors(spots, yaws, lifts, contacts, ~still)) == 2, "under a moving head it may have"
    lifts[100:140] = 0.3
    assert len(find_foot_anchors(spots, yaws, lifts, contacts, still)) == 2, "a foot held up has stepped"


def test_a_foot_that_lands_elsewhere_has_stepped():
    spots, yaws, lifts, contacts, still = foot()
    contacts[100:120] = 0.0
    spots[110:, 1] = 0.4
    before, after = find_foot_anchors(spots, yaws, lifts, contacts, still)
    assert (before.last, after.first) == (100, 120)
    assert abs(before.position[1]) < 1e-9 and abs(after.position[1] - 0.4) < 1e-9


def test_a_drift_that_no_contact_shows_is_a_step_between_two_spots():
    spots, yaws, lifts, contacts, still = foot()
    spots[:, 0] = 0.4 / (1 + np.exp(-(np.arange(FRAMES) - 120) / 10))
    anchors = find_foot_anchors(spots, yaws, lifts, contacts, still)
    assert len(anchors) >= 2 and all(a.last < b.first for a, b in zip(anchors[:-1], anchors[1:], strict=True))
    assert anchors[0].position[0] < 0.1 and anchors[-1].position[0] > 0.3


def test_a_turn_on_the_spot_is_a_step_too():
    spots, yaws, lifts, contacts, still = foot()
    yaws[100:] = 1.2
    first, second = find_foot_anchors(spots, yaws, lifts, contacts, still)
    assert first.yaw == 0 and abs(second.yaw - 1.2) < 1e-6


def test_a_foot_that_is_never_in_contact_has_no_anchor():
    spots, yaws, lifts, contacts, still = foot()
    assert find_foot_anchors(spots, yaws, lifts + 0.3, 0 * contacts, still) == []


@pytest.mark.parametrize("seed", range(12))
def test_a_foot_that_goes_about_without_losing_contact_stands_where_it_is(seed):
    rng = np.random.default_rng(seed)
    spots = np.repeat(rng.uniform(-0.8, 0.8, (6, 2))[rng.integers(0, 6, 24)], 60, axis=0)
    spots = gaussian_filter1d(spots, 6.0, axis=0) + 0.01 * rng.standard_normal(spots.shape)
    count = len(spots)
    anchors = find_foot_anchors(spots, np.zeros(count), np.zeros(count), np.ones(count), np.ones(count, bool))
    for anchor in anchors:
        away = np.linalg.norm(spots[anchor.first : anchor.last] - anchor.position, axis=-1)
        assert np.percentile(away, 90) < 0.25, f"{anchor.first} to {anchor.last} at {anchor.position}"
    covered = sum(anchor.last - anchor.first for anchor in anchors)
    assert covered > 0.35 * count
