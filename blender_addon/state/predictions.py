"""A person's motions: what the engine is asked for, and what becomes of its answer in the scene."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy
import numpy as np

from ...model_core.calibration import Calibration, calibration_from_json, calibration_to_json
from ...model_core.errors import InputError
from ...model_core.motion import Motion
from ...model_core.pins import pins_to_json
from ...model_core.recordings import Recording, Track
from ..animation.curves import checking
from ..animation.timing import frames_to_seconds, seconds_to_frames
from ..avatar.bake import action_frames, motion_curves, reading_action, replacing, writing
from ..avatar.uncertainty import replace_uncertainty, show_uncertainty
from ..bpy_types import Scene
from ..engine.client import Job
from ..i18n.messages import Message, message
from ..steps import Steps, all_at_once
from .direction.reading import puts_feet, reading_directions
from .people import reading_recording, recording_of
from .person_avatar import fits, key_fingers, loading_body, making_avatar, show_colours
from .pins.reading import SampledPin, pins_within, reading_pins, require_within
from .presence import forget_deleted, require_here, require_whole
from .takes import (
    action_to_write,
    active_take,
    finishing,
    forget_uncertainty_of_take,
    has_whole_range,
    hidden_by,
    keep_uncertainty_of_take,
    keeping_edits,
    show_uncertainty_of_take,
    take_by_number,
    take_of_part,
    whole_range,
)

if TYPE_CHECKING:
    from .properties import THREEPOINT_PG_person, THREEPOINT_PG_take

SHOWN_CONTEXT_SECONDS = 0.2
"""The same where nothing is predicted: refinement alone needs hardly any."""
FEWEST_SAMPLES = 2
"""Samples of a recording from which there is a motion."""
CONTEXT_SECONDS = 2.0
"""What the engine sees before and after a range that is solved again."""


def calibration_options(
    person: "THREEPOINT_PG_person", recording: Recording, scene: Scene, t_pose_frame: int | None = None
) -> dict[str, object]:
    """What the person's settings say of their body and devices: as in ``options.options_to_json``.

    ``t_pose_frame``: where the person stands in a T-pose, by default what the settings say.
    """
    if t_pose_frame is None and person.use_t_pose:
        t_pose_frame = person.t_pose_frame
    pose = None
    if t_pose_frame is not None:
        second = float(frames_to_seconds(t_pose_frame, scene)) - float(recording.time[0])
        pose = {"kind": "t", "second": second}
    return {
        "stature": person.stature if person.override_stature else None,
        "floor": person.floor if person.override_floor else None,
        "preset": None if person.preset == "AUTO" else person.preset,
        "pose": pose,
    }


def ask_for_motion(
    person: "THREEPOINT_PG_person",
    scene: Scene,
    python: str | Path,
    take: int = 0,
    frames: tuple[int, int] | None = None,
    calibration: Calibration | None = None,
) -> Job:
    """Ask for a motion of the person, or only of what matters for ``frames`` (first, last); return the ``Job``.

    The engine calibrates unless there is a calibration by these settings, or another one is given. Nothing in the scene
    changes before the answer is received: the engine may fail. The person's pins are sent along. Raises ``InputError``
    where the answer could not be received.
    """
    return all_at_once(asking_for_motion(person, scene, python, take, frames, calibration))


def asking_for_motion(
    person: "THREEPOINT_PG_person",
    scene: Scene,
    python: str | Path,
    take: int = 0,
    frames: tuple[int, int] | None = None,
    calibration: Calibration | None = None,
    posed: Sequence[SampledPin] = (),
    shown: bool = False,
) -> Steps[Job]:
    """``ask_for_motion`` in steps, between which a window may draw and nothing may be changed.

    The person's pins count, and after these the ``posed`` ones, which are not in the scene yet; so do ground and seats,
    and of a range the active take's contacts that were edited. ``shown``: what the active take shows in the ``frames``,
    edits included, is what is changed: by pins, and by the ``take`` of another number, which is drawn for these frames
    alone. Else, and on ground that is no flat floor or with contacts that were edited there, it is predicted anew.
    """
    forget_deleted(person, scene)
    require_here(person, scene)
    require_whole(person)
    if frames is not None:
        motion_curves(person.armature, range_take(person, *frames).action)
    recording = yield from reading_recording(person, scene)
    options = calibration_options(person, recording, scene)
    key = calibration_key(person, options)
    # A range belongs to the avatar that is there, and so to its calibration.
    kept = person.keep_calibration and person.calibration_key == key
    if calibration is None and (frames is not None or kept):
        calibration = last_calibration(person)
    whole = recording.time[[0, -1]]
    options |= {"device": person.device, "seed": person.seed, "take": take, "refinement": person.refinement}
    options["lost_hands"] = person.lost_hands.lower()
    start = None
    if frames is None:
        recording = trimmed(recording, person, scene)
    else:
        begun, (first, last) = range_take(person, *frames), frames_to_seconds(frames, scene)
        anew = not shown or puts_feet(person, scene, first, last)
        draws = shown and take != begun.number
        context = CONTEXT_SECONDS if anew or draws else SHOWN_CONTEXT_SECONDS
        recording = part_of(recording, first - context, last + context)
        part = float(recording.time[0]), float(recording.time[-1])
        if not anew:
            start = yield from reading_action(person.armature, begun.action, person.betas, scene, part)
        if draws:
            options["take_part"] = (max(0.0, float(first) - part[0]), float(last) - part[0])
    pins = [*(yield from reading_pins(person, scene)), *posed]
    if pins:
        if person.refinement == 0:
            raise InputError(message("Pins are met by refinement: set it above 0, or mute the pins"))
        require_within(pins, scene, whole)
        if start is not None:  # Beyond the take nothing is shown that could be changed.
            pins = [pin.within(*whole_range(begun.action)) for pin in pins]
        options["pins"] = pins_to_json(pins_within(pins, person.armature, scene, recording.time[[0, -1]]))
    options |= yield from reading_directions(person, scene, recording, contacts=frames is not None)
    return Job(python, "animate", recording, options, _absolute(person.body_path), calibration, key, start)


def asking_for_calibration(
    person: "THREEPOINT_PG_person", scene: Scene, python: str | Path, t_pose_frame: int | None = None
) -> Steps[Job]:
    """Ask for the person's calibration by what the settings say, or by a T-pose at a frame; the ``Job``, in steps."""
    forget_deleted(person, scene)
    recording = yield from reading_recording(person, scene)
    options = calibration_options(person, recording, scene, t_pose_frame)
    key = calibration_key(person, options)
    options |= {"device": person.device, "seed": person.seed}
    recording = trimmed(recording, person, scene)
    return Job(python, "calibrate", recording, options, _absolute(person.body_path), key=key)


