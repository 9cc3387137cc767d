"""Threepoint's own plain CSV, written and read back without loss: a recording can be cleaned elsewhere (numpy only).

The first line is a comment that names the format and the device; then a header and a row a sample: ``time`` in seconds,
and per tracker position in metres, rotation ``wxyz``, and ``tracked`` (1 or 0), all in OpenXR's frame.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from ...errors import InputError
from ...notes import Note
from ...untrusted.budgets import read_bytes
from ...untrusted.json_text import parse_json
from ...untrusted.values import BETA, BETA_COUNT, mapping, text, vector
from ..cleaning import RawTrack, build_recording
from ..recording import Recording
from ..tables.parsing import read_table
from ..text import decode, head_text

NAME = "Threepoint CSV"
SUFFIXES = (".csv",)
OPTIONS = ()
FIRST_WORDS = "# threepoint recording 1"
FIELDS = ("pos_x", "pos_y", "pos_z", "rot_w", "rot_x", "rot_y", "rot_z", "tracked")
ROWS_PER_BATCH = 4096
LONGEST_DEVICE = 100
NOWHERE = np.zeros(3), np.array([1.0, 0.0, 0.0, 0.0])
"""What stands where a tracker is lost."""


def recognises(head: bytes, path: Path) -> bool:
    """Whether a file that begins with ``head`` is our own."""
    return head_text(head).startswith(FIRST_WORDS)


def write(path: str | Path, recording: Recording) -> None:
    """Write a ``Recording``; ``read`` gives the same times, poses and validity, bit for bit."""
    parts = [recording.time[:, None]]
    for track in recording.tracks.values():
        parts += [track.position, track.rotation, track.valid[:, None]]
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write(_header(recording.tracks, recording.device, recording.betas))
        for first in range(0, len(recording.time), ROWS_PER_BATCH):
            rows = np.concatenate([part[first : first + ROWS_PER_BATCH] for part in parts], -1).tolist()
            file.writelines(_line(row) for row in rows)


class GrowingRecording:
    """A file of ``write`` that grows sample by sample: if its program is killed, its last line is cut off at most."""

    def __init__(self, path: str | Path, roles: Sequence[str], device: str) -> None:
        """A new file for the trackers ``roles``. Raises ``InputError`` where it is there, or cannot be written."""
        self._name, self._roles = Path(path).name, tuple(roles)
        self.samples = 0
        try:
            # Line by line: of a process that is killed every whole line is there.
            self._file = open(path, "x", encoding="utf-8", newline="\n", buffering=1)
            self._file.write(_header(roles, device, None))
        except FileExistsError:
            raise InputError(f"{self._name}: is there already; name another file for the recording") from None
        except OSError as error:
            raise self._problem(error) from None

    def add(self, time: float, poses: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> None:
        """One more sample: positions (3,) and rotations (4,) ``wxyz`` by role; who is not among them is lost in it.

        ``time`` is in seconds, more than the last one. Raises ``InputError`` where the disk is full.
        """
        row = [float(time)]
        for role in self._roles:
            position, rotation = poses.get(role, NOWHERE)
            row += [*map(float, position), *map(float, rotation), float(role in poses)]
        try:
            self._file.write(_line(row))
        except OSError as error:
            raise self._problem(error) from None
        self.samples += 1

    def close(self) -> None:
        """End the file. Raises ``InputError`` where the disk is full."""
        try:
            self._file.close()
        except OSError as error:
            raise self._problem(error) from None

    def _problem(self, error: OSError) -> InputError:
        return InputError(
            f"{self._name}: cannot be written ({error.strerror or error}); what is in it already is whole"
        )


def _header(roles: Iterable[str], device: str, betas: np.ndarray | None) -> str:
    about: dict[str, object] = {"device": device}
    if betas is not None:
        about["betas"] = [float(value) for value in betas]
    columns = ["time", *(f"{role}_{field}" for role in roles for field in FIELDS)]
    return f"{FIRST_WORDS} {json.dumps(about)}\n{','.join(columns)}\n"


def _line(row: Sequence[float]) -> str:
    return ",".join(map(repr, row)) + "\n"


def read(path: Path) -> Recording:
    """A file of ``write`` -> ``Recording``."""
    name = path.name
    content, warnings = _without_cut_line(read_bytes(path))
    device, betas = _about(decode(content[: content.find(b"\n") + 1], name).strip()[len(FIRST_WORDS) :], name)
    table = read_table(decode(content, name), name)
    tracks = {}
    for column in table.names:
        if column.endswith("_" + FIELDS[0]):
            role = column[: -len(FIELDS[0]) - 1]
            try:
                indices = [table.names.index(f"{role}_{field}") for field in FIELDS]
            except ValueError:
                raise InputError(f"{name}: '{role}' lacks one of the columns {', '.join(FIELDS)}") from None
            values = table.values[:, indices]
            tracks[role] = RawTrack(values[:, :3], values[:, 3:7], values[:, 7] > 0)
    if "time" not in table.names:
        raise InputError(f"{name}: has no column 'time'")
    time = table.values[:, table.names.index("time")]
    return build_recording(time, tracks, name, device, betas, warnings, living=False)


def _without_cut_line(content: bytes) -> tuple[bytes, list[Note]]:
    """A file's bytes without a last line that was cut off as it was written: its last number may be wrong."""
    end = content.rfind(b"\n") + 1
    header = content.split(b"\n", 2)[1:2]
    last = content[end:]
    if not last or not header or (last.count(b",") == header[0].count(b",") and not last.endswith(b",")):
        return content, []
    return content[:end], [Note("last_line_cut")]


def _about(comment, name):
    """Device and betas from the first line's JSON."""
    try:
        about = mapping(parse_json(comment, name), "it")
        betas = about.get("betas")
        device = text(about.get("device", ""), "device", LONGEST_DEVICE)
        return device, None if betas is None else vector(betas, "betas", BETA_COUNT, BETA)
    except InputError as error:
        raise InputError(f"{name}: its first line should be '{FIRST_WORDS} {{\"device\": ..}}': {error}") from None
