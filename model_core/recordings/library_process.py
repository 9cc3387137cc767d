"""Work for a library that Blender's own Python lacks: a program in a Python that has it, which sends arrays back."""

import io
import math
import subprocess
import sys
from pathlib import Path

import numpy as np

from ..child_python import run_bounded
from ..errors import InputError
from ..untrusted.budgets import Budget, file_size

STARTING_SECONDS = 20
"""CPU seconds in which an interpreter has begun and imported its library, on the slowest machine."""
LEAST_SECONDS, SECONDS_PER_MB = 1.0, 1.0
"""CPU seconds that a program may take then, and besides for each MB of the file."""
LIBRARIES, COPIES = 1 << 28, 4
"""Bytes of an interpreter with its libraries, and how often it may hold what it unpacks: once more as an archive, twice
in between. With ``LEAST_UNPACKED`` these are less than 500 MB."""
LACKING, TOO_LARGE = 3, 4
BEFORE = """
import sys
try:
    import {library}
except ImportError:
    sys.exit({lacking})
import io, signal, numpy as np
if hasattr(signal, "setitimer"):
    signal.setitimer(signal.ITIMER_PROF, {seconds})
arrays = {{}}
"""
AFTER = """
if sum(np.asarray(array).nbytes for array in arrays.values()) > {granted}:
    sys.exit({too_large})
stream = io.BytesIO()
np.savez(stream, **arrays)
sys.stdout.buffer.write(stream.getvalue())
"""


def arrays_from(
    path: Path, library: str, program: str, python: str | Path | None = None, sent: bytes | None = None
) -> dict[str, np.ndarray]:
    """What ``program`` puts into ``arrays``, given the file as ``sys.argv[1]`` and the ``library`` imported.

    Damaged files make such libraries read and write where they should not: it runs in a process of its own. What it
    unpacks is granted by the file's ``Budget``, and its time by the file's size: a damaged file may keep a library busy
    for ever. ``sent`` are bytes for its standard input. Raises ``InputError``.
    """
    python = str(python or sys.executable)
    budget = Budget(path.name, file_size(path))
    seconds = LEAST_SECONDS + SECONDS_PER_MB * budget.size / 2**20
    code = BEFORE.format(library=library, lacking=LACKING, seconds=seconds) + program
    code += AFTER.format(granted=budget.granted, too_large=TOO_LARGE)
    try:
        memory = LIBRARIES + COPIES * budget.granted
        done = run_bounded(python, code, [path.resolve()], sent or b"", math.ceil(STARTING_SECONDS + seconds), memory)
    except (subprocess.TimeoutExpired, OSError) as error:
        raise InputError(f"{path.name}: cannot be read by {library} ({type(error).__name__})") from None
    if done.status == LACKING:
        raise InputError(f"{path.name}: needs {library}, a library that {python} lacks; install it there")
    if done.status == TOO_LARGE:
        raise InputError(f"{path.name}: unpacks to more than the {budget.granted >> 20} MB that it may")
    if done.status != 0 or not done.output:
        raise InputError(f"{path.name}: {library} cannot read it; the file is damaged")
    try:
        with np.load(io.BytesIO(done.output), allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except Exception as error:  # What a damaged process sends is as bad as a damaged file.
        raise InputError(f"{path.name}: {library} read something else than arrays ({type(error).__name__})") from None
