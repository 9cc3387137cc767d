"""A body as an armature with SMPL's bones and a skinned mesh.

A bone points along its limb, so its own axes differ from SMPL's, which are the world's at rest. With B the bone's rest
axes in armature space and R a joint's local rotation in Blender's frame, the bone's own rotation is ``B^T R B``: exact,
whatever way the bone points.
"""

from collections.abc import Container, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

import bpy
import numpy as np

from ...model_core.body import Body
from ...model_core.geometry.frames import MODEL_TO_BLENDER, convert_positions
from ...model_core.geometry.rotations import shortest_rotation
from ...model_core.geometry.skeleton import JOINT_NAMES, PARENTS, PELVIS
from ..bpy_types import ArmatureObject, MeshObject, Modifier, current_context
from .bone_names import PRESET, names_of
from .contacts import create_rings
from .correctives import add_correctives
from .hands import HOLDING, RELAXED, holding_offsets, relaxed_offsets
from .shape_keys import add_key

TAIL_JOINTS = {"pelvis": "spine1", "spine3": "neck"}
"""Where a bone's tail lies when its joint has several children; otherwise at the only child."""
LEAF_DIRECTIONS = {
    "head": np.array([0.0, 0, 1]),
    "left_foot": np.array([0.0, -1, 0]),
    "right_foot": np.array([0.0, -1, 0]),
}
"""Blender-frame directions of bones without a child; hands go on as their forearm does."""
LEAF_LENGTHS = {"head": 0.18, "left_foot": 0.07, "right_foot": 0.07}
HAND_LENGTH = 0.09
FORWARD, UP = (0.0, -1.0, 0.0), (0.0, 0.0, 1.0)
LIES_FLAT = ("left_ankle", "right_ankle", "left_foot", "right_foot")
"""Bones that point forward: their Z axis is turned upwards; all others' Z axis is turned forward."""


METARIG_AXES = {
    joint: (np.array(along), np.array(z_axis))
    for joint, (along, z_axis) in {
        "pelvis": ((0, -0.25, 0.968), (0, -0.968, -0.25)), "hip": ((0, -0.076, -0.997), (0, 0.997, -0.076)),
        "spine1": ((0, -0.123, 0.992), (0, -0.992, -0.123)), "knee": ((0, 0.099, -0.995), (0, 0.995, 0.099)),
        "spine2": ((0, 0.032, 0.999), (0, -0.999, 0.032)), "ankle": ((0, -0.848, -0.53), (0, 0.53, -0.848)),
        "spine3": ((0, 0.029, 1), (0, -1, 0.029)), "foot": ((0, -1, 0), (0, 0, 1)),
        "neck": ((0, -0.369, 0.93), (0, -0.93, -0.369)), "collar": ((0.86, 0.51, 0), (0, 0, 1)),
        "head": ((0, 0, 1), (0, -1, 0)), "shoulder": ((0.86, 0.21, -0.47), (0.188, -0.977, -0.103)),
        "elbow": ((0.83, -0.15, -0.54), (-0.125, -0.989, 0.082)), "wrist": ((0.8, -0.1, -0.59), (-0.08, -0.995, 0.06)),
        "hand": ((0.8, -0.16, -0.57), (-0.58, -0.004, -0.814)),
    }.items()
}  # fmt: skip
"""Along which way bones point and their Z axis in Rigify's human metarig at rest, the left one of a pair. Ours point
elsewhere: the smallest turn between the two carries the axes over."""


@dataclass(frozen=True)
class Avatar:
    """The two objects of an avatar in the scene."""

    armature: ArmatureObject
    mesh: MeshObject


@dataclass(frozen=True)
class RestShape:
    """A body of some shape at rest, in Blender's frame, standing on the floor at the origin.

    ``joints`` (24, 3), ``vertices`` (V, 3); ``keys``: name of a shape key -> by how much (V, 3) it moves the vertices.
    All in metres.
    """

    joints: np.ndarray
    vertices: np.ndarray
    keys: dict[str, np.ndarray]


def rest_shape(body: Body, betas: np.ndarray) -> RestShape:
    """The rest shape of ``body`` with shape parameters ``betas`` (10,); its keys relax and close the hands."""
    origin = _origin(body, betas)
    joints = np.asarray(body.rest_joints(betas), np.float64) - origin
    vertices = np.asarray(body.rest_vertices(betas), np.float64) - origin
    offsets = {RELAXED: relaxed_offsets(body, vertices, joints), HOLDING: holding_offsets(body, vertices, joints)}
    keys = {name: convert_positions(moved, MODEL_TO_BLENDER) for name, moved in offsets.items()}
    return RestShape(
        convert_positions(joints, MODEL_TO_BLENDER), convert_positions(vertices, MODEL_TO_BLENDER),
        {name: moved for name, moved in keys.items() if np.abs(moved).max() > 0},
    )  # fmt: skip


