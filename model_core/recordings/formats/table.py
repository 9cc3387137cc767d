"""Tables of any laboratory: CSV or TSV with a header, columns guessed from names, units and axes from the data.

Every guess is noted in the recording's warnings and can be overruled. numpy only.
"""

import csv
import io
import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ...errors import InputError
from ..cleaning import RawTrack, build_recording
from ..tables.columns import DeviceColumns, guess_columns
from ..conventions import to_openxr
from ..guessing import (
    LEAST_EVIDENCE,
    LENGTH_SCALES,
    TIME_SCALES,
    convention_scores,
    guess_length_unit,
    guess_time_unit,
)
from ..tables.layouts import find_layout, save_layout
from ..tables.options import TableOptions
from ..tables.orders import rotations_of
from ..text import decode

DELIMITERS = ("\t", ";", ",", "|", None)
"""None: columns stand apart by spaces."""
HEADER_SEARCH_LINES, ROWS_BELOW = 50, 5
LEAST_COLUMNS = 4
PREFERRED_CONVENTION = ("openxr", "unity")


@dataclass(frozen=True)
class Table:
    """The numbers of a table: ``names`` of the columns and ``values`` (rows, columns), NaN where there is none."""

    names: list[str]
    values: np.ndarray


def read(path, **options):
    """A CSV or TSV file -> ``Recording``.

    Keyword arguments are the fields of ``TableOptions``; without any, what was kept for this header holds.
    """
    name = Path(path).name
    given = TableOptions(**options).validate()
    table = read_table(decode(Path(path).read_bytes(), name), name)
    kept = None if options else find_layout(table.names)
    recording = to_recording(table, kept or given, name)
    if kept:
        note = "read as was kept for tables with this header"
        return replace(recording, warnings=(note, *recording.warnings))
    return recording


def keep_layout(path, **options):
    """Keep what ``options`` say of the table in ``path`` for all tables with its header; returns the file."""
    name = Path(path).name
    return save_layout(read_table(decode(Path(path).read_bytes(), name), name).names, TableOptions(**options))


def to_recording(table, options, source):
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
    device = options.device or (columns.device if columns else "")
    if device != options.device:
        notes.append(f"guessed: the hands hold '{device}'")
    return build_recording(time, tracks, source, device, warnings=notes)


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
    told = columns.time_unit if columns else None
    unit = options.time_unit or told or guess_time_unit(time)
    if not (options.time_unit or told):
        notes.append(f"guessed: '{table.names[best]}' is in {unit}")
    return (time - np.nanmin(time)) * TIME_SCALES[unit] if unit != "s" else time


def _increases(values):
    """Number of steps forward in (N,) values."""
    with np.errstate(invalid="ignore"):
        return int((np.diff(values) > 0).sum())


def _length_unit(columns, positions, options, source, notes):
    told = options.length_unit or (columns.length_unit if columns else None)
    if told:
        return told
    unit = guess_length_unit(positions)
    if unit is None:
        raise InputError(f"{source}: its positions fit a person in no unit; give the length unit (m, cm or mm)")
    notes.append(f"guessed: positions are in {unit}")
    return unit


def _convention(positions, rotations, notes):
    """The convention under which the motion looks most like a person's."""
    scores = convention_scores(positions, rotations)
    best = max(scores, key=scores.get)
    # Without evidence to the contrary the usual ones stand.
    chosen = next((name for name in PREFERRED_CONVENTION if scores[name] > scores[best] - LEAST_EVIDENCE), best)
    notes.append(f"guessed: axes are those of '{chosen}'")
    return chosen


def read_table(text, name):
    """The text of a table -> ``Table``. Raises ``InputError`` where there is no header or no row of numbers."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = _head_lines(text)
    if not lines:
        raise InputError(f"{name}: is empty")
    headers = {mark: _header(lines, mark) for mark in DELIMITERS}
    found = {mark: header for mark, header in headers.items() if header is not None}
    if not found:
        if any(_is_numeric(_cells(lines[0][1], mark)) for mark in DELIMITERS):
            raise InputError(f"{name}: no recognisable columns: its first line holds numbers, not the columns' names")
        raise InputError(f"{name}: no recognisable columns in its first line: {lines[0][1][:60]!r}")
    delimiter = max(found, key=lambda mark: len(_cells(lines[found[mark]][1], mark)))
    start, header = lines[found[delimiter]]
    names = [cell.strip().strip("\"'") for cell in _cells(header, delimiter)]
    comma = delimiter != "," and any("," in line for _, line in lines[found[delimiter] + 1 :])
    if comma:
        text = text[:start] + text[start:].replace(",", ".")
    values = _numbers(text, start, delimiter, len(names))
    if len(values) == 0 or not np.isfinite(values).any():
        raise InputError(f"{name}: no rows of numbers under its header")
    return Table(names, values)


def _head_lines(text):
    """The first lines that say something, each as (where the text goes on behind it, line)."""
    lines, place = [], 0
    while place < len(text) and len(lines) < HEADER_SEARCH_LINES:
        end = text.find("\n", place)
        end = len(text) if end < 0 else end
        line = text[place:end]
        place = end + 1
        # Spreadsheets write "sep=;" into the first line; others put comments there.
        if line.strip() and not line.lstrip().startswith("#") and not line.lower().startswith("sep="):
            lines.append((place, line))
    return lines


def _header(lines, delimiter):
    """Which line names the columns, if they are parted by ``delimiter``: words, with numbers below them; or None."""
    for index, (_, line) in enumerate(lines[:-1]):
        cells = _cells(line, delimiter)
        below = [_cells(row, delimiter) for _, row in lines[index + 1 : index + 1 + ROWS_BELOW]]
        if len(cells) >= LEAST_COLUMNS and not _is_numeric(cells) and any(map(_is_numeric, below)):
            return index
    return None


def _cells(line, delimiter):
    """The cells of a line; quotes are heeded where they are whole."""
    if delimiter is None:
        return line.split()
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return line.split(delimiter)


def _is_numeric(cells):
    """Whether most of a row's cells are numbers."""
    numbers = sum(_number(cell) is not None for cell in cells)
    return numbers > len(cells) / 2


def _number(cell):
    try:
        return float(cell.replace(",", "."))
    except ValueError:
        return None


def _numbers(text, start, delimiter, width):
    """The rows of numbers (rows, width) from ``start`` on; by numpy's fast reader, or cell by cell where it gives up.

    That is where cells are missing or words. Of a long text as few copies are made as can be.
    """
    if re.compile(r"\S").search(text, start) is None:
        return np.empty((0, width))
    stream = io.BytesIO(text.encode())  # A StringIO holds four bytes a character.
    stream.seek(len(text[:start].encode()))
    try:
        values = np.loadtxt(stream, delimiter=delimiter, ndmin=2)
        if values.shape[1] == width:
            return values
    except ValueError:
        pass  # words, quotes or ragged rows: read each cell for itself
    rows = []
    for line in text[start:].splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        cells = _cells(line, delimiter)[:width]
        row = [_number(cell) for cell in cells]
        rows.append([np.nan if value is None else value for value in row] + [np.nan] * (width - len(row)))
    return np.array(rows, np.float64).reshape(-1, width)
