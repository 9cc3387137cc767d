"""Pictures of a motion on a character: moments from the front and from the side, with the hands' goals."""

from pathlib import Path
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix
from matplotlib.image import imread, imsave

from ....blender_addon.bpy_types import ArmatureObject, Scene
from ....blender_addon.characters.putting import Carried
from ....blender_addon.characters.reading import skins_of
from ....blender_addon.render import preview_objects as props

MOMENTS, WIDTH, HEIGHT = 5, 260, 420
VIEWS = (20.0, 110.0)
"""Degrees from straight ahead."""
FRAMED = 1.45
"""Heights of the character that fit a picture."""
BACKGROUND, GOAL = (0.3, 0.3, 0.33), (1.0, 0.35, 0.1, 1.0)
STANDARD_HEIGHT = 1.8
"""Of a character without a mesh."""


def draw_character(path: Path, armature: ArmatureObject, carried: Carried, scene: Scene) -> None:
    """Write a PNG of evenly spread moments, a row a view. The scene is the character's own, and changed."""
    stage: Any = scene
    skins, tall = skins_of(armature), _height(carried)
    for item in stage.objects:
        item.hide_render = item not in skins
    camera = _set_up(stage, tall)
    extra = [camera, props.floor(carried.pose.hips.min(0)[:2] - 6, carried.pose.hips.max(0)[:2] + 6)]
    goals = [props.marker("goal", GOAL) for _ in carried.character.arms]
    for item in (*extra[1:], *goals):
        stage.collection.objects.link(item)
    try:
        imsave(path, np.concatenate([_row(path, stage, camera, goals, carried, view, tall) for view in VIEWS]))
    finally:
        for item in (*extra, *goals):
            bpy.data.objects.remove(item)


def _height(carried: Carried) -> float:
    surface = carried.character.rest.surface
    return float(surface[:, 2].max() - carried.character.floor) if len(surface) else STANDARD_HEIGHT


def _set_up(stage: Any, tall: float) -> Any:
    stage.render.engine = "BLENDER_WORKBENCH"
    stage.render.resolution_x, stage.render.resolution_y = WIDTH, HEIGHT
    stage.render.image_settings.file_format, stage.render.dither_intensity = "PNG", 0.0  # Noise does not pack.
    stage.display.shading.light, stage.display.shading.color_type = "STUDIO", "OBJECT"
    stage.display.shading.show_cavity = True
    if stage.world is None:
        stage.world = bpy.data.worlds.new("characters")
    stage.world.color = BACKGROUND
    data: Any = bpy.data.cameras.new("characters")
    data.type, data.ortho_scale, data.clip_end = "ORTHO", FRAMED * tall, 1000
    camera = bpy.data.objects.new("characters", data)
    stage.collection.objects.link(camera)
    stage.camera = camera
    return camera


def _row(
    path: Path, stage: Any, camera: Any, goals: list[Any], carried: Carried, view: float, tall: float
) -> np.ndarray:
    pictures = []
    for place in np.linspace(0, len(carried.frames) - 1, MOMENTS).astype(int):
        stage.frame_set(int(carried.frames[place]))
        if carried.pose.hand_goals is not None:
            for goal, at in zip(goals, carried.pose.hand_goals[place], strict=True):
                goal.location = at
        faces = carried.player.turns[place, 0] @ [0, -1, 0]
        angle = np.arctan2(faces[1], faces[0]) + np.radians(view)
        back = np.array([np.cos(angle), np.sin(angle), 0.12])
        back /= np.linalg.norm(back)
        right = np.array([-np.sin(angle), np.cos(angle), 0.0])
        camera.rotation_euler = Matrix(np.stack([right, np.cross(back, right), back], 1).tolist()).to_euler()
        camera.location = [*carried.pose.hips[place, :2], 0.52 * tall] + back * 12 * tall
        stage.render.filepath = str(path.resolve())
        bpy.ops.render.render(write_still=True)
        pictures.append(imread(path)[..., :3])
    return np.concatenate(pictures, 1)
