"""Live tracking seen from Blender: an engine of its own, beside the one that predicts, for as long as it runs."""

import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ...model_core.calibration import Calibration, calibration_from_json
from ...model_core.notes import Note, note_from_json
from ...model_core.worker.messages import job_of
from ..i18n.messages import Message, message
from . import client as engine

LOG_NAME = "threepoint-live.log"
REMEMBERED = 120
"""Poses by which latency is told."""
ONE_CORE = ("--one-core",)
"""A single frame is too little work for more."""


class LiveTracking:
    """A body that is tracked now. ``poll`` takes in what came; ``note`` says how it goes, and ``over`` why it ended.

    ``samples`` of the recording, None where nothing is recorded; ``calibration`` as far as the person is known; the
    trackers' ``names`` that have come.
    """

    def __init__(
        self, python: str | Path, source: str | None, options: Mapping[str, object], trackers: Mapping[str, str]
    ) -> None:
        """``source`` as ``live.sources.opening`` names it, None where poses are fed; ``options`` and ``trackers`` as of
        the worker's ``live`` request."""
        self._note: Note | None = None
        self.over: Message | str | None = None
        self.samples: int | None = None
        self.calibration: Calibration | None = None
        self.names: tuple[str, ...] = ()
        self._arrival = 0.0
        self._latencies: deque[float] = deque(maxlen=REMEMBERED)
        self._client = engine.WorkerClient(python, engine.log_path().with_name(LOG_NAME), arguments=ONE_CORE)
        self._job = self._client.ask(
            {"type": "live", "source": source, "options": dict(options), "trackers": dict(trackers)}
        )

    def poll(self) -> tuple[np.ndarray, np.ndarray] | None:
        """The newest pose: local rotations (22, 4) ``wxyz``, and where the pelvis is in the room, (3,) metres.

        Both are along the model's axes. None where none has come since the last call.
        """
        pose = None
        for header, arrays in self._client.poll():
            kind = header["type"]
            if kind == "dead":
                died = engine.death_reason(header["status"], self._client.last_line())
                self.over = self.over or message("Live tracking has stopped ({reason})", reason=died)
            elif job_of(header) != self._job:
                continue
            elif kind == "frame":
                self._tell("ready")
                pose, self._arrival = (arrays["rotations"], arrays["translation"]), header["arrival"]
            elif kind == "state":
                self._note, self.samples = note_from_json(header["note"]), header["samples"]
                self.names = tuple(header["trackers"])
                if "calibration" in header:
                    self.calibration = calibration_from_json(header["calibration"])
            elif kind in ("refused", "failed"):
                self.over = message(header["message"])
            elif kind == "stopped":
                self.over = message("Live tracking has ended")
        return pose

    def shown(self) -> None:
        """The newest pose is shown now: ``note`` tells of how long after its trackers."""
        self._latencies.append(time.monotonic() - self._arrival)

    @property
    def note(self) -> Note | None:
        """What the engine says of how it goes, with the latency of what is shown: it does not know when that is."""
        if self._note is None or "latency" not in self._note.values or not self._latencies:
            return self._note
        return Note(self._note.code, {**self._note.values, "latency": 1000.0 * float(np.median(self._latencies))})

    def feed(self, seconds: float, positions: np.ndarray, rotations: np.ndarray, valid: np.ndarray) -> None:
        """Where head, hands and the trackers of the request are at ``seconds`` of any clock: (N, 3) metres, (N, 4)
        ``wxyz``, (N,) bool, in OpenXR's frame."""
        self._tell("poses", {"positions": positions, "rotations": rotations, "valid": valid}, time=seconds)

    def record(self, path: Path | None) -> None:
        """Record into a new file from now on; None ends it."""
        self._tell("record", path=None if path is None else str(path))

    def hold_t_pose(self) -> None:
        """The person stands in a T-pose now."""
        self._tell("t_pose")

    def cancel(self) -> None:
        """Ask the engine to end; ``over`` says when it has, and its recording is whole then."""
        self._client.cancel(self._job)

    def stop(self) -> None:
        """End the engine now."""
        self._client.stop()

    def _tell(self, kind: str, arrays: Mapping[str, np.ndarray] | None = None, **said: object) -> None:
        self._client.tell({"type": kind, "job": self._job, **said}, arrays)
