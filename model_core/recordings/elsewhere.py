"""Work for a library that Blender's own Python lacks: a program in a Python that has it, which sends arrays back."""

import io
import subprocess
import sys
from pathlib import Path

import numpy as np

from ..errors import InputError

SECONDS, MEMORY = 60, 3 * 2**29
"""CPU seconds and bytes that the program may take."""
LACKING = 3
BEFORE = """
import sys
try:
    import resource
    resource.setrlimit(resource.RLIMIT_AS, ({memory}, {memory}))
except (ImportError, ValueError):
    pass  # other systems than Unix bound the memory by their own means
try:
    import {library}
except ImportError:
    sys.exit({lacking})
import io, numpy as np
arrays = {{}}
"""
AFTER = """
stream = io.BytesIO()
np.savez(stream, **arrays)
sys.stdout.buffer.write(stream.getvalue())
"""


def arrays_from(
    path: Path, library: str, program: str, python: str | Path | None = None, packed: bytes = b""
) -> dict[str, np.ndarray]:
    """What ``program`` puts into ``arrays``, with the ``library`` imported, the file's name as ``sys.argv[1]`` and
    bytes of it that were ``packed`` by that library on standard input.

    Damaged files make such libraries read and write where they should not: it runs in a process of its own.
    """
    python = str(python or sys.executable)
    code = BEFORE.format(memory=MEMORY, library=library, lacking=LACKING) + program + AFTER
    try:
        done = subprocess.run(
            [python, "-c", code, str(path)], input=packed, capture_output=True, timeout=SECONDS, check=False
        )
    except (subprocess.TimeoutExpired, OSError) as error:
        raise InputError(f"{path.name}: cannot be read by {library} ({type(error).__name__})") from None
    if done.returncode == LACKING:
        raise InputError(f"{path.name}: needs {library}, a library that {python} lacks; install it there")
    if done.returncode != 0 or not done.stdout:
        raise InputError(f"{path.name}: {library} cannot read it; the file is damaged")
    try:
        with np.load(io.BytesIO(done.stdout), allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (ValueError, OSError, EOFError) as error:
        raise InputError(f"{path.name}: {library} read something else than arrays ({type(error).__name__})") from None
