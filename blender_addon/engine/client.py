"""The one engine of this Blender: started on first use, kept warm, started again after its death.

Only Blender's main thread calls in here; what happens meanwhile is in ``worker_client``.
"""

import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import bpy
import numpy as np

from ...model_core.calibration import Calibration, calibration_from_json
from ...model_core.errors import InputError
from ...model_core.motion import Motion
from ...model_core.recordings import Recording
from ...model_core.untrusted.budgets import PARSE_ERRORS
from ...model_core.worker import messages
from ..i18n.messages import Message, message, temporary_refusal
from .time_left import TimeLeft
from .worker_client import WorkerClient

CANCEL_SECONDS = 2.0
"""An engine that has not stopped this long after it was asked to is ended."""
ENDINGS = ("done", "calibrated", "cancelled", "refused", "failed")
POLL_SECONDS = 0.02

_client: WorkerClient | None = None
_cancelled: dict[int, float] = {}
"""Jobs that were cancelled and have not been confirmed to be over -> when that was."""


class EngineError(Exception):
    """The engine could not do it, through no fault of the input. The message is one line that says what to do."""


def log_path() -> Path:
    """The file that takes what the engine prints; in this Blender's own temporary folder, which goes when it ends."""
    return Path(bpy.app.tempdir) / "threepoint-engine.log"


def client(python: str | Path) -> WorkerClient:
    """The running engine, started where there is none or where it runs in another Python."""
    if _client is not None and not (_client.alive and _client.python == Path(python)):
        stop()
    return _client or _start(python)


def _start(python: str | Path) -> WorkerClient:
    global _client
    if not Path(python).is_file():
        raise EngineError(
            message("The engine's Python {python} is not there; install the engine in the preferences", python=python)
        )
    try:
        log_path().write_bytes(b"")
    except OSError as error:
        raise EngineError(temporary_refusal(log_path(), error)) from error
    try:
        _client = WorkerClient(python, log_path())
    except OSError as error:
        raise EngineError(
            message("The engine's Python {python} does not start: {reason}", python=python, reason=error.strerror)
        ) from error
    return _client


def about() -> dict | None:
    """What the running engine said of itself (torch, device, ...), or None."""
    if _client is None or not _client.alive:
        return None
    return _client.about


def describe(about: Mapping) -> Message:
    """What an engine said of itself, in words."""
    memory, device = about.get("memory"), about["device_name"]
    if memory:
        device = message("{device} with {memory:.0f} GB", device=device, memory=memory / 1e9)
    return message(
        "torch {torch}, Python {python}, on {device}", torch=about["torch"], python=about["python"], device=device
    )


def stop() -> None:
    """End the engine, if there is one."""
    global _client
    if _client is not None:
        _client.stop()
    _client = None
    _cancelled.clear()


def death_reason(status: int, last_line: str) -> Message | str:
    """Why an engine ended, from its exit status and the last line that it printed."""
    if status < 0:  # Only where there are signals; what was printed before says nothing of them.
        name = signal.Signals(-status).name
        if name == "SIGKILL":
            return message("killed by {signal}, as a system does that has no memory left", signal=name)
        return message("by {signal}", signal=name)
    return last_line or message("exit status {status}, no reason given", status=status)


class Job:
    """A motion or a calibration that the engine was asked for. ``poll`` until it is there or an error is raised.

    ``calibration`` is the one that was used, or was asked for; ``motion`` stays None where only that was.
    """

    def __init__(
        self,
        python: str | Path,
        kind: str,
        recording: Recording,
        options: Mapping[str, object],
        body_path: str | None = None,
        calibration: Calibration | None = None,
        key: str = "",
        start: Motion | None = None,
    ) -> None:
        """``kind`` "animate" or "calibrate"; ``options`` as ``options.options_to_json`` has them, any left out.

        ``start``: the motion that is to be changed, in place of one that is predicted. ``key`` is the caller's own, by
        which it knows later what the answer was made from.
        """
        request, arrays = messages.request(kind, recording, dict(options), calibration, body_path, start)
        self.key = key
        self._python, self._request = Path(python), (request, arrays)
        self._ask()
        self.fraction, self.stage = 0.0, "starting the engine"
        work = (kind, options.get("device"), bool(options.get("refinement")))
        self._time_left = TimeLeft(work, recording.duration, time.monotonic())
        self.motion: Motion | None = None
        self.calibration: Calibration | None = None
        self.finished = False

    @property
    def seconds_left(self) -> float | None:
        """An estimate that never counts up; None while there is nothing to estimate from."""
        return self._time_left.update(time.monotonic(), self.fraction)

    def _ask(self) -> None:
        self._client = client(self._python)
        self._job = self._client.ask(*self._request)

    def poll(self) -> bool:
        """Take in what was received. Returns whether the answer is there; raises ``InputError`` or ``EngineError``."""
        for header, arrays in self._client.poll():
            self._handle(header, arrays)
        if any(time.monotonic() - since > CANCEL_SECONDS for since in _cancelled.values()):
            stop()  # It is still at work for a job that was cancelled. A new engine costs a second.
            self._ask()
        return self.finished

    def wait(self, progress: Callable[[float, str], None] | None = None) -> None:
        """Block until the answer is there; ``progress(fraction, stage)`` may raise to stop."""
        while not self.poll():
            try:
                if progress is not None:
                    progress(self.fraction, self.stage)
                time.sleep(POLL_SECONDS)
            except BaseException:
                self.cancel()
                raise

    def cancel(self) -> None:
        """Stop caring about the answer, and have the engine stop working on it."""
        self._client.cancel(self._job)
        if self._client is _client:  # One that was stopped confirms nothing.
            _cancelled[self._job] = time.monotonic()

    def _handle(self, header: dict, arrays: dict[str, np.ndarray]) -> None:
        kind = header["type"]
        if kind == "dead":
            stopped = message("it was stopped")
            died = death_reason(header["status"], self._client.last_line())
            reason = stopped if self._client.stopped else died
            if self._client is _client:  # Another that was started since goes on.
                stop()
            raise EngineError(
                message("The engine has stopped ({reason}); the scene is as it was, try again", reason=reason)
            )
        if kind in ENDINGS:
            _cancelled.pop(messages.job_of(header) or 0, None)
        if header.get("job") != self._job:
            return
        if kind == "progress":
            self.fraction, self.stage = header["fraction"], header["stage"]
        elif kind in ("done", "calibrated"):
            try:
                self.calibration = calibration_from_json(header["calibration"])
                if kind == "done":
                    self.motion = messages.read_motion(header["motion"], arrays)
            except PARSE_ERRORS as error:
                raise EngineError(message("The engine failed: {reason}", reason=str(error))) from error
            self.finished = True
            self._time_left.finish(time.monotonic())
        elif kind == "refused":
            raise InputError(header["message"])
        elif kind == "failed":
            raise EngineError(message("The engine failed: {reason}", reason=message(header["message"])))
