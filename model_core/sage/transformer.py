"""The transformer block that all parts of SAGE share."""

from functools import lru_cache
from typing import cast

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from .attention import Span, attend

ROTARY_BASE = 1000.0


def run_blocks(
    blocks: nn.ModuleList,
    x: torch.Tensor,
    modulation: torch.Tensor | None = None,
    span: Span | None = None,
) -> torch.Tensor:
    """``blocks`` over tokens (B, T, width), one after the other; ``modulation`` (B, 6, width) where adaptive.

    With a ``span`` each token attends only to those in it.
    """
    channels = x.shape[2] // cast(Block, blocks[0]).heads
    # Query and key are scaled by the root of the attention's scale each, on the way.
    rotary = _rotary_on(x.device, x.shape[1], channels) * channels**-0.25
    for block in blocks:
        x = block(x, rotary, modulation, span)
    return x


@lru_cache(maxsize=64)
def _rotary_on(device: torch.device, tokens: int, channels: int) -> torch.Tensor:
    """``rotary_embedding`` from the start, sent to a device once."""
    with torch.inference_mode(False):  # What was made for inference alone could not train later.
        return torch.from_numpy(rotary_embedding(0, tokens, channels)).to(device)


def rotary_embedding(first: int, tokens: int, channels: int) -> np.ndarray:
    """Cosine and signed sine (2, tokens, channels) of ``rotate_by_position``, for tokens from number ``first`` on.

    An array, exact for streams of any length.
    """
    half = channels // 2
    angles = np.arange(first, first + tokens)[:, None] * ROTARY_BASE ** (-np.arange(half) / half)
    cosine, sine = np.cos(angles), np.sin(angles)
    parts = [np.concatenate([cosine, cosine], -1), np.concatenate([-sine, sine], -1)]
    return np.stack(parts).astype(np.float32)


def rotate_by_position(x: torch.Tensor, rotary: torch.Tensor) -> torch.Tensor:
    """Rotary position embedding (Su et al. 2021) of (..., T, channels), so that a window may have any length."""
    cosine, sine = rotary.to(x.dtype)
    return torch.addcmul(x * cosine, x.roll(x.shape[-1] // 2, -1), sine)


class Linear(nn.Linear):
    """The layer whose weights autocast rounds once, at inference, and not again at each call."""

    _rounded: tuple[tuple[object, ...], torch.Tensor, torch.Tensor] | None = None

    def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002
        weight, bias, kind = self.weight, self.bias, input.device.type
        rounding = torch.is_inference_mode_enabled() and torch.amp.is_autocast_available(kind)
        # Tensors that were made for inference do not tell when they have changed.
        if not rounding or not torch.is_autocast_enabled(kind) or weight.is_inference():
            return F.linear(input, weight, bias)
        dtype = torch.get_autocast_dtype(kind)
        version = dtype, weight.data_ptr(), weight._version, bias._version
        if self._rounded is None or self._rounded[0] != version:
            self._rounded = version, weight.to(dtype), bias.to(dtype)
        return F.linear(input, *self._rounded[1:])


class Block(nn.Module):
    """Self-attention and feed-forward, each normalised first.

    With ``adaptive`` the normalisations are adaptive (adaLN, Peebles & Xie 2023): their shift, scale and gate come
    from outside, shared by all blocks of a network, plus a learnt difference of each block's own.
    """

    def __init__(self, width: int, heads: int, adaptive: bool = False, dropout: float = 0.0) -> None:
        super().__init__()
        self.heads = heads
        self.norm_attention = nn.LayerNorm(width, elementwise_affine=not adaptive)
        self.norm_feedforward = nn.LayerNorm(width, elementwise_affine=not adaptive)
        self.to_qkv = Linear(width, 3 * width)
        self.from_attention = Linear(width, width)
        self.feedforward = nn.Sequential(
            Linear(width, 4 * width), nn.GELU(), Linear(4 * width, width), nn.Dropout(dropout)
        )
        self.modulation = nn.Parameter(torch.zeros(6, width)) if adaptive else None

    def forward(
        self,
        x: torch.Tensor,
        rotary: torch.Tensor,
        modulation: torch.Tensor | None = None,
        span: Span | None = None,
    ) -> torch.Tensor:
        """Tokens (B, T, width) to tokens; ``modulation`` and ``span`` as in ``run_blocks``, ``rotary`` from
        ``rotary_embedding``, scaled so that a query times a key is a score."""
        if self.modulation is None or modulation is None:
            x = x + self._attend(self.norm_attention(x), rotary, span)
            return x + self.feedforward(self.norm_feedforward(x))
        shift_a, scale_a, gate_a, shift_f, scale_f, gate_f = (modulation + self.modulation)[:, :, None].unbind(1)
        attended = self._attend(_normalise(self.norm_attention, x, scale_a, shift_a), rotary, span)
        x = torch.addcmul(x, gate_a.to(x.dtype), attended)
        return torch.addcmul(
            x, gate_f.to(x.dtype), self.feedforward(_normalise(self.norm_feedforward, x, scale_f, shift_f))
        )

    def _attend(self, x: torch.Tensor, rotary: torch.Tensor, span: Span | None) -> torch.Tensor:
        batch, tokens, width = x.shape
        qkv = self.to_qkv(x).view(batch, tokens, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        query, key = rotate_by_position(qkv[:2], rotary)
        attended = attend(query, key, qkv[2], span)
        return self.from_attention(attended.transpose(1, 2).reshape(batch, tokens, width))


def _normalise(norm: nn.LayerNorm, x: torch.Tensor, scale: torch.Tensor, shift: torch.Tensor) -> torch.Tensor:
    """``norm(x) * (1 + scale) + shift`` of tokens (B, T, width), with scale and shift (B, 1, width) or, of all,
    (1, 1, width)."""
    if len(scale) == 1:  # As one operation.
        return F.layer_norm(x, norm.normalized_shape, 1 + scale[0, 0], shift[0, 0], norm.eps)
    return norm(x) * (1 + scale) + shift


class Downsample(nn.Module):
    """Frames (B, T, inputs) -> tokens (B, T / 2, width): the two-fold temporal downsampling of the paper.

    Each token is made of its two frames, the one before and the one after: a convolution, as one matrix product.
    """

    def __init__(self, inputs: int, width: int) -> None:
        super().__init__()
        self.embed = Linear(inputs, width)
        self.convolve = nn.Conv1d(width, width, 4, stride=2, padding=1)

    def forward(self, frames: torch.Tensor, streamed: bool = False) -> torch.Tensor:
        """With ``streamed`` each token is as when its frames were the newest: the frame after was not there yet.

        Before a stream its first frame stood still.
        """
        embedded, weight = F.gelu(self.embed(frames)), self.convolve.weight
        padded = F.pad(embedded, (0, 0, 1, 1))
        if streamed:
            padded = torch.cat([embedded[:, :1], padded[:, 1:]], 1)
            weight = weight * weight.new_tensor([1, 1, 1, 0])
        return F.linear(padded.unfold(1, 4, 2).flatten(2), weight.flatten(1), self.convolve.bias)


class Upsample(nn.Module):
    """Tokens (B, T / 2, width) -> frames (B, T, outputs)."""

    def __init__(self, width: int, outputs: int) -> None:
        super().__init__()
        self.convolve = nn.ConvTranspose1d(width, outputs, 4, stride=2, padding=1)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return self.convolve(tokens.transpose(1, 2)).transpose(1, 2)
