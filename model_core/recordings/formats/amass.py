"""AMASS ``.npz``: motion of a body, from which head and wrists are derived (numpy only).

``poses`` (T, 66 or more) axis-angle with the global orient first, ``trans`` (T, 3) = position of the pelvis joint minus
its rest position, ``mocap_framerate``, ``betas``; +Z up. Not a headset's recording: the tracks are SMPL's head and
wrist joints (device ``joints``) and need no calibration.
"""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from ...body import Body, load_body
from ...errors import InputError
from ...geometry.frames import MODEL_TO_BLENDER, OPENXR_TO_MODEL, convert_positions, convert_quaternions
from ...geometry.kinematics import forward_kinematics
from ...geometry.rotations import axis_angle_to_matrix, matrix_to_axis_angle, matrix_to_quaternion
from ...geometry.skeleton import ANKLES, BODY_JOINT_COUNT, FEET, HEAD, ROLES, TRACKED_JOINTS
from ...motion import BETA_COUNT
from ...notes import Note
from ...untrusted.budgets import read_arrays
from ...untrusted.values import SAMPLE_RATE, number
from ..cleaning import RawTrack, build_recording
from ..conventions import CONVENTIONS
from ..recording import Recording

NAME = "AMASS"
SUFFIXES = (".npz",)
OPTIONS = ("body",)
RATE_KEYS = ("mocap_framerate", "mocap_frame_rate", "fps")
WANTED = ("poses", "trans", "betas", "body_model", *RATE_KEYS)
"""Arrays that are read; nothing else of an archive is unpacked."""
REAL_KINDS = "iuf"
"""numpy's kinds of numbers, complex ones excepted."""
LARGEST_BETA = 10.0
OWN_BODY = "threepoint"
"""What the files of our own say under ``body_model``: only then, or with a body that the user names, do betas fit."""
FLOOR_PERCENTILE, FLOOR_TOLERANCE = 5.0, 0.02
"""The floor is where the lower foot is at this percentile of the time; smaller differences (metres) are left alone."""
SOME, MOSTLY = 0.02, 0.5
"""Fractions of the frames in which a body must be upright along +Z, or, where it is not, along +Y."""
LOOKED_AT = 1000
"""Frames by which that is judged."""
CHUNK = 4096
"""Frames whose kinematics are computed at once."""


def recognises(head: bytes, path: Path) -> bool:
    """Whether a file that begins with the bytes ``head`` is a zip archive, as npz files are."""
    return head.startswith((b"PK\x03\x04", b"PK\x05\x06"))


def read(path: Path, body: Body | None = None) -> Recording:
    """An AMASS npz -> ``Recording`` with device ``joints``. ``body`` is the default one unless the user has another."""
    name = Path(path).name
    arrays = read_arrays(path, WANTED)
    poses, trans, fps = _motion(arrays, name)
    if len(poses) < 2:
        raise InputError(f"{name}: has {len(poses)} frames; at least 2 are needed")
    warnings = []
    betas = _betas(arrays, body is not None, warnings)
    body = load_body() if body is None else body
    poses, trans = _standing(poses, trans, body.rest_joints(betas)[:BODY_JOINT_COUNT], name, warnings)
    positions, rotations, ground = _tracked_joints(poses, trans, body, betas)
    if abs(ground) > FLOOR_TOLERANCE:
        warnings.append(Note("floor_moved", {"height": ground}))
        positions[..., 1] -= ground
    return joint_recording(np.arange(len(poses)) / fps, positions, rotations, name, betas, warnings)


def joint_recording(
    time: np.ndarray,
    positions: np.ndarray,
    rotations: np.ndarray,
    source: str,
    betas: np.ndarray | None,
    warnings: Iterable[Note] = (),
) -> Recording:
    """A ``Recording`` of device ``joints`` from ``TRACKED_JOINTS`` in the model's frame.

    ``positions`` (T, 3, 3), ``rotations`` (T, 3, 4) ``wxyz``.
    """
    position = convert_positions(positions, OPENXR_TO_MODEL.T)
    rotation = convert_quaternions(rotations, OPENXR_TO_MODEL.T)
    tracks = {role: RawTrack(position[:, i], rotation[:, i]) for i, role in enumerate(ROLES)}
    return build_recording(time, tracks, source, "joints", betas, warnings, living=False)


def read_motion(path: str | Path, usual_rate: float | None = None) -> tuple[np.ndarray, np.ndarray, float]:
    """poses (T, 66) radians, trans (T, 3) metres, +Z up, and frames a second.

    ``usual_rate`` stands in where a file says none. A body that stands along +Y is turned upright. Raises
    ``InputError`` where it never stands.
    """
    name = Path(path).name
    arrays = read_arrays(path, WANTED)
    if usual_rate is not None and not set(RATE_KEYS) & set(arrays):
        arrays[RATE_KEYS[0]] = np.array(usual_rate)
    poses, trans, fps = _motion(arrays, name)
    if len(poses) < 2:
        raise InputError(f"{name}: has {len(poses)} frames; at least 2 are needed")
    rest = load_body().rest_joints(np.zeros(BETA_COUNT))[:BODY_JOINT_COUNT]
    return *_standing(poses, trans, rest, name, []), fps


