"""A file's stamps put in order: repeats, wild stamps, coarse clocks, restarts, gaps of hours (numpy only)."""

from bisect import bisect_left
from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ..notes import Note

LEAST_JUMP, LEAST_RUN = 1.0, 10
"""Seconds that a clock must jump back, and samples that must be before and after it, to have been started again."""
WILD_JUMP = 5.0
"""Seconds of a jump forward after which a jump back means that the stamps between were wild."""
SHUFFLED = 0.02
"""Fraction of the steps that run backward from which the rows are out of order, and nothing was started again."""
COARSE = 0.1
"""Fraction of the stamps that repeat, with other poses, from which the clock itself is coarse."""
LONGEST_STRETCH = 3.0
"""Times the usual step of a coarse clock over which samples of one stamp are spread at most."""
LONGEST_PAUSE, SHORT_PAUSE = 600.0, 1.0
"""Seconds without samples that are kept, and what a longer pause is cut to."""
PAUSES_PER_MOTION = 10
"""Pauses together are at most so many times as long as the time with samples, but always ``LONGEST_PAUSE``."""
AS_LONG = 0.99
"""Fraction of a pause's length from which another is as long: either both are kept or neither."""
SLOWEST = 1.0
"""Seconds that samples are usually apart at most: from fewer nobody can tell a motion."""
MOST_DROPS = 200
"""Steps backward beyond which the rows are out of order, and the clock was not started again so often."""


@dataclass(frozen=True)
class Clock:
    """Which samples of a file to keep, in order (``rows``), and their ``time`` in seconds, strictly increasing.

    ``runs`` are the (first, last) positions in ``rows`` of stretches between restarts and pauses of many minutes.
    ``shifts``: (stamp, seconds) from which stamp on how much was taken off, for other clocks that count the same time.
    ``usual_step``: seconds between samples, the median of those of the file, before any pause was cut.
    """

    rows: np.ndarray
    time: np.ndarray
    runs: tuple[tuple[int, int], ...] = ()
    shifts: tuple[tuple[float, float], ...] = ()
    restarts: tuple[float, ...] = ()
    usual_step: float = 0.0


def put_in_order(time: np.ndarray, source: str, warnings: list[Note], same_pose: np.ndarray | None = None) -> Clock:
    """The ``Clock`` of stamps (N,) in seconds. ``same_pose`` (N,): the head is where it was one row before."""
    rows = np.flatnonzero(np.isfinite(time))
    if len(rows) < len(time):
        warnings.append(Note("times_not_finite", {"count": len(time) - len(rows)}))
    if len(rows) < 2:
        raise InputError(f"{source}: has {len(rows)} usable samples; at least 2 are needed")
    stamps = time[rows]
    restarts: tuple[float, ...] = ()
    starts = [0]
    if not (np.diff(stamps) > 0).all():
        rows, stamps = _without_copies(rows, stamps, same_pose, warnings)
        stamps = _spread(stamps, warnings)
        rows, stamps, starts, restarts = _restarts(rows, stamps, warnings)
        rows, stamps, starts = _increasing(rows, stamps, starts, warnings)
    usual = float(np.median(np.diff(stamps))) if len(stamps) > 1 else 0.0
    stamps, breaks, shifts = _without_pauses(stamps, warnings)
    runs = sorted({*starts, *breaks})
    ends = [*(start - 1 for start in runs[1:]), len(rows) - 1]
    return Clock(rows, stamps, tuple(zip(runs, ends, strict=True)) if len(runs) > 1 else (), shifts, restarts, usual)


def check_rate(clock: Clock, source: str) -> None:
    """Refuse samples that are pauses apart, as when milliseconds are taken for seconds. Raises ``InputError``."""
    if clock.usual_step > SLOWEST:
        raise InputError(
            f"{source}: its samples are usually {clock.usual_step:.3g} s apart, and a motion needs several a second;"
            " is its time or its frame rate in another unit?"
        )


def _without_copies(rows, stamps, same_pose, warnings):
    """Rows that repeat both stamp and pose are written twice."""
    if same_pose is None:
        return rows, stamps
    copies = np.concatenate([[False], np.diff(stamps) == 0]) & same_pose[rows]
    if copies.any():
        warnings.append(Note("times_backward", {"count": int(copies.sum())}))
    return rows[~copies], stamps[~copies]


def _spread(stamps, warnings):
    """Samples that share a stamp of a coarse clock, spread evenly up to the next stamp."""
    steps = np.diff(stamps)
    if (steps == 0).mean() < COARSE or (steps < 0).mean() > SHUFFLED:
        return stamps
    first = np.flatnonzero(np.concatenate([[True], steps != 0]))
    counts = np.diff(np.concatenate([first, [len(stamps)]]))
    known = np.diff(stamps[first])
    usual = float(np.median(known[known > 0])) if (known > 0).any() else 0.0
    length = np.concatenate([known, [usual]])
    length = np.where(length > 0, np.minimum(length, LONGEST_STRETCH * usual), usual)
    # The last stamp's samples are spread as densely as the others'.
    length[-1] = usual * min(1.0, counts[-1] / max(float(np.median(counts)), 1.0))
    within = np.arange(len(stamps)) - np.repeat(first, counts)
    warnings.append(Note("clock_coarse", {"step": usual}))
    return stamps + within * np.repeat(length / counts, counts)


