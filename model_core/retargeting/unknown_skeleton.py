"""An unknown skeleton, in its pose with all rotations zero: which way it faces, and how it maps to SMPL."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import InputError
from ..geometry.rotations import (
    matrix_to_quaternion,
    quaternion_conjugate,
    quaternion_multiply,
    rotation_about_y,
    shortest_rotation,
)
from ..geometry.skeleton import BODY_JOINT_COUNT
from .joint_names import Anatomy
from .skeletons import LEFT_HAND_BONE, LIMB_BONES, SkeletonMap, bone_at_rest

SQUARE = 0.85
"""Cosine: how closely the body's own axes must follow the file's for the zero pose to be a person upright."""
NO_FINGERS = ("thumb", "twist", "roll", "prop")
"""Children of a hand that do not point along it."""


@dataclass(frozen=True)
class UprightFrame:
    """A change of axes (3, 3) from a file's to ours: +X the person's left, +Y up, +Z forward."""

    change: np.ndarray

    @staticmethod
    def identity() -> "UprightFrame":
        return UprightFrame(np.eye(3))

    def vectors(self, vectors: np.ndarray) -> np.ndarray:
        """(..., 3) -> (..., 3)."""
        return vectors @ self.change.T

    def quaternions(self, quaternions: np.ndarray) -> np.ndarray:
        """(..., 4) rotations -> the same in our axes."""
        change = np.broadcast_to(matrix_to_quaternion(self.change), quaternions.shape)
        return quaternion_multiply(quaternion_multiply(change, quaternions), quaternion_conjugate(change))


def positions_at_rest(parents: Sequence[int], offsets: np.ndarray) -> np.ndarray:
    """Positions (J, 3) with every rotation at zero, the root at the origin."""
    positions = np.zeros_like(offsets)
    for joint, parent in enumerate(parents):
        if parent >= 0:
            positions[joint] = positions[parent] + offsets[joint]
    return positions


def upright_frame(
    path: Path, anatomy: Anatomy, names: Sequence[str], parents: Sequence[int], offsets: np.ndarray
) -> UprightFrame:
    """The axes of the file's zero pose, snapped to the file's own. Raises ``InputError`` where it does not stand."""
    at = dict(zip(names, positions_at_rest(parents, offsets), strict=True))
    up = at[anatomy.head] - 0.5 * (at[anatomy.ankles[0]] + at[anatomy.ankles[1]])
    left = at[anatomy.hips[0]] - at[anatomy.hips[1]]
    axes = []
    for direction, what in ((left, "from right hip to left hip"), (up, "from ankles to head")):
        length = np.linalg.norm(direction)
        axis = np.argmax(np.abs(direction))
        if length == 0 or abs(direction[axis]) < SQUARE * length:
            raise InputError(
                f"{path}: with all rotations at zero the line {what} should follow an axis, but is "
                f"{np.round(direction, 3).tolist()}: this zero pose is no upright person's"
            )
        axes.append(np.sign(direction[axis]) * np.eye(3)[axis])
    left, up = axes
    if left @ up != 0:
        raise InputError(f"{path}: with all rotations at zero the person should stand upright, but lies along its hips")
    return UprightFrame(np.stack([left, up, np.cross(left, up)]))


def map_by_anatomy(anatomy: Anatomy, names: Sequence[str], parents: Sequence[int], offsets: np.ndarray) -> SkeletonMap:
    """A map for a skeleton in our axes whose zero pose is a person upright, looking ahead, soles flat."""
    spine = list(anatomy.spine)
    chest = spine[-1]
    middle = spine[len(spine) // 2] if len(spine) > 2 else spine[0]
    pairs: dict[tuple[int, int], tuple[str, str]] = dict(
        zip(
            ((1, 2), (4, 5), (7, 8), (10, 11), (13, 14), (16, 17), (18, 19), (20, 21)),
            (anatomy.hips, anatomy.knees, anatomy.ankles, anatomy.toes, anatomy.collars, anatomy.shoulders,
             anatomy.elbows, anatomy.wrists), strict=True,
        )
    )  # fmt: skip
    sources = {0: anatomy.pelvis, 3: spine[0], 6: middle, 9: chest, 12: anatomy.neck, 15: anatomy.head}
    for joints, pair in pairs.items():
        sources |= dict(zip(joints, pair, strict=True))
    position_sources = {j: sources[j] for j in (1, 2, 4, 5, 7, 8, 15, 16, 17, 18, 19, 20, 21)}
    at = dict(zip(names, positions_at_rest(parents, offsets), strict=True))
    bones = {joint: at[sources[end]] - at[sources[joint]] for joint, end in LIMB_BONES.items()}

    def adjustments(rest_joints: np.ndarray) -> np.ndarray:
        result = np.tile(np.eye(3), (BODY_JOINT_COUNT, 1, 1))
        for joint in (1, 2, 4, 5, 16, 17, 18, 19):
            result[joint] = shortest_rotation(bone_at_rest(rest_joints, joint), bones[joint])
        for wrist, elbow in ((20, 18), (21, 19)):
            smpl_hand = LEFT_HAND_BONE * [1 if wrist == 20 else -1, 1, 1]
            fingers = _finger(sources[wrist], names, parents)
            hand = bones[elbow] if fingers is None else at[fingers] - at[sources[wrist]]
            result[wrist] = shortest_rotation(smpl_hand, hand)
        for ankle, toe in ((7, 10), (8, 11)):
            if np.any(bones[ankle]):
                result[ankle] = result[toe] = _heading_rotation(bone_at_rest(rest_joints, ankle), bones[ankle])
        return result

    rotation_sources = tuple(sources[joint] for joint in range(BODY_JOINT_COUNT))
    return SkeletonMap("bvh", rotation_sources, position_sources, adjustments, spine1_between=len(spine) < 3)


def _finger(wrist: str, names: Sequence[str], parents: Sequence[int]) -> str | None:
    """The joint that shows where a hand points: the middle finger, or what is there but the thumb; None for nothing."""
    children = [name for name, parent in zip(names, parents, strict=True) if parent >= 0 and names[parent] == wrist]
    fingers = [name for name in children if not any(word in name.lower() for word in NO_FINGERS)]
    return next((name for name in fingers if "mid" in name.lower()), fingers[0] if fingers else None)


def _heading_rotation(foot: np.ndarray, bone: np.ndarray) -> np.ndarray:
    """Rotation (3, 3) about +Y from SMPL's foot to the source's: soles lie flat in both, so no other axis is free."""
    heading = np.arctan2(bone[0], bone[2]) - np.arctan2(foot[0], foot[2])
    return rotation_about_y(heading)
