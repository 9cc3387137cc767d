"""The floor of a picture: one colour to the horizon, lighter around the person, with lines and soft shadows.

Workbench, which needs no GPU, draws shadows with hard edges, or none. Here Geometry Nodes colour the floor's vertices
by their distance from the bodies and from what of these is laid flat along the light: soft shadows in every engine.
"""

from collections.abc import Sequence
from typing import Any

import bpy
import numpy as np

from ..avatar.nodes import NodeBuilder, Operand
from ..bpy_types import MeshObject, Socket
from . import preview_objects as props

COLOUR = (0.66, 0.72, 0.80)
"""Of the floor, linear, before it is lit."""
POOL, POOL_RADIUS = 0.30, 3.2
"""By how much it is lighter around the person, and how many metres around."""
LINE_SPACING, LINE_WIDTH, LINE_HEIGHT, LINE_SHADE = 0.5, 0.012, 0.003, 0.16
"""Metres between lines, their width and height above the floor, and by how much they are darker."""
MOST_LINES = 160
"""Lines across the floor: a person who walks further leaves them behind."""
CELL, GROWTH, REACH = 0.05, 1.4, 60.0
"""Metres: the floor's cells near the person; each further one is that many times as wide, to the horizon."""
NEAR = 1.2
"""Metres around a body within which cells are small."""
FALLS = (0.42, 0.34)
"""Metres to the right and away from the camera by which the shadow of a metre's height falls."""
SHADOW, SHADOW_EDGE = 0.42, 0.16
CONTACT, CONTACT_REACH = 0.40, 0.30
"""By how much the floor is darker in a shadow and where a body touches it, and within how many metres that ends."""


def ground(bodies: Sequence[tuple[MeshObject, float]], spread: float) -> bpy.types.Object:
    """A floor at z = 0 (in no collection) on which ``bodies`` cast shadows: (mesh, metres it is shown to the right).

    Its x axis is to be turned to the camera's right, its origin to follow the person. ``spread``: metres from there to
    the outermost body.
    """
    x, y = _graded(spread + NEAR), _graded(NEAR)
    vertices = np.stack([*np.meshgrid(x, y, indexing="ij"), np.zeros((len(x), len(y)))], -1).reshape(-1, 3)
    corner = (np.arange(len(x) - 1)[:, None] * len(y) + np.arange(len(y) - 1)).reshape(-1, 1)
    floor = props.painted_mesh("floor", vertices, (corner + [0, len(y), len(y) + 1, 1]).tolist(), (*COLOUR, 1.0))
    build, inside = _new_group("floor")
    standing = build.add("GeometryNodeJoinGeometry")
    for mesh, shift in bodies:
        source, moved = build.add("GeometryNodeObjectInfo"), build.add("GeometryNodeTransform")
        source.transform_space = "RELATIVE"
        source.inputs["Object"].default_value = mesh
        moved.inputs["Translation"].default_value = (shift, 0.0, 0.0)
        build.link(source.outputs["Geometry"], moved.inputs["Geometry"])
        build.link(moved.outputs["Geometry"], standing.inputs["Geometry"])
    place = build.add("GeometryNodeInputPosition").outputs[0]
    shade = _lit(build, _vector(build, "LENGTH", place))
    if bodies:
        touched = _nearness(build, standing.outputs[0], CONTACT_REACH)
        fallen = _nearness(build, _fallen(build, standing.outputs[0]), SHADOW_EDGE)
        for near, strength in ((touched, CONTACT), (fallen, SHADOW)):
            shade = build.math("MULTIPLY", shade, build.math("MULTIPLY_ADD", near, -strength, 1.0))
    _finish(floor, build, inside, shade)
    return floor


def lines(low: np.ndarray, high: np.ndarray, floor: bpy.types.Object) -> bpy.types.Object:
    """Lines over the world's floor from ``low`` (2,) to ``high`` (2,) that fade with the distance from ``floor``."""
    first = np.floor(np.asarray(low) / LINE_SPACING)
    count = np.minimum(np.ceil(np.asarray(high) / LINE_SPACING) - first, MOST_LINES).astype(int) + 1
    across, along = (LINE_SPACING * (first[axis] + np.arange(count[axis])) for axis in range(2))
    quads = []
    for axis, (places, steps) in enumerate(((across, along), (along, across))):
        for place in places:
            for begin, end in zip(steps[:-1], steps[1:], strict=True):
                sides = np.array([(-1, begin), (1, begin), (1, end), (-1, end)]) * [LINE_WIDTH / 2, 1] + [place, 0]
                quads.append(sides if axis == 0 else sides[::-1, ::-1])
    flat = np.concatenate(quads)
    vertices = np.concatenate([flat, np.full((len(flat), 1), LINE_HEIGHT)], 1)
    item = props.painted_mesh("lines", vertices, np.arange(len(flat)).reshape(-1, 4).tolist(), (*COLOUR, 1.0))
    build, inside = _new_group("lines")
    centre = build.add("GeometryNodeObjectInfo")
    centre.transform_space = "RELATIVE"
    centre.inputs["Object"].default_value = floor
    place = build.add("GeometryNodeInputPosition").outputs[0]
    distance = _vector(build, "DISTANCE", place, centre.outputs["Location"])
    darker = build.math("MULTIPLY_ADD", _fading(build, distance, POOL_RADIUS), -LINE_SHADE, 1.0)
    _finish(item, build, inside, build.math("MULTIPLY", _lit(build, distance), darker))
    return item


