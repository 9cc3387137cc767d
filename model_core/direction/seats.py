"""What a person sits on: from when to when, and how high (numpy only)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..untrusted.values import number, vector
from .entries import Kind, check_seconds, entries_from_json, entries_to_json, validate_entries
from .ground import HEIGHT

PELVIS_OVER_SEAT = 0.16
"""Metres from a seat up to the pelvis joint of the default body that sits on it; others' are in proportion. Of the
mesh's lowest vertex at buttocks and thighs it is 0.154 to 0.174, as trunk and thighs are turned."""


@dataclass(frozen=True)
class Seat:
    """A person sits from one of two ``seconds`` to before the other on something ``height`` metres high, in the room.

    Seconds count from the motion's first frame. The pelvis is over ``place`` (x, z) in the room, or where it is found.
    """

    seconds: tuple[float, float]
    height: float
    place: tuple[float, float] | None = None

    def validate(self) -> "Seat":
        """Return self, or raise ``InputError`` naming what is wrong."""
        check_seconds(self.seconds)
        number(self.height, "its height", HEIGHT)
        if self.place is not None:
            vector(self.place, "its place", 2, HEIGHT)
        return self


SEATS = Kind(Seat, "seat", "seats")


def validate_seats(seats: object) -> tuple[Seat, ...]:
    """The seats, each of them valid. Raises ``InputError``."""
    return validate_entries(seats, SEATS)


def seats_to_json(seats: Sequence[Seat]) -> list[dict[str, Any]]:
    """Seats as values that JSON holds."""
    return entries_to_json(seats)


def seats_from_json(content: object) -> tuple[Seat, ...]:
    """The inverse of ``seats_to_json``; ``place`` may be left out. Raises ``InputError``."""
    return entries_from_json(content, SEATS)
