"""A pose at rest for skeletons whose zero pose is nobody's: MotionBuilder and Maya write bones along an axis.

The pose of a frame takes its place: the one that is most of a T-pose, or else the one in which the person stands most
upright. What the joints do is the same whatever they are counted from.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..errors import InputError
from ..geometry.rotations import matrix_to_quaternion, quaternion_to_matrix
from ..notes import Note
from .capture import Capture
from .joint_names import Anatomy
from .unknown_skeleton import SQUARE, positions_at_rest

UPRIGHT, STRAIGHT = 0.9, 0.85
"""Cosines: of legs and trunk with what is up, and of a limb's length with its bones' together, in somebody standing."""
LEVEL = 0.9
"""Cosine of arms with the line across the shoulders in a T-pose."""
SOME = 0.02
"""Fraction of the frames in which a person must be upright for a capture to be a person's."""
LOOKED_AT = 5000


def is_standing(anatomy: Anatomy, names: Sequence[str], parents: Sequence[int], offsets: np.ndarray) -> bool:
    """Whether the zero pose is an upright person, along the file's axes."""
    at = dict(zip(names, positions_at_rest(parents, offsets), strict=True))
    up, left = at[anatomy.head] - _middle(at, anatomy.ankles), at[anatomy.hips[0]] - at[anatomy.hips[1]]
    if min(np.linalg.norm(up), np.linalg.norm(left)) == 0:
        return False
    axis = np.eye(3)[np.argmax(np.abs(up))] * np.sign(up[np.argmax(np.abs(up))])
    if np.abs(left).max() < SQUARE * np.linalg.norm(left) or abs(left @ axis) > 0.5 * np.linalg.norm(left):
        return False
    trunk = at[anatomy.head] - at[anatomy.pelvis]
    legs = [at[hip] - at[ankle] for hip, ankle in zip(anatomy.hips, anatomy.ankles, strict=True)]
    if trunk @ axis < UPRIGHT * np.linalg.norm(trunk) or any(
        leg @ axis < UPRIGHT * np.linalg.norm(leg) for leg in legs
    ):
        return False
    size = float(axis @ up)
    # Arms that are folded into the body, or go through it, are nobody's: wrists are beside or before the trunk.
    wrists = [at[wrist] - at[shoulder] for wrist, shoulder in zip(anatomy.wrists, anatomy.shoulders, strict=True)]
    return all(np.linalg.norm(wrist) > 0.15 * size for wrist in wrists) and _apart(at, anatomy, left)


def _apart(at: dict[str, np.ndarray], anatomy: Anatomy, left: np.ndarray) -> bool:
    """Whether left is left and right is right: the wrists are not on the other's side."""
    across = left / np.linalg.norm(left)
    return float((at[anatomy.wrists[0]] - at[anatomy.wrists[1]]) @ across) > 0


def _middle(at: dict[str, np.ndarray], pair: tuple[str, str]) -> np.ndarray:
    return 0.5 * (at[pair[0]] + at[pair[1]])


def with_rest_pose(
    path: Path, anatomy: Anatomy, names: Sequence[str], parents: Sequence[int], offsets: np.ndarray,
    rotations: np.ndarray, root: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, Note]:  # fmt: skip
    """Offsets (J, 3) and local rotations (N, J, 4) counted from the pose of a frame, and a note that names it.

    The pose is turned about what is up until its left is at +X. Raises ``InputError`` where nobody stands.
    """
    world, position = _forward(parents, offsets, rotations, root)
    index = {name: number for number, name in enumerate(names)}
    up = _up_axis(path, anatomy, index, position)
    frame, is_t_pose = _best_frame(path, anatomy, index, position, up)
    left = position[frame, index[anatomy.hips[0]]] - position[frame, index[anatomy.hips[1]]]
    heading = _heading(left, up)
    rest = heading @ world[frame]  # (J, 3, 3)
    turned = np.stack(
        [rest[parent] @ offsets[joint] if parent >= 0 else offsets[joint] for joint, parent in enumerate(parents)]
    )
    counted = world @ np.swapaxes(rest, -1, -2)
    local = counted.copy()
    for joint, parent in enumerate(parents):
        if parent >= 0:
            local[:, joint] = np.swapaxes(counted[:, parent], -1, -2) @ counted[:, joint]
    pose = Note("t_pose" if is_t_pose else "most_upright_pose")
    return turned, matrix_to_quaternion(local), Note("rest_pose_found", {"frame": int(frame) + 1, "pose": pose})


