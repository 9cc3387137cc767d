"""The curves of a window's correction are smooth and even, and L-BFGS counts in units that cost alike."""

import pytest
import torch

from threepoint.model_core.flag.influence import joint_influence
from threepoint.model_core.flag.model import load_flag
from threepoint.model_core.geometry.skeleton import FEET, HEAD
from threepoint.model_core.refinement.energy import TERMS
from threepoint.model_core.refinement.windows import WINDOW, correction_units, smooth_basis, smooth_curves


def test_the_smooth_basis_can_hold_still_and_go_straight():
    basis = smooth_basis(30)
    torch.testing.assert_close(basis.sum(1), torch.ones(30))
    line = torch.arange(30.0)[:, None]
    solved = torch.linalg.lstsq(basis, line).solution
    torch.testing.assert_close(basis @ solved, line, atol=1e-3, rtol=0)


@pytest.mark.parametrize("count", [1, 2, 5, 48])
def test_the_curves_span_the_smooth_basis_from_slow_to_quick(count):
    curves, smooth = smooth_curves(count), smooth_basis(count).double()
    assert curves.values.isfinite().all()
    solved = torch.linalg.lstsq(curves.values, smooth, driver="gelsd").solution
    torch.testing.assert_close(curves.values @ solved, smooth, atol=1e-5, rtol=0)


def test_curves_are_orthogonal_and_so_are_their_jerks():
    curves = smooth_curves(WINDOW)
    for each in (curves.values, curves.values.diff(dim=0, n=3)):
        together = each.T @ each
        assert (together - together.diagonal().diag()).abs().max() < 1e-3
    assert (curves.jerk.diff() > 0).all() and curves.speed[0] < 1e-3 < curves.speed[-1]


def test_corrections_are_counted_in_units_that_cost_alike():
    """The stiffer the energy holds a code or a curve, the smaller its unit; only the energy's own terms count."""
    influence, curves = joint_influence(load_flag()), smooth_curves(WINDOW)
    units = correction_units(influence, curves, TERMS)
    assert units.shape == (curves.values.shape[1], 66) and units.isfinite().all()
    assert (units[-1] < 0.5 * units[0]).all(), "a quick correction costs more than a slow one"
    assert influence[HEAD].max() < 1e-9 < influence.sum(0).min(), "bodies hang from their heads"
    stiffest = influence[list(FEET)].sum(0).argmax()
    without_feet = correction_units(influence, curves, [term for term in TERMS if "foot" not in term.name])
    assert (without_feet >= units).all() and without_feet[4, stiffest] > 2 * units[4, stiffest]
