"""Live tracking in the engine's process: what a ``live`` request asks for, until it is told to stop.

``server`` says what is sent; here its parts become a source, a ``LiveSession`` and a take.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..body import Body
from ..calibration import OTHER_PRESETS, PRESETS, Calibration, calibration_from_json, calibration_to_json
from ..calibration.calibration import BODY_TRACKER_JOINTS
from ..errors import InputError
from ..geometry.rotations import matrix_to_quaternion
from ..geometry.skeleton import ROLES
from ..live.calibrating import RunningCalibration
from ..live.session import LiveFrame, LiveSession
from ..live.sources.moments import Moment, Pose
from ..live.sources.opening import Source, open_source
from ..live.taking import Take
from ..notes import Note
from ..sage.model import Sage
from ..untrusted.values import FLOOR, STATURE, Bounds, choice, mapping, number, text
from . import messages
from .controls import Controls

WAIT = 0.02
"""Seconds for which trackers are waited for before it is looked whether something else is asked."""
STATE_SECONDS = 0.25
"""Seconds from one state that is told to the next."""
MOST_SENT = 2
"""Frames that are on their way at most: one that is taken in and the next one. Where nobody takes them in none is sent,
and the newest then."""
CLOCK = Bounds(-1e12, 1e12, "seconds")

Send = Callable[[messages.Header, messages.Arrays], None]


@dataclass(frozen=True)
class LiveRequest:
    """What a ``live`` request says, checked. ``source`` None: poses are fed."""

    source: str | None
    device: str
    stature: float | None
    floor: float | None
    trackers: dict[str, str]
    layout: str
    calibration: Calibration | None

    @staticmethod
    def read(header: Mapping[str, Any]) -> "LiveRequest":
        """The request in a message's header. Raises ``InputError``."""
        options = mapping(header.get("options", {}), "options")
        source, given, device = header.get("source"), header.get("calibration"), options.get("preset")
        stature, floor = options.get("stature"), options.get("floor")
        trackers = mapping(header.get("trackers", {}), "trackers")
        return LiveRequest(
            None if source is None else text(source, "the source"),
            "" if device is None else choice(device, "device preset", (*PRESETS, *OTHER_PRESETS)),
            None if stature is None else number(stature, "the stature", STATURE),
            None if floor is None else number(floor, "the floor", FLOOR),
            {
                choice(role, "role", (*ROLES, *BODY_TRACKER_JOINTS)): text(name, "a tracker's name", 200)
                for role, name in trackers.items()
            },
            text(header.get("quaternions", "auto"), "quaternions", 10),
            None if given is None else calibration_from_json(given),
        )


def track(
    request: LiveRequest,
    body: Body,
    sage: Sage,
    job: int,
    controls: Controls,
    stopped: Callable[[], bool],
    send: Send,
) -> Calibration | None:
    """Track until ``stopped()`` or the source ends; what is known of the person then. Raises ``InputError``."""
    source = _Fed(request.trackers) if request.source is None else open_source(request.source, request.layout)
    with source:
        return _Tracking(request, source, body, sage, job, send).run(controls, stopped)


class _Fed:
    """A source whose poses come in messages: of head and hands, and of ``more`` roles."""

    device = ""
    ended = False

    def __init__(self, more: Iterable[str]) -> None:
        self.roles: tuple[str, ...] = tuple(dict.fromkeys((*ROLES, *more)))
        self.moments: list[Moment] = []

    def __enter__(self) -> "_Fed":
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def poll(self, wait: float) -> list[Moment]:
        """The poses that were fed since the last call."""
        moments, self.moments = self.moments, []
        return moments

    def state(self) -> Note | None:
        """All is well."""
        return None

    def feed(self, header: messages.Header, arrays: messages.Arrays) -> None:
        """Take in a ``poses`` message. Raises ``InputError``."""
        seconds = number(header.get("time"), "the poses' time", CLOCK)
        shapes = {"positions": (len(self.roles), 3), "rotations": (len(self.roles), 4), "valid": (len(self.roles),)}
        for name, shape in shapes.items():
            if name not in arrays or arrays[name].shape != shape:
                raise InputError(f"the poses' {name} should have the shape {shape}")
        poses = {
            role: Pose(arrays["positions"][index].astype(np.float64), arrays["rotations"][index].astype(np.float64))
            for index, role in enumerate(self.roles)
            if arrays["valid"][index]
        }
        self.moments.append(Moment(seconds, poses, time.monotonic()))


