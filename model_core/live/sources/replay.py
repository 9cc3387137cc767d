"""A recording as if it came from a headset just now, at its own pace or as fast as it is taken."""

import time
from collections.abc import Iterator, Mapping
from typing import Self

from ...calibration.calibration import BODY_TRACKER_JOINTS
from ...geometry.skeleton import ROLES
from ...notes import Note
from ...recordings import Recording
from .moments import CONTROLLER, HMD, TRACKER, Moment, Pose

KINDS: dict[str, str] = dict(zip(ROLES, (HMD, CONTROLLER, CONTROLLER), strict=True))
"""What devices head and hands are."""
AT_ONCE = 64
"""Moments that a call gives at most where nobody waits."""


def name_of(role: str) -> str:
    """What a recording's tracker is called among devices."""
    return f"{KINDS.get(role, TRACKER)}:{role}"


def moments_of(recording: Recording) -> Iterator[Moment]:
    """The moments of a recording, one a sample at its own time, without trackers that are lost in it."""
    for row, second in enumerate(recording.time):
        poses = {
            name_of(role): Pose(track.position[row], track.rotation[row])
            for role, track in recording.tracks.items()
            if track.valid[row]
        }
        yield Moment(float(second), poses)


class Replay:
    """A source that plays a recording once; ``fast`` does not wait for its clock."""

    def __init__(self, recording: Recording, fast: bool = False) -> None:
        self._moments, self._fast = moments_of(recording), fast
        self._next = next(self._moments, None)
        self._begun: float | None = None
        self._first = float(recording.time[0])
        self.device = recording.device
        self.roles = tuple(role for role in recording.tracks if role in KINDS or role in BODY_TRACKER_JOINTS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def poll(self, wait: float) -> list[Moment]:
        """The moments that have come since the last call; ``wait`` so many seconds for one."""
        begun = self._begun = time.monotonic() if self._begun is None else self._begun
        if self._next is not None and not self._fast:
            time.sleep(min(max(0.0, wait), max(0.0, self._due(begun) - time.monotonic())))
        found: list[Moment] = []
        while self._next is not None and len(found) < AT_ONCE:
            now = time.monotonic()
            if not self._fast and self._due(begun) > now:
                break
            found.append(_arrived(self._next, now if self._fast else self._due(begun)))
            self._next = next(self._moments, None)
        return found

    def _due(self, begun: float) -> float:
        assert self._next is not None
        return begun + self._next.time - self._first

    def state(self) -> Note | None:
        """What is to be said of the recording just now."""
        return Note("live_ended") if self.ended else None

    @property
    def ended(self) -> bool:
        """Whether nothing is left of it."""
        return self._next is None


def _arrived(moment: Moment, arrival: float) -> Moment:
    poses: Mapping[str, Pose] = moment.poses
    return Moment(moment.time, poses, arrival)
