"""Gaussian smoothing over time, beside scipy's; the smooth step."""

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter1d

from threepoint.model_core.geometry.filters import gaussian_smooth, low_pass, smoothstep

NUMPY_AND_TORCH = pytest.mark.parametrize("kind", [np.asarray, torch.tensor], ids=["numpy", "torch"])


@NUMPY_AND_TORCH
@pytest.mark.parametrize("frames", [1, 5, 200])
def test_with_held_ends_it_is_scipys(kind, frames):
    values = np.random.default_rng(0).normal(size=(frames, 2, 3))
    expected = gaussian_filter1d(values, 2.0, axis=0, mode="nearest", truncate=3.0)
    np.testing.assert_allclose(gaussian_smooth(kind(values), 2.0), expected, atol=1e-12)


@NUMPY_AND_TORCH
def test_without_held_ends_a_value_at_the_end_counts_once(kind):
    values = np.zeros((30, 1))
    values[0] = 1
    held, short = (np.asarray(gaussian_smooth(kind(values), 2.0, hold_ends=ends))[0, 0] for ends in (True, False))
    weights = np.exp(-0.5 * (np.arange(7) / 2) ** 2)
    assert short == pytest.approx(1 / weights.sum())
    assert held == pytest.approx(weights.sum() / (2 * weights.sum() - 1))


def test_no_deviation_changes_nothing_and_type_and_shape_stay():
    values = torch.randn(7, 3, dtype=torch.float32)
    assert torch.equal(gaussian_smooth(values, 0.0), values)
    assert gaussian_smooth(values.numpy(), 1.5).dtype == np.float32


@NUMPY_AND_TORCH
def test_a_smooth_step_is_level_at_both_ends_and_clamped_beyond(kind):
    fraction = np.linspace(-0.5, 1.5, 201)
    step = np.asarray(smoothstep(kind(fraction)))
    np.testing.assert_allclose(step, np.clip(fraction, 0, 1) ** 2 * (3 - 2 * np.clip(fraction, 0, 1)))
    slope = np.gradient(step, fraction)
    assert abs(slope[50]) < 0.02 and abs(slope[150]) < 0.02 and slope.max() == pytest.approx(1.5, abs=0.01)
    assert [smoothstep(number) for number in (-1, 0, 0.25, 0.5, 1, 2.0)] == [0, 0, 0.15625, 0.5, 1, 1]


@pytest.mark.parametrize(("hertz", "left"), [(1, 0.986), (5, 0.707), (20, 0.02)])
def test_a_low_pass_leaves_slow_swings_and_half_the_power_at_its_cut_off(hertz, left):
    time = np.cumsum(np.random.default_rng(0).uniform(0.8, 1.2, 900)) / 90
    swing = np.sin(2 * np.pi * hertz * time)[:, None] * [1.0, 2.0]
    inner = slice(90, 810)
    found = low_pass(swing, time, 5.0)
    assert found[inner].std(0) / swing[inner].std(0) == pytest.approx([left, left], abs=0.03)


def test_a_low_pass_keeps_what_stands_and_looks_across_no_gap():
    time = np.concatenate([np.arange(50), np.arange(200, 250)]) / 90
    values = np.where(np.arange(100) < 50, 1.0, 3.0)
    assert np.allclose(low_pass(values, time, 5.0), values, atol=1e-12)
    assert low_pass(values[:1], time[:1], 5.0) == [1.0]
