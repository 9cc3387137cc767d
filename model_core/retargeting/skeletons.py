"""Known skeletons: which of their joints drives which of SMPL's, and how their axes differ from SMPL's.

A joint of SMPL rotates as a joint of the source does, up to a constant: ``W_smpl = W_source @ A``. The constants were
measured: limbs by the directions of the bones at rest, twists and heads by trials that exist in two skeletons.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ..geometry.rotations import axis_angle_to_matrix, shortest_rotation
from ..geometry.skeleton import BODY_JOINT_COUNT

LEFT_RIGHT = ((1, 2), (4, 5), (7, 8), (10, 11), (13, 14), (16, 17), (18, 19), (20, 21))
LIMB_BONES = {1: 4, 2: 5, 4: 7, 5: 8, 7: 10, 8: 11, 16: 18, 17: 19, 18: 20, 19: 21}
"""Joint at the start of a limb's bone -> joint at its end."""
LEG_SPLAY = 20.3
"""Degrees by which legs and feet are rolled outwards in CMU's rest pose (ASF and Motionbuilder)."""
FOOT_TURN, FOOT_PITCH = -12.1, -2.4
"""Degrees about +Y and +X from SMPL's foot to CMU's, seen on flat standing feet."""
HEAD_PITCH = -15.9
"""Degrees by which CMU's head (ASF and Motionbuilder) looks lower at zero than the Daz one."""
DAZ_FROM_ASF = {
    1: (5.6, 0.7, -20.1),
    4: (4.2, 0.7, -20.1),
    7: (0, 0, -20.6),
    16: (0, 0, -8),
    18: (0, 0, -8),
    20: (0, 0, -8),
}
"""Rotation vectors in degrees, left side, measured on 36 trials that exist in both skeletons."""
O3DE_TRUNK = {0: 13.0, 3: 10.0, 6: 6.0, 9: 0.0, 15: -6.5}
"""Degrees about +X by which the Open 3D Engine's trunk and head look higher than CMU's, mean over walking."""
O3DE_COLLAR = (3, 3, 5.5)
"""Rotation vector in degrees, left side: CMU's collars stay with the chest, these hang forwards and down."""
O3DE_TWISTS = {1: 5.0, 4: 5.0, 16: 40.0, 18: 36.0, 20: 29.0}
"""Degrees about the bone, left side. Wrist: mean over walking; arm: between walking and the hinge of bent elbows."""
O3DE_FOOT = (2.0, -11.4, 7.5)
"""Rotation vector in degrees, left side, seen on flat standing feet and over walking."""
BANDAI = (
    (5.4, -5.2, -88.3), (6.1, -7.0, 84.3), (-126.4, -114.5, -14.0), (-66.2, -70.6, -65.5), (3.3, -13.3, 91.1),
    (-120.6, -123.3, -22.8), (-66.8, -70.3, -66.0), (51.8, 25.6, 70.4), (-102.8, -77.6, 24.8), (-71.5, -67.8, -72.7),
    (62.7, 39.5, 62.7), (-92.7, -62.6, 41.9), (-72.9, -65.0, -76.1), (-3.8, -16.5, -2.7), (175.2, 8.7, 24.4),
    (-75.8, -60.8, -78.8), (8.3, -5.7, 2.5), (-171.4, -3.7, -8.5), (-2.5, -0.8, -1.9), (176.8, -2.9, 1.3),
    (-6.2, -5.1, -6.0), (172.1, -9.2, 14.1),
)  # fmt: skip
"""Rotation vectors in degrees of all joints, mean over normal walks against CMU's: its axes lie along the bones."""
LEFT_HAND_BONE = np.array([0.084, -0.007, -0.013])
"""SMPL's left hand from its wrist, in metres."""
SPINE1_WEIGHT = 0.75
"""How far spine1 lies between pelvis and spine2 in rotation, where the source has no joint for it."""


@dataclass(frozen=True)
class SkeletonMap:
    """How one family of skeletons maps to SMPL's 22 joints.

    ``rotation_sources``: for each SMPL joint the source joint that rotates it. ``position_sources``: SMPL joint ->
    source joint at the same position (hips, knees, ankles at least). ``adjustments(rest_joints (22, 3)) -> (22, 3, 3)``
    gives A. ``spine1_between``: the source lacks a joint for spine1, which then lies between pelvis and spine2.
    """

    name: str
    rotation_sources: tuple[str, ...]
    position_sources: dict[int, str]
    adjustments: Callable[[np.ndarray], np.ndarray]
    spine1_between: bool = False


