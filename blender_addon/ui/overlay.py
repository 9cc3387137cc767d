"""Trackers in their colours over the 3D view: Blender itself draws every empty in the theme's one colour.

An object's own colour (*Object Properties > Viewport Display*) is what is drawn, so it can be changed there.
"""

import bpy
import numpy as np

from ..bpy_types import current_context
from ..state.people import people_of, trackers_of
from ..state.properties import THREEPOINT_PG_person
from ..trackers.empties import ROLE

LINE_WIDTH = 3.0
"""Pixels at a user interface of normal size."""

_handle = None


def tracker_lines(person: THREEPOINT_PG_person) -> list[tuple[tuple[float, ...], np.ndarray]]:
    """(colour, ends (6, 3)) of each visible tracker that came from a recording: its three axes from its own place."""
    lines = []
    for tracker in trackers_of(person).values():
        if tracker.type != "EMPTY" or ROLE not in tracker or not tracker.visible_get():
            continue
        matrix = np.array(tracker.matrix_world)
        tips = matrix[:3, 3] + tracker.empty_display_size * matrix[:3, :3].T
        lines.append((tuple(tracker.color), np.stack([np.tile(matrix[:3, 3], (3, 1)), tips], 1).reshape(-1, 3)))
    return lines


def _draw() -> None:
    import gpu  # Only where there is a window: without one it cannot be used.
    from gpu_extras.batch import batch_for_shader

    context = current_context()
    overlay = context.space_data.overlay
    if not (overlay.show_overlays and overlay.show_extras):
        return
    lines = [line for person in people_of(context.scene) for line in tracker_lines(person)]
    shader = gpu.shader.from_builtin("POLYLINE_UNIFORM_COLOR")
    shader.uniform_float("viewportSize", (context.region.width, context.region.height))
    shader.uniform_float("lineWidth", LINE_WIDTH * context.preferences.system.ui_scale)
    gpu.state.blend_set("ALPHA")
    for colour, ends in lines:
        shader.uniform_float("color", colour)
        batch_for_shader(shader, "LINES", {"pos": ends.tolist()}).draw(shader)
    gpu.state.blend_set("NONE")


def register() -> None:
    global _handle
    if not bpy.app.background:
        _handle = bpy.types.SpaceView3D.draw_handler_add(_draw, (), "WINDOW", "POST_VIEW")


def unregister() -> None:
    global _handle
    if _handle is not None:
        bpy.types.SpaceView3D.draw_handler_remove(_handle, "WINDOW")
        _handle = None
