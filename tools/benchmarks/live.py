"""``live`` for as long as is asked for: trackers at 90 Hz into one port of this machine, the body back from another."""

import argparse
import itertools
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from array import array
from collections import deque
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ...model_core.child_python import OWN_PROCESS, clean_environment, command
from ...model_core.errors import InputError
from ...model_core.live.sources.osc import time_of_bundle, write_bundle
from ...model_core.live.sources.replay import moments_of
from ...model_core.live.sources.udp import LOOPBACK
from ...model_core.live.sources.vmc import device_messages
from ...model_core.recordings.resample import resample
from .timing import Figures, long_recording

RATE = 90.0
"""Packets a second, each of all three trackers."""
LAP_SECONDS = 30.0
"""Of the sample session that is played forwards and backwards, again and again."""
CLOCK_BEGINS = 1e9
"""Seconds since 1970 at which the sender's clock begins."""
CLOCK_ROUNDING = 1e-6
STARTS_WITHIN = 60.0
"""Seconds in which a body must have come."""
LEAST_BODIES = 10
"""However slow the machine is."""
TOLD_EVERY = 300.0
"""Seconds from one line on standard error to the next."""
MS, MB = 1e3, 2.0**20


def measure(options: argparse.Namespace) -> Figures:
    """Latency from a packet that completes a frame to the arrival of its whole body, by the sender's own watch; memory
    and processor time of ``live``, where the system tells of them in ``/proc``; frames a second."""
    with tempfile.TemporaryDirectory(prefix="threepoint-") as folder:
        return _Run(Path(folder) / "take.csv").measure(options.seconds)


class _Use(NamedTuple):
    """Of a process: seconds of a processor so far, and bytes of memory now."""

    processor: float
    memory: int


class _Run:
    """One run of ``live`` as a process of its own, which is sent to and listened to."""

    def __init__(self, take: Path) -> None:
        self._take = take
        self._sent: deque[tuple[float, float]] = deque()
        self._latencies = array("d")
        self._first: float | None = None
        self._body = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._body.bind((LOOPBACK, 0))
        self._body.settimeout(0.2)
        self._over = False

    def measure(self, duration: float) -> Figures:
        """Send for ``duration`` seconds from the first body on. Raises ``InputError`` where none comes."""
        port = _free_port()
        words = "live", "--source", f"vmc:{port}", "--send", f"vmc:{self._body.getsockname()[1]}"
        program = command(sys.executable, "-m", (__package__ or "").rpartition(".")[0], *words, "--record", self._take)
        listening = threading.Thread(target=self._listen)
        with (
            subprocess.Popen(program, env=clean_environment(), stdout=subprocess.DEVNULL, **OWN_PROCESS) as process,
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
        ):
            listening.start()
            try:
                return self._send(process, sender, (LOOPBACK, port), duration)
            finally:
                process.terminate()
                self._over = True
                listening.join()
                self._body.close()

    def _send(
        self, process: subprocess.Popen[str], sender: socket.socket, target: tuple[str, int], duration: float
    ) -> Figures:
        begun = time.monotonic()
        first, last, told = None, _use(process.pid), begun
        for number, messages in enumerate(itertools.cycle(_there_and_back())):
            due, clock = begun + number / RATE, CLOCK_BEGINS + number / RATE
            time.sleep(max(0.0, due - time.monotonic()))
            self._sent.append((clock, time.monotonic()))
            sender.sendto(write_bundle(messages, clock), target)
            now = time.monotonic()
            if (not self._latencies and now - begun > STARTS_WITHIN) or process.poll() is not None:
                raise InputError("bench: live made no body; does it run by itself?")
            if self._first is None:
                continue
            if first is None:
                first = _use(process.pid)
            if now - told > TOLD_EVERY and self._latencies:
                told = now
                print(f"after {now - self._first:.0f} s: {self._figures(now, first, _use(process.pid))}",
                      file=sys.stderr, flush=True)  # fmt: skip
            if now - self._first >= duration and len(self._latencies) >= LEAST_BODIES:
                last = _use(process.pid)
                break
        return self._figures(time.monotonic(), first, last)

    def _figures(self, now: float, first: _Use | None, last: _Use | None) -> Figures:
        assert self._first is not None
        seconds, latencies = now - self._first, np.array(self._latencies)
        figures: Figures = {
            "live, packet to whole body, median": (MS * float(np.median(latencies)), "ms"),
            "live, packet to whole body, 99th percentile": (MS * float(np.quantile(latencies, 0.99)), "ms"),
            "live, packet to whole body, longest": (MS * float(latencies.max()), "ms"),
            "live, bodies": (len(latencies) / seconds, "frames/s"),
        }
        if first is not None and last is not None:
            figures |= {
                "live, share of one core": (100 * (last.processor - first.processor) / seconds, "%"),
                "live, memory at the first body": (first.memory / MB, "MB"),
                "live, memory at the end": (last.memory / MB, "MB"),
            }
        return figures

    def _listen(self) -> None:
        """Take in bodies, and note how long after the packet that completed it each one came."""
        newest = float("-inf")
        while not self._over:
            try:
                shown = time_of_bundle(self._body.recv(65536))
            except OSError:
                continue
            now = time.monotonic()
            if shown is None or shown > newest:  # The first packet of a body; with the second one it is whole.
                newest = newest if shown is None else shown
                continue
            while self._sent and self._sent[0][0] < shown - CLOCK_ROUNDING:
                self._sent.popleft()
            if self._first is None:
                self._first = now
            elif self._sent:
                self._latencies.append(now - self._sent[0][1])


def _there_and_back() -> list[list[bytes]]:
    """The messages of the session at ``RATE``, forwards and backwards; made beforehand, for this process shares its
    processor with what it measures."""
    lap = [device_messages(moment) for moment in moments_of(resample(long_recording(LAP_SECONDS), RATE))]
    return [*lap, *lap[-2:0:-1]]


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind((LOOPBACK, 0))
        return int(free.getsockname()[1])


def _use(pid: int) -> _Use | None:
    """What a process has used; None where the system has no ``/proc``."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:
        return None
    ticks = int(fields[11]) + int(fields[12])
    return _Use(ticks / os.sysconf("SC_CLK_TCK"), pages * os.sysconf("SC_PAGE_SIZE"))
