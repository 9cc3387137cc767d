"""Runs inside a Blender that has never heard of the extension: opens what ``drive.py`` saved and looks at it.

``blender --python reopen.py -- FOLDER``; the picture and ``reopened.json`` appear in the folder.
"""

import sys
from pathlib import Path

import bpy
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))
from inside import FOLDER, check, picture, play, view  # noqa: E402

FRAMES = (1, 60, 110)


def steps():
    """Open, move through the frames, take the picture."""
    bpy.ops.wm.open_mainfile(filepath=str(FOLDER / "window.blend"), load_ui=False)
    yield 1.0
    check("the extension is not there", not hasattr(bpy.types.Scene, "threepoint"))
    avatar = next(item for item in bpy.data.objects if item.type == "ARMATURE")
    mesh = next(item for item in bpy.data.objects if item.type == "MESH" and item.modifiers.get("Uncertainty"))
    places, colours, values = [], [], []
    for frame in FRAMES:
        bpy.context.scene.frame_set(frame)
        seen = bpy.context.evaluated_depsgraph_get()
        places.append(np.array(avatar.evaluated_get(seen).pose.bones["pelvis"].matrix))
        attributes = mesh.evaluated_get(seen).data.attributes
        values.append(attributes["uncertainty"].data[0].value)
        colours.append(tuple(attributes["uncertainty_color"].data[0].color))
    check("reopened without the extension the avatar moves", np.ptp(places, axis=0).max() > 0.1)
    check("reopened without the extension the uncertainty plays", len(set(values)) == len(FRAMES))
    check("reopened without the extension the colours play", len(set(colours)) == len(FRAMES))
    bpy.context.scene.frame_set(110)
    space = view()["area"].spaces[0]
    space.shading.color_type = "VERTEX"
    with bpy.context.temp_override(**view()):
        bpy.ops.view3d.view_all()
    yield 2.0
    picture("18_reopened_without_the_extension")


play(steps(), "reopened.json")
