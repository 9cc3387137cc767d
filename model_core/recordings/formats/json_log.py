"""JSON logs of one's own program: an object a sample, in a list or a line each, in whatever nesting (numpy only).

Unity's ``JsonUtility`` and the like: ``{"timestamp": .., "head": {"position": {"x": ..}, "rotation": {..}}, ..}``. The
values become columns named by their keys, and are then understood as a table's are.
"""

import json
from collections.abc import Iterator
from dataclasses import fields, replace
from math import isfinite
from pathlib import Path
from typing import Any

from ...errors import InputError
from ...notes import Note
from ...untrusted.budgets import Budget, file_size, read_bytes
from ..json_text import load_json
from ..recording import Recording
from ..tables.cells import Column, read_column
from ..tables.columns import guess_columns, role_of, words
from ..tables.layouts import Layouts, read_with
from ..tables.options import TableOptions
from ..tables.parsing import Table, assemble
from ..tables.shapes import split_by_tracker
from ..tables.stamps import is_stamp
from ..text import decode, head_text

NAME = "JSON log"
SUFFIXES = (".json", ".jsonl", ".ndjson")
OPTIONS = ("layouts", *(field.name for field in fields(TableOptions)))
PRECEDENCE = 90
"""Asked after the formats whose JSON is known."""
DEEPEST, MOST_COLUMNS = 8, 4000
CELL_BYTES = 16
"""What a cell takes while it is text, and then as a number."""
LEAST_SAMPLES = 2
TRACKER = "tracker"
"""The column of rows that says of which tracker they are."""


def recognises(head: bytes, path: Path) -> bool:
    """Whether a file that begins with ``head`` is JSON."""
    text = head_text(head).lstrip()
    return text.startswith("{") or (text.startswith("[") and text[1:].lstrip()[:1] in ("{", "["))


def read(path: Path, layouts: Layouts | None = None, **options: Any) -> Recording:
    """A JSON log -> ``Recording``; ``options`` as of tables."""
    content, broken = _content(path)
    table = _table(content, path)
    saved = layouts.find(table.names) if layouts and not options else None
    if not saved and not options.get("columns") and "head" not in guess_columns(table.names).devices:
        if split_by_tracker(table) is None:
            raise InputError(f"{path.name}: {_UNKNOWN} (has {', '.join(table.names[:6])})")
    recording = read_with(table, path.name, layouts, options)
    if not broken:
        return recording
    lost = Note("broken_lines", {"count": broken, "total": broken + len(content)})
    return replace(recording, warnings=(lost, *recording.warnings))


def load_table(path: Path) -> Table:
    """The samples of a JSON file as a table. Raises ``InputError``."""
    return _table(_content(path)[0], path)


def _content(path: Path) -> tuple[Any, int]:
    """What a file holds, and how many of its lines are no whole JSON where it has an object a line."""
    lines = _lines(path)
    return (load_json(path), 0) if lines is None else lines


def _table(content: Any, path: Path) -> Table:
    name = path.name
    samples = apart(_samples(content, name))
    columns: dict[str, list[Any]] = {}
    budget = Budget(path.name, file_size(path))
    for index, sample in enumerate(samples):
        for column, value in _flat("", sample, 0):
            if column not in columns:
                if len(columns) >= MOST_COLUMNS:
                    raise InputError(f"{name}: its samples have more than {MOST_COLUMNS} values: no recording")
                budget.claim(CELL_BYTES * len(samples), "a table of its values")
                columns[column] = [""] * index
            cells = columns[column]
            if len(cells) == index:
                cells.append(value)
        for cells in columns.values():
            if len(cells) <= index:
                cells.append("")
    found = []
    for column_name, cells in columns.items():
        column = Column(column_name)
        read_column(column, cells)
        found.append(column)
    if not found:
        raise InputError(f"{name}: {_UNKNOWN}")
    return assemble(found)


_UNKNOWN = (
    "is JSON of a kind that is not known; known are lists of samples with a time, a head and hands, and the captures of"
    " A-Frame and IWER"
)


def _lines(path: Path) -> tuple[list[Any], int] | None:
    """The objects of a file with one a line, and how many lines are broken; None where it is one whole document."""
    text = decode(read_bytes(path), path.name).lstrip("\ufeff").strip()
    first, _, rest = text.partition("\n")
    if not rest or not first.strip().startswith("{"):
        return None
    found, broken = [], 0
    try:
        json.loads(first)
    except (ValueError, RecursionError):
        return None
    for line in text.splitlines():
        try:
            found.append(json.loads(line))
        except (ValueError, RecursionError):
            broken += bool(line.strip())
    return (found, broken) if len(found) > broken else None


def _samples(content: Any, name: str) -> list[dict]:
    """The list of samples in a document: the longest list of objects, or columns, or a list for each tracker."""
    named = _named_lists(content) or _by_stamp(content)
    if named:
        return named
    best: list[dict] = []
    for depth, (_, value) in enumerate(_walk("", content, 0)):
        if isinstance(value, list) and len(value) > len(best) and all(isinstance(item, dict) for item in value[:50]):
            best = [item for item in value if isinstance(item, dict)]
        if depth > 100_000:
            break
    if len(best) < LEAST_SAMPLES and isinstance(content, list) and all(isinstance(item, list) for item in content[:50]):
        header = content[0] if content else []
        if header and all(isinstance(item, str) for item in header):
            best = [dict(zip(header, row, strict=False)) for row in content[1:] if isinstance(row, list)]
    if len(best) < LEAST_SAMPLES:
        best = _from_columns(content)
    if len(best) < LEAST_SAMPLES:
        raise InputError(f"{name}: {_UNKNOWN}")
    return best


