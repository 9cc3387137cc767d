"""SAGE's networks for one token of a stream at a time, from the weights of the torch modules.

For a single token nearly all the time goes into reading weights and starting operations. Torch reads a matrix in half
of numpy's time. What is constant in a stream is folded into the weights: adaptive normalisations, gates, the
attention's scale. Earlier tokens are not computed again: their keys and values are cached.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, cast

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from ..decoder import FullBodyDecoder
from ..diffusion import LatentDiffusion, ddim_sample
from ..model import STREAM_CONTEXT_LENGTH
from ..refiner import Refiner
from ..transformer import Block, Downsample, rotary_embedding

NORM_EPSILON = 1e-5
GRU_PARTS = "ih", "hh"
"""Torch's names for a GRU's weights of its input and of its state."""


Layer = tuple[torch.Tensor, torch.Tensor]
"""Weight and bias."""
Scaling = tuple[np.ndarray, np.ndarray]
"""Scale and shift of a normalisation."""


class KVCache:
    """The keys and values (blocks, heads, ``STREAM_CONTEXT_LENGTH``, channels) of a stream's last tokens, in a ring."""

    def __init__(self, blocks: "TokenBlocks") -> None:
        shape = len(blocks.layers), blocks.heads, STREAM_CONTEXT_LENGTH, blocks.channels
        self.keys, self.values = torch.zeros(shape), torch.zeros(shape)
        self.tokens = 0


