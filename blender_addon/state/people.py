"""The people of a scene: a recording or any animated objects come in as a person of Threepoint's list.

No user interface in here: buttons, ``blender --command`` and ``python3 tools`` all build scenes through these functions
and those of ``predictions``.
"""

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

import bpy
import numpy as np

from ...model_core.errors import InputError
from ...model_core.geometry.skeleton import ROLES
from ...model_core.notes import Note
from ...model_core.recordings import Recording
from ..animation.timing import scene_fps, seconds_to_frames
from ..avatar.uncertainty import mean_empty
from ..bpy_types import AnyObject, Scene, current_context
from ..i18n import messages
from ..i18n.messages import Message, message
from ..steps import Steps, all_at_once
from ..trackers.empties import SOURCE, body_trackers, creating_trackers
from ..trackers.object_axes import AXES
from ..trackers.reading import reading_trackers
from ..trackers.sample_times import sample_times
from .placement import extent_of, place_beside
from .selection import activate, belong, root_of, roots_in

if TYPE_CHECKING:
    from .properties import THREEPOINT_PG_person

ROOT_SIZE = 0.25
"""Metres of the arms of a person's root."""
STILL = 1e-4
"""Metres, and parts of a quaternion: what moves less stands still."""
SAME_SCALE, USUAL_HEIGHT = 1e-4, 1.7
"""How far from 1 a unit may be that is a metre, and metres of a person by whom it is said what that means."""
NEW_SCENES_END = 250
"""The last frame of Blender's new scenes."""
MOST_LOOKED_AT = 3000
"""Samples by which objects' axes are found."""


def people_of(scene: Scene) -> list["THREEPOINT_PG_person"]:
    """The people of a scene: those whose root objects are in it."""
    return [root.threepoint for root in roots_in(scene)]


def add_person(recording: Recording, name: str, scene: Scene, beside: bool = False) -> "THREEPOINT_PG_person":
    """Bring a recording into the scene as a new person, who becomes the active one; return it.

    The trackers are where the recording says, its first sample at the scene's first frame. ``beside``: the person is
    moved to where they meet nothing that is there, if they would.
    """
    return all_at_once(adding_person(recording, name, scene, beside))


def adding_person(recording: Recording, name: str, scene: Scene, beside: bool = False) -> Steps["THREEPOINT_PG_person"]:
    """``add_person`` in steps, between which a window may draw."""
    trackers = yield from creating_trackers(recording, name, scene, origin=float(recording.time[0]))
    person = add_person_from_objects({role: trackers[role] for role in ROLES if role in trackers}, name, scene)
    root = person.root
    for role, tracker in trackers.items():
        tracker.name = f"{role} {root.name}"  # What tells them apart comes first: panels cut long names off.
        belong(tracker, root)
        tracker.parent = root
    person.fps = scene_fps(scene)
    person.first, person.last = scene.frame_start, round(float(seconds_to_frames(recording.duration, scene)))
    person.trim_first, person.trim_last = person.first, person.last
    person.notes = messages.dump([*recording.warnings, *_scale(scene)])
    person.extent = extent_of(recording)
    if beside:
        place_beside(root, scene)
    return person


def _scale(scene: Scene) -> list[Message]:
    """What is to be said of a scene whose unit is not a metre: people are as many units high as they are metres."""
    units = scene.unit_settings
    if units.system == "NONE" or abs(units.scale_length - 1) < SAME_SCALE:
        return []
    return [message("This scene's unit is {unit:g} m, and people are in metres: {height:.2f} units high, which is "
                    "{shown:.3g} m here. Set the Unit Scale to 1", unit=units.scale_length, height=USUAL_HEIGHT,
                    shown=USUAL_HEIGHT * units.scale_length)]  # fmt: skip


def add_person_from_objects(objects: Mapping[str, bpy.types.Object], name: str, scene: Scene) -> "THREEPOINT_PG_person":
    """A new person, the active one, whose trackers are any animated objects (by role); none: a motion alone."""
    root = cast(AnyObject, bpy.data.objects.new(name, None))
    root.empty_display_size = ROOT_SIZE
    head = objects.get("head")
    collections = [scene.collection, *scene.collection.children_recursive]
    (next((c for c in collections if head is not None and head.name in c.objects), scene.collection)).objects.link(root)
    root.threepoint.root = root
    person = root.threepoint
    person.first, person.last = scene.frame_start, scene.frame_end
    person.trim_first, person.trim_last = person.first, person.last
    for role, item in objects.items():
        setattr(person, role, item)
    activate(root, current_context())
    return person


def remove_person(person: "THREEPOINT_PG_person") -> None:
    """Take a person from the list; their objects stay in the scene, below what was the root."""
    root = person.root
    for item in bpy.data.objects:
        if root_of(item) == root and item.library is None:
            belong(item, None)


