"""How sure a motion is, as attributes of the mesh: a Geometry Nodes modifier that needs no add-on to play.

A data mesh of loose vertices holds the table of probe values, one vertex a value, frame after frame. Each scene frame
the modifier blends two rows of it into one point a probe, and every vertex of the body mixes four of those points.
It writes ``uncertainty`` (metres) and, through a colour ramp, ``uncertainty_color``.
"""

from typing import Any, cast

import bpy
import numpy as np

from ...model_core.errors import InputError
from ...model_core.motion import Motion, Uncertainty
from ..animation.curves import curves_in, drop_curves, fcurves_of, keyframes_of, new_action, use_action, write_curve
from ..animation.timing import blending, frames_to_seconds, scene_fps, seconds_to_frames
from ..bpy_types import MeshObject, Modifier, Node, Scene
from ..i18n.messages import message
from .uncertainty_colours import COLOUR, MATERIAL, activate_colours, create_material
from .uncertainty_nodes import (
    PROBE_NAMES,
    TABLE,
    VALUE,
    WEIGHT_NAMES,
    Timeline,
    build_group,
    copy_ramp,
    is_like,
    is_uncertainty,
)

MODIFIER = "Uncertainty"
MEAN_PROPERTY = "uncertainty_cm"
MEAN_POINTER = "threepoint_uncertainty"
"""Custom properties: the mean over all vertices, animated, of an empty; and that empty, of the mesh object."""
MEAN_SIZE = 0.05
EXACT_FLOAT_INTEGERS = 2**24
"""Node maths is in 32-bit floats: larger whole numbers are not exact, so longer tables are cut into several meshes."""


def show_uncertainty(mesh_object: MeshObject, motion: Motion, scene: Scene) -> None:
    """Give the mesh its material and, where the motion says how sure it is, the modifier that shows that."""
    if not mesh_object.data.materials:
        mesh_object.data.materials.append(bpy.data.materials.get(MATERIAL) or create_material(MATERIAL))
    if motion.uncertainty is None:
        remove_uncertainty(mesh_object)
    else:
        attach_uncertainty(mesh_object, motion.uncertainty, motion.fps, motion.start, scene)


def attach_uncertainty(
    mesh_object: MeshObject, uncertainty: Uncertainty, motion_fps: float, start: float, scene: Scene
) -> Modifier:
    """Make ``mesh_object`` show ``uncertainty`` (``model_core.motion.Uncertainty``); return the modifier.

    Row 0 of the table is at ``start`` seconds after the scene's first frame. The modifier is added after those that are
    there; its inputs are the range of the colours in centimetres. One that is there already stays, with its ramp.
    """
    _store_probes(mesh_object.data, uncertainty)
    first = float(seconds_to_frames(start, scene))
    timeline = Timeline(first, motion_fps / scene_fps(scene), len(uncertainty.probes))
    tables = _create_tables(f"{mesh_object.name} {TABLE}", uncertainty.probes)
    group = build_group(f"{mesh_object.name} {VALUE}", tables, uncertainty.probes.shape[1], timeline)
    modifier: Any = modifier_of(mesh_object)
    if modifier is None:
        modifier = mesh_object.modifiers.new(MODIFIER, "NODES")
        modifier.node_group = group
    else:
        old = modifier.node_group
        name, edited = old.name, not is_like(old, group)
        copy_ramp(old, group)
        modifier.node_group = group
        _forget_group(old, edited)
        if not edited:
            group.name = name  # The old one's, which is free now.
        for _, table in tables:
            table.name = table.data.name = f"{mesh_object.name} {TABLE}"
    activate_colours(mesh_object.data)
    _add_mean(mesh_object, uncertainty, timeline)
    return modifier


def _add_mean(mesh_object: MeshObject, uncertainty: Uncertainty, timeline: Timeline) -> None:
    """An empty whose animated property shows in the Graph Editor how uncertain the body is as a whole, in centimetres.

    Of its own, because an animated property of the mesh object makes every frame half a millisecond slower.
    """
    mean = mean_centimetres(uncertainty, uncertainty.probes)
    frames = timeline.first + np.arange(timeline.row_count) / timeline.rows_per_frame
    empty = mean_empty(mesh_object)
    if empty is None or not empty.users_scene:
        empty = bpy.data.objects.new(f"{mesh_object.name} {VALUE}", None)
        empty.empty_display_size = MEAN_SIZE
        for collection in mesh_object.users_collection:
            collection.objects.link(empty)
        mesh_object[MEAN_POINTER] = empty
    empty[MEAN_PROPERTY] = float(mean[0])
    animation, path = empty.animation_data, f'["{MEAN_PROPERTY}"]'
    playing = animation.action if animation is not None else None
    curves = curves_in(empty, playing) if playing is not None else new_action(empty, empty.name)
    drop_curves(curves, path.__eq__)
    write_curve(curves, path, 0, frames, mean)


