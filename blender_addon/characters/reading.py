"""An armature of Blender's as a ``RestPose``, with the skin that hangs on it."""

from typing import Any, cast

import bpy
import numpy as np

from ...model_core.errors import InputError
from ..bpy_types import ArmatureObject, MeshObject
from ..i18n.messages import message
from .bones.rest_pose import RestPose

MOST_VERTICES = 40_000
"""Vertices of a character that are looked at: a heel is found among every n-th of them, too."""
EVEN = 1e-3
"""How far an object's three scales may differ, as a fraction, and still be one."""


def read_rest(armature: ArmatureObject) -> RestPose:
    """The bones of an armature at rest, where the object is now. Raises ``InputError`` where it is stretched."""
    world = np.array(armature.matrix_world)
    scales = np.linalg.norm(world[:3, :3], axis=0)
    scale = float(scales.mean())
    if scale == 0 or np.ptp(scales) > EVEN * scale or np.linalg.det(world[:3, :3]) <= 0:
        raise InputError(message("{name}: is stretched or mirrored; apply its scale first", name=armature.name))
    turn = world[:3, :3] / scale
    bones = cast(list[Any], list(armature.data.bones))  # Blender lists parents first.
    order = {bone.name: place for place, bone in enumerate(bones)}
    matrices = np.array([np.array(bone.matrix_local) for bone in bones]).reshape(-1, 4, 4)
    local = np.array([bone.use_local_location or bone.parent is None for bone in bones], bool)
    tails = np.array([bone.tail_local for bone in bones]).reshape(-1, 3)
    return RestPose(
        names=tuple(order),
        parents=np.array([order[bone.parent.name] if bone.parent else -1 for bone in bones], int),
        heads=matrices[:, :3, 3] @ world[:3, :3].T + world[:3, 3],
        tails=tails @ world[:3, :3].T + world[:3, 3],
        axes=turn @ matrices[:, :3, :3],
        location_axes=np.where(local[:, None, None], turn @ matrices[:, :3, :3], turn),
        inherits=np.array([bone.use_inherit_rotation for bone in bones], bool),
        surface=_surface(armature),
        scale=scale,
    )


def skins_of(armature: ArmatureObject) -> list[MeshObject]:
    """The meshes that the armature moves."""
    found, objects = [], cast(Any, bpy.data.objects)
    for item in objects:
        if item.type != "MESH" or not item.users_scene:
            continue
        moved = any(modifier.type == "ARMATURE" and modifier.object == armature for modifier in item.modifiers)
        if moved or (item.parent == armature and item.parent_type == "BONE"):
            found.append(item)
    return found


def _surface(armature: ArmatureObject) -> np.ndarray:
    """Vertices (V, 3) of the character's meshes at rest."""
    parts = []
    for item in skins_of(armature):
        if item.parent_type == "BONE":
            continue  # Carried by a posed bone: where it is at rest is not where it is now.
        vertices = item.data.vertices
        places = np.empty(3 * len(vertices), np.float32)
        vertices.foreach_get("co", places)
        world = np.array(item.matrix_world)
        parts.append(places.reshape(-1, 3) @ world[:3, :3].T + world[:3, 3])
    if not parts:
        return np.zeros((0, 3))
    whole = np.concatenate(parts)
    return whole[:: max(1, len(whole) // MOST_VERTICES)].astype(np.float64)
