"""What a person sits on: from when to when, and how high (numpy only)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..geometry.filters import gaussian_smooth
from ..geometry.skeleton import HEAD
from ..untrusted.values import number, vector
from .entries import Kind, check_seconds, entries_from_json, entries_to_json, validate_entries
from .ground import HEIGHT

PELVIS_OVER_SEAT = 0.185
"""Metres from a seat up to the pelvis joint of the default body that sits on it; others' are in proportion. Of the
mesh's lowest vertex at the buttocks it is 0.15 to 0.19, as trunk and thighs are turned."""


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


LOW_HEAD, HIGH_HEAD, LOW_PELVIS = 0.6, 0.88, 0.8
"""Parts of its height in standing between which the head of somebody who sits is, and up to which the pelvis is."""
STILL_SPEED, SPEED_SMOOTHING = 0.25, 0.15
"""Metres a second up to which a head is still, and the standard deviation in seconds by which that is blurred."""
SHORTEST_SITTING = 1.5
"""Seconds; who is low and still for less bends or crouches."""


def find_sitting(heads: np.ndarray, pelvis: np.ndarray, rest_joints: np.ndarray, fps: float) -> list[tuple[int, int]]:
    """First frame and the one after the last of each stretch in which somebody seems to sit.

    That is where the head (T, 3) is well below its height in standing and still, and so low a pelvis (T, 3) goes with
    it. ``rest_joints`` (22 or 24, 3); metres over a flat floor.
    """
    if len(heads) < 2:
        return []
    foot = rest_joints[:, 1].min()
    standing = rest_joints[HEAD, 1] - foot, rest_joints[0, 1] - foot
    speed = np.linalg.norm(np.gradient(gaussian_smooth(heads, SPEED_SMOOTHING * fps), axis=0), axis=-1) * fps
    low = (heads[:, 1] > LOW_HEAD * standing[0]) & (heads[:, 1] < HIGH_HEAD * standing[0])
    sits = low & (pelvis[:, 1] < LOW_PELVIS * standing[1]) & (speed < STILL_SPEED)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], sits, [False]]).astype(np.int8))).reshape(-1, 2)
    return [(int(begin), int(end)) for begin, end in edges if end - begin >= SHORTEST_SITTING * fps]


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
