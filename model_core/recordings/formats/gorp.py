"""GORP: Quest 3 sessions with the wearer's true body from optical capture, an ``.npz`` each (numpy only).

``tracking_data`` is a pickled dict of ``hmdTransforms``, ``lConTransforms``, ``rConTransforms`` (T, 7: position,
``wxyz``) with ``lConValid`` and ``rConValid``, or ``leftHandTransform`` and the like with a confidence; 30 samples a
second. Only arrays and numbers are ever unpickled. ``poses``, ``trans`` and ``betas`` are the true body's
(``read_body``).
"""

import io
import zipfile
from pathlib import Path

import numpy as np

from ...errors import InputError
from ...notes import Note
from ...untrusted.budgets import PARSE_ERRORS, Budget, file_size, read_arrays
from ...untrusted.inert_pickle import load_inert, only_item, to_array
from ..cleaning import RawTrack, build_recording
from ..conventions import CONVENTIONS, to_openxr
from ..evidence import log_likelihoods, observe
from ..guessing import guess_note
from ..recording import Recording
from .amass import RATE_KEYS, read_motion

NAME = "GORP"
SUFFIXES = (".npz",)
OPTIONS = ("convention",)
PRECEDENCE = -10
"""Asked before AMASS, which every archive is taken for."""
MEMBER = "tracking_data.npy"
DIRECTORY = 1 << 14
"""Bytes at the end of an archive in which its directory is looked for."""
RATE = 30.0
CONTROLLERS = {"left_hand": ("lConTransforms", "lConValid"), "right_hand": ("rConTransforms", "rConValid")}
TRACKED_HANDS = {
    "left_hand": ("leftHandTransform", "leftHandConfidence"), "right_hand": ("rightHandTransform",
    "rightHandConfidence"),
}  # fmt: skip


def recognises(head: bytes, path: Path) -> bool:
    """Whether a file that begins with ``head`` is an archive with ``tracking_data``."""
    if not head.startswith(b"PK"):
        return False
    if MEMBER.encode() in head:
        return True
    try:
        with open(path, "rb") as file:  # A zip archive's directory is at its end.
            file.seek(max(0, path.stat().st_size - DIRECTORY))
            return MEMBER.encode() in file.read()
    except OSError:
        return False


def read(path: Path, convention: str | None = None) -> Recording:
    """A GORP archive -> ``Recording``. ``convention``: a name of the axes; by default they are found by the motion."""
    tracking, rate = _load(path)
    notes: list[Note] = []
    head = _transforms(tracking, "hmdTransforms", path.name)
    poses, tracked, device = {"head": head}, {}, "touch"
    for role, (key, flag) in CONTROLLERS.items():
        if key in tracking:
            poses[role], tracked[role] = _transforms(tracking, key, path.name), _flags(tracking, flag, len(head))
    if not any(found.any() for found in tracked.values()):
        device = ""
        for role, (key, flag) in TRACKED_HANDS.items():
            if key in tracking:
                poses[role], tracked[role] = _transforms(tracking, key, path.name), _flags(tracking, flag, len(head))
    if any(len(rows) != len(head) for rows in poses.values()):
        raise InputError(f"{path.name}: its trackers have different numbers of samples")
    time = np.arange(len(head)) / rate
    if convention is None:
        seen = observe(
            time, {role: rows[:, :3] for role, rows in poses.items()}, {r: rows[:, 3:] for r, rows in poses.items()}
        )
        if seen is None:
            raise InputError(f"{path.name}: its headset has no pose in any sample")
        convention, note = guess_note("axes", log_likelihoods(seen), "convention")
        notes.append(note)
    elif convention not in CONVENTIONS:
        raise InputError(f"{path.name}: convention '{convention}' is not known; it can be {', '.join(CONVENTIONS)}")
    tracks = {
        role: RawTrack(*to_openxr(rows[:, :3], rows[:, 3:], convention), tracked.get(role))
        for role, rows in poses.items()
    }
    return build_recording(time, tracks, path.name, device, warnings=notes)


def read_body(path: Path) -> tuple[np.ndarray, np.ndarray, float]:
    """The true body: poses (T, 66) in radians, trans (T, 3) in metres in a room of its own, frames a second."""
    return read_motion(path, RATE)


def _load(path):
    """The dict of tracking data, and samples a second."""
    budget = Budget(path.name, file_size(path))
    try:
        with zipfile.ZipFile(path) as archive:
            member = archive.getinfo(MEMBER)
            budget.claim(member.file_size, f"'{MEMBER}'")
            stream = io.BytesIO(archive.read(member))
        version = np.lib.format.read_magic(stream)
        header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        header(stream)
        found = load_inert(stream.read())
        found = only_item(found)
    except InputError:
        raise
    except Exception as error:  # Damaged archives and pickles raise a dozen kinds.
        raise InputError(f"{path.name}: its tracking_data cannot be read ({type(error).__name__})") from None
    if not isinstance(found, dict):
        raise InputError(f"{path.name}: its tracking_data is no dict of arrays")
    rates = read_arrays(path, RATE_KEYS)
    rate = float(next((values.reshape(-1)[0] for values in rates.values() if values.size), RATE))
    return found, rate if 0 < rate < 1000 else RATE


def _transforms(tracking, key, name):
    try:
        rows = np.asarray(to_array(tracking.get(key)), np.float64)
    except PARSE_ERRORS:
        rows = np.empty(0)
    if rows.ndim != 2 or rows.shape[1] != 7 or len(rows) < 2:
        raise InputError(f"{name}: '{key}' has the shape {rows.shape}; should be (T, 7): position and rotation wxyz")
    return rows


def _flags(tracking, key, count):
    try:
        flags = np.asarray(to_array(tracking.get(key, np.ones(count))), np.float64).reshape(-1)
    except PARSE_ERRORS:
        return np.ones(count, bool)
    return flags > 0 if len(flags) == count else np.ones(count, bool)