def trimmed(recording: Recording, person: "THREEPOINT_PG_person", scene: Scene) -> Recording:
    """The part of a recording that the person's settings say is used. Raises ``InputError`` where there is none."""
    if not person.use_trim:
        return recording
    if person.trim_first > person.trim_last:
        raise InputError(
            message("{person}: the trim begins at frame {first}, after its end at {last}",
                    person=person.name, first=person.trim_first, last=person.trim_last)
        )  # fmt: skip
    first, last = frames_to_seconds((person.trim_first, person.trim_last), scene)
    if np.count_nonzero((recording.time >= first) & (recording.time <= last)) < FEWEST_SAMPLES:
        begin, end = np.rint(seconds_to_frames(recording.time[[0, -1]], scene))
        raise InputError(
            message("{person}: trimmed to the frames {first} to {last}, and the recording has {begin:.0f} to {end:.0f}",
                    person=person.name, first=person.trim_first, last=person.trim_last, begin=begin, end=end)
        )  # fmt: skip
    return part_of(recording, first, last)


def part_of(recording: Recording, first: float, last: float) -> Recording:
    """The samples of a recording from ``first`` to ``last`` seconds."""
    inside = (recording.time >= first) & (recording.time <= last)
    tracks = {
        role: Track(track.position[inside], track.rotation[inside], track.valid[inside])
        for role, track in recording.tracks.items()
    }
    return replace(recording, time=recording.time[inside], tracks=tracks, dropouts=()).validate()


def receive_calibration(person: "THREEPOINT_PG_person", calibration: Calibration, key: str) -> None:
    """Keep a calibration and show what it found where the user sees it. ``key``: what it was made from."""
    all_at_once(receiving_calibration(person, calibration, key))


def receiving_calibration(person: "THREEPOINT_PG_person", calibration: Calibration, key: str) -> Steps[None]:
    """``receive_calibration`` in steps, between which a window may draw."""
    if not person.override_stature:
        body = yield from loading_body(person.body_path)
        person.stature = float(body.stature(calibration.betas))
    if not person.override_floor:
        person.floor = calibration.floor
    person.calibration, person.calibration_key = json.dumps(calibration_to_json(calibration)), key


def last_calibration(person: "THREEPOINT_PG_person") -> Calibration | None:
    """The calibration that ``receive_calibration`` kept, or None."""
    if not person.calibration:
        return None
    try:
        return calibration_from_json(json.loads(person.calibration), person.name)
    except (InputError, ValueError):  # Another version's.
        return None


