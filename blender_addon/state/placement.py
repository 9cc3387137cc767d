"""Where in a scene a new person stands: not within what is there."""

from collections.abc import Sequence

import bpy
import numpy as np
from mathutils import Vector

from ...model_core.geometry.frames import OPENXR_TO_BLENDER, convert_positions
from ...model_core.recordings import Recording
from ..bpy_types import AnyObject, Scene
from .selection import roots_in

ARM = 0.9
"""Metres around a head that a person takes up."""
SOLID = {"MESH", "CURVE", "SURFACE", "META", "FONT", "CURVES", "POINTCLOUD", "VOLUME"}
"""Types of objects that one can stand in."""
LARGEST = 8.0
"""Metres: what is longer is a floor, a room or a landscape, and people stand in it."""


def extent_of(recording: Recording) -> list[float]:
    """The rectangle of floor (x from, y from, x to, y to) that a person takes up, in metres in Blender's frame."""
    head = recording.tracks["head"]
    path = convert_positions(head.position[head.valid], OPENXR_TO_BLENDER)[:, :2]
    return [*(path.min(0) - ARM).tolist(), *(path.max(0) + ARM).tolist()]


def place_beside(root: AnyObject, scene: Scene) -> None:
    """Move a person who would stand within something else along X, to beside all that is there."""
    own = np.array(root.threepoint.extent)
    taken = [box for item in scene.objects if (box := _box_of(item)) is not None]
    for other in roots_in(scene):
        if other != root and any(other.threepoint.extent):
            taken.append(extent_now(other))
    if any(_overlap(own, box) for box in taken):
        root.location.x += float(max(box[2] for box in taken) - own[0])


def extent_now(root: AnyObject) -> np.ndarray:
    """The rectangle that a person takes up where their root has been moved, turned or scaled to."""
    low_x, low_y, high_x, high_y = root.threepoint.extent
    corners = [(low_x, low_y), (low_x, high_y), (high_x, low_y), (high_x, high_y)]
    return _rectangle_around([root.matrix_world @ Vector((x, y, 0)) for x, y in corners])


def _rectangle_around(points: Sequence[Vector]) -> np.ndarray:
    places = np.array([(point.x, point.y) for point in points])
    return np.concatenate([places.min(0), places.max(0)])


def _box_of(item: bpy.types.Object) -> np.ndarray | None:
    """The rectangle of floor that a visible solid object stands on."""
    if item.type not in SOLID or not item.visible_get():
        return None
    box = _rectangle_around([item.matrix_world @ Vector(corner) for corner in item.bound_box])
    return None if (box[2:] - box[:2]).max() > LARGEST else box


def _overlap(box: np.ndarray, other: np.ndarray) -> bool:
    return bool((box[:2] < other[2:]).all() and (other[:2] < box[2:]).all())
