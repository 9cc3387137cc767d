"""The whole pipeline on a minute of recording: times real time, share of each stage, memory."""

import argparse
import resource
import sys
import time

from ...model_core.observation import FPS
from ...model_core.pipeline import Options, animate, load_networks
from .timing import Figures, long_recording

RECORDING_SECONDS = 60.0
PEAK_UNITS_PER_MEBIBYTE = 2**20 if sys.platform == "darwin" else 2**10
"""macOS tells a process's peak memory in bytes, Linux in KiB."""


def measure(options: argparse.Namespace) -> Figures:
    """From a ``Recording`` to a ``Motion``, the networks loaded before."""
    networks = load_networks(options.device)
    recording = long_recording(RECORDING_SECONDS)
    begins = []

    def watch(fraction: float, stage: str) -> None:
        if not begins or begins[-1][0] != stage:
            begins.append((stage, time.perf_counter()))

    begun = time.perf_counter()
    animate(recording, Options(device=options.device), watch, networks)
    ended = time.perf_counter()
    shares = {}
    for (stage, start), (_, end) in zip(begins, [*begins[1:], ("", ended)], strict=True):
        shares[stage] = shares.get(stage, 0) + (end - start) / (ended - begun)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / PEAK_UNITS_PER_MEBIBYTE
    return {
        f"pipeline, {RECORDING_SECONDS:.0f} s recording": (ended - begun, "s"),
        "pipeline, times faster than real time": (RECORDING_SECONDS / (ended - begun), "x"),
        **{f"pipeline, share of {stage}": (100 * share, "%") for stage, share in shares.items()},
        **{
            f"pipeline, {stage}": (FPS * RECORDING_SECONDS / (share * (ended - begun)), "frames/s")
            for stage, share in shares.items()
            if share
        },
        "pipeline, peak memory of the process": (peak, "MiB"),
    }
