"""How sure a motion is, as attributes of the mesh: a Geometry Nodes modifier that needs no add-on to play.

A data mesh of loose vertices holds the table of probe values, one vertex a value, frame after frame. Each scene frame
the modifier blends two rows of it into one point a probe, and every vertex of the body mixes four of those points.
It writes ``uncertainty`` (metres) and, through a colour ramp, ``uncertainty_color``.
"""

from dataclasses import dataclass

import bpy
import numpy as np

from ...model_core.errors import InputError
from .curves import fcurves_of, keyframes_of, new_action, write_curve
from .nodes import NodeBuilder
from ..timing import blending, frames_to_seconds, scene_fps, seconds_to_frames

VALUE, COLOUR = "uncertainty", "uncertainty_color"
"""Attributes written onto the evaluated mesh."""
TABLE = "probe_value"
PROBE_NAMES = tuple(f"probe_{k}" for k in range(4))
WEIGHT_NAMES = tuple(f"probe_weight_{k}" for k in range(4))
"""Attributes of the base mesh: each vertex's four probes and their weights."""
MODIFIER = "Uncertainty"
MEAN_PROPERTY = "uncertainty_cm"
MEAN_POINTER = "threepoint_uncertainty"
"""Custom properties: the mean over all vertices, animated, of an empty; and that empty, of the mesh object."""
MEAN_SIZE = 0.05
LOW_INPUT, HIGH_INPUT = "From (cm)", "To (cm)"
LOW_CENTIMETRES, HIGH_CENTIMETRES = 2.0, 15.0
"""Default range of the colours."""
RAMP = (
    (0.0, (0.55, 0.60, 0.66, 1.0)),
    (0.35, (0.95, 0.80, 0.25, 1.0)),
    (0.7, (0.90, 0.30, 0.10, 1.0)),
    (1.0, (0.55, 0.02, 0.20, 1.0)),
)
RAMP_SAMPLES = 512
"""Points at which the ramp is looked up each frame. Vertices take the nearest: finer than a screen's 256 shades, and
much cheaper than the ramp itself at every vertex."""
EXACT_FLOAT_INTEGERS = 2**24
"""Node maths is in 32-bit floats: larger whole numbers are not exact, so longer tables are cut into several meshes."""


@dataclass(frozen=True)
class Timeline:
    """Which row of the table belongs to a scene frame: ``(frame - first) * rows_per_frame``, held at both ends."""

    first: float
    rows_per_frame: float
    row_count: int


def attach_uncertainty(mesh_object, uncertainty, motion_fps, start, scene, origin=0.0):
    """Make ``mesh_object`` show ``uncertainty`` (``model_core.motion.Uncertainty``); return the modifier.

    Row 0 of the table is at ``start`` seconds of the recording's clock and ``origin`` seconds are at the scene's first
    frame. The modifier is added after those that are there; its inputs are the range of the colours in centimetres.
    """
    remove_uncertainty(mesh_object)
    _store_probes(mesh_object.data, uncertainty)
    first = float(seconds_to_frames(start, scene, origin))
    timeline = Timeline(first, motion_fps / scene_fps(scene), len(uncertainty.probes))
    tables = _create_tables(f"{mesh_object.name} {VALUE}", uncertainty.probes)
    group = _build_group(f"{mesh_object.name} {VALUE}", tables, uncertainty.probes.shape[1], timeline)
    modifier = mesh_object.modifiers.new(MODIFIER, "NODES")
    modifier.node_group = group
    _activate_colours(mesh_object.data)
    _add_mean(mesh_object, uncertainty, timeline)
    return modifier


def _add_mean(mesh_object, uncertainty, timeline):
    """An empty whose animated property shows in the Graph Editor how uncertain the body is as a whole, in centimetres.

    Of its own, because an animated property of the mesh object makes every frame half a millisecond slower.
    """
    mean = _mean_centimetres(uncertainty, uncertainty.probes)
    frames = timeline.first + np.arange(timeline.row_count) / timeline.rows_per_frame
    empty = bpy.data.objects.new(f"{mesh_object.name} {VALUE}", None)
    empty.empty_display_size = MEAN_SIZE
    for collection in mesh_object.users_collection:
        collection.objects.link(empty)
    empty[MEAN_PROPERTY] = float(mean[0])
    write_curve(new_action(empty, empty.name), f'["{MEAN_PROPERTY}"]', 0, frames, mean)
    mesh_object[MEAN_POINTER] = empty


