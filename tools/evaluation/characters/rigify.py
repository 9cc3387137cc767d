"""Rigify's human metarig and the rig that it generates, where Blender has that add-on."""

from typing import Any, cast

import bpy

from ....blender_addon.bpy_types import ArmatureObject

METARIG, GENERATED = "rigify_metarig", "rigify_generated"


def make_rigify(kind: str) -> ArmatureObject | None:
    """The metarig or the rig generated from it, in the current scene; None where the add-on is missing."""
    try:
        bpy.ops.preferences.addon_enable(module="rigify")
        add: Any = bpy.ops.object
        add.armature_human_metarig_add()
    except (RuntimeError, AttributeError):
        return None
    context: Any = bpy.context
    metarig = context.object
    if kind == METARIG:
        return cast(ArmatureObject, metarig)
    generate: Any = bpy.ops.pose
    generate.rigify_generate()
    rig = context.object
    bpy.ops.object.mode_set(mode="OBJECT")
    bpy.data.objects.remove(metarig)
    return cast(ArmatureObject, rig)
