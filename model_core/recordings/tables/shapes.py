"""Tables with one row a tracker: a column says of which, and each tracker has rows, and so a clock, of its own."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .columns import guess_columns, role_of, words
from .parsing import Table
from .words import ID_WORDS, NO_ID_WORDS, TIME_WORDS

LEAST_ROWS = 2
MOST_IDS = 16
"""Trackers that a column tells apart at most."""
LEAST_PART = 0.02
"""Fraction of the rows that a tracker has at least whose name or number says nothing."""


@dataclass(frozen=True)
class Split:
    """The rows of each tracker: by role where names mean one, and of the others by what the column calls them."""

    roles: Mapping[str, Table]
    others: Mapping[str, Table]


def split_by_tracker(table: Table) -> Split | None:
    """The trackers of a table that has a column which names or numbers them; None where none does.

    If no name means the head, all trackers are ``others``: the motion has to tell. Columns keep their places; their
    names are said to be the head's so that they can be understood.
    """
    for column, texts in table.words.items():
        roles = {index: role for index, text in enumerate(texts) if (role := role_of(words(text)))}
        if "head" not in roles.values() or len(set(roles.values())) < len(roles):
            continue
        found = {role: rows for index, role in roles.items() if (rows := _rows_of(table, column, index)) is not None}
        if "head" in found:
            left_out = [index for index in range(len(texts)) if index not in roles]
            others = {texts[index]: rows for index in left_out if (rows := _rows_of(table, column, index)) is not None}
            return Split(found, others)
    for column in range(len(table.names)):
        ids = _ids(table, column)
        if ids:
            found = {text: rows for value, text in ids.items() if (rows := _rows_of(table, column, value)) is not None}
            if len(found) > 1 and "head" in guess_columns(next(iter(found.values())).names).devices:
                return Split({}, found)
    return None


def _rows_of(table: Table, column: int, value: float) -> Table | None:
    rows = table.values[:, column] == value
    if rows.sum() < LEAST_ROWS:
        return None
    names = [name if number == column or _is_time(name) else f"head {name}" for number, name in enumerate(table.names)]
    others = {key: texts for key, texts in table.words.items() if key != column}
    return Table(names, table.values[rows], others, table.stamps, table.vectors)


def _ids(table: Table, column: int) -> dict[float, str]:
    """The values of a column that numbers or names trackers, and what they are called; empty where it is none."""
    parts = set(words(table.names[column]))
    if not parts & ID_WORDS or parts & NO_ID_WORDS or column in table.stamps:
        return {}
    values, counts = np.unique(table.values[:, column][np.isfinite(table.values[:, column])], return_counts=True)
    kept = values[counts >= LEAST_PART * len(table.values)]
    if not 1 < len(kept) <= MOST_IDS or not (np.floor(kept) == kept).all():
        return {}
    texts = table.words.get(column)
    return {float(value): texts[int(value)] if texts else f"{value:g}" for value in kept}


def _is_time(name: str) -> bool:
    return bool(TIME_WORDS & set(words(name))) and not np.any([word in ("x", "y", "z", "w") for word in words(name)])