def rotation_degrees(vector: Sequence[float] | Sequence[Sequence[float]] | np.ndarray) -> np.ndarray:
    """Rotation vectors in degrees (..., 3) -> matrices (..., 3, 3)."""
    return axis_angle_to_matrix(np.radians(np.asarray(vector, float)))


def mirrored_rotation(matrix: np.ndarray) -> np.ndarray:
    """(3, 3) of a left joint -> that of the right joint, for axes that mirror across x = 0."""
    flip = np.diag([-1.0, 1, 1])
    return flip @ matrix @ flip


def with_right_side(adjustments: np.ndarray) -> np.ndarray:
    """Adjustments (22, 3, 3) whose right joints mirror the left ones."""
    for left, right in LEFT_RIGHT:
        adjustments[right] = mirrored_rotation(adjustments[left])
    return adjustments


def bone_at_rest(rest_joints: np.ndarray, joint: int) -> np.ndarray:
    """From a joint to the next one of its limb in SMPL's rest pose (3,)."""
    return rest_joints[LIMB_BONES[joint]] - rest_joints[joint]


def _cmu_left(rest_joints: np.ndarray) -> np.ndarray:
    """A of CMU's rest pose, left side and middle: legs splayed, arms along +X, trunk upright."""
    adjustments = np.tile(np.eye(3), (BODY_JOINT_COUNT, 1, 1))
    splay = np.radians(LEG_SPLAY)
    leg, arm = np.array([np.sin(splay), -np.cos(splay), 0]), np.array([1.0, 0, 0])
    for joint in (1, 4):
        adjustments[joint] = shortest_rotation(bone_at_rest(rest_joints, joint), leg)
    for joint in (16, 18):
        adjustments[joint] = shortest_rotation(bone_at_rest(rest_joints, joint), arm)
    adjustments[20] = shortest_rotation(LEFT_HAND_BONE, arm)
    # The shortest rotation would leave the foot rolled by the splay.
    adjustments[7] = rotation_degrees([0, 0, LEG_SPLAY]) @ rotation_degrees([0, FOOT_TURN, 0])
    adjustments[15] = rotation_degrees([HEAD_PITCH, 0, 0])
    return adjustments


def _pitch_feet(adjustments: np.ndarray) -> np.ndarray:
    adjustments[7] = adjustments[7] @ rotation_degrees([FOOT_PITCH, 0, 0])
    adjustments[10] = adjustments[7]
    return adjustments


def cmu_adjustments(rest_joints: np.ndarray) -> np.ndarray:
    """A of CMU's ASF and Motionbuilder skeletons."""
    return with_right_side(_pitch_feet(_cmu_left(rest_joints)))


def daz_adjustments(rest_joints: np.ndarray) -> np.ndarray:
    """A of CMU's Daz-friendly skeleton, through the ASF one."""
    adjustments = _cmu_left(rest_joints)
    for joint, vector in DAZ_FROM_ASF.items():
        adjustments[joint] = rotation_degrees(vector) @ adjustments[joint]
    adjustments[15] = np.eye(3)
    return with_right_side(_pitch_feet(adjustments))


def o3de_adjustments(rest_joints: np.ndarray) -> np.ndarray:
    """A of the Open 3D Engine's humanoid: T-pose at rest, straight legs, a spine that was straightened."""
    adjustments = np.tile(np.eye(3), (BODY_JOINT_COUNT, 1, 1))
    for joint, pitch in O3DE_TRUNK.items():
        adjustments[joint] = rotation_degrees([pitch, 0, 0])
    bones = {joint: bone_at_rest(rest_joints, joint) for joint in (1, 4, 16, 18)} | {20: LEFT_HAND_BONE}
    for joint, bone in bones.items():
        at_rest = np.array([0, -1.0, 0]) if joint in (1, 4) else np.array([1.0, 0, 0])
        twist = rotation_degrees(bone / np.linalg.norm(bone) * O3DE_TWISTS[joint])
        adjustments[joint] = shortest_rotation(bone, at_rest) @ twist
    adjustments[7] = adjustments[10] = rotation_degrees(O3DE_FOOT)
    adjustments[13] = rotation_degrees(O3DE_COLLAR)
    return with_right_side(adjustments)


