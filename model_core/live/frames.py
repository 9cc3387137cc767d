"""From moments, whenever they come, to frames of head and hands at 60 Hz of the sender's own clock.

What comes of the same samples is the same, whenever they arrive: a frame is made once each tracker has told of a time
after it, or is late by more than ``PATIENCE``. So packets may be lost, doubled or in another order.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..geometry.skeleton import ROLES
from ..observation import FPS
from .sources.moments import Pose
from .tracks import HELD_SECONDS, LiveTrack, between

PATIENCE = 0.05
"""Seconds for which a frame waits for a tracker that is late."""
LONGEST_PAUSE = 1.0
"""Seconds without a head after which frames begin anew, in place of many at once."""
BACKWARDS = 0.5
"""Seconds by which a sample is older than the newest from which it is another clock, not a packet that is late."""
LATEST = 1e11
"""Seconds beyond which no clock goes: there a sixtieth is lost in rounding."""


@dataclass(frozen=True)
class TrackerFrame:
    """Trackers (``skeleton.ROLES``) at ``time`` seconds of the sender's clock, in the model's frame and not calibrated.

    ``positions`` (3, 3) metres, ``rotations`` (3, 4) ``wxyz``, ``valid`` (3,) bool; those that are not valid are where
    they were last, or with the head.
    """

    time: float
    positions: np.ndarray
    rotations: np.ndarray
    valid: np.ndarray


class FrameClock:
    """Samples in, frames out; ``living`` is false where trackers may rightly stand still to the last bit."""

    def __init__(self, living: bool = True) -> None:
        self.tracks = {role: LiveTrack(living) for role in ROLES}
        self.jumped: float | None = None
        self._start: float | None = None
        self._count = 0
        self._newest: float | None = None

    def add(self, time: float, poses: Mapping[str, Pose]) -> list[TrackerFrame]:
        """Take in a moment's poses by role; the frames that can be made now, which follow those of earlier calls."""
        self.jumped = None
        if not abs(time) < LATEST:
            return []
        if self._newest is not None:
            step = time - self._newest
            if step < -BACKWARDS:
                self._begin_anew(step)
            elif step > LONGEST_PAUSE:
                self._start = None
                self.jumped = step
        for role, pose in poses.items():
            if role in self.tracks and (self._start is None or time > self._due() - HELD_SECONDS):
                self.tracks[role].add(time, pose)
        self._newest = time if self._newest is None else max(time, self._newest)
        head = self.tracks["head"].newest
        if self._start is None and head is not None and head > self._newest - HELD_SECONDS:
            self._start, self._count = head, 0
        return self._frames()

    def _begin_anew(self, step: float) -> None:
        self.jumped, self._start, self._newest = step, None, None
        for track in self.tracks.values():
            track.forget()

    def _due(self) -> float:
        """Seconds of the next frame."""
        assert self._start is not None
        return self._start + self._count / FPS

    def _frames(self) -> list[TrackerFrame]:
        frames: list[TrackerFrame] = []
        while self._start is not None and self._newest is not None and self._newest >= self._due():
            due = self._due()
            late = [
                role
                for role, track in self.tracks.items()
                if track.newest is not None and due - PATIENCE - 1 / FPS < track.newest < due
            ]
            if late and self._newest < due + PATIENCE:
                break
            frames.append(self._frame(due))
            self._count += 1
        return frames

    def _frame(self, time: float) -> TrackerFrame:
        found = [self.tracks[role].around(time) for role in ROLES]
        head = found[0]
        assert head is not None
        filled = [one or head._replace(seen=False) for one in found]
        positions, rotations = between(filled)
        return TrackerFrame(time, positions, rotations, np.array([one.seen for one in filled], bool))
