"""A column's name -> its words, and what single words mean (standard library only)."""

import re
from collections.abc import Sequence
from functools import lru_cache

POSITION_WORDS = {
    "pos", "position", "positions", "loc", "location", "translation", "trans", "p", "t", "coord", "coords",
    "coordinate", "coordinates", "point", "posn",
}  # fmt: skip
QUATERNION_WORDS = {"quat", "quaternion", "quaternions", "q", "qt"}
EULER_WORDS = {"euler", "angle", "angles", "eulerangles", "rpy", "ypr", "eul"}
ROTATION_WORDS = {"rot", "rotation", "rotations", "orientation", "orient", "ori", "attitude"}
HEAD_WORDS = {
    "head", "hmd", "headset", "camera", "cam", "viewer", "headmounteddisplay", "glasses", "headpose", "ovrcamera",
    "headtracker", "viewpoint",
}  # fmt: skip
HAND_WORDS = {
    "hand", "controller", "ctrl", "ctl", "cont", "contr", "con", "wrist", "touch", "palm", "grip", "wand", "saber",
    "knuckles", "joystick", "motioncontroller", "hands", "controllers", "remote", "stick",
}  # fmt: skip
SIDES = {
    "left": "left", "l": "left", "lft": "left", "lh": "left", "lc": "left", "right": "right", "r": "right",
    "rgt": "right", "rh": "right", "rc": "right",
}  # fmt: skip
PARTS = {
    "waist": "waist", "hip": "waist", "hips": "waist", "pelvis": "waist", "belt": "waist", "chest": "chest",
    "torso": "chest", "foot": "foot", "feet": "foot", "ankle": "foot", "toe": "foot", "shoe": "foot", "knee": "knee",
    "elbow": "elbow", "shoulder": "shoulder",
}  # fmt: skip
BODY_ROLES = {"head", "left_hand", "right_hand", "waist", "chest"} | {
    f"{side}_{part}" for side in ("left", "right") for part in ("foot", "knee", "elbow", "shoulder")
}
"""Every role that a tracker can have."""
DEVICES = {"touch": "touch", "saber": "saber", "knuckles": "index", "wand": "vive", "vive": "vive", "grip": "grip"}
"""Words that say what the hands hold: word -> offset preset."""
TURN_AXES = {"pitch": "pitch", "yaw": "yaw", "heading": "yaw", "roll": "roll", "bank": "roll"}
TIME_WORDS = {
    "time", "times", "timestamp", "timestamps", "t", "ts", "seconds", "sec", "secs", "clock", "elapsed",
    "milliseconds", "microseconds", "nanoseconds", "ticks", "epoch", "unix", "unixtime", "utc", "datetime", "date",
    "stamp", "tick", "millis", "micros", "nanos", "realtime", "systime", "systemtime", "localtime", "gametime",
    "playtime", "runtime", "dt", "deltatime", "sampletime", "timecode", "ms", "us", "ns", "msec", "usec", "nsec",
}  # fmt: skip
SPAN_WORDS = {
    "delta",
    "dt",
    "frame",
    "duration",
    "since",
    "diff",
    "latency",
    "interval",
    "fixed",
    "prediction",
    "offset",
}
"""Beside a word for time, they speak of something else than the time of a sample, though not always."""
TIME_UNITS = {
    "s": "s", "sec": "s", "secs": "s", "second": "s", "seconds": "s", "ms": "ms", "msec": "ms", "msecs": "ms",
    "millis": "ms", "millisecond": "ms", "milliseconds": "ms", "us": "us", "usec": "us", "micros": "us", "µs": "us",
    "microsecond": "us", "microseconds": "us", "ns": "ns", "nsec": "ns", "nanos": "ns", "nanosecond": "ns",
    "nanoseconds": "ns", "ticks": "ticks", "min": "min", "mins": "min", "minute": "min", "minutes": "min",
    "day": "day", "days": "day",
}  # fmt: skip
LENGTH_UNITS = {
    "m": "m", "meter": "m", "meters": "m", "metre": "m", "metres": "m", "cm": "cm", "centimeters": "cm",
    "centimetres": "cm", "mm": "mm", "millimeters": "mm", "millimetres": "mm", "ft": "ft", "feet": "ft",
    "inch": "in", "inches": "in",
}  # fmt: skip
ANGLE_UNITS = {
    "deg": "degrees", "degree": "degrees", "degrees": "degrees", "rad": "radians", "radian": "radians",
    "radians": "radians",
}  # fmt: skip
TRACKED_WORDS = {
    "tracked", "valid", "tracking", "istracked", "isvalid", "confidence", "conf", "visible", "active", "connected",
    "status", "state", "quality", "ok", "isactive", "seen", "present", "available", "istracking", "trackingstate",
    "trackingstatus", "trackingquality", "isconnected", "validity",
}  # fmt: skip
LOST_WORDS = {
    "lost", "loss", "not", "failure", "untracked", "invalid", "occluded", "missing", "dropout", "nottracked",
    "islost", "isinvalid",
    "unavailable", "trackinglost", "error",
}  # fmt: skip
OTHER_QUANTITIES = {
    "velocity", "vel", "speed", "acceleration", "accel", "acc", "angular", "linear", "gaze", "eye", "eyes", "pupil",
    "trigger", "button", "buttons", "thumbstick", "joystickaxis", "touchpad", "axis", "forward", "direction", "dir",
    "up", "std", "gravity", "gyro", "gyroscope", "mag", "magnetometer", "imu", "force", "haptic", "vibration",
    "hit", "ray", "raycast", "target", "goal", "object", "cube", "ball", "blink", "openness", "pressed", "click",
    "angvel", "linvel", "angacc", "angularvelocity", "origin", "offset", "delta", "scale", "size", "height", "count",
    "aim", "distance", "dist", "color", "emg", "ecg", "ppg", "eeg", "normal", "confidenceinterval", "dps",
}  # fmt: skip
"""Words of columns that look like a pose's and are none."""
FINGER_WORDS = {
    "finger", "fingers", "thumb", "index", "middle", "ring", "pinky", "little", "metacarpal", "proximal", "distal",
    "intermediate", "tip", "knuckle", "joint", "joints", "bone", "bones",
}  # fmt: skip
SECOND_CHOICE = {
    "local",
    "predicted",
    "raw",
    "relative",
    "rel",
    "filtered",
    "smoothed",
    "virtual",
    "avatar",
    "ik",
    "model",
}
"""Of two poses of one tracker, the one without these is taken."""
ID_WORDS = {
    "id", "device", "tracker", "index", "object", "sensor", "node", "name", "type", "serial", "handle", "entity",
    "role", "source", "slot", "channel", "number", "no", "part", "body", "joint", "marker", "label", "controller",
    "unit", "key",
}  # fmt: skip
"""Words of columns that say which tracker a row is of."""
NO_ID_WORDS = {
    "participant", "subject", "session", "trial", "frame", "block", "user", "player", "event", "scene",
    "condition", "group", "sample", "packet", "message", "button", "state", "status",
}  # fmt: skip
"""Words of columns that number other things."""
FILLERS = {
    "world", "global", "abs", "absolute", "tracker", "device", "sensor", "value", "data", "anchor", "transform",
    "node", "pose", "the", "of", "in", "vr", "xr", "ovr", "openxr", "oculus", "quest", "unity", "room", "space", "is",
    "main", "player", "user", "vive", "center", "meta", "steamvr", "openvr", "htc", "pico", "index", "tracking",
    "system", "frame", "sample", "vector", "field", "actual", "current", "relative", "to", "and", "body", "human",
}  # fmt: skip
JOINED = {
    "lefthand": ("left", "hand"), "righthand": ("right", "hand"), "lefteye": ("left", "eye"),
    "righteye": ("right", "eye"), "lhand": ("left", "hand"), "rhand": ("right", "hand"),
    "centereye": ("head",), "centereyeanchor": ("head",), "maincamera": ("head",),
    "lh": ("left", "hand"), "rh": ("right", "hand"), "lc": ("left", "controller"), "rc": ("right", "controller"),
}  # fmt: skip
"""Words of several parts that would be taken apart otherwise."""
LETTERS = set("lrhxyzwqptijk")
"""Letters that may stand within a word without a mark around them: sides, kinds and axes."""
_KNOWN = (
    POSITION_WORDS | QUATERNION_WORDS | EULER_WORDS | ROTATION_WORDS | HEAD_WORDS | HAND_WORDS | set(SIDES)
    | set(PARTS) | set(TURN_AXES) | TIME_WORDS | set(TIME_UNITS) | set(LENGTH_UNITS) | set(ANGLE_UNITS)
    | TRACKED_WORDS | LOST_WORDS | OTHER_QUANTITIES | FINGER_WORDS | SECOND_CHOICE | FILLERS | SPAN_WORDS | set(JOINED)
)  # fmt: skip
VOCABULARY = {word for word in _KNOWN if len(word) > 1}
NEVER_JOINED = {
    "and",
    "to",
    "of",
    "in",
    "is",
    "the",
    "lh",
    "rh",
    "lc",
    "rc",
    "ts",
    "us",
    "ns",
    "ms",
    "ok",
    "up",
    "vr",
    "xr",
    "tip",
    "con",
}
"""Words that stand alone or not at all."""
JOINABLE = VOCABULARY - NEVER_JOINED
SHORTEST_PART = 2


