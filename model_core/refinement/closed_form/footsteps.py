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
KEPT = 0.12
"""Metres from its spot up to which a foot that stands on is not where it stands next."""
STEP_FRAMES, LEAST_STAND = 24, 15
"""Frames of a step where contact shows none, and of a stand beside it."""
LANDING_FRAMES = 40
"""Frames within which a foot that has lost contact comes down again if it steps: until then it may not have stepped."""
SEEN_FRAMES = 96
"""Frames of a stretch of contact that say where the foot stands at their beginning."""
ANCHOR_LOOK_AHEAD = SEEN_FRAMES + LANDING_FRAMES + LEAST_STAND + SHORTEST_STAND
"""Frames ahead on which anchors depend: where a foot stands, whether it stays there, and where it is if it does not."""


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
    ``yaws`` (T,) in radians, ``contacts`` (T,) probabilities and whether the head is ``still`` (T,) bool.

    Where a foot is at a frame depends on no more than ``ANCHOR_LOOK_AHEAD`` later ones.
    """
    positions = np.concatenate([spots, YAW_METRES * np.unwrap(yaws)[:, None]], 1)
    runs = _join(_runs(contacts), positions, lifts, still)
    runs = [run for run in runs if run[1] - run[0] >= SHORTEST_STAND or still[run[0] : run[1]].any()]
    stands = [stand for run in runs for stand in _stands(*run, positions)]
    anchors = []
    for index, (first, last, spot) in enumerate(stands):
        # A step that contact does not show takes its time from the stands beside it.
        if index and stands[index - 1][1] == first:
            first = min(first + STEP_FRAMES // 2, last - LEAST_STAND // 2)
        if index + 1 < len(stands) and stands[index + 1][0] == last:
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
    """The stretches without the gaps in which the foot did not step, and under a still head with those in which it is
    doubted for long, to the ends of the recording as well."""
    quiet = still & (lifts < STILL_LIFT)
    joined: list[tuple[int, int]] = []
    begin = end = 0
    for first, last in runs:
        end = _doubted_until(end, first, quiet)
        gap = slice(end, first)
        if end == 0:
            begin = 0 if quiet[gap].all() else first
        elif not _on_same_spot(positions, begin, gap, last, lifts, still):
            joined.append((begin, end))
            begin = first
        end = last
    end = _doubted_until(end, len(positions), quiet)
    end = len(positions) if quiet[end:].all() else end
    return [*joined, (begin, end)] if end > begin else joined


def _doubted_until(end: int, landing: int, quiet: np.ndarray) -> int:
    """The frame up to which a foot stands whose contact was lost at ``end`` and is found again at ``landing``.

    While it is ``quiet`` (T,) bool, low under a still head, it leaves for its next spot no sooner than it must.
    """
    while end + LANDING_FRAMES <= landing and quiet[end : end + LANDING_FRAMES].all():
        end += STEP_FRAMES
    return end


def _on_same_spot(
    positions: np.ndarray, begin: int, gap: slice, last: int, lifts: np.ndarray, still: np.ndarray
) -> bool:
    """Whether a foot that stood from ``begin`` on is after a ``gap`` in contact, up to ``last``, where it was."""
    quiet = bool(still[gap].all())
    if not quiet and gap.stop - gap.start > SHORT_GAP:
        return False
    there = robust_centre(positions[max(begin, gap.start - 2 * LEAST_STAND) : gap.start])
    here = robust_centre(positions[gap.stop : min(last, gap.stop + LEAST_STAND)])
    near = np.linalg.norm(here - there) < (STILL_GAP if quiet else MOVING_GAP)
    return bool(near) and bool(lifts[gap].max() < (STILL_LIFT if quiet else MOVING_LIFT))


def _stands(first: int, last: int, positions: np.ndarray) -> list[tuple[int, int, np.ndarray]]:
    """A stretch of contact, cut where the foot has gone from one spot to another: begin, end and spot (3,) of each.

    Of ``SEEN_FRAMES`` at a time, each half on from the last: what is far ahead decides nothing.
    """
    stands: list[tuple[int, int, np.ndarray]] = []
    begin = frame = first
    spot = None
    while True:
        seen = positions[frame : min(frame + SEEN_FRAMES, last)]
        count = _frames_on_spot(seen)
        centre = robust_centre(seen[:count])
        if spot is not None and np.linalg.norm(centre - spot) >= KEPT:
            stands.append((begin, frame, spot))
            begin, spot = frame, None
        spot = centre if spot is None else spot
        if count < len(seen):
            stands.append((begin, frame + count, spot))
            begin = frame = frame + count
            spot = None
        elif frame + count == last:
            return [*stands, (begin, last, spot)]
        else:
            frame += SEEN_FRAMES // 2


def _frames_on_spot(positions: np.ndarray) -> int:
    """For how many of the frames (N, 3) of a stretch of contact the foot is on its first spot."""
    count = len(positions)
    away = np.linalg.norm(positions - robust_centre(positions), axis=-1)
    if count < 2 * LEAST_STAND or away.max() < DRIFT:
        return count
    sums = np.cumsum(positions, 0)
    left = np.arange(1, count)[:, None]
    means = sums[:-1] / left, (sums[-1] - sums[:-1]) / (count - left)
    between = (left * (count - left))[:, 0] * ((means[0] - means[1]) ** 2).sum(-1)
    allowed = slice(LEAST_STAND - 1, count - LEAST_STAND)
    cut = LEAST_STAND + int(between[allowed].argmax())
    if np.linalg.norm(robust_centre(positions[:cut]) - robust_centre(positions[cut:])) < LEAST_STEP:
        cut = _frames_to_excursion(away)
    return count if cut == count else _frames_on_spot(positions[:cut])


def _frames_to_excursion(away: np.ndarray) -> int:
    """The frames before the longest time that the foot was elsewhere and came back from, or of it where it comes first.

    ``away`` (N,) is how far it is from where it is most of the stretch; all N where it never was elsewhere.
    """
    count = len(away)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], away > LEAST_STEP, [False]]).astype(int)))
    excursions = [(b, e) for b, e in edges.reshape(-1, 2) if e - b >= LEAST_STAND and away[b:e].max() >= DRIFT]
    if not excursions:
        return count
    begin, end = max(excursions, key=lambda run: run[1] - run[0])
    if begin >= LEAST_STAND:
        return int(begin)
    return int(end) if count - end >= LEAST_STAND else count


def robust_centre(positions: np.ndarray) -> np.ndarray:
    """Where most positions (N, 3) are: a mean in which those farther than ``CENTRE_SCALE`` count less and less."""
    centre = positions.mean(0)
    for _ in range(CENTRE_STEPS):
        weight = 1 / (1 + ((positions - centre) ** 2).sum(-1, keepdims=True) / CENTRE_SCALE**2) ** 2
        centre = (weight * positions).sum(0) / weight.sum()
    return centre
