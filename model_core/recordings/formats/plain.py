"""Threepoint's own plain CSV, written and read back without loss: a recording can be cleaned elsewhere (numpy only).

The first line is a comment that names the format and the device; then a header and a row a sample: ``time`` in seconds,
and per tracker position in metres, rotation ``wxyz``, and ``tracked`` (1 or 0), all in OpenXR's frame.
"""

import json
from pathlib import Path

import numpy as np

from ...errors import InputError
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


def recognises(head: bytes, path: Path) -> bool:
    """Whether a file that begins with ``head`` is our own."""
    return head_text(head).startswith(FIRST_WORDS)


def write(path: str | Path, recording: Recording) -> None:
    """Write a ``Recording``; ``read`` gives the same times, poses and validity, bit for bit."""
    columns, parts = ["time"], [recording.time[:, None]]
    for role, track in recording.tracks.items():
        columns += [f"{role}_{field}" for field in FIELDS]
        parts += [track.position, track.rotation, track.valid[:, None]]
    about: dict[str, object] = {"device": recording.device}
    if recording.betas is not None:
        about["betas"] = [float(value) for value in recording.betas]
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write(f"{FIRST_WORDS} {json.dumps(about)}\n{','.join(columns)}\n")
        for first in range(0, len(recording.time), ROWS_PER_BATCH):
            rows = np.concatenate([part[first : first + ROWS_PER_BATCH] for part in parts], -1).tolist()
            file.writelines(",".join(map(repr, row)) + "\n" for row in rows)


def read(path: Path) -> Recording:
    """A file of ``write`` -> ``Recording``."""
    name = path.name
    content = read_bytes(path)
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
    return build_recording(table.values[:, table.names.index("time")], tracks, name, device, betas, living=False)


def _about(comment, name):
    """Device and betas from the first line's JSON."""
    try:
        about = mapping(parse_json(comment, name), "it")
        betas = about.get("betas")
        device = text(about.get("device", ""), "device", LONGEST_DEVICE)
        return device, None if betas is None else vector(betas, "betas", BETA_COUNT, BETA)
    except InputError as error:
        raise InputError(f"{name}: its first line should be '{FIRST_WORDS} {{\"device\": ..}}': {error}") from None
