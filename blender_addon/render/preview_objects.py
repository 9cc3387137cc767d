"""Things that only a preview shows: markers, floor, text, colour legend. All are meshes with colours of their own."""

from collections.abc import Iterable, Sequence
from typing import Any

import bmesh
import bpy
import numpy as np
from numpy.typing import ArrayLike

PAINT = "paint"
MARKER_RADIUS, AXIS_LENGTH, AXIS_WIDTH = 0.028, 0.13, 0.007
AXIS_COLOURS = ((0.9, 0.08, 0.06, 1), (0.15, 0.65, 0.05, 1), (0.05, 0.2, 0.95, 1))
INK = (1.8, 1.8, 1.8, 1)
"""More than white: the light before the camera is a dim one."""


def painted_mesh(
    name: str, vertices: ArrayLike, faces: Iterable[Sequence[int]], colours: ArrayLike
) -> bpy.types.Object:
    """Object (in no collection) of a mesh whose vertices have ``colours`` (V, 4)."""
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(np.asarray(vertices, float).tolist(), [], [list(face) for face in faces])
    paint(mesh, colours)
    return bpy.data.objects.new(name, mesh)


def paint(mesh: bpy.types.Mesh, colours: ArrayLike) -> None:
    """Give a mesh's vertices the colours (V, 4), or all of them one (4,), that pictures show."""
    attribute: Any = mesh.color_attributes.new(PAINT, "FLOAT_COLOR", "POINT")
    values = np.broadcast_to(np.asarray(colours, np.float32), (len(mesh.vertices), 4))
    attribute.data.foreach_set("color", values.ravel())
    mesh.color_attributes.active_color = attribute
    mesh.attributes.default_color_name = PAINT


def ball(name: str, colour: Sequence[float], size: float) -> bpy.types.Object:
    """A ball without axes, ``size`` times as big as a marker's."""
    vertices, faces = _sphere(size * MARKER_RADIUS)
    return painted_mesh(name, vertices, faces, colour)


def _sphere(radius: float) -> tuple[np.ndarray, list[list[int]]]:
    """Vertices (V, 3) and faces of a ball."""
    sphere = bmesh.new()
    bmesh.ops.create_icosphere(sphere, subdivisions=2, radius=radius)
    sphere.verts.index_update()
    found = np.array([vertex.co for vertex in sphere.verts]), [[v.index for v in face.verts] for face in sphere.faces]
    sphere.free()
    return found


def marker(name: str, colour: Sequence[float]) -> bpy.types.Object:
    """A ball with three coloured axes, for a tracked point."""
    corners, faces = _sphere(MARKER_RADIUS)
    vertices, colours = [corners], [np.tile(colour, (len(corners), 1))]
    for axis in range(3):
        high = np.full(3, AXIS_WIDTH / 2)
        low = -high
        low[axis], high[axis] = 0, AXIS_LENGTH
        corners, sides = box(low, high)
        faces += (sides + sum(map(len, vertices))).tolist()
        vertices.append(corners)
        colours.append(np.tile(AXIS_COLOURS[axis], (8, 1)))
    return painted_mesh(name, np.concatenate(vertices), faces, np.concatenate(colours))


def box(low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Corners (8, 3) and sides (6, 4) of a box between two opposite corners."""
    corners = np.array([[x, y, z] for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])])
    return corners, np.array([[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]])


def legend(stops: Sequence[tuple[float, Sequence[float]]], width: float, height: float) -> bpy.types.Object:
    """A bar from the first to the last colour of a ramp (list of (position, rgba)), centred on its origin."""
    positions = np.array([position for position, _ in stops])
    low = np.stack([(positions - 0.5) * width, np.full(len(stops), -height / 2), np.zeros(len(stops))], -1)
    vertices = np.concatenate([low, low + [0, height, 0]])
    n = len(stops)
    faces = [[k, k + 1, n + k + 1, n + k] for k in range(n - 1)]
    return painted_mesh("legend", vertices, faces, np.tile([colour for _, colour in stops], (2, 1)))


def text(name: str, content: str, size: float) -> bpy.types.Object:
    """Flat text, centred on their origin, facing +Z."""
    curve: Any = bpy.data.curves.new(name, "FONT")
    curve.body, curve.size, curve.align_x = content, size, "CENTER"
    letters = bpy.data.objects.new(name, curve)
    mesh = bpy.data.meshes.new_from_object(letters)
    bpy.data.curves.remove(curve)
    mesh.name = name
    paint(mesh, INK)
    return bpy.data.objects.new(name, mesh)
