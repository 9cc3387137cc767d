"""Where feet stand and when they step: stretches of time in which a foot is on one spot, and steps between them.

SAGE says how likely a foot is in contact, frame by frame, while its legs drift and sway. Here every foot either stands,
on the spot where it is most of the stretch, or is on its way to the next spot. Under a head that is still a foot stands
unless it is clearly lifted or its next spot is far.
"""

from dataclasses import dataclass

import numpy as np

ENTER, LEAVE = 0.15, 0.08
"""Probabilities of contact from which a foot comes to stand, and below which it leaves. Low ones: most sliding is of
feet whose standing was doubted, and a foot that has gone elsewhere is found by its drift."""
STILL_GAP, MOVING_GAP = 0.15, 0.05
"""Metres: a foot that lands nearer than this to where it left has not stepped, under a still and a moving head."""
STILL_LIFT, MOVING_LIFT = 0.12, 0.03
"""Metres: nor if it was lifted by less than this."""
SHORT_GAP = 12
"""Frames: under a moving head nor if it was away for longer."""
SHORTEST_STAND = 6
"""Frames: a shorter contact under a moving head is none."""
DRIFT, LEAST_STEP = 0.18, 0.10
"""Metres from its spot at which a standing foot must have stepped, and by which the two spots must differ then."""
YAW_METRES = 0.25
"""Metres that a radian of a foot's yaw counts as."""
CENTRE_SCALE, CENTRE_STEPS = 0.05, 4
"""Metres, and rounds, of the robust mean of a stretch (Geman-McClure): a median that does not depend on the axes."""
STEP_FRAMES, LEAST_STAND = 24, 15
"""Frames of a step where contact shows none, and of a stand beside it."""


@dataclass(frozen=True)
class FootAnchor:
    """Frames ``first`` to ``last`` (excluded) in which a foot stands at ``position`` (x, z) in metres with ``yaw``."""

    first: int
    last: int
    position: np.ndarray
    yaw: float


def find_foot_anchors(
    spots: np.ndarray, yaws: np.ndarray, lifts: np.ndarray, contacts: np.ndarray, still: np.ndarray
) -> list[FootAnchor]:
    """The anchors of one foot: its ``spots`` (T, 2) over the floor and heights ``lifts`` (T,) above it in metres,
    ``yaws`` (T,) in radians, ``contacts`` (T,) probabilities and whether the head is ``still`` (T,) bool."""
    positions = np.concatenate([spots, YAW_METRES * np.unwrap(yaws)[:, None]], 1)
    runs = _join(_runs(contacts), positions, lifts, still)
    runs = [run for run in runs if run[1] - run[0] >= SHORTEST_STAND or still[run[0] : run[1]].any()]
    parts = [part for run in runs for part in _split(*run, positions)]
    anchors = []
    for index, (first, last) in enumerate(parts):
        spot = _centre(positions[first:last])
        # A step that contact does not show takes its time from the stands beside it.
        if index and parts[index - 1][1] == first:
            first = min(first + STEP_FRAMES // 2, last - LEAST_STAND // 2)
        if index + 1 < len(parts) and parts[index + 1][0] == last:
            last = max(last - STEP_FRAMES // 2, first + 1)
        anchors.append(FootAnchor(first, last, spot[:2], float(spot[2] / YAW_METRES)))
    return anchors


def _runs(contacts: np.ndarray) -> list[tuple[int, int]]:
    """Stretches of contact with hysteresis."""
    runs, begin = [], None
    for frame, contact in enumerate(contacts):
        if begin is None and contact > ENTER:
            begin = frame
        elif begin is not None and contact < LEAVE:
            runs.append((begin, frame))
            begin = None
    return runs if begin is None else [*runs, (begin, len(contacts))]


def _join(
    runs: list[tuple[int, int]], positions: np.ndarray, lifts: np.ndarray, still: np.ndarray
) -> list[tuple[int, int]]:
    """The stretches without the gaps in which the foot did not step, and out to the ends under a still head."""
    joined: list[tuple[int, int]] = []
    for first, last in runs:
        if joined:
            before, begin = joined[-1][1], joined[-1][0]
            gap = slice(before, first)
            quiet = bool(still[gap].all())
            there = _centre(positions[max(begin, before - 30) : before])
            here = _centre(positions[first : min(last, first + 30)])
            near = np.linalg.norm(here - there) < (STILL_GAP if quiet else MOVING_GAP)
            low = lifts[gap].max() < (STILL_LIFT if quiet else MOVING_LIFT)
            if near and low and (quiet or first - before <= SHORT_GAP):
                joined[-1] = (begin, last)
                continue
        joined.append((first, last))
    if joined:
        if still[: joined[0][0]].all() and (lifts[: joined[0][0]] < STILL_LIFT).all():
            joined[0] = (0, joined[0][1])
        if still[joined[-1][1] :].all() and (lifts[joined[-1][1] :] < STILL_LIFT).all():
            joined[-1] = (joined[-1][0], len(positions))
    return joined


def _split(first: int, last: int, positions: np.ndarray) -> list[tuple[int, int]]:
    """A stretch of contact, cut where the foot has gone from one spot to another."""
    stretch = positions[first:last]
    count = len(stretch)
    away = np.linalg.norm(stretch - _centre(stretch), axis=-1)
    if count < 2 * LEAST_STAND or away.max() < DRIFT:
        return [(first, last)]
    sums = np.cumsum(stretch, 0)
    left = np.arange(1, count)[:, None]
    means = sums[:-1] / left, (sums[-1] - sums[:-1]) / (count - left)
    between = (left * (count - left))[:, 0] * ((means[0] - means[1]) ** 2).sum(-1)
    allowed = slice(LEAST_STAND - 1, count - LEAST_STAND)
    cut = LEAST_STAND + int(between[allowed].argmax())
    if np.linalg.norm(_centre(stretch[:cut]) - _centre(stretch[cut:])) < LEAST_STEP:
        return _split_excursion(first, last, positions, away)
    return [*_split(first, first + cut, positions), *_split(first + cut, last, positions)]


def _split_excursion(first: int, last: int, positions: np.ndarray, away: np.ndarray) -> list[tuple[int, int]]:
    """A stretch of contact before, during and after the longest time that the foot was elsewhere, and came back from.

    ``away`` (last - first,) is how far it is from where it is most of the stretch.
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[False], away > LEAST_STEP, [False]]).astype(int)))
    excursions = [(b, e) for b, e in edges.reshape(-1, 2) if e - b >= LEAST_STAND and away[b:e].max() >= DRIFT]
    if not excursions:
        return [(first, last)]
    begin, end = max(excursions, key=lambda run: run[1] - run[0])
    begin, end = begin if begin >= LEAST_STAND else 0, end if last - first - end >= LEAST_STAND else last - first
    if end - begin == last - first:
        return [(first, last)]
    parts = (first, first + begin), (first + begin, first + end), (first + end, last)
    return [piece for part in parts if part[1] > part[0] for piece in _split(*part, positions)]


def _centre(positions: np.ndarray) -> np.ndarray:
    """Where most positions (N, 3) are: a mean in which those farther than ``CENTRE_SCALE`` count less and less."""
    centre = positions.mean(0)
    for _ in range(CENTRE_STEPS):
        weight = 1 / (1 + ((positions - centre) ** 2).sum(-1, keepdims=True) / CENTRE_SCALE**2) ** 2
        centre = (weight * positions).sum(0) / weight.sum()
    return centre
