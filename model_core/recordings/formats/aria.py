"""Project Aria's Machine Perception Services: a folder with the glasses' path and, at 10 Hz, the hands (numpy only).

``slam/closed_loop_trajectory.csv`` has the device's pose in a world with +Z up; ``wrist_and_palm_poses.csv`` has
wrists, palms and the normals out of the palms **in the device's frame**, confidence -1 and zeros where a hand is not
seen; ``hand_tracking_results.csv``, which is written in its place since 2025, has the same and 21 landmarks, of which 5
is the wrist and 20 the palm; microseconds, metres. The device's frame is a camera's, tilted to the head: the head's
up is where the world's up mostly lies in it, its forward is where the hands mostly are.
"""

from pathlib import Path

import numpy as np

from ...errors import InputError
from ...geometry.rotations import matrix_to_quaternion, normalize, quaternion_multiply, quaternion_to_matrix
from ...notes import Note
from ...untrusted.budgets import read_bytes
from ..cleaning import RawTrack, build_recording
from ..conventions import CONVENTIONS
from ..guessing import rotate
from ..recording import Recording, Track
from ..resample import interpolate_track
from ..tables.parsing import read_table
from ..text import decode, head_text

NAME = "Project Aria"
SUFFIXES = (".csv",)
OPTIONS = ()
TRAJECTORIES = ("closed_loop_trajectory.csv", "slam/closed_loop_trajectory.csv")
HANDS, NEW_HANDS = "wrist_and_palm_poses.csv", "hand_tracking_results.csv"
HAND_TABLES = (NEW_HANDS, f"hand_tracking/{NEW_HANDS}", HANDS, f"hand_tracking/{HANDS}")
"""Looked for by name alone: the folder around a lone file may hold the whole of somebody's disk."""
SECONDS = 1e-6
CAMERA_FORWARD = np.array([0.0, 0.0, 1.0])
LEAST_CONFIDENCE = 0.0


def recognises(head: bytes, path: Path) -> bool:
    """Whether a file that begins with ``head`` is one of the two tables, or a folder is the services' output."""
    if path.is_dir():
        return _trajectory(path) is not None
    header = head_text(head)[:400]
    return "tracking_timestamp_us" in header and ("tx_world_device" in header or "left_tracking_confidence" in header)


def read(path: Path) -> Recording:
    """The folder, or one of the two tables in it -> ``Recording`` with the device preset ``hand``."""
    folders = [path] if path.is_dir() else [path.parent, path.parent.parent]
    trajectory = next((found for folder in folders if (found := _trajectory(folder))), None)
    if trajectory is None:
        raise InputError(f"{path.name}: no closed_loop_trajectory.csv beside it: where the glasses were is not known")
    warnings = []
    time, position, rotation = _glasses(trajectory, warnings)
    hands = _hands(next((found for folder in folders if (found := _first_file(folder, HAND_TABLES))), None), warnings)
    to_head = _head_axes(rotation, hands)
    upright = matrix_to_quaternion(CONVENTIONS["z_up"])
    glasses = Track(position, rotation, np.ones(len(time), bool))
    tracks = {
        "head": _in_room(position, quaternion_multiply(rotation, np.broadcast_to(to_head, rotation.shape)), upright)
    }
    for role, hand in hands.items():
        at_hand = interpolate_track(time, glasses, hand.time)
        wrist = at_hand.position + rotate(at_hand.rotation, hand.position)
        moved = _in_room(wrist, quaternion_multiply(at_hand.rotation, hand.rotation), upright)
        tracks[role] = RawTrack(moved.position, moved.rotation, hand.tracked & at_hand.valid, hand.time)
    return build_recording(time, tracks, path.name, "hand", warnings=warnings)


def _trajectory(folder):
    return _first_file(folder, TRAJECTORIES)


def _first_file(folder, names):
    return next((folder / name for name in names if (folder / name).is_file()), None)


def _table(path, wanted):
    """Columns of a table by name, each (N,)."""
    table = read_table(decode(read_bytes(path), path.name), path.name)
    missing = [name for name in wanted if name not in table.names]
    if missing:
        raise InputError(f"{path.name}: lacks the columns {', '.join(missing)}")
    return {name: table.values[:, table.names.index(name)] for name in wanted}, table.names


