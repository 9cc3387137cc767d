"""The coordinate conventions of the world's recordings and the only place where one becomes OpenXR's (numpy only).

A convention is a 3 x 3 matrix whose rows say where OpenXR's axes (right, up, backward) lie in the source's coordinates.
Two of the sources are left-handed: their matrix has determinant -1, and a rotation's axis, being a pseudovector, takes
that sign. As everywhere in Threepoint, a device that looks forward without rolling is the identity in all of them.
"""

from functools import reduce

import numpy as np

from ..geometry.rotations import axis_angle_to_quaternion, quaternion_multiply

CONVENTIONS = {
    "openxr": np.diag([1.0, 1, 1]),
    "unity": np.diag([1.0, 1, -1]),
    "unreal": np.array([[0.0, 1, 0], [0, 0, 1], [-1, 0, 0]]),
    "ros": np.array([[0.0, -1, 0], [0, 0, 1], [-1, 0, 0]]),
    "z_up": np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]]),
    "gltf": np.array([[-1.0, 0, 0], [0, 1, 0], [0, 0, -1]]),
    "blender": np.array([[-1.0, 0, 0], [0, 0, 1], [0, 1, 0]]),
}
"""``openxr``: right-handed, +Y up, -Z forward. ``unity``: left-handed, +Y up, +Z forward. ``unreal``: left-handed, +Z
up, +X forward. ``ros``: right-handed, +Z up, +X forward. ``z_up``: right-handed, +Z up, +Y forward. ``gltf``:
right-handed, +Y up, +Z forward. ``blender``: right-handed, +Z up, -Y forward, as characters face there."""

_AXES = {name: matrix * np.linalg.det(matrix) for name, matrix in CONVENTIONS.items()}


def to_openxr(position: np.ndarray, rotation: np.ndarray, convention: str) -> tuple[np.ndarray, np.ndarray]:
    """Positions (..., 3) and ``wxyz`` rotations (..., 4) of a named convention -> OpenXR's."""
    return _change(position, rotation, CONVENTIONS[convention], _AXES[convention])


def from_openxr(position: np.ndarray, rotation: np.ndarray, convention: str) -> tuple[np.ndarray, np.ndarray]:
    """The inverse of ``to_openxr``."""
    return _change(position, rotation, CONVENTIONS[convention].T, _AXES[convention].T)


def _change(position, rotation, matrix, axes):
    return position @ matrix.T, np.concatenate([rotation[..., :1], rotation[..., 1:] @ axes.T], -1)


def euler_to_quaternion(degrees: np.ndarray, order: str) -> np.ndarray:
    """Angles about x, y, z (..., 3) in degrees -> ``wxyz`` (..., 4).

    ``order`` names the axes of the product of rotations from left to right: ``YXZ`` is R_y R_x R_z, which both Unity
    ("Z-X-Y", about fixed axes) and A-Frame ("YXZ", about the device's own) mean.
    """
    radians = np.radians(degrees)
    axes = ["XYZ".index(letter) for letter in order.upper()]
    turns = [axis_angle_to_quaternion(radians[..., axis : axis + 1] * np.eye(3)[axis]) for axis in axes]
    return reduce(quaternion_multiply, turns)
