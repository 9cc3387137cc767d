"""How high a person's head is at rest, and how sure that is: by how wrong it was of other people (numpy only).

What ``posture`` finds likeliest is right to a centimetre of somebody who walks, and off by a hand's breadth of somebody
who dances in a crouch or climbs steps; and the networks do not know which. So witnesses are kept: stretches of motion
of known people, each judged by networks that had never seen that person, with traits of the stretch and the error that
was made. The error of a new recording is distributed as that of the witnesses most like it. People are counted and not
stretches, for one who was captured at length is still one; and who moves unlike everybody learns little from witnesses:
what is then left is how wrong all of them were.
"""

from dataclasses import dataclass, fields
from functools import cache

import numpy as np

from .posture import WEIGHTS, load_networks, look

STATURE_MEAN, STATURE_SPREAD = 1.70, 0.15
"""Metres: prior of a grown person's stature, wider than any population's."""
TRAIT_SCALES = np.array([2.2, 1.5, 1.5, 1.0, 2.2, 2.0])
"""Inverse widths of likeness in standard deviations of ``posture.TRAITS``. These and the three numbers below were
chosen on the training motion, each person judged by the others as witnesses."""
FARTHEST_TRAIT = 3.0
"""Standard deviations beyond which a trait tells no more."""
ALIKE = 5.0
"""So many stretches of one person that are just alike are nearly as good as any number."""
ANYBODY = 0.5
"""How many people alike it takes to outweigh the errors of everybody."""
ERROR_SPREAD, WIDE_SPREAD = 0.005, 0.03
"""Standard deviations under which witnesses' errors are smoothed; the second for half of everybody's."""
ERRORS = np.arange(-0.50, 0.70, 0.0025)
"""Logarithms of heights found over true ones for which a density is given."""
NEAR = 0.03
"""So far from what the networks found likeliest, as a logarithm, witnesses correct it: where they point to several
heights, the middle between these is none of them."""
ONE_SIGMA, LOW, HIGH = 0.6827, 0.05, 0.95


@dataclass(frozen=True)
class ErrorSamples:
    """W stretches of motion of known people: ``traits`` (W, 6), NaN where no hand is seen; ``errors`` (W,), logarithms
    of the height found over the true one; ``people`` (W,), numbers that tell them apart."""

    traits: np.ndarray
    errors: np.ndarray
    people: np.ndarray


@dataclass(frozen=True)
class Height:
    """A height in metres: its likeliest ``value``, the ``error`` that is exceeded as seldom as a standard deviation is
    (by 32%), and ``low`` and ``high``, between which the truth is with a chance of 90%."""

    value: float
    error: float
    low: float
    high: float

    def scaled(self, factor):
        """This height times a number."""
        return Height(*(factor * getattr(self, field.name) for field in fields(self)))


@cache
def load_witnesses(path=WEIGHTS):
    """The witnesses that were kept at the training."""
    with np.load(path, allow_pickle=False) as data:
        return ErrorSamples(**{field.name: data[f"witnesses_{field.name}"].astype(float) for field in fields(ErrorSamples)})


def error_density(traits, witnesses):
    """Density (E,) at ``ERRORS`` of the error made of a recording with these ``traits`` (6,)."""
    mean, spread = np.nanmean(witnesses.traits, 0), np.nanstd(witnesses.traits, 0)
    known, new = (
        np.nan_to_num(np.clip((values - mean) / spread, -FARTHEST_TRAIT, FARTHEST_TRAIT)) * TRAIT_SCALES
        for values in (witnesses.traits, traits)
    )
    likeness = np.exp(-0.5 * ((known - new) ** 2).sum(-1))
    _, person, count = np.unique(witnesses.people, return_inverse=True, return_counts=True)
    mass = np.bincount(person, likeness)
    say = 1 - np.exp(-mass / ALIKE)
    weight = likeness * (say / np.maximum(mass, np.finfo(float).tiny))[person]
    everybody = 1 / np.sqrt(count[person])
    everybody *= ANYBODY / everybody.sum()
    narrow = _smoothed_errors(witnesses.errors, weight + 0.5 * everybody, ERROR_SPREAD)
    return (narrow + _smoothed_errors(witnesses.errors, 0.5 * everybody, WIDE_SPREAD)) / (say.sum() + ANYBODY)


def _smoothed_errors(errors, weights, spread):
    """Density at ``ERRORS`` of errors (W,) with weights (W,), each widened to a Gaussian of this standard deviation."""
    off = (ERRORS[:, None] - errors) / spread
    return np.exp(-0.5 * off**2) @ weights / (spread * np.sqrt(2 * np.pi))


def likely_height(inputs, log_heights, prior_mean, networks=None, witnesses=None):
    """The ``Height`` of the head joint above the sole in the rest pose.

    ``inputs`` (T, 12) of ``posture.describe`` and the logarithms (T,) of the head joint's heights in metres in these
    frames; ``prior_mean`` is the height of a person of ``STATURE_MEAN``. Without frames the prior remains.
    """
    found, density = np.log(prior_mean), np.ones(len(ERRORS))
    if len(inputs):
        found, traits = look(inputs, log_heights, networks or load_networks())
        density = error_density(traits, witnesses or load_witnesses())
    heights = np.exp(found - ERRORS[::-1])
    belief = density[::-1] * np.exp(-0.5 * ((heights / prior_mean - 1) * STATURE_MEAN / STATURE_SPREAD) ** 2)
    belief /= belief.sum()
    near = np.abs(ERRORS[::-1]) <= NEAR
    value = _quantiles(0.5, belief[near], heights[near])
    away = np.abs(heights - value)
    order = np.argsort(away)
    error = np.interp(ONE_SIGMA, np.cumsum(belief[order]), away[order])
    return Height(float(value), float(error), *map(float, _quantiles([LOW, HIGH], belief, heights)))


def _quantiles(parts, belief, heights):
    """Heights below which these parts of a belief in evenly spaced heights lie."""
    return np.interp(parts, (np.cumsum(belief) - belief / 2) / belief.sum(), heights)
