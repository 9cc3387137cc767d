"""Each person limb by limb into SMPL's rest pose, with joints where SMPL's mean neutral person has them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...model_core.geometry.skeleton import JOINT_COUNT, PARENTS

if TYPE_CHECKING:
    from .samples import People

# Mean joint offsets of SMPL's neutral person from the parent joint in metres, as published with many data sets, made
# symmetric and rounded to half a millimetre. The left side; the right one is its mirror image.
LEFT_OFFSETS = {
    0: (0, -0.223, 0.028), 1: (0.0685, -0.091, -0.0055), 3: (0, 0.109, -0.0265), 4: (0.0365, -0.379, -0.0065),
    6: (0, 0.135, 0.001), 7: (-0.0145, -0.398, -0.043), 9: (0, 0.053, 0.0255), 10: (0.026, -0.052, 0.1215),
    12: (0, 0.214, -0.043), 13: (0.080, 0.120, -0.036), 15: (0, 0.065, 0.051), 16: (0.0935, 0.0315, -0.009),
    18: (0.2565, -0.013, -0.0245), 20: (0.2525, 0.0085, -0.0035), 22: (0.0845, -0.007, -0.0125),
}  # fmt: skip
HIPS, KNEES, ANKLES, TOES = (1, 2), (4, 5), (7, 8), (10, 11)
COLLARS, SHOULDERS, ELBOWS, WRISTS, HANDS = (13, 14), (16, 17), (18, 19), (20, 21), (22, 23)
NECK, HEAD = 12, 15
SEGMENTS = [
    (pair[side], end[side])
    for pair, end in ((HIPS, KNEES), (KNEES, ANKLES), (SHOULDERS, ELBOWS), (ELBOWS, WRISTS), (WRISTS, HANDS))
    for side in (0, 1)
]
"""Limbs as pairs of joints, outwards. Each is turned and stretched to SMPL's."""
EXTREMITY_SCALE = 0.95
"""Hands and feet keep their form: SMPL's are slightly smaller than MakeHuman's beside the same limbs."""
HIP_DROP = 0.035
"""Metres by which SMPL's hip joints sit lower in the flesh than MakeHuman's."""
COLLAR_FRACTION = 0.6
"""Share of the shoulder sockets' correction that the collars' flesh follows."""


def mean_joints() -> np.ndarray:
    """(24, 3) rest joints of SMPL's mean neutral person."""
    offsets = np.zeros((JOINT_COUNT, 3))
    for joint, offset in LEFT_OFFSETS.items():
        offsets[joint] = offset
    for left, right in (HIPS, KNEES, ANKLES, TOES, COLLARS, SHOULDERS, ELBOWS, WRISTS, HANDS):
        offsets[right] = offsets[left] * (-1, 1, 1)
    for joint in range(1, JOINT_COUNT):
        offsets[joint] += offsets[PARENTS[joint]]
    return offsets


def anatomical_joints(people: People) -> np.ndarray:
    """(N, 24, 3) where MakeHuman's bones have SMPL's limb joints, neck and head; the spine stays zero."""
    joints = np.zeros((len(people.vertices), JOINT_COUNT, 3))
    for side, name in enumerate("LR"):
        for pair, bone in (
            (HIPS, "upperleg01"), (KNEES, "lowerleg01"), (ANKLES, "foot"), (SHOULDERS, "upperarm01"),
            (ELBOWS, "lowerarm01"), (WRISTS, "wrist"), (HANDS, "finger3-1"),
        ):  # fmt: skip
            joints[:, pair[side]] = people.head(f"{bone}.{name}")
        joints[:, TOES[side]] = (people.head(f"toe1-1.{name}") + people.head(f"toe3-1.{name}")) / 2
        joints[:, COLLARS[side]] = (people.head(f"clavicle.{name}") + people.head(f"shoulder01.{name}")) / 2
    joints[:, HIPS, 1] -= HIP_DROP
    joints[:, NECK], joints[:, HEAD] = people.head("neck01"), people.head("head")
    return joints


