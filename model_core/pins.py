"""Pins: where joints are to be, as somebody says who knows better than three trackers (numpy only)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .errors import InputError
from .shown import printable
from .untrusted.values import SECONDS, Bounds, choice, mapping, number, vector

PIN_JOINTS = {
    "pelvis": 0, "chest": 9, "left_knee": 4, "right_knee": 5, "left_ankle": 7, "right_ankle": 8, "left_toes": 10,
    "right_toes": 11, "left_shoulder": 16, "right_shoulder": 17, "left_elbow": 18, "right_elbow": 19,
}  # fmt: skip
"""The joint of SMPL's that a pin of each role holds."""
REACH = Bounds(0.1, 10, "seconds")
PLACE = Bounds(-1000, 1000, "metres")
MOST_PINS, MOST_SAMPLES = 1000, 100_000


@dataclass(frozen=True)
class Pin:
    """A joint that is held somewhere: at one moment, at several, or all the time between.

    ``role`` is one of ``PIN_JOINTS``. ``seconds`` count from the motion's first frame and grow; ``positions`` are
    (x, y, z) in metres at each, in the model's frame (+Y up, floor at y = 0) of ``Motion``; ``rotations``, if any, are
    the joint's in the world, ``wxyz``. Where ``between`` is true the joint is held from the first moment to the last,
    on the straight way from each place to the next; two equal places hold it still. A ``hard`` pin is met within half a
    centimetre where a person can, a soft one by 0.7 of the way. ``reach`` is for how many seconds
    before and after the motion may change for it.
    """

    role: str
    seconds: tuple[float, ...]
    positions: tuple[tuple[float, float, float], ...]
    rotations: tuple[tuple[float, float, float, float], ...] | None = None
    between: bool = False
    hard: bool = True
    reach: float = 1.0

    def validate(self) -> "Pin":
        """Return self, or raise ``InputError`` naming what is wrong."""
        choice(self.role, "a pin's role", tuple(PIN_JOINTS))
        what = f"the pin of the {self.role.replace('_', ' ')}"
        moments = [number(second, f"{what}: a second", SECONDS) for second in _listed(self.seconds, what, "seconds")]
        if any(later <= earlier for earlier, later in zip(moments, moments[1:], strict=False)):
            raise InputError(f"{what}: its seconds should grow from each to the next")
        for name, count, bounds in (("positions", 3, PLACE), ("rotations", 4, Bounds(-1, 1))):
            given = getattr(self, name)
            if given is None and name == "rotations":
                continue
            rows = [vector(row, f"{what}: each of its {name}", count, bounds) for row in _listed(given, what, name)]
            if len(rows) != len(moments):
                raise InputError(f"{what}: has {len(rows)} {name} for {len(moments)} seconds; expected one for each")
            if name == "rotations" and any(abs(np.linalg.norm(row) - 1) > 0.01 for row in rows):
                raise InputError(f"{what}: its rotations should be unit quaternions, w first")
        for name in ("between", "hard"):
            if not isinstance(getattr(self, name), bool):
                raise InputError(f"{what}: '{name}' is {printable(getattr(self, name), 40)}; expected true or false")
        number(self.reach, f"{what}: its reach", REACH)
        return self


def _listed(values: object, what: str, name: str) -> Sequence[Any]:
    """``values`` where they are a list of at least one and at most ``MOST_SAMPLES``. Raises ``InputError``."""
    if not isinstance(values, (list, tuple)) or not 0 < len(values) <= MOST_SAMPLES:
        raise InputError(f"{what}: its {name} should be a list of 1 to {MOST_SAMPLES}")
    return values


def validate_pins(pins: object) -> tuple[Pin, ...]:
    """The pins, each of them valid. Raises ``InputError``."""
    if not isinstance(pins, tuple) or not all(isinstance(pin, Pin) for pin in pins) or len(pins) > MOST_PINS:
        raise InputError(f"the pins should be at most {MOST_PINS} values of Pin")
    return tuple(pin.validate() for pin in pins)


NAMES = ("role", "seconds", "positions", "rotations", "between", "hard", "reach")


def pins_to_json(pins: Sequence[Pin]) -> list[dict[str, Any]]:
    """Pins as values that JSON holds."""
    return [{name: getattr(pin, name) for name in NAMES} for pin in pins]


def pins_from_json(content: object) -> tuple[Pin, ...]:
    """The inverse of ``pins_to_json``; what has a default may be left out. Raises ``InputError``."""
    if not isinstance(content, (list, tuple)) or len(content) > MOST_PINS:
        raise InputError(f"the pins should be a list of at most {MOST_PINS}")
    return tuple(_pin_from_json(entry, number) for number, entry in enumerate(content, 1))


def _pin_from_json(entry: object, number: int) -> Pin:
    given = dict(mapping(entry, f"pin {number}"))
    unknown = [name for name in given if name not in NAMES]
    if unknown:
        raise InputError(f"pin {number}: '{printable(unknown[0], 60)}' is not known; there are {', '.join(NAMES)}")
    for name in ("role", "seconds", "positions"):
        if name not in given:
            raise InputError(f"pin {number}: lacks its {name}")
    for name in ("seconds", "positions", "rotations"):
        given[name] = _tuples(given[name]) if given.get(name) is not None else None
    try:
        return Pin(**given).validate()
    except InputError as error:
        raise InputError(f"pin {number}: {error}") from None


def _tuples(values: Any) -> Any:
    """Lists of lists as tuples of tuples; ``validate`` says what of anything else is wrong."""
    if not isinstance(values, (list, tuple)):
        return values
    return tuple(tuple(row) if isinstance(row, (list, tuple)) else row for row in values)
