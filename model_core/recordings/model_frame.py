"""Where a recording enters the model's frame: calibration and everything after it work there (numpy only)."""

from dataclasses import dataclass, field, replace

import numpy as np

from ..geometry.frames import OPENXR_TO_MODEL, convert_positions, convert_quaternions
from ..geometry.rotations import normalize
from .recording import Recording, Track
from .worn import stretches, unworn, without_unworn

FAR = 100.0
"""Metres from the origin, along either axis of the floor, from which a person is far."""


@dataclass(frozen=True)
class ModelFrameRecording(Recording):
    """A ``Recording`` whose tracks are in the model's frame (right-handed, +Y up, +Z forward, metres).

    ``origin`` (3,): where this frame's origin lies in the room, along the model's axes, at the room's y = 0; adding it
    to a position gives that in the room. ``unworn``: begin and end, in seconds from the first sample, of each stretch
    in which the headset is on no head; head and hands are lost there. ``levels``: moments (M,) of the clock, and the
    metres (M,) by which all tracks are lowered then, because the person stands so high; None where they are not.
    """

    origin: np.ndarray = field(default_factory=lambda: np.zeros(3))
    unworn: tuple[tuple[float, float], ...] = ()
    levels: tuple[np.ndarray, np.ndarray] | None = None


def model_frame(recording: Recording) -> ModelFrameRecording:
    """The recording in the model's frame, its origin under the first head that is seen.

    Of a recording of a headset, samples in which it is not worn are lost.

    Single precision rounds to a quarter of a micrometre five metres away, and refinement makes millimetres of it: so
    the origin comes near before networks round. And so poses are rounded first as a scene's keyframes are: a recording
    and the same recording read back from Blender's empties give the same motion. Who is farther than ``FAR`` is first
    moved by whole metres: keyframes there are rounded to tenths of a millimetre.
    """
    time, unseen = recording.time, ()
    head = recording.tracks["head"]
    away = head.position[np.argmax(head.valid)] * [1.0, 0.0, 1.0]
    far = np.where(np.abs(away) > FAR, np.round(away), 0.0)
    tracks = {role: _as_keyframes(track, far) for role, track in recording.tracks.items()}
    if recording.device != "joints":
        off = unworn(time, tracks)
        if off.any():
            tracks, unseen = without_unworn(time, tracks, off), tuple(stretches(time, off))
    head = tracks["head"]
    origin = head.position[np.argmax(head.valid)] * [1.0, 0.0, 1.0]
    placed = {
        role: Track(
            convert_positions(track.position - origin, OPENXR_TO_MODEL),
            convert_quaternions(track.rotation, OPENXR_TO_MODEL),
            track.valid,
        )
        for role, track in tracks.items()
    }
    return ModelFrameRecording(
        recording.time, placed, recording.source, recording.device, recording.betas, recording.dropouts,
        recording.warnings, recording.runs, recording.fingers,
        origin=convert_positions(origin + far, OPENXR_TO_MODEL), unworn=unseen,
    )  # fmt: skip


def _as_keyframes(track: Track, origin: np.ndarray) -> Track:
    """The track from an ``origin`` (3,), in the precision of Blender's keyframes."""
    position, rotation = (
        values.astype(np.float32).astype(np.float64) for values in (track.position - origin, track.rotation)
    )
    return replace(track, position=position, rotation=normalize(rotation))
