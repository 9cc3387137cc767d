"""The pipeline for messages: what the engine does when it is asked, with networks and bodies kept between requests."""

import os
import sys
from collections.abc import Callable
from dataclasses import replace

import torch

from ..body import DEFAULT_BODY, Body, load_body
from ..calibration import Calibration, calibration_from_json
from ..motion import Motion
from ..pipeline import (
    Networks,
    Options,
    animate,
    calibrate,
    choose_device,
    load_networks,
    model_frame,
    options_from_json,
)
from ..progress import Progress, part_of
from ..recordings import Recording
from ..sage.ensemble import members_of
from ..untrusted.values import mapping, text
from . import messages
from .controls import Controls
from .live import LiveRequest, Send, track

CALIBRATING = 0.02
"""The fraction of an animation that calibrating is, for the progress bar only."""


class EngineSession:
    """Answers requests; see ``server`` for what they hold. Errors are raised."""

    def __init__(self) -> None:
        self.networks: dict[str, Networks] = {}
        self.bodies: dict[tuple[str | None, tuple[int, int] | None], Body] = {}

    def hello(self) -> messages.Header:
        """What this engine is."""
        device = choose_device()
        return {
            "torch": torch.__version__,
            "python": sys.version.split()[0],
            "device": device,
            "device_name": torch.cuda.get_device_name() if device == "cuda" else device,
            "memory": memory_of(device),
        }

    def calibrate(self, header: messages.Header, arrays: messages.Arrays, progress: Progress) -> Calibration:
        """The calibration that ``animate`` would use."""
        recording, options = self._read(header, arrays)
        return calibrate(model_frame(recording), options, lambda: self._networks(options.device, progress), progress)

    def animate(
        self, header: messages.Header, arrays: messages.Arrays, progress: Progress
    ) -> tuple[Motion, Calibration]:
        """The motion, and the calibration that was used for it."""
        recording, options = self._read(header, arrays)
        networks = self._networks(options.device, progress)
        calibration = calibrate(model_frame(recording), options, networks, part_of(progress, 0, CALIBRATING))
        options = replace(options, calibration=calibration)
        start = messages.read_start(header, arrays)
        return animate(recording, options, part_of(progress, CALIBRATING, 1), networks, start), calibration

    def live(
        self, header: messages.Header, controls: Controls, stopped: Callable[[], bool], send: Send
    ) -> Calibration | None:
        """Track until ``stopped()`` or the source ends; the calibration that was found."""
        body, request = self._body(header), LiveRequest.read(header)
        sage = members_of(self._networks("cpu", lambda fraction, stage: None).sage)[0]
        return track(request, body, sage, header["job"], controls, stopped, send)

    def _body(self, header: messages.Header) -> Body:
        """The body that a request names."""
        path = header.get("body")
        if path is not None:
            path = text(path, "body")
        key = path, _changed(path)
        if key not in self.bodies:
            self.bodies = {key: load_body(path)}  # One that was written anew is another body.
        return self.bodies[key]

    def _read(self, header: messages.Header, arrays: messages.Arrays) -> tuple[Recording, Options]:
        given = header.get("calibration")
        calibration = None if given is None else calibration_from_json(given)
        options = options_from_json(header.get("options", {}), self._body(header), calibration)
        return messages.read_recording(mapping(header.get("recording"), "recording"), arrays), options

    def _networks(self, wish: str, progress: Progress) -> Networks:
        device = choose_device(wish)
        if device not in self.networks:
            progress(0.0, "loading the models")
            self.networks[device] = load_networks(device)
        return self.networks[device]


def _changed(path: str | None) -> tuple[int, int] | None:
    """When a body's file was written, and its size: another where it was replaced."""
    try:
        about = os.stat(DEFAULT_BODY if path is None else path)
    except (OSError, ValueError):
        return None  # ``load_body`` says why.
    return about.st_mtime_ns, about.st_size


def memory_of(device: str) -> int | None:
    """Bytes that a device has in all; None where nothing says so."""
    if device == "cuda":
        return torch.cuda.get_device_properties(0).total_memory
    if "SC_PHYS_PAGES" not in getattr(os, "sysconf_names", ()):
        return None
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