def trackers_of(person: "THREEPOINT_PG_person") -> dict[str, bpy.types.Object]:
    """The person's trackers by role: the chosen head and hands, and what else came in with the head.

    What was deleted is not among them.
    """
    chosen = {role: item for role in ROLES if (item := getattr(person, role)) is not None and item.users_scene}
    if "head" not in chosen:
        return chosen
    head = chosen["head"]
    beside = {role: item for role, item in body_trackers(head).items() if root_of(item) == root_of(head)}
    return chosen | beside


def recording_of(person: "THREEPOINT_PG_person", scene: Scene) -> Recording:
    """What the person's objects do now, edits included, as a ``Recording``; second 0 is the scene's first frame.

    It is seen from the person's root: who is placed elsewhere moves as before. Raises ``InputError`` where there is no
    head, where it was deleted, or where it does not move at all.
    """
    return all_at_once(reading_recording(person, scene))


def reading_recording(person: "THREEPOINT_PG_person", scene: Scene) -> Steps[Recording]:
    """``recording_of`` in steps, between which a window may draw and nothing may be changed."""
    trackers = trackers_of(person)
    if person.head is not None and "head" not in trackers:
        raise InputError(message("{person}: the head '{name}' is no longer in the scene; choose another object, or "
                                 "undo", person=person.name, name=person.head.name))  # fmt: skip
    if person.root in trackers.values():
        raise InputError(message("object '{name}': is the root of its person, which carries the trackers; choose an "
                                 "object that moves", name=person.root.name))  # fmt: skip
    recording = yield from reading_trackers(trackers, scene, root=person.root)
    head = recording.tracks["head"]
    if np.ptp(head.position, axis=0).max() < STILL and np.ptp(head.rotation, axis=0).max() < STILL:
        name = trackers["head"].name
        raise InputError(message("{name}: does not move; choose the object that moves as the head", name=name))
    return recording


def settling_axes(person: "THREEPOINT_PG_person", scene: Scene) -> Steps[list[Note]]:
    """Find out once which way a person's objects look that came from no recording, and keep it with them.

    Returns the notes of what was guessed, in steps. Of long animations a part is looked at.
    """
    objects = trackers_of(person)
    if "head" not in objects:
        return []
    times = sample_times(objects.values(), scene)
    begin = max(0, (len(times) - MOST_LOOKED_AT) // 2)
    some = times[begin : begin + MOST_LOOKED_AT]
    found = yield from reading_trackers(objects, scene, times=some, root=person.root)
    for note in found.warnings:
        for item in objects.values():
            if SOURCE not in item and AXES not in item:
                item[AXES] = note.values["value"]
    return list(found.warnings)


def frame_rate_message(person: "THREEPOINT_PG_person", scene: Scene) -> Message | None:
    """What is wrong where the scene's frame rate is another one than the trackers are keyed for."""
    now = scene_fps(scene)
    if person.fps == 0 or abs(now - person.fps) < 1e-3:
        return None
    return message(
        "{person} was made at {before:g} frames a second and plays at {now:g}: {times:.2g} times as fast",
        person=person.name, before=person.fps, now=now, times=now / person.fps,
    )  # fmt: skip


def fit_frame_range(person: "THREEPOINT_PG_person", scene: Scene, seconds: float) -> None:
    """Let the scene last as long as the person, who lasts ``seconds``.

    It becomes shorter only where it is a new one: other people, other animation or an end that somebody set stay whole.
    """
    last = round(float(seconds_to_frames(seconds, scene)))
    alone = len(people_of(scene)) == 1 and scene.frame_end == NEW_SCENES_END and not _others_move(person, scene)
    scene.frame_end = last if alone else max(scene.frame_end, last)


def _others_move(person: "THREEPOINT_PG_person", scene: Scene) -> bool:
    """Whether the scene holds animation that is not the person's."""
    mean = mean_empty(person.mesh) if person.mesh is not None else None
    others = [item.animation_data for item in scene.objects if root_of(item) != person.root and item != mean]
    return any(data is not None and (data.action is not None or len(data.nla_tracks)) for data in others)


def apply_arguments(person: "THREEPOINT_PG_person", arguments: argparse.Namespace, scene: Scene) -> None:
    """Set what the panels show to what a command was given (``model_core.command_line.animate_arguments``)."""
    person.device, person.seed, person.refinement = arguments.device, arguments.seed, arguments.refinement
    person.lost_hands = arguments.lost_hands.upper()
    person.body_path = str(arguments.body.resolve()) if arguments.body else ""
    person.preset = arguments.controllers or "AUTO"
    person.bone_names = arguments.bone_names.upper()
    if arguments.stature is not None:
        person.override_stature, person.stature = True, arguments.stature
    if arguments.floor is not None:
        person.override_floor, person.floor = True, arguments.floor
    pose, second = arguments.pose or (None, None)
    if pose == "t" and second is not None:
        person.use_t_pose, person.t_pose_frame = True, round(float(seconds_to_frames(second, scene)))
