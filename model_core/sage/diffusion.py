"""The stratified latent diffusion (paper, section 3.3): the upper latent first, the lower one given it."""

import math

import torch
from torch import nn

from .transformer import Block, Downsample, run_blocks

TRAINING_STEPS = 1000


def alpha_sigma(step):
    """Share of signal and of noise at integer steps (...): the cosine schedule (Nichol & Dhariwal 2021, eq 17)."""
    offset = 0.008
    angle = (step.float() / TRAINING_STEPS + offset) / (1 + offset) * (math.pi / 2)
    return torch.cos(angle), torch.sin(angle)


class LatentDiffusion(nn.Module):
    """Predicts the clean latent x0 of a noisy one, given the observation and, for the lower half, the upper latent."""

    def __init__(self, latent_size, observation_size, given_size, width, layers, heads, dropout=0.1):
        super().__init__()
        self.latent_size = latent_size
        self.observe = Downsample(observation_size, width)
        self.embed = nn.Linear(latent_size + given_size + width, width)
        self.time = nn.Sequential(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, 6 * width))
        self.blocks = nn.ModuleList([Block(width, heads, conditioned=True, dropout=dropout) for _ in range(layers)])
        self.norm = nn.LayerNorm(width)
        self.predict = nn.Linear(width, latent_size)
        nn.init.normal_(self.time[2].weight, std=0.02)
        nn.init.constant_(self.time[2].bias, 0.0)
        with torch.no_grad():  # Gates start at one: without a pretrained start an all-zero gate only delays learning.
            self.time[2].bias.view(6, width)[2].fill_(1.0)
            self.time[2].bias.view(6, width)[5].fill_(1.0)

    def forward(self, noisy, step, observation, given=None, span=None):
        """x0 (B, S, latent) from ``noisy`` (B, S, latent), ``step`` (B,), ``observation`` (B, 2 S, features).

        ``span``, in tokens, is that of a stream, as in ``transformer.run_blocks``.
        """
        observed = self.observe(observation, streamed=span is not None)
        x = self.embed(torch.cat([noisy, observed] if given is None else [noisy, observed, given], -1))
        return self.predict(self.norm(run_blocks(self.blocks, x, self.modulation(step).to(x.dtype), span)))

    def modulation(self, step):
        """What all blocks share at ``step`` (B,) of the diffusion: (B, 6, width)."""
        waves = _wave_embedding(step, self.embed.out_features).to(self.embed.weight.dtype)
        return self.time(waves).unflatten(-1, (6, -1))


def _wave_embedding(step, width):
    rates = torch.exp(-math.log(10000.0) * torch.arange(width // 2, device=step.device) / (width // 2))
    angles = step.float()[:, None] * rates
    return torch.cat([angles.cos(), angles.sin()], -1)


def add_noise(clean, step, noise):
    """The forward process: ``clean`` (B, S, latent) at ``step`` (B,) with unit ``noise``."""
    signal, spread = alpha_sigma(step)
    return signal[:, None, None] * clean + spread[:, None, None] * noise


def sample(diffusion, observation, start, steps, given=None):
    """DDIM (Song et al. 2021, eq 12, eta = 0) in ``steps`` steps from ``start`` (B, S, latent).

    Unit noise as a start draws one of the plausible latents; noise near zero gives their mean.
    """
    latent = start
    times = torch.linspace(TRAINING_STEPS - 1, 0, steps + 1, device=start.device).round().long()
    for now, after in zip(times[:-1], times[1:], strict=True):
        clean = diffusion(latent, now.expand(len(latent)), observation, given).to(start.dtype)
        if after == 0:
            return clean
        (signal, spread), (signal_after, spread_after) = alpha_sigma(now), alpha_sigma(after)
        latent = signal_after * clean + spread_after * (latent - signal * clean) / spread
    return latent
