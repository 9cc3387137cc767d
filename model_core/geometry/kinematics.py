"""Forward kinematics over SMPL's tree, for numpy arrays and torch tensors alike."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from .rotations import Array, array_namespace, transpose
from .skeleton import PARENTS


def joint_offsets(rest_joints: Array) -> Array:
    """Rest joints (..., J, 3) -> each joint's offset from its parent (..., J, 3); the root keeps its position."""
    xp = array_namespace(rest_joints)
    count = rest_joints.shape[-2]
    offsets = rest_joints[..., 1:, :] - rest_joints[..., list(PARENTS[1:count]), :]
    return xp.concatenate([rest_joints[..., :1, :], offsets], -2)


def forward_kinematics(rotations: Array, translation: Array, rest_joints: Array) -> tuple[Array, Array]:
    """Pose the skeleton.

    ``rotations`` (..., J, 3, 3) local, the first one the global orient; ``translation`` (..., 3) the position of the
    root joint; ``rest_joints`` (J, 3) or (..., J, 3). Returns world rotations (..., J, 3, 3) and joint positions
    (..., J, 3). J is 22 or 24.
    """
    xp = array_namespace(rotations)
    count = rotations.shape[-3]
    if xp is np:
        return _in_numpy(rotations, translation, joint_offsets(rest_joints[..., :count, :]))
    # Taken apart at once: the gradient of many single joints would be as many arrays of all of them.
    local = list(xp.moveaxis(rotations, -3, 0))
    offsets = list(xp.moveaxis(joint_offsets(rest_joints[..., :count, :])[..., None], -3, 0))
    world, positions = local[:1], [translation]
    for joint in range(1, count):
        parent = PARENTS[joint]
        world.append(world[parent] @ local[joint])
        positions.append(positions[parent] + (world[parent] @ offsets[joint])[..., 0])
    return xp.stack(world, -3), xp.stack(positions, -2)


def _in_numpy(rotations: Any, translation: Any, offsets: Any) -> tuple[Any, Any]:
    """``forward_kinematics`` with rotation and place in one matrix: of a single pose, starting operations takes all
    the time."""
    kind = np.result_type(rotations, translation, offsets)
    bones = np.zeros((*rotations.shape[:-2], 4, 4), kind)
    bones[..., :3, :3] = rotations
    bones[..., :3, 3] = offsets
    bones[..., 0, :3, 3] = translation
    bones[..., 3, 3] = 1
    for joints, parents in _generations(bones.shape[-3]):
        bones[..., joints, :, :] = bones[..., parents, :, :] @ bones[..., joints, :, :]
    return bones[..., :3, :3].astype(rotations.dtype), bones[..., :3, 3].copy()


@cache
def _generations(count: int) -> list[tuple[slice, np.ndarray]]:
    """Runs of joints, none of which is another's parent, with their parents; the root is in none."""
    starts = [1]
    for joint in range(2, count):
        if PARENTS[joint] >= starts[-1]:
            starts.append(joint)
    ends = [*starts[1:], count]
    return [(slice(*run), np.array(PARENTS[slice(*run)])) for run in zip(starts, ends, strict=True)]


def local_rotations(world: Array) -> Array:
    """World rotations (..., J, 3, 3) -> local ones; the inverse of ``forward_kinematics``'s first result."""
    xp = array_namespace(world)
    count = world.shape[-3]
    parents = [max(p, 0) for p in PARENTS[:count]]
    local = transpose(world[..., parents, :, :]) @ world
    return xp.concatenate([world[..., :1, :, :], local[..., 1:, :, :]], -3)


def mirror_motion(rotations: Array, translation: Array, mirrored: Sequence[int]) -> tuple[Array, Array]:
    """Left-right mirror image of local ``rotations`` (..., J, 3, 3) and ``translation`` (..., 3) across x = 0.

    ``mirrored`` is the list of each joint's opposite (``skeleton.MIRRORED``).
    """
    xp = array_namespace(rotations)
    signs = xp.ones_like(rotations[(0,) * (rotations.ndim - 2)])
    signs[0, :] = -signs[0, :]
    signs[:, 0] = -signs[:, 0]
    flip = xp.ones_like(translation)
    flip[..., 0] = -1
    return rotations[..., list(mirrored[: rotations.shape[-3]]), :, :] * signs, translation * flip
