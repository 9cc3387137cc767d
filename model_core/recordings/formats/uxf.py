"""UXF, the Unity Experiment Framework: one CSV a tracker and trial; the files of a trial become one recording.

``time,pos_x,pos_y,pos_z,rot_x,rot_y,rot_z`` in Unity's axes, metres, seconds and Euler degrees (about fixed axes Z, X,
Y). Only its name says which tracker a file is of. Some locales write ``;`` and decimal commas. numpy only.
"""

import re
from pathlib import Path

import numpy as np

from ...errors import InputError
from ...untrusted.budgets import read_bytes
from ..cleaning import RawTrack, build_recording
from ..conventions import euler_to_quaternion, to_openxr
from ..recording import Recording
from ..tables.columns import role_of, words
from ..tables.parsing import read_table
from ..text import decode, head_text

NAME = "UXF"
SUFFIXES = (".csv",)
OPTIONS = ()
COLUMNS = ["time", "pos_x", "pos_y", "pos_z", "rot_x", "rot_y", "rot_z"]
HEADER = re.compile(
    r'^\ufeff?(sep=.\s+)?"?time"?[,;\t]"?pos_x"?[,;\t]"?pos_y"?[,;\t]"?pos_z"?[,;\t]"?rot_x"?', re.IGNORECASE
)
HEADER_BYTES = 200
TRIAL = re.compile(r"[_-]T?(\d+)$", re.IGNORECASE)
EULER_ORDER = "YXZ"


def recognises(head: bytes, path: Path) -> bool:
    """Whether a file that begins with ``head`` is one tracker's file of UXF, or a folder holds such files."""
    return HEADER.match(head_text(head)) is not None or (path.is_dir() and bool(_files(path)))


def read(path: Path) -> Recording:
    """One file of a trial, or the folder of a single trial -> ``Recording`` of all its trackers."""
    files = _files(path if path.is_dir() else path.parent)
    trial = _one_trial(path, files) if path.is_dir() else _trial(path)
    tracks = {}
    for file in files if len(files) > 1 else [path if path.is_file() else files[0]]:
        role = role_of(words(file.stem))
        if _trial(file) == trial and role is not None:
            if role in tracks:
                raise InputError(f"{file.name}: is a second file of '{role}' in trial {trial or '(none)'}")
            tracks[role] = _track(file)
    if "head" not in tracks:
        names = ", ".join(file.name for file in files[:6])
        raise InputError(f"{path.name}: no file of trial {trial or '(none)'} is named after the head (files: {names})")
    return build_recording(tracks["head"].time, tracks, path.name, "")


def _files(folder):
    """The tracker files in a folder, or in its folder ``trackers``."""
    found = []
    for file in sorted([*folder.glob("*.csv"), *folder.glob("trackers/*.csv")]):
        if not file.is_file():  # A folder, a pipe, a link to what is gone.
            continue
        head = read_bytes(file, HEADER_BYTES)
        if HEADER.match(head.decode("latin-1").removeprefix("\u00ef\u00bb\u00bf")):
            found.append(file)
    return found


def _trial(file):
    match = TRIAL.search(file.stem)
    return match[1] if match else ""


def _one_trial(folder, files):
    trials = sorted({_trial(file) for file in files})
    if len(trials) > 1:
        raise InputError(f"{folder.name}: holds trials {', '.join(trials[:8])}; name a file of the one to read")
    return trials[0]


def _track(file):
    """One file as ``RawTrack`` with its own clock."""
    table = read_table(decode(read_bytes(file), file.name), file.name)
    names = [name.lower() for name in table.names]
    missing = [name for name in COLUMNS if name not in names]
    if missing:
        raise InputError(f"{file.name}: lacks the columns {', '.join(missing)}")
    values = table.values[:, [names.index(name) for name in COLUMNS]]
    position, rotation = to_openxr(values[:, 1:4], euler_to_quaternion(values[:, 4:7], EULER_ORDER), "unity")
    # Missing values are NaN in every column of a sample, so that no half of a pose is taken for one.
    position = np.where(np.isfinite(values).all(-1)[:, None], position, np.nan)
    return RawTrack(position, rotation, time=values[:, 0])
