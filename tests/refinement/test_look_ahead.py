"""What comes long after a frame decides nothing there: cut short, a motion is the same up to a bound before the cut."""

import numpy as np
import pytest
import torch

from threepoint.model_core.refinement.closed_form.footsteps import ANCHOR_LOOK_AHEAD, find_foot_anchors
from threepoint.model_core.refinement.closed_form.smoothing import (
    BRIDGED,
    ENVELOPE_REACH,
    fade_outside,
    rate_limited_envelope,
)
from threepoint.model_core.refinement.optimization.dynamic_programming import DECIDED_AFTER, shortest_path
from threepoint.model_core.refinement.standing.feet import ANCHOR_FRAMES, foot_anchors

FRAMES = 1500
CUTS = (400, 611, 1003, 1290)


def stretches(rng, chance, longest=300):
    """(FRAMES,) bool: stretches of True and False of all lengths."""
    lengths = rng.geometric(1 / rng.integers(5, longest, 200))
    return np.repeat(rng.random(200) < chance, lengths)[:FRAMES]


def smoothed(values, frames):
    return np.apply_along_axis(np.convolve, 0, values, np.hanning(frames) / np.hanning(frames).sum(), "same")


def fidgeting_foot(seed):
    """Spots, yaws, lifts, contacts and a still head: a foot that stands long, sways, shuffles, is doubted, lifted."""
    rng = np.random.default_rng(seed)
    spots = np.repeat(rng.uniform(-0.3, 0.3, (200, 2)), rng.geometric(1 / 90, 200), axis=0)[:FRAMES]
    spots = smoothed(spots, 15) + 0.04 * smoothed(rng.standard_normal((FRAMES, 2)), 60) * 8
    contacts = np.where(stretches(rng, 0.75), 0.9, 0.0)
    lifts = np.where(contacts > 0, 0.0, rng.choice([0.02, 0.2], p=[0.8, 0.2]) * np.ones(FRAMES))
    return spots, spots[:, 0] * 1.5, smoothed(lifts, 9), contacts, stretches(rng, 0.7)


def placed(foot):
    """Where it stands at each frame, (FRAMES, 4): whether, where and with which yaw."""
    table = np.zeros((len(foot[0]), 4))
    for anchor in find_foot_anchors(*foot):
        table[anchor.first : anchor.last] = [1.0, *anchor.position, anchor.yaw]
    return table


@pytest.mark.parametrize("seed", range(20))
def test_a_foot_stands_where_the_next_seconds_say(seed):
    foot = fidgeting_foot(seed)
    whole = placed(foot)
    for cut in CUTS:
        sure = cut - ANCHOR_LOOK_AHEAD
        np.testing.assert_allclose(placed([part[:cut] for part in foot])[:sure], whole[:sure], atol=1e-9)
    assert 0.1 < whole[:, 0].mean() < 1 and len(np.unique(whole[:, 1])) > 3


@pytest.mark.parametrize("seed", range(5))
def test_the_anchor_of_the_windows_is_the_mean_of_the_first_frames(seed):
    rng = np.random.default_rng(seed)
    joints = torch.from_numpy(np.cumsum(rng.normal(0, 0.01, (FRAMES, 22, 3)), 0))
    contacts = torch.from_numpy(np.stack([stretches(rng, 0.7) for _ in range(4)], 1).astype(float))
    whole = foot_anchors(joints, contacts)
    for cut in CUTS:
        sure = cut - ANCHOR_FRAMES
        torch.testing.assert_close(foot_anchors(joints[:cut], contacts[:cut])[:sure], whole[:sure], atol=1e-9, rtol=0)


@pytest.mark.parametrize("seed", range(10))
def test_choices_are_made_from_what_comes_soon(seed):
    rng = np.random.default_rng(seed)
    # Two choices that are as good as each other, and nothing to tell them apart for long.
    costs = np.where(stretches(rng, 0.2)[:, None], rng.random((FRAMES, 6)), 0.3)
    steps = 0.2 * np.abs(np.arange(6)[:, None] - np.arange(6))
    whole = shortest_path(costs, steps)
    for cut in CUTS:
        sure = cut - 2 * DECIDED_AFTER
        np.testing.assert_array_equal(shortest_path(costs[:cut], steps)[:sure], whole[:sure])
    spent = costs[np.arange(FRAMES), whole].sum() + steps[whole[1:], whole[:-1]].sum()
    assert spent < 1.02 * cheapest(costs, steps)


def cheapest(costs, steps):
    """What the cheapest of all sequences costs."""
    total = costs[0]
    for cost in costs[1:]:
        total = cost + (total + steps).min(1)
    return total.min()


@pytest.mark.parametrize("seed", range(5))
def test_corrections_come_no_sooner_than_they_may(seed):
    rng = np.random.default_rng(seed)
    values = torch.from_numpy(rng.standard_normal((FRAMES, 3)))
    known = torch.from_numpy(stretches(rng, 0.5, 120))
    faded, envelope = fade_outside(values, known, 12), rate_limited_envelope(values * known[:, None], 0.004, 3.0)
    for cut in CUTS:
        sure = cut - BRIDGED * 12
        torch.testing.assert_close(fade_outside(values[:cut], known[:cut], 12)[:sure], faded[:sure], atol=1e-9, rtol=0)
        sure = cut - ENVELOPE_REACH - 9
        found = rate_limited_envelope((values * known[:, None])[:cut], 0.004, 3.0)
        torch.testing.assert_close(found[:sure], envelope[:sure], atol=1e-9, rtol=0)
