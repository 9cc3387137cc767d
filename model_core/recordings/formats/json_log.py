"""JSON logs of one's own program: an object a sample, in a list or a line each, in whatever nesting (numpy only).

Unity's ``JsonUtility`` and the like: ``{"timestamp": .., "head": {"position": {"x": ..}, "rotation": {..}}, ..}``. The
values become columns named by their keys, and are then understood as a table's are.
"""

import json
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

from ...errors import InputError
from ...untrusted.budgets import Budget, file_size, read_bytes
from ..json_text import load_json
from ..recording import Recording
from ..tables.cells import Column, read_column
from ..tables.columns import guess_columns
from ..tables.layouts import Layouts, read_with
from ..tables.options import TableOptions
from ..tables.parsing import Table, assemble
from ..tables.shapes import split_by_tracker
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


def recognises(head: bytes, path: Path) -> bool:
    """Whether a file that begins with ``head`` is JSON."""
    text = head_text(head).lstrip()
    return text.startswith("{") or (text.startswith("[") and text[1:].lstrip()[:1] in ("{", "["))


def read(path: Path, layouts: Layouts | None = None, **options: Any) -> Recording:
    """A JSON log -> ``Recording``; ``options`` as of tables."""
    table = load_table(path)
    saved = layouts.find(table.names) if layouts and not options else None
    if not saved and not options.get("columns") and "head" not in guess_columns(table.names).devices:
        if split_by_tracker(table) is None:
            raise InputError(f"{path.name}: {_UNKNOWN} (has {', '.join(table.names[:6])})")
    return read_with(table, path.name, layouts, options)


def load_table(path: Path) -> Table:
    """The samples of a JSON file as a table. Raises ``InputError``."""
    content = _lines(path)
    samples = _samples(load_json(path) if content is None else content, path.name)
    columns: dict[str, list[Any]] = {}
    budget = Budget(path.name, file_size(path))
    for index, sample in enumerate(samples):
        for name, value in _flat("", sample, 0):
            if name not in columns:
                if len(columns) >= MOST_COLUMNS:
                    raise InputError(f"{path.name}: its samples have more than {MOST_COLUMNS} values: no recording")
                budget.claim(CELL_BYTES * len(samples), "a table of its values")
                columns[name] = [""] * index
            cells = columns[name]
            if len(cells) == index:
                cells.append(value)
        for cells in columns.values():
            if len(cells) <= index:
                cells.append("")
    found = []
    for name, cells in columns.items():
        column = Column(name)
        read_column(column, cells)
        found.append(column)
    if not found:
        raise InputError(f"{path.name}: {_UNKNOWN}")
    return assemble(found)


_UNKNOWN = (
    "is JSON of a kind that is not known; known are lists of samples with a time, a head and hands, and the captures of"
    " A-Frame and IWER"
)


def _lines(path: Path) -> list[Any] | None:
    """The objects of a file with one a line; None where it is one whole document."""
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
    return found if len(found) > broken else None


def _samples(content: Any, name: str) -> list[dict]:
    """The list of samples in a document: the longest list of objects, or columns, or a list for each tracker."""
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


def _flat(name: str, value: Any, depth: int) -> Iterator[tuple[str, str]]:
    """(column, cell) of everything in a sample; vectors' numbers get axes or numbers after the name."""
    if depth > DEEPEST:
        return
    if isinstance(value, dict):
        label = value.get("name") or value.get("device") or value.get("role")
        inside = f"{name}.{label}" if name.endswith("[]") and isinstance(label, str) else name
        for key, item in value.items():
            yield from _flat(f"{inside}.{key}" if inside else str(key), item, depth + 1)
    elif isinstance(value, list):
        if value and all(isinstance(item, dict) for item in value):
            for index, item in enumerate(value):
                labelled = isinstance(item.get("name") or item.get("device") or item.get("role"), str)
                yield from _flat(f"{name}.[]" if labelled else f"{name}.{index}", item, depth + 1)
        elif value and len(value) <= 16 and all(isinstance(item, (int, float)) for item in value):
            # A vector stays one cell: what its numbers are is known where all of them are together.
            yield name, "(" + ", ".join(repr(item) for item in value) + ")"
        else:
            for index, item in enumerate(value[:64]):
                yield from _flat(f"{name}.{index}", item, depth + 1)
    elif isinstance(value, bool):
        yield name, "true" if value else "false"
    elif isinstance(value, (int, float)):
        yield name, repr(value)
    elif isinstance(value, str) and len(value) < 400:
        yield name, value
