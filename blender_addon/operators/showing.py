"""What is new is brought before the eyes: selected, framed, in its colours."""

from collections.abc import Iterator, Sequence
from typing import Any

import bpy

from ..bpy_types import ArmatureObject, Context

MATERIAL_COLOURS, VERTEX_COLOURS = "MATERIAL", "VERTEX"


def select(context: Context, items: Sequence[bpy.types.Object], active: bpy.types.Object) -> None:
    """Select objects, those that the view layer has, and nothing else."""
    layer = context.view_layer
    for item in list(context.selected_objects):
        item.select_set(False)
    for item in items:
        if layer.objects.get(item.name) == item:
            item.select_set(True)
    if layer.objects.get(active.name) == active:
        layer.objects.active = active


def select_bones(armature: ArmatureObject) -> None:
    """Select all bones, so that timeline and editors show their keyframes."""
    bones: Any = armature.pose.bones
    for bone in bones:
        if hasattr(bone, "select"):  # From Blender 5.0 on the pose's.
            bone.select = True
        else:
            bone.bone.select = True


def show_colours_in_views(context: Context) -> None:
    """Let Solid views that still draw materials draw the colours of vertices."""
    for area in _areas(context, "VIEW_3D"):
        for space in area.spaces:
            shading = getattr(space, "shading", None)
            if shading is not None and shading.color_type == MATERIAL_COLOURS:
                shading.color_type = VERTEX_COLOURS


def frame_selected(context: Context) -> None:
    """Let all 3D views look at what is selected, and all time lines show the scene's range."""
    for window in context.window_manager.windows:
        for area in window.screen.areas:
            region: Any = next((region for region in area.regions if region.type == "WINDOW"), None)
            with context.temp_override(window=window, area=area, region=region):
                if area.type == "VIEW_3D" and bpy.ops.view3d.view_selected.poll():
                    bpy.ops.view3d.view_selected()
                if area.type == "DOPESHEET_EDITOR" and bpy.ops.action.view_all.poll():
                    bpy.ops.action.view_all()


def _areas(context: Context, kind: str) -> Iterator[bpy.types.Area]:
    for window in context.window_manager.windows:
        yield from (area for area in window.screen.areas if area.type == kind)