class _Tracking:
    """A session that runs."""

    def __init__(self, request: LiveRequest, source: Source, body: Body, sage: Sage, job: int, send: Send) -> None:
        self._source, self._job, self._send = source, job, send
        self._device = request.device or source.device
        person = RunningCalibration(body, self._device, request.stature, request.floor, request.calibration)
        names = {role: role for role in source.roles} if isinstance(source, _Fed) else request.trackers
        living = not isinstance(source, _Fed)
        self._session = LiveSession(sage, person, names, living, catches_up=True)
        self._take: Take | None = None
        self._problem = ""
        self._newest: LiveFrame | None = None
        self._room = MOST_SENT
        self._told = float("-inf")
        self._person: Calibration | None = None

    def run(self, controls: Controls, stopped: Callable[[], bool]) -> Calibration | None:
        """Until it is told to stop."""
        try:
            while not stopped() and not self._source.ended:
                wait = WAIT if isinstance(self._source, _Fed) else 0.0
                while (control := controls.take(wait)) is not None:
                    self._heed(*control)
                    wait = 0.0
                frames = self._session.feed(self._source.poll(WAIT))
                self._newest = frames[-1] if frames else self._newest
                if self._room > 0 and self._newest is not None:
                    self._send_frame(self._newest)
                    self._newest, self._room = None, self._room - 1
                if time.monotonic() - self._told > STATE_SECONDS:
                    self._tell()
        finally:
            self._end_take()
        self._tell()
        return self._session.calibration.found

    def _heed(self, header: messages.Header, arrays: messages.Arrays) -> None:
        if header.get("job") != self._job:
            return
        try:
            if header["type"] == "poses" and isinstance(self._source, _Fed):
                self._source.feed(header, arrays)
            elif header["type"] == "ready":
                self._room = min(MOST_SENT, self._room + 1)
            elif header["type"] == "t_pose":
                self._session.hold_t_pose()
            elif header["type"] == "record":
                self._problem = ""
                self._end_take()
                path = header.get("path")
                if path is not None:
                    self._take = Take(text(path, "the recording's path"), self._device, self._session.recorded_roles)
                    self._session.record(self._take)
        except InputError as problem:
            self._problem = str(problem)

    def _end_take(self) -> None:
        take, self._take = self._take, None
        self._session.record(None)
        if take is not None:
            try:
                take.close()
            except InputError as problem:
                self._problem = str(problem)

    def _send_frame(self, frame: LiveFrame) -> None:
        arrays = {
            "rotations": matrix_to_quaternion(frame.rotations).astype(np.float32),
            "translation": frame.in_room.astype(np.float32),
            "contacts": frame.contacts.astype(np.float32),
        }
        header = {"type": "frame", "job": self._job, "time": frame.time, "arrival": frame.arrival}
        self._send(header, arrays)

    def _tell(self) -> None:
        self._told = time.monotonic()
        session = self._session
        note = Note("text", {"text": self._problem}) if self._problem else self._source.state() or session.state()
        found = session.calibration.found
        header = {
            "type": "state", "job": self._job, "note": note.to_json(), "rate": session.rate,
            "latency": session.latency, "samples": None if self._take is None else self._take.samples,
            "trackers": session.tracker_names,
        }  # fmt: skip
        if found is not None and found is not self._person:
            self._person = found
            header["calibration"] = calibration_to_json(found)
        self._send(header, {})
