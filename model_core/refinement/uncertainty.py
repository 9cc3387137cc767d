"""How sure FLAG is of every part of the body: the spread of poses drawn from its latent region (paper, footnote 3)."""

import torch

from ..body import skin
from ..geometry.kinematics import forward_kinematics
from ..motion import Uncertainty
from ..body.probes import body_weights, choose_probes
from ..geometry.skeleton import BODY_JOINT_COUNT, HEAD
from .energy import gather_evidence
from .body_trackers import tracker_information

FRAMES_PER_BATCH = 512
"""Frames that are sampled together: bounds the memory to about 200 MB at 16 samples."""
EVERY = 2
"""One frame in so many is sampled, the others lie between: the region changes more slowly than the body moves."""


@torch.no_grad()
def measure_uncertainty(model, observation, body, samples=16, seed=0, progress=None, further=None):
    """``motion.Uncertainty`` of an ``Observation`` of a person with ``body``: metres at probe vertices over time.

    At each probe it is the mean distance, over ``samples`` codes z ~ N(mu_H, Sigma_H), from the vertex of f(z) to that
    of f(mu_H), both hung from the head; then calibrated (``calibrate``). All frames share the draws, so that colours
    do not flicker. ``further`` (``further.BodyTrackers``) are trackers beside head and hands, and tell of joints
    what they tell independently (``further.TRACKER_SIGMAS``). ``progress(fraction, stage)``.
    """
    like = model.pose.scale
    vertices, index, weight = choose_probes(body)
    probes = body.only(vertices).like(like)
    shares = torch.as_tensor(body_weights(body)[vertices]).to(like)
    seen = [
        torch.as_tensor(value).to(like) for value in (observation.rotations, observation.positions, observation.valid)
    ]
    betas = torch.as_tensor(observation.betas).to(like)
    noise = draw_noise(samples, like, seed)
    frames = torch.arange(0, len(seen[0]) + EVERY - 1, EVERY).clamp_max(len(seen[0]) - 1)
    measured = []
    for some in frames.split(FRAMES_PER_BATCH // EVERY):
        evidence = gather_evidence(model, *(values[some.to(like.device)] for values in seen), _rest(probes, betas))
        spread = sample_spread(model, evidence, noise, lambda local, shift: skin(probes, local, shift, betas))
        error = calibrate(model, spread, shares, evidence.valid)
        if further is not None:
            error = error / torch.sqrt(1 + error.square() * (tracker_information(further.take(some)) @ shares.T))
        measured.append(error)
        if progress is not None:
            progress(min(1.0, (int(some[-1]) + 1) / len(seen[0])), "measuring uncertainty")
    values = between(torch.cat(measured), frames, len(seen[0]))
    return Uncertainty(values.float().cpu().numpy(), index, weight)


def draw_noise(samples, like, seed=0):
    """Standard normal draws (samples, 66), in pairs of opposite sign so that few of them are already balanced."""
    generator = torch.Generator().manual_seed(seed)
    half = torch.randn((samples + 1) // 2, len(like), generator=generator)
    return torch.cat([half, -half])[:samples].to(like)


def sample_spread(model, evidence, noise, place):
    """Mean distance (N, P) of the points of f(z), z ~ N(mu_H, Sigma_H), from those of f(mu_H), in metres.

    ``place(local rotations (N, 22, 3, 3), pelvis (N, 3))`` gives the points (N, P, 3); ``noise`` (K, 66).
    """
    sigma = torch.exp(evidence.log_sigma)

    def points(z):
        local = model.pose.decode(model.flow(z, evidence.context), evidence.heading)
        _, joints = forward_kinematics(local, torch.zeros_like(evidence.positions[:, 0]), evidence.rest_joints)
        return place(local, evidence.positions[:, 0] - joints[:, HEAD])

    likely = points(evidence.mean)
    total = sum((points(evidence.mean + sigma * draw) - likely).norm(dim=-1) for draw in noise)
    return total / len(noise)


def calibrate(model, spread, shares, valid):
    """Spread (N, P) in metres -> the error (N, P) to expect, by gain and offset of the joints that a probe follows.

    ``shares`` (P, 22) says how much it follows each; ``valid`` (N, 3) which trackers were seen: where a hand is lost,
    other gains hold. Fitted on the validation split (``fit_calibration``).
    """
    states = hand_states(valid)
    return spread * (model.uncertainty_gain @ shares.T)[states] + (model.uncertainty_offset @ shares.T)[states]


def hand_states(valid):
    """Which hands are lost, (N,): 0 none, 1 the left, 2 the right, 3 both; ``valid`` (N, 3) of head and hands."""
    lost = (valid[:, 1:] <= 0).long()
    return lost[:, 0] + 2 * lost[:, 1]


def fit_calibration(spread, error, weight):
    """Gain and offset (J,), neither negative, that bring spread (N, J) nearest to error (N, J), both in metres.

    Least squares by joint, frames counting by ``weight`` (N,), which sums to 1; where the best line falls or starts
    below zero, the best one that does not.
    """
    mean_spread, mean_error = weight @ spread, weight @ error
    covariance = weight @ ((spread - mean_spread) * (error - mean_error))
    gain = (covariance / (weight @ (spread - mean_spread) ** 2).clamp_min(1e-12)).clamp_min(0)
    offset = mean_error - gain * mean_spread
    through_zero = (weight @ (spread * error)) / (weight @ (spread * spread)).clamp_min(1e-12)
    return torch.where(offset < 0, through_zero, gain), offset.clamp_min(0)


def between(values, frames, count):
    """Values (M, P) at increasing frame numbers (M,) -> every frame (count, P), linearly."""
    everyone = torch.arange(count)
    after = torch.searchsorted(frames, everyone).clamp(1, max(1, len(frames) - 1))
    if len(frames) == 1:
        return values.expand(count, -1)
    before = after - 1
    span = (frames[after] - frames[before]).clamp_min(1)
    share = ((everyone - frames[before]) / span)[:, None].to(values)
    return torch.lerp(values[before.to(values.device)], values[after.to(values.device)], share)


def _rest(body, betas):
    return body.rest_joints(betas)[:BODY_JOINT_COUNT]