class TokenBlocks:
    """A stack of ``transformer.Block``; ``modulation`` (1, 6, width), a tensor, where they are adaptive."""

    def __init__(self, blocks: nn.ModuleList, modulation: torch.Tensor | None = None) -> None:
        first = cast(Block, blocks[0])
        self.heads = first.heads
        self.channels = first.from_attention.in_features // self.heads
        # The two numbers that a position rotates lie side by side, as a complex one; both of query and key, so that
        # their product stays.
        self.pairs = np.arange(self.channels).reshape(2, -1).T.reshape(-1)
        self.layers = [self._fold(cast(Block, block), modulation) for block in blocks]

    def _fold(self, block: Block, modulation: torch.Tensor | None) -> tuple[Layer, Layer, Layer, Layer]:
        if modulation is None or block.modulation is None:
            norms, gates = (_affine(block.norm_attention), _affine(block.norm_feedforward)), (None, None)
        else:
            shift_a, scale_a, gate_a, shift_f, scale_f, gate_f = _array((modulation + block.modulation)[0])
            norms, gates = ((1 + scale_a, shift_a), (1 + scale_f, shift_f)), (gate_a, gate_f)
        widen, _, narrow, _ = block.feedforward
        qkv = _fold(block.to_qkv, norms[0])
        for part in qkv:
            part[: len(part) // 3] *= self.channels**-0.5  # The query's third.
            query_key = part[: 2 * len(part) // 3].unflatten(0, (-1, self.channels))
            query_key.copy_(query_key[:, self.pairs].clone())
        return qkv, _fold(block.from_attention, gate=gates[0]), _fold(widen, norms[1]), _fold(narrow, gate=gates[1])

    def step(self, x: torch.Tensor, cache: KVCache) -> torch.Tensor:
        """The next token (width,) of a stream whose earlier ones are in ``cache``."""
        slot, seen = cache.tokens % STREAM_CONTEXT_LENGTH, min(cache.tokens + 1, STREAM_CONTEXT_LENGTH)
        turn = _turn_of_token(cache.tokens, self.channels)
        layers = zip(self.layers, cache.keys.unbind(), cache.values.unbind(), strict=True)
        for (qkv, from_attention, widen, narrow), keys, values in layers:
            query_key_value = _linear(qkv, _normalise(x)).view(3, self.heads, 1, self.channels)
            query_key = query_key_value[:2].numpy().view(np.complex64)
            query_key *= turn
            query, keys[:, slot], values[:, slot] = query_key_value[:1], *query_key_value[1:, :, 0]
            # The order of the ring does not matter: keys are rotated by their position in the stream.
            attended = F.scaled_dot_product_attention(query, keys[None, :, :seen], values[None, :, :seen], scale=1.0)
            x = x + _linear(from_attention, attended.view(-1))
            x = x + _linear(narrow, F.gelu(_linear(widen, _normalise(x))))
        cache.tokens += 1
        return x


@lru_cache(maxsize=8)
def _turn_of_token(token: int, channels: int) -> np.ndarray:
    """``rotary_embedding`` of one token as complex numbers (channels / 2,), which all networks of a stream ask for."""
    cosine, sine = rotary_embedding(token, 1, channels)[:, 0, channels // 2 :]
    return cosine + 1j * sine


class TokenDownsample:
    """``transformer.Downsample`` for the newest token: its two frames and the one before; none is after it yet."""

    def __init__(self, downsample: Downsample) -> None:
        self.embed = _fold(downsample.embed)
        weight = _array(downsample.convolve.weight)[:, :, :3].transpose(0, 2, 1)
        self.convolve = _fold_arrays(weight.reshape(len(weight), -1), _array(downsample.convolve.bias))
        self.recent: list[torch.Tensor] | None = None

    def step(self, frame: torch.Tensor) -> torch.Tensor:
        """The token (width,) that ends with ``frame`` (features,), after the frames of earlier calls."""
        embedded = F.gelu(_linear(self.embed, frame))
        self.recent = [embedded] * 3 if self.recent is None else [*self.recent[1:], embedded]
        return _linear(self.convolve, torch.cat(self.recent))


class TokenDiffusion:
    """``diffusion.LatentDiffusion``; each step of its sampling has ``TokenBlocks`` of its own."""

    def __init__(self, diffusion: LatentDiffusion) -> None:
        self.diffusion = diffusion
        self.observe = TokenDownsample(diffusion.observe)
        self.embed = _fold(diffusion.embed)
        self.predict = _fold(diffusion.predict, _affine(diffusion.norm))
        self.blocks = {}

    def step(
        self,
        observed: torch.Tensor,
        start: torch.Tensor,
        steps: int,
        caches: dict[int, KVCache],
        condition: Sequence[torch.Tensor] = (),
    ) -> torch.Tensor:
        """The next token's latent (latent,), sampled in ``steps`` steps from ``start`` (latent,).

        ``observed`` is the observation's token, ``condition`` holds the upper latent where there is one, and ``caches``
        is a dict that keeps the ``KVCache`` of each step.
        """

        def clean(noisy: torch.Tensor, step: torch.Tensor, observed: torch.Tensor, condition: Sequence) -> torch.Tensor:
            blocks, cache = self._blocks_and_cache(step, caches)
            x = _linear(self.embed, torch.cat([noisy[0, 0], observed, *condition]))
            return _linear(self.predict, _normalise(blocks.step(x, cache)))[None, None]

        return ddim_sample(clean, observed, start[None, None], steps, condition)[0, 0]

    def _blocks_and_cache(self, step: torch.Tensor, caches: dict[int, KVCache]) -> tuple[TokenBlocks, KVCache]:
        number = int(step)
        if number not in self.blocks:
            self.blocks[number] = TokenBlocks(self.diffusion.blocks, self.diffusion.modulation(step))
        if number not in caches:
            caches[number] = KVCache(self.blocks[number])
        return self.blocks[number], caches[number]


class TokenDecoder:
    """``decoder.FullBodyDecoder``: the pose of the newest frame, the later one of the newest token."""

    def __init__(self, decoder: FullBodyDecoder) -> None:
        self.observe = TokenDownsample(decoder.observe)
        self.embed = _fold(decoder.embed)
        self.blocks = TokenBlocks(decoder.blocks)
        # Of the four taps of the upsampling the third one leads from a token to its own later frame.
        upsample = decoder.upsample.convolve
        self.upsample = _fold_arrays(_array(upsample.weight)[:, :, 2].T, _array(upsample.bias), _affine(decoder.norm))
        widen, _, narrow = decoder.per_frame
        self.widen, self.narrow = _fold(widen), _fold(narrow)
        self.mean_pose = torch.from_numpy(_array(decoder.mean_pose))

    def step(
        self, upper: torch.Tensor, lower: torch.Tensor, observed: torch.Tensor, frame: torch.Tensor, cache: KVCache
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The pose (22 * 6,) and the contacts' logits (4,), given both latents, the observation's token and the newest
        frame's features."""
        x = self.blocks.step(_linear(self.embed, torch.cat([upper, lower, observed])), cache)
        both = torch.cat([_linear(self.upsample, _normalise(x)), frame])
        decoded = _linear(self.narrow, F.gelu(_linear(self.widen, both)))
        return decoded[: len(self.mean_pose)] + self.mean_pose, decoded[len(self.mean_pose) :]


class FrameRefiner:
    """``refiner.Refiner``: the GRU goes on from the state in which it was left."""

    def __init__(self, refiner: Refiner) -> None:
        gru = refiner.gru
        self.layers = [
            [
                _fold_arrays(_array(getattr(gru, f"weight_{part}_l{i}")), _array(getattr(gru, f"bias_{part}_l{i}")))
                for part in GRU_PARTS
            ]
            for i in range(gru.num_layers)
        ]
        self.correct = _fold(refiner.correct)
        self.state = [torch.zeros(gru.hidden_size)] * gru.num_layers

    def step(self, pose: torch.Tensor, frame: torch.Tensor, residuals: torch.Tensor) -> torch.Tensor:
        """The corrected pose (22 * 6,), from the frame's features and the pose's ``refiner.tracker_residuals``."""
        x = torch.cat([pose, frame, residuals])
        for number, (of_input, of_state) in enumerate(self.layers):
            state = self.state[number]
            reset_in, update_in, new_in = _linear(of_input, x).view(3, -1)
            reset_by, update_by, new_by = _linear(of_state, state).view(3, -1)
            new = torch.tanh(new_in + torch.sigmoid(reset_in + reset_by) * new_by)
            update = torch.sigmoid(update_in + update_by)
            x = self.state[number] = new + update * (state - new)
        return pose + _linear(self.correct, x)


def _linear(weight_and_bias: Layer, x: torch.Tensor) -> torch.Tensor:
    weight, bias = weight_and_bias
    return torch.addmv(bias, weight, x)


def _normalise(x: torch.Tensor) -> torch.Tensor:
    """Layer normalisation of a token; scale and shift are folded into the next layer."""
    return F.layer_norm(x, x.shape, eps=NORM_EPSILON)


def _fold(linear: nn.Module, norm: Scaling | None = None, gate: np.ndarray | None = None) -> Layer:
    """Weight and bias of ``gate * linear(scale * x + shift)``, with ``norm`` (scale, shift)."""
    return _fold_arrays(_array(linear.weight), _array(linear.bias), norm, gate)


def _fold_arrays(
    weight: np.ndarray, bias: np.ndarray, norm: Scaling | None = None, gate: np.ndarray | None = None
) -> Layer:
    if norm is not None:
        weight, bias = weight * norm[0], bias + weight @ norm[1]
    if gate is not None:
        weight, bias = weight * gate[:, None], bias * gate
    folded = np.array(weight, np.float32, order="C"), np.array(bias, np.float32)
    return torch.from_numpy(folded[0]), torch.from_numpy(folded[1])


def _affine(norm: nn.LayerNorm) -> Scaling:
    return _array(norm.weight), _array(norm.bias)


def _array(tensor: Any) -> np.ndarray:
    return tensor.detach().cpu().float().numpy()
