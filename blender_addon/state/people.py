"""The people of a scene: a recording or any animated objects come in as a person of Threepoint's list.

No user interface in here: buttons, ``blender --command`` and ``python3 tools`` all build scenes through these functions
and those of ``predictions``.
"""

import argparse
import itertools
from collections.abc import Mapping
from typing import TYPE_CHECKING

import bpy

from ...model_core.geometry.skeleton import ROLES
from ...model_core.recordings import Recording
from ..animation.timing import seconds_to_frames
from ..bpy_types import Scene
from ..i18n import messages
from ..i18n.messages import Message, message
from ..trackers.empties import body_trackers, create_trackers, read_trackers
from ..trackers.roles import REASON_LABELS, role_label

if TYPE_CHECKING:
    from .properties import THREEPOINT_PG_person


def add_person(recording: Recording, name: str, scene: Scene) -> "THREEPOINT_PG_person":
    """Bring a recording into the scene as a new person, who becomes the active one; return it.

    The trackers are where the recording says, its first sample at the scene's first frame.
    """
    trackers = create_trackers(recording, name, scene, origin=float(recording.time[0]))
    person = add_person_from_objects({role: trackers[role] for role in ROLES if role in trackers}, name, scene)
    person.notes = messages.dump([*_losses(recording), *recording.warnings])
    return person


def add_person_from_objects(objects: Mapping[str, bpy.types.Object], name: str, scene: Scene) -> "THREEPOINT_PG_person":
    """A new person, the active one, whose trackers are any animated objects (by role); none: a motion alone."""
    people = scene.threepoint.people
    names = itertools.chain([name], (f"{name}.{number:03d}" for number in itertools.count(1)))
    free = next(name for name in names if name not in people)  # By its name a prediction finds its person again.
    person = people.add()
    person.name = free
    for role, item in objects.items():
        setattr(person, role, item)
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
    """The person's trackers by role: the chosen head and hands, and what else came in with the head."""
    chosen = {role: getattr(person, role) for role in ROLES if getattr(person, role) is not None}
    return chosen | (body_trackers(person.head) if person.head is not None else {})


def recording_of(person: "THREEPOINT_PG_person", scene: Scene) -> Recording:
    """What the person's objects do now, edits included, as a ``Recording``; second 0 is the scene's first frame."""
    return read_trackers(trackers_of(person), scene)


def fit_frame_range(person: "THREEPOINT_PG_person", scene: Scene, seconds: float) -> None:
    """Let the scene end with the person, who lasts ``seconds``, or later where it has other people."""
    last = round(float(seconds_to_frames(seconds, scene)))
    alone = len(scene.threepoint.people) == 1
    scene.frame_end = last if alone else max(scene.frame_end, last)


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
