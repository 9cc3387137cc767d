"""VQ-VAE of one half of the body (paper, section 3.2): motion windows to discrete latents and back."""

import torch
from torch import nn

from ..safetensor_files import rename_former_keys
from .transformer import Block, Downsample, Upsample, run_blocks

DEAD_BELOW = 0.02
"""A code whose running use falls under this share of an even use is moved onto a random input."""


class ProductQuantizer(nn.Module):
    """Several small codebooks side by side, learnt by moving averages (van den Oord et al. 2017, appendix A.1).

    Latents (..., groups * channels) are cut into ``groups`` parts, each replaced by its nearest of ``codes`` entries.
    """

    codebooks: torch.Tensor
    usage: torch.Tensor
    sums: torch.Tensor

    def __init__(self, groups: int, codes: int, channels: int, decay: float = 0.99) -> None:
        super().__init__()
        self.decay = decay
        self.register_buffer("codebooks", torch.randn(groups, codes, channels))
        self.register_buffer("usage", torch.ones(groups, codes))
        self.register_buffer("sums", self.codebooks.clone())

    def forward(self, latents: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return quantised latents (straight-through gradient), the commitment loss and the codes (..., groups)."""
        with torch.autocast(latents.device.type, enabled=False):  # Nearest codes and averages need full precision.
            return self._quantise(latents.float())

    def _quantise(self, latents: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        groups, _, channels = self.codebooks.shape
        parts = latents.reshape(-1, groups, channels).transpose(0, 1)
        codes = torch.cdist(parts, self.codebooks).argmin(-1)
        chosen = torch.gather(self.codebooks, 1, codes[..., None].expand(-1, -1, channels))
        if self.training:
            self._follow(parts.detach(), codes)
        commitment = (parts - chosen).square().mean()
        quantised = (parts + (chosen - parts).detach()).transpose(0, 1).reshape(latents.shape)
        return quantised, commitment, codes.T.reshape(*latents.shape[:-1], groups)

    @torch.no_grad()
    def _follow(self, parts: torch.Tensor, codes: torch.Tensor) -> None:
        groups, count, channels = self.codebooks.shape
        one_hot = torch.zeros(groups, parts.shape[1], count, device=parts.device).scatter_(2, codes[..., None], 1.0)
        self.usage.lerp_(one_hot.sum(1), 1 - self.decay)
        self.sums.lerp_(one_hot.transpose(1, 2) @ parts, 1 - self.decay)
        dead = self.usage < DEAD_BELOW * self.usage.mean(-1, keepdim=True)
        replacement = parts[:, torch.randint(parts.shape[1], (count,), device=parts.device)]
        fair_use = self.usage.mean(-1, keepdim=True).expand_as(self.usage)
        self.sums.copy_(torch.where(dead[..., None], replacement * fair_use[..., None], self.sums))
        self.usage.copy_(torch.where(dead, fair_use, self.usage))
        self.codebooks.copy_(self.sums / self.usage.clamp_min(1e-6)[..., None])


class HalfBodyVQVAE(nn.Module):
    """Windows (B, T, J * 6) of 6D rotations of one half, the root first, turned by the heading, and their latents."""

    latent_mean: torch.Tensor
    latent_std: torch.Tensor

    def __init__(
        self, joints: int, width: int, layers: int, heads: int, groups: int, codes: int, channels: int
    ) -> None:
        super().__init__()
        self.joints = joints
        self.latent_size = groups * channels
        self.downsample = Downsample(6 * joints, width)
        self.encoder = nn.ModuleList([Block(width, heads) for _ in range(layers)])
        self.to_latent = nn.Linear(width, self.latent_size)
        self.quantizer = ProductQuantizer(groups, codes, channels)
        self.from_latent = nn.Linear(self.latent_size, width)
        self.decoder = nn.ModuleList([Block(width, heads) for _ in range(layers)])
        self.upsample = Upsample(width, 6 * joints)
        self.register_buffer("latent_mean", torch.zeros(self.latent_size))
        self.register_load_state_dict_pre_hook(rename_former_keys)
        self.register_buffer("latent_std", torch.ones(self.latent_size))

    def encode(self, pose: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return quantised latents (B, T / 2, latent_size), the commitment loss and the codes."""
        return self.quantizer(self.to_latent(run_blocks(self.encoder, self.downsample(pose))))

    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        return self.upsample(run_blocks(self.decoder, self.from_latent(latents)))

    def forward(
        self, pose: torch.Tensor, visible: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Reconstruct (B, T, J * 6); ``visible`` (B, T, J) hides joints from the encoder."""
        shown = pose if visible is None else pose * visible.repeat_interleave(6, -1)
        latents, commitment, codes = self.encode(shown)
        return self.decode(latents), commitment, codes

    def normalised_latents(self, pose: torch.Tensor) -> torch.Tensor:
        """Latents of unit standard deviation (B, T / 2, latent_size): what the diffusion learns."""
        return (self.encode(pose)[0] - self.latent_mean) / self.latent_std

    @torch.no_grad()
    def measure_latents(self, pose: torch.Tensor) -> None:
        """Set the mean and standard deviation of the latents from a large batch of windows."""
        latents = self.encode(pose)[0].flatten(0, 1)
        self.latent_mean.copy_(latents.mean(0))
        self.latent_std.copy_(latents.std(0).clamp_min(0.05))


def perplexity(codes: torch.Tensor, count: int) -> torch.Tensor:
    """Number of ``count`` codes in effective use, averaged over the codebooks: exp of the entropy of ``codes``."""
    flat = codes.reshape(-1, codes.shape[-1]).T
    uses = torch.zeros(len(flat), count, device=codes.device)
    frequency = uses.scatter_add_(1, flat, torch.ones_like(flat, dtype=uses.dtype)) / flat.shape[1]
    return (-(frequency * frequency.clamp_min(1e-12).log()).sum(-1)).exp().mean()
