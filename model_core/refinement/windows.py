"""Sizes of the refinement's windows, and the smooth curves that a window's correction is made of."""

import math

import torch

WINDOW, OVERLAP = 84, 12
"""Frames of a window, and those that it shares with the next."""
KNOT_FRAMES = 4
"""A window's correction is a smooth curve with a knot every so many frames."""
RIDGE = 1e-6
"""Added to the size of a knot's correction: knots outside a short window move nothing."""
JERK_WEIGHT = 1000.0
"""Weight of a correction's third differences beside the correction itself, where its size is measured."""


def smooth_basis(count: int, every: int = KNOT_FRAMES) -> torch.Tensor:
    """Cubic B-splines (count, M) with a knot every few frames: a correction that is made of them adds no jitter."""
    time = torch.arange(count, dtype=torch.float32)[:, None] / every
    knots = torch.arange(-1, math.ceil((count - 1) / every) + 2, dtype=torch.float32)
    away = (time - knots).abs()
    near, far = 2 / 3 - away**2 + away**3 / 2, (2 - away).clamp_min(0) ** 3 / 6
    return torch.where(away < 1, near, far)


def even_basis(count: int) -> torch.Tensor:
    """``smooth_basis`` (count, M), mixed so that corrections of one size cost about as much, be they quick or slow.

    L-BFGS gets as far in fewer iterations then, and each of them multiplies what rounding has made different.
    """
    basis = smooth_basis(count).double()
    jerk = basis.diff(dim=0, n=3)
    size = basis.T @ basis + JERK_WEIGHT * jerk.T @ jerk + RIDGE * torch.eye(basis.shape[1])
    return torch.linalg.solve_triangular(torch.linalg.cholesky(size), basis.T, upper=False).T
