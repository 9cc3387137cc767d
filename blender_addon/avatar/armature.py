"""A body as an armature with SMPL's bones and a skinned mesh.

A bone points along its limb, so its own axes differ from SMPL's, which are the world's at rest. With B the bone's rest
axes in armature space and R a joint's local rotation in Blender's frame, the bone's own rotation is ``B^T R B``: exact,
whatever way the bone points.
"""

from dataclasses import dataclass
from typing import Any, cast

import bpy
import numpy as np

from ...model_core.body import Body
from ...model_core.geometry.frames import MODEL_TO_BLENDER, convert_positions
from ...model_core.geometry.skeleton import JOINT_NAMES, PARENTS, PELVIS
from ..bpy_types import ArmatureObject, MeshObject, Modifier, current_context
from .bone_names import names_of
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


@dataclass(frozen=True)
class Avatar:
    """The two objects of an avatar in the scene."""

    armature: ArmatureObject
    mesh: MeshObject


def create_avatar(
    body: Body, betas: np.ndarray, name: str, collection: bpy.types.Collection | None = None, correctives: bool = True
) -> Avatar:
    """Make the armature object ``name`` and its skinned mesh, standing on the floor at the origin; return ``Avatar``.

    ``body`` and ``betas`` (10,) give rest joints, rest vertices, faces and skinning weights in the model's frame; its
    hands are relaxed by a shape key, beside one that closes them, and its pose correctives, where it has any and
    ``correctives`` asks for them, are
    shape keys too. Rings below the feet wait for contacts. All go into ``collection``, by default the active one.
    """
    collection = collection or current_context().collection
    origin = _origin(body, betas)
    rest_joints = np.asarray(body.rest_joints(betas), np.float64) - origin
    rest_vertices = np.asarray(body.rest_vertices(betas), np.float64) - origin
    armature = _create_armature(convert_positions(rest_joints, MODEL_TO_BLENDER), name, collection)
    vertices = convert_positions(rest_vertices, MODEL_TO_BLENDER)
    mesh = _create_mesh(vertices, np.asarray(body.faces), f"{name} body", collection)
    _skin(mesh, armature, np.asarray(body.weights))
    for key, offsets_of in ((RELAXED, relaxed_offsets), (HOLDING, holding_offsets)):
        offsets = offsets_of(body, rest_vertices, rest_joints)
        if np.abs(offsets).max() > 0:
            add_key(mesh, key, convert_positions(offsets, MODEL_TO_BLENDER)).value = float(key == RELAXED)
    if correctives:
        add_correctives(mesh, armature, body, bone_matrices(armature))
    create_rings(armature, name, collection)
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


def _create_armature(joints: np.ndarray, name: str, collection: bpy.types.Collection) -> ArmatureObject:
    data = bpy.data.armatures.new(name)
    armature = cast(ArmatureObject, bpy.data.objects.new(name, data))
    collection.objects.link(armature)
    _make_bones(armature, joints)
    data.display_type = "STICK"
    armature.show_in_front = True
    for bone in armature.pose.bones:
        bone.rotation_mode = "QUATERNION"
        if bone.name != JOINT_NAMES[PELVIS]:
            bone.lock_location = (True, True, True)
    return armature


def _make_bones(armature: ArmatureObject, joints: np.ndarray) -> None:
    """Bones exist as editable ones only in edit mode, which needs the armature to be the active object."""
    layer = current_context().view_layer
    active = layer.objects.active
    if active is not None and active.mode != "OBJECT":
        bpy.ops.object.mode_set(mode="OBJECT")
    layer.objects.active = armature
    bpy.ops.object.mode_set(mode="EDIT")
    bones: list[Any] = []
    for index, (name, head, tail) in enumerate(zip(JOINT_NAMES, joints, bone_tails(joints), strict=True)):
        bone: Any = armature.data.edit_bones.new(name)
        bone.head, bone.tail = head, tail
        bone.align_roll(UP if name in LIES_FLAT else FORWARD)
        if PARENTS[index] >= 0:
            bone.parent = bones[PARENTS[index]]
            bone.use_connect = (bone.parent.tail - bone.head).length < 1e-6
        bones.append(bone)
    bpy.ops.object.mode_set(mode="OBJECT")
    layer.objects.active = active


def _create_mesh(vertices: np.ndarray, faces: np.ndarray, name: str, collection: bpy.types.Collection) -> MeshObject:
    data = bpy.data.meshes.new(name)
    data.vertices.add(len(vertices))
    data.vertices.foreach_set("co", vertices.astype(np.float32).ravel())
    data.loops.add(faces.size)
    data.loops.foreach_set("vertex_index", faces.astype(np.int32).ravel())
    data.polygons.add(len(faces))
    data.polygons.foreach_set("loop_start", np.arange(0, faces.size, faces.shape[1], dtype=np.int32))
    data.polygons.foreach_set("use_smooth", np.ones(len(faces), bool))
    data.update(calc_edges=True)
    mesh = cast(MeshObject, bpy.data.objects.new(name, data))
    collection.objects.link(mesh)
    return mesh


def _skin(mesh: MeshObject, armature: ArmatureObject, weights: np.ndarray) -> None:
    mesh.parent = armature
    for joint, name in enumerate(JOINT_NAMES):
        group = mesh.vertex_groups.new(name=name)
        column = weights[:, joint]
        order = np.argsort(column, kind="stable")
        order = order[column[order] > 0]
        values, begins = np.unique(column[order], return_index=True)
        vertices, bounds = order.tolist(), [*begins.tolist(), len(order)]
        for value, begin, end in zip(values.tolist(), bounds, bounds[1:], strict=False):  # Not a call a vertex.
            group.add(vertices[begin:end], value, "REPLACE")
    # Linear blend skinning, as in SMPL and in every game engine: what is seen here arrives in exported files.
    modifier: Modifier = mesh.modifiers.new("Armature", "ARMATURE")
    modifier.object = armature
