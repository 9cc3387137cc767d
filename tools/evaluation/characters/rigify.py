"""Rigify's human metarig and the rig that it generates, where Blender has that add-on."""

from typing import Any, cast

import bpy
import numpy as np

from ....blender_addon.bpy_types import ArmatureObject

METARIG, GENERATED = "rigify_metarig", "rigify_generated"
THICKNESS, THICKEST = 0.2, 0.04
"""Half of a box's width, in its bone's length, and in metres at most."""
BOX = ((0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3))


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
        _add_boxes(metarig)
        return cast(ArmatureObject, metarig)
    generate: Any = bpy.ops.pose
    generate.rigify_generate()
    rig = context.object
    bpy.ops.object.mode_set(mode="OBJECT")
    bpy.data.objects.remove(metarig)
    _add_boxes(rig)
    return cast(ArmatureObject, rig)


def _add_boxes(armature: Any) -> None:
    """A mesh with a box along every bone that deforms, for the picture; none of them below the floor."""
    vertices, faces, groups = [], [], {}
    for bone in armature.data.bones:
        if not bone.use_deform:
            continue
        ends = np.array([bone.head_local, bone.tail_local])
        thick = min(THICKEST, THICKNESS * bone.length)
        low, high = ends.min(0) - thick, ends.max(0) + thick
        low[2] = max(low[2], 0.0)
        groups[bone.name] = list(range(len(vertices), len(vertices) + 8))
        faces += [[len(vertices) + corner for corner in face] for face in BOX]
        vertices += [(x, y, z) for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])]
    mesh = bpy.data.meshes.new(f"{armature.name} boxes")
    mesh.from_pydata(vertices, [], faces)
    boxes: Any = bpy.data.objects.new(mesh.name, mesh)
    armature.users_collection[0].objects.link(boxes)
    boxes.parent = armature
    for name, members in groups.items():
        boxes.vertex_groups.new(name=name).add(members, 1.0, "REPLACE")
    boxes.modifiers.new("Armature", "ARMATURE").object = armature