def current_calibration_key(person: "THREEPOINT_PG_person", scene: Scene) -> str:
    """The key of a calibration that is made by the person's settings as they are now."""
    return calibration_key(person, calibration_options(person, recording_of(person, scene), scene))


def calibration_key(person: "THREEPOINT_PG_person", options: dict[str, object]) -> str:
    """The settings that a calibration is made by. What the trackers do is none of them: an animator who moves them
    corrects a motion, and does not become another person."""
    return json.dumps([options, person.body_path])


def receive_motion(
    person: "THREEPOINT_PG_person", motion: Motion, scene: Scene, origin: float = 0.0, identifier: int | None = None
) -> list[Message]:
    """Show a motion on the person's avatar, which is made where there is none; return what is to be said of it.

    The trackers stay where the recording says; the avatar stands on their floor. ``origin``: the second of the
    motion's clock at the scene's first frame; 0 for what was predicted from objects of this scene. ``identifier``: of
    the take that the motion becomes, by default the one of the motion's draw.
    """
    said = []
    for _ in receiving(person, motion, scene, said, origin, identifier):
        pass
    return said


def receiving(
    person: "THREEPOINT_PG_person",
    motion: Motion,
    scene: Scene,
    said: list[Message],
    origin: float = 0.0,
    identifier: int | None = None,
) -> Iterator[None]:
    """The same in steps, between which a window may draw; what is to be said comes into ``said``."""
    motion = replace(motion, start=motion.start - origin)
    forget_deleted(person, scene)
    require_here(person, scene)
    require_whole(person)
    yield
    if not fits(person, motion):
        yield from making_avatar(person, motion, scene, said)
        yield
    armature = person.armature
    armature.location.z += motion.floor - person.shown_floor
    person.shown_floor = motion.floor
    whole = has_whole_range(person)
    trim_is_whole = not person.use_trim and (person.trim_first, person.trim_last) == (person.first, person.last)
    take = next((take for take in person.takes if take.identifier == identifier), None)
    take = take or take_by_number(person, int(motion.provenance.get("take", 0)))
    if person.use_trim:
        frames = action_frames(motion, scene)
        take = take_of_part(person, take, int(frames[0]), int(frames[-1]), said)
    said += yield from keeping_edits(take)
    action = action_to_write(person, take)
    extent: Any = action.frame_range
    before = (extent[0], extent[1])
    yield from writing(armature, action, motion, scene)
    key_fingers(person, action)
    yield from finishing(person, take, before)
    if whole:
        person.first, person.last = whole_range(action)
        if trim_is_whole:
            person.trim_first, person.trim_last = person.first, person.last
    said += hidden_by(person)
    yield
    forget_uncertainty_of_take(person)
    show_uncertainty(person.mesh, motion, scene)
    keep_uncertainty_of_take(person)
    show_colours(person)


def receiving_range(
    person: "THREEPOINT_PG_person", motion: Motion, scene: Scene, first: int, last: int, said: list[Message]
) -> Iterator[None]:
    """Replace the frames ``first`` to ``last`` of the active take by a motion's, edges blended, in steps.

    What is to be said of that comes into ``said``.
    """
    take = range_take(person, first, last)
    motion_curves(person.armature, take.action)
    if motion.uncertainty is not None and person.mesh is not None:
        show_uncertainty_of_take(person)
        replace_uncertainty(person.mesh, motion, scene, first, last)
    said += yield from keeping_edits(take)  # Which of the frames were edited nobody knows.
    action = take.action
    yield from replacing(person.armature, action, motion, scene, first, last)
    take.baked = yield from checking(action)


def range_take(person: "THREEPOINT_PG_person", first: int, last: int) -> "THREEPOINT_PG_take":
    """The take of which a range is to be solved again. Raises ``InputError`` where it has no such frames."""
    take = written_take(person)
    if first > last:
        raise InputError(message("The range begins at frame {first}, after its end at {last}", first=first, last=last))
    begin, end = whole_range(take.action)
    if last < begin or first > end:
        raise InputError(
            message("Frames {first} to {last} lie outside of the take, which has {begin} to {end}",
                    first=first, last=last, begin=begin, end=end)
        )  # fmt: skip
    return take


def written_take(person: "THREEPOINT_PG_person") -> "THREEPOINT_PG_take":
    """The active take, with its action. Raises ``InputError`` where there is none."""
    take = active_take(person)
    if person.armature is None or take is None:
        raise InputError(
            message("{person}: there is no take yet; predict one before solving a part of it again", person=person.name)
        )
    if take.action is None:
        raise InputError(message("{take}: its action was deleted; predict it again", take=take.name))
    return take


def _absolute(path: str) -> str | None:
    """A body file's absolute path, for a process that does not know where the .blend lies."""
    return bpy.path.abspath(path) if path else None
