"""What is new is brought before the eyes: selected, framed, in its colours."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import bpy
from mathutils import Vector

from ..bpy_types import ArmatureObject, Context

LONGEST_WALK = 8.0
"""Metres: a person who goes further would be small in a view of all of it."""
PERSON_HEIGHT = 1.9
"""Metres, with room above the head."""
HALF_SENSOR = 36.0
"""Millimetres: half of what a 3D view's ``lens`` throws its picture on."""
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


def frame_walk(context: Context, extent: Sequence[float]) -> None:
    """Let all 3D views see what is selected, wherever it goes, and all time lines show the scene's range.

    ``extent``: the rectangle of floor (x from, y from, x to, y to) that it takes up over time, in metres. Where that is
    longer than ``LONGEST_WALK``, or through a camera, views look at where it is now.
    """
    low_x, low_y, high_x, high_y = extent
    walk = Vector((high_x - low_x, high_y - low_y, PERSON_HEIGHT))
    centre = Vector(((low_x + high_x) / 2, (low_y + high_y) / 2, PERSON_HEIGHT / 2))
    for window in context.window_manager.windows:
        for area in window.screen.areas:
            region: Any = next((region for region in area.regions if region.type == "WINDOW"), None)
            with context.temp_override(window=window, area=area, region=region):
                view: Any = getattr(area.spaces.active, "region_3d", None)
                if view is not None and view.view_perspective != "CAMERA" and max(walk.x, walk.y) <= LONGEST_WALK:
                    view.view_location = centre
                    view.view_distance = walk.length / 2 / math.sin(_half_angle(area, region))
                elif area.type == "VIEW_3D" and bpy.ops.view3d.view_selected.poll():
                    bpy.ops.view3d.view_selected()
                if area.type == "DOPESHEET_EDITOR" and bpy.ops.action.view_all.poll():
                    bpy.ops.action.view_all()


def _half_angle(area: bpy.types.Area, region: bpy.types.Region) -> float:
    """Half of the angle in radians that a 3D view sees along its shorter side, sidebars over it left out."""
    space: Any = area.spaces.active
    covered = sum(side.width for side in area.regions if side.type in ("UI", "TOOLS") and side.width > 1)
    shorter = min(max(region.width - covered, region.width / 2), region.height)
    return math.atan(HALF_SENSOR / space.lens * shorter / max(region.width, region.height, 1))


def _areas(context: Context, kind: str) -> Iterator[bpy.types.Area]:
    for window in context.window_manager.windows:
        yield from (area for area in window.screen.areas if area.type == kind)