@dataclass(frozen=True)
class Fit:
    """What takes the template to SMPL's proportions, applied alike to every person so that their shapes differ.

    ``source`` (24, 3) are the template's anatomical joints, ``target`` (24, 3) SMPL's; ``weights`` (V, 24) say which
    joint carries a vertex, what is missing to 1 belongs to the torso.
    """

    source: np.ndarray
    target: np.ndarray
    weights: np.ndarray

    def apply(self, vertices: np.ndarray, joints: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """A person's vertices (V, 3) and anatomical joints (24, 3) -> both in SMPL's rest pose.

        Of the joints only those of arms and legs are filled.
        """
        root = joints[list(HIPS)].mean(0) - self.source[list(HIPS)].mean(0)
        vertices, joints = vertices - root, joints - root
        maps, placed = self._limbs(joints)
        torso = self._torso(vertices)
        fitted = (1 - self.weights.sum(1))[:, None] * torso
        for joint in np.flatnonzero(self.weights.any(0)):
            if joint in (NECK, HEAD):
                carried = vertices + self._torso(joints[NECK]) - joints[NECK]
            elif joint in COLLARS:
                socket = SHOULDERS[COLLARS.index(joint)]
                carried = torso + COLLAR_FRACTION * self._socket_shift(socket)
            else:
                carried = placed[joint] + (vertices - joints[joint]) @ maps[joint].T
            fitted += self.weights[:, joint, None] * carried
        return fitted, placed

    def _limbs(self, joints: np.ndarray) -> tuple[dict[int, np.ndarray], np.ndarray]:
        """For each limb joint, the linear map of its flesh and the place of the joint."""
        maps, placed = {}, np.zeros((JOINT_COUNT, 3))
        for joint in (*HIPS, *SHOULDERS):
            placed[joint] = self._torso(joints[joint]) + self._socket_shift(joint)
        for joint, end in SEGMENTS:
            maps[joint] = self._segment_map(joint, end, joints[end] - joints[joint])
            placed[end] = placed[joint] + maps[joint] @ (joints[end] - joints[joint])
        for ankle, toe in zip(ANKLES, TOES, strict=True):
            maps[ankle] = maps[toe] = EXTREMITY_SCALE * self._foot_turn(ankle, toe)
            placed[toe] = placed[ankle] + maps[ankle] @ (joints[toe] - joints[ankle])
        for wrist, hand in zip(WRISTS, HANDS, strict=True):
            maps[hand] = maps[wrist]
        return maps, placed

    def _segment_map(self, joint: int, end: int, bone: np.ndarray) -> np.ndarray:
        """Turns ``bone`` to SMPL's direction and stretches it as the template's is stretched to SMPL's length."""
        wanted, template = self.target[end] - self.target[joint], self.source[end] - self.source[joint]
        stretch = EXTREMITY_SCALE if joint in WRISTS else np.linalg.norm(wanted) / np.linalg.norm(template)
        along = bone / np.linalg.norm(bone)
        return _shortest_turn(bone, wanted) @ (np.eye(3) + (stretch - 1) * np.outer(along, along))

    def _foot_turn(self, ankle: int, toe: int) -> np.ndarray:
        """Heading of the template's foot to SMPL's; the sole stays level."""
        wanted, template = self.target[toe] - self.target[ankle], self.source[toe] - self.source[ankle]
        turn = np.arctan2(wanted[0], wanted[2]) - np.arctan2(template[0], template[2])
        c, s = np.cos(turn), np.sin(turn)
        return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])

    def _torso(self, points: np.ndarray) -> np.ndarray:
        """Points of the torso (..., 3): height stretched so that hips and shoulders meet SMPL's, depth moved along."""
        (_, low, depth_low), (_, high, depth_high) = _hips_and_shoulders(self.source)
        (_, to_low, to_depth_low), (_, to_high, to_depth_high) = _hips_and_shoulders(self.target)
        fraction = np.clip((points[..., 1] - low) / (high - low), 0, 1)
        moved = points.copy()
        moved[..., 1] = to_low + (points[..., 1] - low) * (to_high - to_low) / (high - low)
        moved[..., 2] += (1 - fraction) * (to_depth_low - depth_low) + fraction * (to_depth_high - depth_high)
        return moved

    def _socket_shift(self, joint: int) -> np.ndarray:
        """What is still missing at a hip or shoulder of the template after the torso's map."""
        return self.target[joint] - self._torso(self.source[joint])


def _hips_and_shoulders(joints: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The middle between the hips and that between the shoulders, (3,) each."""
    return joints[list(HIPS)].mean(0), joints[list(SHOULDERS)].mean(0)


def _shortest_turn(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Rotation matrix that takes the direction ``start`` to the direction ``end`` without twist."""
    start, end = start / np.linalg.norm(start), end / np.linalg.norm(end)
    x, y, z = np.cross(start, end)
    skew = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + skew + skew @ skew / (1 + start @ end)
