"""A person's motions: what the engine is asked for, and what becomes of its answer in the scene."""

import json
import zlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import bpy
import numpy as np

from ...model_core.calibration import Calibration, calibration_from_json, calibration_to_json
from ...model_core.errors import InputError
from ...model_core.motion import Motion
from ...model_core.recordings import Recording, Track
from ..animation.timing import frames_to_seconds
from ..avatar.bake import bake_motion, replace_frames
from ..avatar.uncertainty import replace_uncertainty, show_uncertainty
from ..bpy_types import Scene
from ..engine.client import Job
from ..i18n.messages import message
from .people import recording_of
from .person_avatar import body_of, fits, make_avatar, show_colours
from .takes import keep_take

if TYPE_CHECKING:
    from .properties import THREEPOINT_PG_person

CONTEXT_SECONDS = 2.0
"""What the engine sees before and after a range that is solved again."""


def calibration_options(
    person: "THREEPOINT_PG_person", recording: Recording, scene: Scene, t_pose_frame: int | None = None
) -> dict[str, object]:
    """What the person's settings say of their body and devices: as in ``pipeline.options_to_json``.

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

    The engine calibrates unless the last calibration still holds, or another one is given. Nothing in the scene
    changes before the answer is received: the engine may fail.
    """
    recording = recording_of(person, scene)
    options = calibration_options(person, recording, scene)
    key = calibration_key(person, recording, options)
    # A range belongs to the avatar that is there, and so to its calibration.
    if calibration is None and (frames is not None or person.calibration_key == key):
        calibration = last_calibration(person)
    if frames is not None:
        first, last = frames_to_seconds(frames, scene)
        recording = part_of(recording, first - CONTEXT_SECONDS, last + CONTEXT_SECONDS)
    options |= {"device": person.device, "seed": person.seed, "take": take, "refinement": person.refinement}
    return Job(python, "animate", recording, options, _absolute(person.body_path), calibration, key)


def ask_for_calibration(
    person: "THREEPOINT_PG_person", scene: Scene, python: str | Path, t_pose_frame: int | None = None
) -> Job:
    """Ask for the person's calibration by what the settings say, or by a T-pose at a frame; return the ``Job``."""
    recording = recording_of(person, scene)
    options = calibration_options(person, recording, scene, t_pose_frame)
    key = calibration_key(person, recording, options)
    options |= {"device": person.device, "seed": person.seed}
    return Job(python, "calibrate", recording, options, _absolute(person.body_path), key=key)


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
    if not person.override_stature:
        person.stature = float(body_of(person.body_path).stature(calibration.betas))
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
    """The key of a calibration that is made from the person's trackers and settings as they are now."""
    recording = recording_of(person, scene)
    return calibration_key(person, recording, calibration_options(person, recording, scene))


def calibration_key(person: "THREEPOINT_PG_person", recording: Recording, options: dict[str, object]) -> str:
    """What a calibration depends on, so short that it can be kept: it is the same while nothing of that changes."""
    check = zlib.crc32(np.round(recording.time, 4).tobytes())
    for role, track in sorted(recording.tracks.items()):
        check = zlib.crc32(role.encode(), check)
        for values in (track.position, track.rotation, track.valid):
            check = zlib.crc32(np.ascontiguousarray(values).tobytes(), check)
    return json.dumps([options, person.body_path, recording.device, check])


def receive_motion(
    person: "THREEPOINT_PG_person", motion: Motion, scene: Scene, origin: float = 0.0
) -> bpy.types.Action:
    """Show a motion on the person's avatar, which is made where there is none of this shape; return its action.

    The trackers stay where the recording says; the avatar stands on their floor. ``origin``: the second of the
    motion's clock at the scene's first frame; 0 for what was predicted from objects of this scene.
    """
    motion = replace(motion, start=motion.start - origin)
    if not fits(person, motion):
        make_avatar(person, motion)
    person.armature.location.z = motion.floor
    number = int(motion.provenance.get("take", 0))
    action = bake_motion(person.armature, motion, scene, f"{person.name} take {number}")
    keep_take(person, action, number)
    show_uncertainty(person.mesh, motion, scene)
    show_colours(person)
    return action


def receive_range(person: "THREEPOINT_PG_person", motion: Motion, scene: Scene) -> None:
    """Replace the frames ``person.first`` to ``person.last`` of the active take by a motion's, edges blended."""
    if person.armature is None or not person.takes:
        raise InputError(
            message("{person}: there is no take yet; predict one before solving a part of it again", person=person.name)
        )
    if motion.uncertainty is not None and person.mesh is not None:
        replace_uncertainty(person.mesh, motion, scene, person.first, person.last)
    replace_frames(person.armature, motion, scene, person.first, person.last)


def _absolute(path: str) -> str | None:
    """A body file's absolute path, for a process that does not know where the .blend lies."""
    return bpy.path.abspath(path) if path else None