def create_avatar(
    body: Body, betas: np.ndarray, name: str, collection: bpy.types.Collection | None = None, correctives: bool = True
) -> Avatar:
    """Make the armature object ``name`` and its skinned mesh, standing on the floor at the origin; return ``Avatar``.

    ``body`` and ``betas`` (10,) give rest joints, rest vertices, faces and skinning weights in the model's frame; its
    hands are relaxed by a shape key, beside one that closes them, and its pose correctives, where it has any and
    ``correctives`` asks for them, are shape keys too. Rings below the feet wait for contacts. All go into
    ``collection``, by default the active one.
    """
    collection = collection or current_context().collection
    shape = rest_shape(body, betas)
    armature = create_armature(shape, name, collection)
    mesh = create_mesh(body, shape, armature, f"{name} body", collection)
    if correctives:
        add_correctives(mesh, armature, body, bone_matrices(armature))
    return Avatar(armature, mesh)


def bone_matrices(armature: ArmatureObject) -> np.ndarray:
    """(24, 3, 3): every bone's rest axes in armature space, as columns, in SMPL's order."""
    bones = armature.data.bones
    return np.array([np.array(bones[name].matrix_local)[:3, :3] for name in names_of(armature)])


def _origin(body: Body, betas: np.ndarray) -> np.ndarray:
    """Model-frame point that becomes the armature's origin: on the floor, below the pelvis."""
    pelvis = np.asarray(body.rest_joints(betas), np.float64)[PELVIS]
    return np.array([pelvis[0], float(body.sole(betas)), pelvis[2]])


def bone_tails(joints: np.ndarray) -> np.ndarray:
    """Rest joints (24, 3) in Blender's frame -> bone tails (24, 3)."""
    tails = np.empty_like(joints)
    for index, name in enumerate(JOINT_NAMES):
        children = [c for c, parent in enumerate(PARENTS) if parent == index]
        if name in LEAF_DIRECTIONS:
            tails[index] = joints[index] + LEAF_DIRECTIONS[name] * LEAF_LENGTHS[name]
        elif not children:
            along = joints[index] - joints[PARENTS[index]]
            tails[index] = joints[index] + along / np.linalg.norm(along) * HAND_LENGTH
        else:
            child = JOINT_NAMES.index(TAIL_JOINTS[name]) if name in TAIL_JOINTS else children[0]
            tails[index] = joints[child]
    return tails


def create_armature(shape: RestShape, name: str, collection: bpy.types.Collection) -> ArmatureObject:
    """An armature object with the bones of a rest shape, and rings below its feet."""
    data = bpy.data.armatures.new(name)
    armature = cast(ArmatureObject, bpy.data.objects.new(name, data))
    collection.objects.link(armature)
    with edit_bones(armature):
        for joint, bone_name in enumerate(JOINT_NAMES):
            bone: Any = data.edit_bones.new(bone_name)
            if PARENTS[joint] >= 0:
                bone.parent = data.edit_bones[JOINT_NAMES[PARENTS[joint]]]
        place_bones(armature, JOINT_NAMES, shape.joints)
    data.display_type = "STICK"
    armature.show_in_front = True
    for bone in armature.pose.bones:
        bone.rotation_mode = "QUATERNION"
        if bone.name != JOINT_NAMES[PELVIS]:
            bone.lock_location = (True, True, True)
    create_rings(armature, name, collection)
    return armature


@contextmanager
def edit_bones(armature: ArmatureObject) -> Iterator[None]:
    """Within, the armature has edit bones.

    They exist in edit mode alone, which needs a view layer that shows the object: a scene of its own has one, whatever
    the animator has hidden, and leaves their selection and their mode alone.
    """
    stage = bpy.data.scenes.new("Threepoint edit mode")
    mode, hidden = armature.mode, armature.hide_viewport
    try:
        armature.hide_viewport = False
        stage.collection.objects.link(armature)
        layer = stage.view_layers[0]
        layer.objects.active = armature
        context: Any = current_context()
        with context.temp_override(scene=stage, view_layer=layer, active_object=armature, object=armature):
            bpy.ops.object.mode_set(mode="EDIT")
            try:
                yield
            finally:
                bpy.ops.object.mode_set(mode=mode)
    finally:
        bpy.data.scenes.remove(stage)
        armature.hide_viewport = hidden


