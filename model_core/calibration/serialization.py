"""A ``Calibration`` as JSON: in a file of its own, in the worker's messages and in a scene (numpy only)."""

import json
from pathlib import Path

import numpy as np

from ..errors import InputError
from ..motion import BETA_COUNT
from ..notes import note_from_json
from .calibration import Calibration, Offset

FORMAT = "threepoint calibration 1"
NORM_TOLERANCE, ROUNDING = 0.01, 1e-12
FARTHEST_OFFSET = 1.0
"""Metres: no joint lies farther from its tracker."""


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
    try:
        betas = np.array(content["betas"], np.float64).reshape(BETA_COUNT)
        floor = float(content["floor"])
        offsets = {
            str(role): Offset(_unit_quaternion(entry["rotation_wxyz"]), _position(entry["position"]))
            for role, entry in content["offsets"].items()
        }
        notes = tuple(note_from_json(note) for note in content.get("notes", []))
        stature_error = None if content.get("stature_error") is None else float(content["stature_error"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{name}: is not a whole calibration ({error})") from None
    if not (np.isfinite(betas).all() and np.isfinite(floor)):
        raise InputError(f"{name}: betas and floor should be finite numbers")
    return Calibration(betas, floor, offsets, notes, stature_error)


def save(path: str | Path, calibration: Calibration) -> None:
    """Write a calibration as JSON."""
    Path(path).write_text(json.dumps(calibration_to_json(calibration), indent=1) + "\n", encoding="utf-8")


def load(path: str | Path) -> Calibration:
    """Read a calibration that ``save`` wrote. Raises ``InputError``."""
    name = Path(path).name
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except (OSError, ValueError, RecursionError):
        raise InputError(f"{name}: is not a calibration (JSON)") from None
    return calibration_from_json(content, name)


def _unit_quaternion(values: object) -> np.ndarray:
    rotation = np.array(values, np.float64).reshape(4)
    length = np.linalg.norm(rotation)
    if not abs(length - 1) <= NORM_TOLERANCE:
        raise ValueError("a rotation should be a unit quaternion wxyz")
    return rotation if abs(length - 1) < ROUNDING else rotation / length  # What was kept once stays as it is.


def _position(values: object) -> np.ndarray:
    position = np.array(values, np.float64).reshape(3)
    if not np.linalg.norm(position) <= FARTHEST_OFFSET:
        raise ValueError(f"a position should be within {FARTHEST_OFFSET} m")
    return position
