"""Dates and times of day -> seconds: ISO, clock times, spans such as pandas writes (standard library only)."""

import math
import re
from datetime import date

TIME = re.compile(r"(\d{1,3}):(\d{2})(?::(\d{2}))?(?:[.,:](\d{1,9}))?\s*([AaPp][Mm])?")
YEAR_FIRST = re.compile(r"(\d{4})[-/._](\d{1,2})[-/._](\d{1,2})")
YEAR_LAST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})")
DAYS = re.compile(r"(-?\d+)\s+days?", re.IGNORECASE)
ZONE = re.compile(r"([+-])(\d{2}):?(\d{2})\s*$")
LONGEST = 48
DAY = 86400.0
EPOCH = date(1970, 1, 1).toordinal()


def is_stamp(cell: str) -> bool:
    """Whether a cell is a date with a time, a time of day or a span of time."""
    return ":" in cell and not math.isnan(seconds(cell))


def seconds(cell: str) -> float:
    """Seconds of a stamp since 1970, since midnight, or of a span; NaN where it is none."""
    cell = cell.strip().strip("\"'")
    if len(cell) > LONGEST:
        return math.nan
    clock = TIME.search(cell)
    if clock is None:
        return math.nan
    before, after = cell[: clock.start()].strip(" T_-"), cell[clock.end() :]
    days = _days(before)
    if days is None or (after and not re.fullmatch(r"\s*(Z|UTC|GMT)?\s*([+-]\d{2}:?\d{2})?\s*", after)):
        return math.nan
    hours, minutes, whole, fraction, half = clock.groups()
    if whole is None and fraction is None and half is None:
        whole = "0"
    if whole is None:  # minutes:seconds.fraction
        hours, minutes, whole = "0", hours, minutes
    hour = int(hours)
    if half:
        hour = hour % 12 + (12 if half.lower() == "pm" else 0)
    value = days * DAY + hour * 3600 + int(minutes) * 60 + int(whole)
    value += int(fraction) / 10 ** len(fraction) if fraction else 0.0
    zone = ZONE.search(after)
    if zone:
        value -= (1 if zone[1] == "+" else -1) * (int(zone[2]) * 3600 + int(zone[3]) * 60)
    return value


def _days(text: str) -> float | None:
    """Days of what stands before the time: 0 for nothing, None for what is no date."""
    if not text:
        return 0.0
    span = DAYS.fullmatch(text)
    if span:
        return float(span[1])
    for pattern, order in ((YEAR_FIRST, (0, 1, 2)), (YEAR_LAST, (2, 1, 0)), (YEAR_LAST, (2, 0, 1))):
        match = pattern.fullmatch(text)
        if match:
            year, month, day = (int(match.groups()[index]) for index in order)
            try:
                return float(date(year, month, day).toordinal() - EPOCH)
            except ValueError:
                continue
    return None
