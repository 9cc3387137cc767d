"""Windows cover recordings of any length and are cross-faded without a seam."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from threepoint.model_core.window_blending import blend_sequences, cross_fade, even_parts, window_starts

COUNTS = [1, 2, 5, 47, 48, 49, 60, 84, 200, 1000]
KINDS = {"to the middle": {}, "over 13 frames": {"length": 13, "hold_ends": True}}


def curve(frames):
    """A curve (..., 2) of frames, which forward() copies."""
    return torch.stack([frames.sin(), 0.01 * frames], -1)


def blended(count, window=48, step=36, bias=lambda start: 0.0, per_batch=4, **kind):
    """What windows of ``curve`` make when they are blended, each with a bias of its own."""

    def forward(places, window):
        starts = torch.tensor([start for _, start in places])
        frames = starts[:, None] + torch.arange(window)
        return curve(frames.float()) + torch.tensor([bias(int(start)) for start in starts])[:, None, None]

    return blend_sequences([count], window, step, forward, per_batch, **kind)[0]


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("step", [2, 24, 36, 48])
def test_windows_cover_every_frame(count, step):
    window = min(48, count)
    starts = window_starts(count, window, step)
    assert {frame for start in starts for frame in range(start, start + window)} == set(range(count))


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("count", COUNTS)
def test_windows_that_agree_are_what_they_agree_on(count, kind):
    torch.testing.assert_close(blended(count, **kind), curve(torch.arange(count).float()), atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_from_one_window_to_the_next_nothing_jumps(kind):
    found = blended(200, bias=lambda start: float(start % 72 > 0), **kind) - curve(torch.arange(200).float())
    assert 0.9 < found.max() - found.min() < 1.01
    assert found.diff(dim=0).abs().max() < 0.12


def test_weights_count_frames_to_the_nearer_end():
    np.testing.assert_array_equal(cross_fade([0, 4], 6, 10), [[1, 2, 3, 3, 2, 1]] * 2)
    np.testing.assert_array_equal(cross_fade([0, 4], 6, 10, length=2, hold_ends=True),
                                  [[1, 1, 1, 1, 1, 0.5], [0.5, 1, 1, 1, 1, 1]])  # fmt: skip


def test_batches_change_nothing_and_are_reported():
    said = []
    one = blended(500, per_batch=1, progress=lambda fraction, stage: said.append((fraction, stage)), stage="blending")
    torch.testing.assert_close(one, blended(500, per_batch=100), atol=0, rtol=0)
    fractions = [fraction for fraction, _ in said]
    assert fractions == sorted(fractions) and fractions[0] == 0 and len(said) == len(window_starts(500, 48, 36))
    assert {stage for _, stage in said} == {"blending"}


@given(st.integers(1, 400), st.integers(1, 64))
def test_parts_are_all_windows_in_order_and_of_one_size(count, most):
    starts = list(range(0, 10 * count, 10))
    parts = even_parts(starts, most)
    assert [start for part in parts for start in part] == starts
    sizes = {len(part) for part in parts}
    assert max(sizes) <= most and max(sizes) - min(sizes) <= 1 and min(sizes) > 0
    assert len(parts) % 2 == 0 or count == len(parts)
