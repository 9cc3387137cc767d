"""The engine's own environment in Blender's user folder: made in the background, resumed, cancelled, removed.

Blender's own Python makes it, so that a wheel for it is one for Blender's version; nothing is installed into Blender.
"""

import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import bpy

from ...model_core.child_python import OWN_PROCESS, clean_environment, command
from ..i18n.messages import Message, message
from .torch_builds import torch_index

PACKAGE = __name__.rpartition(".blender_addon")[0]
"""The extension's own name, under which Blender keeps its preferences and its folder."""
PIP_OPTIONS = ("--progress-bar=raw", "--resume-retries=10")
TORCH = "torch==2.13.0"
"""Each GPU has builds of its own, on indexes of PyTorch's that change: it is pinned, and everything else hashed."""
INDEX, TORCH_HOST = "https://pypi.org/simple/", "pytorch.org"
LOCK, PIP_LOCK = (Path(__file__).with_name(name) for name in ("requirements.txt", "requirements-pip.txt"))
"""What the engine needs beside torch, and a pip that tells how far a download is, with hashes."""
STAMP = "ready"
STEP_LINES, STEP_BYTES = 60, 300e6
"""About so many lines pip prints, and so much is downloaded beside torch: only the progress bar depends on it."""
DOWNLOADED = 0.98
MAX_LINE_LENGTH = 100
TOLD_LINES = 20
"""Of a program's last lines, so many are searched for why it failed."""

_work = None


def folder() -> Path:
    """Where the environment lies."""
    return Path(bpy.utils.extension_path_user(PACKAGE, path="engine", create=True))


def python() -> Path:
    """The environment's interpreter."""
    return folder() / "environment" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def is_ready() -> bool:
    """Whether the environment was finished for just these requirements."""
    if not PACKAGE.startswith("bl_ext."):
        return False
    stamp = folder() / STAMP
    return stamp.is_file() and stamp.read_text() == _stamp() and python().is_file()


def _stamp() -> str:
    return " ".join([sys.version.split()[0], TORCH, hashlib.sha256(LOCK.read_bytes()).hexdigest()])


def _has_pip(interpreter: Path) -> bool:
    """Whether an environment can be installed into."""
    if not interpreter.is_file():
        return False
    asked = command(interpreter, "-m", "pip", "--version")
    silent = subprocess.DEVNULL
    return subprocess.call(asked, stdout=silent, stderr=silent, env=clean_environment(), **OWN_PROCESS) == 0


def current() -> "Installation | None":
    """The installation that is running or was the last one to run, or None."""
    return _work


def start(index: str | None = None) -> "Installation":
    """Begin to install, or go on where the last one stopped. ``index``: address of the package index for torch."""
    global _work
    if _work is None or not _work.running:
        _work = Installation(folder(), index)
    return _work


def remove() -> None:
    """Take the environment away. A process deletes its many files: threads may end Blender while it draws."""
    removed = folder().with_name("removed engine")
    shutil.rmtree(removed, ignore_errors=True)
    folder().rename(removed)
    program = "import shutil, sys; shutil.rmtree(sys.argv[1], ignore_errors=True)"
    deleting = command(sys.executable, "-c", program, removed)
    subprocess.Popen(deleting, cwd=removed.parent, env=clean_environment(), **OWN_PROCESS)


def stop() -> None:
    """End an installation that is running."""
    if _work is not None:
        _work.cancel()


