"""The text of a table -> its numbers: header found, delimiter and decimal mark told apart (numpy only)."""

import csv
import io
import re
from dataclasses import dataclass

import numpy as np

from ...errors import InputError

DELIMITERS = ("\t", ";", ",", "|", None)
"""None: columns stand apart by spaces."""
HEADER_SEARCH_LINES, ROWS_BELOW = 50, 5
LEAST_COLUMNS = 4


@dataclass(frozen=True)
class Table:
    """The numbers of a table: ``names`` of the columns and ``values`` (rows, columns), NaN where there is none."""

    names: list[str]
    values: np.ndarray


def read_table(text: str, name: str) -> Table:
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
