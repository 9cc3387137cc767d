"""A take of live trackers, written as our own CSV while it lasts (``recordings.formats.plain``)."""

from collections.abc import Mapping
from pathlib import Path

from ..geometry.skeleton import ROLES
from ..recordings.formats.plain import GrowingRecording
from ..recordings.recording import LONGEST_STEP
from .frames import BACKWARDS, LATEST, PATIENCE
from .sources.moments import Pose

MERGED_SECONDS = 0.004
"""Trackers that are told of one after the other within so long are one sample."""
STEP_AFTER_JUMP = 1 / 60
"""Seconds from one sample to the next where the sender's clock jumped back, or farther than a recording may pause."""


class Take:
    """A recording of trackers (``roles``) that grows, in the order of the sender's clock, a moment late."""

    def __init__(self, path: str | Path, device: str = "", roles: tuple[str, ...] = ROLES) -> None:
        """Begin the file. Raises ``InputError``."""
        self._file = GrowingRecording(path, roles, device)
        self._waiting: dict[float, dict[str, Pose]] = {}
        self._newest: float | None = None
        self._written: float | None = None
        self._shift = 0.0

    @property
    def samples(self) -> int:
        """How many samples are in the file."""
        return self._file.samples

    def add(self, time: float, poses: Mapping[str, Pose]) -> None:
        """Take in a moment's poses by role. Raises ``InputError`` where the disk is full."""
        if not poses or not abs(time) < LATEST:
            return
        if self._newest is not None and not -BACKWARDS <= time - self._newest <= LONGEST_STEP:
            self._write_until(None)
            assert self._written is not None
            self._shift = self._written + STEP_AFTER_JUMP - time
            self._newest = None
        self._newest = time if self._newest is None else max(self._newest, time)
        self._waiting.setdefault(time, {}).update(poses)
        self._write_until(self._newest - PATIENCE)

    def close(self) -> None:
        """Write what is waiting, and end the file. Raises ``InputError``."""
        try:
            self._write_until(None)
        finally:
            self._file.close()

    def _write_until(self, time: float | None) -> None:
        """Write the samples up to a time, or all."""
        ready = sorted(moment for moment in self._waiting if time is None or moment <= time)
        while ready:
            first = ready.pop(0)
            poses = self._waiting.pop(first)
            while ready and ready[0] - first < MERGED_SECONDS and not set(poses) & set(self._waiting[ready[0]]):
                poses |= self._waiting.pop(ready.pop(0))
            shown = first + self._shift
            if self._written is None or shown > self._written:  # Older ones were too late.
                self._written = shown
                self._file.add(shown, {role: (pose.position, pose.rotation) for role, pose in poses.items()})
