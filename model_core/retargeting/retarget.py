"""From a capture on its own skeleton to SMPL: world rotations are carried over, the root is scaled by leg length."""

from dataclasses import dataclass

import numpy as np

from ..geometry.kinematics import local_rotations
from ..geometry.rotations import axis_angle_to_matrix, matrix_to_axis_angle, transpose
from ..geometry.skeleton import ANKLES, HIPS, KNEES
from .capture import Capture
from .skeletons import SPINE1_WEIGHT, SkeletonMap

NECK_WEIGHT = 0.5
"""How far the neck lies between spine3 and head in rotation: sources split the neck in too many ways to be carried."""


@dataclass(frozen=True)
class Retargeted:
    """SMPL motion at the source's frame rate, floor wherever it was in the source, lengths scaled to SMPL's legs.

    ``rotations`` (N, 22, 3, 3) local, the global orient first; ``translation`` (N, 3) of the pelvis joint; ``scale``
    is SMPL's leg length over the source's.
    """

    rotations: np.ndarray
    translation: np.ndarray
    scale: float


def between(first: np.ndarray, second: np.ndarray, weight: float) -> np.ndarray:
    """Rotation matrices (..., 3, 3) on the way from ``first`` to ``second``, ``weight`` of it."""
    return first @ axis_angle_to_matrix(matrix_to_axis_angle(transpose(first) @ second) * weight)


def leg_length(hips: np.ndarray, knees: np.ndarray, ankles: np.ndarray) -> float:
    """Mean length of thigh and shin over both sides and all frames; inputs (..., 2, 3)."""
    return float((np.linalg.norm(knees - hips, axis=-1) + np.linalg.norm(ankles - knees, axis=-1)).mean())


def retarget(capture: Capture, skeleton: SkeletonMap, rest_joints: np.ndarray) -> Retargeted:
    """``rest_joints`` (22, 3) are SMPL's at rest; they fix the bone directions and the scale."""
    rest_joints = np.asarray(rest_joints, float)
    world, positions = capture.world()
    index = {name: i for i, name in enumerate(capture.names)}
    smpl = world[:, [index[name] for name in skeleton.rotation_sources]] @ skeleton.adjustments(rest_joints)
    if skeleton.spine1_between:
        smpl[:, 3] = between(smpl[:, 0], smpl[:, 6], SPINE1_WEIGHT)
    smpl[:, 12] = between(smpl[:, 9], smpl[:, 15], NECK_WEIGHT)

    hips, knees, ankles = (
        positions[:, [index[skeleton.position_sources[joint]] for joint in pair]] for pair in (HIPS, KNEES, ANKLES)
    )
    ours = (rest_joints[list(pair)] for pair in (HIPS, KNEES, ANKLES))
    scale = leg_length(*ours) / leg_length(hips, knees, ankles)
    hip_centre = rest_joints[list(HIPS)].mean(0) - rest_joints[0]
    translation = hips.mean(1) * scale - smpl[:, 0] @ hip_centre
    return Retargeted(local_rotations(smpl), translation, scale)
