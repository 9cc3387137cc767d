"""How sure FLAG is of every part of the body: the spread of poses drawn from its latent region (paper, footnote 3)."""

from collections.abc import Callable

import numpy as np
import torch

from ..body import Body, skin
from ..body.probes import body_weights, choose_probes
from ..flag.evidence import Evidence, gather_evidence
from ..flag.model import Flag
from ..geometry.kinematics import forward_kinematics
from ..geometry.skeleton import BODY_JOINT_COUNT, HEAD
from ..motion import Uncertainty
from ..observation import Observation
from ..side_by_side import side_by_side
from .body_trackers import BodyTrackers, tracker_information

FRAMES_PER_BATCH = 128
"""Sampled frames that are computed together: bounds the memory to some 30 MB a thread."""
DRAWS_AT_ONCE = 4
"""Draws whose poses are computed together: of one alone each operation starts for too few numbers."""
EVERY = 8
"""One frame in so many is sampled, and those on either side of a tracker's loss and return, where the region jumps; the
others lie between, for elsewhere it changes more slowly than the body moves."""


@torch.no_grad()
def measure_uncertainty(
    model: Flag,
    observation: Observation,
    body: Body,
    samples: int = 16,
    seed: int = 0,
    progress: Callable[[float, str], None] | None = None,
    body_trackers: BodyTrackers | None = None,
) -> Uncertainty:
    """``motion.Uncertainty`` of an ``Observation`` of a person with ``body``: metres at probe vertices over time.

    At each probe it is the mean distance, over ``samples`` codes z ~ N(mu_H, Sigma_H), from the vertex of f(z) to that
    of f(mu_H), both hung from the head; then calibrated (``calibrate``). All frames share the draws, so that colours
    do not flicker. ``body_trackers`` beside head and hands add independent information about joints
    (``body_trackers.TRACKER_SIGMAS``). ``progress(fraction, stage)``.
    """
    like = model.pose.scale
    vertices, index, weight = choose_probes(body)
    probes = body.only(vertices).like(like)
    joint_weights = torch.as_tensor(body_weights(body)[vertices]).to(like)
    seen = observation.to(like)
    betas = torch.as_tensor(observation.betas).to(like)
    noise = draw_noise(samples, like, seed)
    frames = torch.from_numpy(sampled_frames(observation.valid))

    def expected_error(some: torch.Tensor) -> torch.Tensor:
        rotations, positions, valid = (values[some.to(like.device)] for values in seen)
        evidence = gather_evidence(model, rotations, positions, valid, _rest(probes, betas))
        sigma = sample_sigma(model, evidence, noise, lambda local, shift: skin(probes, local, shift, betas))
        error = calibrate(model, sigma, joint_weights, evidence.valid)
        if body_trackers is None:
            return error
        information = tracker_information(body_trackers.take(some)) @ joint_weights.T
        return error / torch.sqrt(1 + error.square() * information)

    measured, batches = [], frames.split(FRAMES_PER_BATCH)
    for some, error in zip(batches, side_by_side(expected_error, batches, like.device), strict=True):
        measured.append(error)
        if progress is not None:
            progress(min(1.0, (int(some[-1]) + 1) / len(seen[0])), "measuring uncertainty")
    values = interpolate(torch.cat(measured), frames, len(seen[0]))
    return Uncertainty(values.float().cpu().numpy(), index, weight)


def sampled_frames(valid: np.ndarray) -> np.ndarray:
    """The numbers, increasing, of the frames that are sampled (``EVERY``); ``valid`` (T, 3) of head and hands."""
    count = len(valid)
    changes = np.flatnonzero((valid[1:] != valid[:-1]).any(-1))
    return np.unique(np.concatenate([np.arange(0, count, EVERY), changes, changes + 1, [count - 1]]))


