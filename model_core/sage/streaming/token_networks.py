"""SAGE's networks for one token of a stream at a time, from the weights of the torch modules.

For a single token nearly all the time goes into reading weights and starting operations. What is constant in a stream
is folded into the weights: adaptive normalisations, gates, the attention's scale. Earlier tokens are not computed
again: their keys and values are cached.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, cast

import numpy as np
import torch
from torch import nn

from ..decoder import FullBodyDecoder
from ..diffusion import LatentDiffusion, ddim_sample
from ..model import STREAM_CONTEXT_LENGTH
from ..refiner import Refiner
from ..transformer import Block, Downsample, rotary_embedding

NORM_EPSILON = 1e-5
GELU_SCALE = -(0.5**0.5)
"""GELU(x) is ``GELU_SCALE * u * erfc(u)`` with ``u = GELU_SCALE * x``: torch's own takes three times as long."""


Layer = tuple[torch.Tensor, torch.Tensor]
"""Weight (inputs, outputs), the way round that is read fastest, and bias (outputs,)."""
Arrays = tuple[np.ndarray, np.ndarray]
"""The same before they are folded; or scale and shift of a normalisation."""


class KVCache:
    """The keys and values (blocks, 2, heads, ``STREAM_CONTEXT_LENGTH``, channels) of a stream's last tokens, a ring."""

    def __init__(self, blocks: "TokenBlocks") -> None:
        self.ring = torch.zeros(len(blocks.layers), 2, blocks.heads, STREAM_CONTEXT_LENGTH, blocks.channels)
        self.slots = self.ring.numpy()
        # Views of each block: keys (heads, channels, tokens) and values (heads, tokens, channels).
        self.blocks = [(keys.mT, values) for keys, values in self.ring]
        self.masked = torch.full((1, 1, STREAM_CONTEXT_LENGTH), -torch.inf)
        """What is added to the scores: slots without a token as yet are not attended to."""
        self.tokens = 0

    def next_slot(self) -> int:
        """Where the next token belongs."""
        slot = self.tokens % STREAM_CONTEXT_LENGTH
        if self.tokens < STREAM_CONTEXT_LENGTH:
            self.masked[..., slot] = 0
        self.tokens += 1
        return slot


