"""Which column is the clock, and in which unit (numpy only)."""

from collections.abc import Mapping, Sequence

import numpy as np

from ...errors import InputError
from ...notes import Note
from ..guessing import TIME_SCALES, guess_note, time_unit_scores
from .columns import TimeColumn, words
from .options import TableOptions
from .parsing import Table

FORWARD_WEIGHT = 4.0
"""How much a column's running forward counts beside its name."""
STEP_WORDS, MOSTLY = {"delta", "dt", "interval"}, 0.9
"""Words of columns that hold the time since the row before, and the fraction of the rows that must bear it out."""
HALF_DAY, DAY = 43200.0, 86400.0


def read_clock(
    table: Table, clocks: Sequence[TimeColumn], positions: Mapping[str, np.ndarray], options: TableOptions, source: str,
    notes: list[Note],
) -> np.ndarray:  # fmt: skip
    """Seconds (N,) of the rows. ``positions`` role -> (N, 3) in metres: the unit is judged by the speeds it makes."""
    if options.fps is not None:
        return np.arange(len(table.values)) / options.fps
    scored = {clock: FORWARD_WEIGHT * forward(table.values[:, clock.index]) + clock.score for clock in clocks}
    best = max(scored, key=lambda clock: scored[clock], default=None)
    steps = _steps(table, clocks)
    if steps is not None and (best is None or forward(table.values[:, best.index]) < MOSTLY):
        notes.append(Note("clock_from_steps", {"column": table.names[steps.index]}))
        summed = np.cumsum(np.nan_to_num(table.values[:, steps.index]))
        unit = options.time_unit or steps.unit
        if unit is None:
            unit, note = guess_note(
                "time_unit", time_unit_scores(summed, positions), "time_unit", column=table.names[steps.index]
            )
            notes.append(note)
        return (summed - summed[0]) * TIME_SCALES[unit]
    if best is None or forward(table.values[:, best.index]) == 0:
        raise InputError(f"{source}: has no column of increasing times; name one 'time' or give the frame rate")
    time, name = table.values[:, best.index], table.names[best.index]
    if len(clocks) > 1:
        others = ", ".join(f"'{table.names[clock.index]}'" for clock in clocks if clock is not best)
        notes.append(Note("clock_chosen", {"column": name, "others": others}))
    if best.index in table.stamps:
        return _past_midnight(time)
    unit = options.time_unit or best.unit
    if unit is None:
        unit, note = guess_note("time_unit", time_unit_scores(time, positions), "time_unit", column=name)
        notes.append(note)
    return (time - np.nanmin(time)) * TIME_SCALES[unit] if unit != "s" else time


def _steps(table, clocks):
    """A column of the time since the row before, which adds up to a clock; None where there is none."""
    for clock in clocks:
        values = table.values[:, clock.index]
        values = values[np.isfinite(values)]
        if STEP_WORDS & set(words(table.names[clock.index])) and len(values) and (values > 0).mean() > MOSTLY:
            return clock
    return None


def forward(values: np.ndarray) -> float:
    """Fraction of the steps in (N,) values that go forward."""
    with np.errstate(invalid="ignore"):
        return float((np.diff(values) > 0).mean()) if len(values) > 1 else 0.0


def _past_midnight(time):
    """Times of day that go on past midnight."""
    if np.nanmax(time) > DAY:
        return time
    with np.errstate(invalid="ignore"):
        back = np.concatenate([[0], np.cumsum(np.diff(np.nan_to_num(time)) < -HALF_DAY)])
    return time + DAY * back
