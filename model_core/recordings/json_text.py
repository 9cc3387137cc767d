"""JSON of recordings, parsed without trusting it."""

from pathlib import Path
from typing import Any

import numpy as np

from ..untrusted.budgets import read_bytes
from ..untrusted.json_text import parse_json
from .text import decode


def load_json(path: str | Path) -> Any:
    """The content of a JSON file, or ``InputError`` naming the place where it stops being JSON."""
    name = Path(path).name
    return parse_json(decode(read_bytes(path), name), name)


def number(value: object) -> float:
    """A JSON value as a float; NaN where it is no number."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return np.nan
    try:
        return float(value)
    except OverflowError:
        return np.nan


def numbers(values: object, count: int) -> list[float]:
    """The first ``count`` of a JSON list as floats, NaN where there are none."""
    items = values[:count] if isinstance(values, list) else []
    return [number(value) for value in items] + [np.nan] * (count - len(items))