def replace_uncertainty(mesh_object, motion, scene, first, last):
    """Replace what the modifier shows in the frames ``first``..``last`` by ``motion``'s uncertainty, its edges blended.

    The motion's second 0 is the scene's first frame. Raises ``InputError`` where it has other probes than the mesh.
    """
    modifier = mesh_object.modifiers.get(MODIFIER)
    if modifier is None:
        return
    tables = _tables_of(modifier.node_group)
    mean = fcurves_of(mesh_object[MEAN_POINTER])[0]
    rows, probes = keyframes_of(mean), motion.uncertainty.probes
    if sum(len(table.data.vertices) for table in tables) != (len(rows) + len(tables) - 1) * probes.shape[1]:
        raise InputError(f"{mesh_object.name}: its uncertainty is of another kind; predict the whole motion again")
    place = np.clip((frames_to_seconds(rows[:, 0], scene) - motion.start) * motion.fps, 0, len(probes) - 1)
    before = np.floor(place).astype(int)
    after = np.minimum(before + 1, len(probes) - 1)
    new = probes[before] + (place - before)[:, None] * (probes[after] - probes[before])
    share = blending(rows[:, 0], first, last)[:, None]
    begin = 0
    for table in tables:
        values = np.empty(len(table.data.vertices), np.float32)
        attribute = table.data.attributes[TABLE].data
        attribute.foreach_get("value", values)
        old = values.reshape(-1, probes.shape[1])
        some = slice(begin, begin + len(old))
        attribute.foreach_set("value", (old + share[some] * (new[some] - old)).astype(np.float32).ravel())
        table.data.update()
        begin += len(old) - 1
    rows[:, 1] += share[:, 0] * (_mean_centimetres(motion.uncertainty, new) - rows[:, 1])
    mean.keyframe_points.foreach_set("co", rows.ravel())
    mean.update()


def _tables_of(group):
    """The data objects of a node group that ``attach_uncertainty`` made, in the order of their rows."""
    return [node.inputs["Object"].default_value for node in group.nodes if node.bl_idname == "GeometryNodeObjectInfo"]


def _mean_centimetres(uncertainty, probes):
    """Mean (T,) over all vertices of the probe values (T, P)."""
    shares = np.bincount(uncertainty.index.ravel(), uncertainty.weight.ravel(), probes.shape[1])
    return 100 * probes @ (shares / len(uncertainty.index))


def mean_keyframes(mesh_object):
    """(n, 2) frames and centimetres: how uncertain the whole body is over time; empty where it is not known."""
    empty = mesh_object.get(MEAN_POINTER)
    curves = fcurves_of(empty) if empty is not None else []
    return keyframes_of(curves[0]) if curves else np.empty((0, 2), np.float32)


def ramp_node(group):
    """The colour ramp of the node group that ``attach_uncertainty`` made."""
    return next(node for node in group.nodes if node.bl_idname == "ShaderNodeValToRGB")


def set_range(modifier, low, high):
    """Set the range of the colours in centimetres."""
    for item in modifier.node_group.interface.items_tree:
        if item.name in (LOW_INPUT, HIGH_INPUT):
            value = low if item.name == LOW_INPUT else high
            if hasattr(modifier, "properties"):  # From Blender 5.2 on a modifier's inputs are no custom properties.
                getattr(modifier.properties.inputs, item.identifier).value = value
            else:
                modifier[item.identifier] = value


def remove_uncertainty(mesh_object):
    """Take away what ``attach_uncertainty`` made: modifier, node group, tables, attributes and the mean's action."""
    modifier = mesh_object.modifiers.get(MODIFIER)
    if modifier is None:
        return
    empty = mesh_object.get(MEAN_POINTER)
    if empty is not None:
        bpy.data.actions.remove(empty.animation_data.action)
        bpy.data.objects.remove(empty)
        del mesh_object[MEAN_POINTER]
    group = modifier.node_group
    tables = _tables_of(group)
    mesh_object.modifiers.remove(modifier)
    bpy.data.node_groups.remove(group)
    for table in tables:
        bpy.data.meshes.remove(table.data)
    for name in (*PROBE_NAMES, *WEIGHT_NAMES, COLOUR):
        mesh_object.data.attributes.remove(mesh_object.data.attributes[name])


