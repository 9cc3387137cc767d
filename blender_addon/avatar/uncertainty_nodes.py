"""The Geometry Nodes that turn a table of probe values into every vertex's uncertainty and colour."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import bpy

from ..bpy_types import MeshObject, Modifier, Node, Socket
from .nodes import NodeBuilder
from .uncertainty_colours import COLOUR, HIGH_CENTIMETRES, LOW_CENTIMETRES, RAMP

VALUE = "uncertainty"
"""Attribute, in metres, that is written onto the evaluated mesh."""
TABLE = "probe_value"
"""Attribute of the data meshes."""
PROBE_NAMES = tuple(f"probe_{k}" for k in range(4))
WEIGHT_NAMES = tuple(f"probe_weight_{k}" for k in range(4))
"""Attributes of the base mesh: each vertex's four probes and their weights."""
LOW_INPUT, HIGH_INPUT = "From (cm)", "To (cm)"
RAMP_SAMPLES = 512
"""Points at which the ramp is looked up each frame. Vertices take the nearest: finer than a screen's 256 shades, and
much cheaper than the ramp itself at every vertex."""


@dataclass(frozen=True)
class Timeline:
    """Which row of the table belongs to a scene frame: ``(frame - first) * rows_per_frame``, held at both ends."""

    first: float
    rows_per_frame: float
    row_count: int


def build_group(
    name: str, tables: Sequence[tuple[int, MeshObject]], probe_count: int, timeline: Timeline
) -> bpy.types.NodeTree:
    group: Any = bpy.data.node_groups.new(name, "GeometryNodeTree")
    group.is_modifier = True
    build = NodeBuilder(group)
    build.socket("Geometry", "NodeSocketGeometry", "INPUT")
    build.socket(LOW_INPUT, "NodeSocketFloat", "INPUT", LOW_CENTIMETRES)
    build.socket(HIGH_INPUT, "NodeSocketFloat", "INPUT", HIGH_CENTIMETRES)
    build.socket("Geometry", "NodeSocketGeometry", "OUTPUT")
    inputs = build.add("NodeGroupInput").outputs

    row = _current_row(build, timeline)
    points = _current_probes(build, tables, probe_count, row, timeline)
    value = _mix_probes(build, points)
    geometry = build.store(inputs["Geometry"], VALUE, "FLOAT", value)
    colour = _ramp_colours(build, inputs[LOW_INPUT], inputs[HIGH_INPUT])
    geometry = build.store(geometry, COLOUR, "FLOAT_COLOR", colour)
    build.link(geometry, build.add("NodeGroupOutput").inputs["Geometry"])
    build.arrange()
    return group


def _current_row(build: NodeBuilder, timeline: Timeline) -> Socket:
    """Fractional row of the table at the scene's time."""
    frame = build.add("GeometryNodeInputSceneTime").outputs["Frame"]
    row = build.math("MULTIPLY", build.math("SUBTRACT", frame, timeline.first), timeline.rows_per_frame)
    return build.math("MAXIMUM", build.math("MINIMUM", row, timeline.row_count - 1.0), 0.0)


