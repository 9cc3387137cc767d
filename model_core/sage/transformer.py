"""The transformer block that all parts of SAGE share."""

import torch
from torch import nn
from torch.nn import functional as F

ROTARY_BASE = 1000.0


def rotate_positions(x):
    """Rotary position embedding (Su et al. 2021) of (..., T, channels), so that a window may have any length."""
    tokens, channels = x.shape[-2:]
    half = channels // 2
    rates = ROTARY_BASE ** (-torch.arange(half, device=x.device, dtype=torch.float32) / half)
    angles = torch.arange(tokens, device=x.device, dtype=torch.float32)[:, None] * rates
    cosine, sine = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    first, second = x[..., :half], x[..., half:]
    return torch.cat([first * cosine - second * sine, first * sine + second * cosine], -1)


class Block(nn.Module):
    """Self-attention and feed-forward, each normalised first.

    With ``conditioned`` the normalisations are adaptive (adaLN, Peebles & Xie 2023): their shift, scale and gate come
    from outside, shared by all blocks of a network, plus a learnt difference of each block's own.
    """

    def __init__(self, width, heads, conditioned=False, dropout=0.0):
        super().__init__()
        self.heads = heads
        self.norm_attention = nn.LayerNorm(width, elementwise_affine=not conditioned)
        self.norm_feedforward = nn.LayerNorm(width, elementwise_affine=not conditioned)
        self.to_qkv = nn.Linear(width, 3 * width)
        self.from_attention = nn.Linear(width, width)
        self.feedforward = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width), nn.Dropout(dropout)
        )
        self.modulation = nn.Parameter(torch.zeros(6, width)) if conditioned else None

    def forward(self, x, condition=None):
        """(B, T, width) and, where conditioned, the shared modulation (B, 6, width) -> (B, T, width)."""
        if self.modulation is None:
            x = x + self._attend(self.norm_attention(x))
            return x + self.feedforward(self.norm_feedforward(x))
        shift_a, scale_a, gate_a, shift_f, scale_f, gate_f = (condition + self.modulation)[:, :, None].unbind(1)
        x = x + gate_a * self._attend(self.norm_attention(x) * (1 + scale_a) + shift_a)
        return x + gate_f * self.feedforward(self.norm_feedforward(x) * (1 + scale_f) + shift_f)

    def _attend(self, x):
        batch, tokens, width = x.shape
        qkv = self.to_qkv(x).view(batch, tokens, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        query, key = rotate_positions(qkv[0]), rotate_positions(qkv[1])
        # Windows are a few dozen tokens: plain attention is faster there than the fused kernels.
        scores = query @ key.transpose(-1, -2) * (width // self.heads) ** -0.5
        mixed = scores.softmax(-1).to(x.dtype) @ qkv[2]
        return self.from_attention(mixed.transpose(1, 2).reshape(batch, tokens, width))


class Downsample(nn.Module):
    """Frames (B, T, inputs) -> tokens (B, T / 2, width): the two-fold temporal downsampling of the paper."""

    def __init__(self, inputs, width):
        super().__init__()
        self.embed = nn.Linear(inputs, width)
        self.convolve = nn.Conv1d(width, width, 4, stride=2, padding=1)

    def forward(self, frames):
        return self.convolve(F.gelu(self.embed(frames)).transpose(1, 2)).transpose(1, 2)


class Upsample(nn.Module):
    """Tokens (B, T / 2, width) -> frames (B, T, outputs)."""

    def __init__(self, width, outputs):
        super().__init__()
        self.convolve = nn.ConvTranspose1d(width, outputs, 4, stride=2, padding=1)

    def forward(self, tokens):
        return self.convolve(tokens.transpose(1, 2)).transpose(1, 2)
