"""Calibration where it is known how devices sit in the hands: by preset, and by how far arms reach (numpy only)."""

from dataclasses import replace

import numpy as np

from ..body import Body
from ..motion import BETA_COUNT
from ..notes import Note
from ..recordings.model_frame import ModelFrameRecording
from .calibration import Calibration
from .fitting import fit_hands, required_size
from .person import Person, floor_below, head_offset, upright_eye_height
from .presets import DEFAULT_PRESET, FITTED_PRESETS, OTHER_PRESETS, PRESETS, preset_offsets

REACH_TOLERANCE, TALLEST = 1.10, 2.05
"""Hands that reach farther than arms by this factor show that the person is taller, up to this many metres."""
ROUGH_REACH_TOLERANCE = 1.18
"""The same where it is not known how a device sits, which may be a hand's breadth farther out than expected, and the
stature is a wilder guess than reach: on the training motion with trackers worn anyhow, whoever was beyond it was too
small by far."""
STRETCH = 1.05
"""By so much some people do reach farther than most: only what is beyond it makes them taller."""
REACH_STATURE_ERROR = 0.06
"""Standard error in metres of a stature that is estimated from reach."""
SURE = 0.02
"""A stature whose standard error is above this many metres is called a guess."""


def is_known(device: str) -> bool:
    """Whether it is known how a device of this name sits in the hand, or on it."""
    return device in PRESETS or device in OTHER_PRESETS


def calibrate_joints(recording: ModelFrameRecording, floor: float | None = None) -> Calibration:
    """The ``Calibration`` of a recording whose tracks are SMPL's joints already."""
    betas = np.zeros(BETA_COUNT) if recording.betas is None else np.asarray(recording.betas, np.float64)
    return Calibration(betas, floor or 0.0, preset_offsets("joints"), (Note("tracks_are_joints"),))


def calibrate_by_preset(recording: ModelFrameRecording, body: Body, preset: str, person: Person) -> Calibration:
    """The ``Calibration`` of a ``person`` who holds their devices as ``preset`` says.

    A name that is no preset's stands for ``DEFAULT_PRESET``. A person whose size was not given is taken to be taller
    where the hands reach farther than arms.
    """
    notes, known = list(person.notes), is_known(preset)
    if not known:
        notes.insert(0, Note("no_preset", {"device": preset, "preset": DEFAULT_PRESET}))
        preset = DEFAULT_PRESET
    calibration = _with_preset(recording, body, person, preset)
    error = person.stature_error
    if error is not None:
        ratio = required_size(recording, calibration, body)
        if ratio > REACH_TOLERANCE if known else ratio > ROUGH_REACH_TOLERANCE and error > REACH_STATURE_ERROR:
            stature = min(float(body.stature(person.betas)) * ratio / STRETCH, TALLEST)
            betas = body.betas_for(stature).astype(np.float64)
            floor = person.floor if person.floor_given else floor_below(upright_eye_height(recording), body, betas)
            person = replace(person, betas=betas, floor=floor)
            error = max(error, REACH_STATURE_ERROR)
            notes.append(Note("reach_needs_taller_person", {"ratio": ratio}))
            calibration = _with_preset(recording, body, person, preset)
    stature = float(body.stature(person.betas))
    if error is not None:
        notes.append(stature_note(stature, error))
    notes.append(Note("person", {"stature": stature, "floor": person.floor, "preset": preset}))
    return replace(calibration, notes=(*notes, *calibration.notes), stature_error=error)


def stature_note(stature: float, error: float) -> Note:
    """What is said of a stature in metres that was estimated from the motion, and its standard error."""
    code = "stature_uncertain" if error > SURE else "stature_from_motion"
    return Note(code, {"stature": stature, "error_cm": 100 * error})


def _with_preset(recording: ModelFrameRecording, body: Body, person: Person, preset: str) -> Calibration:
    """The head's offset by the person's size, the hands' by the preset, fitted where it is rough."""
    size = float(body.size(person.betas))
    offsets = {"head": head_offset(size), **preset_offsets(preset, size)}
    calibration = Calibration(person.betas, person.floor, offsets)
    return fit_hands(recording, calibration, body) if preset in FITTED_PRESETS else calibration
