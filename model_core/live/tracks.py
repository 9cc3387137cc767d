"""One tracker in a stream: what of it can be believed, and where it was at a given time.

Samples are lost for the reasons for which ``recordings.cleaning`` loses them, as far as the past tells.
"""

import bisect
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..geometry.frames import OPENXR_TO_MODEL, convert_positions, convert_quaternions
from ..geometry.rotations import slerp
from ..recordings.cleaning import (
    FROZEN_SECONDS,
    LARGEST_POSITION,
    NORM_TOLERANCE,
    TELEPORT_METRES,
    TELEPORT_RETURN_SECONDS,
    TELEPORT_SPEED,
)
from ..recordings.recording import LONGEST_GAP
from .sources.moments import Pose

KEPT_SAMPLES = 64
"""Samples that are remembered: half a second of the fastest trackers."""
HELD_SECONDS = 0.1
"""A tracker of which nothing more comes stays where it was for so long, and is lost then."""


class Around(NamedTuple):
    """A tracker's positions (3,) and rotations (4,) ``wxyz`` before and after a time, the ``weight`` of the latter, and
    whether it is seen then."""

    position_before: np.ndarray
    rotation_before: np.ndarray
    position_after: np.ndarray
    rotation_after: np.ndarray
    weight: float
    seen: bool


def between(samples: Sequence[Around]) -> tuple[np.ndarray, np.ndarray]:
    """Positions (N, 3) and rotations (N, 4) ``wxyz`` of N trackers at the time about which their samples are."""
    before, turned_before, after, turned_after, weights, _ = zip(*samples, strict=True)
    weight, before = np.array(weights), np.stack(before)
    positions = before + weight[:, None] * (np.stack(after) - before)
    if not weight.any():
        return positions, np.stack(turned_before)
    return positions, slerp(np.stack(turned_before), np.stack(turned_after), weight)


class LiveTrack:
    """The last samples of a tracker, in the model's frame. ``living`` is false for what may rightly stand still."""

    def __init__(self, living: bool = True) -> None:
        self._living = living
        self.times: list[float] = []
        self._positions: list[np.ndarray] = []
        self._rotations: list[np.ndarray] = []
        self._raw: Pose | None = None
        self._raw_since = 0.0

    @property
    def newest(self) -> float | None:
        """Seconds of the last sample that is believed; None before the first one."""
        return self.times[-1] if self.times else None

    def add(self, time: float, pose: Pose) -> bool:
        """Take a sample in, which may be older than others; whether it is believed."""
        if not self._is_pose(pose) or self._is_frozen(time, pose):
            return False
        position = convert_positions(np.asarray(pose.position, np.float64), OPENXR_TO_MODEL)
        rotation = convert_quaternions(np.asarray(pose.rotation, np.float64), OPENXR_TO_MODEL)
        rotation = rotation / np.linalg.norm(rotation)
        if self.times and time > self.times[-1]:
            away = float(np.linalg.norm(position - self._positions[-1]))
            passed = time - self.times[-1]
            if away > TELEPORT_METRES and away > TELEPORT_SPEED * passed and passed < TELEPORT_RETURN_SECONDS:
                return False
        at = bisect.bisect_left(self.times, time)
        if at < len(self.times) and self.times[at] == time:
            self._positions[at], self._rotations[at] = position, rotation
            return True
        self.times.insert(at, time)
        self._positions.insert(at, position)
        self._rotations.insert(at, rotation)
        if len(self.times) > KEPT_SAMPLES:
            del self.times[0], self._positions[0], self._rotations[0]
        return True

    def forget(self) -> None:
        """Begin anew: the clock has changed."""
        self.__init__(self._living)

    def around(self, time: float) -> "Around | None":
        """The samples about a time; None before the first one."""
        if not self.times:
            return None
        right = bisect.bisect_right(self.times, time)
        left = max(right - 1, 0)
        if right == 0:
            return Around(self._positions[0], self._rotations[0], self._positions[0], self._rotations[0], 0.0, False)
        if right == len(self.times):
            last, seen = (self._positions[left], self._rotations[left]), time - self.times[left] <= HELD_SECONDS
            return Around(*last, *last, 0.0, seen)
        span = self.times[right] - self.times[left]
        weight = (time - self.times[left]) / span
        before, after = (self._positions[left], self._rotations[left]), (self._positions[right], self._rotations[right])
        return Around(*before, *after, weight, span <= LONGEST_GAP or weight == 0)

    def _is_pose(self, pose: Pose) -> bool:
        """Whether the numbers are a pose at all."""
        place, turned = np.asarray(pose.position), np.asarray(pose.rotation)
        length = float(np.sqrt(turned @ turned))
        there = bool(place.any() or not self._living) and bool((np.abs(place) < LARGEST_POSITION).all())  # Not of NaN.
        return there and abs(length - 1) < NORM_TOLERANCE

    def _is_frozen(self, time: float, pose: Pose) -> bool:
        """Whether the pose has been repeated, to the last bit, for longer than anything alive would."""
        last, self._raw = self._raw, pose
        same = last is not None and bool(
            (last.position == pose.position).all() and (last.rotation == pose.rotation).all()
        )
        if not same:
            self._raw_since = time
        return self._living and same and time - self._raw_since > FROZEN_SECONDS
