"""How tall a person is, by all that shows it: how the head moves, how far the hands reach, how high the eyes are, and
how tall people are (numpy only).

Four explanations of a recording are weighed against each other (Bayes): the person is on their feet, on the floor that
is known; the same, but the floor was set up wrongly by a few centimetres; they sit; or the floor lies anywhere, and the
head's height shows nothing. Under each the stature has a
distribution over ``STATURES``. A rare child or giant is not ruled out, so that whoever is unlike most is at least
called unsure by enough.
"""

from dataclasses import dataclass

import numpy as np

from .height import ERRORS, HIGH, LOW, ONE_SIGMA, Height, HeightEvidence

STEP = 0.0025
STATURES = np.exp(np.arange(np.log(0.75), np.log(2.6), STEP))
"""Metres."""
GROWN_MEAN, GROWN_SIGMA, ANYBODY = 1.70, 0.13, 0.02
"""Of grown people's statures in metres, wider than any population's, and the probability of somebody of any size."""
SITTING, ELSEWHERE = 0.15, 0.03
"""Probability that a person who stays in their place sits, and that y = 0 is not the floor they are on."""
SITTING_EYES, SITTING_EYES_SIGMA = 0.70, 0.045
"""Height of the eyes of who sits on a chair, over the stature, and its standard deviation as a logarithm."""
SHIFTED, SHIFT_SIGMA = 0.04, 0.05
"""Probability that a room's floor was set up wrongly, and by how much, as a logarithm of the head's height."""
ANY_HEIGHT = 0.46
"""Density over the logarithm of the height of eyes, from 0.3 to 2.6 m, where the floor is not known."""
LEAST_DENSITY = 1e-6
NEAR_STEPS = 24
"""Width of the window, in steps of the grid, in which the value is taken: where the evidence points to several
statures, the middle between these is none of them."""
TRUSTED = 0.4
"""Part of the belief about what the head's motion makes likeliest with which that is where the window lies; else it
lies where most of the belief is."""


EXPLANATIONS = ("standing", "floor_shifted", "sitting", "floor_unknown")


@dataclass(frozen=True)
class StatureEstimate:
    """The ``stature`` in metres, the likeliest explanation of the recording with that stature, one of ``EXPLANATIONS``,
    and whether the person is seen ``on_levels``, steps above the floor."""

    stature: Height
    explanation: str
    on_levels: bool = False


def estimate(
    evidence: HeightEvidence | None, eyes: float, log_reach: np.ndarray, head_ratio: float, roams: bool
) -> StatureEstimate:
    """The ``StatureEstimate`` of a person.

    ``evidence`` is of the head joint's height in the rest pose, which is ``head_ratio`` times the stature, None where
    the head shows nothing; ``eyes`` the height of the eyes at their highest, metres above y = 0; ``log_reach`` (G,) the
    logarithms of the likelihood of the hands' reach at ``STATURES``; ``roams`` whether the head is carried about.
    """
    prior = np.exp(log_prior(STATURES, log_reach))
    sitting = 0.0 if roams or eyes <= 0 else SITTING
    belief = np.zeros((len(EXPLANATIONS), len(STATURES)))
    if evidence is not None:
        errors = evidence.found - np.log(head_ratio * STATURES)
        density = np.interp(errors, ERRORS, evidence.density, left=LEAST_DENSITY, right=LEAST_DENSITY)
        belief[0] = (1 - SHIFTED - sitting - ELSEWHERE) * density
        belief[1] = SHIFTED * _normal(errors, SHIFT_SIGMA)
    if sitting:
        belief[2] = sitting * _normal(np.log(eyes / STATURES / SITTING_EYES), SITTING_EYES_SIGMA)
    belief[3] = ELSEWHERE * ANY_HEIGHT
    belief *= prior / (belief * prior).sum()
    stature = _summary(belief.sum(0), None if evidence is None else np.exp(evidence.found) / head_ratio)
    near = np.abs(np.log(STATURES / stature.value)) <= NEAR_STEPS * STEP / 2
    return StatureEstimate(stature, EXPLANATIONS[int(belief[:, near].sum(1).argmax())])


def log_prior(statures: np.ndarray, log_reach: np.ndarray) -> np.ndarray:
    """Logarithms (G,) of how likely people of ``statures`` (G,) are by how tall people are and by the reach of their
    hands, whose likelihood at ``STATURES`` has the logarithms ``log_reach``."""
    return np.log(_population(statures)) + np.interp(statures, STATURES, log_reach - log_reach.max())


def _normal(off: np.ndarray, sigma: float) -> np.ndarray:
    """Density of a normal distribution about 0."""
    return np.exp(-0.5 * (off / sigma) ** 2) / (sigma * np.sqrt(2 * np.pi))


def _population(statures: np.ndarray) -> np.ndarray:
    """Density (G,) of people's statures over the logarithm."""
    return statures * ((1 - ANYBODY) * _normal(statures - GROWN_MEAN, GROWN_SIGMA) + ANYBODY / np.ptp(STATURES))


def _summary(belief: np.ndarray, found: float | None) -> Height:
    """The ``Height`` of a belief (G,) over ``STATURES``; the head's motion makes ``found`` likeliest, if anything."""
    below = np.concatenate([[0.0], np.cumsum(belief)])
    masses = below[NEAR_STEPS:] - below[:-NEAR_STEPS]
    first = int(np.argmax(masses))
    if found is not None:
        about = int(np.clip(np.searchsorted(STATURES, found) - NEAR_STEPS // 2, 0, len(masses) - 1))
        first = about if masses[about] > TRUSTED else first
    window = slice(first, first + NEAR_STEPS)
    value = float(_quantiles([0.5], belief[window], STATURES[window])[0])
    away = np.abs(STATURES - value)
    order = np.argsort(away)
    error = float(np.interp(ONE_SIGMA, np.cumsum(belief[order]), away[order]))
    low, high = _quantiles([LOW, HIGH], belief, STATURES)
    return Height(value, error, float(low), float(high))


def _quantiles(fractions: list[float], belief: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Values below which these fractions of a belief lie."""
    return np.interp(fractions, (np.cumsum(belief) - belief / 2) / belief.sum(), values)