def _restarts(rows, stamps, warnings):
    """Runs of a clock that was started again, one after the other; wild stamps are left out."""
    steps = np.diff(stamps)
    usual = float(np.median(steps[steps > 0])) if (steps > 0).any() else 0.0
    if (steps < 0).sum() > MOST_DROPS or (steps < 0).mean() > SHUFFLED:
        return rows, stamps, [0], ()
    low = _low_stamps(stamps, usual)
    rows, stamps = rows[~low], stamps[~low]
    steps = np.diff(stamps)
    drops = np.flatnonzero(steps < 0)
    keep, starts, offsets = np.ones(len(rows), bool), [0], []
    for number, drop in enumerate(drops):
        end = drops[number + 1] + 1 if number + 1 < len(drops) else len(stamps)
        begin = starts[-1]
        jumps = begin + np.flatnonzero(steps[begin:drop] > max(WILD_JUMP, 50 * usual))
        back = [
            jump for jump in jumps if stamps[jump] < stamps[drop + 1] <= stamps[jump] + 1 + 2 * usual * (drop - jump)
        ]
        if back:
            keep[back[0] + 1 : drop + 1] = False
        elif stamps[drop] - stamps[drop + 1] > LEAST_JUMP and min(drop + 1 - begin, end - drop - 1) >= LEAST_RUN:
            starts.append(int(drop) + 1)
    stamps = stamps.copy()
    restarts = tuple(float(stamps[start]) for start in starts[1:])
    for start in starts[1:]:
        offset = stamps[start - 1] + usual - stamps[start]
        offsets.append(offset)
        stamps[start:] += offset
    if len(starts) > 1:
        places = ", ".join(str(int(rows[start]) + 1) for start in starts[1:6])
        warnings.append(Note("clock_restarted", {"count": len(starts), "rows": places}))
    wild = int(low.sum() + (~keep).sum())
    if wild:
        warnings.append(Note("times_wild", {"count": wild}))
    starts = [int(keep[:start].sum()) for start in starts]
    return rows[keep], stamps[keep], starts, restarts


def _low_stamps(stamps, usual):
    """(N,) true for a few stamps that jump back, after which the clock is soon again where it would have been."""
    low = np.zeros(len(stamps), bool)
    for drop in np.flatnonzero(np.diff(stamps) < -LEAST_JUMP):
        after = stamps[drop + 1 : drop + 1 + LEAST_RUN]
        on = (after >= stamps[drop]) & (after <= stamps[drop] + LEAST_JUMP + 2 * usual * np.arange(1, len(after) + 1))
        if on.any():
            low[drop + 1 : drop + 1 + int(np.argmax(on))] = True
    return low


def _increasing(rows, stamps, starts, warnings):
    """The longest increasing part of each run; rows that are out of order throughout are sorted."""
    if (np.diff(stamps) > 0).all():
        return rows, stamps, starts
    kept, begins = [], []
    for begin, end in zip(starts, [*starts[1:], len(stamps)], strict=True):
        begins.append(sum(map(len, kept)))
        kept.append(begin + _longest_increasing(stamps[begin:end]))
    chosen = np.concatenate(kept)
    if len(chosen) < len(stamps) / 2:
        values, first = np.unique(stamps, return_index=True)
        if len(values) > len(chosen):
            warnings.append(Note("times_sorted"))
            chosen, begins = first, [0]
    if len(chosen) < len(stamps):
        warnings.append(Note("times_backward", {"count": len(stamps) - len(chosen)}))
    return rows[chosen], stamps[chosen], begins


def _longest_increasing(values):
    """Indices of the longest strictly increasing subsequence: of a wild stamp or a rewind the smaller part goes."""
    tails, tail_indices, previous = [], [], np.full(len(values), -1)
    for index, value in enumerate(values.tolist()):
        length = bisect_left(tails, value)
        if length:
            previous[index] = tail_indices[length - 1]
        if length == len(tails):
            tails.append(value)
            tail_indices.append(index)
        else:
            tails[length], tail_indices[length] = value, index
    chain, index = [], tail_indices[-1]
    while index >= 0:
        chain.append(index)
        index = previous[index]
    return np.array(chain[::-1])


def _without_pauses(stamps, warnings):
    """Stamps with pauses of many minutes cut short, where these end, and what was taken off from which stamp on."""
    steps = np.diff(stamps)
    breaks = np.flatnonzero(steps > _longest_pause(steps))
    if len(breaks) == 0:
        return stamps, [], ()
    steps[breaks] = SHORT_PAUSE
    taken = np.diff(stamps)[breaks] - SHORT_PAUSE
    total = np.cumsum(taken)
    shifts = tuple(zip(stamps[breaks + 1].tolist(), total.tolist(), strict=True))
    warnings.append(Note("pauses_cut", {"count": len(breaks), "seconds": float(total[-1]), "pause": SHORT_PAUSE}))
    # Summed anew: what is left after a gap of 1e300 s cannot be told by taking it off.
    return stamps[0] + np.concatenate([[0.0], np.cumsum(steps)]), (breaks + 1).tolist(), shifts


def _longest_pause(steps):
    """Seconds without samples that are kept: fewer where pauses would make up nearly all of the time."""
    pauses = np.sort(steps[(steps > SHORT_PAUSE) & (steps <= LONGEST_PAUSE)])
    allowed = max(LONGEST_PAUSE, PAUSES_PER_MOTION * float(steps[steps <= SHORT_PAUSE].sum()))
    kept = int(np.searchsorted(np.cumsum(pauses), allowed, side="right"))
    if kept == len(pauses):
        return LONGEST_PAUSE
    shorter = pauses[pauses < AS_LONG * pauses[kept]]
    return float(shorter[-1]) if len(shorter) else SHORT_PAUSE


def on_the_same_clock(clock: Clock, time: np.ndarray) -> np.ndarray:
    """Stamps (N,) of another tracker that count the same time, with what was cut from the ``clock`` cut from them."""
    stamps, seconds = np.array([(-np.inf, 0.0), *clock.shifts]).T
    return time - seconds[np.clip(np.searchsorted(stamps, time, side="right") - 1, 0, None)]
