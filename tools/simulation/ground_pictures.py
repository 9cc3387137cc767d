"""Pictures of moments of a motion on its ground, from the side: Blender's part of ``simulate ground``."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from matplotlib.image import imread, imsave

from ...blender_addon.bpy_types import current_scene
from ...blender_addon.quiet import quiet
from ...blender_addon.render.framing import Framing
from ...blender_addon.render.preview import render_still
from ...blender_addon.render.preview_objects import painted_mesh
from ...blender_addon.state.new_file import empty_file
from ...model_core.direction.ground import Ground
from ...model_core.geometry.frames import MODEL_TO_BLENDER, convert_positions
from ...model_core.motion import Motion
from ..support.scene_file import add_motion, scene_properties

SIZE = (260, 420)
"""Pixels of a moment."""
VIEW, SIDE = 2.4, float(np.radians(70.0))
"""Metres that fit the picture's height, and how far to the person's left the camera stands."""
GROUND_COLOUR = (0.30, 0.34, 0.40, 1.0)


def save_pictures(path: Path, motion: Motion, ground: Ground, seconds: np.ndarray) -> None:
    """Write one picture of the moments at ``seconds`` (n,), from left to right."""
    empty_file(motion.fps)
    with scene_properties(), quiet():
        subject, scene = add_motion(motion, "person"), current_scene()
        corners = convert_positions(np.array(ground.vertices, np.float64), MODEL_TO_BLENDER)
        colours = np.tile(GROUND_COLOUR, (len(corners), 1))
        shown = painted_mesh("ground", corners, np.array(ground.triangles), colours)
        scene.collection.objects.link(shown)
        subject = replace(subject, meshes=(*subject.shown, shown))
        pictures = []
        for second in seconds:
            frame = scene.frame_start + round(float(second) * motion.fps)
            scene.frame_set(frame)
            pelvis = subject.avatar.armature.pose.bones[0].head
            render_still(path, [subject], frame, SIZE, Framing(VIEW, pelvis.z, side=SIDE))
            pictures.append(imread(path))
    imsave(path, np.concatenate(pictures, 1))
