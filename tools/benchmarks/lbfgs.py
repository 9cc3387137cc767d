"""Batched L-BFGS beside torch's and scipy's frame by frame, on FLAG's single-frame energy."""

import argparse
from collections.abc import Callable

import numpy as np
import scipy.optimize
import torch

from ...model_core.flag.evidence import Evidence, gather_evidence, place_body
from ...model_core.flag.model import Flag, load_flag
from ...model_core.geometry.skeleton import BODY_JOINT_COUNT
from ...model_core.pipeline import choose_device
from ...model_core.refinement.energy import region_energy, tracker_energy
from ...model_core.refinement.optimization.lbfgs import minimise
from .timing import Figures, long_observation, median_seconds

Cost = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
"""The energy in nats of codes (B, 66), given which frames they are of."""
ITERATIONS = 20
BATCHED_FRAMES, SINGLE_FRAMES = 1024, 4
RECORDING_SECONDS = 20.0
"""Long enough for so many frames at 60 Hz."""


def measure(options: argparse.Namespace) -> Figures:
    """Frames a second of each, and ratios: above one, the batched one is the faster."""
    flag = load_flag(device=choose_device(options.device))
    evidence = _evidence(flag)

    def cost(z: torch.Tensor, items: torch.Tensor) -> torch.Tensor:
        known = evidence.take(items)
        world, joints = place_body(flag.pose, flag.flow(z, known.context), known)
        return tracker_energy(world, joints, known) + region_energy(z, known)

    def one_by_one(solve: Callable[[Cost, torch.Tensor, torch.Tensor], torch.Tensor]) -> list[torch.Tensor]:
        return [solve(cost, evidence.mean[frame : frame + 1], torch.tensor([frame])) for frame in range(SINGLE_FRAMES)]

    batched = BATCHED_FRAMES / median_seconds(lambda: minimise(cost, evidence.mean, ITERATIONS), 1)
    by_torch = SINGLE_FRAMES / median_seconds(lambda: one_by_one(_minimise_by_torch), 1)
    by_scipy = SINGLE_FRAMES / median_seconds(lambda: one_by_one(_minimise_by_scipy), 1)
    return {
        f"L-BFGS batched, {BATCHED_FRAMES} frames, {ITERATIONS} iterations": (batched, "frames/s"),
        "torch.optim.LBFGS frame by frame": (by_torch, "frames/s"),
        "scipy L-BFGS-B frame by frame": (by_scipy, "frames/s"),
        "batched over torch's": (batched / by_torch, "x"),
        "batched over scipy's": (batched / by_scipy, "x"),
    }


def _evidence(flag: Flag) -> Evidence:
    """``evidence.Evidence`` of the first ``BATCHED_FRAMES`` frames of the sample recording."""
    observation, rest = long_observation(RECORDING_SECONDS)
    like = next(flag.parameters())
    rotations, positions, valid, rest_joints = (
        torch.as_tensor(values).to(like)
        for values in (
            observation.rotations[:BATCHED_FRAMES],
            observation.positions[:BATCHED_FRAMES],
            observation.valid[:BATCHED_FRAMES],
            rest[:BODY_JOINT_COUNT],
        )
    )
    return gather_evidence(flag, rotations, positions, valid, rest_joints)


def _minimise_by_torch(cost: Cost, start: torch.Tensor, item: torch.Tensor) -> torch.Tensor:
    z = start.clone().requires_grad_(True)
    optimizer = torch.optim.LBFGS([z], max_iter=ITERATIONS, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        energy = cost(z, item).sum()
        energy.backward()
        return energy

    optimizer.step(closure)
    return z.detach()


def _minimise_by_scipy(cost: Cost, start: torch.Tensor, item: torch.Tensor) -> torch.Tensor:
    def value_and_gradient(code: np.ndarray) -> tuple[float, np.ndarray]:
        z = torch.as_tensor(code)[None].to(start).requires_grad_(True)
        energy = cost(z, item).sum()
        return energy.item(), torch.autograd.grad(energy, z)[0][0].double().cpu().numpy()

    first = start[0].double().cpu().numpy()
    found = scipy.optimize.minimize(
        value_and_gradient, first, jac=True, method="L-BFGS-B", options={"maxiter": ITERATIONS}
    )
    return torch.as_tensor(found.x)[None].to(start)
