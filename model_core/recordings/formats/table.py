"""Tables of any laboratory: CSV or TSV with a header, columns guessed from names, units and axes from the motion.

Every guess is noted in the recording's warnings and can be overruled. Whatever is text and of no other format is taken
for a table. numpy only.
"""

from dataclasses import fields
from pathlib import Path
from typing import Any

from ...untrusted.budgets import read_bytes
from ..recording import Recording
from ..tables.layouts import Layouts, read_with
from ..tables.meaning import to_recording
from ..tables.options import TableOptions
from ..tables.parsing import Table, read_table
from ..text import decode, looks_like_text

NAME = "table"
SUFFIXES = (".csv", ".tsv", ".txt")
OPTIONS = ("layouts", *(field.name for field in fields(TableOptions)))
PRECEDENCE = 100
"""Asked last."""
__all__ = ["NAME", "OPTIONS", "PRECEDENCE", "SUFFIXES", "load_table", "read", "recognises", "to_recording"]


def recognises(head: bytes, path: Path) -> bool:
    """Whether a file that begins with ``head`` is text."""
    return looks_like_text(head) and bool(head)


def read(path: Path, layouts: Layouts | None = None, **options: Any) -> Recording:
    """A CSV or TSV file -> ``Recording``.

    ``options`` are the fields of ``TableOptions``; without any, what ``layouts`` have for this header holds.
    """
    return read_with(load_table(path), path.name, layouts, options)


def load_table(path: Path) -> Table:
    """The table in a text file. Raises ``InputError``."""
    return read_table(decode(read_bytes(path), path.name), path.name)
