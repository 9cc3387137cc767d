"""From seats as somebody gives them to pins of the pelvis, by which refinement sits a person down."""

from collections.abc import Sequence

import numpy as np

from ..body.proportions import body_size
from ..direction.entries import frames_within
from ..direction.seats import PELVIS_OVER_SEAT, Seat, find_sitting
from ..notes import Note
from ..observation import FPS
from ..pins import Pin


def seat_pins(seats: Sequence[Seat], pelvis: np.ndarray, size: float) -> tuple[Pin, ...]:
    """A pin for each seat that holds the pelvis over it, where a motion has ``pelvis`` (T, 3) in the room.

    ``size`` is the person's (``body_size``). Raises ``InputError`` of a seat outside the motion.
    """
    return tuple(_seat_pin(seat, pelvis, size) for seat in seats)


def sitting_notes(heads: np.ndarray, pelvis: np.ndarray, rest_joints: np.ndarray) -> tuple[Note, ...]:
    """What to say of somebody who seems to sit, with head and pelvis at (T, 3) over a flat floor, and was given no
    seat."""
    found = find_sitting(heads, pelvis, rest_joints, FPS)
    if not found:
        return ()
    frames = np.concatenate([np.arange(*stretch) for stretch in found])
    height = float(np.median(pelvis[frames, 1])) - PELVIS_OVER_SEAT * float(body_size(rest_joints))
    values: dict[str, object] = {"seconds": len(frames) / FPS, "first": found[0][0] / FPS, "cm": 100 * max(height, 0.0)}
    return (Note("seems_to_sit", values),)


def of_seats(notes: Sequence[Note], seats: Sequence[Seat], pins: Sequence[Pin]) -> tuple[Note, ...]:
    """Notes of pins that are out of reach, that of the pelvis as of a seat where it is not among the ``pins``."""
    pinned = any(pin.role == "pelvis" for pin in pins)
    if pinned or not seats:
        return tuple(notes)
    return tuple(
        Note("seat_out_of_reach", {"cm": note.values["cm"], "second": note.values["second"]})
        if note.values.get("role") == "pelvis"
        else note
        for note in notes
    )


def _seat_pin(seat: Seat, pelvis: np.ndarray, size: float) -> Pin:
    frames = frames_within(seat.seconds, len(pelvis), FPS, "the seat")
    positions = pelvis[frames].astype(np.float64)
    positions[:, 1] = seat.height + PELVIS_OVER_SEAT * size
    if seat.place is not None:
        positions[:, [0, 2]] = seat.place
    seconds = np.arange(frames.start, frames.stop) / FPS
    return Pin("pelvis", tuple(seconds.tolist()), tuple(map(tuple, positions.tolist())), between=True)
