"""Smoothing of trackers by frequency: the curves that an object plays become a copy; what was before is kept.

The original action stays as it was, held by the object, so that another cut-off begins from it and nothing is lost.
"""

import bpy
import numpy as np

from ...model_core.geometry.filters import low_pass
from ...model_core.geometry.rotations import make_continuous, normalize
from ..animation.curves import curves_in, fcurves_of, keyframes_of, use_action, values_at
from ..animation.timing import scene_fps
from ..bpy_types import Scene

ORIGINAL = "threepoint_unsmoothed"
"""Custom property of a tracker: the action that it had before it was smoothed."""
PATHS = {"location": 3, "rotation_quaternion": 4, "rotation_euler": 3}


def original_action(item: bpy.types.Object) -> bpy.types.Action | None:
    """The action that an object had before it was smoothed; None where it is not smoothed."""
    kept = item.get(ORIGINAL)
    return kept if isinstance(kept, bpy.types.Action) else None


def smooth(item: bpy.types.Object, cutoff: float, scene: Scene) -> bool:
    """Take what is faster than ``cutoff`` in Hz from an object's own place and rotation; whether it has any keyed."""
    restore(item)
    if not any(curve.data_path in PATHS for curve in fcurves_of(item)):
        return False
    assert item.animation_data is not None and item.animation_data.action is not None
    original = item.animation_data.action
    copy = original.copy()
    copy.name = f"{original.name} smoothed"
    use_action(item, copy)
    curves = {(curve.data_path, curve.array_index): curve for curve in curves_in(item, copy).fcurves}
    for path, count in PATHS.items():
        own = [curves[path, index] for index in range(count) if (path, index) in curves]
        if len(own) == count:
            _smooth_vector(own, path, cutoff, scene)
    original.use_fake_user, item[ORIGINAL] = True, original
    return True


def restore(item: bpy.types.Object) -> bool:
    """Let an object play its original action again; whether it was smoothed."""
    original = original_action(item)
    if original is None:
        return False
    animation = item.animation_data
    smoothed = animation.action if animation is not None else None
    use_action(item, original)
    del item[ORIGINAL]
    if smoothed is not None and smoothed != original and not smoothed.users:
        bpy.data.actions.remove(smoothed)
    return True


def _smooth_vector(curves: list[bpy.types.FCurve], path: str, cutoff: float, scene: Scene) -> None:
    """Smooth the curves of one property at the keyframes that they have, those of rotations together."""
    frames = np.unique(np.concatenate([keyframes_of(curve)[:, 0] for curve in curves]).astype(np.float64))
    values = np.stack([values_at(curve, frames) for curve in curves], 1)
    if path == "rotation_quaternion":
        values = normalize(low_pass(make_continuous(values), frames / scene_fps(scene), cutoff))
    elif path == "rotation_euler":
        values = low_pass(np.unwrap(values, axis=0), frames / scene_fps(scene), cutoff)
    else:
        values = low_pass(values, frames / scene_fps(scene), cutoff)
    for index, curve in enumerate(curves):
        keys = keyframes_of(curve)
        keys[:, 1] = values[np.searchsorted(frames, keys[:, 0].astype(np.float64)), index]
        curve.keyframe_points.foreach_set("co", keys.ravel())
        curve.update()
