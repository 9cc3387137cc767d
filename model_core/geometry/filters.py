"""Smoothing over time, for numpy arrays and torch tensors alike."""

import math
from typing import Any

import numpy as np

from .rotations import Array, array_namespace

TRUNCATED_AT = 3.0
"""Standard deviations from its middle at which a Gaussian is cut off."""


def smoothstep(fraction: Any) -> Any:
    """0 to 1 -> the same with a level start and end; what lies beyond is clamped. A number, numpy or torch."""
    if isinstance(fraction, float | int):
        fraction = min(max(fraction, 0.0), 1.0)
    else:
        fraction = array_namespace(fraction).clip(fraction, 0, 1)
    return fraction * fraction * (3 - 2 * fraction)


def gaussian_reach(sigma: float, truncate: float = TRUNCATED_AT) -> int:
    """The frames before and after a frame that ``gaussian_smooth`` looks at."""
    return math.ceil(truncate * sigma)


def gaussian_smooth(values: Array, sigma: float, truncate: float = TRUNCATED_AT, hold_ends: bool = True) -> Array:
    """(T, ...) smoothed along time by a Gaussian of ``sigma`` frames, cut off after ``truncate`` of them.

    Beyond the ends the first and the last value are held; without ``hold_ends`` only frames that exist are averaged.
    """
    xp, frames = array_namespace(values), len(values)
    if frames == 1:
        return values
    reach = gaussian_reach(sigma, truncate)
    kernel = [math.exp(-0.5 * (offset / sigma) ** 2) if offset else 1.0 for offset in range(-reach, reach + 1)]

    def weighted_sum(rows: Any, before: Any, after: Any) -> Any:
        padded = xp.concatenate([before] * reach + [rows] + [after] * reach)
        return sum(weight * padded[first : first + frames] for first, weight in enumerate(kernel))

    if hold_ends:
        return weighted_sum(values, values[:1], values[-1:]) / sum(kernel)
    nothing, ones = xp.zeros_like(values[:1]), xp.ones_like(values)
    return weighted_sum(values, nothing, nothing) / weighted_sum(ones, nothing, nothing)


def low_pass(values: np.ndarray, seconds: np.ndarray, cutoff: float) -> np.ndarray:
    """Values (n, ...) at ``seconds`` (n,), which grow at any steps, without what is faster than ``cutoff`` in Hz.

    A Gaussian, without delay or overshoot, that leaves 71 % (-3 dB) of a swing at the cut-off. What lies beyond a gap
    of more than its width counts nothing.
    """
    if len(seconds) < 2:
        return np.array(values, np.float64)
    sigma = math.sqrt(math.log(2)) / (2 * math.pi * cutoff)
    values, reach = np.asarray(values, np.float64), TRUNCATED_AT * sigma
    shape = (-1, *[1] * (values.ndim - 1))
    total, weights = values.copy(), np.ones(len(seconds))
    for step in range(1, len(seconds)):
        apart = seconds[step:] - seconds[:-step]
        if apart.min() > reach:
            break
        weight = np.where(apart <= reach, np.exp(-0.5 * (apart / sigma) ** 2), 0.0)
        total[step:] += weight.reshape(shape) * values[:-step]
        total[:-step] += weight.reshape(shape) * values[step:]
        weights[step:] += weight
        weights[:-step] += weight
    return total / weights.reshape(shape)