def _forward(
    parents: Sequence[int], offsets: np.ndarray, rotations: np.ndarray, root: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """World rotations (N, J, 3, 3) and positions (N, J, 3)."""
    local = quaternion_to_matrix(rotations)
    world, position = np.empty_like(local), np.empty(local.shape[:-1])
    for joint, parent in enumerate(parents):
        if parent < 0:
            world[:, joint], position[:, joint] = local[:, joint], root
        else:
            world[:, joint] = world[:, parent] @ local[:, joint]
            position[:, joint] = position[:, parent] + world[:, parent] @ offsets[joint]
    return world, position


def _up_axis(path: Path, anatomy: Anatomy, index: dict[str, int], position: np.ndarray) -> np.ndarray:
    """The file's axis (3,) along which people stand: from the ankles to the head, most of the time."""
    ankles = 0.5 * (position[:, index[anatomy.ankles[0]]] + position[:, index[anatomy.ankles[1]]])
    line = position[:, index[anatomy.head]] - ankles
    length = np.linalg.norm(line, axis=-1, keepdims=True)
    mean = (line / np.where(length > 0, length, 1)).mean(0)
    axis = int(np.argmax(np.abs(mean)))
    if abs(mean[axis]) < 0.5:
        raise InputError(f"{path}: neither its zero pose nor its motion is a person who stands")
    return np.sign(mean[axis]) * np.eye(3)[axis]


def _best_frame(
    path: Path, anatomy: Anatomy, index: dict[str, int], position: np.ndarray, up: np.ndarray
) -> tuple[int, bool]:
    """The frame whose pose is taken for the one at rest, and whether it is a T-pose."""
    step = max(1, len(position) // LOOKED_AT)
    frames = np.arange(0, len(position), step)
    at = {name: position[frames, number] for name, number in index.items()}
    trunk = _cosine(at[anatomy.head] - at[anatomy.pelvis], up)
    legs, arms = [], []
    left = at[anatomy.hips[0]] - at[anatomy.hips[1]]
    across = left - (left @ up)[:, None] * up
    across /= np.maximum(np.linalg.norm(across, axis=-1, keepdims=True), 1e-9)
    for side, sign in ((0, 1.0), (1, -1.0)):
        leg = at[anatomy.hips[side]] - at[anatomy.ankles[side]]
        bones = _length(at, anatomy.hips[side], anatomy.knees[side]) + _length(
            at, anatomy.knees[side], anatomy.ankles[side]
        )
        legs.append(_cosine(leg, up) * np.linalg.norm(leg, axis=-1) / np.maximum(bones, 1e-9))
        arm = at[anatomy.wrists[side]] - at[anatomy.shoulders[side]]
        bones = _length(at, anatomy.shoulders[side], anatomy.elbows[side])
        bones = bones + _length(at, anatomy.elbows[side], anatomy.wrists[side])
        level = sign * (arm * across).sum(-1) / np.maximum(bones, 1e-9)
        arms.append(level)
    upright = np.minimum.reduce([trunk, *legs])
    if not (upright > STRAIGHT).any():
        raise InputError(
            f"{path}: with all rotations at zero nobody stands (this zero pose is no upright person's), nor later"
        )
    level = np.minimum(*arms)
    t_pose = np.flatnonzero((upright > UPRIGHT) & (level > LEVEL))
    if len(t_pose):
        return int(frames[t_pose[np.argmax((level + upright)[t_pose].round(4))]]), True
    return int(frames[np.argmax(upright)]), False


def _cosine(vectors: np.ndarray, up: np.ndarray) -> np.ndarray:
    return vectors @ up / np.maximum(np.linalg.norm(vectors, axis=-1), 1e-9)


def _length(at: dict[str, np.ndarray], first: str, second: str) -> np.ndarray:
    return np.linalg.norm(at[first] - at[second], axis=-1)


def _heading(left: np.ndarray, up: np.ndarray) -> np.ndarray:
    """The rotation (3, 3) about ``up`` that brings the line of the hips to +X, where people at rest have it."""
    flat = left - (left @ up) * up
    aim = np.eye(3)[0 if up[0] == 0 else 1]
    flat = flat / np.linalg.norm(flat)
    angle = float(np.arctan2(np.cross(flat, aim) @ up, flat @ aim))
    x, y, z = up
    skew = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + np.sin(angle) * skew + (1 - np.cos(angle)) * skew @ skew


def need_person(path: Path, anatomy: Anatomy, capture: Capture) -> None:
    """Raise ``InputError`` where a capture in our axes is of nobody: a body that never stands, a head at its pelvis."""
    _, position = capture.world()
    index = {name: number for number, name in enumerate(capture.names)}
    head = position[:, index[anatomy.head]] - position[:, index[anatomy.pelvis]]
    ankles = 0.5 * (position[:, index[anatomy.ankles[0]]] + position[:, index[anatomy.ankles[1]]])
    leg = float(np.median(np.linalg.norm(position[:, index[anatomy.pelvis]] - ankles, axis=-1)))
    trunk = np.linalg.norm(head, axis=-1)
    if not np.median(trunk) > 0.25 * leg:
        raise InputError(f"{path}: its head is {np.median(trunk):.2f} m from its pelvis: this is no person's body")
    upright = (head[:, 1] > 0.5 * trunk) | (position[:, index[anatomy.head], 1] - ankles[:, 1] > 0.5 * leg)
    if upright.mean() < SOME:
        raise InputError(
            f"{path}: its body never stands nor sits upright: its zero pose or its axes are not understood"
        )
