"""Calibration where it is known how devices sit in the hands: by preset (numpy only)."""

import numpy as np

from ..body import Body
from ..motion import BETA_COUNT
from ..notes import Note
from ..recordings.model_frame import ModelFrameRecording
from .calibration import Calibration
from .person import Person, head_offset, stature_note
from .presets import DEFAULT_PRESET, OTHER_PRESETS, PRESETS, preset_offsets


def is_known(device: str) -> bool:
    """Whether it is known how a device of this name sits in the hand, or on it."""
    return device in PRESETS or device in OTHER_PRESETS


def calibrate_joints(recording: ModelFrameRecording, floor: float | None = None) -> Calibration:
    """The ``Calibration`` of a recording whose tracks are SMPL's joints already."""
    betas = np.zeros(BETA_COUNT) if recording.betas is None else np.asarray(recording.betas, np.float64)
    return Calibration(betas, floor or 0.0, preset_offsets("joints"), (Note("tracks_are_joints"),))


def calibrate_by_preset(recording: ModelFrameRecording, body: Body, preset: str, person: Person) -> Calibration:
    """The ``Calibration`` of a ``person`` who holds their devices as ``preset`` says.

    A name that is no preset's stands for ``DEFAULT_PRESET``.
    """
    notes = list(person.notes)
    if not is_known(preset):
        notes.insert(0, Note("no_preset", {"device": preset, "preset": DEFAULT_PRESET}))
        preset = DEFAULT_PRESET
    stature, size = float(body.stature(person.betas)), float(body.size(person.betas))
    if person.stature_error is not None:
        notes.append(stature_note(stature, person.stature_error))
    notes.append(Note("person", {"stature": stature, "floor": person.floor, "preset": preset}))
    offsets = {"head": head_offset(size), **preset_offsets(preset, size)}
    return Calibration(person.betas, person.floor, offsets, tuple(notes), person.stature_error)
