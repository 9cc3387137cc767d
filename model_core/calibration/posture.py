"""How high a person's head is when they stand upright, from how it moves whatever they do (numpy only).

Nobody stands upright all the time: people walk, run, jump, bend and squat, and some of that shows in the head's and
hands' motion. For every frame small mixture density networks (Bishop 1994) predict how high the head joint may be over
its height in the rest pose, given what does not depend on the person's size: speeds, accelerations and the hands'
positions in units of the head's height, and how the head is turned. The rest pose's height of the whole recording is
then the likeliest one. How far that may be off, ``height`` estimates. ``python3 tools train posture`` learns the
networks on the training motion and writes ``weights/posture.npz``.
"""

from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

import numpy as np

from ..checksums import verified
from ..geometry.filters import gaussian_smooth
from ..observation import FPS

WEIGHTS = Path(__file__).resolve().parent.parent.parent / "weights" / "posture.npz"
STRIDE = 6
"""Frames from one that is used to the next: neighbours say the same."""
MOST_FRAMES = 400
SMOOTHING = 4
"""Standard deviation in frames of the smoothing under speeds and accelerations."""
LOWEST_HEAD = 0.15
"""Metres: a head on the floor is no unit of length."""
COMPONENTS = 3
OUTLIERS = 0.02
"""Density, over the logarithm of height, of what the mixture knows nothing of: uneven floors, stools."""
LEAST_LOG_SIGMA = float(np.log(0.006))
"""Of a component: nobody's height is known better than to a centimetre."""
FARTHEST_INPUT = 3.0
"""Standard deviations beyond which an input says no more."""
INDEPENDENT_FRAMES = 10.0
"""However long a recording is, it counts as this many independent frames at most: people repeat themselves."""
LIFT, FLIGHT = 3, -4.0
"""Which input is the head's upward acceleration over its height, and where a body is in flight: how high it is then
says how it jumped, not how tall it is."""
REACH = 11
"""Which input is how far the farther hand is from the head, over the head's height."""
SECOND_LONG_SPEED = 1
"""Which input is the logarithm of the speed along the ground in the second around."""
HIGHEST = 90.0
"""Percentile of a recording's heights about which the rest pose's is sought."""
CANDIDATES = np.arange(-0.30, 0.45, 0.0025)
"""Logarithms of the rest pose's height over it: from who stands on a table to who sits all the time."""
LEAST_CHANGE = 0.003
"""Of heights from the first half of a recording to the second, as a logarithm: less says nothing."""
LEAST_COMPACT, MOST_COMPACT = -0.30, 0.15
"""Bounds of how far the lower quarter of the heights lies from the rest pose's."""
TRAITS = ("width of the belief", "speed", "lower quarter of the heights", "in flight", "reach", "change")


