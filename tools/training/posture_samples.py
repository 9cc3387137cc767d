"""Errors of posture networks on people whom they never saw: see ``calibration.height``."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from ...model_core.calibration.height import ErrorSamples
from ...model_core.calibration.posture import PostureNetworks, estimate_height
from .posture_motion import Motion, observe_motion

STEPPED = 0.03
"""Part of the clips that get steps under their feet."""
STRETCHES = 4.5
"""Stretches of a person for each root of a second of their motion; beside these each clip as it is is one."""
JOINED = 0.4
"""Part of the stretches that are put together from several clips: in longer recordings people do various things."""
MOST_JOINED, WHOLE = 4, 0.4
"""Clips of a stretch at most, and how often a clip is taken whole."""
SHORTEST = 10
"""Frames of ``posture.describe`` in what is cut from a clip."""


def gather_error_samples(
    motions: Sequence[Motion],
    networks_without: Callable[[Sequence[str]], PostureNetworks],
    folds: Sequence[Sequence[str]],
    rng: np.random.Generator,
) -> ErrorSamples:
    """``ErrorSamples`` from all motions (a list of ``Motion``).

    ``networks_without(people)`` gives ``PostureNetworks`` that have not seen these people, of which there are as many
    ``folds`` (lists of names) as networks have to be trained.
    """
    people = sorted({motion.person for motion in motions})
    traits, errors, whose = [], [], []
    for fold in folds:
        networks = networks_without(fold)
        for person in fold:
            theirs = [motion for motion in motions if motion.person == person]
            for inputs, heights in [*(observe_motion(motion, rng) for motion in theirs), *stretches(theirs, rng)]:
                error, trait = estimate_height(inputs, heights, networks)
                errors.append(error)
                traits.append(trait)
                whose.append(people.index(person))
    return ErrorSamples(np.array(traits), np.array(errors), np.array(whose))


def stretches(motions: Sequence[Motion], rng: np.random.Generator) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Inputs and log heights of stretches of one person's motions, cut and put together anyhow."""
    seconds = np.array([len(motion.heads) for motion in motions]) / 60
    chances = np.sqrt(seconds) / np.sqrt(seconds).sum()
    for _ in range(round(STRETCHES * np.sqrt(seconds.sum()))):
        count = rng.integers(2, MOST_JOINED + 1) if rng.random() < JOINED else 1
        parts = [
            _cut(*observe_motion(motions[index], rng, steps=rng.random() < STEPPED), rng)
            for index in rng.choice(len(motions), count, p=chances)
        ]
        inputs, heights = zip(*parts, strict=True)
        yield np.concatenate(inputs), np.concatenate(heights)


def _cut(inputs: np.ndarray, heights: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A part of the frames, or all of them."""
    if rng.random() >= WHOLE and len(heights) > SHORTEST:
        count = round(np.exp(rng.uniform(np.log(SHORTEST), np.log(len(heights)))))
        first = rng.integers(0, len(heights) - count + 1)
        inputs, heights = inputs[first : first + count], heights[first : first + count]
    return inputs, heights


def deal(people: Sequence[str], count: int) -> list[Sequence[str]]:
    """``count`` lists of names, each with as many people as the next or one more."""
    return [people[number::count] for number in range(count)]
