"""L-BFGS for thousands of small problems at once: each item has its own history, line search and end.

Liu and Nocedal 1989, "On the limited memory BFGS method for large scale optimization". An optimiser of the sum of all
problems would share one step length and one curvature among people who have nothing to do with each other; here every
item is minimised as if it were alone, yet all are evaluated together, and only those that still need it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch

Objective = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
"""Values (N,) of points (N, D) of the items (N,)."""

SUFFICIENT_DECREASE = 1e-4
"""Armijo's constant: the fraction of the decrease that the slope promises which a step must bring."""
SHORTEST_CUT, LONGEST_CUT = 0.1, 0.5
"""A refused step is cut to between these fractions of itself."""
LINE_SEARCH_TRIALS = 8
"""Step lengths that a line search tries before it gives up."""
LEAST_CURVATURE = 1e-8
"""A pair (s, y) is remembered when s.y is more than this times y.y."""


@dataclass(frozen=True)
class Minimum:
    """Where each item ended: ``x`` (B, D), ``value`` (B,), how often it was evaluated (B,), whether it had settled."""

    x: torch.Tensor
    value: torch.Tensor
    evaluations: torch.Tensor
    settled: torch.Tensor


class _History:
    """The last pairs of step and gradient change of every item; an item's forgotten pairs have weight zero."""

    def __init__(self, size: int, x: torch.Tensor) -> None:
        self.steps = x.new_zeros(size, *x.shape)
        self.changes = x.new_zeros(size, *x.shape)
        self.weights = x.new_zeros(size, len(x))
        self.newest = 0

    def remember(self, step: torch.Tensor, change: torch.Tensor) -> None:
        product, square = (step * change).sum(-1), (change * change).sum(-1)
        good = product > LEAST_CURVATURE * square
        slot = self.newest % len(self.steps)
        self.steps[slot] = torch.where(good[:, None], step, torch.zeros_like(step))
        self.changes[slot] = torch.where(good[:, None], change, torch.zeros_like(change))
        self.weights[slot] = torch.where(good, 1 / product.clamp_min(1e-30), torch.zeros_like(product))
        self.newest += 1

    def forget(self, items: torch.Tensor) -> None:
        """Restart the items of a (B,) mask."""
        self.weights[:, items] = 0

    def empty(self) -> torch.Tensor:
        """(B,) bool: items that remember nothing."""
        return (self.weights == 0).all(0)

    def apply(self, gradient: torch.Tensor) -> torch.Tensor:
        """The two-loop recursion: inverse Hessian times gradient (B, D). No history: a step of at most 1."""
        size = len(self.steps)
        order = [(self.newest - 1 - i) % size for i in range(min(self.newest, size))]
        scale = 1 / gradient.norm(dim=-1).clamp_min(1)
        known = torch.zeros_like(scale, dtype=torch.bool)
        direction, alphas = gradient.clone(), {}
        for slot in order:
            alphas[slot] = self.weights[slot] * (self.steps[slot] * direction).sum(-1)
            direction -= alphas[slot][:, None] * self.changes[slot]
            usable = (self.weights[slot] > 0) & ~known
            curvature = self.weights[slot] * (self.changes[slot] ** 2).sum(-1)
            scale = torch.where(usable, 1 / curvature.clamp_min(1e-30), scale)
            known |= usable
        direction *= scale[:, None]
        for slot in reversed(order):
            beta = self.weights[slot] * (self.changes[slot] * direction).sum(-1)
            # A forgotten pair still lies in its slot: its weight is zero, and so are alpha and beta.
            direction += (alphas[slot] - beta)[:, None] * self.steps[slot]
        return direction


def minimise(
    function: Objective,
    start: torch.Tensor,
    iterations: int = 50,
    history: int = 10,
    tolerance: float = 1e-6,
    callback: Callable[[int, torch.Tensor], None] | None = None,
) -> Minimum:
    """Minimise many independent problems.

    ``function(x, items)`` takes (N, D) points of the items (N,) and returns their values (N,), differentiable; items
    must not depend on each other. ``start`` (B, D). An iteration evaluates all items that have not settled, once: an
    item whose step is refused tries a shorter one in the next, while the others go on. An item has settled when a step
    from a fresh history lowers its value by less than ``tolerance`` of it; one that stalls is first restarted with a
    fresh history. ``callback(iteration, x)`` sees the points after each iteration. Returns a ``Minimum``.
    """
    x = start.detach().clone()
    everyone = torch.arange(len(x), device=x.device)
    value, gradient = _evaluate(function, x, everyone)
    evaluations, refusals = torch.ones_like(everyone), torch.zeros_like(everyone)
    settled = torch.zeros_like(everyone, dtype=torch.bool)
    memory, length = _History(history, x), torch.ones_like(value)
    for iteration in range(iterations):
        direction, slope = _descent(memory, gradient)
        fresh, active = memory.empty(), everyone[~settled]
        trial, found, slopes = x.clone(), value.clone(), gradient.clone()
        trial[active] += length[active, None] * direction[active]
        found[active], slopes[active] = _evaluate(function, trial[active], active)
        evaluations[active] += 1
        taken = length * slope
        enough = ~settled & (found <= value + SUFFICIENT_DECREASE * taken)
        refusals = torch.where(enough, 0, refusals + 1)
        stalled = enough & (value - found <= tolerance * value.abs()) | (refusals >= LINE_SEARCH_TRIALS)
        parabola = -0.5 * taken / (found - value - taken).clamp_min(1e-30)
        length = torch.where(enough, 1.0, length * parabola.nan_to_num(0.0).clamp(SHORTEST_CUT, LONGEST_CUT))
        trial, slopes = (torch.where(enough[:, None], *pair) for pair in ((trial, x), (slopes, gradient)))
        memory.remember(trial - x, slopes - gradient)
        x, value, gradient = trial, torch.where(enough, found, value), slopes
        settled |= stalled & fresh
        memory.forget(stalled)
        length, refusals = torch.where(stalled, 1.0, length), torch.where(stalled, 0, refusals)
        if callback is not None:
            callback(iteration, x)
        if settled.all():
            break
    return Minimum(x, value, evaluations, settled)


def _evaluate(function: Objective, x: torch.Tensor, items: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Values (N,) and gradients (N, D); an item whose value or gradient is not finite gets the value infinity."""
    with torch.enable_grad():
        x = x.detach().requires_grad_(True)
        value = function(x, items)
        (gradient,) = torch.autograd.grad(value.sum(), x)
    value = value.detach()
    bad = ~(value.isfinite() & gradient.isfinite().all(-1))
    return torch.where(bad, torch.inf, value), torch.where(bad[:, None], 0.0, gradient)


def _descent(memory: _History, gradient: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Search directions (B, D) and slopes (B,), all downhill: an item that would climb starts a new history."""
    direction = -memory.apply(gradient)
    slope = (direction * gradient).sum(-1)
    climbing = ~(slope < 0)
    if climbing.any():
        memory.forget(climbing)
        steepest = -gradient / gradient.norm(dim=-1, keepdim=True).clamp_min(1)
        direction = torch.where(climbing[:, None], steepest, direction)
        slope = (direction * gradient).sum(-1)
    return direction, slope
