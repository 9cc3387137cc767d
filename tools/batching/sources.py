"""Where recordings are: files, folders, patterns and tar archives (WebDataset), as a list of ``Source``.

A recording's id is its path as it was named, so that a run that is taken up again, with the same words, knows it.
"""

import contextlib
import glob
import io
import os
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from ...model_core.errors import InputError
from ...model_core.recordings.formats import recognise, suffixes
from ...model_core.untrusted.budgets import LARGEST_FILE
from ...model_core.whole_files import PREFIX

TAR = ".tar"
PACKED = (".tar.gz", ".tgz", ".tar.xz", ".tar.bz2", ".tar.zst")
PLAYERS = ("folder", "key")
"""How recordings of one person are told: by the folder that they lie in, or by what their name has before the first
underscore."""


@dataclass(frozen=True)
class Source:
    """One recording: a file or folder at ``path``, or in a tar archive there the ``size`` bytes from ``offset`` on,
    called ``member``. ``player`` is whose it is, where recordings are grouped by people."""

    id: str
    path: str
    member: str = ""
    offset: int = 0
    size: int = 0
    player: str = ""


@dataclass(frozen=True)
class Found:
    """The recordings that were found, and how many files beside them have endings that no recording has."""

    sources: list[Source]
    others: int


def find_sources(inputs: Sequence[str], player: str | None = None) -> Found:
    """The recordings that ``inputs`` name: files, folders (with all below), patterns, tar archives.

    Of a folder and of an archive those files count whose ending a recording can have; a file that is named itself
    counts in any case. A file that is named twice counts once. Raises ``InputError`` where an input names nothing.
    """
    found: dict[str, Source] = {}
    seen: set[tuple[str, str]] = set()
    others = 0
    endings = suffixes()
    for name in inputs:
        for path in _paths(name):
            for file, is_named in _files(path):
                if file.lower().endswith(PACKED):
                    raise InputError(f"{file}: is packed; only .tar can be read from anywhere: unpack it to .tar")
                if file.lower().endswith(TAR):
                    members = list(_members(file))
                elif is_named or file.lower().endswith(endings):
                    members = [Source(_id(file), os.path.abspath(file))]
                else:
                    others += 1
                    continue
                for source in members:
                    key = os.path.realpath(source.path), source.member
                    if source.member and not source.member.lower().endswith(endings):
                        others += 1
                    elif key not in seen:
                        seen.add(key)
                        found[source.id] = source
    sources = sorted(found.values(), key=lambda source: source.id)
    if not sources:
        raise InputError(f"batch: no recording in {', '.join(inputs)}; their names end in {', '.join(endings)}")
    if player:
        sources = [replace(source, player=_player(source, player)) for source in sources]
        sources.sort(key=lambda source: (source.player, source.id))
    return Found(sources, others)


@contextlib.contextmanager
def opened(source: Source) -> Iterator[Path]:
    """A path at which a recording can be read; out of an archive it is unpacked for as long. Raises ``InputError``."""
    if not source.member:
        yield Path(source.path)
        return
    if source.size > LARGEST_FILE:
        raise InputError(f"{source.id}: has {source.size} bytes; at most {LARGEST_FILE} can be read")
    try:
        with open(source.path, "rb") as archive:
            archive.seek(source.offset)
            content = archive.read(source.size)
    except OSError as error:
        raise InputError(f"{source.path}: cannot be read ({error.strerror})") from None
    if len(content) < source.size:
        raise InputError(f"{source.id}: its archive ends before it does")
    with tempfile.TemporaryDirectory(prefix=PREFIX) as folder:
        path = Path(folder) / PurePosixPath(source.member).name
        path.write_bytes(content)
        yield path


def _paths(name: str) -> list[str]:
    """The paths that an input names. Raises ``InputError`` where there is none."""
    if os.path.exists(name):
        return [name]
    found = sorted(glob.glob(name, recursive=True)) if glob.has_magic(name) else []
    if not found:
        raise InputError(f"{name}: there is no such file or folder, and no file of such a pattern")
    return found


def _files(path: str) -> Iterator[tuple[str, bool]]:
    """(file, whether it was named itself) of a file, or of all below a folder; hidden ones are left out there.

    A folder that is a recording itself is one.
    """
    if not os.path.isdir(path):
        yield path, True
        return
    for folder, folders, names in os.walk(path):
        if recognise(Path(folder)) is not None:
            folders[:] = []
            yield folder, True
            continue
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith("."):
                yield os.path.join(folder, name), False


def _members(path: str) -> Iterator[Source]:
    """The files in a tar archive; its headers alone are read. Raises ``InputError``."""
    try:
        with tarfile.open(path, "r:") as archive:
            for member in archive:
                hidden = PurePosixPath(member.name).name.startswith(".")
                if member.isfile() and not hidden and not member.issparse():
                    name = _id(f"{path}/{member.name}")
                    yield Source(name, os.path.abspath(path), member.name, member.offset_data, member.size)
    except (OSError, tarfile.TarError, io.UnsupportedOperation) as error:
        raise InputError(f"{path}: is no whole tar archive ({error})") from None


def _id(path: str) -> str:
    return Path(os.path.normpath(path)).as_posix()


def _player(source: Source, how: str) -> str:
    """Whose a recording is."""
    path = PurePosixPath(source.id)
    if how == "folder":
        return path.parent.as_posix()
    return path.name.partition("_")[0].partition(".")[0]
