"""Which runs the file has that is chosen in the import dialog: found by another process while the dialog is open."""

import json
from collections.abc import Mapping
from pathlib import Path

import bpy

from ...model_core.errors import InputError
from ..bpy_types import current_context
from ..reading.process import Reading, recording_request

POLL_SECONDS = 0.2
Runs = tuple[tuple[float, float], ...]
"""Begin and end in seconds of each run."""

_asked: tuple[object, ...] | None = None
"""The file, with the time of its last change and the options by which it is read."""
_reading: Reading | None = None
_runs: Runs = ()


def runs_of(path: Path, options: Mapping[str, object]) -> Runs:
    """The runs of a file, once they are known; none where it is one, cannot be read, or is being read still."""
    global _asked
    request = recording_request(None, options)
    asked = (path, path.stat().st_mtime_ns, json.dumps(request, default=str))
    if asked != _asked:
        stop()
        _asked = asked
        _begin(path, request)
    return _runs


def _begin(path: Path, request: Mapping[str, object]) -> None:
    global _reading
    try:
        _reading = Reading(path, request)
    except InputError:  # The import says so.
        return
    bpy.app.timers.register(take_in, first_interval=POLL_SECONDS)


def take_in() -> float | None:
    """Take in what was found, and let the dialog be drawn again; the seconds until there may be something."""
    global _reading, _runs
    reading = _reading
    if reading is None:
        return None
    if not reading.finished():
        return POLL_SECONDS
    _reading = None
    try:
        _runs = reading.recording().runs
    except InputError:
        return None
    for window in current_context().window_manager.windows:
        for area in window.screen.areas:
            if area.type == "FILE_BROWSER":
                area.tag_redraw()
    return None


def stop() -> None:
    """Forget the file, and stop reading it: leave no process and no timer behind."""
    global _asked, _reading, _runs
    if _reading is not None:
        _reading.cancel()
    if bpy.app.timers.is_registered(take_in):
        bpy.app.timers.unregister(take_in)
    _asked, _reading, _runs = None, None, ()
