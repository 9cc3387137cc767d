"""A-Frame's motion capture components: JSON with the poses of ``camera``, ``left`` and ``right`` (numpy only).

Right-handed, +Y up, -Z forward, metres; Euler degrees in the order YXZ; milliseconds. The hands are the poses of
WebVR's gamepads, which for the HTC Vive are OpenVR's raw ones.
"""

from pathlib import Path

import numpy as np

from ...errors import InputError
from ...geometry.rotations import quaternion_conjugate
from ...notes import Note
from ..cleaning import RawTrack, build_recording, check_tracker_count
from ..conventions import euler_to_quaternion
from ..guessing import rotate
from ..json_text import load_json, number
from ..recording import Recording
from ..tables.words import BODY_ROLES, role_of, words
from ..text import head_text

NAME = "A-Frame capture"
SUFFIXES = (".json",)
OPTIONS = ()
NAMES = {"controller1": "left_hand", "controller2": "right_hand"}
"""Keys are ids that the page's author chose; those whose words name a side or the camera are known by these."""
EULER_ORDER = "YXZ"


def recognises(head: bytes, path: Path) -> bool:
    """Whether a file that begins with ``head`` is a capture by A-Frame's components."""
    text = head_text(head).lstrip()
    return text.startswith("{") and all(key in text for key in ('"poses"', '"timestamp"', '"rotation"'))


def read(path: Path) -> Recording:
    """An A-Frame capture -> ``Recording`` with the device preset ``vive``."""
    name = path.name
    content = load_json(path)
    entities = content if isinstance(content, dict) else {}
    posed = {key: entity["poses"] for key, entity in entities.items() if _has_poses(entity)}
    check_tracker_count(len(posed), name)
    warnings: list[Note] = []
    tracks = {NAMES.get(key) or role_of(words(key)) or key: _track(poses) for key, poses in posed.items()}
    tracks = _hands_by_elimination(tracks, warnings)
    if "head" not in tracks:
        raise InputError(f"{name}: has no 'camera' with at least 2 'poses' (found: {', '.join(entities) or 'nothing'})")
    return build_recording(_clock(tracks["head"]), tracks, name, "vive", warnings=warnings)


def _has_poses(entity: object) -> bool:
    poses = entity.get("poses") if isinstance(entity, dict) else None
    return isinstance(poses, list) and len(poses) > 1


def _hands_by_elimination(tracks: dict[str, RawTrack], warnings: list[Note]) -> dict[str, RawTrack]:
    """Two trackers with names that mean nothing are the hands, left and right by the side that they are on."""
    unknown = [key for key in tracks if key not in BODY_ROLES]
    hands = [role for role in ("left_hand", "right_hand") if role in tracks]
    if "head" in tracks and len(unknown) == 2 and not hands:
        head = tracks["head"]
        sides = []
        for key in unknown:
            at = np.stack([np.interp(_clock(head), _clock(tracks[key]), axis) for axis in tracks[key].position.T], -1)
            sides.append(float(np.nanmean(rotate(quaternion_conjugate(head.rotation), at - head.position)[:, 0])))
        left, right = unknown if sides[0] < sides[1] else unknown[::-1]
        warnings.append(Note("sides_of_hands_guessed", {"left": left, "right": right}))
        renamed: dict[str, str] = {left: "left_hand", right: "right_hand"}
        return {renamed.get(key, key): track for key, track in tracks.items()}
    warnings += [Note("tracker_unknown", {"tracker": key}) for key in unknown]
    return tracks


def _clock(track: RawTrack) -> np.ndarray:
    """The times (N,) of a track that has a clock of its own, as all of A-Frame's have."""
    return np.empty(0) if track.time is None else track.time


def _track(poses):
    """One entity's poses as ``RawTrack`` with its own clock."""
    rows = np.array([_row(pose) for pose in poses])
    return RawTrack(rows[:, 1:4], euler_to_quaternion(rows[:, 4:7], EULER_ORDER), time=rows[:, 0] / 1000)


def _row(pose):
    pose = pose if isinstance(pose, dict) else {}
    values = [number(pose.get("timestamp"))]
    for field in ("position", "rotation"):
        vector = pose.get(field)
        values += [number(vector.get(axis)) if isinstance(vector, dict) else np.nan for axis in "xyz"]
    return values
