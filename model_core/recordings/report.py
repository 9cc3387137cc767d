"""A recording's report: a table for a terminal or a panel, or the same as values for JSON (numpy only)."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from ..notes import Note
from .checks import Finding, check
from .recording import LONGEST_GAP, Dropout, Recording
from .resample import time_seen

MOST_LISTED = 20
"""Dropouts of one tracker and reason that are listed one by one."""
COLUMNS = ("tracker", "samples", "a second", "valid", "longest loss", "lost")


def report(recording: Recording, findings: Sequence[Finding] | None = None) -> list[str]:
    """Lines on a recording: what it is, a table of its trackers, their dropouts, guesses, notes and findings.

    ``findings`` are those of ``check``, where they are known already.
    """
    findings = check(recording) if findings is None else findings
    data = report_data(recording, findings)
    lines = [f"{recording.source}: {recording.duration:.2f} s, {len(recording.time)} samples "
             f"({data['rate']:.1f} a second), hands by '{recording.device or 'unknown'}'"]  # fmt: skip
    if len(recording.runs) > 1:
        runs = ", ".join(f"{last - first:.1f} s" for first, last in recording.runs)
        lines.append(f"  {len(recording.runs)} runs, one after the other: {runs} (--run N reads one of them)")
    rows = [COLUMNS] + [_row(role, about) for role, about in data["trackers"].items()]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    for row in rows:
        lines.append("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    for role in recording.tracks:
        lines += [f"    {role} {line}" for line in dropout_lines(recording, role)]
    guesses = [note for note in recording.warnings if "confidence" in note.values]
    for note in guesses:
        lines.append(f"  {note} ({100 * float(str(note.values['confidence'])):.1f}% sure)")
    lines += [f"  note: {note}" for note in recording.warnings if note not in guesses]
    lines += [f"  warning: {finding.note} (--fix {finding.check})" for finding in findings]
    return lines


def _row(role, about):
    lost = ", ".join(f"{reason} {seconds:.1f} s" for reason, seconds in about["lost"].items()) or "-"
    longest = f"{about['longest_loss']:.2f} s" if about["longest_loss"] else "-"
    return role, str(about["samples"]), f"{about['rate']:.1f}", f"{100 * about['valid']:.1f}%", longest, lost


def report_data(recording: Recording, findings: Sequence[Finding] | None = None) -> dict:
    """The same as values that JSON can hold."""
    findings = check(recording) if findings is None else findings
    trackers = {}
    for role, track in recording.tracks.items():
        lost: dict[str, float] = defaultdict(float)
        longest = 0.0
        for dropout in recording.dropouts:
            if dropout.role == role:
                seconds = lost_seconds(recording, dropout)
                lost[str(dropout.reason)] += seconds
                longest = max(longest, seconds)
        samples = int(track.valid.sum())
        trackers[role] = {
            "samples": samples,
            "rate": _usual_rate(recording.time[track.valid]),
            "valid": time_seen(recording.time, track.valid),
            "longest_loss": longest,
            "lost": dict(lost),
        }
    return {
        "source": recording.source,
        "seconds": recording.duration,
        "samples": len(recording.time),
        "rate": (len(recording.time) - 1) / recording.duration,
        "device": recording.device,
        "runs": [list(run) for run in recording.runs],
        "trackers": trackers,
        "dropouts": [
            {"tracker": item.role, "first": item.first, "last": item.last, "reason": str(item.reason)}
            for item in recording.dropouts
        ],
        "notes": [{"code": note.code, "text": str(note), **_plain_values(note)} for note in recording.warnings],
        "findings": [{"check": found.check, "text": str(found.note)} for found in findings],
    }


def _plain_values(note: Note) -> dict[str, object]:
    """The values of a note, with the notes among them in words."""
    return {name: str(value) if isinstance(value, Note) else value for name, value in note.values.items()}


def _usual_rate(time):
    """Samples a second where there are any: stamps in whole milliseconds make single steps longer and shorter."""
    steps = np.diff(time)
    dense = steps[steps <= LONGEST_GAP]
    if len(dense):
        return float(1 / dense.mean())
    return float(1 / np.median(steps)) if len(steps) else 0.0


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
