"""Make many recordings out of some: cut, turned and moved in their rooms, noisy, in two formats, some of them broken.

What `batch` is tried on. Every person has a folder or, every fourth, a tar archive; the last files are broken, each in
another way.
"""

import io
import tarfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ...model_core.command_line.parser import positive_count, time_range
from ...model_core.errors import InputError
from ...model_core.geometry.rotations import axis_angle_to_quaternion, quaternion_multiply, quaternion_to_matrix
from ...model_core.recordings import Recording, read
from ...model_core.recordings.formats import bsor, plain
from ..support.arguments import command_parser
from ..support.checkout import SHARED
from ..support.progress import TerminalProgress

TAKES_A_PERSON = 8
ARCHIVED_EVERY = 4
"""One person in so many is an archive."""
FARTHEST = 3.0
"""Metres along the floor that a person is moved at most."""
POSITION_NOISE, ROTATION_NOISE = 5e-4, 2e-3
"""Standard deviations in metres and radians of what is added to a track."""
LONGEST_SOURCE = 600.0
"""Seconds of a source that cuts are taken from."""

BREAKAGES: tuple[Callable[[bytes], bytes], ...] = (
    lambda content: b"",
    lambda content: content[:100],
    lambda content: bytes(range(256)) * 40,
    lambda content: b"time,head_pos_x,head_pos_y\n",
    lambda content: b"<html><body>404 Not Found</body></html>\n",
)
"""Ways in which a recording's file can be broken."""


def run(arguments: list[str]) -> int:
    """Read the sources, write what is made of them."""
    parser = command_parser("simulate recordings", __doc__)
    parser.add_argument("sources", nargs="*", type=Path, metavar="PATH",
                        help="recordings and motion capture, or folders of them; by default those beside the "
                        "checkout")  # fmt: skip
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FOLDER", help="an empty or a new folder")
    parser.add_argument("--count", type=positive_count, default=2000, metavar="N", help="recordings (2000)")
    parser.add_argument("--broken", type=int, default=20, metavar="N", help="of these broken ones (20)")
    parser.add_argument("--seconds", type=time_range, default=(2.0, 6.0), metavar="LEAST:MOST", help="of each (2:6)")
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    options = parser.parse_args(arguments)
    if not 0 <= options.broken <= options.count:
        raise InputError(f"simulate recordings: {options.broken} of {options.count} cannot be broken")
    if options.output.exists() and (not options.output.is_dir() or any(options.output.iterdir())):
        raise InputError(f"{options.output}: is no empty folder")
    given = options.sources or [SHARED / "hmd", SHARED / "mocap_bvh"]
    sources = read_sources(given, options.seconds[0])
    with TerminalProgress() as progress:
        amounts = options.count, options.broken, options.seconds, options.seed
        write_recordings(options.output, sources, *amounts, progress)
    print(f"{options.output}: {options.count} recordings of {-(-options.count // TAKES_A_PERSON)} people, "
          f"{options.broken} of them broken")  # fmt: skip
    return 0


def read_sources(paths: Sequence[Path], least: float) -> list[Recording]:
    """What can be read of the files named, and of those in the folders named, and lasts at least so many seconds.

    Raises ``InputError`` where that is nothing.
    """
    found = []
    for path in paths:
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if not file.is_file() or file.name.startswith("."):
                continue
            try:
                recording = read(file)
            except InputError:
                if file in paths:
                    raise
                continue
            if recording.duration >= least:
                found.append(recording.part(0, LONGEST_SOURCE))
    if not found:
        raise InputError(f"simulate recordings: no recording of {least:g} s in {', '.join(map(str, paths))}")
    return found


def write_recordings(
    folder: Path,
    sources: Sequence[Recording],
    count: int,
    broken: int,
    seconds: tuple[float, float],
    seed: int,
    progress: Callable[[float, str], None],
) -> None:
    """Write ``count`` recordings, ``broken`` of them broken, of ``seconds`` (least, most) out of ``sources``."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    for first in range(0, count, TAKES_A_PERSON):
        person = first // TAKES_A_PERSON
        name, source, files = f"person_{person:05d}", sources[person % len(sources)], {}
        for number in range(first, min(count, first + TAKES_A_PERSON)):
            ending, content = encoded(varied(source, seconds, rng), folder, bool(rng.integers(2)))
            if number >= count - broken:
                content = BREAKAGES[number % len(BREAKAGES)](content)
            files[f"{name}/take_{number:05d}{ending}"] = content
        write_person(folder, name, files, archived=person % ARCHIVED_EVERY == ARCHIVED_EVERY - 1)
        progress(first / count, "writing recordings")


def varied(source: Recording, seconds: tuple[float, float], rng: np.random.Generator) -> Recording:
    """A cut of a recording, somewhere else in its room, turned, with noise and a clock that began at another time."""
    length = min(float(rng.uniform(*seconds)), source.duration)
    begin = float(rng.uniform(0, source.duration - length))
    cut = source.part(begin, begin + length)
    around = axis_angle_to_quaternion(np.array([0, rng.uniform(0, 2 * np.pi), 0]))
    turn, move = quaternion_to_matrix(around), np.array([1.0, 0, 1.0]) * rng.uniform(-FARTHEST, FARTHEST, 3)
    tracks = {}
    for role, track in cut.tracks.items():
        position = track.position @ turn.T + move + rng.normal(0, POSITION_NOISE, track.position.shape)
        noise = axis_angle_to_quaternion(rng.normal(0, ROTATION_NOISE, track.position.shape))
        turned = quaternion_multiply(np.broadcast_to(around, track.rotation.shape), track.rotation)
        tracks[role] = replace(track, position=position, rotation=quaternion_multiply(turned, noise))
    return replace(cut, time=cut.time - cut.time[0] + rng.uniform(0, 1000), tracks=tracks)


def encoded(recording: Recording, folder: Path, as_bsor: bool) -> tuple[str, bytes]:
    """The ending and the content of a recording's file; ``folder`` is where it may lie for a moment."""
    saber = as_bsor and recording.device != "joints" and set(recording.tracks) == set(bsor.ROLES)
    ending, write = (".bsor", bsor.write) if saber else (".csv", plain.write)
    path = folder / f".writing{ending}"
    write(path, recording)
    content = path.read_bytes()
    path.unlink()
    return ending, content


def write_person(folder: Path, name: str, files: dict[str, bytes], archived: bool) -> None:
    """A person's files by name, in a folder or in a tar archive of the person's name."""
    if archived:
        with tarfile.open(folder / f"{name}.tar", "w") as archive:
            for file, content in files.items():
                member = tarfile.TarInfo(file)
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
        return
    (folder / name).mkdir()
    for file, content in files.items():
        (folder / file).write_bytes(content)
