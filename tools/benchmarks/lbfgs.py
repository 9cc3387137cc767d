"""Batched L-BFGS beside torch's and scipy's frame by frame, on FLAG's single-frame energy."""

import scipy.optimize
import torch

from threepoint.model_core.refinement.energy import gather_evidence, place_body, region_energy, tracker_energy
from threepoint.model_core.flag.model import load_flag
from threepoint.model_core.refinement.lbfgs import minimise
from threepoint.model_core.pipeline import choose_device
from threepoint.model_core.geometry.skeleton import BODY_JOINT_COUNT

from .timing import long_observation, median_seconds

ITERATIONS = 20
BATCHED_FRAMES, SINGLE_FRAMES = 1024, 4
RECORDING_SECONDS = 20.0
"""Long enough for so many frames at 60 Hz."""


def measure(options):
    """Frames a second of each, and ratios: above one, the batched one is the faster."""
    flag = load_flag(device=choose_device(options.device))
    evidence = _evidence(flag)

    def cost(z, items):
        known = evidence.take(items)
        world, joints = place_body(flag.pose, flag.flow(z, known.context), known)
        return tracker_energy(world, joints, known) + region_energy(z, known)

    def one_by_one(solve):
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


def _evidence(flag):
    """``energy.Evidence`` of the first ``BATCHED_FRAMES`` frames of the sample recording."""
    observation, rest = long_observation(RECORDING_SECONDS)
    seen = (observation.rotations, observation.positions, observation.valid)
    like = flag.pose.scale
    seen = [torch.as_tensor(values[:BATCHED_FRAMES]).to(like) for values in seen]
    return gather_evidence(flag, *seen, torch.as_tensor(rest[:BODY_JOINT_COUNT]).to(like))


def _minimise_by_torch(cost, start, item):
    z = start.clone().requires_grad_(True)
    optimizer = torch.optim.LBFGS([z], max_iter=ITERATIONS, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        energy = cost(z, item).sum()
        energy.backward()
        return energy

    optimizer.step(closure)
    return z.detach()


def _minimise_by_scipy(cost, start, item):
    def value_and_gradient(z):
        z = torch.as_tensor(z)[None].to(start).requires_grad_(True)
        energy = cost(z, item).sum()
        return energy.item(), torch.autograd.grad(energy, z)[0][0].double().cpu().numpy()

    first = start[0].double().cpu().numpy()
    found = scipy.optimize.minimize(
        value_and_gradient, first, jac=True, method="L-BFGS-B", options={"maxiter": ITERATIONS}
    )
    return torch.as_tensor(found.x)[None].to(start)
