"""How high a person's head is when they stand upright, from how it moves whatever they do (numpy only).

Nobody stands upright all the time: people walk, run, jump, bend and squat, and a part of that shows in the head's and
hands' motion. Of every frame small mixture density networks (Bishop 1994) tell how high the head joint may be over
its height in the rest pose, given what does not depend on the person's size: speeds, accelerations and the hands'
places in units of the head's height, and how the head is turned. The rest pose's height of the whole recording is then
the likeliest one, with a wide prior on how tall people are. ``python3 tools train posture`` learns the networks on the
training motion and writes ``weights/posture.npz``.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

WEIGHTS = Path(__file__).resolve().parent.parent.parent / "weights" / "posture.npz"
FPS = 60.0
STRIDE = 6
"""Frames from one that is looked at to the next: neighbours tell the same."""
MOST_FRAMES = 3000
SMOOTHING = 4
"""Standard deviation in frames of the smoothing under speeds and accelerations."""
LOWEST_HEAD = 0.15
"""Metres: a head on the floor is no unit of length."""
COMPONENTS = 3
OUTLIERS = 0.02
"""Density, over the logarithm of height, of what the mixture knows nothing of: uneven floors, stools."""
LEAST_LOG_SPREAD = float(np.log(0.006))
"""Of a component: nobody's height is known better than to a centimetre."""
FARTHEST_INPUT = 3.0
"""Standard deviations beyond which an input tells no more."""
INDEPENDENT_FRAMES = 10.0
"""However long a recording is, it counts as this many independent looks at most: people repeat themselves."""
LIFT, FLIGHT = 3, -4.0
"""Which input is the head's upward acceleration over its height, and where a body is in flight: how high it is then
tells how it jumped, not how tall it is."""
HABIT = 0.015
"""Part of their height by which people hold themselves unlike others all the time: no length of recording mends it."""
STATURE_MEAN, STATURE_SPREAD = 1.70, 0.15
"""Metres: prior of a grown person's stature, wider than any population's."""
STEP = 0.0025
"""Of the grid of heights, in units of their logarithm."""
RANGE = np.log(1.35)


@dataclass(frozen=True)
class PostureNetworks:
    """M networks of one tanh layer that are averaged: inputs (I,) less ``mean`` over ``spread``, ``hidden`` (M, I, N),
    ``hidden_bias`` (M, N), ``out`` (M, N, 9), ``out_bias`` (M, 9): the components' places, log spreads and logits."""

    mean: np.ndarray
    spread: np.ndarray
    hidden: np.ndarray
    hidden_bias: np.ndarray
    out: np.ndarray
    out_bias: np.ndarray

    def mixture(self, inputs):
        """Inputs (T, I) -> places, log spreads and log weights (T, 3 M) of log height over the rest pose's."""
        scaled = np.clip((inputs - self.mean) / self.spread, -FARTHEST_INPUT, FARTHEST_INPUT)
        hidden = np.tanh(np.nan_to_num(scaled) @ self.hidden + self.hidden_bias[:, None])
        place, log_spread, logit = np.split(hidden @ self.out + self.out_bias[:, None], 3, axis=-1)
        log_weight = logit - np.log(len(logit) * np.exp(logit).sum(-1, keepdims=True))
        parts = place, np.maximum(log_spread, LEAST_LOG_SPREAD), log_weight
        return tuple(np.concatenate(list(part), -1) for part in parts)


@cache
def load_networks(path=WEIGHTS):
    """The networks as they were trained."""
    with np.load(path, allow_pickle=False) as data:
        return PostureNetworks(**{name: data[name].astype(np.float64) for name in data.files})


def describe(turns, heads, hands):
    """What of a stretch at 60 Hz depends on posture and not on size, of every ``STRIDE``-th frame.

    ``turns`` (T, 3, 3) of the head, ``heads`` (T, 3) its joint and ``hands`` (T, 2, 3), metres above the floor in the
    model's frame; a hand that is not seen is NaN. Returns inputs (T', 12), NaN where a hand is missing.
    """
    smooth = _smoothed(heads, SMOOTHING)
    height = np.maximum(smooth[:, 1], LOWEST_HEAD)
    speed = np.gradient(smooth, axis=0) * FPS
    rise, along = speed[:, 1] / height, np.hypot(speed[:, 0], speed[:, 2]) / height
    lift = np.gradient(speed[:, 1]) * FPS / height
    look, roll = turns[:, 1, 2], np.abs(turns[:, 1, 0])
    away = (hands - heads[:, None]) / height[:, None, None]
    reach, drop = np.linalg.norm(away, axis=-1), away[..., 1]
    inputs = [
        np.log(along + 0.03),
        np.log(_second_long_mean(along) + 0.03),
        np.log(np.sqrt(_second_long_mean(rise**2)) + 0.01),
        np.clip(lift, -10, 10),
        np.clip(lift, -10, -1),  # in flight the head falls freely: lift is -g over its height, about -6
        np.minimum(np.abs(rise), 2),
        look,
        np.clip(look, -1, -0.2),
        roll,
        reach.sum(-1),
        drop.sum(-1),
        reach.max(-1),
    ]
    return np.stack(inputs, -1)[::STRIDE]


def likely_height(inputs, log_heights, prior_mean, networks=None):
    """The head joint's height above the sole in the rest pose, and its standard error, both in metres.

    ``inputs`` (T, 12) of ``describe`` and the logarithms (T,) of the head joint's heights in these frames;
    ``prior_mean`` is the height of a person of ``STATURE_MEAN``. Without frames the prior remains.
    """
    networks = networks or load_networks()
    held = inputs[:, LIFT] > FLIGHT
    inputs, log_heights = inputs[held], log_heights[held]
    skip = 1 + len(inputs) // MOST_FRAMES
    inputs, log_heights = inputs[::skip], log_heights[::skip]
    place, log_spread, log_weight = networks.mixture(inputs)
    grid = np.log(prior_mean) + np.arange(-RANGE, RANGE, STEP)
    total = np.zeros(len(grid))
    for index, candidate in enumerate(grid if len(inputs) else ()):
        off = (log_heights - candidate)[:, None] - place
        density = np.exp(log_weight - log_spread - 0.5 * (off * np.exp(-log_spread)) ** 2).sum(-1)
        total[index] = np.log(density / np.sqrt(2 * np.pi) + OUTLIERS).mean()
    belief = total * min(len(inputs), INDEPENDENT_FRAMES) if len(inputs) else total
    belief -= 0.5 * ((np.exp(grid) / prior_mean - 1) * STATURE_MEAN / STATURE_SPREAD) ** 2
    belief = np.exp(belief - belief.max())
    belief /= belief.sum()
    # Between the grid's points: a recording that differs by rounding shall not jump from one to the next.
    height = np.exp(np.interp(0.5, np.cumsum(belief), grid))
    error = np.sqrt((belief * (np.exp(grid) - height) ** 2).sum() + (HABIT * height) ** 2)
    return float(height), float(error)


def _smoothed(values, deviation):
    """Values (T, D) under a Gaussian of ``deviation`` frames; the ends are held."""
    reach = 3 * deviation
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / deviation) ** 2)
    held = np.pad(values, ((reach, reach), (0, 0)), mode="edge")
    return np.stack([np.convolve(column, weights / weights.sum(), "valid") for column in held.T], -1)


def _second_long_mean(values):
    """Mean of values (T,) over the second around each."""
    count = min(int(FPS), len(values))
    held = np.pad(values, (count // 2, count - 1 - count // 2), mode="edge")
    return np.convolve(held, np.ones(count) / count, "valid")
