"""Blender's part of the commands: people and their motions become a file, a picture or a film."""

import contextlib
import os
import sys

import bpy
import numpy as np
from matplotlib.image import imread, imsave

from threepoint.blender_addon.bake import bake_motion
from threepoint.blender_addon.preview import render_film, render_still
from threepoint.blender_addon.scene import build_scene, empty_file

LONGEST_FILM = 60.0
"""Seconds that a preview film shows at most: it is a look at the result, not the result."""
STRIP_SIZE = (480, 360)
"""Width and height of each moment of a strip."""


def build_file(people, body, fps, progress):
    """An empty file with every person in it; the list of ``scene.Result``."""
    progress(0, "building the scene")
    scene = empty_file(fps)
    results = []
    for person in people:
        result = build_scene(person.recording, person.takes[0], body, person.name, fit_range=True)
        keep_takes(result, person, scene)
        results.append(result)
        progress(len(results) / len(people), "building the scene")
    return results


def keep_takes(result, person, scene):
    """Bake the further takes as actions that the file keeps; the first one stays the armature's own."""
    animation = result.avatar.armature.animation_data
    shown, slot = result.action, getattr(animation, "action_slot", None)
    for number, motion in enumerate(person.takes[1:], 2):
        name = f"{person.name} motion, take {number}"
        action = bake_motion(result.avatar.armature, motion, scene, name, float(person.recording.time[0]))
        action.use_fake_user = True
    animation.action = shown
    if slot is not None:
        animation.action_slot = slot


def save_scene(path):
    """Write the file, compressed."""
    with quiet():
        bpy.ops.wm.save_as_mainfile(filepath=str(path.resolve()), compress=True, copy=True)


def save_preview(path, subjects, part=None):
    """Write a picture or, by the suffix, a film of the ``Subject`` list side by side.

    ``part`` is (begin, end) in seconds from the scene's start, by default all of it; a picture shows its middle.
    """
    scene = bpy.context.scene
    fps = scene.render.fps / scene.render.fps_base
    begin, end = part or (0, (scene.frame_end - scene.frame_start) / fps)
    first = min(scene.frame_start + round(begin * fps), scene.frame_end)
    last = min(scene.frame_start + round(min(end, begin + LONGEST_FILM) * fps), scene.frame_end)
    with quiet():
        if path.suffix.lower() == ".mp4":
            render_film(path, subjects, first, last)
        else:
            render_still(path, subjects, min(scene.frame_start + round((begin + end) / 2 * fps), scene.frame_end))


def save_strip(path, subjects, moments):
    """Write one picture of several ``moments`` (seconds from the scene's start), from left to right."""
    scene = bpy.context.scene
    fps = scene.render.fps / scene.render.fps_base
    pictures = []
    for moment in moments:
        with quiet():
            render_still(path, subjects, scene.frame_start + round(moment * fps), STRIP_SIZE)
        pictures.append(imread(path))
    imsave(path, np.concatenate(pictures, 1))


@contextlib.contextmanager
def quiet():
    """Keep Blender's and its graphics driver's own chatter, which goes past Python, off the terminal."""
    sys.stdout.flush()
    sys.stderr.flush()
    kept = {stream: os.dup(stream) for stream in (1, 2)}
    with open(os.devnull, "wb") as nowhere:
        for stream in kept:
            os.dup2(nowhere.fileno(), stream)
    try:
        yield
    finally:
        for stream, copy in kept.items():
            os.dup2(copy, stream)
            os.close(copy)
