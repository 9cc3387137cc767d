"""What the columns of a table mean, guessed from their names (numpy only)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

POSITION_WORDS = {"pos", "position", "loc", "location", "translation", "trans", "p", "t", "coord"}
ROTATION_WORDS = {"rot", "rotation", "orientation", "orient", "ori", "quat", "quaternion", "q", "r", "euler", "angle"}
HEAD_WORDS = {"head", "hmd", "headset", "camera", "cam", "viewer", "headmounteddisplay"}
SIDES = {"left": "left", "l": "left", "right": "right", "r": "right"}
PARTS = {
    "waist": "waist", "hip": "waist", "hips": "waist", "pelvis": "waist", "chest": "chest", "foot": "foot",
    "ankle": "foot", "toe": "foot", "knee": "knee", "elbow": "elbow", "shoulder": "shoulder",
}  # fmt: skip
DEVICES = {"touch": "touch", "saber": "saber", "knuckles": "index", "wand": "vive", "vive": "vive", "grip": "grip"}
"""Words that tell what the hands hold: word -> offset preset."""
TURN_AXES = {"pitch": "x", "yaw": "y", "heading": "y", "roll": "z"}
TIME_WORDS = {"time", "timestamp", "t", "seconds", "sec", "clock", "elapsed", "milliseconds", "microseconds"}
TIME_UNITS = {
    "s": "s", "sec": "s", "secs": "s", "seconds": "s", "ms": "ms", "milliseconds": "ms", "us": "us",
    "microseconds": "us", "ns": "ns", "nanoseconds": "ns", "ticks": "ticks",
}  # fmt: skip
LENGTH_UNITS = {"m": "m", "meters": "m", "metres": "m", "cm": "cm", "mm": "mm"}
TRACKED_WORDS = {"tracked", "valid", "tracking", "istracked", "confidence"}
OTHER_QUANTITIES = {
    "velocity", "vel", "speed", "acceleration", "accel", "acc", "angular", "linear", "gaze", "eye", "eyes", "pupil",
    "trigger", "button", "buttons", "thumbstick", "joystick", "touchpad", "axis", "forward", "direction", "dir", "up",
    "local", "delta", "std", "finger", "thumb", "gravity",
}  # fmt: skip
"""Words of columns that look like a pose's and are none."""

FUSED_WORD = re.compile(
    r"^(head|hmd|headset|left|right|lhand|rhand)?(position|pos|rotation|rot|quaternion|quat|orientation|ori|euler|loc|"
    r"[pqrt])?([wxyz])$"
)
"""One word of several parts: ``posx``, ``qw``, ``headx``, ``leftrotz``."""
NUMBERED_WORD = re.compile(r"^(quaternion|quat|q|rotation|rot|orientation|ori)([0-4])$")
"""One of four numbers of a rotation: ``q0``, ``rot4``."""
NUMBERS = ("0123", "1234")
SPLIT_WORDS = {
    "lhand": ["left", "hand"], "rhand": ["right", "hand"], "lefthand": ["left", "hand"], "righthand": ["right", "hand"],
    "leftcontroller": ["left", "controller"], "rightcontroller": ["right", "controller"], "ltouch": ["left", "touch"],
    "rtouch": ["right", "touch"], "centereye": ["head"], "leftfoot": ["left", "foot"], "rightfoot": ["right", "foot"],
}  # fmt: skip


@dataclass
class DeviceColumns:
    """Indices of one tracker's columns: ``position`` x, y, z; ``rotation`` w, x, y, z or Euler x, y, z; ``tracked``.

    ``numbered``: the four of the rotation are known by numbers only, and w may come first or last.
    """

    position: list[int]
    rotation: list[int]
    tracked: int | None = None
    numbered: bool = False


@dataclass
class Columns:
    """What was found in a header: trackers by role, candidates for the time, and units that names tell."""

    devices: dict[str, DeviceColumns]
    times: list[int]
    time_unit: str | None = None
    length_unit: str | None = None
    angle_unit: str | None = None
    device: str = ""


