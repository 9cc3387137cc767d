"""The networks of SAGE for one token of a stream at a time, in numpy, from the weights of the torch modules.

For a single token nearly all the time goes into starting operations and reading weights. Numpy starts one in a fifth
of torch's time, and what is constant in a stream is folded into the weights: adaptive normalisations, gates, the
attention's scale. Tokens of the past are not computed again: each block remembers their keys and values.
"""

import numpy as np
import torch
from scipy.special import erf, expit

from .diffusion import sample
from .model import STREAM_SPAN
from .transformer import rotary_turn

NORM_EPSILON = 1e-5
ROOT_HALF = np.float32(0.5**0.5)
GRU_PARTS = "ih", "hh"
"""How torch calls a GRU's weights of its input and of its state."""


class KVCache:
    """The keys and values (blocks, heads, ``STREAM_SPAN``, channels) of a stream's last tokens, in a ring."""

    def __init__(self, blocks):
        shape = len(blocks.layers), blocks.heads, STREAM_SPAN, blocks.channels
        self.keys, self.values = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        self.tokens = 0


class TokenBlocks:
    """A stack of ``transformer.Block``; ``condition`` (1, 6, width), a tensor, where they are conditioned."""

    def __init__(self, blocks, condition=None):
        self.heads = blocks[0].heads
        self.channels = blocks[0].from_attention.in_features // self.heads
        self.layers = [self._fold(block, condition) for block in blocks]

    def _fold(self, block, condition):
        if condition is None:
            norms, gates = (_affine(block.norm_attention), _affine(block.norm_feedforward)), (None, None)
        else:
            shift_a, scale_a, gate_a, shift_f, scale_f, gate_f = _array((condition + block.modulation)[0])
            norms, gates = ((1 + scale_a, shift_a), (1 + scale_f, shift_f)), (gate_a, gate_f)
        widen, _, narrow, _ = block.feedforward
        qkv = _fold(block.to_qkv, norms[0])
        for part in qkv:
            part[: len(part) // 3] *= self.channels**-0.5  # The query's third.
        return qkv, _fold(block.from_attention, gate=gates[0]), _fold(widen, norms[1]), _fold(narrow, gate=gates[1])

    def step(self, x, past):
        """The next token (width,) of a stream whose earlier ones are in ``past``."""
        slot, seen = past.tokens % STREAM_SPAN, min(past.tokens + 1, STREAM_SPAN)
        cosine, sine = rotary_turn(past.tokens, 1, self.channels)
        for (qkv, from_attention, widen, narrow), keys, values in zip(self.layers, past.keys, past.values, strict=True):
            query_key_value = _linear(qkv, _normalise(x)).reshape(3, self.heads, self.channels)
            turned = query_key_value[:2]
            turned = turned * cosine + np.roll(turned, self.channels // 2, -1) * sine
            keys[:, slot], values[:, slot] = turned[1], query_key_value[2]
            # The order of the ring does not matter: keys are turned by their places in the stream.
            scores = (keys[:, :seen] @ turned[0][:, :, None])[:, :, 0]
            shares = np.exp(scores - scores.max(-1, keepdims=True))
            mixed = (shares[:, None] @ values[:, :seen])[:, 0] / shares.sum(-1, keepdims=True)
            x = x + _linear(from_attention, mixed.reshape(-1))
            x = x + _linear(narrow, _gelu(_linear(widen, _normalise(x))))
        past.tokens += 1
        return x


class TokenDownsample:
    """``transformer.Downsample`` for the newest token: its two frames and the one before; none is after it yet."""

    def __init__(self, downsample):
        self.embed = _fold(downsample.embed)
        weight = _array(downsample.convolve.weight)[:, :, :3].transpose(0, 2, 1)
        self.convolve = np.ascontiguousarray(weight.reshape(len(weight), -1)), _array(downsample.convolve.bias)
        self.recent = None

    def step(self, frame):
        """The token (width,) that ends with ``frame`` (features,), after the frames of earlier calls."""
        embedded = _gelu(_linear(self.embed, frame))
        self.recent = [embedded] * 3 if self.recent is None else [*self.recent[1:], embedded]
        return _linear(self.convolve, np.concatenate(self.recent))


class TokenDiffusion:
    """``diffusion.LatentDiffusion``; each step of its sampling has ``TokenBlocks`` of its own."""

    def __init__(self, diffusion):
        self.diffusion = diffusion
        self.observe = TokenDownsample(diffusion.observe)
        self.embed = _fold(diffusion.embed)
        self.predict = _fold(diffusion.predict, _affine(diffusion.norm))
        self.blocks = {}

    def step(self, observed, start, steps, pasts, given=()):
        """The next token's latent (latent,), sampled in ``steps`` steps from ``start`` (latent,).

        ``observed`` is the observation's token, ``given`` holds the upper latent where there is one, and ``pasts`` is
        a dict that keeps the ``KVCache`` of each step.
        """

        def clean(noisy, step, observed, given):
            blocks, past = self._blocks_and_past(step, pasts)
            x = _linear(self.embed, np.concatenate([noisy.numpy()[0, 0], observed, *given]))
            return torch.from_numpy(_linear(self.predict, _normalise(blocks.step(x, past))))[None, None]

        return sample(clean, observed, torch.from_numpy(start)[None, None], steps, given).numpy()[0, 0]

    def _blocks_and_past(self, step, pasts):
        number = int(step)
        if number not in self.blocks:
            self.blocks[number] = TokenBlocks(self.diffusion.blocks, self.diffusion.modulation(step))
        if number not in pasts:
            pasts[number] = KVCache(self.blocks[number])
        return self.blocks[number], pasts[number]


class TokenDecoder:
    """``decoder.FullBodyDecoder``: the pose of the newest frame, the later one of the newest token."""

    def __init__(self, decoder):
        self.observe = TokenDownsample(decoder.observe)
        self.embed = _fold(decoder.embed)
        self.blocks = TokenBlocks(decoder.blocks)
        # Of the four taps of the upsampling the third one leads from a token to its own later frame.
        upsample = decoder.upsample.convolve
        self.upsample = _fold_arrays(_array(upsample.weight)[:, :, 2].T, _array(upsample.bias), _affine(decoder.norm))
        self.widen, self.narrow = _fold(decoder.per_frame[0]), _fold(decoder.per_frame[2])
        self.mean_pose = _array(decoder.mean_pose)

    def step(self, upper, lower, observed, frame, past):
        """The pose (22 * 6,) given both latents, the observation's token and the newest frame's features."""
        x = self.blocks.step(_linear(self.embed, np.concatenate([upper, lower, observed])), past)
        of_frame = np.concatenate([_linear(self.upsample, _normalise(x)), frame])
        return _linear(self.narrow, _gelu(_linear(self.widen, of_frame)))[: len(self.mean_pose)] + self.mean_pose


class FrameRefiner:
    """``refiner.Refiner``: the GRU goes on from the state in which it was left."""

    def __init__(self, refiner):
        gru = refiner.gru
        self.layers = [
            [
                (_array(getattr(gru, f"weight_{part}_l{i}")), _array(getattr(gru, f"bias_{part}_l{i}")))
                for part in GRU_PARTS
            ]
            for i in range(gru.num_layers)
        ]
        self.correct = _fold(refiner.correct)
        self.state = [np.zeros(gru.hidden_size, np.float32)] * gru.num_layers

    def step(self, pose, frame, missed):
        """The corrected pose (22 * 6,), given the frame's features and the ``refiner.misses`` of the pose."""
        x = np.concatenate([pose, frame, missed])
        for number, (of_input, of_state) in enumerate(self.layers):
            state = self.state[number]
            reset_in, update_in, new_in = _linear(of_input, x).reshape(3, -1)
            reset_by, update_by, new_by = _linear(of_state, state).reshape(3, -1)
            new = np.tanh(new_in + expit(reset_in + reset_by) * new_by)
            update = expit(update_in + update_by)
            x = self.state[number] = new + update * (state - new)
        return pose + _linear(self.correct, x)


def _linear(weight_and_bias, x):
    weight, bias = weight_and_bias
    return weight @ x + bias


def _normalise(x):
    """A layer's normalisation of a token; scale and shift are folded into what comes next."""
    centred = x - x.mean()
    return centred / np.sqrt(centred @ centred / len(x) + NORM_EPSILON)


def _gelu(x):
    return 0.5 * x * (1 + erf(x * ROOT_HALF))


def _fold(linear, norm=None, gate=None):
    """Weight and bias of ``gate * linear(scale * x + shift)``, with ``norm`` (scale, shift)."""
    return _fold_arrays(_array(linear.weight), _array(linear.bias), norm, gate)


def _fold_arrays(weight, bias, norm=None, gate=None):
    if norm is not None:
        weight, bias = weight * norm[0], bias + weight @ norm[1]
    if gate is not None:
        weight, bias = weight * gate[:, None], bias * gate
    return np.array(weight, np.float32, order="C"), np.array(bias, np.float32)


def _affine(norm):
    return _array(norm.weight), _array(norm.bias)


def _array(tensor):
    return tensor.detach().cpu().float().numpy()
