"""Sizes of the refinement's windows, the smooth curves that a window's correction is made of, and its units."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import torch

from ..geometry.skeleton import BODY_JOINT_COUNT, FEET, TRACKED_JOINTS
from ..observation import FPS
from .energy import Term

WINDOW, OVERLAP = 84, 12
"""Frames of a window, and those that it shares with the next."""
KNOT_FRAMES = 4
"""A window's correction is a smooth curve with a knot every so many frames."""
RIDGE = 1e-6
"""Added to what may be zero before it divides: knots outside a short window move nothing."""
STANDING = 0.5
"""How often feet stand, as far as ``correction_units`` knows."""
FIRST_STEP = 3.0
"""Length of the first step of L-BFGS in unknowns of which each alone changes the energy by half a nat."""


@dataclass(frozen=True)
class Curves:
    """M curves over W frames, orthogonal to each other as are their jerks: ``values`` (W, M), of length one, and the
    sums ``speed`` (M,) and ``jerk`` (M,) of their squared first and third differences. Double precision."""

    values: torch.Tensor
    speed: torch.Tensor
    jerk: torch.Tensor


def smooth_basis(count: int, every: int = KNOT_FRAMES) -> torch.Tensor:
    """Cubic B-splines (count, M) with a knot every few frames: a correction that is made of them adds no jitter."""
    time = torch.arange(count, dtype=torch.float32)[:, None] / every
    knots = torch.arange(-1, math.ceil((count - 1) / every) + 2, dtype=torch.float32)
    away = (time - knots).abs()
    near, far = 2 / 3 - away**2 + away**3 / 2, (2 - away).clamp_min(0) ** 3 / 6
    return torch.where(away < 1, near, far)


def smooth_curves(count: int) -> Curves:
    """``smooth_basis`` over ``count`` frames, mixed into curves from slow to quick."""
    basis = smooth_basis(count).double()
    size = basis.T @ basis + RIDGE * torch.eye(basis.shape[1])
    alike = torch.linalg.solve_triangular(torch.linalg.cholesky(size), basis.T, upper=False).T
    speed, jerk = alike.diff(dim=0), alike.diff(dim=0, n=3)
    rough = jerk.T @ jerk + RIDGE * speed.T @ speed  # Of curves without jerk the slower ones come first.
    values = alike @ torch.linalg.eigh(rough)[1]
    return Curves(values, *(values.diff(dim=0, n=order).square().sum(0) for order in (1, 3)))


def correction_units(influence: torch.Tensor, curves: Curves, terms: Iterable[Term]) -> torch.Tensor:
    """How much (M, 66) of each curve in each code costs about as much as any other in ``terms``: L-BFGS counts in it.

    ``influence`` (22, 66) is ``joint_influence``. Codes that move the whole body are held a hundred times as stiffly as
    those that turn a wrist, and quick corrections more stiffly than slow ones. L-BFGS begins with one length for all
    of them and learns their differences one by one: told of them, it is in seven iterations where fifteen led before.
    """
    weights = {term.name: term.sigma**-2 for term in terms}

    def stiffness(name: str, joints: tuple[int, ...] = tuple(range(BODY_JOINT_COUNT))) -> torch.Tensor:
        return weights.get(name, 0.0) * influence[list(joints)].sum(0)

    still = weights.get("region", 0.0) + stiffness("joint") + stiffness("position", TRACKED_JOINTS)
    still = still + STANDING * stiffness("foot_anchor", FEET)
    sliding, shaking = STANDING * FPS**2 * stiffness("foot_slide", FEET), FPS**6 * stiffness("jerk")
    speed, jerk = curves.speed.to(influence)[:, None], curves.jerk.to(influence)[:, None]
    stiff = (still + speed * sliding + jerk * shaking) / KNOT_FRAMES  # One frame in so many is looked at.
    return FIRST_STEP * (stiff + RIDGE).rsqrt()
