"""An empty file to build in, where no animator has a file open."""

import bpy
import numpy as np

from ..bpy_types import Scene, current_scene


def empty_file(fps: float | None = None) -> Scene:
    """Start from an empty file; ``fps`` (may be fractional) replaces Blender's default of 24. Return the scene."""
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)  # Preferences and add-ons stay as they are.
    scene = current_scene()
    if fps is not None:
        scene.render.fps = max(1, int(np.ceil(fps)))
        scene.render.fps_base = scene.render.fps / fps
    for screen in bpy.data.screens:
        for area in screen.areas:
            space = area.spaces.active
            if isinstance(space, bpy.types.SpaceView3D):
                space.shading.color_type = "VERTEX"
    return scene
