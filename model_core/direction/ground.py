"""What a person stands on where it is no flat floor: heights for stretches of time, a mesh's triangles (numpy only).

Heights are in the frame of ``Motion``, in the room: metres, +Y up, the recording's floor at y = 0. Where triangles
lie below a place they count; else the height that is given for the time does; else the floor.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import InputError
from ..shown import printable
from ..untrusted.values import Bounds, mapping, number
from .entries import Kind, check_seconds, entries_from_json, entries_to_json, validate_entries
from .surface import Surface

HEIGHT = Bounds(-1000, 1000, "metres")
MOST_TRIANGLES = 100_000
Rows = tuple[tuple[float, float, float], ...]


@dataclass(frozen=True)
class FloorLevel:
    """The ``height`` of what the person stands on, in metres, from one of two ``seconds`` to before the other.

    Seconds count from the motion's first frame.
    """

    seconds: tuple[float, float]
    height: float

    def validate(self) -> "FloorLevel":
        """Return self, or raise ``InputError`` naming what is wrong."""
        check_seconds(self.seconds)
        number(self.height, "its height", HEIGHT)
        return self


LEVELS = Kind(FloorLevel, "level", "levels")


@dataclass(frozen=True)
class Ground:
    """``levels`` for stretches of time, the later one of two counting, and ``triangles``: indices of ``vertices``.

    Ground that is to be ``found`` has none of them: its levels are found in the recording."""

    levels: tuple[FloorLevel, ...] = ()
    vertices: Rows = ()
    triangles: tuple[tuple[int, int, int], ...] = ()
    found: bool = False

    def validate(self) -> "Ground":
        """Return self, or raise ``InputError`` naming what is wrong."""
        validate_entries(self.levels, LEVELS)
        vertices = _array(self.vertices, float, "vertices", 3 * MOST_TRIANGLES)
        triangles = _array(self.triangles, int, "triangles", MOST_TRIANGLES)
        if not (np.abs(vertices) <= HEIGHT.largest).all():
            raise InputError(f"the ground's vertices should be numbers {HEIGHT}")
        if triangles.size and not (0 <= triangles.min() and triangles.max() < len(vertices)):
            raise InputError(f"the ground's triangles should be numbers of its {len(vertices)} vertices, from 0 on")
        if not isinstance(self.found, bool):
            raise InputError(f"the ground's 'found' is {printable(self.found, 40)}; expected true or false")
        if self.found and (self.levels or self.triangles):
            raise InputError("the ground is to be found, and is given; expected one of the two")
        return self


def _array(rows: object, kind: type, name: str, most: int) -> np.ndarray:
    """Rows of three numbers as an array (N, 3). Raises ``InputError``."""
    if not isinstance(rows, tuple) or len(rows) > most:
        raise InputError(f"the ground's {name} should be a list of at most {most}")
    try:
        array = np.array(rows, np.float64).reshape(len(rows), 3)
    except (TypeError, ValueError, OverflowError):
        raise InputError(f"each of the ground's {name} should be a list of 3 numbers") from None
    if kind is int and not (array == np.floor(array)).all():
        raise InputError(f"the ground's {name} should be whole numbers")
    return array.astype(kind)


def ground_to_json(ground: Ground | None) -> dict[str, Any] | None:
    """The ground as values that JSON holds."""
    if ground is None:
        return None
    content = {"vertices": ground.vertices, "triangles": ground.triangles, "found": ground.found}
    return {"levels": entries_to_json(ground.levels)} | content


def ground_from_json(content: object) -> Ground | None:
    """The inverse of ``ground_to_json``; what is left out is empty. Raises ``InputError``."""
    if content is None:
        return None
    given: Mapping[str, Any] = mapping(content, "the ground")
    unknown = [name for name in given if name not in ("levels", "vertices", "triangles", "found")]
    if unknown:
        raise InputError(
            f"the ground: '{printable(unknown[0], 60)}' is not known; there are levels, vertices, triangles, found"
        )
    rows = {name: _tuples(given.get(name, ())) for name in ("vertices", "triangles")}
    levels = entries_from_json(given.get("levels", ()), LEVELS)
    return Ground(levels, **rows, found=given.get("found", False)).validate()


def _tuples(values: Any) -> Any:
    if not isinstance(values, (list, tuple)):
        return values
    return tuple(tuple(row) if isinstance(row, list) else row for row in values)


class GroundHeights:
    """How high the ground is at places and times."""

    def __init__(self, ground: Ground) -> None:
        """``ground`` is valid."""
        self.levels = ground.levels
        self.surface = Surface(np.array(ground.vertices, np.float64), np.array(ground.triangles, int))

    def at(self, seconds: np.ndarray, places: np.ndarray, below: np.ndarray) -> np.ndarray:
        """Metres (N,) of the ground at ``seconds`` (N,) under ``places`` (N, 2), x and z, not above ``below`` (N,)."""
        heights = np.zeros(len(places))
        for level in self.levels:
            heights[(seconds >= level.seconds[0]) & (seconds < level.seconds[1])] = level.height
        found = self.surface.heights(places, below)
        return np.where(np.isnan(found), heights, found)
