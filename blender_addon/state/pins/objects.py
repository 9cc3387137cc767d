"""Pins as objects of a scene: made where a joint is, or of any object; listed, removed; the frames that they hold."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

import bpy
import numpy as np
from mathutils import Matrix

from ....model_core.errors import InputError
from ...animation.curves import fcurves_of, is_muted, keyframes_of
from ...animation.timing import EDGE_FRAMES, scene_fps
from ...bpy_types import AnyObject, Context, Scene, current_context
from ...i18n.messages import message
from ..people import trackers_of
from ..person_avatar import collection_of
from ..selection import belong, require_free, require_local
from .properties import NO_PIN

if TYPE_CHECKING:
    from ..properties import THREEPOINT_PG_person, THREEPOINT_PG_scene

SIZE, COLOUR = 0.05, (0.95, 0.45, 0.1, 1.0)
"""Metres and colour of an empty that is made to be a pin."""
FADE_SECONDS = 0.2
"""Beyond a pin's reach, the time in which what is solved goes over into what was (``time_weights.FADE_FRAMES``)."""
PLACE_PATHS = ("location", "rotation_quaternion", "rotation_euler", "rotation_axis_angle")


def is_pin(item: bpy.types.Object) -> bool:
    """Whether an object is a person's pin."""
    own: AnyObject = item  # pyright: ignore[reportAssignmentType]
    return own.threepoint.pin.role != NO_PIN and own.threepoint.root is not None


def pins_of(person: "THREEPOINT_PG_person", scene: Scene) -> list[AnyObject]:
    """The pins of a person that are in the scene: what was deleted is not."""
    objects: Iterable[AnyObject] = scene.objects  # pyright: ignore[reportAssignmentType]
    return [item for item in objects if item.threepoint.root == person.root and is_pin(item)]


def active_pin(context: Context) -> AnyObject | None:
    """The pin that is the active object."""
    active: AnyObject | None = context.view_layer.objects.active
    return active if active is not None and is_pin(active) else None


def make_pin(
    person: "THREEPOINT_PG_person", role: str, place: np.ndarray, frame: int, scene: Scene, turned: bool = False
) -> AnyObject:
    """An empty of the person's that holds a joint at a frame; the one that did so already is moved.

    ``place`` (4, 4): the joint's bone in the armature's space.
    """
    same = [item for item in pins_of(person, scene) if _holds_alone(item, role, frame)]
    item = same[0] if same else _new_empty(person, role, scene)
    pin = item.threepoint.pin
    pin.role, pin.first, pin.last, pin.turned, pin.made = role, frame, frame, turned, True
    item.matrix_world = person.armature.matrix_world @ Matrix(place.tolist())
    return item


def _holds_alone(item: AnyObject, role: str, frame: int) -> bool:
    """Whether an empty was made to hold this joint at this frame and nowhere else."""
    pin = item.threepoint.pin
    return pin.made and pin.role == role and pin.first == pin.last == frame and not len(keyed_frames(item))


def _new_empty(person: "THREEPOINT_PG_person", role: str, scene: Scene) -> AnyObject:
    item: AnyObject = bpy.data.objects.new(f"{role} pin {person.name}", None)  # pyright: ignore[reportAssignmentType]
    collection_of(person, scene).objects.link(item)
    item.empty_display_type, item.empty_display_size, item.color = "SPHERE", SIZE, COLOUR
    item.show_name = item.show_in_front = True
    item.rotation_mode = "QUATERNION"
    item.parent = person.root
    belong(item, person.root)
    return item


def use_as_pin(person: "THREEPOINT_PG_person", item: AnyObject, role: str, scene: Scene) -> None:
    """Let any object hold a joint of the person: at all frames from its first keyframe to its last, or of the scene.

    Raises ``InputError`` of an object that is a part of a person.
    """
    require_local(item)
    part = message("{name}: is a part of a person; choose another object as a pin", name=item.name)
    if item in trackers_of(person).values():
        raise InputError(part)
    require_free(item, person.root, is_pin(item), part)
    belong(item, person.root)
    pin = item.threepoint.pin
    pin.role, pin.between = role, True
    pin.first, pin.last = scene.frame_start, scene.frame_end


def remove_pin(item: AnyObject) -> None:
    """An object is no pin any more; one that was made to be one is deleted."""
    if item.threepoint.pin.made:
        bpy.data.objects.remove(item)
        return
    item.threepoint.pin.role = NO_PIN
    belong(item, None)


def keyed_frames(item: bpy.types.Object) -> np.ndarray:
    """The whole frames (n,) at which an object has keyframes of its own place that move it."""
    curves = [curve for curve in fcurves_of(item) if curve.data_path in PLACE_PATHS and not is_muted(curve)]
    keyed = [keyframes_of(curve)[:, 0] for curve in curves]
    return np.unique(np.rint(np.concatenate(keyed)).astype(int)) if keyed else np.empty(0, int)


def pin_frames(item: AnyObject) -> np.ndarray:
    """The frames (n,) at which a pin holds its joint. Raises ``InputError``."""
    pin, keyed = item.threepoint.pin, keyed_frames(item)
    if len(keyed):
        return np.arange(keyed[0], keyed[-1] + 1) if pin.between else keyed
    if pin.first > pin.last:
        raise InputError(
            message("{pin}: begins at frame {first}, after its end at {last}", pin=item.name, first=pin.first,
                    last=pin.last)
        )  # fmt: skip
    return np.arange(pin.first, pin.last + 1)


def ranges_around(held: Iterable[tuple[np.ndarray, float]], scene: Scene) -> list[tuple[int, int]]:
    """First and last frames of the stretches, apart from each other, that change for pins.

    Of each pin its frames (n,) and its reach in seconds.
    """
    spans: list[tuple[int, int]] = []
    for frames, reach in held:
        margin = int(np.ceil((reach + FADE_SECONDS) * scene_fps(scene))) + EDGE_FRAMES
        spans += [(int(frame) - margin, int(frame) + margin) for frame in frames]
    merged: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = merged[-1][0], max(merged[-1][1], last)
        else:
            merged.append((first, last))
    return merged


def row_of(settings: "THREEPOINT_PG_scene") -> int:
    """The active pin among the scene's objects; -1 where the active object is none."""
    active, scene = active_pin(current_context()), cast(Scene, settings.id_data)
    return next((place for place, item in enumerate(scene.objects) if item == active), -1)


def choose_row(settings: "THREEPOINT_PG_scene", row: int) -> None:
    """Select the pin in a row of the scene's objects, alone."""
    context, objects = current_context(), cast(Scene, settings.id_data).objects
    if not (0 <= row < len(objects) and is_pin(objects[row])):
        return
    layer = context.view_layer
    if layer.objects.get(objects[row].name) == objects[row]:
        for item in list(context.selected_objects):
            item.select_set(False)
        objects[row].select_set(True)
        layer.objects.active = objects[row]
