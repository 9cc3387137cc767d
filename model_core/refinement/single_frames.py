"""FLAG's refinement of single frames, as published: L-BFGS in latent space (eq 10) and in pose space (eq 9)."""

import copy
from collections.abc import Callable

import torch

from ..flag.evidence import Evidence, place_body
from ..flag.flow import standard_log_prob
from ..flag.model import Flag
from .energy import region_energy, tracker_energy
from .optimization.lbfgs import minimise


def fit_latent(
    model: Flag,
    evidence: Evidence,
    start: torch.Tensor | None = None,
    iterations: int = 50,
    literal: bool = False,
    callback: Callable[[int, torch.Tensor], None] | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Refine each frame's latent code; returns poses x (N, 66) and codes z (N, 66).

    Minimises -log N(z; mu_H, Sigma_H) plus the trackers' energy. ``literal`` takes eq 10 to the letter instead:
    -log N(z; 0, I) + energy + |z - mu_H|, whose last term has no gradient where the optimisation starts. ``start``
    (N, 66) is mu_H unless given; ``callback(iteration, z)``.
    """
    z = evidence.mean if start is None else start

    def cost(z: torch.Tensor, items: torch.Tensor) -> torch.Tensor:
        known = evidence.take(items)
        x = model.flow(z, known.context)
        data = tracker_energy(*place_body(model.pose, x, known), known)
        if literal:
            return data - standard_log_prob(z) + torch.sqrt(((z - known.mean) ** 2).sum(-1) + 1e-12)
        return data + region_energy(z, known)

    z = minimise(cost, z, iterations, callback=callback).x
    with torch.no_grad():
        return model.flow(z, evidence.context), z


def fit_pose(
    model: Flag,
    evidence: Evidence,
    start: torch.Tensor | None = None,
    iterations: int = 50,
    callback: Callable[[int, torch.Tensor], None] | None = None,
) -> torch.Tensor:
    """Refine each frame's pose x (N, 66) under -log p(x | x_H) plus the trackers' energy (eq 9); returns x.

    ``start`` (N, 66) is f(mu_H) unless given; ``callback(iteration, x)``. Computed in double precision: the likelihood
    of a pose has so many valleys that rounding would decide which one a frame ends in, and with it the frames it is
    batched with.
    """
    with torch.no_grad():
        x = model.flow(evidence.mean, evidence.context) if start is None else start
    single, model, evidence, x = x.dtype, copy.deepcopy(model).double(), evidence.double(), x.double()

    def cost(x: torch.Tensor, items: torch.Tensor) -> torch.Tensor:
        known = evidence.take(items)
        data = tracker_energy(*place_body(model.pose, x, known), known)
        return data - model.flow.log_prob(x, known.context)

    seen = None if callback is None else lambda iteration, x: callback(iteration, x.to(single))
    return minimise(cost, x, iterations, callback=seen).x.to(single)