def bandai_adjustments(rest_joints: np.ndarray) -> np.ndarray:
    """A of Bandai-Namco's skeleton, whose bones lie along their joints' +X (left side, legs) or -X."""
    adjustments = rotation_degrees(BANDAI)
    for joint in (1, 2, 4, 5, 16, 17, 18, 19):
        along = np.array([1.0 if joint in (1, 4, 16, 18) else -1.0, 0, 0])
        bone = adjustments[joint] @ bone_at_rest(rest_joints, joint)
        adjustments[joint] = shortest_rotation(bone, along) @ adjustments[joint]
    return adjustments


def _positions(rotation_sources: Sequence[str], without: Sequence[int] = ()) -> dict[int, str]:
    joints = (1, 2, 4, 5, 7, 8, 10, 11, 15, 16, 17, 18, 19, 20, 21)
    return {joint: rotation_sources[joint] for joint in joints if joint not in without}


_ASF_NAMES = (
    "root", "lfemur", "rfemur", "lowerback", "ltibia", "rtibia", "upperback", "lfoot", "rfoot", "thorax", "ltoes",
    "rtoes", "upperneck", "lclavicle", "rclavicle", "head", "lhumerus", "rhumerus", "lradius", "rradius", "lwrist",
    "rwrist",
)  # fmt: skip
_MOTIONBUILDER_NAMES = (
    "Hips", "LeftUpLeg", "RightUpLeg", "LowerBack", "LeftLeg", "RightLeg", "Spine", "LeftFoot", "RightFoot", "Spine1",
    "LeftToeBase", "RightToeBase", "Neck1", "LeftShoulder", "RightShoulder", "Head", "LeftArm", "RightArm",
    "LeftForeArm", "RightForeArm", "LeftHand", "RightHand",
)  # fmt: skip
_DAZ_NAMES = (
    "hip", "lThigh", "rThigh", "abdomen", "lShin", "rShin", "abdomen", "lFoot", "rFoot", "chest", "lFoot", "rFoot",
    "neck", "lCollar", "rCollar", "head", "lShldr", "rShldr", "lForeArm", "rForeArm", "lHand", "rHand",
)  # fmt: skip
_HUMANOID_NAMES = (
    "Hips", "LeftUpperLeg", "RightUpperLeg", "Spine", "LeftLowerLeg", "RightLowerLeg", "Chest", "LeftFoot",
    "RightFoot", "UpperChest", "LeftToes", "RightToes", "Neck", "LeftShoulder", "RightShoulder", "Head",
    "LeftUpperArm", "RightUpperArm", "LeftLowerArm", "RightLowerArm", "LeftHand", "RightHand",
)  # fmt: skip
_BANDAI_NAMES = (
    "Hips", "UpperLeg_L", "UpperLeg_R", "Spine", "LowerLeg_L", "LowerLeg_R", "Spine", "Foot_L", "Foot_R", "Chest",
    "Toes_L", "Toes_R", "Neck", "Shoulder_L", "Shoulder_R", "Head", "UpperArm_L", "UpperArm_R", "LowerArm_L",
    "LowerArm_R", "Hand_L", "Hand_R",
)  # fmt: skip

CMU_ASF = SkeletonMap("asf", _ASF_NAMES, _positions(_ASF_NAMES) | {12: "lowerneck"}, cmu_adjustments)
CMU_MOTIONBUILDER = SkeletonMap(
    "mb", _MOTIONBUILDER_NAMES, _positions(_MOTIONBUILDER_NAMES) | {12: "Neck"}, cmu_adjustments
)
CMU_DAZ = SkeletonMap(
    "daz", _DAZ_NAMES, _positions(_DAZ_NAMES, without=(10, 11)) | {12: "neck"}, daz_adjustments, spine1_between=True
)
O3DE = SkeletonMap("o3de", _HUMANOID_NAMES, _positions(_HUMANOID_NAMES) | {12: "Neck"}, o3de_adjustments)
BANDAI_NAMCO = SkeletonMap(
    "bandai", _BANDAI_NAMES, _positions(_BANDAI_NAMES) | {12: "Neck"}, bandai_adjustments, spine1_between=True
)

KNOWN = (CMU_ASF, CMU_MOTIONBUILDER, CMU_DAZ, O3DE, BANDAI_NAMCO)


def recognise(names: Iterable[str], among: Sequence[SkeletonMap] = KNOWN) -> SkeletonMap | None:
    """The known skeleton that has these joint ``names``, or None."""
    present = set(names)
    for skeleton in among:
        if present.issuperset(skeleton.rotation_sources) and present.issuperset(skeleton.position_sources.values()):
            return skeleton
    return None
