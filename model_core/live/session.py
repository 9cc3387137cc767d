"""Moments of trackers in, frames of a whole body out: roles, the frame clock, calibration and the body in one."""

import time
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from ..calibration import Calibration
from ..calibration.calibration import joint_pose
from ..errors import InputError
from ..geometry.kinematics import forward_kinematics
from ..geometry.rotations import quaternion_to_matrix
from ..geometry.skeleton import BODY_JOINT_COUNT, ROLES
from ..notes import Note
from ..recordings.recording import Track
from ..sage.model import Sage
from .body import LiveBody
from .calibrating import RunningCalibration
from .frames import FrameClock, TrackerFrame
from .roles import RoleFinder
from .sources.moments import Moment, Pose
from .taking import Take

REMEMBERED = 300
"""Frames by which rate and latency are told."""
MOST_BEHIND = 2
"""Frames that have come at once of which the newest are made where a body must not lag: the older ones would only make
those late that come meanwhile, and so for ever where the machine is too slow."""
TOLD_SECONDS = 3.0
"""A mishap is told for so long."""
MS = 1000.0


@dataclass(frozen=True)
class LiveFrame:
    """A body at ``time`` seconds of the sender's clock, in the model's frame with the floor at y = 0.

    Local ``rotations`` (22, 3, 3), the pelvis' ``translation`` (3,), ``contacts`` (4,) of ``skeleton.FEET``;
    ``rest_joints`` (22, 3) of the person; ``origin`` (3,) is what brings positions to the room, the
    height of its floor included. ``arrival`` is when its last tracker came, seconds of ``time.monotonic``.
    """

    time: float
    rotations: np.ndarray
    translation: np.ndarray
    contacts: np.ndarray
    rest_joints: np.ndarray
    origin: np.ndarray
    arrival: float

    @property
    def joints(self) -> np.ndarray:
        """The joints' positions (22, 3) metres."""
        return forward_kinematics(self.rotations, self.translation, self.rest_joints)[1]

    @property
    def in_room(self) -> np.ndarray:
        """Where the pelvis is in the room, (3,) metres."""
        return self.translation + self.origin