def words(name: str) -> list[str]:
    """A column's name in lower-case words: ``LeftTouchPosX (cm)`` -> left, touch, pos, x, cm."""
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name)
    spaced = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1 \2", spaced)
    found = []
    for word in re.split(r"[^A-Za-z0-9]+", spaced.lower()):
        fused = FUSED_WORD.match(word) or NUMBERED_WORD.match(word)
        if word in SPLIT_WORDS:
            found += SPLIT_WORDS[word]
        elif fused:
            found += [part for group in fused.groups() if group for part in SPLIT_WORDS.get(group, [group])]
        elif word:
            found.append(word)
    if {"center", "eye"} <= set(found):
        # Between the eyes is where engines have the head.
        found = ["head" if word == "center" else word for word in found if word != "eye"]
    return found


def guess_columns(names: Sequence[str]) -> Columns:
    """The meaning of a header (a list of names) as ``Columns``; trackers without a whole pose are left out."""
    found, times, units = {}, [], {}
    for index, name in enumerate(names):
        parts = words(name)
        if OTHER_QUANTITIES & set(parts):
            continue
        role = role_of(parts)
        kind, axis = _axis(parts)
        if axis:
            found.setdefault(role, {}).setdefault((kind, axis), index)
            _note_units(parts, kind, units)
        elif TIME_WORDS & set(parts) and role is None:
            times.append(index)
            units.setdefault("time", next((TIME_UNITS[word] for word in parts if word in TIME_UNITS), None))
        elif TRACKED_WORDS & set(parts):
            found.setdefault(role, {}).setdefault(("tracked", ""), index)
    devices = {role: device for role, axes in found.items() if role and (device := _device(axes))}
    held = next((DEVICES[word] for name in names for word in words(name) if word in DEVICES), "")
    return Columns(devices, times, units.get("time"), units.get("position"), units.get("rotation"), held)


def role_of(parts: Sequence[str]) -> str | None:
    """The tracker that the words of a column's or file's name tell, or None.

    A lone ``l`` or ``r`` is a side only before another word.
    """
    sides = [SIDES[word] for word in parts[:-1] if word in SIDES]
    part = next((PARTS[word] for word in parts if word in PARTS), None)
    if part in ("waist", "chest"):
        return part
    if part and sides:
        return f"{sides[0]}_{part}"
    if HEAD_WORDS & set(parts):
        return "head"
    return f"{sides[0]}_hand" if sides else None


def _axis(parts):
    """(``position``, ``rotation`` or None, axis letter), or (None, None) for a column that is no part of a pose."""
    turn = next((TURN_AXES[word] for word in parts if word in TURN_AXES), None)
    if turn:
        return "rotation", turn
    axis = next((word for word in reversed(parts) if word in ("w", "x", "y", "z")), None)
    if axis is None and parts and parts[-1] in "01234" and (ROTATION_WORDS - {"r"}) & set(parts):
        return "rotation", parts[-1]
    if axis is None:
        return None, None
    # "r" is a side in r_hand_pos_x and a rotation in hmd_r_x: only where another word tells the side or tracker.
    is_rotation = axis == "w" or bool((ROTATION_WORDS - {"r"}) & set(parts)) or "r" in parts[1:]
    is_position = bool(POSITION_WORDS & set(parts))
    if is_rotation == is_position:
        return ("rotation" if axis == "w" else None), axis
    return ("rotation" if is_rotation else "position"), axis


def _note_units(parts, kind, units):
    if {"deg", "degrees"} & set(parts):
        units.setdefault("rotation", "degrees")
    if {"rad", "radians"} & set(parts):
        units.setdefault("rotation", "radians")
    length = next((LENGTH_UNITS[word] for word in parts if word in LENGTH_UNITS), None)
    if length and kind != "rotation":
        units.setdefault("position", length)


def _device(axes):
    """``DeviceColumns`` of one tracker from its {(kind, axis): column}, or None if its pose is not whole."""

    def columns(kind, letters):
        return [axes[(kind, letter)] for letter in letters if (kind, letter) in axes]

    position = columns("position", "xyz") or columns(None, "xyz")
    rotation = columns("rotation", "wxyz")
    if len(position) != 3:
        return None
    counted = next((found for numbers in NUMBERS if len(found := columns("rotation", numbers)) == 4), None)
    if counted and not rotation:
        return DeviceColumns(position, counted, axes.get(("tracked", "")), numbered=True)
    if len(rotation) not in (3, 4) or (len(rotation) == 3 and ("rotation", "w") in axes):
        return None
    return DeviceColumns(position, rotation, axes.get(("tracked", "")))
