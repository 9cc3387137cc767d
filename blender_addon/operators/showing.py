"""What is new is brought before the eyes: selected, framed, in its colours."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import bpy
from mathutils import Vector

from ..bpy_types import ArmatureObject, Context
from ..state.people import people_of, trackers_of
from ..state.placement import ARM, extent_now
from ..state.properties import THREEPOINT_PG_person

LONGEST_WALK = 8.0
"""Metres: a person who goes further would be small in a view of all of it."""
HEADROOM = 1.9
"""Metres that a view shows of a person, from the floor to above the head."""
HALF_FILM = 36.0
"""Millimetres: half of what a 3D view's ``lens`` throws its picture on."""
USUAL_VIEW = 0.6
"""Height of a view that has no size yet, as a fraction of its width."""
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
    for window in context.window_manager.windows:
        for area in window.screen.areas:
            view: Any = getattr(area.spaces.active, "region_3d", None)
            with context.temp_override(window=window, area=area, region=_region(area)):
                if view is not None and view.view_perspective != "CAMERA" and _longest_side(extent) <= LONGEST_WALK:
                    _look_at(area, extent)
                elif area.type == "VIEW_3D" and bpy.ops.view3d.view_selected.poll():
                    bpy.ops.view3d.view_selected()
                if area.type == "DOPESHEET_EDITOR" and bpy.ops.action.view_all.poll():
                    bpy.ops.action.view_all()


def show_in_new_file(context: Context) -> None:
    """Let a file that a command has built open as a window is after *Predict* and *Put on Character*.

    The first person's avatar, or the character in its place, is selected; views of all workspaces see every person, as
    ``frame_walk`` does; time lines show the scene's range.
    """
    shown = people_of(context.scene)
    for person in shown:
        hide_names(person)
        if person.character.armature is not None:
            person.character.hide_avatar = True
    main = next((armature for person in shown if (armature := _shown_armature(person)) is not None), None)
    if main is None:
        return
    select(context, [main], main)
    select_bones(main)
    extents = [_extent_of(person) for person in shown]
    extent = [*(min(box[side] for box in extents) for side in (0, 1)),
              *(max(box[side] for box in extents) for side in (2, 3))]  # fmt: skip
    if _longest_side(extent) > LONGEST_WALK:
        extent = _around(main)
    for screen in bpy.data.screens:
        for area in screen.areas:
            if getattr(area.spaces.active, "region_3d", None) is not None:
                _look_at(area, extent)
            if area.type == "DOPESHEET_EDITOR":
                with context.temp_override(screen=screen, area=area, region=_region(area)):
                    if bpy.ops.action.view_all.poll():
                        bpy.ops.action.view_all()


def hide_names(person: THREEPOINT_PG_person) -> None:
    """Trackers no longer write their names over the person who has an avatar."""
    for tracker in trackers_of(person).values():
        tracker.show_name = False


def _shown_armature(person: THREEPOINT_PG_person) -> ArmatureObject | None:
    return person.character.armature or person.armature


def _extent_of(person: THREEPOINT_PG_person) -> list[float]:
    """The rectangle of floor that a person takes up over time; where they are now if only a motion is known."""
    if any(person.extent) or person.armature is None:
        return extent_now(person.root).tolist()
    return _around(person.armature)


def _around(armature: ArmatureObject) -> list[float]:
    """The rectangle of floor that somebody takes up now."""
    bones: Any = armature.pose.bones
    place = armature.matrix_world @ bones[0].head
    return [place.x - ARM, place.y - ARM, place.x + ARM, place.y + ARM]


def _longest_side(extent: Sequence[float]) -> float:
    return max(extent[2] - extent[0], extent[3] - extent[1])


def _look_at(area: bpy.types.Area, extent: Sequence[float]) -> None:
    """Let a 3D view see people who stand in a rectangle of floor, from where it looks."""
    low_x, low_y, high_x, high_y = extent
    view: Any = area.spaces.active
    view.region_3d.view_location = Vector(((low_x + high_x) / 2, (low_y + high_y) / 2, HEADROOM / 2))
    radius = Vector((high_x - low_x, high_y - low_y, HEADROOM)).length / 2
    view.region_3d.view_distance = radius / math.sin(_half_angle(area, _region(area)))


def _region(area: bpy.types.Area) -> Any:
    return next((region for region in area.regions if region.type == "WINDOW"), None)


def _half_angle(area: bpy.types.Area, region: bpy.types.Region) -> float:
    """Half of the angle in radians that a 3D view sees along its shorter side, sidebars over it left out."""
    space: Any = area.spaces.active
    covered = sum(side.width for side in area.regions if side.type in ("UI", "TOOLS") and side.width > 1)
    shorter = min(max(region.width - covered, region.width / 2), region.height)
    ratio = shorter / max(region.width, region.height) if shorter > 0 else USUAL_VIEW
    return math.atan(HALF_FILM / space.lens * ratio)


def _areas(context: Context, kind: str) -> Iterator[bpy.types.Area]:
    for window in context.window_manager.windows:
        yield from (area for area in window.screen.areas if area.type == kind)
