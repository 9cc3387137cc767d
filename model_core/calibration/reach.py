"""How tall a person is by how far the hands come from the head (numpy only).

Nobody reaches farther than the arms do, and whoever has moved the hands about for a while has stretched an arm, or let
it hang. How much farther and how much less than that, and how it goes with the speed of the hands, was measured on the
training motion (in stretches of 8 seconds, each hand by itself): the far reach of a stretch is that of a stretched arm,
give or take two percent, less an amount that is distributed exponentially. Players keep their arms bent more than
people who are captured: the amounts are larger than measured, for slow hands by far.
"""

import numpy as np

from ..geometry.skeleton import ROLES
from ..motion import BETA_COUNT
from ..recordings.model_frame import ModelFrameRecording
from .calibration import Calibration, Offset, joint_pose

PERCENTILE = 98.0
"""Of the distances from head joint to wrist, the one that is called far: hands that drift away are rarer."""
STRETCHED, STRETCHED_STD = 0.69, 0.02
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
STRANGE, STRANGE_DENSITY = 0.03, 0.5
"""Probability, and density over the logarithm, of a hand that is explained by nothing of this."""
BOTH_HANDS = 0.7
"""Weight of each hand's evidence: the two are used alike."""
LEAST_FRAMES = 60


def far_reaches(recording: ModelFrameRecording, head: Offset, hands: dict[str, Offset]) -> list[tuple[float, float]]:
    """For each hand that is seen, how far from the head joint it comes (metres), and how fast it moves about the head
    (metres a second, 95th percentile). ``head`` and ``hands`` are the offsets as far as they are known."""
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
        far = float(np.percentile(np.linalg.norm(away[seen], axis=-1), PERCENTILE))
        found.append((far, float(np.percentile(speed, 95)) if len(speed) else 0.0))
    return found


def log_likelihood(
    reaches: list[tuple[float, float]], seconds: float, sizes: np.ndarray, offset_std: float
) -> np.ndarray:
    """Logarithms (G,) of how likely these ``far_reaches`` in so many ``seconds`` are of people of ``sizes`` (G,) over
    the mean person's, with devices that sit ``offset_std`` metres from where they are thought to be."""
    total = np.zeros(len(sizes))
    for far, speed in reaches:
        gain = np.clip(np.sqrt(MEASURED_SECONDS / max(seconds, 1.0)), MOST_GAINED, 2.0)
        shortfall = gain * np.interp(speed, SPEEDS, SHORTFALLS)
        std = np.hypot(STRETCHED_STD, offset_std / far)
        off = np.log(far / (STRETCHED * sizes))[:, None] + shortfall * QUANTILES
        density = (np.exp(-0.5 * (off / std) ** 2) / (std * np.sqrt(2 * np.pi))).mean(-1)
        total += BOTH_HANDS * np.log((1 - STRANGE) * density + STRANGE * STRANGE_DENSITY)
    return total
