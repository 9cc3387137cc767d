"""Files that appear whole or not at all (standard library only).

What is written goes into a folder of its own beside the target, with a name that nobody can guess and that nobody else
may look into; it is renamed to the target when all of it is there. A lock in the folder says that its process lives:
what a killed run left behind is removed by the next one that writes there, and two runs never write one file.
"""

import contextlib
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, Self

from .errors import InputError
from .shown import printable

PREFIX, LOCK = ".threepoint-", "lock"
UNLOCKED_SECONDS = 60
"""A folder without a lock is younger than that where its run is just beginning."""
LEAST_FREE = 1 << 16
"""Bytes; with less left, whatever failed failed for want of room."""


class Outputs:
    """A context in which files are written under temporary names and renamed together at its end.

    ``claim`` a target before long work. If the work fails or is interrupted, what was written is removed and whatever
    lay at the targets before is as it was. Errors of the file system become ``InputError``.
    """

    def __init__(self) -> None:
        self.pending: dict[Path, Path] = {}
        self._claims: dict[Path, tuple[Path, IO[str]]] = {}

    def __enter__(self) -> Self:
        return self

    def claim(self, target: Path | str) -> None:
        """Keep the place of ``target`` for this run. Raises ``InputError`` where it cannot be written."""
        self._folder(Path(target))

    def path_for(self, target: Path | str) -> Path:
        """Where to write what is to become ``target``: a path with its suffix."""
        target = Path(target)
        self.pending[target] = self._folder(target) / f"file{target.suffix}"
        return self.pending[target]

    def _folder(self, target: Path) -> Path:
        real = _real(target)
        if real not in self._claims:
            try:
                for other in _others(real.parent):
                    if other == real.name:
                        raise InputError(f"{target}: another run is writing it; wait for it, or name another file")
                folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=real.parent))
                self._claims[real] = folder, _locked(folder / LOCK, real.name)
            except OSError as error:
                raise InputError(f"{target}: cannot be written ({error.strerror})") from None
        return self._claims[real][0]

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, *_: object) -> None:
        full = isinstance(error, Exception) and [target for target in self.pending if _is_full(target)]
        try:
            if kind is None:
                for target, temporary in self.pending.items():
                    os.replace(temporary, _real(target))
        except OSError as problem:
            raise InputError(f"{target}: cannot be written ({problem.strerror})") from None
        finally:
            for folder, lock in self._claims.values():
                lock.close()
                shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, InputError):
            return
        if full:
            raise InputError(f"{full[0]}: cannot be written: the disk is full") from error
        if isinstance(error, OSError) and self.pending and error.errno is not None:
            target = next((target for target, path in self.pending.items() if str(path) == str(error.filename)), None)
            raise InputError(f"{target or [*self.pending][-1]}: cannot be written ({error.strerror})") from error


def write_whole(target: Path | str, text: str) -> None:
    """Write a text file whole or not at all. Raises ``InputError``."""
    with Outputs() as outputs:
        outputs.path_for(target).write_text(text, encoding="utf-8")


def _real(target: Path) -> Path:
    """The file that a link leads to; the target itself where it is none."""
    return Path(os.path.realpath(target))


def _is_full(target: Path) -> bool:
    with contextlib.suppress(OSError):
        return shutil.disk_usage(_real(target).parent).free < LEAST_FREE
    return False


def is_full(folder: Path) -> bool:
    """Whether a file system has no room left."""
    return _is_full(folder / "file")


def _locked(path: Path, name: str) -> IO[str]:
    """A file that is locked while it is open, with the target's name in it."""
    file = open(path, "x", encoding="utf-8", errors="surrogateescape")  # noqa: SIM115 - it lives as long as the run
    try:
        if os.name != "nt":
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        file.write(name)
        file.flush()
    except BaseException:
        file.close()
        shutil.rmtree(path.parent, ignore_errors=True)
        raise
    return file


def _others(folder: Path) -> list[str]:
    """Names that other runs are writing in a folder; what dead ones have left there is removed."""
    found = []
    for entry in os.scandir(folder):
        if not entry.name.startswith(PREFIX) or not entry.is_dir(follow_symlinks=False):
            continue
        name = _name_of_living(Path(entry.path))
        if name is not None:
            found.append(name)
        else:
            shutil.rmtree(entry.path, ignore_errors=True)
    return found


def _name_of_living(folder: Path) -> str | None:
    """What a folder's run is writing; None where that run is dead."""
    lock = folder / LOCK
    try:
        if not stat.S_ISREG(lock.lstat().st_mode):
            return ""
        if os.name == "nt":
            lock.unlink()  # Of a run that lives it is open, and cannot be removed.
            return None
        import fcntl

        with open(lock, encoding="utf-8", errors="surrogateescape") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return None
    except FileNotFoundError:
        with contextlib.suppress(OSError):
            return "" if time.time() - folder.stat().st_mtime < UNLOCKED_SECONDS else None
        return ""
    except OSError:  # It is locked, or not ours to look into.
        with contextlib.suppress(OSError):
            return lock.read_text(encoding="utf-8", errors="surrogateescape")
        return ""


def check_target(path: Path | str, suffixes: Sequence[str], inputs: Iterable[Path | str | None] = ()) -> Path:
    """An output path, refused before any work is done if it cannot be written, or is one of the ``inputs``."""
    path = Path(path)
    if path.suffix.lower() not in suffixes:
        raise InputError(f"{path}: an output here ends in {' or '.join(suffixes)}")
    try:
        if not path.parent.is_dir():
            raise InputError(f"{path}: the folder {path.parent} does not exist; make it first")
        real = _real(path)
        there = real.exists()
        place = real.parent.is_dir() and os.access(real.parent, os.W_OK)
        if not place or real.is_symlink() or (there and not real.is_file()):
            raise InputError(f"{path}: cannot be written; choose a file in a folder that is yours")
        if there and not os.access(real, os.W_OK):
            raise InputError(f"{path}: is there and may not be written")
        for given in inputs:
            if given is not None and there and os.path.exists(given) and os.path.samefile(given, real):
                raise InputError(f"{path}: is {printable(given)}, which is read; choose another output")
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path}: cannot be written ({getattr(error, 'strerror', None) or error})") from None
    return path


def check_distinct(paths: Sequence[Path]) -> None:
    """Refuse outputs of which two are one file."""
    seen = set()
    for path in paths:
        if _real(path) in seen:
            raise InputError(f"{path}: is named for two outputs")
        seen.add(_real(path))


def say_sizes(paths: Iterable[Path]) -> None:
    """Print each file with its size."""
    for path in paths:
        print(f"{path}  {path.stat().st_size / 1e6:.1f} MB")
