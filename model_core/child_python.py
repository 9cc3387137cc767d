"""Every other Python that Threepoint starts: isolated, in a clean environment and a folder of its own (stdlib only).

An interpreter puts the current folder and the user's own packages before what it came with, and heeds dozens of
variables: whoever can put a file called ``numpy.py`` beside a recording could have it run. So ``-I`` stands in every
command, variables that steer Python, pip and the loader of libraries are left out, and the process begins in a folder
that nobody else writes to. Readable by any Python 3, for the environment is made by whichever there is.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NOT_INHERITED = ("PYTHON", "PIP_", "LD_", "DYLD_", "VIRTUAL_ENV", "__PYVENV")
"""What the names of variables begin with by which other code would get into the child."""
CREATE_NO_WINDOW = 0x08000000
OWN_PROCESS: dict[str, Any] = {"creationflags": CREATE_NO_WINDOW} if os.name == "nt" else {"start_new_session": True}
"""Arguments for a process that has no window and does not end with a key that is pressed for this one."""
BOUNDED = """
import os
os.environ["OPENBLAS_NUM_THREADS"] = "1"  # numpy's threads take memory, of which there is little.
try:
    import resource
    resource.setrlimit(resource.RLIMIT_AS, ({memory}, {memory}))
    resource.setrlimit(resource.RLIMIT_CPU, ({seconds}, {seconds}))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
except (ImportError, ValueError, OSError):
    pass  # other systems than Unix bound a process by their own means
"""


def command(python: str | Path, *arguments: str | Path) -> list[str]:
    """The command that runs ``python`` isolated."""
    return [str(python), "-I", *map(str, arguments)]


def clean_environment(keep: str | None = None) -> dict[str, str]:
    """This process's variables without those that steer what a child runs, but for those that begin with ``keep``."""
    left_out = tuple(start for start in NOT_INHERITED if start != keep)
    return {name: value for name, value in os.environ.items() if not name.upper().startswith(left_out)}


@dataclass(frozen=True)
class Finished:
    """A child that has ended: its exit ``status`` (negative: the signal), and the bytes of its ``output``."""

    status: int
    output: bytes


def run_bounded(
    python: str | Path, program: str, arguments: Sequence[str | Path], sent: bytes, seconds: int, memory: int
) -> Finished:
    """Run the text of a ``program`` that may die of what it is given: ``sent`` on its standard input, ``arguments``.

    It may take ``seconds`` (of CPU time; twice that on the clock) and ``memory`` bytes. Raises ``OSError`` where the
    interpreter does not start, ``subprocess.TimeoutExpired`` where the program does not end.
    """
    bounded = BOUNDED.format(memory=memory, seconds=seconds) + program
    with tempfile.TemporaryDirectory(prefix="threepoint-") as folder:
        done = subprocess.run(
            command(python, "-c", bounded, *arguments), input=sent, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            timeout=2 * seconds, check=False, cwd=folder, env=clean_environment(), **OWN_PROCESS,
        )  # fmt: skip
    return Finished(done.returncode, done.stdout)
