"""A-Frame's motion capture components: JSON with the poses of ``camera``, ``left`` and ``right`` (numpy only).

Right-handed, +Y up, -Z forward, metres; Euler degrees in the order YXZ; milliseconds. The hands are the poses of
WebVR's gamepads, which for the HTC Vive are OpenVR's raw ones.
"""

from pathlib import Path

import numpy as np

from ...errors import InputError
from ..cleaning import RawTrack, build_recording
from ..conventions import euler_to_quaternion
from ..json_text import load_json, number
from ..recording import Recording
from ..text import head_text

NAME = "A-Frame capture"
SUFFIXES = (".json",)
OPTIONS = ()
NAMES = {"camera": "head", "left": "left_hand", "right": "right_hand", "controller1": "left_hand",
         "controller2": "right_hand", "leftHand": "left_hand", "rightHand": "right_hand"}  # fmt: skip
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
    tracks = {}
    for key, entity in entities.items():
        role = NAMES.get(key, key)
        poses = entity.get("poses") if isinstance(entity, dict) else None
        if isinstance(poses, list) and len(poses) > 1:
            tracks[role] = _track(poses)
    if "head" not in tracks:
        raise InputError(f"{name}: has no 'camera' with at least 2 'poses' (found: {', '.join(entities) or 'nothing'})")
    time = tracks["head"].time
    return build_recording(time, tracks, name, "vive")


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
