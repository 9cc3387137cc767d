"""Animation written in bulk: one call a curve, whatever its length, on every Blender from 4.2 to 5.x."""

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from ..bpy_types import Animated
from ..steps import Steps, all_at_once

CONSTANT, LINEAR = 0, 1
"""Blender's numbers for the two kinds of interpolation used here (``bpy.types.Keyframe.interpolation``)."""
KEY_PARTS = {
    "co": 2, "handle_left": 2, "handle_right": 2, "interpolation": 1, "handle_left_type": 1, "handle_right_type": 1,
}  # fmt: skip
"""What a keyframe consists of -> numbers of each."""


FCurves = Mapping[tuple[str, int], bpy.types.FCurve]
"""F-curves by (data path, index)."""


@dataclass(frozen=True)
class Curves:
    """An action and where its F-curves for one data-block are made."""

    action: bpy.types.Action
    fcurves: "bpy.types.ActionChannelbagFCurves | bpy.types.ActionFCurves"
    groups: "bpy.types.ActionChannelbagGroups | bpy.types.ActionGroups"


def keyframe_strip(strip: "bpy.types.ActionStrip") -> Any:
    """A strip that has keyframes; there are no others yet."""
    return strip


def new_action(datablock: Animated, name: str) -> Curves:
    """Give ``datablock`` a fresh action called ``name`` and return its ``Curves``."""
    curves = make_action(datablock, name)
    use_action(datablock, curves.action)
    return curves


def make_action(datablock: Animated, name: str) -> Curves:
    """A fresh action for ``datablock``, which goes on playing what it plays; its ``Curves``.

    From Blender 4.4 on an action holds slots (and from 5.0 on nothing else); the slot made here is the data-block's.
    """
    action = bpy.data.actions.new(name)
    if hasattr(action, "slots"):
        action.slots.new(id_type=datablock.id_type, name=datablock.name)
    return curves_in(datablock, action)


def curves_in(datablock: Animated, action: bpy.types.Action) -> Curves:
    """The ``Curves`` by which an action animates ``datablock``, whether that plays it now or not."""
    if not hasattr(action, "slots"):
        return Curves(action, action.fcurves, action.groups)
    slot = slot_of(datablock, action) or action.slots.new(id_type=datablock.id_type, name=datablock.name)
    layer = action.layers[0] if len(action.layers) else action.layers.new("Layer")
    strip = layer.strips[0] if len(layer.strips) else layer.strips.new(type="KEYFRAME")
    bag = keyframe_strip(strip).channelbag(slot, ensure=True)
    return Curves(action, bag.fcurves, bag.groups)


def slot_of(datablock: Animated, action: bpy.types.Action) -> "bpy.types.ActionSlot | None":
    """The slot of an action that is the data-block's: the one that it plays, else the one of its name, else any."""
    animation = datablock.animation_data
    if animation is not None and animation.action == action and animation.action_slot is not None:
        return animation.action_slot
    slots = [slot for slot in action.slots if slot.target_id_type in (datablock.id_type, "UNSPECIFIED")]
    return next((slot for slot in slots if slot.name_display == datablock.name), slots[0] if slots else None)


def drop_curves(curves: Curves, is_meant: Callable[[str], bool]) -> None:
    """Remove the F-curves of the data paths that ``is_meant``; all others stay."""
    for fcurve in [fcurve for fcurve in curves.fcurves if is_meant(fcurve.data_path)]:
        curves.fcurves.remove(fcurve)


def checksum(action: bpy.types.Action) -> str:
    """A number, as text, that is another one as soon as any keyframe, interpolation or modifier is changed."""
    return all_at_once(checking(action))


def checking(action: bpy.types.Action) -> Steps[str]:
    """``checksum`` in steps, between which a window may draw."""
    check = 0
    for fcurve in sorted(all_fcurves(action), key=lambda fcurve: (fcurve.data_path, fcurve.array_index)):
        words = (fcurve.data_path, fcurve.array_index, fcurve.mute, [item.type for item in fcurve.modifiers])
        check = zlib.crc32(repr(words).encode(), check)
        check = zlib.crc32(keyframes_of(fcurve).tobytes(), check)
        check = zlib.crc32(_key_part(fcurve.keyframe_points, "interpolation").tobytes(), check)
        yield
    return f"{check:08x}"


def write_curve(
    curves: Curves,
    path: str,
    index: int,
    frames: np.ndarray,
    values: np.ndarray,
    group: str | None = None,
    interpolation: int = LINEAR,
) -> bpy.types.FCurve:
    """Write one F-curve: ``values`` (n,) at ``frames`` (n,), which increase and may be fractional."""
    fcurve = curves.fcurves.new(path, index=index)
    points = np.empty((len(frames), 2), np.float32)
    points[:, 0] = frames
    points[:, 1] = values
    fcurve.keyframe_points.add(len(points))
    fcurve.keyframe_points.foreach_set("co", points.ravel())
    fcurve.keyframe_points.foreach_set("interpolation", np.full(len(points), interpolation, np.int32))
    fcurve.keyframe_points.foreach_set("select_control_point", np.zeros(len(points), bool))
    if group is not None:
        fcurve.group = curves.groups.get(group) or curves.groups.new(group)
    fcurve.update()
    return fcurve


