"""The people of a scene: a recording or any animated objects come in as a person of Threepoint's list.

No user interface in here: buttons, ``blender --command`` and ``python3 tools`` all build scenes through these functions
and those of ``predictions``.
"""

import argparse
import itertools
from collections.abc import Mapping
from typing import TYPE_CHECKING

import bpy

from ...model_core.errors import InputError
from ...model_core.geometry.skeleton import ROLES
from ...model_core.notes import Note
from ...model_core.recordings import Recording
from ..animation.timing import seconds_to_frames
from ..bpy_types import Scene
from ..i18n import messages
from ..i18n.messages import Message, message
from ..trackers.empties import SOURCE, body_trackers, create_trackers, read_trackers, sample_times
from ..trackers.object_axes import AXES
from ..trackers.roles import REASON_LABELS, role_label

if TYPE_CHECKING:
    from .properties import THREEPOINT_PG_person

SAME_SCALE, USUAL_HEIGHT = 1e-4, 1.7
"""How far from 1 a unit may be that is a metre, and metres of a person by whom it is said what that means."""
NEW_SCENES_END = 250
"""The last frame of Blender's new scenes."""
MOST_LOOKED_AT = 3000
"""Samples by which objects' axes are found."""


def add_person(recording: Recording, name: str, scene: Scene) -> "THREEPOINT_PG_person":
    """Bring a recording into the scene as a new person, who becomes the active one; return it.

    The trackers are where the recording says, its first sample at the scene's first frame.
    """
    trackers = create_trackers(recording, name, scene, origin=float(recording.time[0]))
    person = add_person_from_objects({role: trackers[role] for role in ROLES if role in trackers}, name, scene)
    person.notes = messages.dump([*_losses(recording), *recording.warnings, *_scale(scene)])
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
    people = scene.threepoint.people
    names = itertools.chain([name], (f"{name}.{number:03d}" for number in itertools.count(1)))
    free = next(name for name in names if name not in people)  # By its name a prediction finds its person again.
    person = people.add()
    person.name = free
    for role in ROLES:
        if role in objects:
            setattr(person, role, objects[role])
    scene.threepoint.active = len(people) - 1
    return person


def _losses(recording: Recording) -> list[Message]:
    """Which trackers were lost and why; their keyframes say when."""
    losses = dict.fromkeys((dropout.role, dropout.reason) for dropout in recording.dropouts)
    return [
        message("{tracker} lost: {reason}", tracker=role_label(role), reason=REASON_LABELS.get(reason, reason))
        for role, reason in losses
    ]


def remove_person(scene: Scene, index: int) -> None:
    """Take a person from the list; their objects stay in the scene."""
    scene.threepoint.people.remove(index)
    scene.threepoint.active = max(0, scene.threepoint.active - 1)


def trackers_of(person: "THREEPOINT_PG_person") -> dict[str, bpy.types.Object]:
    """The person's trackers by role: the chosen head and hands, and what else came in with the head.

    An object that was deleted lives on while it is chosen; but it lies in no scene, and is no tracker.
    """
    scene = person.id_data
    chosen = {role: getattr(person, role) for role in ROLES if getattr(person, role) is not None}
    chosen |= body_trackers(chosen["head"]) if "head" in chosen else {}
    return {role: item for role, item in chosen.items() if scene in item.users_scene}


def recording_of(person: "THREEPOINT_PG_person", scene: Scene) -> Recording:
    """What the person's objects do now, edits included, as a ``Recording``; second 0 is the scene's first frame.

    Raises ``InputError`` where there is no head, or where it was deleted.
    """
    trackers = trackers_of(person)
    if person.head is not None and "head" not in trackers:
        raise InputError(message("{person}: the head '{name}' is no longer in the scene; choose another object, or "
                                 "undo", person=person.name, name=person.head.name))  # fmt: skip
    return read_trackers(trackers, scene)


def settle_axes(person: "THREEPOINT_PG_person", scene: Scene) -> list[Note]:
    """Find out once which way a person's objects look that came from no recording, and keep it with them.

    Returns the notes of what was guessed. Of long animations a part is looked at.
    """
    objects = trackers_of(person)
    if "head" not in objects:
        return []
    times = sample_times(objects.values(), scene)
    begin = max(0, (len(times) - MOST_LOOKED_AT) // 2)
    found = read_trackers(objects, scene, times=times[begin : begin + MOST_LOOKED_AT])
    for note in found.warnings:
        for item in objects.values():
            if SOURCE not in item and AXES not in item:
                item[AXES] = note.values["value"]
    return list(found.warnings)


def fit_frame_range(person: "THREEPOINT_PG_person", scene: Scene, seconds: float) -> None:
    """Let the scene last as long as the person, who lasts ``seconds``.

    It becomes shorter only where it is a new one: other people, other animation or an end that somebody set stay whole.
    """
    last = round(float(seconds_to_frames(seconds, scene)))
    alone = len(scene.threepoint.people) == 1 and scene.frame_end == NEW_SCENES_END and not _others_move(person)
    scene.frame_end = last if alone else max(scene.frame_end, last)


def _others_move(person: "THREEPOINT_PG_person") -> bool:
    """Whether the file holds animation that is not the person's."""
    items = [*trackers_of(person).values(), person.armature, person.mesh]
    own = {item.animation_data.action for item in items if item is not None and item.animation_data is not None}
    own |= {take.action for take in person.takes}
    return any(action.users and action not in own for action in bpy.data.actions)


def apply_arguments(person: "THREEPOINT_PG_person", arguments: argparse.Namespace, scene: Scene) -> None:
    """Set what the panels show to what a command was given (``model_core.command_line.animate_arguments``)."""
    person.device, person.seed, person.refinement = arguments.device, arguments.seed, arguments.refinement
    person.body_path = str(arguments.body.resolve()) if arguments.body else ""
    person.preset = arguments.controllers or "AUTO"
    if arguments.stature is not None:
        person.override_stature, person.stature = True, arguments.stature
    if arguments.floor is not None:
        person.override_floor, person.floor = True, arguments.floor
    pose, second = arguments.pose or (None, None)
    if pose == "t" and second is not None:
        person.use_t_pose, person.t_pose_frame = True, round(float(seconds_to_frames(second, scene)))