def _named_lists(content: Any) -> list[dict]:
    """The rows of a document with a list of samples for each tracker, under its name; none where it is not one."""
    for _, value in _walk("", content, 0):
        if not isinstance(value, dict):
            continue
        lists = {name: items for name, items in value.items() if _is_list_of_objects(items)}
        if len(lists) > 1 and any(role_of(words(name)) == "head" for name in lists):
            return [{TRACKER: name, **item} for name, items in lists.items() for item in items]
    return []


def _by_stamp(content: Any) -> list[dict]:
    """The samples of an object whose keys are times; none where it is not one."""
    if not isinstance(content, dict) or len(content) < LEAST_SAMPLES:
        return []
    if not all(isinstance(value, dict) and (is_stamp(key) or _is_number(key)) for key, value in content.items()):
        return []
    return [{"time": key, **value} for key, value in content.items()]


def _is_number(text: str) -> bool:
    try:
        return isfinite(float(text))
    except ValueError:
        return False


def _is_list_of_objects(value: Any) -> bool:
    return isinstance(value, list) and len(value) >= LEAST_SAMPLES and all(isinstance(item, dict) for item in value)


def apart(samples: list[dict]) -> list[dict]:
    """A row for each tracker of samples that hold a list of trackers without names; others as they are."""
    first = samples[len(samples) // 2]
    for key, value in first.items():
        if not _is_list_of_objects(value) or any(_label(item) for item in value):
            continue
        if "head" not in guess_columns([f"head.{name}" for name, _ in _flat("", value[0], 0)]).devices:
            continue
        rows = []
        for sample in samples:
            about = {name: item for name, item in sample.items() if name != key}
            items = sample.get(key)
            numbered = enumerate(items if isinstance(items, list) else [])
            rows += [{**about, TRACKER: index, **item} for index, item in numbered if isinstance(item, dict)]
        return rows
    return samples


def _label(item: dict) -> str | None:
    """What an object of a list is called."""
    label = item.get("name") or item.get("device") or item.get("role")
    return label if isinstance(label, str) else None


def _from_columns(content: Any) -> list[dict]:
    """Samples of a document that has a list of values for each name."""
    lists = {name: value for name, value in _walk("", content, 0) if isinstance(value, list) and len(value) > 1}
    if not lists:
        return []
    count = max(map(len, lists.values()))
    whole = {name: value for name, value in lists.items() if len(value) == count}
    return [dict(zip(whole, row, strict=True)) for row in zip(*whole.values(), strict=True)]


def _walk(name: str, value: Any, depth: int) -> Iterator[tuple[str, Any]]:
    """Every list and object in a document, with the keys that lead to it."""
    yield name, value
    if depth >= DEEPEST:
        return
    if isinstance(value, dict):
        for key, item in value.items():
            if isinstance(item, (dict, list)):
                yield from _walk(f"{name}.{key}" if name else str(key), item, depth + 1)
    elif isinstance(value, list) and len(value) <= 8:
        for item in value:
            if isinstance(item, (dict, list)):
                yield from _walk(name, item, depth + 1)


def _flat(name: str, value: Any, depth: int) -> list[tuple[str, str]]:
    """(column, cell) of everything in a sample; vectors' numbers get axes or numbers after the name."""
    cells: list[tuple[str, str]] = []
    _flatten(name, value, depth, cells)
    return cells


def _flatten(name: str, value: Any, depth: int, cells: list[tuple[str, str]]) -> None:
    """Append what ``_flat`` gives to ``cells``: a call for every number, which generators in each other would pass up
    through every level."""
    if depth > DEEPEST:
        return
    if isinstance(value, bool):
        cells.append((name, "true" if value else "false"))
    elif isinstance(value, (int, float)):
        cells.append((name, repr(value)))
    elif isinstance(value, str):
        if len(value) < 400:
            cells.append((name, value))
    elif isinstance(value, dict):
        label = _label(value)
        inside = f"{name}.{label}" if name.endswith("[]") and label else name
        for key, item in value.items():
            _flatten(f"{inside}.{key}" if inside else str(key), item, depth + 1, cells)
    elif isinstance(value, list):
        if value and all(isinstance(item, dict) for item in value):
            for index, item in enumerate(value):
                _flatten(f"{name}.[]" if _label(item) else f"{name}.{index}", item, depth + 1, cells)
        elif value and len(value) <= 16 and all(isinstance(item, (int, float)) for item in value):
            # A vector stays one cell: what its numbers are is known where all of them are together.
            cells.append((name, "(" + ", ".join(repr(item) for item in value) + ")"))
        else:
            for index, item in enumerate(value[:64]):
                _flatten(f"{name}.{index}", item, depth + 1, cells)
