"""The text of a table -> its numbers: header, delimiter and decimal mark found, words and dates kept (numpy only)."""

import csv
import io
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np

from ...errors import InputError
from ...untrusted.budgets import Budget
from .cells import Column, expand_vectors, number, read_column
from .stamps import is_stamp

DELIMITERS = ("\t", ";", ",", "|", None)
"""None: columns stand apart by spaces."""
HEADER_SEARCH_LINES, ROWS_BELOW = 50, 5
LEAST_COLUMNS, MOST_COLUMNS = 4, 4000
CELL_BYTES = 8
HEADER_LINES = 8
"""Lines that a header of several lines has at most."""
ROWS_PER_BATCH = 8192
PART_LENGTH = 1 << 23
"""Characters of a table of numbers that are read at once."""
REPEATED = 0.3
"""Fraction of a header's names that appear more than once where a header has several lines."""
OPEN, CLOSE = "([{<", ")]}>"
INSIDE = re.compile(r"[(\[{<][^()\[\]{}<>]*[)\]}>]")
HIDDEN = "\x1f"
"""Stands for delimiters inside brackets while a line is split."""


@dataclass(frozen=True)
class Table:
    """The numbers of a table: ``names`` of the columns and ``values`` (rows, columns), NaN where there is none.

    ``words`` column -> its distinct texts: there the values are indices into them. ``stamps`` are the columns that held
    dates or clock times, which are seconds now. ``vectors`` are names of columns that came out of one cell.
    """

    names: list[str]
    values: np.ndarray
    words: dict[int, list[str]] = field(default_factory=dict)
    stamps: frozenset[int] = frozenset()
    vectors: frozenset[str] = frozenset()


