"""FLAG's training losses: equations 4 to 8 of the paper (section 4.4).

As the paper advises, the flow is trained first (eq 5), then the latent region with the flow fixed (eq 6 to 8). All
losses are means over frames and per dimension, so that their weights do not depend on sizes; the paper sums over
dimensions.
"""

import math

import torch

from .flow import Flow

LAMBDA_NLL, LAMBDA_MJP, LAMBDA_REC, LAMBDA_LRA = 1.0, 0.5, 0.5, 1.0
"""Weights of eq 4."""
ALPHA_NLL, ALPHA_REC, ALPHA_REG = 1.0, 0.1, 0.05
"""Weights of eq 8."""
DISTANCE_WEIGHT, GENERATED_WEIGHT = 20.0, 0.3
"""Weights of ``generated_loss``: per metre, and per squared pose number."""


def total_loss(
    nll: torch.Tensor | float = 0.0,
    mjp: torch.Tensor | float = 0.0,
    rec: torch.Tensor | float = 0.0,
    lra: torch.Tensor | float = 0.0,
) -> torch.Tensor | float:
    """Eq 4: the weighted sum of the losses of eq 5 to 8; those of the other stage are left out."""
    return LAMBDA_NLL * nll + LAMBDA_MJP * mjp + LAMBDA_REC * rec + LAMBDA_LRA * lra


def nll_loss(
    flow: Flow,
    x: torch.Tensor,
    context: list[torch.Tensor],
    depth: torch.Tensor | int | None,
    weight: torch.Tensor | float,
) -> torch.Tensor:
    """Eq 5 for one sub-network per pose: mean of -(log p(x) + weight * log p_depth(x)), in nats per dimension.

    Intermediate supervision shows the pose to the sub-flow T_depth ... T_1 as though it were the whole. The paper sums
    over a set of sub-networks; drawing one of them for each pose and weighting it by the set's total gives the same
    gradient on average at a fraction of the cost. ``depth`` (B,) integers, ``weight`` (B,); ``depth`` None leaves it
    out.
    """
    log_prob = flow.log_prob(x, context)
    if depth is not None:
        log_prob = log_prob + weight * flow.log_prob_of_depths(x, context, depth)
    return -log_prob.mean() / x.shape[-1]


def masked_joint_loss(predicted: torch.Tensor, joints: torch.Tensor, hidden: torch.Tensor) -> torch.Tensor:
    """Eq 6, per hidden joint: squared error of its predicted rotation and position.

    ``predicted`` and ``joints`` (B, 22, 9), ``hidden`` (B, 22) bool.
    """
    error = ((predicted - joints) ** 2).sum(-1)
    return (error * hidden).sum() / hidden.sum().clamp_min(1)


def reconstruction_loss(pose: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """Eq 7: squared error of the pose (B, 66) that is decoded from the categorical latent space alone."""
    return ((pose - x) ** 2).mean()


def latent_region_loss(
    oracle: torch.Tensor,
    mean: torch.Tensor,
    log_sigma: torch.Tensor,
    alpha_nll: float = ALPHA_NLL,
    alpha_rec: float = ALPHA_REC,
    alpha_reg: float = ALPHA_REG,
) -> torch.Tensor:
    """Eq 8: the oracle code z* (B, D) shall be likely under N(mu_H, Sigma_H), mu_H near it, and sigma_H not vanish.

    The last term is -(1 + ln s - s), which is never negative and has its least value at s = 1.
    """
    log_prob = gaussian_log_prob(oracle, mean, log_sigma).mean() / oracle.shape[-1]
    distance = ((mean - oracle) ** 2).mean()
    regularisation = (1 + log_sigma - torch.exp(log_sigma)).mean()
    return -alpha_nll * log_prob + alpha_rec * distance - alpha_reg * regularisation


def generated_loss(distance: torch.Tensor, generated: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """Not in the paper: the error of the pose f(mu_H) (B, 66), which is what a user sees of mu_H.

    ``distance`` (B, 22) metres of its joints from the true ones. Oracle codes alone say little of it where some
    directions of z move the body far more than others.
    """
    return DISTANCE_WEIGHT * distance.mean() + GENERATED_WEIGHT * ((generated - x) ** 2).mean()


def gaussian_log_prob(z: torch.Tensor, mean: torch.Tensor, log_sigma: torch.Tensor) -> torch.Tensor:
    """log N(z; mean, diag(sigma)^2) (...) of (..., D)."""
    scaled = (z - mean) * torch.exp(-log_sigma)
    return (-0.5 * scaled * scaled - log_sigma).sum(-1) - 0.5 * z.shape[-1] * math.log(2 * math.pi)
