"""Rotations as quaternions, matrices, 6D and axis-angle, for numpy arrays and torch tensors alike.

Quaternions are unit, ``wxyz``; matrices act on column vectors; 6D is the first two columns of a matrix, one after the
other (Zhou et al. 2019, "On the Continuity of Rotation Representations", eq 16); axis-angle is in radians.
Leading dimensions are free. All functions keep the type and the device of what they are given; torch gradients are
finite everywhere, the identity included.
"""

import sys
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

if TYPE_CHECKING:
    import torch

Array = TypeVar("Array", np.ndarray, "torch.Tensor")
"""Numpy arrays in, numpy arrays out; tensors in, tensors out."""
FEW_NUMBERS = 1024
"""Of an array that has so many at most, as a frame of a stream, starting operations takes longer than their numbers."""


def array_namespace(array: object) -> Any:
    """The module, ``numpy`` or ``torch``, whose functions take ``array``. Torch is looked up, never imported."""
    if type(array) is np.ndarray:
        return np
    torch = sys.modules.get("torch")
    return torch if torch is not None and isinstance(array, torch.Tensor) else np


def stacked(parts: Sequence[Any]) -> Any:
    """Numbers or arrays (...) of one shape and type as the last axis of one, (..., n)."""
    xp = array_namespace(parts[0])
    if xp is not np:
        return xp.stack(tuple(parts), -1)
    # Of single vectors, as a stream has them, ``np.stack`` takes five times as long.
    result = np.empty((*parts[0].shape, len(parts)), parts[0].dtype)
    for index, part in enumerate(parts):
        result[..., index] = part
    return result


def length(vectors: Array) -> Array:
    """Lengths (...) of vectors (..., n)."""
    xp = array_namespace(vectors)
    return xp.sqrt((vectors * vectors).sum(-1))


def _norm(vectors: Any) -> Any:
    xp = array_namespace(vectors)
    squared = (vectors * vectors).sum(-1)[..., None]
    zero = squared == 0  # The root's gradient is infinite there.
    return xp.where(zero, squared, xp.sqrt(xp.where(zero, xp.ones_like(squared), squared)))


def normalize(vectors: Array, smallest: float = 1e-12) -> Array:
    """(..., n) vectors -> the same, of length 1; a zero vector stays zero."""
    xp = array_namespace(vectors)
    squared = (vectors * vectors).sum(-1)[..., None]
    return vectors / xp.sqrt(xp.where(squared < smallest**2, 1.0, squared))


def transpose(matrices: Array) -> Array:
    """(..., 3, 3) -> the inverse rotations."""
    return array_namespace(matrices).swapaxes(matrices, -1, -2)


def quaternion_multiply(first: Array, second: Array) -> Array:
    """Hamilton product (..., 4) x (..., 4): rotate by ``second``, then by ``first``."""
    if _are_few(first) and _are_few(second):
        return _products(first, second) @ _weights_of_product(np.result_type(first, second))
    return _hamilton_product(first, second)


def _hamilton_product(first: Array, second: Array) -> Array:
    w, x, y, z = (first[..., i] for i in range(4))
    a, b, c, d = (second[..., i] for i in range(4))
    return stacked(
        (
            w * a - x * b - y * c - z * d,
            w * b + x * a + y * d - z * c,
            w * c - x * d + y * a + z * b,
            w * d + x * c - y * b + z * a,
        )
    )


def _are_few(array: object) -> bool:
    return type(array) is np.ndarray and array.size <= FEW_NUMBERS


def _products(first: Any, second: Any) -> Any:
    """All products (..., 16) of the numbers of two quaternions (..., 4): what is made of them is one product with
    weights then, which takes a fifth of the time of many small operations where quaternions are few."""
    products = first[..., :, None] * second[..., None, :]
    return products.reshape(*products.shape[:-2], 16)


@cache
def _weights_of_product(dtype: np.dtype) -> np.ndarray:
    """The weights (16, 4) that make ``_hamilton_product`` of ``_products``."""
    unit = np.eye(4)
    return _hamilton_product(unit[:, None], unit[None]).reshape(16, 4).astype(dtype)


def quaternion_conjugate(quaternion: Array) -> Array:
    """(..., 4) -> the inverse rotations."""
    xp = array_namespace(quaternion)
    return xp.concatenate([quaternion[..., :1], -quaternion[..., 1:]], -1)


def quaternion_to_matrix(quaternion: Array) -> Array:
    """Unit ``wxyz`` (..., 4) -> (..., 3, 3)."""
    if _are_few(quaternion):
        weights, identity = _weights_of_matrix(quaternion.dtype)
        return (_products(quaternion, quaternion) @ weights + identity).reshape(*quaternion.shape[:-1], 3, 3)
    return _rows_of_matrix(quaternion).reshape(*quaternion.shape[:-1], 3, 3)


