"""Runs that are killed at random moments, and disks that are full at random sizes: old files stay, nothing is left.

The command itself runs, networks and all, on a second of a recording; so does the engine's loop. Killed runs are forks
of this process, which has loaded the networks once. Linux only: it forks, and mounts small file systems.
"""

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from unittest.mock import patch

import numpy as np

from ...model_core import pipeline
from ...model_core.errors import InputError
from ...model_core.recordings import read
from ...model_core.recordings.formats import plain
from ...model_core.whole_files import PREFIX, write_whole
from ...model_core.worker import messages
from ...model_core.worker.server import serve
from ...model_core.worker.session import EngineSession
from .. import animate
from .other_inputs import outcome_of
from .valid_samples import SAMPLES

OLD = "precious"
"""What lies at an output before."""
NPZ, CALIBRATION, SCENE, PICTURE = "walk.npz", "me.json", "walk.blend", "walk.png"
SMALLEST_DISK, LARGEST_DISK = 40, 1500
"""Kilobytes, about the least that a file system can have and more than the largest output."""
WAITED = 1.1
"""Runs are killed within so many times as long as one lasts."""
FIRST_BYTES = {SCENE: (b"BLENDER", b"\x28\xb5\x2f\xfd"), PICTURE: (b"\x89PNG",)}
"""What scenes, packed or not, and pictures begin with."""


def fuzz_kills(count: int, seed: int = 0) -> Counter[str]:
    """Outcomes of ``count`` kills, of the command and of the engine in turn."""
    with _ready() as (folder, recording):
        begun = time.monotonic()
        os.waitpid(_fork(lambda: _animate(recording, folder, NPZ, CALIBRATION)), 0)
        longest = WAITED * (time.monotonic() - begun)
        kinds = (_kill_the_command, _kill_the_engine)
        return Counter(
            outcome_of(lambda number=number: kinds[number % 2](recording, longest, number), number)
            for number in range(seed, seed + count)
        )


def fuzz_full_disks(count: int, seed: int = 0) -> Counter[str]:
    """Outcomes of ``count`` runs whose outputs go to a small disk."""
    with _ready() as (folder, recording):
        return Counter(
            outcome_of(lambda number=number: _fill(recording, folder, number), number)
            for number in range(seed, seed + count)
        )


@contextlib.contextmanager
def _ready() -> Iterator[tuple[Path, Path]]:
    """A folder, and a recording in another one; networks are loaded once."""
    import torch

    torch.set_num_threads(1)  # A fork has none of its parent's threads.
    with (
        tempfile.TemporaryDirectory() as folder,
        tempfile.TemporaryDirectory() as beside,
        patch.object(pipeline, "load_networks", cache(pipeline.load_networks)),
    ):
        recording = Path(beside) / "walk.csv"
        plain.write(recording, read(SAMPLES / "bsor" / "game.bsor"))
        pipeline.load_networks("cpu")
        yield Path(folder), recording


def _animate(recording: Path, folder: Path, *names: str) -> int:
    """The command, with these outputs in a folder; its exit status."""
    options = {NPZ: "--npz", CALIBRATION: "--keep-calibration", SCENE: "-o", PICTURE: "--preview"}
    outputs = [word for name in names for word in (options[name], str(folder / name))]
    with contextlib.redirect_stdout(io.StringIO()):
        return animate.run([str(recording), "--device", "cpu", "--no-refine", *outputs])


def _fork(work: Callable[[], object]) -> int:
    """The process id of a fork that does the work and ends."""
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    return pid


def _kill_the_command(recording: Path, longest: float, number: int) -> None:
    random = np.random.default_rng(number)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _lay_old_files(folder, NPZ, CALIBRATION)
        _kill_after(_fork(lambda: _animate(recording, folder, NPZ, CALIBRATION)), random.uniform(0, longest))
        whole = [_is_new(folder / name) for name in (NPZ, CALIBRATION)]
        write_whole(folder / "next.json", "{}")
        _look_for_rests(folder, NPZ, CALIBRATION, "next.json")
        if not any(whole):
            raise InputError("killed before its files were there")


def _kill_the_engine(recording: Path, longest: float, number: int) -> None:
    """The engine has pipes alone: what it has said is whole messages, and it leaves no file."""
    random = np.random.default_rng(number)
    request = messages.pack(*_request(recording))
    with tempfile.TemporaryDirectory() as name:
        asked, answered = os.pipe(), os.pipe()

        def work() -> None:
            tempfile.tempdir = name
            os.close(asked[1])
            os.close(answered[0])
            with os.fdopen(asked[0], "rb") as source, os.fdopen(answered[1], "wb") as target:
                serve(source, target, EngineSession)

        pid = _fork(work)
        os.close(asked[0])
        os.close(answered[1])
        os.write(asked[1], request)
        _kill_after(pid, random.uniform(0, longest))
        os.close(asked[1])
        with os.fdopen(answered[0], "rb") as said, contextlib.suppress(EOFError):
            while True:
                messages.unpack(said)
        if os.listdir(name):
            raise AssertionError(f"the engine left {os.listdir(name)}")


def _request(recording: Path) -> tuple[messages.Header, messages.Arrays]:
    header, arrays = messages.request("animate", read(recording), {"device": "cpu", "refinement": 0.0})
    return {**header, "job": 1}, arrays


def _kill_after(pid: int, seconds: float) -> None:
    time.sleep(seconds)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def _fill(recording: Path, folder: Path, number: int) -> None:
    """One run whose outputs go to a disk of a random size."""
    random = np.random.default_rng(number)
    disk = folder / f"disk{number}"
    disk.mkdir()
    size = int(random.integers(SMALLEST_DISK, LARGEST_DISK))
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}k", "tmpfs", disk], check=False)
    if mounted.returncode:
        raise RuntimeError("small file systems can be mounted by root alone")
    try:
        names = ((NPZ, CALIBRATION), (NPZ,), (SCENE,), (PICTURE,), (NPZ, SCENE))[random.integers(5)]
        _lay_old_files(disk, *names)
        try:
            _animate(recording, disk, *names)
        except InputError:
            if any(_is_new(disk / name) for name in names):
                raise AssertionError(f"{size} kB: refused, but an output is there") from None
            raise
        finally:
            _look_for_rests(disk, *names)
        if not all(_is_new(disk / name) for name in names):
            raise AssertionError(f"{size} kB: an output is not there")
    finally:
        subprocess.run(["umount", "-l", disk], check=True)  # What failed may still hold its file.


def _lay_old_files(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).write_text(OLD, encoding="utf-8")


def _is_new(path: Path) -> bool:
    """Whether an output was written; raises where it is neither the old one nor whole."""
    content = path.read_bytes()
    if content == OLD.encode():
        return False
    if path.name == NPZ:
        with np.load(path, allow_pickle=False) as archive:
            assert all(len(archive[name].shape) >= 0 for name in archive.files)
    elif path.name == CALIBRATION:
        json.loads(content)
    elif not content.startswith(FIRST_BYTES[path.name]):
        raise AssertionError(f"{path.name} is neither the old file nor whole")
    return True


def _look_for_rests(folder: Path, *expected: str) -> None:
    """Raise where anything else is in a folder."""
    found = sorted(path.name for path in folder.iterdir())
    if found != sorted(expected):
        kind = "a locked folder" if any(name.startswith(PREFIX) for name in found) else "files"
        raise AssertionError(f"{kind} left behind: {found}")