def read_table(text: str, name: str) -> Table:
    """The text of a table -> ``Table``. Raises ``InputError`` where there is no header or no row of numbers."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = _head_lines(text)
    if not lines:
        raise InputError(f"{name}: is empty")
    found = _headers(lines)
    if not found and _headers(_head_lines(text, comments=True)):
        # numpy and others write the names of the columns into a comment.
        lines = _head_lines(text, comments=True)
        found = _headers(lines)
    if not found:
        _refuse(lines, name)
    if any(len(names) > MOST_COLUMNS for names in (_names(lines, index, mark) for mark, index in found.items())):
        raise InputError(f"{name}: has more than {MOST_COLUMNS} columns: no recording")
    delimiter = max(found, key=lambda mark: _agreement(lines, found[mark], mark))
    index = found[delimiter]
    start, names = lines[index][0], _names(lines, index, delimiter)
    body = lines[index + 1 :]
    if delimiter != "," and any("," in INSIDE.sub("", line) for _, line in body):
        text = text[:start] + text[start:].replace(",", ".")
    rows = text.count("\n", start) + 1
    Budget(name, len(text)).claim(CELL_BYTES * rows * len(names), f"{rows} rows of {len(names)} columns")
    table = _fast(text, start, delimiter, names) or _by_cells(text, start, delimiter, names)
    if len(table.values) == 0 or not np.isfinite(table.values).any():
        raise InputError(f"{name}: no rows of numbers under its header")
    return table


def _headers(lines: Sequence[tuple[int, str]]) -> dict[str | None, int]:
    """Which line names the columns, by the delimiters that may separate them."""
    rows = {mark: _Rows(lines, mark) for mark in DELIMITERS}
    for fitting in (True, False):
        headers = {mark: _header(rows[mark], fitting) for mark in DELIMITERS}
        found = {mark: header for mark, header in headers.items() if header is not None}
        if found:
            return found
    return {}


def _agreement(lines, index, mark):
    """How well rows agree with a header: how many have as many cells, that these do not stand apart by spaces only,
    and how many cells."""
    count = len(split(lines[index][1], mark))
    below = [split(line, mark) for _, line in lines[index + 1 : index + 1 + ROWS_BELOW]]
    fits = sum(count in (len(row), _count(row)) for row in below)
    return fits > 0, mark is not None, count


def _count(row):
    """How many cells a row has once vectors in brackets are taken apart."""
    return sum(cell.count(HIDDEN) + 1 for cell in row)


def _refuse(lines, name):
    if any(_is_numeric(split(lines[0][1], mark)) for mark in DELIMITERS):
        raise InputError(f"{name}: no recognisable columns: its first line holds numbers, not the columns' names")
    raise InputError(f"{name}: no recognisable columns in its first line: {lines[0][1][:60]!r}")


def _head_lines(text: str, comments: bool = False) -> list[tuple[int, str]]:
    """The first lines that say something, each as (where the text goes on behind it, line); ``comments`` too."""
    lines, position = [], 0
    while position < len(text) and len(lines) < HEADER_SEARCH_LINES:
        end = text.find("\n", position)
        end = len(text) if end < 0 else end
        line = text[position:end]
        position = end + 1
        # Spreadsheets write "sep=;" into the first line; others put comments there.
        is_comment = line.lstrip().startswith("#")
        if line.strip("# \t") and (comments or not is_comment) and not line.lower().startswith("sep="):
            lines.append((position, line.lstrip().lstrip("#").lstrip() if is_comment else line))
    return lines


def _header(rows: "_Rows", fitting: bool) -> int | None:
    """Which line names the columns, if this is how lines are split: words, with numbers below them; or None.

    ``fitting``: a row of numbers must have as many cells.
    """
    for index in range(rows.count - 1):
        if not rows.may_be_cells(index):
            continue
        cells = rows.cells(index)
        below = range(index + 1, min(index + 1 + ROWS_BELOW, rows.count))
        if len(cells) >= LEAST_COLUMNS and not rows.is_numeric(index) and any(map(rows.is_numeric, below)):
            if fitting and not any(rows.is_numeric(row) and rows.fits(row, len(cells)) for row in below):
                continue
            if not _repeats(cells):
                return index
            # The last of several lines of words is nearest to the numbers.
            wide = range(index + 1, min(index + 1 + HEADER_LINES, rows.count))
            words = [row for row in wide if len(rows.cells(row)) == len(cells) and not rows.is_numeric(row)]
            return max(words, default=index)
    return None


class _Rows:
    """Lines as rows of cells, each split and looked at once."""

    def __init__(self, lines: Sequence[tuple[int, str]], delimiter: str | None) -> None:
        self.count = len(lines)
        self._lines, self._delimiter = lines, delimiter
        self.cells = cache(self._cells)
        self.is_numeric = cache(self._is_numeric)

    def may_be_cells(self, index: int) -> bool:
        """Whether a line has delimiters enough."""
        return self._delimiter is None or self._lines[index][1].count(self._delimiter) >= LEAST_COLUMNS - 1

    def fits(self, index: int, count: int) -> bool:
        """Whether a row has ``count`` cells, or has once vectors are taken apart."""
        return count in (len(self.cells(index)), _count(self.cells(index)))

    def _cells(self, index: int) -> list[str]:
        return split(self._lines[index][1], self._delimiter)

    def _is_numeric(self, index: int) -> bool:
        return _is_numeric(self.cells(index))


def _repeats(cells):
    return len(set(cells)) < (1 - REPEATED) * len(cells)


def _names(lines, index, delimiter):
    """The columns' names; where they repeat, lines above them say which is which."""
    names = [cell.strip().strip("\"'") for cell in split(lines[index][1], delimiter)]
    above = index - 1
    while above >= 0 and _repeats(names):
        cells = [cell.strip().strip("\"'") for cell in split(lines[above][1], delimiter)]
        if len(cells) == len(names) and not _is_numeric(cells):
            names = [" ".join(filter(None, pair)) for pair in zip(cells, names, strict=True)]
        above -= 1
    return names


def split(line: str, delimiter: str | None) -> list[str]:
    """The cells of a line; quotes are heeded where they are whole, and brackets keep what they hold together."""
    brackets = any(mark in line for mark in OPEN)
    if delimiter is not None and not brackets and '"' not in line:
        return line.split(delimiter)
    if delimiter is not None and brackets:
        line = INSIDE.sub(lambda match: match[0].replace(delimiter, HIDDEN), line)
    if delimiter is None:
        line = INSIDE.sub(lambda match: match[0].replace(" ", ""), line)
        return line.split()
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return line.split(delimiter)


