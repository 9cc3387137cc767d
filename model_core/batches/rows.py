"""One recording of a batch as a row: what became of it, and its motion in AMASS's layout (numpy only).

Poses are whole numbers of ``POSE_UNIT``, pelvis positions of ``POSITION_UNIT``: a joint comes back within a twentieth
of a millimetre. Each number's course over time stands together, so that neighbours are alike, which packs well.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..amass_writer import MODEL_TO_AMASS, amass_arrays
from ..body import Body
from ..calibration import Calibration
from ..calibration.serialization import calibration_from_json, calibration_to_json
from ..geometry.frames import convert_positions
from ..geometry.rotations import axis_angle_to_quaternion, make_continuous, matrix_to_quaternion, quaternion_multiply
from ..geometry.skeleton import BODY_JOINT_COUNT, FEET, PELVIS
from ..motion import Motion
from ..recordings.formats.amass import OWN_BODY

OK, ERROR = "ok", "error"
"""What ``status`` can be."""
POSE_UNIT, POSITION_UNIT, CONTACT_UNIT = 2e-5, 1e-5, 1 / 255
"""Radians, metres and probability of one step of the stored numbers."""
BODY_POSES = 3 * BODY_JOINT_COUNT


@dataclass(frozen=True)
class BatchRow:
    """What became of one recording.

    ``id`` names it, ``player`` the person where it was grouped by people, ``status`` is ``OK`` or ``ERROR``, and
    ``error`` the line that says why. ``seconds`` of motion; ``calibration``; ``figures`` of plausibility by name
    (``evaluation.plausibility``); ``notes`` in words. ``motion`` is the ``Motion`` in the model's frame, and
    ``finger_poses`` (T, 90) its fingers' axis-angles in radians, where the recording has any. ``file`` is the
    recording's own file in the output's folder, where it has one, and then ``motion`` is None until it is read.
    """

    id: str
    player: str = ""
    status: str = OK
    error: str = ""
    seconds: float = 0.0
    calibration: Calibration | None = None
    figures: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    motion: Motion | None = None
    finger_poses: np.ndarray | None = None
    file: str = ""


def columns_of(row: BatchRow, body: Body | None) -> dict[str, Any]:
    """The row as values by column, as ``shards.SCHEMA`` has them; ``body`` is the one whose betas the motion has."""
    calibration = None if row.calibration is None else json.dumps(calibration_to_json(row.calibration))
    said: dict[str, Any] = {
        "id": row.id, "player": row.player, "status": row.status, "error": row.error, "seconds": row.seconds,
        "calibration": calibration, "figures": list(row.figures.items()), "notes": list(row.notes), "file": row.file,
    }  # fmt: skip
    if row.motion is None or body is None:
        return said
    arrays = amass_arrays(row.motion, body, OWN_BODY)
    poses = arrays["poses"][:, :BODY_POSES]
    if row.finger_poses is not None:
        poses = np.concatenate([poses, row.finger_poses], 1)
    contacts = row.motion.contacts
    return said | {
        "frames": row.motion.frame_count,
        "mocap_framerate": float(row.motion.fps),
        "start": float(row.motion.start),
        "betas": arrays["betas"],
        "poses": _steps(poses, POSE_UNIT),
        "trans": _steps(arrays["trans"], POSITION_UNIT),
        "contacts": None if contacts is None else _steps(contacts, CONTACT_UNIT),
    }


def row_of(values: Mapping[str, Any], body: Body) -> BatchRow:
    """The inverse of ``columns_of``, for values by column as Parquet gives them. Raises ``InputError``."""
    calibration, motion, fingers = values["calibration"], None, None
    if calibration is not None:
        calibration = calibration_from_json(json.loads(calibration), values["id"])
    if values["frames"] is not None:
        poses = _over_time(values["poses"], values["frames"], POSE_UNIT)
        arrays = {
            "poses": poses[:, :BODY_POSES],
            "trans": _over_time(values["trans"], values["frames"], POSITION_UNIT),
            "betas": np.asarray(values["betas"], np.float32),
            "mocap_framerate": values["mocap_framerate"],
            "start": values["start"],
        }
        if values["contacts"] is not None:
            arrays["contacts"] = _over_time(values["contacts"], values["frames"], CONTACT_UNIT)
        motion = motion_of(arrays, body, 0.0 if calibration is None else calibration.floor)
        fingers = poses[:, BODY_POSES:] if poses.shape[1] > BODY_POSES else None
    return BatchRow(
        values["id"], values["player"], values["status"], values["error"], values["seconds"], calibration,
        dict(values["figures"]), tuple(values["notes"]), motion, fingers, values["file"],
    )  # fmt: skip


def motion_of(arrays: Mapping[str, Any], body: Body, floor: float = 0.0) -> Motion:
    """The ``Motion`` of an AMASS npz's arrays as ``amass_writer.amass_arrays`` makes them; without its uncertainty.

    ``floor`` is the height in metres, in the recording's space, of the floor.
    """
    poses = np.asarray(arrays["poses"], np.float64)[:, :BODY_POSES].reshape(-1, BODY_JOINT_COUNT, 3)
    rotations = axis_angle_to_quaternion(poses)
    room = matrix_to_quaternion(MODEL_TO_AMASS.T)
    rotations[:, PELVIS] = quaternion_multiply(np.broadcast_to(room, rotations[:, PELVIS].shape), rotations[:, PELVIS])
    betas = np.asarray(arrays["betas"], np.float32)
    pelvis = np.asarray(arrays["trans"], np.float64) + body.rest_joints(betas)[PELVIS]
    contacts = arrays.get("contacts")
    return Motion(
        fps=float(arrays["mocap_framerate"]),
        rotations=make_continuous(rotations).astype(np.float32),
        translation=convert_positions(pelvis, MODEL_TO_AMASS.T).astype(np.float32),
        betas=betas,
        start=float(arrays["start"]),
        floor=floor,
        contacts=None if contacts is None else np.asarray(contacts, np.float32).reshape(-1, len(FEET)),
    ).validate()


def _steps(values: np.ndarray, unit: float) -> np.ndarray:
    """Values (T, N) as whole steps, each number's course after the other: (N * T,) int32."""
    return np.rint(np.asarray(values, np.float64).T / unit).astype(np.int32).ravel()


def _over_time(steps: Any, frames: int, unit: float) -> np.ndarray:
    """The inverse of ``_steps``: (T, N)."""
    return np.asarray(steps, np.float64).reshape(-1, frames).T * unit
