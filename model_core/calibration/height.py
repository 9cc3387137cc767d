"""How high a person's head is at rest, and how sure that is: by how wrong it was of other people (numpy only).

What ``posture`` finds likeliest is right to a centimetre of somebody who walks, and off by a hand's breadth of somebody
who dances in a crouch or climbs steps; and the networks do not know which. So samples of errors are kept: stretches of
motion of known people, each judged by networks that had never seen that person, with traits of the stretch and the
error that was made. The error of a new recording is distributed as that of the samples most like it. People are counted
and not stretches, for one who was captured at length is still one; and who moves unlike everybody learns little from
the samples: what is then left is how wrong all of them were.
"""

from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

import numpy as np

from ..checksums import verified
from ..geometry.filters import gaussian_smooth
from .posture import WEIGHTS, PostureNetworks, estimate_height, load_networks

TRAIT_SCALES = np.array([2.2, 1.5, 1.5, 1.0, 2.2, 2.0])
"""Inverse widths of likeness in standard deviations of ``posture.TRAITS``. These and the three numbers below were
chosen on the training motion, each person judged by the others."""
FARTHEST_TRAIT = 3.0
"""Standard deviations beyond which a trait says no more."""
ALIKE = 5.0
"""So many stretches of one person that are just alike are nearly as good as any number."""
ANYBODY = 0.5
"""How many people alike it takes to outweigh the errors of everybody."""
ERROR_SIGMA, WIDE_ERROR_SIGMA = 0.005, 0.03
"""Standard deviations of the kernels under which errors are smoothed; the second for half of everybody's."""
ERRORS = np.arange(-0.50, 0.70, 0.0025)
"""Logarithms of heights found over true ones for which a density is given."""
PERSON_SIGMA = 0.03
"""By how much, as a logarithm, heights of people were wrong of whom no error samples can tell, the training motion's
climbers."""
ONE_SIGMA, LOW, HIGH = 0.6827, 0.05, 0.95


@dataclass(frozen=True)
class ErrorSamples:
    """W stretches of motion of known people: ``traits`` (W, 6), NaN where no hand is seen; ``errors`` (W,), logarithms
    of the height found over the true one; ``people`` (W,), numbers that tell them apart."""

    traits: np.ndarray
    errors: np.ndarray
    people: np.ndarray


@dataclass(frozen=True)
class HeightEvidence:
    """The logarithm of the height in metres that was ``found``, and the ``density`` (E,) at ``ERRORS`` of its error."""

    found: float
    density: np.ndarray


@dataclass(frozen=True)
class Height:
    """A height in metres: its likeliest ``value``, the ``error`` that is exceeded as seldom as a standard deviation is
    (by 32%), and ``low`` and ``high``, between which the truth is with a chance of 90%."""

    value: float
    error: float
    low: float
    high: float


@cache
def load_error_samples(path: Path = WEIGHTS) -> ErrorSamples:
    """The samples that were kept at the training."""
    with np.load(verified(path), allow_pickle=False) as data:
        arrays = {field.name: data[f"sample_{field.name}"].astype(float) for field in fields(ErrorSamples)}
    return ErrorSamples(**arrays)


def error_density(traits: np.ndarray, samples: ErrorSamples) -> np.ndarray:
    """Density (E,) at ``ERRORS`` of the error made of a recording with these ``traits`` (6,)."""
    mean, sigma = np.nanmean(samples.traits, 0), np.nanstd(samples.traits, 0)
    known, new = (
        np.nan_to_num(np.clip((values - mean) / sigma, -FARTHEST_TRAIT, FARTHEST_TRAIT)) * TRAIT_SCALES
        for values in (samples.traits, traits)
    )
    likeness = np.exp(-0.5 * ((known - new) ** 2).sum(-1))
    _, person, count = np.unique(samples.people, return_inverse=True, return_counts=True)
    mass = np.bincount(person, likeness)
    person_weight = 1 - np.exp(-mass / ALIKE)
    weight = likeness * (person_weight / np.maximum(mass, np.finfo(float).tiny))[person]
    everybody = 1 / np.sqrt(count[person])
    everybody *= ANYBODY / everybody.sum()
    narrow = _kernel_density(samples.errors, weight + 0.5 * everybody, ERROR_SIGMA)
    return (narrow + _kernel_density(samples.errors, 0.5 * everybody, WIDE_ERROR_SIGMA)) / (
        person_weight.sum() + ANYBODY
    )


def _kernel_density(errors: np.ndarray, weights: np.ndarray, sigma: float) -> np.ndarray:
    """Density at ``ERRORS`` of errors (W,) with weights (W,), each widened to a Gaussian of this standard deviation.

    The weights are shared out between the grid's points first: the samples are many more than these.
    """
    step = ERRORS[1] - ERRORS[0]
    place = np.clip((errors - ERRORS[0]) / step, 0, len(ERRORS) - 1 - 1e-9)
    first = place.astype(int)
    later = place - first
    at = np.bincount(first, weights * (1 - later), len(ERRORS)) + np.bincount(first + 1, weights * later, len(ERRORS))
    off = (np.arange(len(ERRORS))[:, None] - np.arange(len(ERRORS))) * step / sigma
    return np.exp(-0.5 * off**2) @ at / (sigma * np.sqrt(2 * np.pi))


def height_evidence(
    inputs: np.ndarray,
    log_heights: np.ndarray,
    networks: PostureNetworks | None = None,
    samples: ErrorSamples | None = None,
) -> HeightEvidence | None:
    """What the motion shows of the height of the head joint above the sole in the rest pose; None without frames.

    ``inputs`` (T, 12) of ``posture.describe`` and the logarithms (T,) of the head joint's heights in metres in these
    frames.
    """
    if not len(inputs):
        return None
    found, traits = estimate_height(inputs, log_heights, networks or load_networks())
    return HeightEvidence(float(found), error_density(traits, samples or load_error_samples()))


def evidence_of_likelihood(rest: np.ndarray, log_likelihood: np.ndarray) -> HeightEvidence:
    """The evidence of the logarithms (H,) of a likelihood of ``rest`` (H,), logarithms of heights in metres in order;
    people differ by ``PERSON_SIGMA`` more."""
    found, step = float(rest[log_likelihood.argmax()]), ERRORS[1] - ERRORS[0]
    density = np.exp(np.interp(found - ERRORS, rest, log_likelihood - log_likelihood.max(), -np.inf, -np.inf))
    return HeightEvidence(found, gaussian_smooth(density / (density.sum() * step), PERSON_SIGMA / step))
