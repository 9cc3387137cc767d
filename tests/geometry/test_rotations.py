"""Rotations by round trip, against scipy, and their gradients."""

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.transform import Rotation, Slerp

from threepoint.model_core.geometry import rotations as r

NUMPY_AND_TORCH = pytest.mark.parametrize("kind", [np.asarray, torch.tensor], ids=["numpy", "torch"])
SPECIAL_TURNS = np.array(
    [[0, 0, 0], [1e-9, 0, 0], [1e-5, -1e-5, 2e-5], [np.pi, 0, 0], [0, np.pi, 0], [0, 0, np.pi], [0, np.pi - 1e-7, 0],
     np.pi * np.array([0.6, 0, 0.8]), [0.5, -0.2, 3.0]]
)  # fmt: skip

UNHURRIED = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
coordinates = st.floats(-10, 10, allow_subnormal=False)
axis_angles = arrays(np.float64, (4, 3), elements=coordinates)


def random_turns(count=200, seed=0):
    """Rotations of all directions and angles, the special ones included, as scipy's (count + 9)."""
    return Rotation.concatenate([Rotation.random(count, random_state=seed), Rotation.from_rotvec(SPECIAL_TURNS)])


def wxyz(turns):
    return turns.as_quat()[:, [3, 0, 1, 2]]


def angles_between(first, second):
    """Radians between matrices, by scipy."""
    return (Rotation.from_matrix(np.asarray(first)).inv() * Rotation.from_matrix(np.asarray(second))).magnitude()


@NUMPY_AND_TORCH
def test_every_form_is_converted_as_by_scipy(kind):
    turns = random_turns()
    matrices = turns.as_matrix()
    for found in (
        r.quaternion_to_matrix(kind(wxyz(turns))),
        r.axis_angle_to_matrix(kind(turns.as_rotvec())),
        r.sixd_to_matrix(kind(np.concatenate([matrices[..., 0], matrices[..., 1]], -1))),
    ):
        np.testing.assert_allclose(found, matrices, atol=1e-12)
    for found in (
        r.quaternion_to_matrix(r.matrix_to_quaternion(kind(matrices))),
        r.axis_angle_to_matrix(r.matrix_to_axis_angle(kind(matrices))),
        r.sixd_to_matrix(r.matrix_to_sixd(kind(matrices))),
    ):
        assert angles_between(found, matrices).max() < 1e-7


@NUMPY_AND_TORCH
def test_axis_angles_are_those_of_scipy(kind):
    turns = random_turns()
    found = np.asarray(r.quaternion_to_axis_angle(kind(wxyz(turns))))
    expected = turns.as_rotvec()
    half_turn = np.linalg.norm(expected, axis=-1) > np.pi - 1e-6  # There both signs of the axis are right.
    flipped = half_turn & ((found * expected).sum(-1) < 0)
    np.testing.assert_allclose(np.where(flipped[:, None], -found, found), expected, atol=1e-7)
    assert np.linalg.norm(found, axis=-1).max() <= np.pi + 1e-12


@UNHURRIED
@given(axis_angles)
def test_axis_angle_round_trips_through_quaternions_and_matrices(vectors):
    expected = Rotation.from_rotvec(vectors).as_matrix()
    np.testing.assert_allclose(r.axis_angle_to_matrix(vectors), expected, atol=1e-9)
    back = r.matrix_to_axis_angle(r.axis_angle_to_matrix(vectors))
    np.testing.assert_allclose(r.axis_angle_to_matrix(back), expected, atol=1e-7)


@UNHURRIED
@given(arrays(np.float64, (3, 6), elements=coordinates))
def test_any_six_numbers_give_a_rotation_unless_they_are_parallel(sixd):
    first, second = sixd[:, :3], sixd[:, 3:]
    area = np.linalg.norm(np.cross(first, second), axis=-1)
    sixd = sixd[area > 1e-3 * np.linalg.norm(first, axis=-1) * np.linalg.norm(second, axis=-1) + 1e-6]
    matrices = r.sixd_to_matrix(sixd)
    np.testing.assert_allclose(matrices @ r.transpose(matrices), np.broadcast_to(np.eye(3), matrices.shape), atol=1e-9)
    np.testing.assert_allclose(np.linalg.det(matrices), 1, atol=1e-9)


