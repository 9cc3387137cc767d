"""Inertialization (Bollo 2016): no jump where a tracker is lost or found.

The prediction changes at once there, a body does not. What the pose jumps by is added to the frames without the
tracker and fades out away from the edge. Frames in which every tracker is valid stay as they are.
"""

import numpy as np
import torch

from ..geometry.filters import smoothstep
from ..geometry.rotations import axis_angle_to_matrix, matrix_to_axis_angle, transpose

FADE_FRAMES = 30
"""Frames at 60 Hz over which a jump fades out, or the whole gap where that is shorter."""
RETURN_FRAMES = 12
"""The same in a stream after a tracker has come back: for so long the body lags behind the trackers."""


def inertialize_gaps(rotations: torch.Tensor, valid: np.ndarray) -> torch.Tensor:
    """Local rotations (T, J, 3, 3) without jumps where trackers are lost and found; ``valid`` (T, 3) bool, an array.

    Only frames change in which a tracker is missing. Where one is lost as another is found, the later frames do.
    """
    lost, found = _edges(valid)
    if not lost and not found:
        return rotations
    offsets = torch.zeros(*rotations.shape[:2], 3, dtype=rotations.dtype, device=rotations.device)
    for frame, frames in lost.items():
        weights = fade_out(frames, offsets)
        offsets[frame : frame + frames] += weights * _jump(rotations[frame - 1], rotations[frame])
    for frame, frames in found.items():
        weights = fade_out(frames, offsets).flip(0)
        offsets[frame - frames : frame] -= weights * _jump(rotations[frame - 1], rotations[frame])
    return axis_angle_to_matrix(offsets) @ rotations


def fade_out(frames: int, like: torch.Tensor) -> torch.Tensor:
    """Weights (frames, 1, 1) that fall from near one to near zero; with their mirror image they add up to one."""
    left = 1 - torch.arange(1, frames + 1, dtype=like.dtype, device=like.device) / (frames + 1)
    return smoothstep(left)[:, None, None]


def _jump(before: torch.Tensor, after: torch.Tensor) -> torch.Tensor:
    """Rotation vectors (J, 3) that rotate the local rotations ``after`` (J, 3, 3) into those ``before``."""
    return matrix_to_axis_angle(before @ transpose(after))


def _edges(valid: np.ndarray) -> tuple[dict[int, int], dict[int, int]]:
    """Two dicts, frame -> frames of its fade: where trackers are lost, and where they are back."""
    lost: dict[int, int] = {}
    found: dict[int, int] = {}
    edges = np.diff(np.asarray(valid, np.int8), axis=0, prepend=1, append=1)
    for changes in edges.T:
        for start, end in zip(np.flatnonzero(changes < 0), np.flatnonzero(changes > 0), strict=True):
            frames = min(FADE_FRAMES, int(end - start))
            if start > 0:
                lost[int(start)] = min(frames, lost.get(int(start), frames))
            if end < len(valid):
                found[int(end)] = min(frames, found.get(int(end), frames))
    return lost, {frame: frames for frame, frames in found.items() if frame not in lost}


class Inertializer:
    """The same in a stream, which knows of an edge only once it is there: jumps fade out after either edge."""

    def __init__(self) -> None:
        self.previous: tuple[np.ndarray, torch.Tensor] | None = None
        self.fading: list[torch.Tensor] = []

    def step(self, rotations: torch.Tensor, valid: np.ndarray) -> torch.Tensor:
        """Local rotations (J, 3, 3) of the next frame, without the jump; ``valid`` (3,) bool are its trackers."""
        valid = np.array(valid, bool)
        if self.previous is not None and (valid != self.previous[0]).any():
            frames = RETURN_FRAMES if (valid & ~self.previous[0]).any() else FADE_FRAMES
            jump = _jump(self.previous[1], rotations)
            self.fading = list(fade_out(frames, jump) * jump)
        if self.fading:
            rotations = axis_angle_to_matrix(self.fading.pop(0)) @ rotations
        self.previous = valid, rotations
        return rotations
