"""Learn how high people hold their heads, doing this and that, from the training motion (two minutes on one core).

Written is ``weights/posture.npz``, by which calibration estimates how tall a person is who never stands in T-pose: the
networks, and samples of their errors. For these everybody is judged by networks that were trained without them. Hands
are shown as a calibration sees them: trackers up to 12 cm from the wrists, now and then not at all.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from ...model_core.calibration.posture import (
    COMPONENTS,
    FARTHEST_INPUT,
    LEAST_LOG_SIGMA,
    LOWEST_HEAD,
    OUTLIERS,
    WEIGHTS,
    PostureNetworks,
    stored_name,
)
from ...model_core.mocap.clips import load_clips
from ...model_core.mocap.datasets.shards import LEFT_OUT
from ...model_core.whole_files import Outputs
from ..support.arguments import command_parser
from ..support.checkout import ROOT
from .posture_motion import Motion, motion_of, observe_motion
from .posture_samples import deal, gather_error_samples

NETWORKS, HIDDEN, STEPS, BATCH, RATE, DECAY = 5, 16, 600, 2048, 1e-2, 1e-3
FOLDS, JUDGES = 12, 3
"""Parts that the people are dealt into for the error samples, and networks that are trained without each part."""
COPIES = 4
"""How often each clip is shown, with other offsets each time."""
START = (-0.015, -0.04, -0.12, *np.log([0.012, 0.03, 0.1]), 0.0, 0.0, 0.0)
"""Means, log standard deviations and logits that the mixture starts from: upright, a little bent, bent."""
SCALES = (0.1,) * COMPONENTS + (0.3,) * COMPONENTS + (1.0,) * COMPONENTS
STACKED = ("hidden", "hidden_bias", "out", "out_bias")


def run(arguments: list[str]) -> int:
    """Gather frames, train, write."""
    parser = command_parser("train posture", __doc__)
    parser.add_argument("--data", type=Path, default=ROOT / "data" / "motion" / "train.npz", metavar="CLIPS.npz")
    parser.add_argument("-o", "--output", type=Path, default=WEIGHTS, metavar="FILE.npz")
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    options = parser.parse_args(arguments)
    rng = np.random.default_rng(options.seed)
    motions = [motion_of(clip) for clip in load_clips(options.data) if clip.name not in LEFT_OUT]
    motions = [motion for motion in motions if (motion.heads[:, 1] > LOWEST_HEAD).any()]
    frames = gather(motions, rng)

    def trained_without(people: Sequence[str], count: int = JUDGES) -> PostureNetworks:
        chosen = ~np.isin(frames[2], people)
        inputs, heights, names = (values[chosen] for values in frames)
        trained = [train(inputs, heights, fair_weights(names), options.seed + number) for number in range(count)]
        return together(trained)

    folds = deal(sorted({motion.person for motion in motions}), FOLDS)
    samples = gather_error_samples(motions, trained_without, folds, rng)
    networks = trained_without((), NETWORKS)
    arrays = {stored_name(name): value.astype(np.float32) for name, value in vars(networks).items()}
    arrays |= {f"sample_{name}": value.astype(np.float16) for name, value in vars(samples).items()}
    with Outputs() as outputs:
        with open(outputs.path_for(options.output), "wb") as file:
            np.savez(file, **arrays)
    print(f"{len(frames[1])} frames, {len(samples.errors)} error samples; {options.output.name}")
    return 0


def gather(motions: Sequence[Motion], rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Inputs (N, 12), log heights over the rest pose's (N,) and whose they are (N,), on flat ground."""
    inputs, heights, people = [], [], []
    for motion in motions:
        for _ in range(0 if motion.uneven else COPIES):
            numbers, height = observe_motion(motion, rng)
            inputs.append(numbers)
            heights.append(height)
            people += [motion.person] * len(height)
    return np.concatenate(inputs), np.concatenate(heights), np.array(people)


def fair_weights(people: np.ndarray) -> np.ndarray:
    """Weights (N,) of frames by whose they are: long-captured people count for less."""
    _, person, counts = np.unique(people, return_inverse=True, return_counts=True)
    return 1 / np.sqrt(counts[person])


def train(inputs: np.ndarray, heights: np.ndarray, weights: np.ndarray, seed: int = 0) -> PostureNetworks:
    """``PostureNetworks`` of greatest likelihood, just one."""
    torch.manual_seed(seed)
    mean, sigma = np.nanmean(inputs, 0), np.nanstd(inputs, 0)
    normalized = np.nan_to_num(np.clip((inputs - mean) / sigma, -FARTHEST_INPUT, FARTHEST_INPUT))
    scaled, true, weight = (torch.as_tensor(a, dtype=torch.float32) for a in (normalized, heights, weights))
    weight = weight / weight.mean()
    first, last = torch.nn.Linear(scaled.shape[1], HIDDEN), torch.nn.Linear(HIDDEN, 3 * COMPONENTS)
    layers = torch.nn.Sequential(first, torch.nn.Tanh(), last)
    start, scales = torch.nn.Parameter(torch.tensor(START).float()), torch.tensor(SCALES)
    optimiser = torch.optim.AdamW([*layers.parameters(), start], RATE, weight_decay=DECAY)
    for step in range(STEPS):
        chosen = torch.randint(len(scaled), (BATCH,))
        predicted = layers(scaled[chosen]) * scales + start
        loss = -(weight[chosen] * log_density(predicted, true[chosen])).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        optimiser.param_groups[0]["lr"] = RATE * (1 - step / STEPS)
    with torch.no_grad():
        parts = first.weight.T, first.bias, last.weight.T * scales, last.bias * scales + start
    return PostureNetworks(mean, sigma, *(part.detach().numpy()[None] for part in parts))


def together(trained: Sequence[PostureNetworks]) -> PostureNetworks:
    """``PostureNetworks`` that all were trained on the same frames, as one."""
    parts = {name: np.concatenate([getattr(one, name) for one in trained]) for name in STACKED}
    return PostureNetworks(trained[0].mean, trained[0].sigma, **parts)


def log_density(predicted: torch.Tensor, heights: torch.Tensor) -> torch.Tensor:
    """log p (N,) of log heights (N,) under the mixtures that the network predicts (N, 9)."""
    mean, log_sigma, logit = predicted.chunk(3, -1)
    log_sigma = log_sigma.clamp_min(LEAST_LOG_SIGMA)
    off = (heights[:, None] - mean) * torch.exp(-log_sigma)
    parts = torch.log_softmax(logit, -1) - log_sigma - 0.5 * off**2 - 0.5 * np.log(2 * np.pi)
    return torch.logaddexp(torch.logsumexp(parts, -1), torch.tensor(np.log(OUTLIERS)).float())
