"""One person in several recordings: a stature and offsets of the devices that all share, which short ones cannot tell.

How tall the person is, is the mean of what each recording makes likeliest, by how sure it is. Hands' offsets of known
devices are fitted to the longest recordings of each kind of device and averaged. The floor is each recording's own.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..body import load_body
from ..calibration import PRESETS, Calibration, Offset, calibrate_by_preset, find_person, is_known, preset_offsets
from ..errors import InputError
from ..geometry.skeleton import ROLES
from ..notes import Note
from ..options import Options
from ..recordings.model_frame import ModelFrameRecording
from .calibrate import calibrate, with_recording_notes
from .networks import Networks

FITTED_RECORDINGS = 4
"""Of each kind of device, the longest: to so many are offsets fitted."""


@dataclass(frozen=True)
class Player:
    """What recordings of a person share: ``stature`` in metres and its standard error ``stature_error``, and hands'
    ``offsets`` by device and role; ``recordings``, of how many. ``stature`` is None where nothing tells it."""

    stature: float | None
    stature_error: float | None
    offsets: dict[str, dict[str, Offset]]
    recordings: int


def shares(recording: ModelFrameRecording, options: Options) -> bool:
    """Whether a recording is calibrated by what it shares with others of its person; else by itself or as is given."""
    known = options.calibration is not None or options.pose is not None or recording.betas is not None
    return not known and (options.preset or recording.device) != "joints"


def find_player(recordings: Iterable[ModelFrameRecording], options: Options, networks: Networks) -> Player:
    """The ``Player`` of a person's ``recordings``; those that cannot be calibrated say nothing."""
    body = options.body or load_body()
    statures: list[tuple[float, float]] = []
    longest: dict[str, list[ModelFrameRecording]] = {}
    count = 0
    for recording in recordings:
        if not shares(recording, options):
            continue
        device = options.preset or recording.device
        try:
            person = find_person(recording, body, options.stature, options.floor, **hands_of(device))
        except InputError:
            continue
        count += 1
        if person.stature_error is not None:
            statures.append((float(body.stature(person.betas)), person.stature_error))
        if device in PRESETS:
            of_device = sorted([*longest.get(device, []), recording], key=lambda one: -one.duration)
            longest[device] = of_device[:FITTED_RECORDINGS]
    stature, error = _together(statures) if statures else (options.stature, None)
    offsets = {
        device: _mean_offsets([(one.duration, calibrate(one, replace(options, stature=stature), networks))
                               for one in of_device])
        for device, of_device in longest.items()
    }  # fmt: skip
    return Player(stature, error, offsets, count)


def calibrate_as(recording: ModelFrameRecording, player: Player, options: Options, networks: Networks) -> Calibration:
    """The ``Calibration`` of one recording of a player: its own floor, what all share. Raises ``InputError``."""
    device = options.preset or recording.device
    if not shares(recording, options):
        return calibrate(recording, options, networks)
    if device not in player.offsets:  # How an unknown device is held each recording shows by itself.
        found = calibrate(recording, replace(options, stature=player.stature), networks)
    else:
        body = options.body or load_body()
        person = find_person(recording, body, player.stature, options.floor, **hands_of(device))
        found = with_recording_notes(calibrate_by_preset(recording, body, device, person), recording, body)
        found = replace(found, offsets={**found.offsets, **player.offsets[device]})
    note = Note("calibrated_per_player", {"recordings": player.recordings})
    return replace(found, stature_error=player.stature_error, notes=(*found.notes, note))


def hands_of(device: str) -> dict[str, Any]:
    """What ``find_person`` is told of the hands of a device."""
    said: dict[str, Any] = {"hands": preset_offsets(device)} if is_known(device) else {}
    return said | ({"hand_std": PRESETS[device].reach_std} if device in PRESETS else {})


def _together(statures: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """The mean of (stature, standard error) by how sure each is. Its error is that of the surest one: recordings of a
    person err alike, so that many of them are hardly surer."""
    values, errors = np.array(statures).T
    weights = 1 / errors**2
    return float(np.exp((weights * np.log(values)).sum() / weights.sum())), float(errors.min())


def _mean_offsets(found: Sequence[tuple[float, Calibration]]) -> dict[str, Offset]:
    """The hands' mean offsets, by (seconds, calibration)."""
    mean = {}
    for role in ROLES[1:]:
        own = [(seconds, known.offsets[role]) for seconds, known in found if role in known.offsets]
        if not own:
            continue
        rotation, position = np.zeros(4), np.zeros(3)
        weight = sum(seconds for seconds, _ in own)
        for seconds, offset in own:
            rotation += seconds * offset.rotation * np.sign(offset.rotation @ own[0][1].rotation or 1.0)
            position += seconds * offset.position
        mean[role] = Offset(rotation / np.linalg.norm(rotation), position / max(weight, 1e-9))
    return mean
