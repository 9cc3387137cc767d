"""No jump where a tracker is lost or found: the network's answer changes at once there, a body does not.

What the pose jumps by is added to the frames without the tracker, less and less from the edge on (known in animation as
inertialisation, Bollo 2016). Frames in which everything is seen stay as they are.
"""

import numpy as np
import torch

from ..geometry.rotations import axis_angle_to_matrix, matrix_to_axis_angle, transpose

BRIDGE_FRAMES = 30
"""Over so many frames at 60 Hz a jump is spread, or over the whole gap where that is shorter."""
RETURN_FRAMES = 12
"""The same in a stream after a tracker has come back: so long its body lags behind what is seen."""


def bridge_gaps(rotations, valid):
    """Local rotations (T, J, 3, 3) without jumps where trackers are lost and found; ``valid`` (T, 3) bool, an array.

    Only frames change in which a tracker is missing. Where one is lost as another is found, the later frames do.
    """
    lost, found = _edges(valid)
    if not lost and not found:
        return rotations
    turns = torch.zeros(*rotations.shape[:2], 3, dtype=rotations.dtype, device=rotations.device)
    for frame, frames in lost.items():
        share = fading(frames, turns)
        turns[frame : frame + frames] += share * _jump(rotations[frame - 1], rotations[frame])
    for frame, frames in found.items():
        share = fading(frames, turns).flip(0)
        turns[frame - frames : frame] -= share * _jump(rotations[frame - 1], rotations[frame])
    return axis_angle_to_matrix(turns) @ rotations


def fading(frames, like):
    """Shares (frames, 1, 1) that fall from near one to near zero; with their mirror image they add up to one."""
    left = 1 - torch.arange(1, frames + 1, dtype=like.dtype, device=like.device) / (frames + 1)
    return (left * left * (3 - 2 * left))[:, None, None]


def _jump(before, after):
    """Rotation vectors (J, 3) that turn the local rotations ``after`` (J, 3, 3) into those ``before``."""
    return matrix_to_axis_angle(before @ transpose(after))


def _edges(valid):
    """Two dicts, frame -> length of its bridge: where trackers are lost, and where they are back."""
    lost, found = {}, {}
    edges = np.diff(np.asarray(valid, np.int8), axis=0, prepend=1, append=1)
    for changes in edges.T:
        for start, end in zip(np.flatnonzero(changes < 0), np.flatnonzero(changes > 0), strict=True):
            frames = min(BRIDGE_FRAMES, int(end - start))
            if start > 0:
                lost[int(start)] = min(frames, lost.get(int(start), frames))
            if end < len(valid):
                found[int(end)] = min(frames, found.get(int(end), frames))
    return lost, {frame: frames for frame, frames in found.items() if frame not in lost}


class Inertializer:
    """The same in a stream, which learns of a gap when it is there: jumps fade out after either edge."""

    def __init__(self):
        self.valid, self.shown = None, None
        self.turns, self.left = None, []

    def step(self, rotations, valid):
        """Local rotations (J, 3, 3) of the next frame, without the jump; ``valid`` (3,) bool are its trackers."""
        valid = np.array(valid, bool)
        if self.valid is not None and (valid != self.valid).any():
            frames = RETURN_FRAMES if (valid & ~self.valid).any() else BRIDGE_FRAMES
            self.turns = _jump(self.shown, rotations)
            self.left = list(fading(frames, self.turns)[:, 0])
        if self.left:
            rotations = axis_angle_to_matrix(self.left.pop(0) * self.turns) @ rotations
        self.valid, self.shown = valid, rotations
        return rotations