def words(name: str) -> list[str]:
    """A column's name in lower-case words: ``LeftTouchPosX (cm)`` -> left, touch, pos, x, cm."""
    return list(_words(name))


@lru_cache(maxsize=4096)
def _words(name: str) -> tuple[str, ...]:
    spaced = re.sub(r"^(LH|RH|LC|RC)(?=[a-z])", r"\1 ", name)
    spaced = re.sub(r"([a-zµ0-9])([A-Z])", r"\1 \2", spaced)
    spaced = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1 \2", spaced)
    spaced = re.sub(r"([A-Za-z])(\d)", r"\1 \2", spaced)
    spaced = re.sub(r"(\d)([A-Za-z])", r"\1 \2", spaced)
    found: list[str] = []
    for word in re.split(r"[^a-zµ0-9]+", spaced.lower()):
        if word:
            found += _parts(word)
    if {"center", "eye"} <= set(found) or {"centre", "eye"} <= set(found):
        # Between the eyes is where engines have the head.
        found = ["head" if word in ("center", "centre") else word for word in found if word != "eye"]
    return tuple(found)


def _parts(word: str) -> Sequence[str]:
    """A word that is not known, taken apart into words that are: ``headposx`` -> head, pos, x."""
    if word in JOINED:
        return JOINED[word]
    if word.startswith("µ"):
        return [word]
    if word in VOCABULARY or len(word) == 1 or word.isdigit():
        return [word]
    best: list[tuple[float, tuple[str, ...]] | None] = [None] * (len(word) + 1)
    best[0] = (0.0, ())
    for end in range(1, len(word) + 1):
        for start in range(end):
            before, piece = best[start], word[start:end]
            if before is None or not (piece in JOINABLE or (len(piece) == 1 and piece in LETTERS)):
                continue
            cost = before[0] + (1.0 if len(piece) >= SHORTEST_PART else 1.6)
            if best[end] is None or cost < best[end][0]:  # pyright: ignore[reportOptionalSubscript]
                best[end] = (cost, before[1] + (piece,))
    whole = best[-1]
    # A word that falls into letters only is a word that nobody knows, unless it is as short as "qx" or "lrx".
    if whole is None or (all(len(piece) == 1 for piece in whole[1]) and len(word) > 3):
        return [word]
    return [part for piece in whole[1] for part in JOINED.get(piece, (piece,))]


def role_of(parts: Sequence[str]) -> str | None:
    """The tracker that the words of a device's, column's or file's name mean, or None."""
    sides = [SIDES[word] for word in parts if word in SIDES]
    part = next((PARTS[word] for word in parts if word in PARTS), None)
    if part in ("waist", "chest"):
        return part
    if part and sides:
        return f"{sides[0]}_{part}"
    if HEAD_WORDS & set(parts) or (parts and parts[0] == "h" and not sides):
        return "head"
    return f"{sides[0]}_hand" if sides else None
