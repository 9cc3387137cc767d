"""What the buttons and the command do to a person (``properties.THREEPOINT_PG_person``): no user interface in here."""

import itertools
from dataclasses import replace

import bpy

from ...model_core.calibration import calibrate
from ...model_core.errors import InputError
from ...model_core.recordings import Track
from ..avatar.bake import bake_motion, replace_frames
from ..avatar.curves import use_action
from ..engine.client import Job
from ..trackers.empties import create_trackers, body_trackers, read_trackers
from ..avatar.rigging import body_of, fits, make_avatar
from ..avatar.scene import show_motion_colours
from ..timing import frames_to_seconds
from ..avatar.uncertainty import MODIFIER, replace_uncertainty, set_range

ROLES = ("head", "left_hand", "right_hand")
CONTEXT_SECONDS = 2.0
"""What the engine sees before and after a range that is solved again."""


def add_person(recording, name, scene):
    """Bring a recording into the scene as a new person, who becomes the active one; return it."""
    trackers = create_trackers(recording, name, scene, origin=float(recording.time[0]))
    person = _new_person(scene, name)
    for role in ROLES:
        setattr(person, role, trackers.get(role))
    reasons = dict.fromkeys((dropout.role, dropout.reason) for dropout in recording.dropouts)  # Keyframes say when.
    lost = [f"{role.replace('_', ' ')} lost: {reason}" for role, reason in reasons]
    person.notes = "\n".join([*lost, *recording.warnings])
    return person


def add_person_from_objects(objects, name, scene):
    """Let any animated objects (dict by role) be a person's trackers; return the person."""
    person = _new_person(scene, name)
    for role, item in objects.items():
        setattr(person, role, item)
    return person


def _new_person(scene, name):
    people = scene.threepoint.people
    names = itertools.chain([name], (f"{name}.{number:03d}" for number in itertools.count(1)))
    free = next(name for name in names if name not in people)  # By its name a prediction finds its person again.
    person = people.add()
    person.name = free
    scene.threepoint.active = len(people) - 1
    return person


def recording_of(person, scene):
    """What the person's objects do now, edits included, as a ``Recording``."""
    return read_trackers(trackers_of(person), scene)


def trackers_of(person):
    """The person's trackers by role: the chosen head and hands, and what else came in with the head."""
    chosen = {role: getattr(person, role) for role in ROLES if getattr(person, role) is not None}
    return chosen | (body_trackers(person.head) if person.head is not None else {})


def find_calibration(person, recording):
    """The ``Calibration`` of a person by what is set and what is found; nothing is changed."""
    return calibrate(
        recording,
        body_of(person.body_path),
        stature=person.stature if person.own_stature else None,
        floor=person.floor if person.own_floor else None,
        preset=None if person.preset == "AUTO" else person.preset,
    )


def note_calibration(person, calibration):
    """Show what a calibration found where the user sees it."""
    person.calibration = "\n".join(calibration.notes)
    if not person.own_stature:
        person.stature = float(body_of(person.body_path).stature(calibration.betas))
    if not person.own_floor:
        person.floor = calibration.floor


def ask_engine(person, scene, python, take=0, frames=None):
    """Ask for a motion of the person, or only of what matters for ``frames`` (first, last); return the ``Job``.

    Nothing in the scene changes before the answer is received: the engine may fail.
    """
    recording = recording_of(person, scene)
    calibration = find_calibration(person, recording)
    if frames is not None:
        first, last = frames_to_seconds(frames, scene)
        recording = part_of(recording, first - CONTEXT_SECONDS, last + CONTEXT_SECONDS)
    options = {"device": person.device, "seed": person.seed, "take": take, "refinement": person.refinement}
    body_path = bpy.path.abspath(person.body_path) if person.body_path else None
    return Job(python, recording, calibration, body_path, options)


def part_of(recording, first, last):
    """The samples of a recording from ``first`` to ``last`` seconds."""
    inside = (recording.time >= first) & (recording.time <= last)
    tracks = {
        role: Track(track.position[inside], track.rotation[inside], track.valid[inside])
        for role, track in recording.tracks.items()
    }
    return replace(recording, time=recording.time[inside], tracks=tracks, dropouts=()).validate()


def receive_motion(person, motion, scene):
    """Show a motion on the person's avatar, which is made where there is none of this shape; return its action."""
    if not fits(person, motion):
        make_avatar(person, motion)
    person.armature.location.z = motion.floor  # The trackers stay where they are; the avatar stands on their floor.
    number = int(motion.provenance.get("take", 0))
    # The trackers' second 0 is the scene's first frame, and so is the motion's.
    action = bake_motion(person.armature, motion, scene, f"{person.name} take {number}")
    action.use_fake_user = True
    _keep_take(person, action, number)
    show_motion_colours(person.mesh, motion, scene)
    show_colours(person)
    return action


def receive_range(person, motion, scene):
    """Replace the frames ``person.first`` to ``person.last`` of the shown take by a motion's, edges blended."""
    if person.armature is None or not person.takes:
        raise InputError(f"{person.name}: there is no take yet; predict one before solving a part of it again")
    if motion.uncertainty is not None and person.mesh is not None:
        replace_uncertainty(person.mesh, motion, scene, person.first, person.last)
    replace_frames(person.armature, motion, scene, person.first, person.last)


def _keep_take(person, action, number):
    """A take that is predicted again replaces itself; others are added."""
    place = next((i for i, take in enumerate(person.takes) if take.number == number), len(person.takes))
    if place == len(person.takes):
        person.takes.add()
    take = person.takes[place]
    if take.action is not None:
        take.action.use_fake_user = False
    take.name, take.number, take.action = f"Take {number}" if number else "Mean", number, action
    person.active_take = place


def show_take(person):
    """Play the active take: on its NLA track, if the takes have been put there, else as the armature's action."""
    if person.armature is None or not 0 <= person.active_take < len(person.takes):
        return
    action = person.takes[person.active_take].action
    animation = person.armature.animation_data
    if action is None:
        return
    if animation is None or animation.action is not None or action.name not in animation.nla_tracks:
        use_action(person.armature, action)
        return
    for take in person.takes:
        if take.action is not None and take.action.name in animation.nla_tracks:
            animation.nla_tracks[take.action.name].mute = take.action != action


def show_colours(person):
    """Bring the modifier in line with what the person's colour settings say."""
    modifier = person.mesh.modifiers.get(MODIFIER) if person.mesh is not None else None
    if modifier is not None:
        modifier.show_viewport = modifier.show_render = person.colours
        set_range(modifier, person.low, max(person.high, person.low + 0.1))
        person.mesh.update_tag()
