"""Limbs on their own: ends at their goals, planes kept, twists shared, soles found."""

import numpy as np
import pytest

from threepoint.blender_addon.characters.character import Segment
from threepoint.blender_addon.characters.inverse_kinematics import NEAR, Bend, two_bone
from threepoint.blender_addon.characters.legs.soles import sole_below
from threepoint.blender_addon.characters.twist import about, share_twist, twist_angle
from threepoint.model_core.geometry.rotations import (
    axis_angle_to_matrix,
    matrix_to_axis_angle,
    normalize,
    quaternion_conjugate,
    quaternion_multiply,
    quaternion_to_axis_angle,
    quaternion_to_matrix,
    transpose,
)

pytestmark = pytest.mark.any_blender

BONES = (np.array([0.3, 0.02, 0.0]), np.array([0.26, 0.0, -0.01]))
LENGTH = sum(np.linalg.norm(bone) for bone in BONES)


def posed(frames=400, seed=0):
    """Random poses of a limb that bends backwards, and what its joint and its carrier say of that."""
    rng = np.random.default_rng(seed)
    upper = axis_angle_to_matrix(rng.normal(0, 0.8, (frames, 3)))
    bent = np.zeros((frames, 3))
    bent[:, 2] = -rng.uniform(0.05, 2.2, frames)
    lower = upper @ axis_angle_to_matrix(bent)
    back = np.array([0.0, 1.0, 0.0])
    return upper, lower, Bend(upper @ back, np.broadcast_to(back, (frames, 3))), rng


def ends(start, upper, lower):
    return start + upper @ BONES[0] + lower @ BONES[1]


def test_a_limb_reaches_what_it_can():
    upper, lower, bend, rng = posed()
    start = rng.normal(0, 1, (400, 3))
    goal = start + normalize(rng.normal(0, 1, (400, 3))) * LENGTH * rng.uniform(NEAR, 0.985, (400, 1))
    new = two_bone(start, upper, lower, BONES, goal, bend)
    assert np.abs(ends(start, *new) - goal).max() < 1e-9
    assert all(np.abs(turn @ transpose(turn) - np.eye(3)).max() < 1e-9 for turn in new)


def test_a_limb_points_at_what_it_cannot_reach():
    upper, lower, bend, rng = posed()
    start, away = np.zeros((400, 3)), normalize(rng.normal(0, 1, (400, 3)))
    end = ends(start, *two_bone(start, upper, lower, BONES, 3 * away, bend))
    assert (end * away).sum(-1).min() > 0.995 * LENGTH and np.linalg.norm(end, axis=-1).max() <= LENGTH


def test_a_limb_that_is_where_it_should_be_stays():
    upper, lower, bend, _ = posed()
    start = np.zeros((400, 3))
    goal = ends(start, upper, lower)
    easy = (np.linalg.norm(goal, axis=-1) < 0.95 * LENGTH) & (np.linalg.norm(goal, axis=-1) > 0.45 * LENGTH)
    for old, new in zip((upper, lower), two_bone(start, upper, lower, BONES, goal, bend), strict=True):
        turned = np.linalg.norm(matrix_to_axis_angle(transpose(old) @ new), axis=-1)
        assert np.degrees(turned[easy].max()) < 1.0 and easy.sum() > 100


