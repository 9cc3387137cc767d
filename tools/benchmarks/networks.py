"""SAGE offline and online beside a network of AvatarPoser's size and use, in the same process."""

import argparse
import statistics
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from ...model_core.live.body import LiveBody
from ...model_core.observation import FEATURE_COUNT, Observation
from ...model_core.pipeline import choose_device
from ...model_core.sage.ensemble import SageEnsemble, load_ensemble
from ...model_core.sage.inference import predict
from ...model_core.sage.model import NOT_FOR_INFERENCE
from ...model_core.sage.precision import fast_in_half
from ...model_core.sage.streaming import SageStream
from .timing import Figures, long_observation, median_seconds, seconds

RECORDING_SECONDS = 60.0
BASELINE_WINDOW, BASELINE_BATCH = 40, 256
"""Frames that an AvatarPoser-sized network sees for each frame it predicts, and such windows at once offline."""
ONLINE_STEPS, WARM_UP_STEPS = 500, 60


def measure(options: argparse.Namespace) -> Figures:
    """Throughput in frames a second, time of one online step, and ratios. Results are fetched: a GPU works to the end.

    A ratio above one says by how much SAGE is the faster.
    """
    device = choose_device(options.device)
    sage = load_ensemble(device=device)
    observation, rest = long_observation(RECORDING_SECONDS)
    offline = observation.frame_count / median_seconds(lambda: predict(sage, observation, rest).rotations.cpu())
    alone = observation.frame_count / median_seconds(lambda: predict(sage.first, observation, rest).rotations.cpu())

    stream = SageStream(sage.first, rest)
    frames = list(zip(observation.rotations, observation.positions, observation.valid, strict=True))
    online = _median_step(lambda frame: stream.step(*frame)[0].cpu(), frames)

    body = LiveBody(sage.first, rest)
    live = _median_step(lambda frame: body.step(*frame), frames)

    baseline = _avatarposer_sized().to(device).eval()
    windows = torch.randn(BASELINE_BATCH, BASELINE_WINDOW, FEATURE_COUNT, device=device)
    with torch.inference_mode():
        baseline_offline = BASELINE_BATCH / median_seconds(lambda: baseline(windows)[:, -1].cpu())
        baseline_online = _median_step(lambda window: baseline(window)[:, -1].cpu(), windows.split(1))
    return {
        "SAGE, parameters at inference": (_parameters(sage), "million"),
        "AvatarPoser-sized, parameters": (_parameters(baseline), "million"),
        "SAGE offline": (offline, "frames/s"),
        "SAGE offline, its first network alone": (alone, "frames/s"),
        **_half_precision(sage, observation, rest),
        "AvatarPoser-sized offline, stride 1": (baseline_offline, "frames/s"),
        "SAGE offline over AvatarPoser-sized": (offline / baseline_offline, "x"),
        "SAGE online, one step": (1e3 * online, "ms"),
        "live, one step with arms and feet": (1e3 * live, "ms"),
        "AvatarPoser-sized online, one step": (1e3 * baseline_online, "ms"),
        "AvatarPoser-sized over SAGE, one step": (baseline_online / online, "x"),
    }


def _half_precision(sage: SageEnsemble, observation: Observation, rest: np.ndarray) -> Figures:
    """Throughput in half precision, where the device is made for it."""
    if not fast_in_half(next(sage.parameters()).device.type):
        return {}
    taken = median_seconds(lambda: predict(sage, observation, rest, half=True).rotations.cpu())
    alone = median_seconds(lambda: predict(sage.first, observation, rest, half=True).rotations.cpu())
    return {
        "SAGE offline, half precision": (observation.frame_count / taken, "frames/s"),
        "SAGE offline, its first network alone, half precision": (observation.frame_count / alone, "frames/s"),
    }


def _median_step(step: Callable[[Any], object], inputs: Sequence[Any]) -> float:
    """Median wall time of ``step(input)`` over ``ONLINE_STEPS``, the inputs taken in turn; the first ones not counted.

    The warm-up fills a stream's window.
    """
    times = [seconds(lambda i=i: step(inputs[i % len(inputs)])) for i in range(WARM_UP_STEPS + ONLINE_STEPS)]
    return statistics.median(times[WARM_UP_STEPS:])


def _avatarposer_sized() -> nn.Module:
    """A transformer of AvatarPoser's size (4 million parameters): 3 layers, width 256, 8 heads, feed-forward 2048."""
    layer = nn.TransformerEncoderLayer(256, 8, 2048, batch_first=True)
    head = nn.Sequential(nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 132))
    return nn.Sequential(nn.Linear(FEATURE_COUNT, 256), nn.TransformerEncoder(layer, 3), head)


def _parameters(network: nn.Module) -> float:
    """Millions of parameters that inference needs."""
    needed = (p for name, p in network.named_parameters() if not set(name.split(".")) & set(NOT_FOR_INFERENCE))
    return sum(parameter.numel() for parameter in needed) / 1e6