@dataclass(frozen=True)
class PostureNetworks:
    """M networks of one tanh layer that are averaged: inputs (I,) less ``mean`` over ``sigma``, ``hidden`` (M, I, N),
    ``hidden_bias`` (M, N), ``out`` (M, N, 9), ``out_bias`` (M, 9): the components' means, log sigmas and logits."""

    mean: np.ndarray
    sigma: np.ndarray
    hidden: np.ndarray
    hidden_bias: np.ndarray
    out: np.ndarray
    out_bias: np.ndarray

    def mixture(self, inputs: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Inputs (T, I) -> means, log sigmas and log weights (T, 3 M) of log height over the rest pose's."""
        scaled = np.clip((inputs - self.mean) / self.sigma, -FARTHEST_INPUT, FARTHEST_INPUT)
        hidden = np.tanh(np.nan_to_num(scaled) @ self.hidden + self.hidden_bias[:, None])
        mean, log_sigma, logit = np.split(hidden @ self.out + self.out_bias[:, None], 3, axis=-1)
        log_weight = logit - np.log(len(logit) * np.exp(logit).sum(-1, keepdims=True))
        mean, log_sigma, log_weight = (
            np.concatenate(list(part), -1) for part in (mean, np.maximum(log_sigma, LEAST_LOG_SIGMA), log_weight)
        )
        return mean, log_sigma, log_weight


@cache
def load_networks(path: Path = WEIGHTS) -> PostureNetworks:
    """The networks as they were trained."""
    with np.load(verified(path), allow_pickle=False) as data:
        return PostureNetworks(**{field.name: data[stored_name(field.name)].astype(np.float64)
                                  for field in fields(PostureNetworks)})  # fmt: skip


def stored_name(field: str) -> str:
    """What a field of ``PostureNetworks`` is called in the file of weights."""
    return "std" if field == "sigma" else field


def describe(rotations: np.ndarray, heads: np.ndarray, hands: np.ndarray) -> np.ndarray:
    """What of a stretch at 60 Hz depends on posture and not on size, of every ``STRIDE``-th frame.

    ``rotations`` (T, 3, 3) of the head, ``heads`` (T, 3) its joint and ``hands`` (T, 2, 3), metres above the floor in
    the model's frame; a hand that is not seen is NaN. Returns inputs (T', 12), NaN where a hand is missing.
    """
    smooth = gaussian_smooth(heads, SMOOTHING)
    height = np.maximum(smooth[:, 1], LOWEST_HEAD)
    speed = np.gradient(smooth, axis=0) * FPS
    rise, along = speed[:, 1] / height, np.hypot(speed[:, 0], speed[:, 2]) / height
    lift = np.gradient(speed[:, 1]) * FPS / height
    pitch, roll = rotations[:, 1, 2], np.abs(rotations[:, 1, 0])
    away = (hands - heads[:, None]) / height[:, None, None]
    reach, drop = np.linalg.norm(away, axis=-1), away[..., 1]
    inputs = [
        np.log(along + 0.03),
        np.log(_second_long_mean(along) + 0.03),
        np.log(np.sqrt(_second_long_mean(rise**2)) + 0.01),
        np.clip(lift, -10, 10),
        np.clip(lift, -10, -1),  # in flight the head falls freely: lift is -g over its height, about -6
        np.minimum(np.abs(rise), 2),
        pitch,
        np.clip(pitch, -1, -0.2),
        roll,
        reach.sum(-1),
        drop.sum(-1),
        reach.max(-1),
    ]
    return np.stack(inputs, -1)[::STRIDE]


def estimate_height(inputs: np.ndarray, log_heights: np.ndarray, networks: PostureNetworks) -> tuple[float, np.ndarray]:
    """The logarithm of the head joint's height above the sole in the rest pose that makes a recording likeliest, and
    what its error depends on: ``TRAITS`` (6,), NaN where no hand is seen.

    ``inputs`` (T, 12) of ``describe`` and the logarithms (T,) of the head joint's heights in metres in these frames.
    """
    held = inputs[:, LIFT] > FLIGHT
    in_flight = 1 - held.mean()
    if held.any():
        inputs, log_heights = inputs[held], log_heights[held]
    skip = 1 + len(inputs) // MOST_FRAMES
    inputs, log_heights = inputs[::skip], log_heights[::skip]
    mean, log_sigma, log_weight = networks.mixture(inputs)
    highest = np.percentile(log_heights, HIGHEST)
    off = (log_heights - highest)[:, None, None] - CANDIDATES[:, None] - mean[:, None]
    density = np.exp((log_weight - log_sigma)[:, None] - 0.5 * (off * np.exp(-log_sigma)[:, None]) ** 2).sum(-1)
    likelihood = np.log(density / np.sqrt(2 * np.pi) + OUTLIERS).mean(0) * min(len(inputs), INDEPENDENT_FRAMES)
    belief = np.exp(likelihood - likelihood.max())
    belief /= belief.sum()
    # Between the grid's points: a recording that differs by rounding shall not jump from one to the next.
    found = np.interp(0.5, np.cumsum(belief) - belief / 2, CANDIDATES)
    width = np.sqrt((belief * (CANDIDATES - found) ** 2).sum())
    lower = np.percentile(log_heights, 25) - highest - found
    reaches = inputs[np.isfinite(inputs[:, REACH]), REACH]
    rest = log_heights - (np.exp(log_weight) * mean).sum(-1)  # what posture does not explain
    change = rest[: len(rest) // 2].mean() - rest[len(rest) // 2 :].mean() if len(rest) > 1 else np.nan
    traits = [
        np.log(width),
        inputs[:, SECOND_LONG_SPEED].mean(),
        np.clip(lower, LEAST_COMPACT, MOST_COMPACT),
        in_flight,
        np.percentile(reaches, 95) if len(reaches) else np.nan,
        np.log(np.abs(change) + LEAST_CHANGE),
    ]
    return float(found + highest), np.array(traits)


def _second_long_mean(values: np.ndarray) -> np.ndarray:
    """Mean of values (T,) over the second around each."""
    count = min(int(FPS), len(values))
    held = np.pad(values, (count // 2, count - 1 - count // 2), mode="edge")
    return np.convolve(held, np.ones(count) / count, "valid")
