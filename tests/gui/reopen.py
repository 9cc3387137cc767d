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
SEEN_METRES, SEEN_COLOUR = 0.005, 0.05
"""By so much a value and a colour should change from frame to frame where they change most."""


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
        values.append(read(attributes["uncertainty"].data, "value", 1))
        colours.append(read(attributes["uncertainty_color"].data, "color", 4))
    check("reopened without the extension the avatar moves", np.ptp(places, axis=0).max() > 0.1)
    check("reopened without the extension the uncertainty plays", np.ptp(values, axis=0).max() > SEEN_METRES)
    check("reopened without the extension the colours play", np.ptp(colours, axis=0).max() > SEEN_COLOUR)
    bpy.context.scene.frame_set(110)
    space = view()["area"].spaces[0]
    space.shading.color_type = "VERTEX"
    with bpy.context.temp_override(**view()):
        bpy.ops.view3d.view_all()
    yield 2.0
    picture("18_reopened_without_the_extension")


def read(data, name, width):
    """An attribute of all vertices."""
    values = np.empty(width * len(data), np.float32)
    data.foreach_get(name, values)
    return values


play(steps(), "reopened.json")
