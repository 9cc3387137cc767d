"""Few rotations, which are turned by one product, and many, which are not, are turned alike; so are torch's."""

import numpy as np
import pytest
import torch

from threepoint.model_core.geometry import rotations as r

COUNT = 2 * r.FEW_NUMBERS


@pytest.fixture(scope="module")
def quaternions():
    random = np.random.default_rng(0)
    special = [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, -1], [0.5, 0.5, -0.5, 0.5], [-1, 0, 0, 0]]
    found = np.concatenate([special, random.normal(size=(COUNT, 4))])
    return found / np.linalg.norm(found, axis=-1, keepdims=True)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", ["quaternion_to_matrix", "quaternion_multiply", "matrix_to_quaternion",
                                  "quaternion_to_axis_angle", "axis_angle_to_quaternion"])  # fmt: skip
def test_one_by_one_they_are_turned_as_all_at_once(quaternions, name, dtype):
    turned = quaternions.astype(dtype)
    arguments = {
        "quaternion_multiply": (turned, turned[::-1].copy()),
        "matrix_to_quaternion": (r.quaternion_to_matrix(turned),),
        "axis_angle_to_quaternion": (turned[:, 1:] * np.linspace(0, 1, len(turned), dtype=dtype)[:, None] ** 4,),
    }.get(name, (turned,))
    function, close = getattr(r, name), 1e-14 if dtype == np.float64 else 1e-6
    many = function(*arguments)
    assert many.dtype == dtype
    of_torch = function(*map(torch.from_numpy, arguments)).numpy()
    for row in [*range(12), *range(12, len(turned), 97)]:
        one = function(*(argument[row] for argument in arguments))
        assert one.dtype == dtype and one.shape == many.shape[1:]
        np.testing.assert_allclose(one, many[row], atol=close)
        np.testing.assert_allclose(one, of_torch[row], atol=close)


def test_few_are_multiplied_with_many_and_with_one():
    turned = np.tile([0.6, 0.8, 0, 0], (COUNT, 1))
    np.testing.assert_allclose(r.quaternion_multiply(turned[0], turned), r.quaternion_multiply(turned, turned[0]))
    several = r.quaternion_multiply(turned[:3, None], turned[None, :5])
    np.testing.assert_allclose(several, np.broadcast_to([0.36 - 0.64, 0.96, 0, 0], (3, 5, 4)), atol=1e-15)


def test_no_rotation_is_none_exactly():
    nothing = np.array([1.0, 0, 0, 0])
    assert (r.quaternion_to_matrix(nothing) == np.eye(3)).all()
    assert (r.matrix_to_quaternion(np.eye(3)) == nothing).all()
    assert (r.axis_angle_to_quaternion(np.zeros(3)) == nothing).all()
