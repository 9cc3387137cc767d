"""Reading two hours at 90 Hz: a game's replay, our own CSV and a laboratory's table; seconds and memory.

Each is read by a process of its own, whose peak memory is therefore that of reading alone, numpy included.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from ...model_core.child_python import clean_environment, command
from ...model_core.recordings import Recording
from ...model_core.recordings.formats import bsor, plain
from .timing import Figures, long_recording

HOURS = 2
READ = """
import json, resource, sys, time
from threepoint.model_core.recordings import read
wall, used = time.perf_counter(), time.process_time()
recording = read(sys.argv[1])
wall, used = time.perf_counter() - wall, time.process_time() - used
try:  # Linux counts what the process before exec held into ru_maxrss.
    lines = open("/proc/self/status").read().splitlines()
    peak = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 2**10
except OSError:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
print(json.dumps([wall, used, peak, len(recording.time)]))
"""


def measure(options: argparse.Namespace) -> Figures:
    """Wall and CPU seconds and peak memory of reading, and the file's size, by format."""
    recording = long_recording(3600.0 * HOURS)
    writers = {"BSOR": bsor.write, "own CSV": plain.write, "table CSV": write_table}
    figures = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, write in writers.items():
            path = Path(folder) / "session"
            write(path, recording)
            wall, used, peak, count = read_alone(path)
            if count != len(recording.time):
                raise AssertionError(f"{name}: {count} samples were read, {len(recording.time)} written")
            label = f"{name}, {HOURS} h at 90 Hz"
            figures |= {
                f"{label}, file": (path.stat().st_size / 2**20, "MiB"),
                f"{label}, read": (wall, "s"),
                f"{label}, read, CPU time": (used, "s"),
                f"{label}, peak memory": (peak, "MiB"),
            }
    return figures


def write_table(path: Path, recording: Recording) -> None:
    """A table as laboratories keep them: six decimals, positions and quaternions of each tracker."""
    names, columns = ["time"], [recording.time[:, None]]
    for role, track in recording.tracks.items():
        names += [f"{role}_pos_{axis}" for axis in "xyz"] + [f"{role}_rot_{axis}" for axis in "wxyz"]
        columns += [track.position, track.rotation]
    rows = np.concatenate(columns, -1)
    np.savetxt(path, rows, fmt="%.6f", delimiter=",", header=",".join(names), comments="")


def read_alone(path: Path) -> tuple[float, float, float, int]:
    """Wall seconds, CPU seconds, peak MiB and samples of reading ``path`` in a new process."""
    reading = command(sys.executable, "-c", READ, path)
    done = subprocess.run(reading, capture_output=True, text=True, check=True, env=clean_environment())
    return json.loads(done.stdout)
