"""Heads and hands of the training motion as a calibration sees them: to learn from, and to measure errors on."""

from dataclasses import dataclass

import numpy as np

from ...model_core.calibration.posture import LOWEST_HEAD, STRIDE, describe
from ...model_core.geometry.skeleton import FEET, HEAD, LEFT_WRIST, RIGHT_WRIST
from ...model_core.mocap.clips import Clip
from ..simulation.devices import FARTHEST, UNEVEN, random_within

UNSEEN = 0.05
"""How often a clip is shown without its hands."""
HIGHEST_STEP, LONGEST_LEVEL, FLAT_SHARE = 0.35, 4.0, 0.3
"""Made-up uneven ground: metres above the floor at most, metres of way between steps at most, and the part of the
levels that are the floor itself."""
STEP_LENGTH = 0.1
"""Metres of way within which a head rises onto a step."""
SHORTEST_WAY = 1.0
"""Metres: who goes less far meets no step."""


@dataclass(frozen=True)
class Motion:
    """A clip's head turns (T, 3, 3), head joint (T, 3), wrists (T, 2, 3) and their turns (T, 2, 3, 3) above its floor,
    the head joint's height in the ``rest`` pose, whose it is, and whether the ground is ``uneven``."""

    turns: np.ndarray
    heads: np.ndarray
    wrists: np.ndarray
    wrist_turns: np.ndarray
    rest: float
    person: str
    uneven: bool


def motion_of(clip: Clip) -> Motion:
    """The ``Motion`` of a ``clips.Clip``; its floor is where the lowest foot hardly ever is below."""
    turns, joints = clip.world()
    resting = clip.rest_joints[:, 1] - clip.sole
    lowest = (joints[:, list(FEET), 1] - resting[list(FEET)]).min(-1)
    joints = joints - np.array([0, np.percentile(lowest, 5), 0])
    hands = [LEFT_WRIST, RIGHT_WRIST]
    uneven = UNEVEN in (clip.meta.get("flags") or [])
    person = str(clip.meta["subject"])
    return Motion(turns[:, HEAD], joints[:, HEAD], joints[:, hands], turns[:, hands], resting[HEAD], person, uneven)


def observe_motion(motion: Motion, rng: np.random.Generator, steps: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Inputs (T', 12) of ``posture.describe`` and log heights (T',) over the rest pose's of a motion.

    Trackers are up to ``FARTHEST`` from the wrists; with ``steps`` the ground gets steps that the clip has not.
    """
    hands = motion.wrists.copy()
    for side in range(2):
        hands[:, side] += motion.wrist_turns[:, side] @ random_within(rng, FARTHEST)
    if rng.random() < UNSEEN:
        hands[:] = np.nan
    ground = (stepped_ground(motion.heads, rng) if steps else np.zeros(len(hands)))[:, None] * [0.0, 1, 0]
    heads = motion.heads + ground
    inputs, heights = describe(motion.turns, heads, hands + ground[:, None]), heads[::STRIDE, 1]
    seen = (
        heights > LOWEST_HEAD
    )  # As a calibration does: somebody who hangs from a bar may be below what the bar is on.
    return inputs[seen], np.log(heights[seen] / motion.rest)


def stepped_ground(heads: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Height (T,) in metres of made-up ground under heads (T, 3) that go their way."""
    way = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(heads[:, [0, 2]], axis=0), axis=-1))])
    ground, level, highest = np.zeros(len(way)), 0.0, HIGHEST_STEP * rng.random()
    if way[-1] < SHORTEST_WAY:
        return ground
    count = 1 + rng.poisson(way[-1] / rng.uniform(SHORTEST_WAY, LONGEST_LEVEL))
    for edge in np.sort(rng.uniform(0, way[-1], count)):
        to = 0.0 if rng.random() < FLAT_SHARE else highest * rng.random()
        ground += 0.5 * (to - level) * (1 + np.tanh((way - edge) / STEP_LENGTH))
        level = to
    return ground