def write_vector(
    curves: Curves,
    path: str,
    frames: np.ndarray,
    values: np.ndarray,
    group: str | None = None,
    interpolation: int = LINEAR,
) -> None:
    """Write the n F-curves of a vector property: ``values`` (frames, n)."""
    for index in range(values.shape[1]):
        write_curve(curves, path, index, frames, values[:, index], group, interpolation)


def is_muted(fcurve: bpy.types.FCurve) -> bool:
    """Whether a curve, or its group, moves nothing."""
    return fcurve.mute or (fcurve.group is not None and fcurve.group.mute)


def fcurves_of(datablock: Animated) -> list[bpy.types.FCurve]:
    """The F-curves that animate ``datablock`` through its action; an empty list where it has none."""
    animation = datablock.animation_data
    if animation is None or animation.action is None:
        return []
    if not hasattr(animation, "action_slot"):
        return list(animation.action.fcurves)
    found = []
    for layer in animation.action.layers:
        for strip in layer.strips:
            bag = keyframe_strip(strip).channelbag(animation.action_slot) if animation.action_slot else None
            found += list(bag.fcurves) if bag else []
    return found


def all_fcurves(action: bpy.types.Action) -> list[bpy.types.FCurve]:
    """The F-curves of an action, whichever data-block's slot they are in."""
    if not hasattr(action, "slots"):
        return list(action.fcurves)
    bags = [bag for layer in action.layers for strip in layer.strips for bag in keyframe_strip(strip).channelbags]
    return [fcurve for bag in bags for fcurve in bag.fcurves]


def keyframes_of(fcurve: bpy.types.FCurve) -> np.ndarray:
    """(n, 2) float32: frame and value of every keyframe."""
    points = np.empty(2 * len(fcurve.keyframe_points), np.float32)
    fcurve.keyframe_points.foreach_get("co", points)
    return points.reshape(-1, 2)


def values_at(fcurve: bpy.types.FCurve, frames: np.ndarray) -> np.ndarray:
    """Values (n,) at ``frames`` (n,), which may be fractional: those of keyframes as they are, the others evaluated."""
    values, keyed = np.empty(len(frames)), np.zeros(len(frames), bool)
    keys, single = keyframes_of(fcurve), frames.astype(np.float32)  # As precise as keyframes are.
    if len(keys) and not len(fcurve.modifiers):  # Curves made of samples have no keyframes.
        nearest = np.minimum(np.searchsorted(keys[:, 0], single), len(keys) - 1)
        keyed = keys[nearest, 0] == single
        values[keyed] = keys[nearest[keyed], 1]
    values[~keyed] = [fcurve.evaluate(frame) for frame in frames[~keyed].tolist()]
    return values


def use_action(datablock: Animated, action: bpy.types.Action) -> None:
    """Make ``datablock`` play an action that was made for it (or one like it)."""
    animation = datablock.animation_data or datablock.animation_data_create()
    animation.action = action
    if hasattr(action, "slots") and animation.action_slot is None:
        animation.action_slot = slot_of(datablock, action)


def replace_keyframes(
    fcurves: FCurves,
    path: str,
    frames: np.ndarray,
    values: np.ndarray,
    factor: float | np.ndarray = 1.0,
    shift: float | np.ndarray = 0.0,
    interpolation: int = LINEAR,
) -> None:
    """Replace a vector property's keyframes from the first to the last of ``frames`` (n,) by ``values`` (n, k).

    ``fcurves``: the F-curves by (path, index). Keyframes outside are kept with their handles, those after the range
    times ``factor`` plus ``shift`` (a number, or one for each of the k).
    """
    factor, shift = (np.broadcast_to(part, values.shape[1]) for part in (factor, shift))
    for index in range(values.shape[1]):
        points = fcurves[path, index].keyframe_points
        kept = {part: _key_part(points, part) for part in KEY_PARTS}
        before = kept["co"][:, 0] < frames[0] - 0.5
        after = kept["co"][:, 0] > frames[-1] + 0.5
        for part in ("co", "handle_left", "handle_right"):
            kept[part][after, 1] = kept[part][after, 1] * factor[index] + shift[index]
        new = np.stack([frames, values[:, index]], -1)
        kind = np.full((len(new), 1), interpolation)
        fresh = {"co": new, "handle_left": new, "handle_right": new, "interpolation": kind}
        points.clear()
        points.add(before.sum() + len(new) + after.sum())
        for part, old in kept.items():
            middle = fresh.get(part, np.ones((len(new), 1)))
            joined = np.concatenate([old[before], middle, old[after]]).astype(old.dtype)
            points.foreach_set(part, joined.ravel())
        fcurves[path, index].update()


def _key_part(points: bpy.types.FCurveKeyframePoints, part: str) -> np.ndarray:
    values = np.empty(len(points) * KEY_PARTS[part], np.float32 if KEY_PARTS[part] == 2 else np.int32)
    points.foreach_get(part, values)
    return values.reshape(len(points), -1)