class Installation:
    """An installation in the background. ``fraction`` and ``line`` say how far it is, ``error`` what went wrong.

    ``log`` is the file that takes what pip and the like print, ``index`` the address of the package index for torch;
    empty: the one for the GPU that is found.
    """

    def __init__(self, target: Path, index: str | None) -> None:
        self.target, self.index, self.log = target, index, target / "log.txt"
        self.fraction = 0.0
        self.line: Message | str = message("Making the environment")
        self.error: Message | str = ""
        self._process: subprocess.Popen[str] | None = None
        self._cancelled = False
        self._complaint: Message | str = ""
        self._stamp = _stamp()
        self._interpreter = python()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def running(self) -> bool:
        return self._thread.is_alive()

    def cancel(self) -> None:
        """Stop; whatever was downloaded whole is kept for the next time."""
        self._cancelled = True
        process = self._process
        if process is None or process.poll() is not None:
            return
        if os.name == "nt":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)  # What it started goes as well.

    def _run(self) -> None:
        try:
            with open(self.log, "w", encoding="utf-8") as log:
                for words in self._commands(self.target / "environment"):
                    if self._cancelled or not self._do(words, log):
                        reason = self._complaint or self.line
                        failure = message("{reason} (log: {path})", reason=reason, path=log.name)
                        self.error = message("Cancelled") if self._cancelled else failure
                        return
            (self.target / STAMP).write_text(self._stamp)
            self.fraction, self.line = 1.0, message("Ready")
        except OSError as error:
            self.error = f"{error.filename or self.target}: {error.strerror}"

    def _commands(self, environment: Path) -> Iterator[list[str]]:
        """The programs to run one after the other; the next is asked for when one has ended well."""
        made, by = environment / "made", f"{sys.executable} {sys.version}"
        sound = made.is_file() and made.read_text() == by and _has_pip(self._interpreter)
        if not sound:  # An interrupted or damaged one may lack pip.
            yield command(sys.executable, "-m", "venv", "--clear", environment)
            made.write_text(by)
        # What pip's own settings and variables say counts for nothing: only wheels, and from these places.
        pip = command(
            self._interpreter, "-m", "pip", "--isolated", "install", "--disable-pip-version-check", "--no-input"
        )
        pip += ["--cache-dir", str(self.target / "cache"), "--only-binary", ":all:"]
        hashed = [*pip, "--index-url", INDEX, "--require-hashes", "--no-deps"]
        yield [*hashed, "--progress-bar=off", "-r", str(PIP_LOCK)]
        yield [*hashed, *PIP_OPTIONS, "-r", str(LOCK)]
        yield [*pip, *PIP_OPTIONS, TORCH, "--index-url", self.index or torch_index() or INDEX]

    def _do(self, words: list[str], log: TextIO) -> bool:
        """Run a program, its last line shown; whether it ended well."""
        log.write(f"> {subprocess.list2cmdline(words)}\n")
        process = self._process = subprocess.Popen(
            words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8", errors="replace",
            cwd=self.target, env={**clean_environment(), "PIP_CONFIG_FILE": os.devnull}, **OWN_PROCESS,
        )  # fmt: skip
        if self._cancelled:  # Meanwhile.
            self.cancel()
        shown, reached = self.line, self.fraction
        printed: deque[str] = deque(maxlen=TOLD_LINES)
        assert process.stdout is not None
        for line in process.stdout:
            if download := re.match(r"Progress (\d+) of (\d+)", line):
                done, size = map(int, download.groups())
                self.line = message("{line}: {percent}%", line=shown, percent=100 * done // max(size, 1))
                self.fraction = reached + (DOWNLOADED - reached) * done / (size + STEP_BYTES)
                continue
            log.write(line)
            log.flush()
            words_of_line = re.sub(r"\s+", " ", line).strip()
            if not words_of_line:
                continue  # A blank last line would be an empty reason.
            printed.append(words_of_line)
            shown = textwrap.shorten(words_of_line, MAX_LINE_LENGTH, placeholder=" ...")
            if re.match(r"error\b|.* is not available", shown, re.IGNORECASE):
                self._complaint = shown
            self.line = shown = _plainly(shown)
            self.fraction += (DOWNLOADED - self.fraction) / STEP_LINES
            reached = self.fraction
        self._complaint = _missing_venv(" ".join(printed)) or _unreachable(" ".join(printed)) or self._complaint
        return process.wait() == 0


def _plainly(printed: str) -> Message | str:
    """A line of pip's, or what it means where it stands for long."""
    if printed.startswith("Installing collected packages"):
        return message("Unpacking what was downloaded, about a minute")
    if "Retrying (Retry(" in printed:
        return message("The server does not answer, trying again")
    return printed


def _unreachable(printed: str) -> Message | None:
    """Which server pip did not reach, by what error, and what may help; None where it reached all."""
    broken = re.search(r"connection broken by '(\w+)\(.*?host='([^']+)'", printed)
    if not broken:
        return None
    if broken[2].endswith(TORCH_HOST):
        return message("{host} cannot be reached ({reason}); as PyTorch Index URL try {index}, and install again",
                       host=broken[2], reason=broken[1], index=INDEX)  # fmt: skip
    return message("{host} cannot be reached ({reason})", host=broken[2], reason=broken[1])


def _missing_venv(printed: str) -> Message | None:
    """What to do where a Linux distribution has taken out of Python what makes environments; None where it is there."""
    if not re.search(r"ensurepip is not available", printed):
        return None
    package = re.search(r"apt install (\S+)", printed)
    return message("Blender's Python cannot make an environment: install the system's package {package}, "
                   "or use an existing Python", package=package[1] if package else "python3-venv")  # fmt: skip