def _graded(near: float) -> np.ndarray:
    """Places of vertices along an axis: even up to ``near`` metres from the middle, then ever further apart."""
    inner = np.arange(0, near + CELL, CELL)
    count = int(np.ceil(np.log1p(REACH * (GROWTH - 1) / CELL) / np.log(GROWTH)))
    half = np.concatenate([inner, inner[-1] + CELL * np.cumsum(GROWTH ** np.arange(1, count + 1))])
    return np.concatenate([-half[:0:-1], half])


def _new_group(name: str) -> tuple[NodeBuilder, Socket]:
    """The builder of a node group that changes a geometry, and the geometry that comes in."""
    group: Any = bpy.data.node_groups.new(name, "GeometryNodeTree")
    group.is_modifier = True
    build = NodeBuilder(group)
    for way in ("INPUT", "OUTPUT"):
        build.socket("Geometry", "NodeSocketGeometry", way)
    return build, build.add("NodeGroupInput").outputs["Geometry"]


def _finish(item: bpy.types.Object, build: NodeBuilder, inside: Socket, shade: Socket) -> None:
    """Colour the geometry by ``shade`` times the floor's colour, and let the object have the group."""
    colour = _vector(build, "SCALE", COLOUR, shade)
    build.link(build.store(inside, props.PAINT, "FLOAT_COLOR", colour), build.add("NodeGroupOutput").inputs[0])
    modifier: Any = item.modifiers.new(build.group.name, "NODES")
    modifier.node_group = build.group


def _lit(build: NodeBuilder, distance: Socket) -> Socket:
    """How light the floor is at a distance from the person."""
    return build.math("MULTIPLY_ADD", _fading(build, distance, POOL_RADIUS), POOL, 1.0)


def _fading(build: NodeBuilder, distance: Socket, reach: float) -> Socket:
    """1 at no distance, 0 from ``reach`` metres on, smooth there."""
    left = build.math("MAXIMUM", build.math("MULTIPLY_ADD", distance, -1 / reach, 1.0), 0.0)
    return build.math("MULTIPLY", left, left)


def _nearness(build: NodeBuilder, target: Socket, reach: float) -> Socket:
    """1 where a vertex touches ``target``, 0 from ``reach`` metres on."""
    proximity = build.add("GeometryNodeProximity")
    proximity.target_element = "FACES"
    build.link(target, proximity.inputs[0])
    return _fading(build, proximity.outputs["Distance"], reach)


def _fallen(build: NodeBuilder, geometry: Socket) -> Socket:
    """A geometry laid flat onto the floor along the light."""
    place = build.add("GeometryNodeInputPosition").outputs[0]
    parts, onto = build.add("ShaderNodeSeparateXYZ"), build.add("ShaderNodeCombineXYZ")
    build.link(place, parts.inputs[0])
    for axis, falls in enumerate(FALLS):
        build.link(build.math("MULTIPLY_ADD", parts.outputs[2], falls, parts.outputs[axis]), onto.inputs[axis])
    moved = build.add("GeometryNodeSetPosition")
    build.link(geometry, moved.inputs["Geometry"])
    build.link(onto.outputs[0], moved.inputs["Position"])
    return moved.outputs["Geometry"]


def _vector(build: NodeBuilder, operation: str, first: Any, second: Operand | None = None) -> Socket:
    """An operation on vectors; what of its result there is, a vector or a number."""
    node = build.add("ShaderNodeVectorMath")
    node.operation = operation
    if isinstance(first, tuple):
        node.inputs[0].default_value = first
    else:
        build.link(first, node.inputs[0])
    if second is not None:
        build.put(second, node.inputs["Scale"] if operation == "SCALE" else node.inputs[1])
    return next(output for output in node.outputs if output.enabled)
