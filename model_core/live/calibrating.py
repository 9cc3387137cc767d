"""Calibration while the trackers run: stature and floor from the first seconds, or all of it from a T-pose."""

from collections import deque
from dataclasses import replace

import numpy as np

from ..body import Body
from ..calibration import Calibration, Offset, calibrate_by_preset, calibrate_in_pose, find_person, preset_offsets
from ..calibration.by_preset import is_known
from ..calibration.known_pose import HELD_SECONDS
from ..errors import InputError
from ..geometry.filters import smoothstep
from ..geometry.rotations import slerp
from ..geometry.skeleton import ROLES
from ..observation import FPS
from ..recordings.model_frame import ModelFrameRecording
from ..recordings.recording import Track
from .aside import Aside
from .frames import TrackerFrame

FIRST_SECONDS = 2.0
"""After so many seconds the person is measured for the first time, and the body is there."""
LATER_SECONDS = (5.0, 10.0, 20.0, 40.0)
"""After these it is measured again, by all that was seen; then it stays."""
ASIDE_FRAMES, ASIDE_SECONDS = 60, 0.004
"""A later measurement is taken over so many frames later, the same number whatever the machine: a replay is the stream
that was. Meanwhile it gets so many seconds in each of them."""
EASED_SECONDS = 1.0
"""Over so long a body becomes another person's: nothing leaps."""


class RunningCalibration:
    """What is known of the person so far. ``given`` is a calibration that was found before, and stays.

    ``stature`` and ``floor`` in metres where they are known; ``device`` is how the hands hold their devices (``Options.
    preset``), "" where nobody says.
    """

    def __init__(
        self,
        body: Body,
        device: str = "",
        stature: float | None = None,
        floor: float | None = None,
        given: Calibration | None = None,
    ) -> None:
        self.body, self.device, self.stature, self.floor = body, device, stature, floor
        self.found: Calibration | None = given
        self._moments = () if given is not None else (FIRST_SECONDS, *LATER_SECONDS)
        self._frames: deque[TrackerFrame] = deque(maxlen=round(LATER_SECONDS[-1] * FPS) + 1)
        self._shown: Calibration | None = given
        self._from: Calibration | None = None
        self._eased = 1.0
        self._aside: tuple[Aside[Calibration], int] | None = None
        self.seconds = 0.0
        """Of the frames so far."""
        self._pose_asked = False

    @property
    def seconds_left(self) -> float:
        """Seconds until there is a body; 0 where there is one."""
        return 0.0 if self.found is not None else max(0.0, FIRST_SECONDS - self.seconds)

    def hold_t_pose(self) -> None:
        """The person stands in a T-pose now: devices, stature and all are measured by it."""
        self._pose_asked = True

    def add(self, frame: TrackerFrame) -> Calibration | None:
        """The calibration to use for a frame; None while nothing is known. Raises ``InputError`` for a T-pose in which
        a hand is not seen; all stays as it was then."""
        self.seconds += 1 / FPS
        if self._moments or self._pose_asked:
            self._frames.append(frame)
        if self._pose_asked and len(self._frames) >= HELD_SECONDS * FPS:
            self._pose_asked = False
            self._measure_in_pose()
        elif self._moments and self.seconds >= self._moments[0] and any(seen.valid[0] for seen in self._frames):
            self._moments = self._moments[1:]
            self._measure()
        self._go_on()
        if not self._moments and not self._pose_asked:
            self._frames.clear()
        return self._ease()

    def _measure(self) -> None:
        """Measure at once where there is no body yet, else aside: a body that is there does not stop for it."""
        frames = list(self._frames)
        if self.found is None:
            self._take(self._measured(frames))
        else:
            self._aside = Aside(lambda: self._measured(frames)), ASIDE_FRAMES

    def _go_on(self) -> None:
        """A frame's share of what is measured aside; what was found, once its frames are over."""
        if self._aside is None:
            return
        work, left = self._aside
        if left > 0:
            work.go_on(ASIDE_SECONDS)
            self._aside = work, left - 1
        else:
            self._aside = None
            self._take(work.result())

    def _measured(self, frames: list[TrackerFrame]) -> Calibration:
        recording = self._recording(frames)
        hands = preset_offsets(self.device) if is_known(self.device) else {}
        person = find_person(recording, self.body, self.stature, self.floor, hands)
        return calibrate_by_preset(recording, self.body, self.device, person)

    def _measure_in_pose(self) -> None:
        recording = self._recording(list(self._frames)[-round(HELD_SECONDS * FPS) :])
        unseen = [role for role in ROLES if not recording.tracks[role].valid.any()]
        if unseen:
            raise InputError(f"the T-pose needs all trackers, and {unseen[0]} is not seen; try again where it is")
        person = find_person(recording, self.body, self.stature, self.floor, in_pose=True)
        second = float(recording.time[len(recording.time) // 2])
        self._take(calibrate_in_pose(recording, self.body, second, person))
        self._moments, self._aside = (), None

    def _take(self, calibration: Calibration) -> None:
        self._from, self.found = self._shown, calibration
        self._eased = 0.0 if self._from is not None else 1.0

    def _ease(self) -> Calibration | None:
        """What is shown: the calibration that was found, or what lies on the way to it."""
        if self.found is None or self._from is None or self._eased >= 1:
            self._shown, self._from = self.found, None
            return self._shown
        self._eased = min(1.0, self._eased + 1 / (FPS * EASED_SECONDS))
        self._shown = between(self._from, self.found, smoothstep(self._eased))
        return self._shown

    def _recording(self, frames: list[TrackerFrame]) -> ModelFrameRecording:
        """Frames as a recording in the model's frame."""
        times = np.arange(len(frames)) / FPS
        tracks = {
            role: Track(
                np.stack([frame.positions[index] for frame in frames]),
                np.stack([frame.rotations[index] for frame in frames]),
                np.array([frame.valid[index] for frame in frames], bool),
            )
            for index, role in enumerate(ROLES)
        }
        return ModelFrameRecording(times, tracks, "live", self.device)


def between(first: Calibration, second: Calibration, weight: float) -> Calibration:
    """A calibration on the way from one (``weight`` 0) to another (1), in person, floor and offsets."""
    offsets = {}
    for role, goal in second.offsets.items():
        start = first.offsets.get(role, goal)
        turned = slerp(start.rotation, goal.rotation, np.asarray(weight))
        offsets[role] = Offset(turned, start.position + weight * (goal.position - start.position))
    betas = first.betas + weight * (second.betas - first.betas)
    return replace(second, betas=betas, floor=first.floor + weight * (second.floor - first.floor), offsets=offsets)
