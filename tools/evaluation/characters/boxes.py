"""A mesh of boxes along bones, for armatures without a skin of their own."""

from collections.abc import Mapping
from typing import Any

import bpy
import numpy as np

from ....blender_addon.bpy_types import ArmatureObject
from ....model_core.geometry.rotations import normalize

FACES = ((0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3))
"""A box's faces by the corners of its three directions: bits of a corner's number."""


def add_boxes(armature: ArmatureObject, boxes: Mapping[str, np.ndarray], units: float = 1.0) -> None:
    """A mesh of the armature whose vertices (8, 3) of each bone's box, in metres, move with the bone."""
    mesh = bpy.data.meshes.new(f"{armature.name} boxes")
    faces = [[8 * box + corner for corner in face] for box in range(len(boxes)) for face in FACES]
    mesh.from_pydata((np.concatenate(list(boxes.values())) / units).tolist(), [], faces)
    item: Any = bpy.data.objects.new(mesh.name, mesh)
    owner: Any = armature
    owner.users_collection[0].objects.link(item)
    item.parent = armature
    for box, bone in enumerate(boxes):
        item.vertex_groups.new(name=bone).add(list(range(8 * box, 8 * box + 8)), 1.0, "REPLACE")
    item.modifiers.new("Armature", "ARMATURE").object = armature


def box_along(head: np.ndarray, tail: np.ndarray, thick: float) -> np.ndarray:
    """The corners (8, 3) of a box from one point to another (3,), so thick to all sides of the line."""
    along = normalize(tail - head)
    across = normalize(np.cross(along, np.eye(3)[int(np.argmin(np.abs(along)))]))
    sides = thick * np.stack([along, across, np.cross(along, across)])
    corners = [(a, b, c) for a in (-1, 1) for b in (-1, 1) for c in (-1, 1)]
    return np.stack([(head if a < 0 else tail) + np.array([a, b, c]) @ sides for a, b, c in corners])


def box_between(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """The corners (8, 3) of a box along the world's axes."""
    return np.array([[x, y, z] for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])])
