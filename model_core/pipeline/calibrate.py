"""The first step: from a recording to how big the person is, where the floor lies and how the devices sit.

A calibration that is given is taken. Else a pose that the user names gives the offsets; else the preset of a device
that is known, fitted to the motion (``hand_offsets``); else a T-pose that is found; else what makes the motion
likeliest (``unknown_devices``).
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from ..body import Body, load_body
from ..calibration import (
    PRESETS,
    Calibration,
    Person,
    calibrate_by_preset,
    calibrate_in_pose,
    find_person,
    find_t_pose,
    is_known,
    preset_offsets,
)
from ..calibration.by_preset import calibrate_joints
from ..direction.ground import Ground
from ..errors import InputError
from ..geometry.skeleton import ROLES
from ..notes import Note
from ..options import KnownPose, Options
from ..progress import Progress
from ..recordings.model_frame import ModelFrameRecording
from ..untrusted.values import STATURE, number
from .ground import found_levels, level_notes, on_level_ground
from .hand_offsets import fit_hands
from .networks import Networks, load_networks
from .unknown_devices import fit_unknown

RECORDING_NOTES = "headset_not_worn", "stands_higher"
"""Notes that are of a recording, not of a person: a calibration of another recording is taken without them."""


def calibrate(
    recording: ModelFrameRecording,
    options: Options | None = None,
    networks: Networks | Callable[[], Networks] | None = None,
    progress: Progress | None = None,
) -> Calibration:
    """The ``Calibration`` of a recording; its notes say what was done.

    ``networks`` are used only where hands' offsets are fitted to the motion; a function that loads them is called only
    there, and None loads them there. Raises ``InputError``.
    """
    options = (options or Options()).validate()
    recording = on_level_ground(recording, options.ground)
    found = _fitting(options, recording) or _found(recording, options, networks, progress)
    return with_recording_notes(found, recording, options.body or load_body())


def calibrate_on_ground(
    recording: ModelFrameRecording,
    options: Options,
    networks: Networks | Callable[[], Networks] | None = None,
    progress: Progress | None = None,
) -> tuple[ModelFrameRecording, Calibration, Options]:
    """The recording as on a flat floor (``on_level_ground``), its ``Calibration``, and the options with the ground that
    was found where they ask for that: None where the floor is flat.

    The arguments are those of ``calibrate``. Raises ``InputError``.
    """
    placed = on_level_ground(recording, options.ground)
    calibration = calibrate(placed, options, networks, progress)
    if options.ground is not None and options.ground.found:
        levels = found_levels(placed, calibration, options.body or load_body())
        options = replace(options, ground=Ground(levels) if levels else None)
        placed = on_level_ground(placed, options.ground)
    return placed, calibration, options


def with_recording_notes(calibration: Calibration, recording: ModelFrameRecording, body: Body) -> Calibration:
    """The calibration with notes of when the headset of this recording is on no head, and of when the person stands
    higher than the floor, where no ground says so."""
    said = [Note("headset_not_worn", {"begin": begin, "end": end}) for begin, end in recording.unworn]
    if recording.levels is None:
        said += level_notes(found_levels(recording, calibration, body), recording.duration)
    kept = (note for note in calibration.notes if note.code not in RECORDING_NOTES)
    return replace(calibration, notes=(*kept, *said))


def _fitting(options: Options, recording: ModelFrameRecording) -> Calibration | None:
    """The calibration that is given. Raises ``InputError`` where it is of no person, or lacks a hand that is there."""
    given = options.calibration
    if given is None:
        return None
    stature = float((options.body or load_body()).stature(np.asarray(given.betas, np.float64)))
    number(stature, "the stature of the calibration's betas with this body", STATURE)
    lacking = [role for role in ROLES if role in recording.tracks and role not in given.offsets]
    if lacking and recording.device != "joints":
        raise InputError(f"the calibration has no offset for {lacking[0]}, which {recording.source} has; "
                         f"it has {', '.join(given.offsets)}")  # fmt: skip
    return given


def _found(
    recording: ModelFrameRecording,
    options: Options,
    networks: Networks | Callable[[], Networks] | None,
    progress: Progress | None,
) -> Calibration:
    """The calibration that is found in the recording."""
    body, device = options.body or load_body(), options.preset or recording.device
    if options.pose is not None:
        person = find_person(recording, body, options.stature, options.floor, in_pose=True)
        return _in_pose(recording, body, person, options.pose)
    if device == "joints":
        return calibrate_joints(recording, options.floor)
    hands = preset_offsets(device) if is_known(device) else {}
    reach_std: dict[str, Any] = {"hand_std": PRESETS[device].reach_std} if device in PRESETS else {}
    person = find_person(recording, body, options.stature, options.floor, hands, **reach_std)
    if is_known(device):
        found = calibrate_by_preset(recording, body, device, person)
        if device not in PRESETS:
            return found
        return fit_hands(recording, found, device, body, _loaded(networks, options.device), progress)
    second = find_t_pose(recording, body, person)
    if second is not None:
        person = find_person(recording, body, options.stature, options.floor, in_pose=True)
        found = calibrate_in_pose(recording, body, second, person)
        return replace(found, notes=(Note("unknown_device_t_pose"), *found.notes))
    first_guess = calibrate_by_preset(recording, body, device, person)
    return fit_unknown(recording, first_guess, body, _loaded(networks, options.device), progress)


def _loaded(networks: Networks | Callable[[], Networks] | None, device: str) -> Networks:
    """The networks that are given, or that come with Threepoint."""
    if networks is None:
        return load_networks(device)
    return networks if isinstance(networks, Networks) else networks()


def _in_pose(recording: ModelFrameRecording, body: Body, person: Person, pose: KnownPose) -> Calibration:
    """The calibration from a pose that the user tells of."""
    if pose.second is not None:
        second = float(recording.time[0]) + pose.second
    else:
        second = find_t_pose(recording, body, person)
    if second is None:
        raise InputError(f"{recording.source}: nobody holds a T-pose in it; name the second, --pose t=SECOND")
    return calibrate_in_pose(recording, body, second, person, pose.kind)
