"""Sessions of a real headset whose wearer's true body was captured: what the headset saw, and the truth beside it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..body import load_body
from ..errors import InputError
from ..geometry.kinematics import forward_kinematics
from ..geometry.rotations import (
    axis_angle_to_matrix,
    axis_angle_to_quaternion,
    matrix_to_axis_angle,
    quaternion_to_matrix,
    slerp,
)
from ..geometry.skeleton import BODY_JOINT_COUNT, FEET, HEAD
from ..mocap.clips import Clip
from ..observation import FPS, Observation
from ..pipeline import Networks, Options, calibrate, model_frame, observe
from ..recordings.conventions import CONVENTIONS
from ..recordings.formats import gorp

FLOOR_PERCENTILE = 5.0
"""The floor is where the lower foot is at this percentile of the time."""
Z_UP = CONVENTIONS["z_up"]

Motion = tuple[np.ndarray, np.ndarray]
"""Local rotations (T, 22, 3, 3) and where the pelvis is (T, 3)."""


@dataclass(frozen=True)
class Session:
    """What a headset saw (``observation``) of a body that is known (``truth``), both at 60 Hz on one skeleton."""

    observation: Observation
    truth: Clip


def is_session(path: Path) -> bool:
    """Whether a file holds a headset's recording and the true body."""
    if not path.is_file():
        return False
    with open(path, "rb") as file:
        return gorp.recognises(file.read(65536), path)


def sessions_in(path: Path) -> list[Path]:
    """The session in a file, or those in a folder and below it, sorted; none where there is none."""
    paths = sorted(path.rglob("*.npz")) if path.is_dir() else [path]
    return [found for found in paths if is_session(found)]


def load_session(path: Path, networks: Networks | None) -> Session:
    """The ``Session`` in a GORP archive.

    The headset's recording is calibrated as any other, without a look at the truth. The true pose is put on the
    calibrated person's skeleton, for its shape is of a body model that is not at hand, and turned about the vertical
    and moved to where the headset has the head: the two rooms are not one. Raises ``InputError``.
    """
    recording = model_frame(gorp.read(path))
    poses, translation, rate = gorp.read_body(path)
    if len(poses) != len(recording.time):
        raise InputError(
            f"{path.name}: its body has {len(poses)} frames and its headset {len(recording.time)}; should be as many"
        )
    body = load_body()
    calibration = calibrate(recording, Options(body=body).validate(), networks)
    seen = observe(recording, calibration)
    at = seen.start - float(recording.time[0]) + np.arange(seen.frame_count) / FPS
    local, place = _at_times(poses, translation, rate, at)
    local = np.concatenate([Z_UP @ local[:, :1], local[:, 1:]], 1)
    place = place @ Z_UP.T
    rest, sole = body.rest_joints(calibration.betas)[:BODY_JOINT_COUNT], float(body.sole(calibration.betas))
    local, place = _beside_headset(local, place, rest, seen, path.name)
    feet = forward_kinematics(local, place, rest)[1][:, list(FEET), 1] - (rest[list(FEET), 1] - sole)
    place[:, 1] -= np.percentile(feet.min(-1), FLOOR_PERCENTILE)
    meta = {"name": path.stem, "activity": "session", "split": "test", "source": "GORP", "subject": "", "flags": []}
    turned = matrix_to_axis_angle(local).reshape(len(local), -1).astype(np.float32)
    return Session(seen, Clip(path.stem, turned, place.astype(np.float32), rest, sole, meta))


def _at_times(poses: np.ndarray, translation: np.ndarray, rate: float, at: np.ndarray) -> Motion:
    """The motion at the seconds ``at`` (M,) of ``rate`` frames a second, of which ``poses`` (T, 66) are in radians."""
    frame = np.clip(at * rate, 0, len(poses) - 1)
    left = np.minimum(np.floor(frame).astype(int), max(len(poses) - 2, 0))
    weight = frame - left
    turned = axis_angle_to_quaternion(poses.reshape(len(poses), -1, 3))
    between = slerp(turned[left], turned[left + 1], weight[:, None])
    moved = translation[left] + (translation[left + 1] - translation[left]) * weight[:, None]
    return quaternion_to_matrix(between), moved


def _beside_headset(local: np.ndarray, place: np.ndarray, rest: np.ndarray, seen: Observation, name: str) -> Motion:
    """The same turned about the vertical and moved along the floor, so that head and headset agree on average."""
    known = seen.valid[:, 0]
    if not known.any():
        raise InputError(f"{name}: its headset is never seen while the body is")
    world, joints = forward_kinematics(local, place, rest)
    between = np.einsum("nij,nkj->ik", seen.rotations[known, 0].astype(np.float64), world[known, HEAD])
    angle = np.arctan2(between[0, 2] - between[2, 0], between[0, 0] + between[2, 2])
    turn = axis_angle_to_matrix(np.array([0.0, angle, 0.0]))
    local = np.concatenate([turn @ local[:, :1], local[:, 1:]], 1)
    shift = (seen.positions[known, 0] - joints[known, HEAD] @ turn.T).mean(0) * [1.0, 0.0, 1.0]
    return local, place @ turn.T + shift
