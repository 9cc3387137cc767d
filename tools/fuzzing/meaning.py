"""Whether tables of known meaning are read right: each is right, unsure, refused, or silently wrong."""

import tempfile
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from ...model_core.errors import InputError
from ...model_core.recordings import Recording, read
from .tables import MadeTable, make_table

WITHIN_METRES, WITHIN_DEGREES, WITHIN_SECONDS = 0.005, 1.0, 0.02
PART = 100
"""Tables that a process reads at once."""
UNSURE = "_unsure"
RIGHT, RIGHT_BUT_UNSURE, UNSURE_AND_WRONG, REFUSED, SILENT = (
    "right",
    "right but unsure",
    "wrong but unsure",
    "refused",
    "silently wrong",
)
ACCEPTED = (RIGHT, RIGHT_BUT_UNSURE, UNSURE_AND_WRONG, REFUSED)


def judge(made: MadeTable, folder: Path) -> tuple[str, str]:
    """What came of a table, and in a few words why it is not right."""
    path = folder / made.name
    path.write_text(made.text, encoding="utf-8")
    try:
        recording = read(path)
    except InputError as error:
        return REFUSED, str(error)
    wrong = difference(recording, made.truth)
    unsure = [note for note in recording.warnings if note.code.endswith(UNSURE)]
    if not wrong:
        return (RIGHT_BUT_UNSURE, "; ".join(map(str, unsure))) if unsure else (RIGHT, "")
    return (UNSURE_AND_WRONG if unsure else SILENT), f"{wrong}; {'; '.join(map(str, recording.warnings))}"


def difference(recording: Recording, truth: Recording) -> str:
    """In a few words how a recording differs from the truth; empty where it does not."""
    if set(recording.tracks) != set(truth.tracks):
        return f"has the trackers {', '.join(recording.tracks)}"
    if abs(recording.duration - truth.duration) > WITHIN_SECONDS:
        return f"lasts {recording.duration:.3g} s in place of {truth.duration:.3g}"
    if len(recording.time) != len(truth.time):
        return f"has {len(recording.time)} samples in place of {len(truth.time)}"
    for role, track in truth.tracks.items():
        found = recording.tracks[role]
        both = track.valid & found.valid
        if (track.valid != found.valid).mean() > 0.02:
            return f"{role} is seen {100 * found.valid.mean():.0f}% in place of {100 * track.valid.mean():.0f}%"
        apart = np.linalg.norm(found.position[both] - track.position[both], axis=-1)
        if len(apart) and apart.max() > WITHIN_METRES:
            return f"{role} is {apart.max():.3g} m off"
        cosine = np.abs((found.rotation[both] * track.rotation[both]).sum(-1)).clip(0, 1)
        degrees = np.degrees(2 * np.arccos(cosine))
        if len(degrees) and degrees.max() > WITHIN_DEGREES:
            return f"{role} is turned {degrees.max():.0f} degrees off"
    return ""


def measure(count: int, seed: int = 0, say: Callable[[str], None] | None = None, processes: int = 1) -> Counter:
    """How many of ``count`` tables came to what; the wrong ones are said one by one. ``processes`` share the work."""
    if processes == 1:
        return _measured(_part(range(seed, seed + count)), say)
    parts = [range(first, min(first + PART, seed + count)) for first in range(seed, seed + count, PART)]
    outcomes: Counter = Counter()
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        for part in pool.map(_part, parts):
            outcomes += _measured(part, say)
    return outcomes


def _measured(part: list[tuple[str, str]], say: Callable[[str], None] | None) -> Counter:
    for outcome, line in part:
        if say and outcome not in (RIGHT, RIGHT_BUT_UNSURE):
            say(line)
    return Counter(outcome for outcome, _ in part)


def _part(seeds: range) -> list[tuple[str, str]]:
    """What came of the tables of some seeds, and a line on each."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for number in seeds:
            made = make_table(number)
            outcome, why = judge(made, Path(folder))
            found.append((outcome, f"seed {number}: {outcome}: {why} {made.drawn}"))
    return found
