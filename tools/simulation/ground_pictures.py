"""Pictures of moments of a motion on its ground, from the side: Blender's part of ``simulate ground``."""

from pathlib import Path
from typing import Any

import bpy
import numpy as np
from mathutils import Vector
from matplotlib.image import imread, imsave

from ...blender_addon.bpy_types import current_scene
from ...blender_addon.quiet import quiet
from ...blender_addon.render.preview_objects import painted_mesh
from ...blender_addon.state.new_file import empty_file
from ...model_core.direction.ground import Ground
from ...model_core.geometry.frames import MODEL_TO_BLENDER, convert_positions
from ...model_core.motion import Motion
from ..support.scene_file import add_motion, scene_properties

SIZE = (260, 420)
"""Pixels of a moment."""
VIEW, DISTANCE = 2.3, 6.0
"""Metres that fit the picture's height, and from the person to the camera."""
GROUND_COLOUR, BACKGROUND = (0.45, 0.5, 0.55, 1.0), (0.9, 0.91, 0.92)


def save_pictures(path: Path, motion: Motion, ground: Ground, seconds: np.ndarray) -> None:
    """Write one picture of the moments at ``seconds`` (n,), from left to right."""
    scene = empty_file(motion.fps)
    with scene_properties(), quiet():
        subject = add_motion(motion, "person")
        scene = current_scene()
        corners = convert_positions(np.array(ground.vertices, np.float64), MODEL_TO_BLENDER)
        colours = np.tile(GROUND_COLOUR, (len(corners), 1))
        scene.collection.objects.link(painted_mesh("ground", corners, np.array(ground.triangles), colours))
        camera = _add_camera()
        _set_up(camera)
        pictures = []
        for second in seconds:
            frame = scene.frame_start + round(float(second) * motion.fps)
            scene.frame_set(frame)
            pelvis = subject.avatar.armature.pose.bones[0].head
            camera.location = pelvis + camera.rotation_euler.to_matrix() @ Vector((0.0, 0.0, DISTANCE))
            scene.render.filepath = str(path.resolve())
            bpy.ops.render.render(write_still=True)
            pictures.append(imread(path))
    imsave(path, np.concatenate(pictures, 1))


def _add_camera() -> bpy.types.Object:
    data = bpy.data.cameras.new("side")
    data.type, data.ortho_scale = "ORTHO", VIEW
    camera = bpy.data.objects.new("side", data)
    camera.rotation_euler = np.pi / 2 - 0.12, 0.0, np.pi / 2 - 0.35
    current_scene().collection.objects.link(camera)
    return camera


def _set_up(camera: bpy.types.Object) -> None:
    scene: Any = current_scene()
    scene.camera = camera
    scene.render.engine = "BLENDER_WORKBENCH"
    scene.render.image_settings.file_format = "PNG"
    scene.render.resolution_x, scene.render.resolution_y = SIZE
    scene.render.resolution_percentage = 100
    scene.view_settings.view_transform = "Standard"
    scene.display.shading.light, scene.display.shading.color_type = "STUDIO", "VERTEX"
    scene.display.shading.show_cavity = scene.display.shading.show_shadows = True
    scene.world = bpy.data.worlds.new("side")
    scene.world.color = BACKGROUND