def _rows_of_matrix(quaternion: Array) -> Array:
    w, x, y, z = (quaternion[..., i] for i in range(4))
    rows = (
        1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y),
        2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x),
        2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y),
    )  # fmt: skip
    return stacked(rows)


@cache
def _weights_of_matrix(dtype: np.dtype) -> tuple[np.ndarray, np.ndarray]:
    """The weights (16, 9) that make, with the identity (9,), ``_rows_of_matrix`` of ``_products``."""
    unit, identity = np.eye(4), np.eye(3).reshape(9)
    of_sums = _rows_of_matrix(unit[:, None] + unit[None]) - identity
    alone = _rows_of_matrix(unit) - identity
    weights = (of_sums - alone[:, None] - alone[None]) / 2  # Half of it for either order of two numbers.
    return weights.reshape(16, 9).astype(dtype), identity.astype(dtype)


def matrix_to_quaternion(matrix: Array) -> Array:
    """(..., 3, 3) -> unit ``wxyz`` (..., 4) with a non-negative largest component (Shepperd's choice of branch)."""
    xp = array_namespace(matrix)
    if xp is np:
        weights, of_nothing = _weights_of_candidates(matrix.dtype)
        candidates = (matrix.reshape(-1, 9) @ weights + of_nothing).reshape(-1, 4, 4)
        best = candidates.diagonal(0, -2, -1).argmax(-1)
        return normalize(candidates[np.arange(len(best)), best].reshape(*matrix.shape[:-2], 4))
    candidates = _candidates(matrix)
    best = xp.diagonal(candidates, 0, -2, -1).argmax(-1)
    return normalize(xp.take_along_dim(candidates, best[..., None, None], -2)[..., 0, :])


def _candidates(matrix: Array) -> Array:
    """Four ways (..., 4, 4) to write four times the quaternion, each scaled by its own component; the one with the
    largest is well conditioned."""
    m = [[matrix[..., i, j] for j in range(3)] for i in range(3)]
    x, y, z = m[2][1] - m[1][2], m[0][2] - m[2][0], m[1][0] - m[0][1]
    xy, xz, yz = m[1][0] + m[0][1], m[0][2] + m[2][0], m[2][1] + m[1][2]
    squares = (
        1 + m[0][0] + m[1][1] + m[2][2], 1 + m[0][0] - m[1][1] - m[2][2],
        1 - m[0][0] + m[1][1] - m[2][2], 1 - m[0][0] - m[1][1] + m[2][2],
    )  # fmt: skip
    rows = squares[0], x, y, z, x, squares[1], xy, xz, y, xy, squares[2], yz, z, xz, yz, squares[3]
    return stacked(rows).reshape(*x.shape, 4, 4)


@cache
def _weights_of_candidates(dtype: np.dtype) -> tuple[np.ndarray, np.ndarray]:
    """The weights (9, 16) of a matrix' elements, and what is added (16,), that make ``_candidates``."""
    of_nothing = _candidates(np.zeros((3, 3)))
    weights = _candidates(np.eye(9).reshape(9, 3, 3)) - of_nothing
    return weights.reshape(9, 16).astype(dtype), of_nothing.reshape(16).astype(dtype)


def axis_angle_to_quaternion(axis_angle: Array) -> Array:
    """Radians (..., 3) -> ``wxyz`` (..., 4); smooth through zero."""
    xp = array_namespace(axis_angle)
    squared = (axis_angle * axis_angle).sum(-1)[..., None]
    small = squared < 1e-8
    if xp is np and not small.any():
        angle = xp.sqrt(squared)
        return xp.concatenate([xp.cos(0.5 * angle), axis_angle * (xp.sin(0.5 * angle) / angle)], -1)
    angle = xp.sqrt(xp.where(small, xp.ones_like(squared), squared))
    sinc = xp.where(small, 0.5 - squared / 48, xp.sin(0.5 * angle) / angle)
    cosine = xp.where(small, 1 - squared / 8, xp.cos(0.5 * angle))
    return xp.concatenate([cosine, axis_angle * sinc], -1)


def quaternion_to_axis_angle(quaternion: Array) -> Array:
    """``wxyz`` (..., 4) -> radians (..., 3) of length at most pi; smooth through the identity."""
    xp = array_namespace(quaternion)
    flip = quaternion[..., :1] < 0
    if xp is not np or flip.any():
        quaternion = xp.where(flip, -quaternion, quaternion)
    vector, scalar = quaternion[..., 1:], quaternion[..., :1]
    squared = (vector * vector).sum(-1)[..., None]
    small = squared < 1e-10
    if xp is np and not small.any():
        length = xp.sqrt(squared)
        return vector * (2 * xp.arctan2(length, scalar) / length)
    length = xp.sqrt(xp.where(small, xp.ones_like(squared), squared))
    arctan2 = xp.atan2 if xp is not np else np.arctan2
    factor = xp.where(small, 2 / xp.where(small, scalar, xp.ones_like(scalar)), 2 * arctan2(length, scalar) / length)
    return vector * factor


