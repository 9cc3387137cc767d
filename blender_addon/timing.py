"""Seconds of a recording's clock and frames of a scene. The scene's frame rate is read, never changed."""

import numpy as np


def scene_fps(scene):
    """Frames a second, fractional rates such as 23.976 included."""
    return scene.render.fps / scene.render.fps_base


def seconds_to_frames(seconds, scene, origin=0.0):
    """Seconds -> fractional frames; ``origin`` (seconds) is what plays at the scene's first frame."""
    return scene.frame_start + (np.asarray(seconds, np.float64) - origin) * scene_fps(scene)


def frames_to_seconds(frames, scene, origin=0.0):
    """The inverse of ``seconds_to_frames``."""
    return (np.asarray(frames, np.float64) - scene.frame_start) / scene_fps(scene) + origin
