"""What is known of a person and their devices, its use on a recording, and its small JSON file (numpy only)."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..errors import InputError
from ..geometry.frames import OPENXR_TO_MODEL, convert_positions, convert_quaternions
from ..motion import BETA_COUNT
from ..geometry.rotations import quaternion_multiply, quaternion_to_matrix
from ..geometry.skeleton import ROLES

FORMAT = "threepoint calibration 1"
NORM_TOLERANCE = 0.01
FARTHEST_OFFSET = 1.0


@dataclass(frozen=True)
class Offset:
    """Where a joint sits on its tracker, in the tracker's own axes in the model's frame (X right, +Y up, +Z forward
    where a device looks forward): ``rotation`` (4,) unit ``wxyz``, ``position`` (3,) metres.

    With a tracker at position p turned by R the joint is turned by R @ rotation and lies at p + R @ position.
    """

    rotation: np.ndarray
    position: np.ndarray


FURTHER_JOINTS = {
    "waist": 0, "chest": 9, "left_foot": 7, "right_foot": 8, "left_knee": 4, "right_knee": 5, "left_elbow": 18,
    "right_elbow": 19, "left_shoulder": 16, "right_shoulder": 17,
}  # fmt: skip
"""SMPL's joint that a tracker beside head and hands is worn on, by its role; a foot's is the ankle."""

NO_OFFSET = Offset(np.array([1.0, 0, 0, 0]), np.zeros(3))


@dataclass(frozen=True)
class Calibration:
    """The person's SMPL shape ``betas`` (10,), the height ``floor`` in metres of the floor in the recording's space,
    and the ``offsets`` of the joints by tracker role. ``notes`` say in a line each what was found and how.
    ``stature_error`` is the standard error in metres of a stature that was found in the motion, None of one that was
    told, or measured in a known pose.
    """

    betas: np.ndarray
    floor: float
    offsets: dict[str, Offset]
    notes: tuple[str, ...] = field(default=())
    stature_error: float | None = None


def joint_poses(recording, calibration):
    """Head and wrist joints (``skeleton.TRACKED_JOINTS``) in the model's frame, floor at y = 0.

    Returns rotations (N, 3, 4) ``wxyz``, positions (N, 3, 3) in metres and valid (N, 3). A hand that has no tracker is
    never valid; its pose is filled with the head's.
    """
    rotations, positions, valid = [], [], []
    for role in ROLES:
        track = recording.tracks.get(role)
        seen = np.zeros(len(recording.time), bool) if track is None else track.valid
        rotation, position = joint_pose(recording.tracks["head"] if track is None else track, calibration, role)
        rotations.append(rotation)
        positions.append(position)
        valid.append(seen)
    return np.stack(rotations, 1), np.stack(positions, 1), np.stack(valid, 1)


def body_tracker_poses(recording, calibration):
    """The joints that trackers beside head and hands tell of, in the model's frame, floor at y = 0.

    Role -> (joint, rotations (N, 4) ``wxyz``, positions (N, 3), valid (N,)). Only trackers whose offset is known count:
    those that a T-pose or A-pose has told.
    """
    poses = {}
    for role, track in recording.tracks.items():
        if role in FURTHER_JOINTS and role in calibration.offsets:
            poses[role] = (FURTHER_JOINTS[role], *joint_pose(track, calibration, role), track.valid)
    return poses


def joint_pose(track, calibration, role):
    """The joint that ``role`` tracks: rotations (N, 4) ``wxyz`` and positions (N, 3) in the model's frame."""
    offset = calibration.offsets.get(role, NO_OFFSET)
    rotation = convert_quaternions(track.rotation, OPENXR_TO_MODEL)
    position = convert_positions(track.position, OPENXR_TO_MODEL)
    position = position + quaternion_to_matrix(rotation) @ offset.position - np.array([0, calibration.floor, 0])
    return quaternion_multiply(rotation, np.broadcast_to(offset.rotation, rotation.shape)), position


def save(path, calibration):
    """Write a calibration as JSON."""
    content = {
        "format": FORMAT,
        "betas": [float(value) for value in calibration.betas],
        "floor": float(calibration.floor),
        "offsets": {
            role: {"rotation_wxyz": list(map(float, offset.rotation)), "position": list(map(float, offset.position))}
            for role, offset in calibration.offsets.items()
        },
        "notes": list(calibration.notes),
        "stature_error": calibration.stature_error,
    }
    Path(path).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def load(path):
    """Read a calibration that ``save`` wrote. Raises ``InputError``."""
    name = Path(path).name
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except (OSError, ValueError, RecursionError):
        raise InputError(f"{name}: is not a calibration (JSON)") from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise InputError(f"{name}: is not a calibration; its 'format' should be '{FORMAT}'")
    try:
        betas = np.array(content["betas"], np.float64).reshape(BETA_COUNT)
        floor = float(content["floor"])
        offsets = {
            str(role): Offset(_unit_quaternion(entry["rotation_wxyz"]), _position(entry["position"]))
            for role, entry in content["offsets"].items()
        }
        notes = tuple(str(note) for note in content.get("notes", []))
        stature_error = None if content.get("stature_error") is None else float(content["stature_error"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{name}: is not a whole calibration ({error})") from None
    if not (np.isfinite(betas).all() and np.isfinite(floor)):
        raise InputError(f"{name}: betas and floor should be finite numbers")
    return Calibration(betas, floor, offsets, notes, stature_error)


def _unit_quaternion(values):
    rotation = np.array(values, np.float64).reshape(4)
    length = np.linalg.norm(rotation)
    if not abs(length - 1) <= NORM_TOLERANCE:
        raise ValueError("a rotation should be a unit quaternion wxyz")
    return rotation / length


def _position(values):
    position = np.array(values, np.float64).reshape(3)
    if not np.linalg.norm(position) <= FARTHEST_OFFSET:
        raise ValueError(f"a position should be within {FARTHEST_OFFSET} m")
    return position
