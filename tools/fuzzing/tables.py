"""Tables of made-up loggers, whose meaning is known: what ``fuzz --meaning`` reads.

A table is a person's motion written in one of many styles of names, with a convention, units, an order of angles or of
quaternions, a rate, flags and separators, all drawn by a seed.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from ...model_core.geometry.rotations import axis_angle_to_quaternion, quaternion_multiply, quaternion_to_matrix
from ...model_core.recordings import Recording, Track
from ...model_core.recordings.conventions import from_openxr

ROLES = ("head", "left_hand", "right_hand")
CONVENTIONS = ("openxr", "unity", "unreal", "ros", "z_up", "gltf")
EULER_ORDERS = {
    "unity": ("YXZ",),
    "openxr": ("YXZ", "XYZ"),
    "unreal": ("ZYX",),
    "ros": ("ZYX",),
    "z_up": ("ZYX",),
    "gltf": ("YXZ",),
}
"""The orders that programs with these axes write."""
TIME_UNITS = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9, "ticks": 1e7}
LENGTH_UNITS = {"m": 1.0, "cm": 100.0, "mm": 1000.0}

STYLES = (
    # devices (head, left, right), position, rotation, quaternion axes, letters of axes, and how they are joined
    (("head", "left_hand", "right_hand"), "pos", "rot", "{d}_{k}_{a}"),
    (("Head", "LeftHand", "RightHand"), "Pos", "Rot", "{d}{k}{A}"),
    (("hmd", "l_hand", "r_hand"), "position", "rotation", "{d}.{k}.{a}"),
    (("HMD", "LeftController", "RightController"), "p", "q", "{d}_{k}{a}"),
    (("Headset", "Controller_L", "Controller_R"), "", "Q", "{d}_{k}{A}"),
    (("hmd", "ctrlL", "ctrlR"), "", "q", "{d}.{k}{a}"),
    (("head", "left", "right"), "pos", "rot", "{k}{A}_{d}"),
    (("Camera", "LeftTouch", "RightTouch"), "Position", "Orientation", "{d}{k}{A}"),
    (("headset", "left_controller", "right_controller"), "pos", "quat", "{d}_{k}_{a}"),
    (("HeadPose", "LeftPose", "RightPose"), "Position", "Rotation", "{d}.{k}.{A}"),
    (("CenterEye", "LTouch", "RTouch"), "Pos", "Quat", "{d}_{k}_{A}"),
    (("CenterEyeAnchor", "LeftHandAnchor", "RightHandAnchor"), "position", "rotation", "{d}_{k}_{a}"),
    (("head", "lhand", "rhand"), "p", "q", "{d}_{k}{a}"),
    (("head", "lh", "rh"), "pos", "rot", "{d}_{k}_{a}"),
    (("HMD", "L", "R"), "pos", "rot", "{d}_{k}_{a}"),
    (("h", "l", "r"), "p", "q", "{d}_{k}{a}"),
    (("Main Camera", "Left Controller", "Right Controller"), "position", "rotation", "{d} {k} {a}"),
    (("headTracker", "leftTracker", "rightTracker"), "Loc", "Quat", "{d}{k}{A}"),
    (("head", "handL", "handR"), "pos", "ori", "{d}_{k}_{a}"),
    (("head", "hand_l", "hand_r"), "loc", "quat", "{d}_{k}_{a}"),
    (("HMD", "ControllerLeft", "ControllerRight"), "Pos", "Rot", "{d}_{k}_{A}"),
    (("vr_head", "vr_left", "vr_right"), "t", "q", "{d}_{k}{a}"),
    (("OVRCamera", "OVRLeft", "OVRRight"), "pos", "rot", "{d}{k}{A}"),
    (("viewer", "left", "right"), "position", "orientation", "{d}.{k}.{a}"),
    (("head", "leftWrist", "rightWrist"), "pos", "quat", "{d}_{k}_{a}"),
    (("head", "left_wrist", "right_wrist"), "translation", "quaternion", "{d}_{k}_{a}"),
    (("player_head", "player_lefthand", "player_righthand"), "pos", "rot", "{d}_{k}{a}"),
    (("HMD", "LHand", "RHand"), "X", "Q", None),
    (("headset", "leftcontroller", "rightcontroller"), "pos", "rot", "{d}{k}{a}"),
    (("head", "lefthand", "righthand"), "pos", "rot", "{d}{k}{a}"),
    (("Head", "Left", "Right"), "Position", "Rotation", "{d}_{k}_{A}"),
    (("Head", "LeftPalm", "RightPalm"), "Position", "Rotation", "{d}_{k}_{A}"),
    (("hmd", "lctrl", "rctrl"), "pos", "quat", "{d}_{k}_{a}"),
    (("hmd", "cont_left", "cont_right"), "pos", "quat", "{d}_{k}_{a}"),
    (("hmd", "wand_left", "wand_right"), "pos", "quat", "{d}_{k}_{a}"),
    (("head", "left_saber", "right_saber"), "pos", "quat", "{d}_{k}_{a}"),
    (("Head", "Grip_L", "Grip_R"), "Pos", "Rot", "{d}_{k}_{A}"),
    (("head", "left", "right"), "pos", "rot", "{k}_{d}_{a}"),
    (("head", "left", "right"), "position", "rotation", "{k}.{d}.{a}"),
    (("Head", "LeftHand", "RightHand"), "Position", "Rotation", "{k}{d}{A}"),
    (("HMD", "LeftController", "RightController"), "Position", "Rotation", "{d}_{k}[{a}]"),
    (("HMD", "LeftController", "RightController"), "Position", "Rotation", "{d} {k} ({a})"),
    (("HMD", "LeftController", "RightController"), "Pos", "Rot", "{a}_{d}_{k}"),
    (("hmd", "left", "right"), "loc", "quat", "{d}/{k}/{a}"),
    (("hmd", "left", "right"), "loc", "quat", "{d}:{k}:{a}"),
    (("hmd", "left", "right"), "coord", "quat", "{d}-{k}-{a}"),
    (("head_world", "left_world", "right_world"), "pos", "rot", "{d}_{k}_{a}"),
    (("Quest_HMD", "Quest_Left", "Quest_Right"), "Pos", "Quat", "{d}_{k}_{A}"),
    (("XR_Head", "XR_LeftHand", "XR_RightHand"), "Position", "Rotation", "{d}{k}{A}"),
    (("device_head", "device_left_hand", "device_right_hand"), "pos", "rot", "{d}_{k}_{a}"),
    (("head_pose", "left_pose", "right_pose"), "position", "orientation", "{d}.{k}.{a}"),
    (("Glasses", "LeftHand", "RightHand"), "Pos", "Rot", "{d}_{k}_{A}"),
    (("cam", "left_hand", "right_hand"), "p", "q", "{d}_{k}{a}"),
    (("camera", "lefthand", "righthand"), "pos", "rot", "{d}.{k}.{a}"),
    (("HMD", "LHController", "RHController"), "pos", "rot", "{d}_{k}_{a}"),
    (("headset", "hand_left", "hand_right"), "position", "rotation", "{d}_{k}_{a}"),
    (("Headset", "HandLeft", "HandRight"), "Position", "Rotation", "{d}.{k}.{A}"),
    (("HEAD", "LEFT_HAND", "RIGHT_HAND"), "POS", "ROT", "{d}_{k}_{A}"),
    (("HEAD", "LEFT", "RIGHT"), "POSITION", "QUATERNION", "{d}_{k}_{A}"),
    (("Head Tracker", "Left Hand Tracker", "Right Hand Tracker"), "Location", "Orientation", "{d} {k} {A}"),
    (("head", "left_motion_controller", "right_motion_controller"), "pos", "quat", "{d}_{k}_{a}"),
    (("headset", "touch_left", "touch_right"), "pos", "quat", "{d}_{k}_{a}"),
    (("user_head", "user_left_hand", "user_right_hand"), "pos", "rot", "{d}_{k}_{a}"),
)  # fmt: skip
"""How loggers of laboratories, games and toolkits name their columns."""
CLOCKS = ("time", "Time", "timestamp", "Timestamp", "t", "Time_s", "unity_time", "elapsed", "elapsedTime", "TimeStamp",
          "time_since_start", "UnixTime", "clock", "sys_time", "realtime")  # fmt: skip
FLAGS = (("Tracked", "True", "False"), ("isTracked", "1", "0"), ("Confidence", "High", "Low"), ("valid", "true",
         "false"),
         ("Tracking", "TRUE", "FALSE"), ("TrackingLost", "0", "1"), ("Valid", "yes", "no"), ("Status", "Tracked",
         "NotTracked"))  # fmt: skip
OTHER_COLUMNS = ("trial", "frame", "participant", "score", "head_velocity_x", "trigger_left", "fps")


@dataclass
class MadeTable:
    """A table's text (or JSON), the truth in OpenXR's axes, and what was drawn, for the report."""

    name: str
    text: str
    truth: Recording
    drawn: dict[str, object] = field(default_factory=dict)


def make_table(seed: int) -> MadeTable:
    """The table of a seed."""
    rng = np.random.default_rng(seed)
    rate = float(rng.choice([10.0, 20.0, 30.0, 50.0, 60.0, 72.0, 90.0, 120.0]))
    truth = person(rng, float(rng.uniform(8, 20)), rate)
    convention = str(rng.choice(CONVENTIONS, p=[0.2, 0.36, 0.12, 0.12, 0.14, 0.06]))
    unit, length = _units(rng)
    kind = str(rng.choice(["quaternion", "numbered", "euler", "both"], p=[0.55, 0.12, 0.25, 0.08]))
    order = str(rng.choice(EULER_ORDERS[convention]))
    columns = _columns(rng, truth, convention, LENGTH_UNITS[length], kind, order)
    clock = _clock(rng, truth, unit)
    drawn = {"convention": convention, "time": unit, "length": length, "kind": kind, "order": order, "rate": rate}
    shape = str(rng.choice(["wide", "long", "json", "lines", "vectors"], p=[0.76, 0.07, 0.06, 0.05, 0.06]))
    writer: Callable = {"wide": _wide, "long": _long, "json": _json, "lines": _lines, "vectors": _vectors}[shape]
    name, text = writer(rng, clock, columns, truth)
    return MadeTable(
        name, text, truth, drawn | {"shape": shape, "style": columns["style"], "numbers": columns["numbers"]}
    )


def _units(rng):
    unit = str(rng.choice(list(TIME_UNITS), p=[0.5, 0.25, 0.1, 0.1, 0.05]))
    return unit, str(rng.choice(list(LENGTH_UNITS), p=[0.75, 0.15, 0.1]))


def person(rng: np.random.Generator, seconds: float, fps: float) -> Recording:
    """Somebody who stands, walks or plays: eyes above and before the neck, hands swinging, lifted or held before."""
    time = np.arange(round(seconds * fps) + 1) / fps
    size, pace = rng.uniform(0.88, 1.12), rng.uniform(0.7, 1.3)

    def sway(amount, slow=0.15, fast=0.9):
        waves = [
            np.sin(2 * np.pi * f * time + p)
            for f, p in zip(rng.uniform(slow, fast, 4), rng.uniform(0, 7, 4), strict=True)
        ]
        return amount * np.sum(waves, 0) / 2

    walks = rng.random() < 0.5
    heading = rng.uniform(-np.pi, np.pi) + sway(0.5 if walks else 0.35, 0.05, 0.3)
    body = _about(heading, 1)
    ahead = quaternion_to_matrix(body) @ np.array([0.0, 0, -1])
    speed = pace * (0.8 + 0.3 * np.sin(0.4 * time)) if walks else np.zeros(len(time))
    place = np.cumsum(speed[:, None] * ahead, 0) / fps + np.stack([sway(0.04), sway(0.015), sway(0.04)], -1)
    phase = 2 * np.pi * 0.9 * pace * time
    head = quaternion_multiply(quaternion_multiply(body, _about(sway(0.3), 1)), _about(-0.12 + sway(0.14), 0))
    head = quaternion_multiply(head, _about(sway(0.03), 2))
    neck = place + [0, 1.57 * size, 0] + np.stack([0 * time, 0.015 * walks * np.cos(2 * phase), 0 * time], -1)
    tracks = {"head": _track(neck + quaternion_to_matrix(head) @ np.array([0, 0.08, -0.09]) * size, head, rng)}
    held = rng.uniform(0.1, 0.4)
    for role, side in (("left_hand", -1.0), ("right_hand", 1.0)):
        swing = (0.18 * np.sin(phase) * side if walks else 0) + sway(0.1)
        local = np.stack(
            [side * rng.uniform(0.16, 0.26) + sway(0.06), -rng.uniform(0.25, 0.6) + sway(0.08), -held - swing], -1
        )
        turn = np.stack([0.3 + sway(0.35), side * 0.1 + sway(0.3), sway(0.25)], -1)
        rotation = quaternion_multiply(body, axis_angle_to_quaternion(turn))
        tracks[role] = _track(neck + (quaternion_to_matrix(body) @ (local * size)[..., None])[..., 0], rotation, rng)
    return Recording(time, tracks, "made up", "grip").validate()


def _about(angle, axis):
    return axis_angle_to_quaternion(angle[:, None] * np.eye(3)[axis])


def _track(position, rotation, rng):
    return Track(position + rng.normal(0, 2e-4, position.shape), rotation, np.ones(len(position), bool))


def _columns(rng, truth, convention, scale, kind, order):
    """Device names and numbers, as one logger writes them."""
    style = int(rng.integers(len(STYLES)))
    numbers = str(rng.choice(["xyzw", "wxyz"]))
    poses = {}
    for role, track in truth.tracks.items():
        position, rotation = from_openxr(track.position, track.rotation, convention)
        poses[role] = (position * scale, rotation * np.where(rng.random() < 0.2, -1.0, 1.0))
    flag = FLAGS[rng.integers(len(FLAGS))] if rng.random() < 0.35 else None
    return {"style": style, "poses": poses, "kind": kind, "order": order, "numbers": numbers, "flag": flag}


def _clock(rng, truth, unit):
    """(name of the column, its texts)."""
    name = str(rng.choice(CLOCKS))
    if unit != "s" and not name.endswith("_s") and rng.random() < 0.5:
        name += {"ms": "_ms", "us": "_us", "ns": "_ns", "ticks": "_ticks"}[unit]
    elif unit != "s" and name.endswith("_s"):
        name = "time"
    time = truth.time
    start = float(rng.choice([0.0, 12.5, 1.7e9])) if "since" not in name else 0.0
    if unit == "ticks" and start > 1e9:
        start += 62135596800.0
    if unit == "s":
        return name, [f"{start + value:.6f}" for value in time]
    return name, [str(int(round(start)) * int(TIME_UNITS[unit]) + round(value * TIME_UNITS[unit])) for value in time]


def _numbers_of(columns, role):
    """[(name part, axis letter, values)] of a tracker's rotation."""
    _, rotation = columns["poses"][role]
    kind = columns["kind"]
    found = []
    if kind in ("euler", "both"):
        found += [
            ("euler", axis, values)
            for axis, values in zip("xyz", euler_angles(rotation, columns["order"]).T, strict=True)
        ]
    if kind in ("quaternion", "both"):
        found += [("quat", axis, rotation[:, "wxyz".index(axis)]) for axis in "xyzw"]
    if kind == "numbered":
        found += [("quat", str(i), rotation[:, "wxyz".index(axis)]) for i, axis in enumerate(columns["numbers"])]
    return found


