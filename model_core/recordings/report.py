"""A recording's report, in lines for a terminal or a panel (numpy only)."""

from collections import defaultdict

import numpy as np

from .checks import check
from .recording import Dropout, Recording

MOST_LISTED = 20
"""Dropouts of one tracker and reason that are listed one by one."""


def report(recording: Recording) -> list[str]:
    """Lines on a recording: what it is, each tracker's dropouts with their times and reasons, warnings and findings."""
    rate = (len(recording.time) - 1) / recording.duration
    lines = [f"{recording.source}: {recording.duration:.2f} s, {len(recording.time)} samples ({rate:.1f} a second), "
             f"hands by '{recording.device or 'unknown'}'"]  # fmt: skip
    for role, track in recording.tracks.items():
        lines.append(f"  {role}: valid {100 * track.valid.mean():.1f}%")
        lines += [f"    {line}" for line in dropout_lines(recording, role)]
    lines += [f"  note: {warning}" for warning in recording.warnings]
    lines += [f"  warning: {finding.note} (--fix {finding.check})" for finding in check(recording)]
    return lines


def dropout_lines(recording: Recording, role: str) -> list[str]:
    """One line a reason: how often and how long the tracker was lost, and when."""
    by_reason = defaultdict(list)
    for dropout in recording.dropouts:
        if dropout.role == role:
            by_reason[dropout.reason].append(dropout)
    lines = []
    for reason, dropouts in by_reason.items():
        seconds = sum(lost_seconds(recording, dropout) for dropout in dropouts)
        listed = ", ".join(_when(recording, dropout) for dropout in dropouts[:MOST_LISTED])
        more = f" and {len(dropouts) - MOST_LISTED} more" if len(dropouts) > MOST_LISTED else ""
        lines.append(f"{reason}: {len(dropouts)} times, {seconds:.2f} s in all: {listed}{more}")
    return lines


def lost_seconds(recording: Recording, dropout: Dropout) -> float:
    """Seconds from the last sample before a dropout to the first after it, within the recording."""
    last = len(recording.time) - 1
    return float(recording.time[min(dropout.last + 1, last)] - recording.time[max(dropout.first - 1, 0)])


def _when(recording, dropout):
    first, last = recording.time[[dropout.first, dropout.last]] - recording.time[0]
    frames = f"sample {dropout.first}" if dropout.first == dropout.last else f"samples {dropout.first}-{dropout.last}"
    times = f"{first:.2f} s" if np.isclose(first, last) else f"{first:.2f}-{last:.2f} s"
    return f"{times} ({frames})"
