"""How much of the room a picture shows."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import bpy
import numpy as np

from ..animation.curves import fcurves_of, values_at

FIELD_OF_VIEW = np.radians(35.0)
"""Of the picture's height."""
HAND = 0.2
"""Metres above the highest tracked point that a hand, or the top of a head, takes."""


@dataclass(frozen=True)
class Framing:
    """What a picture shows: metres that fit its height, of its middle above the floor, and between subjects.

    The camera stands before the first subject, ``side`` radians to their left.
    """

    height: float = 2.35
    centre: float = 0.88
    spacing: float = 1.3
    side: float = float(np.radians(28.0))

    @property
    def distance(self) -> float:
        """From the camera to the person."""
        return self.height / 2 / np.tan(FIELD_OF_VIEW / 2)

    def with_room_for(self, top: float) -> "Framing":
        """The same, from farther away where that takes it to show what is ``top`` metres above the floor."""
        lacking = max(0.0, top - self.centre - self.height / 2)
        return replace(self, height=self.height + lacking, centre=self.centre + lacking / 2)


FRAMING = Framing()
"""Room for somebody who stands, and for a neighbour."""


def top_of(trackers: Iterable[bpy.types.Object], frames: np.ndarray) -> float:
    """The height in the world up to which heads and hands with these trackers are at ``frames`` (n,); -inf of none."""
    highest = -np.inf
    for tracker in trackers:
        curves = {fcurve.array_index: fcurve for fcurve in fcurves_of(tracker) if fcurve.data_path == "location"}
        if len(curves) == 3:
            places = np.stack([values_at(curves[axis], frames) for axis in range(3)], 1)
            world = np.eye(4)
            if tracker.parent is not None:
                world = np.array(tracker.parent.matrix_world @ tracker.matrix_parent_inverse)
            highest = max(highest, float((places @ world[2, :3]).max() + world[2, 3]) + HAND)
    return highest