def euler_angles(rotation: np.ndarray, order: str) -> np.ndarray:
    """Degrees (N, 3) about x, y, z of quaternions (N, 4) whose product is in ``order``."""
    m = quaternion_to_matrix(rotation)
    i, j, k = ("XYZ".index(letter) for letter in order)
    sign = 1.0 if (j - i) % 3 == 1 else -1.0
    middle = np.arcsin(np.clip(sign * m[:, i, k], -1, 1))
    first = np.arctan2(-sign * m[:, j, k], m[:, k, k])
    last = np.arctan2(-sign * m[:, i, j], m[:, i, i])
    degrees = np.zeros((len(m), 3))
    degrees[:, i], degrees[:, j], degrees[:, k] = np.degrees(first), np.degrees(middle), np.degrees(last)
    return degrees


def _named(columns):
    """[(column name, texts)] of all trackers."""
    devices, place, turn, pattern = STYLES[columns["style"]]
    found = []
    for role, device in zip(ROLES, devices, strict=True):
        position, _ = columns["poses"][role]
        rows = [(place, axis, values) for axis, values in zip("xyz", position.T, strict=True)]
        rotations = _numbers_of(columns, role)
        both = len({part for part, _, _ in rotations}) > 1
        for part, axis, values in rotations:
            word = turn
            if both or (part == "euler" and turn.lower() in ("q", "quat", "quaternion")):
                word = (
                    {"euler": "Euler", "quat": "Quat"}[part]
                    if turn[:1].isupper()
                    else {"euler": "euler", "quat": "quat"}[part]
                )
            rows.append((word, axis, values))
        for word, axis, values in rows:
            if pattern is None:
                name = (
                    f"{device}_{word if word == 'Q' else ''}{axis.upper()}"
                    if word in ("X", "Q")
                    else f"{device}_{word}_{axis}"
                )
            else:
                name = pattern.format(d=device, k=word, a=axis, A=axis.upper())
            found.append((name, ("%.6f " * len(values) % tuple(values)).split()))
    return found