class TokenBlocks:
    """A stack of ``transformer.Block``; ``modulation`` (1, 6, width), a tensor, where they are adaptive."""

    def __init__(self, blocks: nn.ModuleList, modulation: torch.Tensor | None = None) -> None:
        first = cast(Block, blocks[0])
        self.heads = first.heads
        width = first.from_attention.in_features
        self.channels = width // self.heads
        # The two numbers that a position rotates lie side by side, as a complex one; both of query and key, so that
        # their product stays.
        self.pairs = np.arange(self.channels).reshape(2, -1).T.reshape(-1)
        self.layers = [self._fold(cast(Block, block), modulation) for block in blocks]
        # A token's query, key and value, and views of them: making these for each token would take as long as using
        # them.
        self.qkv = torch.zeros(3 * width)
        self.query = self.qkv[:width].view(self.heads, 1, self.channels)
        by_head = self.qkv.numpy().reshape(3, self.heads, self.channels)
        self.query_key, self.key_value = by_head[:2].view(np.complex64), by_head[1:]

    def _fold(self, block: Block, modulation: torch.Tensor | None) -> tuple[Layer, Layer, Layer, Layer]:
        if modulation is None or block.modulation is None:
            norms, gates = (_arrays(block.norm_attention), _arrays(block.norm_feedforward)), (None, None)
        else:
            shift_a, scale_a, gate_a, shift_f, scale_f, gate_f = _array((modulation + block.modulation)[0])
            norms, gates = ((1 + scale_a, shift_a), (1 + scale_f, shift_f)), (gate_a, gate_f)
        widen, _, narrow, _ = block.feedforward
        weight, bias = (np.array(part) for part in _after_norm(_arrays(block.to_qkv), norms[0]))
        for part in (weight, bias):
            part[: len(part) // 3] *= self.channels**-0.5  # The query's third.
            query_key = part[: 2 * len(part) // 3].reshape(-1, self.channels, *part.shape[1:])
            query_key[:] = query_key[:, self.pairs]
        from_attention = _layer(_gated(_arrays(block.from_attention), gates[0]))
        return (
            _layer((weight, bias)),
            from_attention,
            *_around_gelu(_after_norm(_arrays(widen), norms[1]), _gated(_arrays(narrow), gates[1])),
        )

    def step(self, x: torch.Tensor, cache: KVCache) -> torch.Tensor:
        """The next token (width,) of a stream whose earlier ones are in ``cache``."""
        turn = _turn_of_token(cache.tokens, self.channels)
        slot = cache.next_slot()
        layers = zip(self.layers, cache.blocks, cache.slots, strict=True)
        for (to_qkv, from_attention, widen, narrow), (keys, values), slots in layers:
            _linear(to_qkv, _normalise(x), self.qkv)
            np.multiply(self.query_key, turn, out=self.query_key)
            slots[:, :, slot] = self.key_value
            # The order of the ring does not matter: keys are rotated by their position in the stream. For one token
            # the fused attention takes longer.
            attended = torch.bmm(torch.baddbmm(cache.masked, self.query, keys).softmax(-1), values)
            x = _linear(from_attention, attended.view(-1)).add_(x)
            x = _linear(narrow, _gelu(_linear(widen, _normalise(x)))).add_(x)
        return x


@lru_cache(maxsize=8)
def _turn_of_token(token: int, channels: int) -> np.ndarray:
    """``rotary_embedding`` of one token as complex numbers (channels / 2,), which all networks of a stream ask for."""
    cosine, sine = rotary_embedding(token, 1, channels)[:, 0, channels // 2 :]
    return cosine + 1j * sine


class FrameEmbedding:
    """The first layers of several ``transformer.Downsample``, as one; ``_observed`` is what is left of each."""

    def __init__(self, downsamples: Sequence[Downsample]) -> None:
        weights, biases = zip(*(_arrays(downsample.embed) for downsample in downsamples), strict=True)
        self.embed = _layer((GELU_SCALE * np.concatenate(weights), GELU_SCALE * np.concatenate(biases)))
        self.count = len(downsamples)
        self.recent: list[tuple[torch.Tensor, ...]] = []

    def step(self, frame: torch.Tensor) -> list[tuple[torch.Tensor, ...]]:
        """Of each network the embeddings (width,) of three frames: those of the token that ends with ``frame``
        (features,), and the one before. None is after it yet."""
        embedded = _gelu(_linear(self.embed, frame)).view(self.count, -1).unbind()
        self.recent = [*self.recent[1:], embedded] if self.recent else [embedded] * 3
        return list(zip(*self.recent, strict=True))


class TokenDiffusion:
    """``diffusion.LatentDiffusion``; each step of its sampling has ``TokenBlocks`` of its own."""

    def __init__(self, diffusion: LatentDiffusion) -> None:
        self.diffusion = diffusion
        self.embed = _layer(_observed(_arrays(diffusion.embed), diffusion.observe, diffusion.latent_size))
        self.predict = _layer(_after_norm(_arrays(diffusion.predict), _arrays(diffusion.norm)))
        self.blocks = {}

    def step(
        self,
        observed: Sequence[torch.Tensor],
        start: torch.Tensor,
        steps: int,
        caches: dict[int, KVCache],
        condition: Sequence[torch.Tensor] = (),
    ) -> torch.Tensor:
        """The next token's latent (latent,), sampled in ``steps`` steps from ``start`` (latent,).

        ``observed`` is from ``FrameEmbedding``, ``condition`` holds the upper latent where there is one, and ``caches``
        is a dict that keeps the ``KVCache`` of each step.
        """

        def clean(noisy: torch.Tensor, step: torch.Tensor, observed: Sequence, condition: Sequence) -> torch.Tensor:
            blocks, cache = self._blocks_and_cache(step, caches)
            x = _linear(self.embed, torch.cat([noisy[0, 0], *observed, *condition]))
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
        embed = _arrays(decoder.embed)
        latents = embed[0].shape[1] - len(embed[0])
        self.embed = _layer(_observed(embed, decoder.observe, latents))
        self.blocks = TokenBlocks(decoder.blocks)
        # Of the four taps of the upsampling the third one leads from a token to its own later frame.
        upsample = decoder.upsample.convolve
        taps = _array(upsample.weight)[:, :, 2].T, _array(upsample.bias)
        widen, _, narrow = decoder.per_frame
        widened = _after(_arrays(widen), _after_norm(taps, _arrays(decoder.norm)), 0)
        self.widen, self.narrow = _around_gelu(widened, _arrays(narrow))
        self.mean_pose = torch.from_numpy(_array(decoder.mean_pose))

    def step(
        self,
        upper: torch.Tensor,
        lower: torch.Tensor,
        observed: Sequence[torch.Tensor],
        frame: torch.Tensor,
        cache: KVCache,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The pose (22 * 6,) and the contacts' logits (4,), given both latents, ``observed`` from ``FrameEmbedding``
        and the newest frame's features."""
        x = self.blocks.step(_linear(self.embed, torch.cat([upper, lower, *observed])), cache)
        decoded = _linear(self.narrow, _gelu(_linear(self.widen, torch.cat([_normalise(x), frame]))))
        return decoded[: len(self.mean_pose)] + self.mean_pose, decoded[len(self.mean_pose) :]


class FrameRefiner:
    """``refiner.Refiner``: the GRU goes on from the state in which it was left."""

    def __init__(self, refiner: Refiner) -> None:
        gru = refiner.gru
        self.layers = [
            (_layer((_array(of_input), _array(input_bias))), _layer((_array(of_state), _array(state_bias))))
            for of_input, of_state, input_bias, state_bias in gru.all_weights
        ]
        self.correct = _layer(_arrays(refiner.correct))
        self.states = [torch.zeros(gru.hidden_size)] * gru.num_layers

    def step(self, pose: torch.Tensor, frame: torch.Tensor, residuals: torch.Tensor) -> torch.Tensor:
        """The corrected pose (22 * 6,), from the frame's features and the pose's ``refiner.tracker_residuals``."""
        x = torch.cat([pose, frame, residuals])
        for number, (of_input, of_state) in enumerate(self.layers):
            state, size = self.states[number], len(self.states[number])
            by_input, by_state = _linear(of_input, x), _linear(of_state, state)
            reset, update = (by_input[: 2 * size] + by_state[: 2 * size]).sigmoid_().chunk(2)
            new = torch.addcmul(by_input[2 * size :], reset, by_state[2 * size :]).tanh_()
            x = self.states[number] = torch.lerp(new, state, update)
        return pose + _linear(self.correct, x)


def _linear(layer: Layer, x: torch.Tensor, out: torch.Tensor | None = None) -> torch.Tensor:
    """The layer's outputs, in ``out`` where there is one."""
    weight, bias = layer
    out = torch.empty_like(bias) if out is None else out
    # Numpy's own loop: torch's libraries take up to twice as long, and divide what is too short for threads.
    np.einsum("j,ji->i", x.numpy(), weight.numpy(), out=out.numpy())
    return out.add_(bias)


def _normalise(x: torch.Tensor) -> torch.Tensor:
    """Layer normalisation of a token; scale and shift are folded into the next layer."""
    return torch.layer_norm(x, x.shape, eps=NORM_EPSILON)


def _gelu(u: torch.Tensor) -> torch.Tensor:
    """GELU between two layers that are folded for it (``GELU_SCALE``)."""
    return torch.erfc(u).mul_(u)


def _around_gelu(before: Arrays, after: Arrays) -> tuple[Layer, Layer]:
    """The layers before and after ``_gelu``."""
    return _layer((GELU_SCALE * before[0], GELU_SCALE * before[1])), _layer((GELU_SCALE * after[0], after[1]))


def _after_norm(layer: Arrays, norm: Arrays) -> Arrays:
    """``layer`` after a normalisation's scale and shift."""
    return layer[0] * norm[0], layer[1] + layer[0] @ norm[1]


def _gated(layer: Arrays, gate: np.ndarray | None) -> Arrays:
    """``layer`` times ``gate`` (outputs,)."""
    return layer if gate is None else (layer[0] * gate[:, None], layer[1] * gate)


def _after(layer: Arrays, earlier: Arrays, first: int) -> Arrays:
    """``layer`` with ``earlier`` folded in, which makes its inputs from number ``first`` on."""
    weight, bias = layer
    before, made, after = np.split(weight, [first, first + len(earlier[0])], 1)
    return np.concatenate([before, made @ earlier[0], after], 1), bias + made @ earlier[1]


def _observed(embed: Arrays, downsample: Downsample, first: int) -> Arrays:
    """``embed`` with the convolution of ``downsample`` folded in, which makes its inputs from number ``first`` on.

    Instead of the observation's token it takes the ``FrameEmbedding`` of three frames.
    """
    weight = _array(downsample.convolve.weight)[:, :, :3].transpose(0, 2, 1)
    convolve = GELU_SCALE * weight.reshape(len(weight), -1), _array(downsample.convolve.bias)
    return _after(embed, convolve, first)


def _layer(arrays: Arrays) -> Layer:
    weight, bias = (torch.from_numpy(np.array(array.T, np.float32, order="C")) for array in arrays)
    return weight, bias


def _arrays(module: nn.Module) -> Arrays:
    return _array(module.weight), _array(module.bias)


def _array(tensor: Any) -> np.ndarray:
    return tensor.detach().cpu().float().numpy()
