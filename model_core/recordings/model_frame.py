"""Where a recording enters the model's frame: calibration and everything after it work there (numpy only)."""

from dataclasses import dataclass, field, replace

import numpy as np

from ..geometry.frames import OPENXR_TO_MODEL, convert_positions, convert_quaternions
from ..geometry.rotations import normalize
from .recording import Recording, Track


@dataclass(frozen=True)
class ModelFrameRecording(Recording):
    """A ``Recording`` whose tracks are in the model's frame (right-handed, +Y up, +Z forward, metres).

    ``origin`` (3,): where this frame's origin lies in the room, along the model's axes, at the room's y = 0; adding it
    to a position gives that in the room.
    """

    origin: np.ndarray = field(default_factory=lambda: np.zeros(3))


def model_frame(recording: Recording) -> ModelFrameRecording:
    """The recording in the model's frame, its origin under the first head that is seen.

    Single precision rounds to a quarter of a micrometre five metres away, and refinement makes millimetres of it: so
    the origin comes near before networks round. And so poses are rounded first as a scene's keyframes are: a recording
    and the same recording read back from Blender's empties give the same motion.
    """
    recording = replace(recording, tracks={role: _as_keyframes(track) for role, track in recording.tracks.items()})
    head = recording.tracks["head"]
    origin = head.position[np.argmax(head.valid)] * [1.0, 0.0, 1.0]
    tracks = {
        role: Track(
            convert_positions(track.position - origin, OPENXR_TO_MODEL),
            convert_quaternions(track.rotation, OPENXR_TO_MODEL),
            track.valid,
        )
        for role, track in recording.tracks.items()
    }
    return ModelFrameRecording(
        recording.time, tracks, recording.source, recording.device, recording.betas, recording.dropouts,
        recording.warnings, convert_positions(origin, OPENXR_TO_MODEL),
    )  # fmt: skip


def _as_keyframes(track: Track) -> Track:
    """The track in the precision of Blender's keyframes."""
    position, rotation = (values.astype(np.float32).astype(np.float64) for values in (track.position, track.rotation))
    return replace(track, position=position, rotation=normalize(rotation))
