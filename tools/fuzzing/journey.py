"""What every recording goes through after it was read: report, corrections, calibration, 60 Hz, the engine's pipe."""

import io

import numpy as np

from ...model_core.body import Body
from ...model_core.calibration import Calibration, calibrate_by_preset, find_person, find_t_pose
from ...model_core.observation import FPS
from ...model_core.pipeline import model_frame, observe
from ...model_core.recordings import Recording
from ...model_core.recordings.checks import check, fix
from ...model_core.recordings.report import report
from ...model_core.untrusted.values import STATURE
from ...model_core.worker import messages

LONGEST_RATIO = 1.5
"""Seconds that a recording may last at most for each of its samples."""
FARTHEST = 1100.0
"""Metres from the origin at which a pose that counts may be."""


def travel(recording: Recording, body: Body) -> str:
    """Take a recording through everything; in a few words what is absurd about it, or nothing. Raises ``InputError``
    where a later step rightly refuses it."""
    recording.validate()
    for role, track in recording.tracks.items():
        if not role.isprintable():
            return f"a name that is not shown escaped: {role!r}"
        if (np.abs(np.linalg.norm(track.rotation, axis=-1) - 1) > 1e-3).any():
            return f"{role} has rotations that are not of unit length"
        if (np.abs(track.position[track.valid]) > FARTHEST).any():
            return f"{role} is kilometres away"
    if recording.duration > LONGEST_RATIO * len(recording.time) + 700:
        return f"it lasts {recording.duration:.3g} s with {len(recording.time)} samples"
    findings = check(recording)
    "\n".join(report(recording, findings)).encode()
    fix(recording, findings=findings)
    stream = io.BytesIO(messages.pack(*_as_message(recording)))
    header, arrays = messages.unpack(stream)
    messages.read_recording(header["recording"], arrays)
    placed = model_frame(recording)
    person = find_person(placed, body)
    found = _calibration(placed, body, person)
    stature = float(body.stature(np.asarray(found.betas, np.float64)))
    if not STATURE.least - 0.1 <= stature <= STATURE.largest + 0.1 or not np.isfinite(found.floor):
        return f"a person of {stature:.3g} m on a floor at {found.floor:.3g} m"
    find_t_pose(placed, body, person)
    seen = observe(placed, found)
    if not (np.isfinite(seen.positions).all() and np.isfinite(seen.rotations).all()):
        return "its joints are not finite"
    if len(seen.positions) > recording.duration * FPS + 2:
        return "it has more frames than its seconds"
    return ""


def _as_message(recording: Recording) -> tuple[messages.Header, messages.Arrays]:
    about, arrays = messages.recording_message(recording)
    return {"type": "animate", "job": 1, "recording": about}, arrays


def _calibration(placed, body, person) -> Calibration:
    """By a preset, whatever the device: fits to the motion need networks."""
    return calibrate_by_preset(placed, body, "grip", person)
