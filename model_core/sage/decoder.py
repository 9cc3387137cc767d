"""The full-body decoder (paper, section 3.3): both latents and the observation to 22 joints and the feet's contacts."""

import torch
from torch import nn

from ..geometry.skeleton import BODY_JOINT_COUNT, FEET
from .attention import Span
from .transformer import Block, Downsample, Linear, Upsample, run_blocks


class FullBodyDecoder(nn.Module):
    """Latents (B, S, latent) of both halves and the observation (B, 2 S, features) -> pose and contacts a frame."""

    def __init__(
        self, latent_size: int, observation_size: int, width: int, layers: int, heads: int, dropout: float = 0.1
    ) -> None:
        super().__init__()
        self.observe = Downsample(observation_size, width)
        self.embed = Linear(2 * latent_size + width, width)
        self.blocks = nn.ModuleList([Block(width, heads, dropout=dropout) for _ in range(layers)])
        self.norm = nn.LayerNorm(width)
        self.upsample = Upsample(width, width)
        outputs = 6 * BODY_JOINT_COUNT + len(FEET)
        self.per_frame = nn.Sequential(nn.Linear(width + observation_size, width), nn.GELU(), nn.Linear(width, outputs))
        self.mean_pose: torch.Tensor
        self.register_buffer("mean_pose", torch.zeros(6 * BODY_JOINT_COUNT))

    def forward(
        self, upper: torch.Tensor, lower: torch.Tensor, observation: torch.Tensor, span: Span | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return 6D rotations (B, T, 22 * 6), the root turned by the head's heading, and contact logits (B, T, 4).

        ``span`` as in ``transformer.run_blocks``.
        """
        x = self.embed(torch.cat([upper, lower, self.observe(observation)], -1))
        x = run_blocks(self.blocks, x, span=span)
        with _full_precision(x):
            return self._decode(self.upsample(self.norm(x.to(self.mean_pose.dtype))), observation)

    def streamed(
        self, upper: torch.Tensor, lower: torch.Tensor, observation: torch.Tensor, span: Span
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The same for each second frame alone, (B, S, ...): those that ended a stream's token and were its newest."""
        x = self.embed(torch.cat([upper, lower, self.observe(observation, streamed=True)], -1))
        x = run_blocks(self.blocks, x, span=span).to(self.mean_pose.dtype)
        with _full_precision(x):
            alone = self.upsample(self.norm(x).flatten(0, 1)[:, None])[:, 1].unflatten(0, x.shape[:2])
            return self._decode(alone, observation[:, 1::2])

    def _decode(self, frames: torch.Tensor, observation: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        decoded = self.per_frame(torch.cat([frames, observation.to(frames.dtype)], -1))
        pose, contacts = decoded[..., : 6 * BODY_JOINT_COUNT], decoded[..., 6 * BODY_JOINT_COUNT :]
        return pose + self.mean_pose, contacts


def _full_precision(tensor: torch.Tensor) -> torch.autocast:
    """Half precision would shake every frame's pose a little."""
    return torch.autocast(tensor.device.type, enabled=False)
