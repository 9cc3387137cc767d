"""What a headset file becomes: times, and per tracker its pose and whether it was seen (numpy only)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Self

import numpy as np

from ..errors import InputError
from ..notes import Note
from ..untrusted.values import BETA, BETA_COUNT, vector
from .fingers import Fingers

LONGEST_GAP = 0.25
"""Seconds between two samples over which motion may still be interpolated."""
LONGEST_STEP = 3600.0
"""Seconds between two samples of any recording, whoever made it: what is in between costs time and memory. Readers cut
pauses long before (``clock.py``)."""


@dataclass(frozen=True)
class Track:
    """One tracker's pose over the recording's times, in OpenXR's frame (right-handed, +Y up, -Z forward).

    ``position`` (N, 3) metres; ``rotation`` (N, 4) unit ``wxyz``; ``valid`` (N,) bool. Poses where ``valid`` is false
    are fillers for display and are never used as data.
    """

    position: np.ndarray
    rotation: np.ndarray
    valid: np.ndarray

    def at(self, samples: np.ndarray | slice) -> "Track":
        """The track at some of its samples: indices, a mask (N,) or a slice."""
        return Track(self.position[samples], self.rotation[samples], self.valid[samples])


class DropoutReason(StrEnum):
    """Why samples were lost; the values are what users read."""

    MISSING = "missing"
    """No value."""
    ZEROED = "zeroed"
    """Zeros in place of a pose."""
    BAD_ROTATION = "bad rotation"
    """Not a rotation at all."""
    FROZEN = "frozen"
    """One pose repeated."""
    TELEPORT = "teleport"
    """Away and back faster than anybody moves."""
    UNTRACKED = "untracked"
    """The device itself says so."""


@dataclass(frozen=True)
class Dropout:
    """A stretch of samples, ``first`` to ``last`` with both ends, in which the tracker ``role`` was lost."""

    role: str
    first: int
    last: int
    reason: DropoutReason


@dataclass(frozen=True)
class Recording:
    """A headset recording: ``time`` (N,) in seconds, strictly increasing; ``tracks`` by role.

    Roles are ``head``, ``left_hand``, ``right_hand`` and, where a file has more trackers, names such as ``waist``.
    ``device`` names the controllers for the choice of offset preset (``skeleton.ROLES``; "joints" means that the tracks
    already are SMPL's head and wrist joints and need no calibration). ``betas`` (10,) is the person's shape where a
    file knows it. ``dropouts`` say which samples of which tracker were lost, and why. ``warnings`` are notes of what
    the reader repaired, dropped or guessed. ``runs`` are the first and last time of each run where the file holds
    several: its clock was started again, or stood still for many minutes. ``fingers``: of the hands whose joints the
    file has, by role, on the same clock at moments of their own, which cutting and resampling leave as they are.
    """

    time: np.ndarray
    tracks: dict[str, Track]
    source: str = ""
    device: str = ""
    betas: np.ndarray | None = None
    dropouts: tuple[Dropout, ...] = ()
    warnings: tuple[Note, ...] = ()
    runs: tuple[tuple[float, float], ...] = ()
    fingers: Mapping[str, Fingers] = field(default_factory=dict)

    @property
    def duration(self) -> float:
        """Seconds from the first sample to the last."""
        return float(self.time[-1] - self.time[0])

    def at(self, samples: np.ndarray | slice) -> Self:
        """The recording at some of its samples, in order: indices, a mask (N,) or a slice.

        ``dropouts`` count the old samples and are left out.
        """
        tracks = {role: track.at(samples) for role, track in self.tracks.items()}
        return replace(self, time=self.time[samples], tracks=tracks, dropouts=())

    def only(self, roles: Iterable[str]) -> Self:
        """The recording with these of its trackers alone."""
        return replace(self, tracks={role: self.tracks[role] for role in roles})

    def validate(self) -> Self:
        """Return self, or raise ``InputError`` naming what is wrong."""
        where = self.source or "recording"
        if len(self.time) < 2:
            raise InputError(f"{where}: has {len(self.time)} usable samples; at least 2 are needed")
        if not np.isfinite(self.time).all() or (np.diff(self.time) <= 0).any():
            raise InputError(f"{where}: times do not increase; sort them and drop repeated ones")
        steps = np.diff(self.time)
        longest = int(np.argmax(steps))
        if steps[longest] > LONGEST_STEP:
            raise InputError(
                f"{where}: between samples {longest + 1} and {longest + 2} lie {steps[longest]:.3g} s,"
                f" at most {LONGEST_STEP:g} are allowed; cut the pause"
            )
        if self.betas is not None:
            vector(self.betas, f"{where}: its betas", BETA_COUNT, BETA)
        if "head" not in self.tracks:
            raise InputError(f"{where}: has no head tracker (found: {', '.join(self.tracks) or 'none'})")
        if not self.tracks["head"].valid.any():
            raise InputError(f"{where}: the head is not tracked in any sample; a recording needs a valid head")
        for role, track in self.tracks.items():
            shapes = (track.position.shape, track.rotation.shape, track.valid.shape)
            n = len(self.time)
            if shapes != ((n, 3), (n, 4), (n,)):
                raise InputError(f"{where}: tracker '{role}' has shapes {shapes}, expected ({n}, 3), ({n}, 4), ({n},)")
            if not (np.isfinite(track.position).all() and np.isfinite(track.rotation).all()):
                raise InputError(f"{where}: tracker '{role}' has values that are not finite")
        return self

    def run(self, number: int) -> Self:
        """Only the run ``number``, counted from 1. Raises ``InputError`` where there is none."""
        if not 1 <= number <= max(len(self.runs), 1):
            raise InputError(f"{self.source}: has no run {number}; it has {max(len(self.runs), 1)}")
        if not self.runs:
            return self
        begin, end = self.runs[number - 1]
        return self._between(begin, end)

    def part(self, begin: float, end: float) -> Self:
        """Only the seconds from ``begin`` to ``end``, counted from the first sample. Raises ``InputError``."""
        if not 0 <= begin < min(end, self.duration):
            raise InputError(
                f"{self.source}: lasts {self.duration:.2f} s; from {begin:g} to {end:g} s there is nothing to read"
            )
        return self._between(float(self.time[0]) + begin, float(self.time[0]) + end)

    def _between(self, begin: float, end: float) -> Self:
        """The samples from ``begin`` to ``end`` of the clock, both included."""
        first, last = np.searchsorted(self.time, [begin, np.nextafter(end, np.inf)]) - [0, 1]
        rows = slice(int(first), int(last) + 1)
        lost = [
            Dropout(item.role, max(item.first - first, 0), min(item.last, last) - first, item.reason)
            for item in self.dropouts
            if item.last >= first and item.first <= last
        ]
        return replace(self.at(rows), dropouts=tuple(lost), runs=()).validate()