def _standing(
    poses: np.ndarray, trans: np.ndarray, rest: np.ndarray, name: str, warnings: list[Note]
) -> tuple[np.ndarray, np.ndarray]:
    """The same with +Z up, for some programs write +Y up. Raises ``InputError`` where nobody stands along either."""
    looked_at = poses[:: max(1, len(poses) // LOOKED_AT)].reshape(-1, BODY_JOINT_COUNT, 3)
    _, joints = forward_kinematics(axis_angle_to_matrix(looked_at), np.zeros((len(looked_at), 3)), rest)
    trunk = joints[:, HEAD] - joints[:, 0]
    above = joints[:, HEAD] - joints[:, list(ANKLES)].mean(1)
    leg = float(np.linalg.norm(rest[ANKLES[0]] - rest[0]))
    upright = (trunk > 0.5 * np.linalg.norm(trunk, axis=-1, keepdims=True)) | (above > 0.5 * leg)
    _, along_y, along_z = upright.mean(0)
    if along_z >= SOME:
        return poses, trans
    if along_y < MOSTLY:
        raise InputError(f"{name}: its body never stands nor sits upright; AMASS has +Z up")
    warnings.append(Note("stands_along_y"))
    turn = MODEL_TO_BLENDER
    root = matrix_to_axis_angle(turn @ axis_angle_to_matrix(poses[:, :3]))
    return np.concatenate([root, poses[:, 3:]], -1), (trans + rest[0]) @ turn.T - rest[0]


def _tracked_joints(poses, trans, body, betas):
    """Head and wrists in the model's frame, positions (T, 3, 3) and rotations (T, 3, 4); the floor's height."""
    rest = body.rest_joints(betas)[:BODY_JOINT_COUNT]
    feet_at_rest = rest[list(FEET), 1] - body.sole(betas)
    to_model = CONVENTIONS["z_up"]
    rotations, positions, lowest = [], [], []
    for first in range(0, len(poses), CHUNK):
        local = axis_angle_to_matrix(poses[first : first + CHUNK].reshape(-1, BODY_JOINT_COUNT, 3))
        # The world is turned, the body's own axes are SMPL's in both: so the global orient from the left only.
        local[:, 0] = to_model @ local[:, 0]
        pelvis = (trans[first : first + CHUNK] + rest[0]) @ to_model.T
        world, placed = forward_kinematics(local, pelvis, rest)
        rotations.append(matrix_to_quaternion(world[:, TRACKED_JOINTS]))
        positions.append(placed[:, TRACKED_JOINTS])
        lowest.append((placed[:, list(FEET), 1] - feet_at_rest).min(-1))
    ground = float(np.percentile(np.concatenate(lowest), FLOOR_PERCENTILE))
    return np.concatenate(positions), np.concatenate(rotations), ground


def _motion(arrays, name):
    """poses (T, 66) radians, trans (T, 3) metres and frames a second."""
    missing = [key for key in ("poses", "trans") if key not in arrays]
    rate = next((key for key in RATE_KEYS if key in arrays), None)
    if missing or rate is None:
        raise InputError(f"{name}: lacks {', '.join(missing) or RATE_KEYS[0]}; an AMASS npz has poses, trans and "
                         f"{RATE_KEYS[0]}")  # fmt: skip
    poses, trans, fps = arrays["poses"], arrays["trans"], arrays[rate]
    width = BODY_JOINT_COUNT * 3
    if poses.ndim != 2 or poses.shape[1] < width or trans.shape != (len(poses), 3):
        raise InputError(f"{name}: poses {poses.shape}, trans {trans.shape}; should be (T, {width} or more), (T, 3)")
    if not all(array.dtype.kind in REAL_KINDS for array in (poses, trans, fps)):
        raise InputError(f"{name}: poses, trans and {rate} should be numbers")
    if fps.size != 1:
        raise InputError(f"{name}: {rate} should be one number")
    fps = number(float(fps.reshape(-1)[0]), f"{name}: {rate}", SAMPLE_RATE)
    poses, trans = poses[:, :width].astype(np.float64), trans.astype(np.float64)
    if not (np.isfinite(poses).all() and np.isfinite(trans).all()):
        raise InputError(f"{name}: poses or trans have values that are not finite")
    return poses, trans, fps


def _betas(arrays, own_body, warnings):
    """The first ten of the file's betas, filled with zeros; all zeros where they mean nothing for the body at hand."""
    betas = np.zeros(BETA_COUNT)
    given = arrays.get("betas")
    if given is None:
        return betas
    if not own_body and str(arrays.get("body_model", "")) != OWN_BODY:
        warnings.append(Note("betas_of_another_body"))
        return betas
    if given.dtype.kind not in REAL_KINDS or given.ndim != 1:
        warnings.append(Note("betas_not_numbers"))
        return betas
    given = given[:BETA_COUNT].astype(np.float64)
    if not np.isfinite(given).all() or (np.abs(given) > LARGEST_BETA).any():
        warnings.append(Note("betas_impossible"))
        return betas
    betas[: len(given)] = given
    return betas
