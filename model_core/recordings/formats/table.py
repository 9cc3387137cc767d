"""Tables of any laboratory: CSV or TSV with a header, columns guessed from names, units and axes from the data.

Every guess is noted in the recording's warnings and can be overruled. Whatever is text and of no other format is taken
for a table. numpy only.
"""

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import InputError
from ...notes import Note
from ..cleaning import RawTrack, build_recording
from ..conventions import to_openxr
from ..guessing import (
    LEAST_EVIDENCE,
    LENGTH_SCALES,
    TIME_SCALES,
    convention_scores,
    guess_length_unit,
    guess_time_unit,
)
from ..recording import Recording
from ..tables.columns import DeviceColumns, guess_columns
from ..tables.layouts import Layouts
from ..tables.options import TableOptions
from ..tables.orders import rotations_of
from ..tables.parsing import Table, read_table
from ..text import decode, looks_like_text

NAME = "table"
SUFFIXES = (".csv", ".tsv", ".txt")
OPTIONS = ("layouts", *(field.name for field in fields(TableOptions)))
PRECEDENCE = 100
"""Asked last."""
PREFERRED_CONVENTION = ("openxr", "unity")


def recognises(head: bytes, path: Path) -> bool:
    """Whether a file that begins with ``head`` is text."""
    return looks_like_text(head) and bool(head)


def read(path: Path, layouts: Layouts | None = None, **options: Any) -> Recording:
    """A CSV or TSV file -> ``Recording``.

    ``options`` are the fields of ``TableOptions``; without any, what ``layouts`` have for this header holds.
    """
    given = TableOptions(**options).validate()
    table = load_table(path)
    saved = layouts.find(table.names) if layouts and not options else None
    recording = to_recording(table, saved or given, path.name)
    if saved:
        return replace(recording, warnings=(Note("saved_layout"), *recording.warnings))
    return recording


def load_table(path: Path) -> Table:
    """The table in a text file. Raises ``InputError``."""
    return read_table(decode(path.read_bytes(), path.name), path.name)


def to_recording(table: Table, options: TableOptions, source: str) -> Recording:
    """A ``Table`` -> ``Recording`` by ``options`` and guesses."""
    columns = guess_columns(table.names) if options.columns is None else None
    devices = columns.devices if columns else _named_devices(table, options.columns, source)
    if "head" not in devices:
        found = ", ".join(devices) or "none"
        raise InputError(
            f"{source}: no recognisable columns of a head's position and rotation (trackers found: {found}); expected "
            "names such as time, head_pos_x, head_pos_y, head_pos_z, head_rot_x, .. head_rot_w, left_hand_pos_x, .."
        )
    notes = []
    time = _time(table, columns, options, source, notes)
    positions = {role: table.values[:, device.position] for role, device in devices.items()}
    scale = LENGTH_SCALES[_length_unit(columns, positions, options, source, notes)]
    positions = {role: position * scale for role, position in positions.items()}
    rotations = rotations_of(table, columns, devices, positions, options, notes)
    convention = options.convention or _convention(positions, rotations, notes)
    tracks = {}
    for role, device in devices.items():
        position, rotation = to_openxr(positions[role], rotations[role], convention)
        tracked = None if device.tracked is None else table.values[:, device.tracked] > 0
        tracks[role] = RawTrack(position, rotation, tracked)
    hands = options.device or (columns.device if columns else "")
    if hands != options.device:
        notes.append(Note("device_guessed", {"device": hands}))
    return build_recording(time, tracks, source, hands, warnings=notes)


def _named_devices(table, columns, source):
    """``DeviceColumns`` by role from the names that the user gave."""
    devices = {}
    for role, names in columns.items():
        if role == "time":
            continue
        indices = [_index(table, name, source) for name in names]
        if len(indices) not in (6, 7):
            raise InputError(
                f"{source}: '{role}' has {len(indices)} columns; expected 3 of position, 3 or 4 of rotation"
            )
        devices[role] = DeviceColumns(indices[:3], indices[3:])
    return devices


def _index(table, name, source):
    if name not in table.names:
        raise InputError(f"{source}: has no column '{name}'; its columns are {', '.join(table.names[:12])}")
    return table.names.index(name)


def _time(table, columns, options, source, notes):
    """Seconds (N,)."""
    if options.fps is not None:
        return np.arange(len(table.values)) / options.fps
    if columns is None and "time" in options.columns:
        candidates = [_index(table, options.columns["time"], source)]
    else:
        candidates = columns.times if columns else guess_columns(table.names).times
    best = max(candidates, key=lambda i: _increases(table.values[:, i]), default=None)
    if best is None or _increases(table.values[:, best]) == 0:
        raise InputError(f"{source}: has no column of increasing times; name one 'time' or give the frame rate")
    time = table.values[:, best]
    stated = columns.time_unit if columns else None
    unit = options.time_unit or stated or guess_time_unit(time)
    if not (options.time_unit or stated):
        notes.append(Note("time_unit_guessed", {"column": table.names[best], "unit": unit}))
    return (time - np.nanmin(time)) * TIME_SCALES[unit] if unit != "s" else time


def _increases(values):
    """Number of steps forward in (N,) values."""
    with np.errstate(invalid="ignore"):
        return int((np.diff(values) > 0).sum())


def _length_unit(columns, positions, options, source, notes):
    stated = options.length_unit or (columns.length_unit if columns else None)
    if stated:
        return stated
    unit = guess_length_unit(positions)
    if unit is None:
        raise InputError(f"{source}: its positions fit a person in no unit; give the length unit (m, cm or mm)")
    notes.append(Note("length_unit_guessed", {"unit": unit}))
    return unit


def _convention(positions, rotations, notes):
    """The convention under which the motion looks most like a person's."""
    scores = convention_scores(positions, rotations)
    best = max(scores, key=lambda name: scores[name])
    # Without evidence to the contrary the usual ones stand.
    chosen = next((name for name in PREFERRED_CONVENTION if scores[name] > scores[best] - LEAST_EVIDENCE), best)
    notes.append(Note("axes_guessed", {"convention": chosen}))
    return chosen