def _glasses(path, warnings):
    """Times (N,), positions (N, 3) and rotations (N, 4) of the device in its world, +Z up."""
    wanted = ["tracking_timestamp_us"] + [
        f"{field}_world_device" for field in ("tx", "ty", "tz", "qw", "qx", "qy", "qz")
    ]
    columns, _ = _table(path, wanted)
    rows = np.stack(list(columns.values()), -1)
    rows = rows[np.isfinite(rows).all(-1)]
    if len(rows) < 2:
        raise InputError(f"{path.name}: has {len(rows)} whole rows; at least 2 are needed")
    rows = rows[np.concatenate([[True], np.diff(rows[:, 0]) > 0])]
    warnings.append(Note("glasses_guessed"))
    return rows[:, 0] * SECONDS, rows[:, 1:4], normalize(rows[:, 4:8])


def _hands(path, warnings):
    """Role -> wrist as ``RawTrack`` in the device's axes, with the axes of OpenXR's wrist joint."""
    if path is None:
        return {}
    tracks = {}
    names = read_table(decode(read_bytes(path), path.name), path.name).names
    for side in ("left", "right"):
        wanted = ["tracking_timestamp_us", f"{side}_tracking_confidence"]
        for choices in _points(side):
            wanted += next((found for found in choices if set(found) <= set(names)), choices[0])
        try:
            columns, _ = _table(path, wanted)
        except InputError as error:
            warnings.append(Note("hand_file_unread", {"file": path.name, "reason": str(error).partition(": ")[2]}))
            continue
        rows = np.stack(list(columns.values()), -1)
        rows = rows[np.isfinite(rows[:, 0])]
        rows = rows[np.concatenate([[True], np.diff(rows[:, 0]) > 0])] if len(rows) else rows
        if len(rows) < 2:
            continue
        wrist, palm, normal = rows[:, 2:5], rows[:, 5:8], rows[:, 8:11]
        rotation = _wrist_axes(palm - wrist, normal)
        tracks[f"{side}_hand"] = RawTrack(wrist, rotation, rows[:, 1] > LEAST_CONFIDENCE, rows[:, 0] * SECONDS)
    return tracks


def _points(side):
    """Columns of wrist, palm and the palm's normal, in the old file's names and in the new one's."""

    def axes(name):
        return [name.format(axis) for axis in "xyz"]

    return (
        [
            axes(f"t{{}}_{side}_wrist_device"),
            axes(f"t{{}}_{side}_device_wrist"),
            axes(f"t{{}}_{side}_landmark_5_device"),
        ],
        [axes(f"t{{}}_{side}_palm_device"), axes(f"t{{}}_{side}_landmark_20_device")],
        [axes(f"n{{}}_{side}_wrist_device"), axes(f"n{{}}_{side}_palm_device")],
    )


def _wrist_axes(fingers, normal):
    """Quaternions (N, 4) of a wrist whose -Z runs along the fingers and whose +Y comes out of the hand's back."""
    back = normalize(-fingers)
    up = normalize(-normal - (-normal * back).sum(-1, keepdims=True) * back)
    rotation = matrix_to_quaternion(np.stack([np.cross(up, back), up, back], -1))
    return np.where(np.isfinite(rotation), rotation, 0.0)


def _head_axes(rotation, hands):
    """The quaternion from the head's axes (X right, +Y up, -Z forward) to the device's."""
    up = normalize(quaternion_to_matrix(rotation)[:, 2].mean(0))
    seen = [hand.position[hand.tracked] for hand in hands.values() if hand.tracked.any()]
    forward = np.mean([hand.mean(0) for hand in seen], 0) if seen else CAMERA_FORWARD
    back = normalize(-(forward - (forward @ up) * up))
    return matrix_to_quaternion(np.stack([np.cross(up, back), up, back], -1))


def _in_room(position, rotation, upright):
    """A pose in the world with +Z up -> in OpenXR's; the device's own axes stay."""
    position = position @ CONVENTIONS["z_up"].T
    return RawTrack(position, quaternion_multiply(np.broadcast_to(upright, rotation.shape), rotation))