@NUMPY_AND_TORCH
def test_products_and_inverses_are_those_of_matrices(kind):
    first, second = random_turns(seed=1), random_turns(seed=2)
    product = r.quaternion_multiply(kind(wxyz(first)), kind(wxyz(second)))
    np.testing.assert_allclose(r.quaternion_to_matrix(product), (first * second).as_matrix(), atol=1e-12)
    inverse = r.quaternion_conjugate(kind(wxyz(first)))
    np.testing.assert_allclose(r.quaternion_to_matrix(inverse), first.inv().as_matrix(), atol=1e-12)


@NUMPY_AND_TORCH
def test_geodesic_angle_is_exact_near_zero_and_near_half_a_turn(kind):
    wanted = np.array([0, 1e-6, 1e-3, 1, np.pi - 1e-3, np.pi - 1e-6, np.pi])
    axis = np.array([0.6, 0, -0.8])
    start = random_turns(len(wanted) - 9 + 9)[: len(wanted)]
    end = start * Rotation.from_rotvec(wanted[:, None] * axis)
    found = r.geodesic_angle(kind(start.as_matrix()), kind(end.as_matrix()))
    np.testing.assert_allclose(found, wanted, atol=1e-7)


def test_single_precision_stays_single_and_close():
    turns = random_turns()
    for kind in (np.asarray, torch.tensor):
        matrices = kind(turns.as_matrix().astype(np.float32))
        quaternions = r.matrix_to_quaternion(matrices)
        assert quaternions.dtype == matrices.dtype == r.matrix_to_axis_angle(matrices).dtype
        assert angles_between(r.quaternion_to_matrix(quaternions), turns.as_matrix()).max() < 1e-3


CONVERSIONS = {
    "axis_angle_to_matrix": lambda turns: (r.axis_angle_to_matrix, turns.as_rotvec()),
    "axis_angle_to_quaternion": lambda turns: (r.axis_angle_to_quaternion, turns.as_rotvec()),
    "matrix_to_axis_angle": lambda turns: (r.matrix_to_axis_angle, turns.as_matrix()),
    "matrix_to_quaternion": lambda turns: (r.matrix_to_quaternion, turns.as_matrix()),
    "matrix_to_sixd": lambda turns: (r.matrix_to_sixd, turns.as_matrix()),
    "quaternion_to_axis_angle": lambda turns: (r.quaternion_to_axis_angle, wxyz(turns)),
    "quaternion_to_matrix": lambda turns: (r.quaternion_to_matrix, wxyz(turns)),
    "sixd_to_matrix": lambda turns: (r.sixd_to_matrix, np.concatenate([*turns.as_matrix().T[:2]]).T),
}


@pytest.mark.parametrize("name", CONVERSIONS)
def test_gradients_are_finite_at_the_identity_and_at_half_a_turn(name):
    convert, values = CONVERSIONS[name](Rotation.from_rotvec(SPECIAL_TURNS))
    leaf = torch.tensor(values, requires_grad=True)
    convert(leaf).sum().backward()
    assert torch.isfinite(leaf.grad).all() and leaf.grad.abs().max() < 100


@pytest.mark.parametrize("name", CONVERSIONS)
def test_gradients_are_those_of_finite_differences(name):
    convert, values = CONVERSIONS[name](Rotation.from_rotvec([[0, 0, 0], [0.4, -0.3, 0.2], [-1, 2, 0.5]]))
    assert torch.autograd.gradcheck(convert, torch.tensor(values, requires_grad=True), eps=1e-5, atol=1e-4)