def place_bones(armature: ArmatureObject, names: Sequence[str], joints: np.ndarray) -> None:
    """Lay the edit bones of these names, in SMPL's order, through ``joints`` (24, 3), in the armature's space.

    Bones of the animator's own move along with the one that carries them.
    """
    bones: Any = armature.data.edit_bones
    before = {name: bones[name].head.copy() for name in names}
    own = [(bone, _carrier(bone, before)) for bone in bones if bone.name not in before]
    for name, head, tail in zip(names, joints, bone_tails(joints), strict=True):
        bone = bones[name]
        bone.use_connect = False
        bone.head, bone.tail = head, tail
    roll_bones(armature, names)
    for bone in (bones[name] for name in names):
        bone.use_connect = bone.parent is not None and (bone.parent.tail - bone.head).length < 1e-6
    for bone, carrier in own:
        if carrier is not None:
            shift = bones[carrier].head - before[carrier]
            bone.head, bone.tail = bone.head + shift, bone.tail + shift


def roll_bones(armature: ArmatureObject, names: Sequence[str]) -> None:
    """Roll the edit bones of these names, in SMPL's order, as the preset of the armature's names does."""
    bones: Any = armature.data.edit_bones
    for joint, name in zip(JOINT_NAMES, names, strict=True):
        back = UP if joint in LIES_FLAT else FORWARD
        if armature.get(PRESET) == "RIGIFY":
            along, z_axis = METARIG_AXES[joint.removeprefix("left_").removeprefix("right_")]
            mirrored = np.array([-1.0, 1, 1]) if joint.startswith("right_") else np.ones(3)
            carried = shortest_rotation(along * mirrored, np.array(bones[name].y_axis, np.float64))
            back = (carried @ (z_axis * mirrored)).tolist()
        bones[name].align_roll(back)


def _carrier(bone: Any, names: Container[str]) -> str | None:
    """The nearest ancestor of a bone that has one of the names."""
    return next((parent.name for parent in bone.parent_recursive if parent.name in names), None)


def create_mesh(
    body: Body, shape: RestShape, armature: ArmatureObject, name: str, collection: bpy.types.Collection
) -> MeshObject:
    """The skinned mesh of a rest shape, with the shape keys of its hands."""
    mesh = cast(MeshObject, bpy.data.objects.new(name, bpy.data.meshes.new(name)))
    collection.objects.link(mesh)
    mesh.parent = armature
    fill_mesh(mesh, body, shape, names_of(armature))
    # Linear blend skinning, as in SMPL and in every game engine: what is seen here arrives in exported files.
    modifier: Modifier = mesh.modifiers.new("Armature", "ARMATURE")
    modifier.object = armature
    return mesh


def fill_mesh(mesh: MeshObject, body: Body, shape: RestShape, names: Sequence[str]) -> None:
    """Give a mesh without vertices the body's, its weights for the bones of these ``names``, and the shape's keys."""
    data, faces = mesh.data, np.asarray(body.faces)
    data.vertices.add(len(shape.vertices))
    data.vertices.foreach_set("co", shape.vertices.astype(np.float32).ravel())
    data.loops.add(faces.size)
    data.loops.foreach_set("vertex_index", faces.astype(np.int32).ravel())
    data.polygons.add(len(faces))
    data.polygons.foreach_set("loop_start", np.arange(0, faces.size, faces.shape[1], dtype=np.int32))
    data.polygons.foreach_set("use_smooth", np.ones(len(faces), bool))
    data.update(calc_edges=True)
    _weigh(mesh, np.asarray(body.weights), names)
    for key, offsets in shape.keys.items():
        add_key(mesh, key, offsets).value = float(key == RELAXED)


def _weigh(mesh: MeshObject, weights: np.ndarray, names: Sequence[str]) -> None:
    """Write skinning weights (V, 24) into the vertex groups of the bones' names."""
    for joint, name in enumerate(names):
        group = mesh.vertex_groups.get(name) or mesh.vertex_groups.new(name=name)
        column = weights[:, joint]
        order = np.argsort(column, kind="stable")
        order = order[column[order] > 0]
        values, begins = np.unique(column[order], return_index=True)
        vertices, bounds = order.tolist(), [*begins.tolist(), len(order)]
        for value, begin, end in zip(values.tolist(), bounds, bounds[1:], strict=False):  # Not a call a vertex.
            group.add(vertices[begin:end], value, "REPLACE")
