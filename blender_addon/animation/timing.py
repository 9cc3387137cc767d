"""Seconds of a recording's clock and frames of a scene. The scene's frame rate is read, never changed."""

import numpy as np
from numpy.typing import ArrayLike

from ...model_core.geometry.filters import smoothstep
from ..bpy_types import Scene

EDGE_FRAMES = 8
"""Frames over which a replaced range goes over into what surrounds it."""


def scene_fps(scene: Scene) -> float:
    """Frames a second, fractional rates such as 23.976 included."""
    return scene.render.fps / scene.render.fps_base


def seconds_to_frames(seconds: ArrayLike, scene: Scene, origin: float = 0.0) -> np.ndarray:
    """Seconds -> fractional frames; ``origin`` (seconds) is what plays at the scene's first frame."""
    return scene.frame_start + (np.asarray(seconds, np.float64) - origin) * scene_fps(scene)


def frames_to_seconds(frames: ArrayLike, scene: Scene) -> np.ndarray:
    """Frames -> seconds, of which 0 is the scene's first frame: the inverse of ``seconds_to_frames``."""
    return (np.asarray(frames, np.float64) - scene.frame_start) / scene_fps(scene)


def keyed_frame(shown: float, scene: Scene) -> int:
    """The frame of keyframes that the timeline shows at a frame of its own: another one with *Time Stretching*."""
    return round(shown * scene.render.frame_map_old / scene.render.frame_map_new)


def playhead(scene: Scene) -> int:
    """The frame of keyframes that is shown now."""
    return keyed_frame(scene.frame_current, scene)


def show_frame(frame: float, scene: Scene) -> None:
    """Show a frame of keyframes."""
    scene.frame_set(round(frame * scene.render.frame_map_new / scene.render.frame_map_old))


def blending(frames: np.ndarray, first: float, last: float, whole: tuple[float, float]) -> np.ndarray:
    """How much of what is new there is at ``frames`` (n,): 0 outside ``first``..``last``, 1 far from both ends, and at
    an end of the ``whole``, where there is nothing to go over to."""
    first = first if first > whole[0] else whole[0] - EDGE_FRAMES
    last = last if last < whole[1] else whole[1] + EDGE_FRAMES
    inside = np.minimum(frames - first, last - frames) + 1
    return smoothstep(inside / (min(EDGE_FRAMES, (last - first + 1) // 2) + 1))
