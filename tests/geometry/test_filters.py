"""Gaussian smoothing over time, beside scipy's; the smooth step."""

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter1d

from threepoint.model_core.geometry.filters import gaussian_smooth, smoothstep

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
