"""WebXR captures of Meta's Immersive Web Emulation Runtime: JSON (numpy only).

``schema`` tells of each input source whose hand it is and what it has; ``frames`` are
``[milliseconds, head position, quaternion xyzw, [input, target ray pose, [grip pose], [hand joints], buttons], ..]``.
Right-handed, +Y up, -Z forward, metres: OpenXR's own. Of a hand that has joints the wrist is turned into the grip of a
controller that it would hold: the grip that headsets give of a hand is another one, square to the fingers where a
controller's leans by ``calibration.presets.HELD_TILT``.
"""

from pathlib import Path

import numpy as np

from ...errors import InputError
from ...geometry.hand import HANDS, POINT_COUNT, WEBXR_POINTS
from ...geometry.rotations import normalize, quaternion_multiply
from ..cleaning import RawTrack, build_recording
from ..guessing import rotate
from ..json_text import load_json, numbers
from ..recording import Recording
from ..text import head_text

NAME = "WebXR capture"
SUFFIXES = (".json",)
OPTIONS = ()
HEAD_SIZE = 8
RAY_SIZE, POSE_SIZE = 8, 7
JOINTS, JOINT_SIZE = 25, 8
"""Of a hand in WebXR, and numbers of each: position, quaternion, radius."""
WRIST_TO_GRIP_ROTATION = {
    "left_hand": (np.sqrt(3.0) + [1, -1, -1, 1]) / 4 * [1, 1, -1, -1],
    "right_hand": (np.sqrt(3.0) + [1, -1, -1, 1]) / 4,
}
WRIST_TO_GRIP = {"left_hand": np.array([0.002, -0.037, -0.065]), "right_hand": np.array([-0.002, -0.037, -0.065])}
"""The grip in the axes of a tracked hand's wrist: its position as headsets that give both have it, its rotation that of
a handle held by a straight wrist (``calibration.presets.HELD_TILT``): the preset ``grip`` gives the wrist back."""


def recognises(head: bytes, path: Path) -> bool:
    """Whether a file that begins with ``head`` is a capture of IWER's action recorder."""
    text = head_text(head).lstrip()
    return text.startswith("{") and '"schema"' in text and '"targetRayMode"' in text


def read(path: Path) -> Recording:
    """An IWER capture -> ``Recording`` with the device preset ``grip``."""
    name = path.name
    content = load_json(path)
    schema, frames = (content.get("schema"), content.get("frames")) if isinstance(content, dict) else (None, None)
    if not isinstance(schema, list) or not isinstance(frames, list) or len(frames) < 2:
        raise InputError(f"{name}: should have a 'schema' and at least 2 'frames', as IWER's recorder writes them")
    inputs = _inputs(schema)
    heads = np.array([numbers(frame, HEAD_SIZE) for frame in frames])
    poses = {role: np.full((len(frames), POSE_SIZE), np.nan) for role in HANDS}
    points = {role: np.full((len(frames), POINT_COUNT, 3), np.nan) for role in HANDS}
    for index, frame in enumerate(frames):
        for entry in frame[HEAD_SIZE:] if isinstance(frame, list) else []:
            source = entry[0] if isinstance(entry, list) and entry else None
            if isinstance(source, int) and source in inputs:
                role, has_grip, has_hand = inputs[source]
                poses[role][index] = _grip(entry, role, has_grip, has_hand)
                if has_hand:
                    points[role][index] = _points(entry, has_grip)
    tracks = {"head": _track(heads[:, 1:])} | {role: _track(pose) for role, pose in poses.items()}
    return build_recording(heads[:, 0] / 1000, tracks, name, "grip", points=points)


def _inputs(schema):
    """Input number -> (role, whether it has a grip, whether it has a hand)."""
    inputs = {}
    for entry in schema:
        if not (isinstance(entry, list) and len(entry) == 2 and isinstance(entry[1], dict)):
            continue
        source, about = entry
        if isinstance(source, int) and about.get("handedness") in ("left", "right"):
            inputs[source] = (f"{about['handedness']}_hand", bool(about.get("hasGrip")), bool(about.get("hasHand")))
    return inputs


def _grip(entry, role, has_grip, has_hand):
    """The grip's position and quaternion xyzw of one input in one frame."""
    if not has_grip and not has_hand:
        return [np.nan] * POSE_SIZE
    at = RAY_SIZE + (has_grip and has_hand)
    given = numbers(entry[at] if len(entry) > at else None, POSE_SIZE)
    if not has_hand:
        return given
    # Joints are given in the target ray's axes, eight numbers each, the wrist first.
    ray = np.array(numbers(entry[1:RAY_SIZE], POSE_SIZE))
    for pose in (np.array(given), np.array([*WRIST_TO_GRIP[role], *WRIST_TO_GRIP_ROTATION[role][[1, 2, 3, 0]]])):
        ray = _within(ray, pose)
    return ray


def _points(entry, has_grip):
    """The joints (21, 3) of a hand in the target ray's axes: only how they lie to each other matters."""
    at = RAY_SIZE + has_grip
    joints = entry[at] if len(entry) > at and isinstance(entry[at], list) else []
    if len(joints) != JOINT_SIZE * JOINTS:
        return np.full((POINT_COUNT, 3), np.nan)
    return np.array(numbers(joints, len(joints))).reshape(JOINTS, JOINT_SIZE)[WEBXR_POINTS, :3]


def _within(outer, inner):
    """The pose ``inner``, given in the axes of ``outer``, in the outer's own space; both position and xyzw."""
    rotation = normalize(outer[[6, 3, 4, 5]])
    position = outer[:3] + rotate(rotation[None], inner[:3])[0]
    return np.concatenate([position, quaternion_multiply(rotation, normalize(inner[[6, 3, 4, 5]]))[[1, 2, 3, 0]]])


def _track(poses):
    return RawTrack(poses[:, :3], poses[:, [6, 3, 4, 5]])
