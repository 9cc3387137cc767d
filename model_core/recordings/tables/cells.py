"""A column of a table, cell by cell: numbers, vectors in one cell, words, dates (numpy only)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from .stamps import is_stamp, seconds

NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[-+]?\b(?:nan|inf(?:inity)?)\b", re.IGNORECASE)
LABELLED = re.compile(r"([A-Za-z])\s*[:=]\s*(" + NUMBER.pattern + ")", re.IGNORECASE)
DIGIT = re.compile(r"\d|nan|inf", re.IGNORECASE)
"""No number is written without one of these."""
BRACKETS = "()[]{}<>"
VECTOR_SIZES = (3, 4, 6, 7, 16)
LOOKED_AT = 200
"""Cells by which it is judged whether a column is of numbers."""
MOST_WORDS = 500
"""Distinct texts of a column that are kept; the rest are no words of a flag or a device."""
EMPTY = {"", "na", "n/a", "null", "none", "nan", "-", "--", "#n/a"}

NO_STATE = "none"
"""Among words this is one of them: a tracker whose state is none is not seen."""


def number(cell: str) -> float | None:
    """A cell's number, with a decimal comma where it has one; None where it is none."""
    try:
        return float(cell)
    except ValueError:
        pass
    try:
        return float(cell.strip(" \"'" + BRACKETS).replace(",", "."))
    except ValueError:
        return None


def expand_vectors(cell: str) -> list[float] | None:
    """The numbers of a vector in one cell, such as ``(0.1, 1.6, -0.3)``; None where it is none."""
    if not DIGIT.search(cell):
        return None
    cell = cell.replace("\x1f", ",").strip().strip("\"'")
    bare = cell.strip(BRACKETS + " ")
    if bare != cell:
        try:  # Most are plain numbers, with commas between them.
            plain = [float(part) for part in bare.split(",")]
        except ValueError:
            plain = []
        if len(plain) in VECTOR_SIZES:
            return plain
    if cell == bare and not re.fullmatch(r"[-+\d.eE,; \t|]+", bare):
        labelled = LABELLED.findall(cell)
        if len(labelled) not in VECTOR_SIZES:
            return None
        return [float(value) for _, value in labelled]
    labelled = LABELLED.findall(bare)
    if len(labelled) in VECTOR_SIZES:
        values = {label.lower(): float(value) for label, value in labelled}
        return [values[axis] for axis in "xyzw" if axis in values] or None
    found = NUMBER.findall(bare)
    rest = NUMBER.sub("", bare).strip(" ,;|\t")
    if len(found) not in VECTOR_SIZES or (rest and not re.fullmatch(r"[ ,;|\t]*", rest)):
        return None
    return [float(value) for value in found]


@dataclass
class Column:
    """A column while it is read, batch by batch."""

    name: str
    parts: list[np.ndarray] = field(default_factory=list)
    words: dict[str, int] = field(default_factory=dict)
    is_stamp: bool = False
    is_numeric: bool = False
    width: int = 1

    def names(self, width: int) -> list[str]:
        """The names of the numbers in it: those of a vector are numbered."""
        if width == 1:
            return [self.name]
        if width == 3:
            return [f"{self.name}.{axis}" for axis in "xyz"]
        if width in (6, 7):
            rest = (
                [f"{self.name}.rotation.{i}" for i in range(4)]
                if width == 7
                else [f"{self.name}.rotation.{a}" for a in "xyz"]
            )
            return [f"{self.name}.position.{axis}" for axis in "xyz"] + rest
        return [f"{self.name}.{index}" for index in range(width)]

    def values(self) -> np.ndarray:
        """(N, width)."""
        width = max((part.shape[1] for part in self.parts), default=1)
        whole = [part if part.shape[1] == width else np.full((len(part), width), np.nan) for part in self.parts]
        return np.concatenate(whole)


def read_column(column: Column, cells: Sequence[str]) -> None:
    """Read a batch of a column's cells into it."""
    try:
        column.parts.append(np.array([cell or "nan" for cell in cells]).astype(np.float64)[:, None])
        return
    except ValueError:
        pass
    kept = [cell.strip().strip("\"'") for cell in cells]
    sample = [cell for cell in kept if cell.lower() not in EMPTY]
    kind = sample[len(sample) // 2] if sample else ""
    if column.is_stamp or (number(kind) is None and is_stamp(kind)):
        column.is_stamp = True
        column.parts.append(np.array([seconds(cell) for cell in kept])[:, None])
        return
    vector = expand_vectors(kind) if number(kind) is None else None
    if vector is not None or column.width > 1:
        column.width = len(vector) if vector is not None else column.width
        rows = [expand_vectors(cell) for cell in kept]
        lost = [np.nan] * column.width
        column.parts.append(np.array([row if row and len(row) == column.width else lost for row in rows]))
        return
    if not column.words and not column.is_numeric:
        some = sample[:: max(1, len(sample) // LOOKED_AT)]
        column.is_numeric = 2 * sum(number(cell) is not None for cell in some) > len(some)
    if column.is_numeric:
        found = [number(cell) for cell in kept]
        column.parts.append(np.array([np.nan if value is None else value for value in found])[:, None])
        return
    column.parts.append(np.array([_word(column, cell) for cell in kept])[:, None])


def _word(column, cell):
    """The index of a word, where there are not too many of them."""
    if cell.lower() in EMPTY and cell.lower() != NO_STATE:
        return np.nan
    if cell not in column.words:
        if len(column.words) >= MOST_WORDS:
            return np.nan
        column.words[cell] = len(column.words)
    return float(column.words[cell])
