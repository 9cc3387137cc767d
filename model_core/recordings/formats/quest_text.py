"""The text that SAGE's Quest app writes: one line a sample, no clock (numpy only).

``FPS:..;Headset-Position: (x, y, z);Headset-Rotation: (x, y, z, w);LeftController-Position: ..`` and so on, with blank
lines between. Unity's axes, metres. The only measure of time is a smoothed frame rate on each line.
"""

import re
from pathlib import Path

import numpy as np

from ...errors import InputError
from ...notes import Note
from ...untrusted.budgets import read_bytes
from ...untrusted.values import SAMPLE_RATE, number
from ..cleaning import RawTrack, build_recording
from ..conventions import to_openxr
from ..recording import Recording
from ..text import decode, head_text

NAME = "SAGE's Quest text"
SUFFIXES = (".txt",)
OPTIONS = ("fps",)
NAMES = {"head": "Headset", "left_hand": "LeftController", "right_hand": "RightController"}
NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[-+]?(?:nan|inf(?:inity)?)", re.IGNORECASE)
LOWEST_RATE, HIGHEST_RATE = 1.0, 1000.0


def recognises(head: bytes, path: Path) -> bool:
    """Whether a file that begins with ``head`` comes from SAGE's Quest app."""
    return re.search(r"Headset-Position\s*:\s*\(", head_text(head)) is not None


def read(path: Path, fps: float | None = None) -> Recording:
    """A Quest text file -> ``Recording`` with the device preset ``touch``.

    ``fps`` is the true frame rate where it is known. Otherwise each line lasts as long as its own ``FPS`` says.
    """
    name = path.name
    lines = [line for line in decode(read_bytes(path), name).splitlines() if line.strip()]
    rates, poses, broken = [], [], 0
    for line in lines:
        sample = _sample(line)
        if sample is None:
            broken += 1
            continue
        rates.append(sample[0])
        poses.append(sample[1])
    if not poses:
        raise InputError(
            f"{name}: none of its {len(lines)} lines is 'FPS:..;Headset-Position: (x, y, z);"
            "Headset-Rotation: (x, y, z, w);LeftController-Position: ..'"
        )
    warnings = [Note("broken_lines", {"count": broken, "total": len(lines)})] if broken else []
    time = _times(np.array(rates), fps, name, warnings)
    poses = np.array(poses)
    tracks = {}
    for index, role in enumerate(NAMES):
        position, rotation = to_openxr(poses[:, index, :3], poses[:, index, [6, 3, 4, 5]], "unity")
        tracks[role] = RawTrack(position, rotation)
    return build_recording(time, tracks, name, "touch", warnings=warnings)


def _sample(line):
    """One line -> (frame rate, poses (3, 7)), or None if it is not whole; a device without numbers is NaN."""
    fields = {}
    for part in line.split(";"):
        key, _, value = part.partition(":")
        fields[key.strip()] = [float(word) for word in NUMBER.findall(value)]
    poses = []
    for device in NAMES.values():
        position, rotation = fields.get(f"{device}-Position"), fields.get(f"{device}-Rotation")
        if position is None or rotation is None:
            return None
        if (len(position), len(rotation)) == (0, 0):
            position, rotation = [np.nan] * 3, [np.nan] * 4
        if (len(position), len(rotation)) != (3, 4):
            return None
        poses.append(position + rotation)
    return (fields.get("FPS") or [np.nan])[0], poses


def _times(rates, fps, name, warnings):
    """Seconds (N,) from the true frame rate, or from the smoothed rate of each line."""
    if fps is not None:
        return np.arange(len(rates)) / number(fps, f"{name}: fps", SAMPLE_RATE)
    usable = np.isfinite(rates) & (rates >= LOWEST_RATE) & (rates <= HIGHEST_RATE)
    if not usable.any():
        raise InputError(f"{name}: has no usable 'FPS:' and no clock; give the frame rate (fps)")
    rates = np.where(usable, rates, np.median(rates[usable]))
    warnings.append(Note("no_clock", {"rate": float(np.median(rates))}))
    return np.concatenate([[0], np.cumsum(1 / rates[1:])])