def _current_probes(
    build: NodeBuilder,
    tables: Sequence[tuple[int, MeshObject]],
    probe_count: int,
    row: Socket,
    timeline: Timeline,
) -> Socket:
    """Points, one a probe, that carry the blended value of the moment."""
    points = build.add("GeometryNodePoints")
    points.inputs["Count"].default_value = probe_count
    probe = build.add("GeometryNodeInputIndex").outputs[0]
    total = None
    for place, (first, table) in enumerate(tables):
        value = _blend_rows(build, table, len(table.data.vertices) // probe_count, probe_count, first, row, probe)
        if len(tables) > 1:
            end = tables[place + 1][0] if place + 1 < len(tables) else timeline.row_count
            inside = build.math("MULTIPLY", build.at_least(row, first), build.math("LESS_THAN", row, float(end)))
            value = build.math("MULTIPLY", value, inside)
        total = value if total is None else build.math("ADD", total, value)
    return build.store(points.outputs[0], TABLE, "FLOAT", total)


def _blend_rows(
    build: NodeBuilder,
    table: MeshObject,
    row_count: int,
    probe_count: int,
    first: int,
    row: Socket,
    probe: Socket,
) -> Socket:
    """Value of each probe at the fractional ``row`` from the table whose row 0 is row ``first`` of the motion."""
    source = build.add("GeometryNodeObjectInfo")
    source.inputs["Object"].default_value = table
    value = build.named(TABLE, "FLOAT")
    local = build.math("SUBTRACT", row, float(first)) if first else row
    local = build.math("MAXIMUM", build.math("MINIMUM", local, row_count - 1.0), 0.0)
    before = build.math("FLOOR", local)
    after = build.math("MINIMUM", build.math("ADD", before, 1.0), row_count - 1.0)
    samples = [
        build.sample(source.outputs["Geometry"], value, build.math("MULTIPLY_ADD", place, float(probe_count), probe))
        for place in (before, after)
    ]
    return build.lerp(build.math("SUBTRACT", local, before), *samples)


def _mix_probes(build: NodeBuilder, points: Socket) -> Socket:
    """Each vertex's weighted sum of its four probes."""
    value, total = build.named(TABLE, "FLOAT"), None
    for probe_name, weight_name in zip(PROBE_NAMES, WEIGHT_NAMES, strict=True):
        sample = build.sample(points, value, build.named(probe_name, "INT"))
        weight = build.named(weight_name, "FLOAT")
        total = (
            build.math("MULTIPLY", sample, weight)
            if total is None
            else build.math("MULTIPLY_ADD", sample, weight, total)
        )
    return total


def _ramp_colours(build: NodeBuilder, low: Socket, high: Socket) -> Socket:
    """The colour of each vertex's stored value on a ramp from ``low`` to ``high`` centimetres."""
    last = RAMP_SAMPLES - 1.0
    # Slope and start are one number each, so that every vertex costs a single multiplication.
    slope = build.math("DIVIDE", 100.0 * last, build.math("SUBTRACT", high, low))
    start = build.math("MULTIPLY_ADD", build.math("MULTIPLY", low, -0.01), slope, 0.5)  # An index is rounded down.
    place = build.math("MULTIPLY_ADD", build.named(VALUE, "FLOAT"), slope, start)
    samples = build.add("GeometryNodePoints")
    samples.inputs["Count"].default_value = RAMP_SAMPLES
    fraction = build.math("DIVIDE", build.add("GeometryNodeInputIndex").outputs[0], last)
    return build.sample(samples.outputs[0], build.colour_ramp(fraction, RAMP), place, "FLOAT_COLOR")


def is_uncertainty(group: bpy.types.NodeTree) -> bool:
    """Whether a node group is one that ``build_group`` made."""
    interface: Any = group.interface
    sockets = {item.name for item in interface.items_tree}
    return {LOW_INPUT, HIGH_INPUT} <= sockets and ramp_node(group) is not None


def is_like(group: bpy.types.NodeTree, other: bpy.types.NodeTree) -> bool:
    """Whether two groups have the same nodes and links, whatever values these hold."""

    def built(tree: Any) -> tuple[list[str], int]:
        return sorted(node.bl_idname for node in tree.nodes), len(tree.links)

    return built(group) == built(other)


def copy_ramp(source: bpy.types.NodeTree, target: bpy.types.NodeTree) -> None:
    """Give a group the colour ramp of another."""
    old, new = ramp_node(source).color_ramp, ramp_node(target).color_ramp
    while len(new.elements) > 1:
        new.elements.remove(new.elements[-1])
    for place, element in enumerate(old.elements):
        copied = new.elements[0] if place == 0 else new.elements.new(element.position)
        copied.position, copied.color = element.position, element.color
    new.color_mode, new.interpolation, new.hue_interpolation = old.color_mode, old.interpolation, old.hue_interpolation


def ramp_node(group: bpy.types.NodeTree) -> Node:
    """The colour ramp of the node group that ``attach_uncertainty`` made; None where somebody has deleted it."""
    return next((node for node in group.nodes if node.bl_idname == "ShaderNodeValToRGB"), None)


def set_range(modifier: Modifier, low: float, high: float) -> None:
    """Set the range of the colours in centimetres."""
    for item in modifier.node_group.interface.items_tree:
        if item.name in (LOW_INPUT, HIGH_INPUT):
            value = low if item.name == LOW_INPUT else high
            if hasattr(modifier, "properties"):  # From Blender 5.2 on a modifier's inputs are no custom properties.
                getattr(modifier.properties.inputs, item.identifier).value = value
            else:
                modifier[item.identifier] = value


def colour_scale(modifier: Modifier) -> tuple[list[list[float]], float, float]:
    """The ramp's colours, linear, at ``RAMP_SAMPLES`` even steps, and the metres at its two ends."""
    ramp = ramp_node(modifier.node_group).color_ramp
    colours = [list(ramp.evaluate(step / (RAMP_SAMPLES - 1)))[:3] for step in range(RAMP_SAMPLES)]
    low, high = (_input(modifier, name) / 100 for name in (LOW_INPUT, HIGH_INPUT))
    return colours, low, high


def _input(modifier: Modifier, name: str) -> float:
    """The value of one of a modifier's inputs."""
    item = next(item for item in modifier.node_group.interface.items_tree if item.name == name)
    if hasattr(modifier, "properties"):
        return float(getattr(modifier.properties.inputs, item.identifier).value)
    return float(modifier[item.identifier])