def test_the_angle_between_equal_rotations_has_a_finite_gradient():
    leaf = torch.zeros(2, 3, dtype=torch.float64, requires_grad=True)
    r.geodesic_angle(r.axis_angle_to_matrix(leaf), torch.eye(3, dtype=torch.float64).expand(2, 3, 3)).sum().backward()
    assert torch.isfinite(leaf.grad).all()


@NUMPY_AND_TORCH
def test_slerp_is_that_of_scipy_by_the_shorter_way(kind):
    pairs = Rotation.random(40, random_state=3)
    quaternions = wxyz(pairs)
    quaternions[::3] *= -1
    weight = np.linspace(0, 1, 20)
    found = r.quaternion_to_matrix(r.slerp(kind(quaternions[:20]), kind(quaternions[20:]), kind(weight)))
    for i in range(20):
        expected = Slerp([0, 1], Rotation.concatenate([pairs[i], pairs[20 + i]]))(weight[i])
        np.testing.assert_allclose(found[i], expected.as_matrix(), atol=1e-9)


def test_heading_turns_forward_to_the_left():
    quarter = r.rotation_about_y(np.array(np.pi / 2))
    np.testing.assert_allclose(quarter @ (0, 0, 1), (1, 0, 0), atol=1e-12)
    np.testing.assert_allclose(quarter, Rotation.from_rotvec([0, np.pi / 2, 0]).as_matrix(), atol=1e-12)


@UNHURRIED
@given(st.lists(st.sampled_from([-1.0, 1.0]), min_size=20, max_size=20))
def test_continuous_quaternions_keep_the_rotations_and_never_jump(signs):
    times = np.linspace(0, 4 * np.pi, 20)[:, None]
    smooth = r.axis_angle_to_quaternion(times * [0, 0.6, 0.8])
    flipped = smooth * np.array(signs)[:, None]
    found = r.make_continuous(np.stack([flipped, smooth], 1))
    np.testing.assert_array_equal(np.abs(found[:, 0]), np.abs(flipped))
    assert ((found[1:] * found[:-1]).sum(-1) > 0).all()
    np.testing.assert_array_equal(found[0, 0], flipped[0])


@NUMPY_AND_TORCH
def test_normalize_leaves_zero_alone(kind):
    found = r.normalize(kind(np.array([[0, 0, 0], [0, 3.0, 4.0]])))
    np.testing.assert_allclose(found, [[0, 0, 0], [0, 0.6, 0.8]])


@NUMPY_AND_TORCH
def test_the_shortest_rotation_turns_one_direction_to_the_other_about_their_normal(kind):
    rng = np.random.default_rng(0)
    start, end = rng.normal(size=(2, 50, 3))
    end[0], end[1] = 2 * start[0], -3 * start[1]
    found = np.asarray(r.shortest_rotation(kind(start), kind(end)))
    turned = (found[2:] @ start[2:, :, None])[..., 0]
    unit = [v / np.linalg.norm(v, axis=-1, keepdims=True) for v in (turned, end[2:])]
    np.testing.assert_allclose(*unit, atol=1e-9)
    axis = np.cross(start[2:], end[2:])
    np.testing.assert_allclose((found[2:] @ axis[..., None])[..., 0], axis, atol=1e-9)
    np.testing.assert_allclose(found[:2], np.tile(np.eye(3), (2, 1, 1)), atol=1e-9)


@NUMPY_AND_TORCH
def test_the_nearest_rotation_is_no_reflection_and_no_other_rotation_is_nearer(kind):
    matrices = np.random.default_rng(1).normal(size=(20, 3, 3))
    found = np.asarray(r.nearest_rotation(kind(matrices)))
    np.testing.assert_allclose(np.linalg.det(found), 1)
    distance = np.linalg.norm(found - matrices, axis=(1, 2))
    for turn in Rotation.random(200, random_state=2).as_matrix():
        assert (distance <= np.linalg.norm(found @ turn - matrices, axis=(1, 2)) + 1e-9).all()
