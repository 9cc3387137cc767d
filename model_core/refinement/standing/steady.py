"""What SAGE predicts, steadied under a still head: there fast hands are not steps.

Trained on motion in which fast hands mostly go with moving feet, SAGE lets feet and pelvis dance whenever the arms
swing. With the hands hidden it does not. Where the head is still, feet are therefore taken to stand where either of the
two predictions says so, and pelvis and legs are those of hidden hands.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import torch

from ...geometry.filters import gaussian_smooth
from ...geometry.rotations import (
    axis_angle_to_matrix,
    matrix_to_axis_angle,
    slerp_matrices,
    transpose,
)
from ...geometry.skeleton import LOWER_HALF, SPINE
from ...observation import Observation
from ...sage.ensemble import SageEnsemble
from ...sage.inference import Prediction, predict_all
from ...sage.model import MEAN, Sage, Sampling
from ...sage.stillness import SPEED_SMOOTHING, stillness

HANDS_REACH = 96
"""Frames within which a hand must be seen: without hands nothing is to be steadied."""


def steady_predictions(
    sage: Sage | SageEnsemble,
    shown: Sequence[Prediction],
    observations: Sequence[Observation],
    rest_joints: Sequence[np.ndarray],
    sampling: Sampling = MEAN,
    progress: Callable[[float, str], None] | None = None,
) -> list[Prediction]:
    """What SAGE predicts of observations, ``shown`` head and hands, steadied by what it predicts of the head alone
    where that is still and a hand is seen; ``sampling`` as it was for ``shown``."""
    steadied, weights = list(shown), [_still_with_hands(seen) for seen in observations]
    chosen = [number for number, weight in enumerate(weights) if (weight > 0).any()]
    if not chosen:
        return steadied
    alone = [
        replace(seen, valid=seen.valid & np.array([True, False, False]))
        for seen in (observations[number] for number in chosen)
    ]
    rest = [rest_joints[number] for number in chosen]
    hidden = predict_all(sage, alone, rest, sampling, progress=progress)
    for number, without_hands in zip(chosen, hidden, strict=True):
        steadied[number] = steady(shown[number], without_hands, torch.as_tensor(weights[number]))
    return steadied


def _still_with_hands(observation: Observation) -> np.ndarray:
    """How still the head is, (T,) from 0 to 1, where a hand is seen within ``HANDS_REACH`` frames."""
    seen = np.convolve(observation.valid[:, 1:].any(1), np.ones(2 * HANDS_REACH + 1))[HANDS_REACH:-HANDS_REACH] > 0.5
    return stillness(observation.positions[:, 0]) * gaussian_smooth(seen.astype(np.float32), SPEED_SMOOTHING)


def steady(shown: Prediction, hidden: Prediction, still: torch.Tensor) -> Prediction:
    """``shown`` with contacts, pelvis and legs of ``hidden`` hands by the weight ``still`` (T,); the chest keeps its
    rotation in the world, and the spine bends evenly for it."""
    weight = still.to(shown.rotations)[:, None]
    contacts = torch.maximum(shown.contacts, weight * hidden.contacts)
    mixed = slerp_matrices(shown.rotations, hidden.rotations, weight)
    rotations = shown.rotations.clone()
    rotations[:, list(LOWER_HALF)] = mixed[:, list(LOWER_HALF)]
    chest = _chain(shown.rotations)[-1]
    spine = _chain(rotations)
    axis_angle = matrix_to_axis_angle(chest @ transpose(spine[-1]))
    before = rotations[:, 0]
    for number, (joint, world) in enumerate(zip(SPINE, spine, strict=True), 1):
        turned = axis_angle_to_matrix(axis_angle * number / len(SPINE)) @ world
        rotations[:, joint] = transpose(before) @ turned
        before = turned
    return replace(shown, rotations=rotations, contacts=contacts)


def _chain(rotations: torch.Tensor) -> list[torch.Tensor]:
    """World rotations (T, 3, 3) of the ``SPINE`` of local ones (T, 22, 3, 3)."""
    world, chain = rotations[:, 0], []
    for joint in SPINE:
        world = world @ rotations[:, joint]
        chain.append(world)
    return chain