def axis_angle_to_matrix(axis_angle: Array) -> Array:
    """Radians (..., 3) -> (..., 3, 3)."""
    return quaternion_to_matrix(axis_angle_to_quaternion(axis_angle))


def matrix_to_axis_angle(matrix: Array) -> Array:
    """(..., 3, 3) -> radians (..., 3) of length at most pi."""
    return quaternion_to_axis_angle(matrix_to_quaternion(matrix))


def matrix_to_sixd(matrix: Array) -> Array:
    """(..., 3, 3) -> (..., 6): the first column, then the second."""
    xp = array_namespace(matrix)
    return xp.concatenate([matrix[..., :, 0], matrix[..., :, 1]], -1)


def sixd_to_matrix(sixd: Array) -> Array:
    """(..., 6) of any scale -> (..., 3, 3) by Gram-Schmidt."""
    first = normalize(sixd[..., :3])
    second = sixd[..., 3:]
    second = normalize(second - (first * second).sum(-1)[..., None] * first)
    return stacked((first, second, cross(first, second)))


def cross(a: Array, b: Array) -> Array:
    """Cross product of (..., 3) with (..., 3)."""
    x, y, z = a[..., 0], a[..., 1], a[..., 2]
    u, v, w = b[..., 0], b[..., 1], b[..., 2]
    return stacked((y * w - z * v, z * u - x * w, x * v - y * u))


def geodesic_angle(first: Array, second: Array) -> Array:
    """Angle in radians (...) between rotation matrices (..., 3, 3); exact near 0 and near pi."""
    relative: Any = transpose(first) @ second
    return _norm(matrix_to_axis_angle(relative))[..., 0]


def shortest_rotation(start: Array, end: Array) -> Array:
    """The smallest rotation (..., 3, 3) that turns the direction of ``start`` (..., 3) to that of ``end`` (..., 3).

    The identity where the two point the same way or in opposite directions.
    """
    xp = array_namespace(start)
    start, end = normalize(start), normalize(end)
    axis: Any = cross(start, end)
    arctan2 = xp.atan2 if xp is not np else np.arctan2
    angle = arctan2(_norm(axis)[..., 0], (start * end).sum(-1))
    return axis_angle_to_matrix(normalize(axis) * angle[..., None])


def nearest_rotation(matrix: Array) -> Array:
    """The rotation (..., 3, 3) nearest to a matrix (..., 3, 3) in the sense of least squares.

    Of a mean of rotations this is the mean rotation.
    """
    xp = array_namespace(matrix)
    left, _, right = xp.linalg.svd(matrix)
    handedness = xp.sign(xp.linalg.det(left @ right))[..., None]
    flips = xp.concatenate([xp.ones_like(handedness), xp.ones_like(handedness), handedness], -1)
    return (left * flips[..., None, :]) @ right


def rotation_about_y(angle: Array) -> Array:
    """Radians (...) -> (..., 3, 3), turning +Z towards +X: heading angles of the model's space."""
    xp = array_namespace(angle)
    c, s, zero, one = xp.cos(angle), xp.sin(angle), xp.zeros_like(angle), xp.ones_like(angle)
    return stacked((c, zero, s, zero, one, zero, -s, zero, c)).reshape(*c.shape, 3, 3)


def slerp(first: Array, second: Array, weight: Array) -> Array:
    """Spherical interpolation of ``wxyz`` (..., 4) by the shorter way; ``weight`` (...) in 0..1."""
    xp = array_namespace(first)
    flip = (first * second).sum(-1)[..., None] < 0
    second = xp.where(flip, -second, second)
    step: Any = quaternion_to_axis_angle(quaternion_multiply(quaternion_conjugate(first), second))
    return quaternion_multiply(first, axis_angle_to_quaternion(step * weight[..., None]))


def slerp_matrices(first: Array, second: Array, weight: Array) -> Array:
    """``slerp`` of rotation matrices (..., 3, 3)."""
    return quaternion_to_matrix(slerp(matrix_to_quaternion(first), matrix_to_quaternion(second), weight))


def make_continuous(quaternions: np.ndarray) -> np.ndarray:
    """(T, ..., 4) -> the same rotations with the signs that keep neighbours in time close (numpy only)."""
    flips = np.sum(quaternions[1:] * quaternions[:-1], -1) < 0
    signs = np.where(np.cumsum(flips, axis=0) % 2 == 1, -1.0, 1.0).astype(quaternions.dtype)
    return np.concatenate([quaternions[:1], quaternions[1:] * signs[..., None]])
