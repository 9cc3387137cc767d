"""Brekel OpenVR Recorder: tab-separated text with a section for headsets, controllers and trackers (numpy only).

Right-handed, +Y up, -Z forward, metres, seconds, Euler degrees. The order of the angles is not written down, and
programs that read such files disagree on it: the one by which the head hardly rolls is taken.
Controllers are numbered, not named: the one on the right of the head is the right one. Stamps repeat.
"""

import re
from pathlib import Path

import numpy as np

from ...errors import InputError
from ...geometry.rotations import quaternion_conjugate
from ...notes import Note
from ...untrusted.budgets import MOST_TRACKERS, read_bytes
from ..cleaning import RawTrack, build_recording
from ..conventions import euler_to_quaternion
from ..guessing import guess_euler_order, rotate
from ..recording import Recording
from ..text import decode, head_text

NAME = "Brekel"
SUFFIXES = (".txt",)
OPTIONS = ("device",)
SECTIONS = {"Head Mounted Display(s)": "headset", "Controllers": "controller", "Generic Trackers": "tracker"}
SECTION = re.compile(
    r"^ (Head Mounted Display\(s\)|Controllers|Generic Trackers|Tracking Reference\(s\))\s*$", re.MULTILINE
)
POSE_CELLS = 8
MOST_DIGITS = 9
"""Digits of a device's number."""
KNEE_HEIGHT, HIP_HEIGHT = 0.30, 0.68
"""Fractions of the head's height below which a tracker is on a foot, and below which it is on the waist."""


def recognises(head: bytes, path: Path) -> bool:
    """Whether a file that begins with ``head`` is a recording of Brekel's."""
    text = head_text(head)
    return SECTION.search(text) is not None and "deviceID" in text


def read(path: Path, device: str = "vive") -> Recording:
    """A Brekel text -> ``Recording``; ``device`` is the preset of the controllers (OpenVR's raw poses)."""
    name = path.name
    found = _devices(decode(read_bytes(path), name), name)
    if "headset" not in found:
        raise InputError(f"{name}: has no samples under 'Head Mounted Display(s)'")
    head = next(iter(found["headset"].values()))
    hands = list(found.get("controller", {}).values())
    order = guess_euler_order(head[:, 4:7])
    tracks = {"head": _track(head, order)}
    for rows, role in zip(hands, _sides(tracks["head"], hands), strict=True):
        tracks.setdefault(role, _track(rows, order))
    for rows in found.get("tracker", {}).values():
        tracks.setdefault(_body_part(tracks["head"], rows), _track(rows, order))
    warnings = [Note("sides_guessed", {"order": order})]
    return build_recording(head[:, 0], tracks, name, device, warnings=warnings)


def _devices(text, name):
    """Kind -> device number -> rows of seconds, position and angles (N, 7)."""
    pieces = SECTION.split(text)
    found = {}
    for title, body in zip(pieces[1::2], pieces[2::2], strict=True):
        kind = SECTIONS.get(title)
        rows = _rows(body.replace(",", "."))
        if kind and len(rows):
            devices = found.setdefault(kind, {})
            numbers, of_row = np.unique(rows[:, 0], return_inverse=True)
            if len(numbers) > MOST_TRACKERS:
                raise InputError(f"{name}: tells of {len(numbers)} devices under '{title}': no recording of a person")
            for index, number in enumerate(numbers):
                devices[int(number)] = rows[of_row == index, 1:]
    return found


def _rows(body):
    rows = []
    for line in body.splitlines():
        cells = line.split()
        if len(cells) >= POSE_CELLS and cells[0].isdecimal() and len(cells[0]) <= MOST_DIGITS:
            try:
                rows.append([float(cell) for cell in cells[:POSE_CELLS]])
            except ValueError:
                continue  # a line of words
    return np.array(rows).reshape(-1, POSE_CELLS)


def _track(rows, order):
    return RawTrack(rows[:, 1:4], euler_to_quaternion(rows[:, 4:7], order), time=rows[:, 0])


def _hand_positions(head, hands):
    """Each hand's positions at the head's times (N, 3)."""
    times = head[:, 0]
    return [np.stack([np.interp(times, rows[:, 0], rows[:, axis]) for axis in (1, 2, 3)], -1) for rows in hands]


def _sides(head, hands):
    """The role of each controller by the side of the head that it is on."""
    rows = np.concatenate([head.time[:, None], head.position], -1)
    sides = [
        float(np.mean(rotate(quaternion_conjugate(head.rotation), hand - head.position)[:, 0]))
        for hand in _hand_positions(rows, hands)
    ]
    if len(sides) == 2:
        return ["left_hand", "right_hand"] if sides[0] < sides[1] else ["right_hand", "left_hand"]
    return ["left_hand" if side < 0 else "right_hand" for side in sides]


def _body_part(head, rows):
    """Where on the body a tracker is, by its height and side."""
    height = np.median(rows[:, 2]) / max(np.median(head.position[:, 1]), 1e-3)
    if height > KNEE_HEIGHT:
        return "waist" if height < HIP_HEIGHT else "chest"
    head_rows = np.concatenate([head.time[:, None], head.position], -1)
    foot = _hand_positions(head_rows, [rows])[0]
    side = np.mean(rotate(quaternion_conjugate(head.rotation), foot - head.position)[:, 0])
    return "left_foot" if side < 0 else "right_foot"
