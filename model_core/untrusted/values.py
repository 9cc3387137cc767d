"""Numbers and texts where they enter: of the right type, finite, within bounds. The one validator (numpy only).

Each function returns the value or raises ``InputError`` that says what it is, what it should be, and between which
bounds. The bounds of what a person can give stand here.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import InputError
from ..shown import printable

BETA_COUNT = 10


@dataclass(frozen=True)
class Bounds:
    """The least and the largest value of a quantity, both included, and its unit in words."""

    least: float
    largest: float
    unit: str = ""

    def __str__(self) -> str:
        return f"between {self.least:g} and {self.largest:g}{' ' if self.unit else ''}{self.unit}"


STATURE = Bounds(0.5, 2.6, "metres")
FLOOR = Bounds(-1000, 1000, "metres")
BETA = Bounds(-30, 30)
"""The first beta of a person of half a metre is -20 with SMPL's own bodies."""
STATURE_ERROR = Bounds(0, 2, "metres")
OFFSET = Bounds(0, 1, "metres")
"""How far a joint lies from its tracker."""
FRAME_RATE = Bounds(1, 1000, "frames a second")
SAMPLE_RATE = Bounds(0.1, 10000, "samples a second")
SEED = Bounds(0, 2**31 - 1)
TAKE = Bounds(0, 999)
FRACTION = Bounds(0, 1)
SECONDS = Bounds(0, 1e6, "seconds")
CUTOFF = Bounds(0.1, 100, "Hz")


def number(value: object, what: str, bounds: Bounds) -> float:
    """``value`` as a float within ``bounds``. Raises ``InputError``."""
    try:
        if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, np.integer, np.floating)):
            raise TypeError
        found = float(value)
    except (TypeError, OverflowError):
        raise InputError(f"{what} is {printable(value, 40)}; expected a number {bounds}") from None
    if not bounds.least <= found <= bounds.largest:
        raise InputError(f"{what} is {found:g}; expected a number {bounds}")
    return found


def whole(value: object, what: str, bounds: Bounds) -> int:
    """``value`` as an int within ``bounds``. Raises ``InputError``."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
        raise InputError(f"{what} is {printable(value, 40)}; expected a whole number {bounds}")
    if not bounds.least <= value <= bounds.largest:
        raise InputError(f"{what} is {_short(int(value))}; expected a whole number {bounds}")
    return int(value)


def _short(value: int) -> str:
    return str(value) if value.bit_length() < 100 else f"a number of some {int(value.bit_length() * 0.301)} digits"


def vector(values: object, what: str, count: int, bounds: Bounds) -> np.ndarray:
    """``count`` numbers as an array (count,) of float64, each within ``bounds``. Raises ``InputError``."""
    items = list(values) if isinstance(values, (list, tuple, np.ndarray)) else None
    if items is None or len(items) != count:
        raise InputError(f"{what} should be a list of {count} numbers")
    return np.array([number(item, what, bounds) for item in items])


def choice(value: object, what: str, allowed: Collection[str]) -> str:
    """``value`` where it is one of the words ``allowed``. Raises ``InputError``."""
    if not isinstance(value, str) or value not in allowed:
        raise InputError(f"{what} '{printable(value, 60)}' is not known; it can be {', '.join(allowed)}")
    return value


def text(value: object, what: str, longest: int = 10_000) -> str:
    """``value`` where it is text of at most ``longest`` characters. Raises ``InputError``."""
    if not isinstance(value, str) or len(value) > longest:
        raise InputError(f"{what} should be a text, is {printable(value, 60)}")
    return value


def mapping(value: object, what: str) -> dict[str, Any]:
    """``value`` where it is an object with names, as JSON has. Raises ``InputError``."""
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise InputError(f"{what} should be an object with names, is {printable(type(value).__name__)}")
    return value


def typed(kind: Callable[[object, str, Bounds], Any], what: str, bounds: Bounds) -> Callable[[str], Any]:
    """A ``type`` of an argument parser: the words of a command line as ``number`` or ``whole`` within ``bounds``."""
    parse = int if kind is whole else float

    def convert(words: str) -> Any:
        try:
            value = parse(words)
        except ValueError:
            expected = "a whole number" if kind is whole else "a number"
            raise InputError(f"{what} is '{printable(words, 40)}'; expected {expected} {bounds}") from None
        return kind(value, what, bounds)

    return convert
