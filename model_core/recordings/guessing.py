"""Guesses about units, and the notes on guesses: what, how sure, and what the alternative is (numpy only)."""

from collections.abc import Mapping

import numpy as np

from ..geometry.rotations import quaternion_conjugate, quaternion_multiply
from ..notes import Note
from .conventions import euler_to_quaternion
from .evidence import SURE, moves, probabilities

Poses = Mapping[str, np.ndarray]
"""Positions or rotations by role."""

TIME_SCALES = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ticks": 1e-7, "ns": 1e-9, "min": 60.0, "day": 86400.0}
TIME_PRIOR = {"s": 0.0, "ms": -0.3, "us": -0.8, "ticks": -2.5, "ns": -0.8, "min": -4.0, "day": -6.0}
"""How usual each unit is, as log-likelihoods."""
LENGTH_SCALES = {"m": 1.0, "cm": 1e-2, "mm": 1e-3, "ft": 0.3048, "in": 0.0254}
LENGTH_PRIOR = {"m": 0.0, "cm": -0.5, "mm": -0.7, "ft": -5.0, "in": -5.0}
USUAL_RATE, RATE_SIGMA = 60.0, 0.95
"""Samples a second of headsets, and the standard deviation of their logarithm."""
USUAL_SPEED, SPEED_SIGMA = 0.7, 0.8
"""Metres a second that trackers reach in a tenth of the time, and the standard deviation of their logarithm."""
USUAL_REACH, REACH_SIGMA = 0.55, 0.3
"""Metres from head to hands, and the standard deviation of their logarithm."""
USUAL_HEIGHT, HEIGHT_SIGMA = 1.55, 0.2
LOWEST_HEIGHT = 0.75
"""Metres below which a head's height says nothing: there the origin is the head's own."""
EPOCHS = {"s": (1.1e9, 2.4e9), "ticks": (6.2e10, 6.6e10)}
"""Seconds since 1970 and since the year 1 that are dates of our days."""
DAYS_SINCE = ((36500.0, 60000.0), (730000.0, 750000.0))
"""Days since 1900 and since the year 0 that are dates of our days, as spreadsheets and Matlab count."""
EPOCH_EVIDENCE = 9.0
FILETIME = (1.25e10, 1.45e10)
"""Seconds since 1601, as Windows counts them in ticks."""
LEAST_FIT, MOST_FIT = 0.1, 1.6
"""Metres between which the usual distance from head to hands must lie in some unit."""
EULER_ORDERS = ("YXZ", "XZY", "ZXY", "YZX", "ZYX", "XYZ")
"""From usual to rare."""
LEAST_LESS_ROLL = 0.6
"""Fraction of a more usual order's rolling that a rarer order must stay below to be believed."""


def guess_note(
    kind: str, scores: Mapping[str, float], option: str, sure: float = SURE, **values: object
) -> tuple[str, Note]:
    """The likeliest of ``scores`` (log-likelihoods), and the note that says so.

    The note's code is ``KIND_guessed``, or ``KIND_unsure`` where it names the alternative and the ``option`` that
    chooses it. ``confidence`` is a probability, ``sure`` the one from which the guess is called sure.
    """
    found = list(probabilities(scores).items())
    best, confidence = found[0]
    about: dict[str, object] = {"value": best, "confidence": round(confidence, 4), **values}
    if confidence >= sure or len(found) == 1:
        return best, Note(f"{kind}_guessed", about)
    return best, Note(f"{kind}_unsure", about | {"other": found[1][0], "option": f"{option}={found[1][0]}"})


def time_unit_scores(time: np.ndarray, positions: Poses) -> dict[str, float]:
    """Log-likelihood of each unit of increasing stamps (N,), by rate, size and the speeds that they make of positions.

    ``positions`` role -> (N, 3) in metres.
    """
    steps = np.diff(time[np.isfinite(time)])
    steps = steps[steps > 0]
    step = float(np.median(steps)) if len(steps) else 1.0
    size = float(np.nanmedian(time))
    whole = bool((np.floor(time[np.isfinite(time)][:1000]) == time[np.isfinite(time)][:1000]).all())
    pace = _speed(time, positions)
    scores = {}
    for unit, scale in TIME_SCALES.items():
        score = TIME_PRIOR[unit] - 0.5 * (np.log(1 / (step * scale) / USUAL_RATE) / RATE_SIGMA) ** 2
        if pace is not None:
            score -= 0.5 * (np.log(pace / scale / USUAL_SPEED) / SPEED_SIGMA) ** 2
        since = EPOCHS["s"] if unit != "ticks" else EPOCHS["ticks"]
        if since[0] < size * scale < since[1] or (unit == "ticks" and FILETIME[0] < size * scale < FILETIME[1]):
            score += EPOCH_EVIDENCE
        if unit == "day" and any(first < size < last for first, last in DAYS_SINCE):
            score += EPOCH_EVIDENCE
        if not whole and unit in ("ticks", "ns"):
            score -= 2.0
        scores[unit] = float(score)
    return scores


