"""XRoboToolkit: what PICO headsets send to robots, ``trackingData_*.txt`` with a JSON object a line (numpy only).

``Head.pose``, ``Controller.left.pose`` and so on are "x,y,z,qx,qy,qz,qw" in metres, times in nanoseconds. The head is
right-handed, +X right, +Y up; the controllers come from Unity's call, and whether they are turned into the head's axes
or not is seen in the motion.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import InputError
from ...geometry.hand import OPENXR_POINTS, POINT_COUNT
from ...notes import Note
from ...untrusted.budgets import read_bytes
from ..cleaning import RawTrack, build_recording
from ..conventions import to_openxr
from ..evidence import log_likelihoods, observe
from ..guessing import guess_note
from ..recording import Recording
from ..text import decode, head_text

NAME = "XRoboToolkit"
SUFFIXES = (".txt", ".json")
OPTIONS = ()
SIDES = ("left", "right")
WRIST = 1
"""Number of the wrist among OpenXR's 26 joints of a hand."""
SECONDS = 1e-9
AXES = ("openxr", "unity")
SIGNS = {"openxr": np.ones(3), "unity": np.array([1.0, 1.0, -1.0])}
"""Of the joints' coordinates, to a right-handed space."""


def recognises(head: bytes, path: Path) -> bool:
    """Whether a file that begins with ``head`` is what XRoboToolkit records."""
    text = head_text(head).lstrip()
    return text.startswith("{") and '"Head"' in text.replace("\\", "") and "timeStampNs" in text and "pose" in text


def read(path: Path) -> Recording:
    """An XRoboToolkit text -> ``Recording``: controllers (preset ``grip``), or where there are none tracked hands."""
    samples, broken, total = _samples(path)
    notes = [Note("broken_lines", {"count": broken, "total": total})] if broken else []
    time = np.array([_stamp(sample) for sample in samples]) * SECONDS
    head = np.array([_pose(_inside(sample, "Head", "pose")) for sample in samples])
    hands = {f"{side}_hand": np.array([_controller(sample, side) for sample in samples]) for side in SIDES}
    device = "grip"
    if not any(np.isfinite(rows).any() for rows in hands.values()):
        device = "hand"
        hands = {f"{side}_hand": np.array([_wrist(sample, side) for sample in samples]) for side in SIDES}
    hands = {role: rows for role, rows in hands.items() if np.isfinite(rows).any()}
    if not np.isfinite(head).any():
        raise InputError(f"{path.name}: no line has a 'Head' with a 'pose' of seven numbers")
    unused = [part for part in ("Body", "Motion") if any(_inside(sample, part, "joints") for sample in samples[:200])]
    if unused:
        notes.append(Note("joints_unused", {"names": ", ".join(unused)}))
    axes = _axes(time, head, hands, notes)
    points = {f"{side}_hand": np.array([_points(sample, side) for sample in samples]) for side in SIDES}
    tracks = {"head": RawTrack(head[:, :3], head[:, [6, 3, 4, 5]])}
    for role, rows in hands.items():
        tracks[role] = RawTrack(*to_openxr(rows[:, :3], rows[:, [6, 3, 4, 5]], axes))
    points = {role: places * SIGNS[axes] for role, places in points.items()}
    return build_recording(time - np.nanmin(time), tracks, path.name, device, warnings=notes, points=points)


def _axes(time, head, hands, notes):
    """The axes that make hands of a person's controllers, given the head."""
    scores = {}
    for name in AXES:
        positions, rotations = {"head": head[:, :3]}, {"head": head[:, [6, 3, 4, 5]]}
        for role, rows in hands.items():
            positions[role], rotations[role] = to_openxr(rows[:, :3], rows[:, [6, 3, 4, 5]], name)
        seen = observe(time, positions, rotations)
        scores[name] = (log_likelihoods(seen, ("openxr",))["openxr"] - 3 * _loose(positions)) if seen else 0.0
    axes, note = guess_note("hand_axes", scores, "axes of the controllers")
    if hands:
        notes.append(note)
    return axes


def _loose(positions):
    """Median metres by which hands are farther from the head than arms reach."""
    apart = [np.linalg.norm(rows - positions["head"], axis=-1) for role, rows in positions.items() if role != "head"]
    return float(np.nanmedian(np.clip(np.concatenate(apart) - 1.0, 0, 3))) if apart else 0.0


def _samples(path):
    """The objects of all lines that have a head, how many lines are broken, and how many there are."""
    found, broken, total = [], 0, 0
    for line in decode(read_bytes(path), path.name).lstrip("\ufeff").splitlines():
        if not line.strip():
            continue
        total += 1
        try:
            sample = json.loads(line)
            if isinstance(sample, dict) and isinstance(sample.get("value"), str):
                sample = json.loads(sample["value"])
        except (ValueError, RecursionError):
            broken += 1
            continue
        if isinstance(sample, dict) and isinstance(sample.get("Head"), dict):
            found.append(sample)
    if len(found) < 2:
        raise InputError(f"{path.name}: has {len(found)} lines with a 'Head'; at least 2 are needed")
    return found, broken, total


def _inside(sample: Any, *keys: str) -> Any:
    for key in keys:
        sample = sample.get(key) if isinstance(sample, dict) else None
    return sample


def _stamp(sample):
    for value in (sample.get("timeStampNs"), _inside(sample, "Head", "timeStampNs"), sample.get("predictTime")):
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            try:
                return float(value)
            except OverflowError:  # A number of hundreds of digits is no time.
                return np.nan
    return np.nan


def _pose(text):
    """Seven numbers of a pose; NaN where it is none, or all zeros as of what is not connected."""
    try:
        values = [float(part) for part in text.split(",")][:7] if isinstance(text, str) else []
    except ValueError:
        values = []
    return values if len(values) == 7 and any(values[:3]) else [np.nan] * 7


def _controller(sample, side):
    return _pose(_inside(sample, "Controller", side, "pose"))


def _wrist(sample, side):
    joints = _joints(sample, side)
    return _pose(_inside(joints[WRIST], "p")) if len(joints) > WRIST else [np.nan] * 7


def _points(sample, side):
    """The joints (21, 3) of a tracked hand, NaN where there is none."""
    joints = _joints(sample, side)
    if len(joints) <= max(OPENXR_POINTS):
        return [[np.nan] * 3] * POINT_COUNT
    return [_pose(_inside(joints[number], "p"))[:3] for number in OPENXR_POINTS]


def _joints(sample, side):
    """OpenXR's joints of a hand that is tracked."""
    hand = _inside(sample, "Hand", f"{side}Hand") or _inside(sample, "Hand", side)
    joints = _inside(hand, "HandJointLocations")
    return joints if isinstance(joints, list) and _inside(hand, "isActive") != 0 else []