def draw_noise(samples: int, like: torch.Tensor, seed: int = 0) -> torch.Tensor:
    """Standard normal draws (samples, 66), in pairs of opposite sign so that few of them are already balanced."""
    generator = torch.Generator().manual_seed(seed)
    half = torch.randn((samples + 1) // 2, len(like), generator=generator)
    return torch.cat([half, -half])[:samples].to(like)


def sample_sigma(
    model: Flag,
    evidence: Evidence,
    noise: torch.Tensor,
    points_of: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
) -> torch.Tensor:
    """Mean distance (N, P) of the points of f(z), z ~ N(mu_H, Sigma_H), from those of f(mu_H), in metres.

    ``points_of(local rotations (K, N, 22, 3, 3), pelvis (K, N, 3))`` are the points (K, N, P, 3), K at most
    ``DRAWS_AT_ONCE``; ``noise`` (samples, 66).
    """
    sigma, head = torch.exp(evidence.log_sigma), evidence.positions[:, 0]

    def points(z: torch.Tensor) -> torch.Tensor:
        local = model.pose.decode(model.flow(z, evidence.context), evidence.heading)
        _, joints = forward_kinematics(local, torch.zeros_like(z[..., :3]), evidence.rest_joints)
        return points_of(local, head - joints[..., HEAD, :])

    likely = points(evidence.mean[None])
    total = torch.zeros_like(likely[0, ..., 0])
    for draws in noise.split(DRAWS_AT_ONCE):
        total = total + (points(evidence.mean + sigma * draws[:, None]) - likely).norm(dim=-1).sum(0)
    return total / len(noise)


def calibrate(model: Flag, sigma: torch.Tensor, joint_weights: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
    """Standard deviations (N, P) in metres -> the errors (N, P) to expect, by gain and offset of a probe's joints.

    ``joint_weights`` (P, 22) says how much it follows each; ``valid`` (N, 3) which trackers were seen: where a hand is
    lost, other gains hold. Fitted on the validation split (``fit_calibration``).
    """
    states = hand_states(valid)
    return (
        sigma * (model.uncertainty_gain @ joint_weights.T)[states]
        + (model.uncertainty_offset @ joint_weights.T)[states]
    )


def hand_states(valid: torch.Tensor) -> torch.Tensor:
    """Which hands are lost, (N,): 0 none, 1 the left, 2 the right, 3 both; ``valid`` (N, 3) of head and hands."""
    lost = (valid[:, 1:] <= 0).long()
    return lost[:, 0] + 2 * lost[:, 1]


def fit_calibration(
    sigma: torch.Tensor, error: torch.Tensor, weight: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Gain and offset (J,), neither negative, that bring ``sigma`` (N, J) nearest to ``error`` (N, J), both in metres.

    Least squares by joint, frames counting by ``weight`` (N,), which sums to 1; where the best line falls or starts
    below zero, the best one that does not.
    """
    mean_sigma, mean_error = weight @ sigma, weight @ error
    covariance = weight @ ((sigma - mean_sigma) * (error - mean_error))
    gain = (covariance / (weight @ (sigma - mean_sigma) ** 2).clamp_min(1e-12)).clamp_min(0)
    offset = mean_error - gain * mean_sigma
    through_zero = (weight @ (sigma * error)) / (weight @ (sigma * sigma)).clamp_min(1e-12)
    return torch.where(offset < 0, through_zero, gain), offset.clamp_min(0)


def interpolate(values: torch.Tensor, frames: torch.Tensor, count: int) -> torch.Tensor:
    """Values (M, P) at increasing frame numbers (M,) -> every frame (count, P), linearly."""
    everyone = torch.arange(count)
    after = torch.searchsorted(frames, everyone).clamp(1, max(1, len(frames) - 1))
    if len(frames) == 1:
        return values.expand(count, -1)
    before = after - 1
    span = (frames[after] - frames[before]).clamp_min(1)
    fraction = ((everyone - frames[before]) / span)[:, None].to(values)
    return torch.lerp(values[before.to(values.device)], values[after.to(values.device)], fraction)


def _rest(body: Body, betas: torch.Tensor) -> torch.Tensor:
    return torch.as_tensor(body.rest_joints(betas))[:BODY_JOINT_COUNT]
