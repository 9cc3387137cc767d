"""Corrections come and go smoothly, whatever asks for them."""

import numpy as np
import pytest
import torch

from threepoint.model_core.refinement.closed_form import pentadiagonal
from threepoint.model_core.refinement.closed_form.smoothing import fade_outside, rate_limited_envelope, whittaker_smooth


def test_what_is_known_stays_and_dies_away_from_there():
    known = torch.zeros(60, dtype=torch.bool)
    known[20:30] = True
    released = fade_outside(torch.full((60, 2), 3.0), known, 8)
    assert (released[20:30] == 3).all()
    assert (released[:13] == 0).all() and (released[37:] == 0).all()
    assert (released[29:38].diff(dim=0) < 0).all() and released.diff(dim=0).abs().max() < 0.75


def test_a_short_gap_is_bridged_from_one_side_to_the_other():
    known = torch.ones(30, dtype=torch.bool)
    known[12:15] = False
    values = torch.where(torch.arange(30)[:, None] < 13, 1.0, 2.0)
    released = fade_outside(values, known, 20)
    assert (released.diff(dim=0) >= 0).all() and released.max() == 2
    assert torch.equal(released[known], values[known])


@pytest.mark.parametrize("known", [[], [0], [4]])
def test_few_or_no_known_frames_are_no_hindrance(known):
    mask = torch.zeros(5, dtype=torch.bool)
    mask[known] = True
    released = fade_outside(torch.ones(5, 3), mask, 2)
    assert released.isfinite().all() and (released > 0).any() == bool(known)


def test_a_sudden_need_is_met_by_coming_early_and_leaving_late():
    turns = torch.zeros(100, 3)
    turns[50:52] = torch.tensor([0.3, 0.0, 0.0])
    ahead = rate_limited_envelope(turns, 0.02, 1.5)
    length = ahead.norm(dim=-1)
    assert length[50:52].min() > 0.9 * 0.3 and length.max() <= 0.3
    assert ahead.diff(dim=0).norm(dim=-1).max() < 0.021
    assert (length[:25] == 0).all() and (length[30:45] > 0).any()
    torch.testing.assert_close(torch.nn.functional.normalize(ahead[40:60], dim=-1)[:, 0], torch.ones(20))


def test_a_steady_need_is_met_as_it_is():
    turns = torch.tensor([[0.1, -0.2, 0.05]]).repeat(40, 1)
    torch.testing.assert_close(rate_limited_envelope(turns, 0.02, 1.5), turns)
    assert (rate_limited_envelope(torch.zeros(7, 3), 0.02, 1.5) == 0).all()


def test_what_is_not_known_goes_over_calmly_into_what_is():
    time = torch.arange(200.0)[:, None]
    known = torch.ones(200, dtype=torch.bool)
    known[60:140] = False
    values = torch.where(known[:, None], torch.zeros(200, 2), torch.sin(time / 10) + torch.tensor([2.0, -1.0]))
    calmed = whittaker_smooth(values, known, 12, 4, 30)
    assert torch.equal(calmed[known], values[known])
    assert calmed.diff(dim=0).abs().max() < 0.25 < 1 < values.diff(dim=0).abs().max()
    assert (calmed - values)[95:105].abs().max() < 0.1


@pytest.mark.parametrize("known", [[True] * 9, [False] * 9, [False] * 4 + [True] * 5, [True, False]])
def test_straight_motion_stays_straight_whatever_is_known(known):
    line = torch.arange(float(len(known)))[:, None] * torch.tensor([[0.5, -2.0]])
    torch.testing.assert_close(whittaker_smooth(line, torch.tensor(known), 12, 4, 30), line, atol=1e-4, rtol=0)


@pytest.mark.parametrize("unknowns", [1, 2, 3, 4, 25, 100])
def test_five_bands_are_solved_as_the_whole_matrix_is(unknowns):
    generator = np.random.default_rng(unknowns)
    first, second = (generator.normal(size=max(0, unknowns - distance)) for distance in (1, 2))
    matrix = sum(np.diag(band, distance)[:unknowns, :unknowns] for distance, band in enumerate((first, second), 1))
    matrix += matrix.T
    diagonal = np.abs(matrix).sum(1) + generator.uniform(0.1, 1, unknowns)
    right = generator.normal(size=(unknowns, 2))
    solution = pentadiagonal.solve(diagonal, first, second, right)
    np.testing.assert_allclose(solution, np.linalg.solve(matrix + np.diag(diagonal), right), atol=1e-12)


def test_smoothing_minimises_what_it_says():
    """The gradient of the trust in the values and of the second differences vanishes where nothing is known."""
    generator = torch.Generator().manual_seed(0)
    values, known = torch.randn(150, 3, generator=generator), torch.rand(150, generator=generator) < 0.1
    near, far, reach = 3.0, 8.0, 10
    result = whittaker_smooth(values.double(), known, near, far, reach).numpy()
    away = np.abs(np.arange(150)[:, None] - np.flatnonzero(known)).min(1)
    trust = (near / (near + (far - near) * np.clip(away / reach, 0, 1))) ** 4
    bend = np.diff(np.eye(150), 2, axis=0)
    gradient = trust[:, None] * (result - values.numpy()) + near**4 * bend.T @ bend @ result
    assert np.abs(gradient[~known.numpy()]).max() < 1e-3
