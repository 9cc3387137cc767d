"""Rigify's human metarig and the rig that it generates, where Blender has that add-on."""

from typing import Any, cast

import bpy
import numpy as np

from ....blender_addon.avatar.armature import edit_bones
from ....blender_addon.bpy_types import ArmatureObject
from .boxes import add_boxes, box_along

METARIG, GENERATED = "rigify_metarig", "rigify_generated"
THICKNESS, THICKEST = 0.2, 0.04
"""Half of a box's width, in its bone's length, and in metres at most."""


def make_rigify(kind: str, face: bool = True) -> ArmatureObject | None:
    """The metarig or the rig generated from it, in the current scene; None where the add-on is missing.

    Without a ``face``, whose bones no motion moves, the rig is generated thirty times as fast.
    """
    try:
        bpy.ops.preferences.addon_enable(module="rigify")
        add: Any = bpy.ops.object
        add.armature_human_metarig_add()
    except (RuntimeError, AttributeError):
        return None
    context: Any = bpy.context
    metarig = context.object
    if not face:
        with edit_bones(metarig):
            bones = metarig.data.edit_bones
            for bone in (*bones["face"].children_recursive, bones["face"]):
                bones.remove(bone)
    if kind == METARIG:
        return _skinned(metarig)
    generate: Any = bpy.ops.pose
    generate.rigify_generate()
    rig = context.object
    bpy.ops.object.mode_set(mode="OBJECT")
    bpy.data.objects.remove(metarig)
    return _skinned(rig)


def _skinned(armature: Any) -> ArmatureObject:
    """The armature with a box along every bone that deforms, for the picture; none of them below the floor."""
    boxes = {}
    for bone in armature.data.bones:
        if bone.use_deform:
            box = box_along(
                np.array(bone.head_local), np.array(bone.tail_local), min(THICKEST, THICKNESS * bone.length)
            )
            boxes[bone.name] = np.maximum(box, [-np.inf, -np.inf, 0.0])
    add_boxes(armature, boxes)
    return cast(ArmatureObject, armature)