def _flags(rng, columns, truth):
    """[(column name, texts)] of flags that say that all is well but for a second."""
    if columns["flag"] is None:
        return []
    devices = STYLES[columns["style"]][0]
    word, good, bad = columns["flag"]
    texts = []
    for role, device in zip(ROLES, devices, strict=True):
        lost = (truth.time > 3) & (truth.time < 4) & (role != "head")
        truth.tracks[role].valid[lost] = False

        texts.append((f"{device}_{word}", [bad if item else good for item in lost]))
    return texts


def _wide(rng, clock, columns, truth):
    named = [clock, *_named(columns), *_flags(rng, columns, truth)]
    for name in rng.choice(OTHER_COLUMNS, int(rng.integers(0, 3)), replace=False):
        named.append((str(name), [str(i % 7) for i in range(len(truth.time))]))
    mark = str(rng.choice([",", ";", "\t", "|"], p=[0.6, 0.2, 0.15, 0.05]))
    rows = [mark.join(row) for row in zip(*(cells for _, cells in named), strict=True)]
    body = "\n".join(rows)
    if mark == ";" and rng.random() < 0.6:
        body = body.replace(".", ",")
    return "lab.csv", mark.join(name for name, _ in named) + "\n" + body + "\n"


def _long(rng, clock, columns, truth):
    devices, place, turn, _ = STYLES[columns["style"]]
    lines = []
    for role, device in zip(ROLES, devices, strict=True):
        position, _ = columns["poses"][role]
        rotations = _numbers_of(columns, role)
        header = ["pos_x", "pos_y", "pos_z", *(f"{part}_{axis}" for part, axis, _ in rotations)]
        values = [*position.T, *(numbers for _, _, numbers in rotations)]
        for i, stamp in enumerate(clock[1]):
            lines.append((i, [stamp, device, *(f"{numbers[i]:.6f}" for numbers in values)]))
    lines.sort(key=lambda line: line[0])
    column = str(rng.choice(["device", "tracker", "name", "object", "joint"]))
    return "long.csv", "\n".join(
        ",".join(row) for row in [[clock[0], column, *header], *(row for _, row in lines)]
    ) + "\n"


