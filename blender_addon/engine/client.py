"""The one engine of this Blender: started on first use, kept warm, started again after its death.

Only Blender's main thread calls in here; what happens meanwhile is in ``worker_client``.
"""

import signal
import time
from pathlib import Path

import bpy

from ...model_core.worker import messages
from ...model_core.errors import InputError
from .worker_client import WorkerClient

OBEY_SECONDS = 2.0
"""An engine that has not stopped this long after it was asked to is ended."""
ENDINGS = ("done", "cancelled", "refused", "failed")
POLL_SECONDS = 0.02

_client = None
_cancelled = {}
"""Jobs that were cancelled and have not been confirmed to be over -> when that was."""


class EngineError(Exception):
    """The engine could not do it, through no fault of the input. The message is one line that says what to do."""


def log_path():
    """The file that takes what the engine prints; in this Blender's own temporary folder, which goes when it ends."""
    return Path(bpy.app.tempdir) / "threepoint-engine.log"


def client(python):
    """The running engine, started where there is none or where it runs in another Python."""
    if _client is not None and not (_client.alive and _client.python == Path(python)):
        stop()
    return _client or _start(python)


def _start(python):
    global _client
    if not Path(python).is_file():
        raise EngineError(f"the engine's Python {python} is not there; install the engine in the preferences")
    try:
        _client = WorkerClient(python, log_path())
    except OSError as error:
        raise EngineError(f"the engine's Python {python} does not start: {error.strerror}") from error
    return _client


def about():
    """What the running engine said of itself (torch, device, ...), or None."""
    if _client is None or not _client.alive:
        return None
    return _client.about


def stop():
    """End the engine, if there is one."""
    global _client
    if _client is not None:
        _client.stop()
    _client = None
    _cancelled.clear()


def death_reason(status, last_words):
    """Why an engine ended, from its exit status and the last line that it printed."""
    if status < 0:  # Only where there are signals; what was printed before says nothing of them.
        name = signal.Signals(-status).name
        return f"killed by {name}, as a system does that has no memory left" if name == "SIGKILL" else f"by {name}"
    return last_words or f"exit status {status}, no reason given"


class Job:
    """A motion that the engine has been asked for. ``poll`` until ``motion`` is there or an error is raised."""

    def __init__(self, python, recording, calibration=None, body_path=None, options=None):
        """``options``: fields of ``pipeline.Options`` by name, as far as JSON holds them."""
        header, arrays = messages.recording_message(recording)
        request = {"type": "animate", "recording": header, "options": options or {}, "body": body_path}
        if calibration is not None:
            request["calibration"], more = messages.calibration_message(calibration)
            arrays |= more
        self.calibration = calibration
        self._python, self._request = python, (request, arrays)
        self._ask()
        self.fraction, self.stage = 0.0, "starting the engine"
        self.begun = time.monotonic()
        self.motion = None

    @property
    def seconds_left(self):
        """A guess from the time that went by; None while there is nothing to guess from."""
        if self.fraction < 0.03:
            return None
        return (time.monotonic() - self.begun) * (1 - self.fraction) / self.fraction

    def _ask(self):
        self._client = client(self._python)
        self._job = self._client.ask(*self._request)

    def poll(self):
        """Take in what was heard. Returns whether the motion is there; raises ``InputError`` or ``EngineError``."""
        for header, arrays in self._client.poll():
            self._hear(header, arrays)
        if any(time.monotonic() - since > OBEY_SECONDS for since in _cancelled.values()):
            stop()  # It is still at work for a job that was cancelled. A new engine costs a second.
            self._ask()
        return self.motion is not None

    def wait(self, progress=None):
        """Block until the motion is there and return it; ``progress(fraction, stage)`` may raise to stop."""
        while not self.poll():
            try:
                if progress is not None:
                    progress(self.fraction, self.stage)
                time.sleep(POLL_SECONDS)
            except BaseException:
                self.cancel()
                raise
        return self.motion

    def cancel(self):
        """Stop caring about the answer, and have the engine stop working on it."""
        self._client.cancel(self._job)
        if self._client is _client:  # One that was stopped confirms nothing.
            _cancelled[self._job] = time.monotonic()

    def _hear(self, header, arrays):
        kind = header["type"]
        if kind == "dead":
            reason = death_reason(header["status"], self._client.last_words())
            stop()
            raise EngineError(f"the engine has stopped ({reason}); the scene is as it was, try again")
        if kind in ENDINGS:
            _cancelled.pop(header["job"], None)
        if header.get("job") != self._job:
            return
        if kind == "progress":
            self.fraction, self.stage = header["fraction"], header["stage"]
        elif kind == "done":
            self.motion = messages.read_motion(header["motion"], arrays)
        elif kind == "refused":
            raise InputError(header["message"])
        elif kind == "failed":
            raise EngineError(f"the engine failed: {header['message']}")
