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
from ....blender_addon.render import ground
from ....blender_addon.render import preview_objects as props
from ....blender_addon.render.preview import set_up_studio
from ...moving_pictures.material_colours import paint_by_materials

MOMENTS, WIDTH, HEIGHT = 5, 260, 420
VIEWS = (20.0, 110.0)
"""Degrees from straight ahead."""
FRAMED = 1.45
"""Heights of the character that fit a picture."""
GOAL = (1.0, 0.35, 0.1, 1.0)
STANDARD_HEIGHT = 1.8
"""Of a person, and of a character without a mesh."""


def draw_character(path: Path, armature: ArmatureObject, carried: Carried, scene: Scene) -> None:
    """Write a PNG of evenly spread moments, a row a view. The scene is the character's own, and changed."""
    stage: Any = scene
    skins, stature = skins_of(armature), _stature(carried)
    for item in stage.objects:
        item.hide_render = item not in skins
    for skin in skins:
        paint_by_materials(skin)
    camera, floor = _set_up(stage, stature), ground.ground([(skin, 0.0) for skin in skins], 0.0)
    floor.scale = (stature / STANDARD_HEIGHT,) * 3
    goals = [props.marker("goal", GOAL) for _ in carried.character.arms]
    for item in (floor, *goals):
        stage.collection.objects.link(item)
    try:
        rows = [_row(path, stage, camera, floor, goals, carried, view, stature) for view in VIEWS]
        imsave(path, np.concatenate(rows))
    finally:
        for item in (camera, floor, *goals):
            bpy.data.objects.remove(item)


def _stature(carried: Carried) -> float:
    surface = carried.character.rest.surface
    return float(surface[:, 2].max() - carried.character.floor) if len(surface) else STANDARD_HEIGHT


def _set_up(stage: Any, stature: float) -> Any:
    set_up_studio(stage, (WIDTH, HEIGHT))
    stage.render.image_settings.file_format = "PNG"
    data: Any = bpy.data.cameras.new("characters")
    data.type, data.ortho_scale, data.clip_end = "ORTHO", FRAMED * stature, 1000
    camera = bpy.data.objects.new("characters", data)
    stage.collection.objects.link(camera)
    stage.camera = camera
    return camera


def _row(
    path: Path, stage: Any, camera: Any, floor: Any, goals: list[Any], carried: Carried, view: float, stature: float
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
        camera.location = [*carried.pose.hips[place, :2], 0.52 * stature] + back * 12 * stature
        floor.rotation_euler.z = camera.rotation_euler.z
        floor.location[:2] = carried.pose.hips[place, :2]
        stage.render.filepath = str(path.resolve())
        bpy.ops.render.render(write_still=True)
        pictures.append(imread(path)[..., :3])
    return np.concatenate(pictures, 1)
