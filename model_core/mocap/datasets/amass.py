"""AMASS npz as motion to learn from: already SMPL, but on another body, +Z up and at its own rate."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ...errors import InputError
from ...geometry.frames import MODEL_TO_BLENDER
from ...geometry.kinematics import forward_kinematics
from ...geometry.rotations import axis_angle_to_matrix
from ...geometry.skeleton import BODY_JOINT_COUNT, FEET
from ...recordings.formats.amass import read_motion
from ..preparation import Prepared, assess
from . import Dataset, arrays_in
from .shards import FORMAT_ARRAY

NOT_MOTION = ("shape.npz", "*_stagei.npz")
"""Files that lie among AMASS's motions and hold a person's shape."""
CMU_FOLDER = re.compile(r"CMU$", re.IGNORECASE)
CARRYING_SPEED = 0.2
"""m/s below which the lowest foot carries the body."""
SCALE_RANGE = (0.6, 1.7)
"""Our leg length over the person's: outside of it the file is not in metres or not of a person."""


def read_amass(path: Path, rest_joints: np.ndarray, sole: float) -> Prepared:
    """One AMASS npz (SMPL, SMPL-H or SMPL-X) as motion of the body with ``rest_joints`` (22, 3).

    The subject is its folder's name, or CMU's number in a folder of CMU; the activity is the file's name. The person's
    own shape needs a licensed body, so lengths are scaled by how high the pelvis is carried while a foot stands.
    """
    path = Path(path)
    poses, trans, fps = read_motion(path)
    rotations = axis_angle_to_matrix(poses.reshape(-1, BODY_JOINT_COUNT, 3))
    to_model = MODEL_TO_BLENDER.T
    # The world is turned, the body's own axes are SMPL's in both: so the global orient from the left only.
    rotations[:, 0] = to_model @ rotations[:, 0]
    pelvis = (trans + rest_joints[0]) @ to_model.T
    scale = carried_scale(rotations, pelvis, fps, rest_joints, sole)
    if not SCALE_RANGE[0] < scale < SCALE_RANGE[1]:
        raise InputError(
            f"{path}: its pelvis is {np.median(pelvis[:, 1]):.2f} m up where these poses carry it "
            f"{scale * np.median(pelvis[:, 1]):.2f} m above the feet; AMASS has +Z up and its floor at 0"
        )
    folder, collection = path.parent.name, path.parent.parent.name
    cmu = CMU_FOLDER.search(collection) and folder.isdigit()
    meta = {
        "name": f"{folder}/{path.stem}",
        "subject": int(folder) if cmu else f"{collection}/{folder}",
        "activity": path.stem.removesuffix("_poses").removesuffix("_stageii"),
        "source": f"AMASS {collection}",
        "skeleton": "amass",
        "flags": [],
        "scale": round(scale, 4),
    }
    return assess(meta, rotations, pelvis * scale, np.zeros(len(pelvis), bool), fps, rest_joints, sole)


def carried_scale(rotations: np.ndarray, pelvis: np.ndarray, fps: float, rest_joints: np.ndarray, sole: float) -> float:
    """Height of our pelvis over that of the source's, median over frames in which the lowest foot stands still.

    AMASS's floor lies at 0. Where no foot ever stands the median is over all frames.
    """
    _, positions = forward_kinematics(rotations, pelvis, rest_joints)
    feet = positions[:, FEET] - [0, 1, 0] * (rest_joints[list(FEET)] - [0, sole, 0])
    lowest = feet[..., 1].argmin(1)
    foot = feet[np.arange(len(feet)), lowest]
    speed = np.linalg.norm(np.gradient(foot, axis=0), axis=-1) * fps
    carried = pelvis[:, 1] - foot[:, 1]
    standing = (speed < CARRYING_SPEED) & (pelvis[:, 1] > 0.5)
    chosen = standing if standing.any() else np.ones(len(feet), bool)
    return float(np.median(carried[chosen] / np.maximum(pelvis[chosen, 1], 1e-3)))


def read_takes(path: Path, rest_joints: np.ndarray, sole: float) -> Iterator[Prepared]:
    """The one take of a file."""
    yield read_amass(path, rest_joints, sole)


DATASET = Dataset(
    suffix=".npz",
    recognises=lambda path: FORMAT_ARRAY not in arrays_in(path),
    read_takes=read_takes,
    ignored=NOT_MOTION,
)