def guess_time_unit(time: np.ndarray) -> str:
    """The likeliest unit of increasing stamps (N,) alone."""
    scores = time_unit_scores(time, {})
    return max(scores, key=lambda unit: scores[unit])


def _speed(time, positions):
    """Metres for one unit of time that trackers reach in a tenth of the time; None where nothing moves."""
    speeds = []
    for position in positions.values():
        good = np.flatnonzero(np.isfinite(position).all(-1) & np.isfinite(time))
        if len(good) < 10 or not moves(position):
            continue
        lag = max(1, len(good) // 2000)
        for first in (good[: -1 * lag],):
            last = good[lag:]
            passed = time[last] - time[first]
            way = np.linalg.norm(position[last] - position[first], axis=-1)
            keep = passed > 0
            if keep.sum() > 5:
                speeds.append(float(np.percentile(way[keep] / passed[keep], 90)))
    speeds = [speed for speed in speeds if speed > 0]
    return float(np.exp(np.mean(np.log(speeds)))) if speeds else None


def length_unit_scores(positions: Poses) -> dict[str, float] | None:
    """Log-likelihood of each unit of positions by role (N, 3), from reach and height; None where none fits a person."""
    head = positions["head"]
    hands = [positions[role] for role in ("left_hand", "right_hand") if role in positions]
    with np.errstate(over="ignore", invalid="ignore"):
        reach = [np.linalg.norm(hand - _at_the_same_time(head, len(hand)), axis=-1) for hand in hands]
        reach = np.concatenate(reach) if reach else np.empty(0)
        heights = np.abs(head[np.isfinite(head).all(-1)])
    reach = reach[np.isfinite(reach) & (reach > 0)]
    distance = float(np.median(reach)) if len(reach) else None
    middle, spread = (np.median(heights, axis=0), heights.std(0)) if len(heights) else (np.zeros(3), np.ones(3))
    scores = {}
    for unit, scale in LENGTH_SCALES.items():
        score, known = LENGTH_PRIOR[unit], False
        if distance is not None:
            known = LEAST_FIT <= distance * scale <= MOST_FIT
            score -= 0.5 * (np.log(distance * scale / USUAL_REACH) / REACH_SIGMA) ** 2
        # The height is what changes least of what could be one: who walks gets far along the other axes.
        high = (middle * scale > LOWEST_HEIGHT) & (middle * scale < 3 * USUAL_HEIGHT)
        if high.any():
            height = float(middle[high][np.argmin(spread[high])])
            known = known or distance is None
            score -= min(4.0, 0.5 * (np.log(height * scale / USUAL_HEIGHT) / HEIGHT_SIGMA) ** 2)
        else:
            score -= 4.0
        if known:
            scores[unit] = float(score)
    return scores or None


def _at_the_same_time(position, count):
    """Positions (N, 3) of a tracker, as near as its samples come to the ``count`` of one with a clock of its own."""
    if len(position) == count:
        return position
    return position[np.round(np.linspace(0, len(position) - 1, count)).astype(int)]


def guess_euler_order(degrees: np.ndarray) -> str:
    """The order in which a head's angles (N, 3) multiply: people nod and turn about, but hardly roll their heads.

    A wrong order turns nodding into rolling once the person has turned about; one that rolls much less is the right
    one.
    """
    best, least = EULER_ORDERS[0], np.inf
    for order in EULER_ORDERS:
        sideways = rotate(euler_to_quaternion(degrees, order), np.array([1.0, 0, 0]))[:, 1]
        sideways = sideways[np.isfinite(sideways)]
        roll = float((sideways**2).mean() ** 0.5) if len(sideways) else 0.0
        if roll < LEAST_LESS_ROLL * least:
            best, least = order, roll
    return best


def rotate(quaternion: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Vectors (3,) or (N, 3) turned by unit quaternions (N, 4)."""
    vectors = np.broadcast_to(vectors, (len(quaternion), 3))
    pure = np.concatenate([np.zeros((len(vectors), 1)), vectors], -1)
    return quaternion_multiply(quaternion_multiply(quaternion, pure), quaternion_conjugate(quaternion))[:, 1:]