def _store_probes(mesh, uncertainty):
    for k in range(4):
        probe = mesh.attributes.new(PROBE_NAMES[k], "INT", "POINT")
        probe.data.foreach_set("value", np.ascontiguousarray(uncertainty.index[:, k], np.int32))
        weight = mesh.attributes.new(WEIGHT_NAMES[k], "FLOAT", "POINT")
        weight.data.foreach_set("value", np.ascontiguousarray(uncertainty.weight[:, k], np.float32))


def _create_tables(name, probes):
    """Objects (in no scene) whose vertices carry the probe values of (T, P), row after row.

    Each but the last begins the next one's rows with an overlap of one, so that both rows of a blend are in one table.
    """
    rows, count = probes.shape
    height = EXACT_FLOAT_INTEGERS // count
    tables = []
    for first in range(0, max(rows - 1, 1), height - 1):
        values = np.ascontiguousarray(probes[first : first + height], np.float32)
        mesh = bpy.data.meshes.new(name)
        mesh.vertices.add(values.size)
        mesh.attributes.new(TABLE, "FLOAT", "POINT").data.foreach_set("value", values.ravel())
        tables.append((first, bpy.data.objects.new(name, mesh)))
    return tables


def _build_group(name, tables, probe_count, timeline):
    group = bpy.data.node_groups.new(name, "GeometryNodeTree")
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


def _current_row(build, timeline):
    """Fractional row of the table at the scene's time."""
    frame = build.add("GeometryNodeInputSceneTime").outputs["Frame"]
    row = build.math("MULTIPLY", build.math("SUBTRACT", frame, timeline.first), timeline.rows_per_frame)
    return build.math("MAXIMUM", build.math("MINIMUM", row, timeline.row_count - 1.0), 0.0)


def _current_probes(build, tables, probe_count, row, timeline):
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


def _blend_rows(build, table, row_count, probe_count, first, row, probe):
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


def _mix_probes(build, points):
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


def _ramp_colours(build, low, high):
    """The colour of each vertex's stored value on a ramp from ``low`` to ``high`` centimetres."""
    last = RAMP_SAMPLES - 1.0
    # Slope and start are one number each, so that every vertex costs a single multiplication.
    slope = build.math("DIVIDE", 100.0 * last, build.math("SUBTRACT", high, low))
    start = build.math("MULTIPLY_ADD", build.math("MULTIPLY", low, -0.01), slope, 0.5)  # An index is rounded down.
    place = build.math("MULTIPLY_ADD", build.named(VALUE, "FLOAT"), slope, start)
    samples = build.add("GeometryNodePoints")
    samples.inputs["Count"].default_value = RAMP_SAMPLES
    share = build.math("DIVIDE", build.add("GeometryNodeInputIndex").outputs[0], last)
    return build.sample(samples.outputs[0], build.colour_ramp(share, RAMP), place, "FLOAT_COLOR")


def _activate_colours(mesh):
    """The Solid view draws the base mesh's active colour attribute; without one of this name it would be black."""
    attribute = mesh.color_attributes.new(COLOUR, "FLOAT_COLOR", "POINT")
    attribute.data.foreach_set("color", np.tile(np.array(RAMP[0][1], np.float32), len(mesh.vertices)))
    mesh.color_attributes.active_color = attribute
    mesh.attributes.default_color_name = COLOUR


def create_material(name):
    """A material that shows ``uncertainty_color``; grey where a mesh has none."""
    material = bpy.data.materials.new(name)
    if material.node_tree is None:  # From Blender 5.0 on a material always has nodes.
        material.use_nodes = True
    tree = material.node_tree
    shader = next(node for node in tree.nodes if node.type == "BSDF_PRINCIPLED")
    shader.inputs["Roughness"].default_value = 0.7
    attribute = tree.nodes.new("ShaderNodeAttribute")
    attribute.attribute_type = "GEOMETRY"
    attribute.attribute_name = COLOUR
    attribute.location = (shader.location.x - 260, shader.location.y)
    tree.links.new(attribute.outputs["Color"], shader.inputs["Base Color"])
    return material
