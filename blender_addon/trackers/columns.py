"""Which columns of a table are what: guessed, shown, and chosen by the user where the guess is wrong."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import bpy
from bpy.props import StringProperty

from ...model_core.errors import InputError
from ...model_core.geometry.skeleton import ROLES
from ...model_core.recordings.formats.table import Table, to_recording
from ...model_core.recordings.tables.columns import guess_columns
from ...model_core.recordings.tables.layouts import user_layouts
from ...model_core.recordings.tables.options import TableOptions
from ...model_core.recordings.tables.parsing import read_table
from ...model_core.recordings.text import decode
from ..i18n.messages import message, of_error
from .roles import role_label

TABLE_SUFFIXES = (".csv", ".tsv", ".txt")
HEAD_BYTES = 1 << 16
"""So much of a table is read to see what it holds."""
PARTS = ("px", "py", "pz", "rw", "rx", "ry", "rz")
PART_LABELS = ("Position X", "Y", "Z", "Rotation W", "X", "Y", "Z")
TIME = "time_column"
DESCRIPTION = "Name of the column; leave W empty where the rotation is three angles"


class ColumnFields(Protocol):
    """An operator with the properties of ``column_properties``."""

    filepath: str


def column_properties() -> dict[str, object]:
    """The properties of an operator that has ``filepath``: the time column, and seven columns for each role."""
    properties = {TIME: _column("Time", "Name of the column with the time; empty: auto-detect")}
    for role in ROLES:
        for part, label in zip(PARTS, PART_LABELS, strict=True):
            properties[property_name(role, part)] = _column(label, DESCRIPTION)
    return properties


def property_name(role: str, part: str) -> str:
    return f"{role}_{part}"


def _column(label: str, description: str) -> object:
    return StringProperty(name=label, description=description, search=_matching, options={"SKIP_SAVE"})


def _matching(operator: Any, _context: bpy.types.Context, typed: str) -> list[str]:
    try:
        names = head_of(operator.filepath).names
    except InputError:
        return []
    return [name for name in names if typed.lower() in name.lower()]


def head_of(path: str | Path) -> Table:
    """The ``Table`` of a file's first rows. Raises ``InputError``."""
    path = Path(path)
    try:
        return _head(path, path.stat().st_mtime_ns)
    except OSError as error:
        raise InputError(message("{file}: cannot be read ({reason})", file=path.name, reason=error.strerror)) from None


@lru_cache(maxsize=4)
def _head(path: Path, _changed: int) -> Table:
    with open(path, "rb") as file:
        data = file.read(HEAD_BYTES)
    if len(data) == HEAD_BYTES:
        data = data.rpartition(b"\n")[0]
    return read_table(decode(data, path.name), path.name)


def fill_columns(operator: ColumnFields) -> None:
    """Put what is kept for the header, or else guessed, into the operator's empty fields. Raises ``InputError``."""
    names = head_of(operator.filepath).names
    if chosen_columns(operator) is None:
        for name, column in _suggested(names).items():
            setattr(operator, name, column)


def _suggested(names: Sequence[str]) -> dict[str, str]:
    """Column by property."""
    kept = user_layouts().find(names)
    if kept is not None and kept.columns:
        found = {role: columns for role, columns in kept.columns.items() if role != "time"}
        time = kept.columns.get("time", "")
    else:
        guess = guess_columns(names)
        found = {role: [names[i] for i in device.position + device.rotation] for role, device in guess.devices.items()}
        time = names[guess.times[0]] if guess.times else ""
    suggested = {TIME: time}
    for role in ROLES:
        columns = found.get(role, [])
        parts = PARTS if len(columns) == len(PARTS) else [part for part in PARTS if part != "rw"]
        suggested |= {property_name(role, part): column for part, column in zip(parts, columns, strict=False)}
    return suggested


def chosen_columns(operator: ColumnFields) -> dict[str, Any] | None:
    """``TableOptions.columns`` by the operator's fields; None where all are empty. Raises ``InputError``."""
    chosen = {"time": getattr(operator, TIME)} if getattr(operator, TIME) else {}
    for role in ROLES:
        fields = {part: getattr(operator, property_name(role, part)) for part in PARTS}
        missing = [part for part, column in fields.items() if not column and part != "rw"]
        if len(missing) < len(PARTS) - 1 or fields["rw"]:
            if missing:
                label = PART_LABELS[PARTS.index(missing[0])]
                kind = message("rotation") if missing[0].startswith("r") else message("position")
                raise InputError(message("{tracker}: choose the column of its {kind} {axis}, too",
                                         tracker=role_label(role), kind=kind, axis=label[-1]))  # fmt: skip
            chosen[role] = [column for column in fields.values() if column]
    return chosen or None


def preview_lines(path: str | Path, options: Mapping[str, Any]) -> list[object]:
    """What comes of a table with ``options`` (fields of ``TableOptions`` by name; none: guesses), a line each."""
    try:
        table = head_of(path)
        kept = None if options else user_layouts().find(table.names)
        recording = to_recording(table, kept or TableOptions(**options).validate(), Path(path).name)
        columns = (kept.columns if kept else options.get("columns")) or _guessed_columns(table.names)
    except InputError as error:
        return [of_error(error)]
    lines = [message("Read as was saved for this header")] if kept else []
    known = {role: columns[role] for role in recording.tracks if role in columns}
    lines += [
        message("{tracker}: {first} to {last}", tracker=role_label(role), first=names[0], last=names[-1])
        for role, names in known.items()
    ]
    return [*lines, *recording.warnings]


def _guessed_columns(names: Sequence[str]) -> dict[str, list[str]]:
    devices = guess_columns(names).devices
    return {role: [names[i] for i in device.position + device.rotation] for role, device in devices.items()}