@pytest.mark.parametrize("through", ["over the head", "past the shoulder", "out of reach and back"])
def test_no_limb_snaps_on_a_smooth_way(through):
    step = np.linspace(0, 1, 600)[:, None]
    goal = {
        "over the head": np.concatenate([0 * step + 0.05, 0.1 + 0 * step, 0.45 - 0.9 * step], 1),
        "past the shoulder": np.concatenate([0.5 - step, 0.05 + 0 * step, 0.03 + 0 * step], 1),
        "out of reach and back": np.concatenate([0.3 + 0.6 * np.sin(np.pi * step), 0.1 + 0 * step, 0 * step], 1),
    }[through]
    upper = np.broadcast_to(axis_angle_to_matrix(np.array([0.0, 0.2, 0.0])), (600, 3, 3))
    lower = upper @ axis_angle_to_matrix(np.array([0.0, 0.0, -0.9]))
    back = np.broadcast_to(np.array([0.0, 1.0, 0.0]), (600, 3))
    for turn in two_bone(np.zeros((600, 3)), upper, lower, BONES, goal, Bend(back, back)):
        turned = np.linalg.norm(matrix_to_axis_angle(transpose(turn[:-1]) @ turn[1:]), axis=-1)
        assert np.degrees(turned.max()) < 15


def test_a_twist_is_read_and_faded_where_it_is_not_known():
    axis, angle = normalize(np.array([1.0, 2.0, -0.5])), np.radians(np.linspace(-110, 110, 45))
    assert np.allclose(twist_angle(about(axis, angle), axis), angle)
    assert abs(twist_angle(about(axis, np.radians(np.array([180.0]))), axis)[0]) < 1e-6
    folded = about(np.cross(axis, [0, 0, 1.0]), np.radians(np.array([175.0])))
    assert abs(twist_angle(quaternion_multiply(folded, about(axis, np.array([1.0]))), axis)[0]) < 1e-6


def test_pieces_of_a_limb_share_its_twist():
    line = np.array([0.3, 0.0, 0.0])
    segment = Segment(0, line, ((0, 0.5), (1, 1.0)), ((2, 0.25),))
    whole = about(line, np.radians(np.array([0.0, 40.0, 80.0])))
    rest = np.tile([1.0, 0, 0, 0], (3, 1))
    found = share_twist(segment, whole, rest, None, {0: line, 1: line})
    angles = {bone: np.degrees(twist_angle(turn, line / 0.3)) for bone, turn in found.items()}
    assert np.allclose(angles[0], [0, 20, 40]) and np.allclose(angles[1], [0, 40, 80])
    assert np.allclose(angles[2], [0, 10, 20])
    forearm = share_twist(Segment(0, line, ((0, 0.5),), ()), rest, rest, whole, {0: line})
    assert np.allclose(np.degrees(twist_angle(forearm[0], line / 0.3)), [0, 20, 40])


def test_no_piece_of_a_limb_snaps_where_its_twist_passes_half_a_turn():
    line = np.array([0.3, 0.0, 0.0])
    hand = about(line, np.radians(np.linspace(100, 260, 9)))
    rest = np.tile([1.0, 0, 0, 0], (9, 1))
    found = share_twist(Segment(0, line, ((0, 0.25), (1, 0.75)), ((2, 0.9),)), rest, rest, hand, {0: line, 1: line})
    for piece in found.values():
        turned = np.linalg.norm(
            quaternion_to_axis_angle(quaternion_multiply(quaternion_conjugate(piece[:-1]), piece[1:])), axis=1
        )
        assert np.degrees(turned.max()) < 30
        assert np.abs(quaternion_to_matrix(piece) @ line - line).max() < 1e-9


def test_a_sole_is_found_on_the_skin_and_without_any():
    ankle, toes = np.array([0.1, 0.0, 0.1]), np.array([0.1, -0.15, 0.03])
    grid = np.stack(np.meshgrid([0.06, 0.14], np.linspace(0.06, -0.24, 31), [0.0, 0.05]), -1).reshape(-1, 3)
    sole = sole_below(ankle, toes, grid, 0.06)
    assert sole.height == pytest.approx(0.1) and sole.heading == pytest.approx([0, -1, 0])
    assert sole.heel[1] == pytest.approx(0.06) and sole.tip[1] == pytest.approx(-0.24)
    bare = sole_below(ankle, toes, np.zeros((0, 3)), 0.06)
    assert bare.ball == pytest.approx([0.1, -0.15, 0.03]) and bare.heel[1] > 0 > bare.tip[1]
