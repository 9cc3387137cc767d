"""From seats as somebody gives them to pins of the pelvis, by which refinement sits a person down."""

from collections.abc import Sequence

import numpy as np

from ..direction.entries import frames_within
from ..direction.seats import PELVIS_OVER_SEAT, Seat
from ..observation import FPS
from ..pins import Pin


def seat_pins(seats: Sequence[Seat], pelvis: np.ndarray, size: float) -> tuple[Pin, ...]:
    """A pin for each seat that holds the pelvis over it, where a motion has ``pelvis`` (T, 3) in the room.

    ``size`` is the person's (``body_size``). Raises ``InputError`` of a seat outside the motion.
    """
    return tuple(_seat_pin(seat, pelvis, size) for seat in seats)


def _seat_pin(seat: Seat, pelvis: np.ndarray, size: float) -> Pin:
    frames = frames_within(seat.seconds, len(pelvis), FPS, "the seat")
    positions = pelvis[frames].astype(np.float64)
    positions[:, 1] = seat.height + PELVIS_OVER_SEAT * size
    if seat.place is not None:
        positions[:, [0, 2]] = seat.place
    seconds = np.arange(frames.start, frames.stop) / FPS
    return Pin("pelvis", tuple(seconds.tolist()), tuple(map(tuple, positions.tolist())), between=True)
