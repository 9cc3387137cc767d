"""How tall a person is by how far the hands come from the head (numpy only).

Nobody reaches farther than the arms do, and whoever has moved the hands about for a while has stretched an arm, or let
it hang. How much farther and how much less than that, and how it goes with the speed of the hands and with where they
are, was measured on the training motion (in stretches of 8 seconds, each hand by itself): the far reach of a stretch is
that of a stretched arm, give or take two percent, less an amount that is distributed exponentially. Players keep their
arms bent more than people who are captured: the amounts are larger than measured, for slow hands by far. A hand that is
farthest from the head where hands hang is another matter, slow or not: of arms that hang most are straight.
"""

from dataclasses import dataclass

import numpy as np

from ..geometry.skeleton import ROLES
from ..motion import BETA_COUNT
from ..recordings.model_frame import ModelFrameRecording
from .calibration import Calibration, Offset, joint_pose

PERCENTILE = 98.0
"""Of the distances from head joint to wrist, the one that is called far: hands that drift away are rarer."""
FAR_PERCENTILE = 90.0
"""Of the distances, the one from which a hand's place counts as far."""
STRETCHED, STRETCHED_SIGMA = 0.69, 0.02
"""Metres from head joint to wrist of a stretched or hanging arm of a person of the mean size, and by how much, as a
logarithm, that differs."""
SPEEDS = np.array([0.25, 0.75, 1.25, 1.75, 2.5, 3.5])
SHORTFALLS = np.array([1.00, 0.60, 0.20, 0.10, 0.07, 0.05])
"""By how much, as the mean of a logarithm, the far reach falls short in 8 seconds of hands whose speed about the head
is at most this, metres a second, in 95% of the time. Measured were 0.15, 0.20, 0.11, 0.075, 0.05 and 0.02."""
MEASURED_SECONDS, MOST_GAINED = 8.0, 0.5
"""The shortfall goes with the root of the time, down to this part of it."""
QUANTILES = -np.log(1 - (np.arange(400) + 0.5) / 400)
"""Of the exponential distribution, by which it is summed up."""
HANGING = 0.86, 0.97
"""How far below the head, over the distance, hands that hang are: lower ones are held before the trunk."""
HANGING_SECONDS, STRAIGHT = np.array([1.0, 8.0, 30.0]), np.array([0.3, 0.7, 0.9])
"""In so many seconds such a part of hanging hands has been on a straight arm. Measured were 0.7, 0.8 and 0.9: but who
runs for a second has them bent all the time."""
HANGING_SHORTFALL, BENT_SHORTFALL = 0.025, 0.22
"""By how much straight hanging arms fall short of the far reach, and the mean of what bent ones do, as logarithms."""
STRANGE, STRANGE_DENSITY = 0.03, 0.5
"""Probability, and density over the logarithm, of a hand that is explained by nothing of this."""
BOTH_HANDS = 0.6
"""Weight of each hand's evidence: the two are used alike."""
LEAST_FRAMES = 60


@dataclass(frozen=True)
class FarReach:
    """Where a hand is when it is far from the head: its ``distance`` from the head joint in metres and its ``drop``
    below it over the distance; and the hand's ``speed`` about the head, metres a second, 95th percentile."""

    distance: float
    drop: float
    speed: float


def far_reaches(recording: ModelFrameRecording, head: Offset, hands: dict[str, Offset]) -> list[FarReach]:
    """The ``FarReach`` of each hand that is seen. ``head`` and ``hands`` are the offsets as far as they are known."""
    nobody = Calibration(np.zeros(BETA_COUNT), 0.0, {"head": head, **hands})
    _, heads = joint_pose(recording.tracks["head"], nobody, "head")
    found = []
    for role in ROLES[1:]:
        track = recording.tracks.get(role)
        if track is None:
            continue
        seen = track.valid & recording.tracks["head"].valid
        if seen.sum() < LEAST_FRAMES:
            continue
        _, wrists = joint_pose(track, nobody, role)
        away = wrists - heads
        both = seen[1:] & seen[:-1]
        speed = np.linalg.norm(np.diff(away, axis=0), axis=-1)[both] / np.diff(recording.time)[both]
        away = away[seen]
        distance = np.linalg.norm(away, axis=-1)
        far = distance >= np.percentile(distance, FAR_PERCENTILE)
        drop = float((-away[far, 1] / np.maximum(distance[far], 1e-9)).mean())
        fast = float(np.percentile(speed, 95)) if len(speed) else 0.0
        found.append(FarReach(float(np.percentile(distance, PERCENTILE)), drop, fast))
    return found


def log_likelihood(reaches: list[FarReach], seconds: float, sizes: np.ndarray, offset_sigma: float) -> np.ndarray:
    """Logarithms (G,) of how likely these ``far_reaches`` in so many ``seconds`` are of people of ``sizes`` (G,) over
    the mean person's, with devices that sit ``offset_sigma`` metres from where they are thought to be."""
    total = np.zeros(len(sizes))
    for reach in reaches:
        gain = np.clip(np.sqrt(MEASURED_SECONDS / max(seconds, 1.0)), MOST_GAINED, 2.0)
        sigma = np.hypot(STRETCHED_SIGMA, offset_sigma / reach.distance)
        off = np.log(reach.distance / (STRETCHED * sizes))
        if HANGING[0] < reach.drop < HANGING[1]:
            straight = float(np.interp(np.log(max(seconds, 1.0)), np.log(HANGING_SECONDS), STRAIGHT))
            density = straight * _normal(off + HANGING_SHORTFALL, sigma)
            density = density + (1 - straight) * _shortened(off, BENT_SHORTFALL, sigma)
        else:
            density = _shortened(off, gain * float(np.interp(reach.speed, SPEEDS, SHORTFALLS)), sigma)
        total += BOTH_HANDS * np.log((1 - STRANGE) * density + STRANGE * STRANGE_DENSITY)
    return total


def _normal(off: np.ndarray, sigma: float) -> np.ndarray:
    """Density of a normal distribution about 0."""
    return np.exp(-0.5 * (off / sigma) ** 2) / (sigma * np.sqrt(2 * np.pi))


def _shortened(off: np.ndarray, shortfall: float, sigma: float) -> np.ndarray:
    """Density at ``off`` (G,) of a normal variable less an exponentially distributed one of mean ``shortfall``."""
    return _normal(off[:, None] + shortfall * QUANTILES, sigma).mean(-1)
