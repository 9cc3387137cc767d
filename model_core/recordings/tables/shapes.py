"""Tables with one row a tracker: a column says of which, and each tracker has rows, and so a clock, of its own."""

import numpy as np

from .columns import role_of, words
from .parsing import Table

LEAST_ROWS = 2


def split_by_tracker(table: Table) -> dict[str, Table] | None:
    """Role -> the rows of its tracker, where a column names trackers; None where none does.

    Columns keep their places; their names are said to be the head's so that they can be understood.
    """
    for column, texts in table.words.items():
        roles = {index: role for index, text in enumerate(texts) if (role := role_of(words(text)))}
        if "head" not in roles.values() or len(set(roles.values())) < len(roles):
            continue
        found = {}
        for index, role in roles.items():
            rows = table.values[:, column] == index
            if rows.sum() >= LEAST_ROWS:
                names = [name if i == column else f"head {name}" if not _is_time(name) else name
                         for i, name in enumerate(table.names)]  # fmt: skip
                others = {key: value for key, value in table.words.items() if key != column}
                found[role] = Table(names, table.values[rows], others, table.stamps, table.vectors)
        if "head" in found:
            return found
    return None


def unknown_trackers(table: Table) -> list[str]:
    """Names in the column of trackers that mean none of them."""
    for texts in table.words.values():
        roles = [role_of(words(text)) for text in texts]
        if "head" in roles:
            return [text for text, role in zip(texts, roles, strict=True) if role is None]
    return []


def _is_time(name: str) -> bool:
    from .words import TIME_WORDS

    return bool(TIME_WORDS & set(words(name))) and not np.any([word in ("x", "y", "z", "w") for word in words(name)])