class LiveSession:
    """A person who is tracked now. Everything that it remembers is bounded."""

    def __init__(
        self,
        sage: Sage,
        calibration: RunningCalibration,
        trackers: Mapping[str, str] | None = None,
        living: bool = True,
        catches_up: bool = False,
    ) -> None:
        """``trackers``: role -> the name or serial of its tracker, where the user says, also of those worn elsewhere;
        ``living`` is false for what may rightly stand still to the last bit, as objects in Blender do. One that
        ``catches_up`` leaves out frames where this machine is too slow for all."""
        self.calibration = calibration
        self._sage, self._catches_up = sage, catches_up
        self._roles, self._clock = RoleFinder(trackers), FrameClock(living)
        self._body: LiveBody | None = None
        self._person: Calibration | None = None
        self._origin: np.ndarray | None = None
        self._take: Take | None = None
        self._latencies: deque[float] = deque(maxlen=REMEMBERED)
        self._made: deque[float] = deque(maxlen=REMEMBERED)
        self._mishap: tuple[float, Note] | None = None
        self._head_seen = True
        self._left_out = 0

    def feed(self, moments: Iterable[Moment]) -> list[LiveFrame]:
        """The frames that can be made now of these moments and those before."""
        come: list[tuple[TrackerFrame, float]] = []
        for moment in moments:
            come += self._take_in(moment.time, self._roles.poses(moment), moment.arrival)
        return self._make_all(come)

    def feed_poses(self, seconds: float, poses: Mapping[str, Pose], arrival: float | None = None) -> list[LiveFrame]:
        """The same of poses by role (``skeleton.ROLES``) at ``seconds`` of any clock, in OpenXR's frame."""
        return self._make_all(self._take_in(seconds, poses, time.monotonic() if arrival is None else arrival))

    def _take_in(self, seconds: float, poses: Mapping[str, Pose], arrival: float) -> list[tuple[TrackerFrame, float]]:
        """The frames of the trackers that can be made now, and when what completed them came."""
        if self._take is not None:
            self._take.add(seconds, poses)
        frames = self._clock.add(seconds, poses)
        if self._clock.jumped is not None:
            self._mishap = time.monotonic(), Note("live_clock_jumped", {"seconds": self._clock.jumped})
        return [(frame, arrival) for frame in frames]

    def _make_all(self, come: list[tuple[TrackerFrame, float]]) -> list[LiveFrame]:
        if self._catches_up and len(come) > MOST_BEHIND:
            self._left_out += len(come) - MOST_BEHIND
            self._mishap = time.monotonic(), Note("live_behind", {"count": self._left_out})
            come = come[-MOST_BEHIND:]
        made = []
        for frame, arrival in come:
            body = self._make(frame, arrival)
            if body is not None:
                made.append(body)
                self._made.append(time.monotonic())
                self._latencies.append(self._made[-1] - arrival)
        return made

    def hold_t_pose(self) -> None:
        """The person stands in a T-pose now: measure them by it."""
        self.calibration.hold_t_pose()

    @property
    def recorded_roles(self) -> tuple[str, ...]:
        """The trackers that a take has: head, hands, and those worn elsewhere that are known by now."""
        return (*ROLES, *self._roles.worn_elsewhere)

    @property
    def tracker_names(self) -> list[str]:
        """The serial numbers, or names, of the trackers that have come."""
        return [name.partition(":")[2] or name for name in self._roles.names]

    def record(self, take: Take | None) -> None:
        """Write what comes from now on into a take; None stops. The caller closes it."""
        self._take = take

    @property
    def seconds(self) -> float:
        """Seconds of the person's movement that have come."""
        return self.calibration.seconds

    @property
    def rate(self) -> float:
        """Frames a second that were made of late."""
        recent = [moment for moment in self._made if time.monotonic() - moment < 1.0]
        return float(len(recent))

    @property
    def latency(self) -> float:
        """Median of the last frames' milliseconds from the arrival of their last tracker to the pose."""
        return MS * float(np.median(self._latencies)) if self._latencies else 0.0

    def state(self) -> Note:
        """What is to be said of the person just now."""
        if self._mishap is not None and time.monotonic() - self._mishap[0] < TOLD_SECONDS:
            return self._mishap[1]
        if "head" not in self._roles.roles and self._roles.names:
            return Note("live_roles", {"names": self._roles.shown_names()})
        if self._body is None:
            return Note("live_calibrating", {"seconds": self.calibration.seconds_left})
        if not self._head_seen:
            return Note("live_head_lost")
        return Note("live_running", {"rate": self.rate, "latency": self.latency})

    def _make(self, frame: TrackerFrame, arrival: float) -> LiveFrame | None:
        """The body of a frame; None while the person is not known."""
        try:
            person = self.calibration.add(frame)
        except InputError as problem:
            self._mishap = time.monotonic(), Note("text", {"text": str(problem)})
            person = self._person
        if person is None:
            return None
        self._head_seen = bool(frame.valid[0])
        body = self._body_of(person)
        origin = self._origin = frame.positions[0] * [1.0, 0.0, 1.0] if self._origin is None else self._origin
        rotations, positions = _joints(frame, person, origin)
        found = body.step(rotations, positions, frame.valid)
        origin = origin + [0.0, person.floor, 0.0]
        return LiveFrame(
            frame.time, found.rotations, found.translation, found.contacts, found.rest_joints, origin, arrival
        )

    def _body_of(self, person: Calibration) -> LiveBody:
        """The body, as big as the person is."""
        if self._body is None or person is not self._person:
            rest = self.calibration.body.rest_joints(np.asarray(person.betas, np.float32))
            rest = rest[:BODY_JOINT_COUNT]
            if self._body is None:
                self._body = LiveBody(self._sage, rest)
            else:
                self._body.change_person(rest)
            self._person = person
        return self._body


def _joints(frame: TrackerFrame, person: Calibration, origin: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """World rotations (3, 3, 3) and positions (3, 3) of head and wrists, as of ``observation.Observation``."""
    rotations, positions = [], []
    for index, role in enumerate(ROLES):
        track = Track(frame.positions[index], frame.rotations[index], frame.valid[index])
        # A tracker that was never seen stands where the head is.
        turned, place = joint_pose(track, person, role)
        rotations.append(turned)
        positions.append(place - origin)
    return quaternion_to_matrix(np.stack(rotations)).astype(np.float32), np.stack(positions).astype(np.float32)
