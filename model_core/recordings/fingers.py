"""Fingers that a headset has seen, beside a recording's trackers (numpy only).

A hand's bones are kept by where they point, in the hand's own frame (``geometry.hand``): neither a device's axes nor a
body matters. ``geometry.hand.finger_rotations`` makes of them what a certain body's joints turn by.
"""

from dataclasses import dataclass

import numpy as np

from ..geometry.hand import FINGER_COUNT, POINT_COUNT, bone_frames
from ..geometry.rotations import make_continuous, matrix_to_quaternion, slerp

SHORTEST_HAND, LONGEST_HAND = 0.03, 0.3
"""Metres from the wrist to the knuckle of the middle finger: other points are no hand."""
FEWEST = 2
"""Samples of a hand's fingers of which there is a motion."""


@dataclass(frozen=True)
class Fingers:
    """One hand's finger bones: ``time`` (N,) seconds of the recording's clock, ``bones`` (N, 15, 4) unit ``wxyz``.

    ``bones`` are the frames of ``geometry.hand.bone_frames``. Moments at which the hand was not seen are left out.
    """

    time: np.ndarray
    bones: np.ndarray

    def at(self, seconds: np.ndarray) -> np.ndarray:
        """The bones (M, 15, 4) at ``seconds`` (M,): between samples along the shortest way, held at both ends."""
        right = np.clip(np.searchsorted(self.time, seconds), 1, len(self.time) - 1)
        left = right - 1
        span = self.time[right] - self.time[left]
        weight = np.clip((seconds - self.time[left]) / span, 0, 1)
        return slerp(self.bones[left], self.bones[right], np.repeat(weight[:, None], FINGER_COUNT, 1))


def fingers_of(time: np.ndarray, points: np.ndarray, hand: str) -> Fingers | None:
    """Fingers of a hand's ``points`` (N, 21, 3) in metres, at ``time`` (N,); NaN where they were not seen.

    ``hand``: ``left_hand`` or ``right_hand``; the points in the order of ``geometry.hand``, in a right-handed space.
    None where too few of them are a hand's.
    """
    points = np.asarray(points, np.float64).reshape(-1, POINT_COUNT, 3)
    with np.errstate(invalid="ignore"):
        length = np.linalg.norm(points[:, 5] - points[:, 0], axis=-1)
        steps = np.linalg.norm(np.diff(points[:, 1:].reshape(-1, 5, 4, 3), axis=2), axis=-1)
        seen = (length > SHORTEST_HAND) & (length < LONGEST_HAND) & (steps > 0).all((1, 2))
        seen &= (steps < LONGEST_HAND).all((1, 2)) & np.isfinite(time)
    if seen.sum() < FEWEST:
        return None
    return Fingers(time[seen], make_continuous(matrix_to_quaternion(bone_frames(points[seen], hand))))
