"""A whole result in a scene: trackers, avatar, action, colours."""

from dataclasses import dataclass, replace

import bpy
import numpy as np

from .armature import Avatar, create_avatar
from .bake import action_frames, bake_motion
from ..trackers.empties import create_trackers
from ..timing import seconds_to_frames
from .uncertainty import attach_uncertainty, create_material

MATERIAL = "Threepoint uncertainty"


@dataclass(frozen=True)
class Result:
    """What ``build_scene`` made. ``trackers`` by role; empty without a recording."""

    collection: bpy.types.Collection
    trackers: dict[str, bpy.types.Object]
    avatar: Avatar
    action: bpy.types.Action


def empty_file(fps=None):
    """Start from an empty file; ``fps`` (may be fractional) replaces Blender's default of 24. Return the scene."""
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)  # Preferences and add-ons stay as they are.
    scene = bpy.context.scene
    if fps is not None:
        scene.render.fps = max(1, int(np.ceil(fps)))
        scene.render.fps_base = scene.render.fps / fps
    for screen in bpy.data.screens:
        for area in screen.areas:
            if area.type == "VIEW_3D":
                area.spaces.active.shading.color_type = "VERTEX"
    return scene


def build_scene(recording, motion, body, name, origin=None, fit_range=False):
    """Put a recording and the motion found for it into the current scene; return the ``Result``.

    ``recording`` may be None: a motion without trackers. ``origin``: seconds of the recording's clock that play at the
    scene's first frame, by default the first sample's. ``fit_range`` sets the scene's frame range to what was built,
    which is right in a new file and wrong in an animator's.
    """
    scene = bpy.context.scene
    if origin is None:
        origin = motion.start if recording is None else float(recording.time[0])
    collection = bpy.data.collections.new(name)
    scene.collection.children.link(collection)
    trackers = {}
    if recording is not None:
        trackers = create_trackers(on_floor(recording, motion.floor), f"{name} trackers", scene, origin)
    avatar = create_avatar(body, motion.betas, name, collection)
    action = bake_motion(avatar.armature, motion, scene, f"{name} motion", origin)
    show_motion_colours(avatar.mesh, motion, scene, origin)
    if fit_range:
        last = action_frames(motion, scene, origin)[-1]
        if recording is not None:
            last = max(last, np.rint(seconds_to_frames(recording.time[-1], scene, origin)))
        scene.frame_end = int(last)
        scene.frame_set(scene.frame_start)
    return Result(collection, trackers, avatar, action)


def on_floor(recording, floor):
    """The recording with its floor, at ``floor`` metres in its own space, moved to height 0."""
    down = np.array([0.0, floor, 0.0])
    tracks = {role: replace(track, position=track.position - down) for role, track in recording.tracks.items()}
    return replace(recording, tracks=tracks)


def show_motion_colours(mesh, motion, scene, origin=0.0):
    """Give the mesh the material and, where the motion knows how sure it is, the uncertainty modifier."""
    if not mesh.data.materials:
        mesh.data.materials.append(bpy.data.materials.get(MATERIAL) or create_material(MATERIAL))
    if motion.uncertainty is not None:
        attach_uncertainty(mesh, motion.uncertainty, motion.fps, motion.start, scene, origin)
