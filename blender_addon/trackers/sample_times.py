"""When objects are read: at their keyframes, and densely where these are far apart."""

from collections.abc import Iterable, Sequence

import bpy
import numpy as np

from ...model_core.errors import InputError
from ..animation.curves import fcurves_of, keyframes_of
from ..animation.timing import frames_to_seconds
from ..bpy_types import Scene
from ..i18n.messages import message

SAMPLE_RATE = 60.0
LONGEST_STEP = 0.05
"""Objects are read at their keyframes and, where those are further apart than this many seconds, 60 times a second."""
LONGEST_PAUSE = 1200.0
"""Seconds without a keyframe: of files pauses of ten minutes are kept, which another frame rate may have stretched."""
SAMPLES_OF_A_KEYFRAME = 600
"""Samples between keyframes for each of these, on average: an animation is keyed more often than every ten seconds."""


def _made_exact(frames: np.ndarray, exact: np.ndarray) -> np.ndarray:
    """Frames (n,), each replaced by the one of ``exact`` that single precision rounds to it, where there is one."""
    if not len(exact):
        return frames
    rounded = exact.astype(np.float32).astype(np.float64)
    place = np.minimum(np.searchsorted(rounded, frames), len(exact) - 1)
    return np.where(rounded[place] == frames, exact[place], frames)


def sample_times(objects: Iterable[bpy.types.Object], scene: Scene, exact: Sequence[float] = ()) -> np.ndarray:
    """Seconds (N,) at which objects are read; ``exact`` are frames that keyframes stand for.

    Raises ``InputError`` where there is too little animation for so long a time: keyframes have strayed, or the scene's
    frame rate or range is odd.
    """
    keyed = [_keyed_frames(o, f) for o in objects for f in (*fcurves_of(o), *curves_of_bones(o))]
    frames = np.unique(np.concatenate(keyed)).astype(np.float64) if keyed else np.empty(0)
    frames = _made_exact(frames, np.asarray(exact, np.float64))
    if len(frames) < 2:  # Moved by something else than keyframes of their own: a parent, a constraint, a driver.
        frames = np.array([scene.frame_start, scene.frame_end], np.float64)
    times = frames_to_seconds(frames, scene)
    steps = np.diff(times)
    most = max(LONGEST_PAUSE * SAMPLE_RATE, SAMPLES_OF_A_KEYFRAME * len(frames))
    if len(steps) and (steps.max() > LONGEST_PAUSE or (steps[steps > LONGEST_STEP] * SAMPLE_RATE).sum() > most):
        raise InputError(
            message("Nothing is keyed for {minutes:.0f} minutes from frame {frame:.0f} on; delete keyframes that "
                    "strayed, or set the scene's frame rate and range", minutes=steps.max() / 60,
                    frame=frames[steps.argmax()])
        )  # fmt: skip
    counts = np.where(steps > LONGEST_STEP, np.ceil(steps * SAMPLE_RATE), 1).astype(int)
    number = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    between = np.repeat(times[:-1], counts) + number * np.repeat(steps / counts, counts)
    return np.append(between, times[-1])


def _keyed_frames(item: bpy.types.Object, fcurve: bpy.types.FCurve) -> np.ndarray:
    """The frames (n,) of a curve's keyframes."""
    frames = keyframes_of(fcurve)[:, 0]
    if not np.isfinite(frames).all():
        raise InputError(message("object '{name}': its curve {path} has a keyframe at no frame; delete it",
                                 name=item.name, path=fcurve.data_path))  # fmt: skip
    return frames


def curves_of_bones(item: bpy.types.Object) -> list[bpy.types.FCurve]:
    """F-curves of the pose bones that an object follows by constraints."""
    found = []
    for constraint in item.constraints:
        target, bone = getattr(constraint, "target", None), getattr(constraint, "subtarget", "")
        if target is not None and bone and target.type == "ARMATURE":
            path = f'pose.bones["{bpy.utils.escape_identifier(bone)}"].'
            found += [fcurve for fcurve in fcurves_of(target) if fcurve.data_path.startswith(path)]
    return found