def modifier_of(mesh_object: MeshObject | None) -> Modifier | None:
    """The modifier that ``attach_uncertainty`` gave a mesh, whatever it is called now."""
    modifiers: Any = mesh_object.modifiers if mesh_object is not None else ()
    for modifier in modifiers:
        group = modifier.node_group if modifier.type == "NODES" else None
        if group is not None and is_uncertainty(group):
            return modifier
    return None


def shown_uncertainty(mesh_object: MeshObject | None) -> tuple[bpy.types.NodeTree | None, bpy.types.Action | None]:
    """The node group that a mesh shows its uncertainty by, and the action of the mean over the body."""
    modifier = modifier_of(mesh_object)
    if mesh_object is None or modifier is None:
        return None, None
    empty = mean_empty(mesh_object)
    animation = empty.animation_data if empty is not None else None
    return modifier.node_group, animation.action if animation is not None else None


def choose_uncertainty(mesh_object: MeshObject, group: bpy.types.NodeTree, mean: bpy.types.Action | None) -> None:
    """Let a mesh show what ``shown_uncertainty`` has said of it before, with the ramp that it has now."""
    modifier, empty = modifier_of(mesh_object), mean_empty(mesh_object)
    if modifier is None or modifier.node_group == group:
        return
    copy_ramp(modifier.node_group, group)
    modifier.node_group = group
    if empty is not None and mean is not None:
        use_action(empty, mean)


def release_mean(mesh_object: MeshObject) -> None:
    """Let the mean over the body play nothing: what is shown next gets an action of its own."""
    empty = mean_empty(mesh_object)
    if empty is not None and empty.animation_data is not None:
        empty.animation_data.action = None


def copied_uncertainty(group: Any) -> bpy.types.NodeTree:
    """A copy of a node group with tables of its own."""
    copy = group.copy()
    for node in copy.nodes:
        table = node.inputs["Object"].default_value if node.bl_idname == "GeometryNodeObjectInfo" else None
        if table is not None and TABLE in table.data.attributes:
            own = table.copy()
            own.data = table.data.copy()
            node.inputs["Object"].default_value = own
    return copy


def forget_uncertainty(group: bpy.types.NodeTree | None, mean: bpy.types.Action | None) -> None:
    """Remove a node group with its tables, and a mean's action, that nothing uses any more."""
    if group is not None:
        _forget_group(group, edited=False)
    if mean is not None and not mean.users:
        bpy.data.actions.remove(mean)


def mean_empty(mesh_object: MeshObject) -> bpy.types.Object | None:
    """The empty whose animated property is the mean over the body."""
    empty: Any = mesh_object.get(MEAN_POINTER)
    return empty if isinstance(empty, bpy.types.Object) else None


def _mean_curve(mesh_object: MeshObject) -> bpy.types.FCurve | None:
    empty = mean_empty(mesh_object)
    curves = fcurves_of(empty) if empty is not None else []
    return next((curve for curve in curves if curve.data_path == f'["{MEAN_PROPERTY}"]'), None)


def replace_uncertainty(mesh_object: MeshObject, motion: Motion, scene: Scene, first: int, last: int) -> None:
    """Replace what the modifier shows in the frames ``first``..``last`` by ``motion``'s uncertainty, its edges blended.

    The motion's second 0 is the scene's first frame. Raises ``InputError`` where it has other probes than the mesh.
    """
    modifier, mean = modifier_of(mesh_object), _mean_curve(mesh_object)
    if modifier is None or motion.uncertainty is None:
        return
    tables = _tables_of(modifier.node_group)
    rows = keyframes_of(mean) if mean is not None else np.empty((0, 2), np.float32)
    probes = motion.uncertainty.probes
    if (
        mean is None
        or sum(len(table.data.vertices) for table in tables) != (len(rows) + len(tables) - 1) * probes.shape[1]
    ):
        raise InputError(
            message("{mesh}: its uncertainty is of another kind; predict the whole motion again", mesh=mesh_object.name)
        )
    row = np.clip((frames_to_seconds(rows[:, 0], scene) - motion.start) * motion.fps, 0, len(probes) - 1)
    before = np.floor(row).astype(int)
    after = np.minimum(before + 1, len(probes) - 1)
    new = probes[before] + (row - before)[:, None] * (probes[after] - probes[before])
    weights = blending(rows[:, 0], first, last, (rows[0, 0], rows[-1, 0]))[:, None]
    begin = 0
    for table in tables:
        values = np.empty(len(table.data.vertices), np.float32)
        attribute = table.data.attributes[TABLE].data
        attribute.foreach_get("value", values)
        old = values.reshape(-1, probes.shape[1])
        some = slice(begin, begin + len(old))
        attribute.foreach_set("value", (old + weights[some] * (new[some] - old)).astype(np.float32).ravel())
        table.data.update()
        begin += len(old) - 1
    rows[:, 1] += weights[:, 0] * (mean_centimetres(motion.uncertainty, new) - rows[:, 1])
    mean.keyframe_points.foreach_set("co", rows.ravel())
    mean.update()


