"""JSON of recordings, parsed without trusting it."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError
from .text import decode


def load_json(path: str | Path) -> Any:
    """The content of a JSON file, or ``InputError`` naming the place where it stops being JSON."""
    name = Path(path).name
    try:
        return json.loads(decode(Path(path).read_bytes(), name))
    except json.JSONDecodeError as error:
        raise InputError(
            f"{name}: is not whole JSON (line {error.lineno}, column {error.colno}: {error.msg})"
        ) from None
    except (RecursionError, ValueError):
        raise InputError(f"{name}: is not JSON that a recording could be") from None


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
