"""The stratified latent diffusion (paper, section 3.3): the upper latent first, the lower one given it."""

import math
from collections.abc import Callable
from typing import Any, cast

import torch
from torch import nn

from .attention import Span
from .transformer import Block, Downsample, Linear, run_blocks

TRAINING_STEPS = 1000


def alpha_sigma(step: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Amplitude of the signal (sqrt of alpha-bar) and of the noise at integer steps (...).

    The cosine schedule (Nichol & Dhariwal 2021, eq 17).
    """
    offset = 0.008
    angle = (step.float() / TRAINING_STEPS + offset) / (1 + offset) * (math.pi / 2)
    return torch.cos(angle), torch.sin(angle)


class LatentDiffusion(nn.Module):
    """Predicts the clean latent x0 of a noisy one, given the observation and, for the lower half, the upper latent."""

    def __init__(
        self,
        latent_size: int,
        observation_size: int,
        condition_size: int,
        width: int,
        layers: int,
        heads: int,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.latent_size = latent_size
        self.observe = Downsample(observation_size, width)
        self.embed = Linear(latent_size + condition_size + width, width)
        self.time = nn.Sequential(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, 6 * width))
        self.blocks = nn.ModuleList([Block(width, heads, adaptive=True, dropout=dropout) for _ in range(layers)])
        self.norm = nn.LayerNorm(width)
        self.predict = Linear(width, latent_size)
        to_modulation = cast(nn.Linear, self.time[2])
        nn.init.normal_(to_modulation.weight, std=0.02)
        nn.init.constant_(to_modulation.bias, 0.0)
        with torch.no_grad():  # Gates start at one: without a pretrained start an all-zero gate only delays learning.
            gates = to_modulation.bias.view(6, width)
            gates[2].fill_(1.0)
            gates[5].fill_(1.0)

    def forward(
        self,
        noisy: torch.Tensor,
        step: torch.Tensor,
        observation: torch.Tensor,
        condition: torch.Tensor | None = None,
        span: Span | None = None,
    ) -> torch.Tensor:
        """x0 (B, S, latent) from ``noisy`` (B, S, latent), ``step`` (B,) or, of all, (1,), ``observation`` (B, 2 S,
        features).

        ``condition`` (B, S, condition_size) is the upper latent, for the lower one; ``span`` is what a token
        attends to, as in ``transformer.run_blocks``.
        """
        observed = self.observe(observation, streamed=span is not None and span.streamed)
        x = self.embed(torch.cat([noisy, observed] if condition is None else [noisy, observed, condition], -1))
        x = run_blocks(self.blocks, x, self.modulation(step).to(x.dtype), span)
        return self.predict(self.norm(x))

    def modulation(self, step: torch.Tensor) -> torch.Tensor:
        """Shift, scale and gate (adaLN) that all blocks share at ``step`` (B,) of the diffusion: (B, 6, width)."""
        waves = _sinusoidal_embedding(step, self.embed.out_features).to(self.embed.weight.dtype)
        return self.time(waves).unflatten(-1, (6, -1))


def _sinusoidal_embedding(step: torch.Tensor, width: int) -> torch.Tensor:
    rates = torch.exp(-math.log(10000.0) * torch.arange(width // 2, device=step.device) / (width // 2))
    angles = step.float()[:, None] * rates
    return torch.cat([angles.cos(), angles.sin()], -1)


def add_noise(clean: torch.Tensor, step: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
    """The forward process: ``clean`` (B, S, latent) at ``step`` (B,) with unit ``noise``."""
    alpha, sigma = alpha_sigma(step)
    return alpha[:, None, None] * clean + sigma[:, None, None] * noise


def ddim_sample(
    diffusion: Callable[..., torch.Tensor],
    observation: Any,
    start: torch.Tensor,
    steps: int,
    condition: Any = None,
) -> torch.Tensor:
    """DDIM (Song et al. 2021, eq 12, eta = 0) in ``steps`` steps from ``start`` (B, S, latent).

    Unit noise as a start draws one of the plausible latents; noise near zero gives their mean.
    """
    latent = start
    times = torch.linspace(TRAINING_STEPS - 1, 0, steps + 1, device=start.device).round().long()
    for number, (now, after) in enumerate(zip(times[:-1], times[1:], strict=True)):
        # One step for all: products of as many rows as there are windows would round otherwise in every batch.
        clean = diffusion(latent, now[None], observation, condition).to(start.dtype)
        if number == steps - 1:
            return clean
        (alpha, sigma), (alpha_after, sigma_after) = alpha_sigma(now), alpha_sigma(after)
        latent = alpha_after * clean + sigma_after * (latent - alpha * clean) / sigma
    return latent