def _is_numeric(cells: Sequence[str]) -> bool:
    """Whether most of a row's cells are numbers, vectors or times."""
    good = sum(number(cell) is not None or is_stamp(cell) or expand_vectors(cell) is not None for cell in cells)
    return good > len(cells) / 2 or (good >= LEAST_COLUMNS and good > len(cells) / 3)


def _fast(text, start, delimiter, names):
    """The rows by numpy's own reader; None where cells are missing or hold words."""
    if re.compile(r"\S").search(text, start) is None:
        return Table(names, np.empty((0, len(names))))
    if delimiter is not None:
        first = text[start : start + 20000].split("\n")[:-1] or [text[start:]]
        if any(not line.replace(delimiter, "").strip(' "-+.0123456789eEnNaAiIfF') == "" for line in first):
            return None
    parts = []
    for part in _parts(text, start):
        values = _numbers(part, delimiter, len(names))
        if values is None:
            return None
        parts.append(values)
    return Table(names, np.concatenate(parts))


def _parts(text: str, start: int) -> Iterator[str]:
    """The text from ``start`` on in whole lines, a part at a time: of a long one few copies are made."""
    while start < len(text):
        end = text.find("\n", start + PART_LENGTH)
        end = len(text) if end < 0 else end + 1
        if not text[start:end].isspace():
            yield text[start:end]
        start = end


def _numbers(text: str, delimiter: str | None, width: int) -> np.ndarray | None:
    """The numbers (N, width) of whole lines; None for words, quotes or ragged rows."""
    if delimiter is not None and any(pair in text for pair in (delimiter * 2, f"{delimiter}\n", f"\n{delimiter}")):
        mark = re.escape(delimiter)
        text = re.sub(rf"(?:(?<={mark})|(?<=\n)|^)(?={mark}|\n|\Z)(?!\n*\Z)", "nan", text)
        text = re.sub(r"\n(?:nan\n)+", "\n", text)
    try:
        values = np.loadtxt(io.BytesIO(text.encode()), delimiter=delimiter, ndmin=2)
    except ValueError:
        return None
    return values if values.shape[1] == width else None


def _by_cells(text, start, delimiter, names) -> Table:
    """The rows cell by cell, in batches: words, dates, vectors, quotes and ragged rows."""
    columns: list[Column] = []
    for rows in _batches(text, start, delimiter):
        if not columns:
            columns = _columns_of(rows, names)
        width = len(columns)
        rows = [_fitted(row, width, len(names)) for row in rows]
        for column, cells in zip(columns, zip(*rows, strict=True), strict=True):
            read_column(column, cells)
    if not columns:
        return Table(names, np.empty((0, len(names))))
    return assemble(columns)


def assemble(columns: Sequence[Column]) -> Table:
    """``Table`` of columns that were read."""
    names, parts, words, stamps, vectors = [], [], {}, set(), set()
    for column in columns:
        values = column.values()
        for index, name in enumerate(column.names(values.shape[1])):
            if column.words:
                words[len(names)] = list(column.words)
            if column.is_stamp:
                stamps.add(len(names))
            if values.shape[1] > 1:
                vectors.add(name)
            names.append(name)
            parts.append(values[:, index])
    return Table(names, np.stack(parts, -1), words, frozenset(stamps), frozenset(vectors))


def _columns_of(rows, names):
    return [Column(name) for name in names]


def _fitted(row, width, _named):
    """A row of ``width`` cells.

    Vectors that were written without quotes are taken apart where the header names axes.
    """
    if len(row) != width and any(HIDDEN in cell for cell in row):
        apart = [part.strip(OPEN + CLOSE + " ") for cell in row for part in cell.split(HIDDEN)]
        if len(apart) == width:
            return apart
    return row[:width] + [""] * (width - len(row))


def _batches(text, start, delimiter) -> Iterator[list[list[str]]]:
    stream = io.StringIO(text[start:])
    lines = (line.rstrip("\n") for line in stream if line.strip() and not line.lstrip().startswith("#"))
    while batch := list(itertools.islice(lines, ROWS_PER_BATCH)):
        yield [split(line, delimiter) for line in batch]
