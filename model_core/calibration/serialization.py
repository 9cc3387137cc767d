"""A ``Calibration`` as JSON: in a file of its own, in the worker's messages and in a scene (numpy only)."""

import json
from pathlib import Path

import numpy as np

from ..errors import InputError
from ..geometry.skeleton import ROLES
from ..motion import BETA_COUNT
from ..notes import note_from_json
from ..recordings.text import decode
from ..untrusted.budgets import read_bytes
from ..untrusted.json_text import parse_json
from ..untrusted.values import BETA, FLOOR, OFFSET, STATURE_ERROR, Bounds, mapping, number, vector
from ..whole_files import write_whole
from .calibration import BODY_TRACKER_JOINTS, Calibration, Offset

FORMAT = "threepoint calibration 1"
NORM_TOLERANCE, ROUNDING = 0.01, 1e-12
LARGEST_FILE, MOST_NOTES = 1 << 20, 1000
"""Bytes of a calibration's file, and notes in it."""


def calibration_to_json(calibration: Calibration) -> dict[str, object]:
    """A calibration as values that JSON holds; numbers keep every digit."""
    return {
        "format": FORMAT,
        "betas": [float(value) for value in calibration.betas],
        "floor": float(calibration.floor),
        "offsets": {
            role: {"rotation_wxyz": list(map(float, offset.rotation)), "position": list(map(float, offset.position))}
            for role, offset in calibration.offsets.items()
        },
        "notes": [note.to_json() for note in calibration.notes],
        "stature_error": calibration.stature_error,
    }


def calibration_from_json(content: object, name: str = "calibration") -> Calibration:
    """The inverse of ``calibration_to_json``. Raises ``InputError`` that begins with ``name``."""
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise InputError(f"{name}: is not a calibration; its 'format' should be '{FORMAT}'")
    missing = [key for key in ("betas", "floor", "offsets") if key not in content]
    if missing:
        raise InputError(f"{name}: is not a whole calibration: has no '{missing[0]}'")
    try:
        betas = vector(content["betas"], "betas", BETA_COUNT, BETA)
        floor = number(content["floor"], "floor", FLOOR)
        offsets = {role: _offset(entry, role) for role, entry in mapping(content["offsets"], "offsets").items()}
        unknown = [role for role in offsets if role not in (*ROLES, *BODY_TRACKER_JOINTS)]
        if unknown or not offsets:
            raise InputError(f"offsets are of {', '.join(offsets) or 'nothing'}; expected head, left_hand and "
                             "right_hand, and perhaps trackers on the body")  # fmt: skip
        notes = content.get("notes", [])
        if not isinstance(notes, list) or len(notes) > MOST_NOTES:
            raise InputError("notes should be a list")
        error = content.get("stature_error")
        error = None if error is None else number(error, "stature_error", STATURE_ERROR)
    except InputError as problem:
        raise InputError(f"{name}: is not a whole calibration: {problem}") from None
    return Calibration(betas, floor, offsets, tuple(map(note_from_json, notes)), error)


def save(path: str | Path, calibration: Calibration) -> None:
    """Write a calibration as JSON, whole or not at all. Raises ``InputError``."""
    write_whole(path, json.dumps(calibration_to_json(calibration), indent=1) + "\n")


def load(path: str | Path) -> Calibration:
    """Read a calibration that ``save`` wrote. Raises ``InputError``."""
    name = Path(path).name
    text = decode(read_bytes(path, largest=LARGEST_FILE), name)
    return calibration_from_json(parse_json(text, name, "a calibration in JSON"), name)


def _offset(entry: object, role: str) -> Offset:
    """The ``Offset`` of a role. Raises ``InputError``."""
    found = mapping(entry, f"the offset of {role}")
    if not {"rotation_wxyz", "position"} <= set(found):
        raise InputError(f"the offset of {role} should have rotation_wxyz and position")
    return Offset(_unit_quaternion(found["rotation_wxyz"], role), _position(found["position"], role))


def _unit_quaternion(values: object, role: str) -> np.ndarray:
    rotation = vector(values, f"rotation_wxyz of {role}", 4, Bounds(-2, 2))
    length = np.linalg.norm(rotation)
    if not abs(length - 1) <= NORM_TOLERANCE:
        raise InputError(f"rotation_wxyz of {role} should be a unit quaternion")
    return rotation if abs(length - 1) < ROUNDING else rotation / length  # What was kept once stays as it is.


def _position(values: object, role: str) -> np.ndarray:
    position = vector(values, f"position of {role}", 3, Bounds(-OFFSET.largest, OFFSET.largest, OFFSET.unit))
    number(float(np.linalg.norm(position)), f"the distance of {role} from its tracker", OFFSET)
    return position