def _tables_of(group: bpy.types.NodeTree) -> list[MeshObject]:
    """The data objects of a node group that ``attach_uncertainty`` made, in the order of their rows."""
    nodes: list[Node] = list(group.nodes)
    objects = [node.inputs["Object"].default_value for node in nodes if node.bl_idname == "GeometryNodeObjectInfo"]
    return [item for item in objects if item is not None and TABLE in item.data.attributes]


def mean_centimetres(uncertainty: Uncertainty, probes: np.ndarray) -> np.ndarray:
    """Mean (T,) over all vertices of the probe values (T, P)."""
    probe_weights = np.bincount(uncertainty.index.ravel(), uncertainty.weight.ravel(), probes.shape[1])
    return 100 * probes @ (probe_weights / len(uncertainty.index))


def read_uncertainty(mesh_object: MeshObject, frames: np.ndarray) -> Uncertainty | None:
    """What the modifier shows at scene frames (n,), as a row each; None where the mesh shows none."""
    modifier, rows = modifier_of(mesh_object), mean_keyframes(mesh_object)[:, 0]
    if modifier is None or not len(rows):
        return None
    parts = []
    for table in _tables_of(modifier.node_group):
        values = np.empty(len(table.data.vertices), np.float32)
        table.data.attributes[TABLE].data.foreach_get("value", values)
        parts.append(values)
    # Each table but the first begins with the last row of the one before.
    count = (sum(map(len, parts))) // (len(rows) + len(parts) - 1)
    probes = np.concatenate([part.reshape(-1, count)[number > 0 :] for number, part in enumerate(parts)])
    place = np.interp(frames, rows, np.arange(len(rows)))
    before = np.floor(place).astype(int)
    after = np.minimum(before + 1, len(rows) - 1)
    mixed = probes[before] + (place - before)[:, None].astype(np.float32) * (probes[after] - probes[before])
    return Uncertainty(mixed, _point_values(mesh_object, PROBE_NAMES, np.int32),
                       _point_values(mesh_object, WEIGHT_NAMES, np.float32))  # fmt: skip


def _point_values(mesh_object: MeshObject, names: tuple[str, ...], kind: type) -> np.ndarray:
    """Attributes of the vertices, a column each."""
    columns = []
    for name in names:
        values = np.empty(len(mesh_object.data.vertices), kind)
        attribute: Any = mesh_object.data.attributes[name]
        attribute.data.foreach_get("value", values)
        columns.append(values)
    return np.stack(columns, 1)


def mean_keyframes(mesh_object: MeshObject) -> np.ndarray:
    """(n, 2) frames and centimetres: how uncertain the whole body is over time; empty where it is not known."""
    curve = _mean_curve(mesh_object)
    return keyframes_of(curve) if curve is not None else np.empty((0, 2), np.float32)


def remove_uncertainty(mesh_object: MeshObject) -> None:
    """Take away what ``attach_uncertainty`` made: modifier, node group, tables, attributes and the mean's action."""
    modifier = modifier_of(mesh_object)
    if modifier is None:
        return
    empty = mean_empty(mesh_object)
    if empty is not None:
        action = empty.animation_data.action if empty.animation_data is not None else None
        if action is not None and action.users <= 1:
            bpy.data.actions.remove(action)
        bpy.data.objects.remove(empty)
        del mesh_object[MEAN_POINTER]
    group = modifier.node_group
    mesh_object.modifiers.remove(modifier)
    _forget_group(group, edited=False)
    for name in (*PROBE_NAMES, *WEIGHT_NAMES, COLOUR):
        if name in mesh_object.data.attributes:
            mesh_object.data.attributes.remove(mesh_object.data.attributes[name])


def _forget_group(group: Any, edited: bool) -> None:
    """Remove a node group that no modifier has any more, and its tables; nodes that somebody edited stay."""
    if edited:
        group.use_fake_user = True
    elif not group.users:
        tables = _tables_of(group)
        bpy.data.node_groups.remove(group)
        for table in tables:
            if not table.users:  # Another avatar's group, a duplicate's, may read it too.
                bpy.data.meshes.remove(table.data)


def _store_probes(mesh: bpy.types.Mesh, uncertainty: Uncertainty) -> None:
    for k in range(4):
        probe: Any = mesh.attributes.get(PROBE_NAMES[k]) or mesh.attributes.new(PROBE_NAMES[k], "INT", "POINT")
        probe.data.foreach_set("value", np.ascontiguousarray(uncertainty.index[:, k], np.int32))
        weight: Any = mesh.attributes.get(WEIGHT_NAMES[k]) or mesh.attributes.new(WEIGHT_NAMES[k], "FLOAT", "POINT")
        weight.data.foreach_set("value", np.ascontiguousarray(uncertainty.weight[:, k], np.float32))


def _create_tables(name: str, probes: np.ndarray) -> list[tuple[int, MeshObject]]:
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
        attribute: Any = mesh.attributes.new(TABLE, "FLOAT", "POINT")
        attribute.data.foreach_set("value", values.ravel())
        tables.append((first, cast(MeshObject, bpy.data.objects.new(name, mesh))))
    return tables