def _samples(rng, clock, columns, truth):
    devices = [
        ("head", "leftHand", "rightHand"),
        ("Head", "LeftController", "RightController"),
        ("hmd", "left", "right"),
    ]
    names = devices[rng.integers(len(devices))]
    place, turn = [("position", "rotation"), ("pos", "rot"), ("Position", "Rotation")][rng.integers(3)]
    rows = []
    for i, stamp in enumerate(clock[1]):
        row: dict[str, object] = {clock[0]: float(stamp) if "." in stamp else int(stamp)}
        for role, name in zip(ROLES, names, strict=True):
            position, rotation = columns["poses"][role]
            about = dict(zip("wxyz", (round(float(v), 6) for v in rotation[i]), strict=True))
            row[name] = {place: dict(zip("xyz", (round(float(v), 6) for v in position[i]), strict=True)), turn: about}
        rows.append(row)
    return rows


def _json(rng, clock, columns, truth):
    columns["kind"] = "quaternion"
    rows = _samples(rng, clock, columns, truth)
    return "log.json", json.dumps(rows if rng.random() < 0.3 else {"version": 1, "frames": rows})


def _lines(rng, clock, columns, truth):
    columns["kind"] = "quaternion"
    return "log.jsonl", "\n".join(json.dumps(row) for row in _samples(rng, clock, columns, truth)) + "\n"


def _vectors(rng, clock, columns, truth):
    devices = STYLES[columns["style"]][0]
    quoted = rng.random() < 0.5
    mark = "," if quoted else str(rng.choice([";", "\t"]))
    named = [clock]
    for role, device in zip(ROLES, devices, strict=True):
        position, rotation = columns["poses"][role]
        for word, values in (("Position", position), ("Rotation", rotation[:, [1, 2, 3, 0]])):
            cells = ["(" + ", ".join(f"{value:.5f}" for value in row) + ")" for row in values]
            named.append((f"{device} {word}", [f'"{cell}"' if quoted else cell for cell in cells]))
    rows = [mark.join(row) for row in zip(*(cells for _, cells in named), strict=True)]
    return "vectors.csv", mark.join(name for name, _ in named) + "\n" + "\n".join(rows) + "\n"
