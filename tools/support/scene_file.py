"""Blender's part of the commands: people and their motions become a file, a picture or a film."""

import contextlib
import os
import sys

import bpy
import numpy as np
from matplotlib.image import imread, imsave

from threepoint.blender_addon.avatar.bake import bake_motion
from threepoint.blender_addon.render.preview import render_film, render_still
from threepoint.blender_addon.avatar.scene import build_scene, empty_file

LONGEST_FILM = 60.0
"""Seconds that a preview film shows at most: it is a look at the result, not the result."""
MOMENTS = 3
"""A preview picture is a strip of so many moments."""
MOMENT_WIDTH, MOMENT_HEIGHT = 160, 360
"""Pixels of a moment: its width is that many for each person, and once more for the margins."""


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
    """Write a strip of pictures or, by the suffix, a film of the ``Subject`` list side by side.

    ``part`` is (begin, end) in seconds from the scene's start, by default all of it.
    """
    scene = bpy.context.scene
    fps = scene.render.fps / scene.render.fps_base
    begin, end = part or (0, (scene.frame_end - scene.frame_start) / fps)
    if path.suffix.lower() == ".mp4":
        end = min(end, begin + LONGEST_FILM)
    frames = scene.frame_start + np.array([begin, end]) * fps
    first, last = np.clip(np.rint(frames), scene.frame_start, scene.frame_end).astype(int).tolist()
    with quiet():
        if path.suffix.lower() == ".mp4":
            render_film(path, subjects, first, last)
        else:
            save_strip(path, subjects, np.rint(first + (last - first) * (np.arange(MOMENTS) + 0.5) / MOMENTS))


def save_strip(path, subjects, frames):
    """Write one picture of several scene frames, from left to right."""
    size = (MOMENT_WIDTH * (len(subjects) + 1), MOMENT_HEIGHT)
    pictures = []
    for frame in frames:
        render_still(path, subjects, int(frame), size)
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
