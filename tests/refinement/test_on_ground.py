"""Feet stand on ground that is no flat floor, wherever it is high, and nothing else leaves its place for it."""

import numpy as np
import pytest
import torch

from threepoint.model_core.body.foot_contacts import foot_rest_heights
from threepoint.model_core.direction.ground import FloorLevel, Ground, GroundHeights
from threepoint.model_core.geometry.kinematics import forward_kinematics
from threepoint.model_core.geometry.skeleton import ANKLES, FEET, HEAD, TOES, WRISTS
from threepoint.model_core.refinement.closed_form.on_ground import GroundUnder, put_on_ground

FRAMES = 120


@pytest.fixture(scope="module")
def person(make_clip):
    """Local rotations, pelvis positions and rest joints of a person who bends the knees on still feet."""
    clip = make_clip(FRAMES)
    parts = clip.rotations(), clip.translation, clip.rest_joints
    return tuple(torch.from_numpy(np.ascontiguousarray(part)).float() for part in parts)


def quads(*corners):
    """A mesh of rectangles, four corners each."""
    vertices = tuple(tuple(map(float, corner)) for corner in corners)
    triangles = tuple(
        (first + a, first + b, first + c) for first in range(0, len(corners), 4) for a, b, c in ((0, 1, 2), (0, 2, 3))
    )
    return Ground(vertices=vertices, triangles=triangles).validate()


def on(person, ground, levels, contacts=None, move=0.0):
    """The motion on the ground: rotations, pelvis, world rotations and joints."""
    rotations, translation, rest = person
    translation = translation + torch.outer(torch.arange(FRAMES) * move, torch.tensor([0.0, 0.0, 1.0]))
    contacts = torch.ones(FRAMES, 4) if contacts is None else contacts
    still = torch.full((FRAMES,), move == 0)
    under = GroundUnder(GroundHeights(ground), np.broadcast_to(levels, FRAMES).astype(float), np.zeros(3))
    found = put_on_ground(rotations, translation, contacts, still, under, rest)
    before = forward_kinematics(rotations, translation, rest)[1]
    return *found, *forward_kinematics(*found, rest), before


def heights_of_feet(joints, person):
    return joints[:, FEET, 1] - foot_rest_heights(person[2])


def test_on_a_flat_floor_given_as_ground_feet_stay_where_they_are(person):
    _, _, _, joints, before = on(person, Ground(), 0.0)
    assert (joints[:, [HEAD, *WRISTS]] - before[:, [HEAD, *WRISTS]]).abs().max() < 1e-3
    assert heights_of_feet(joints, person).abs().max() < 0.01
    assert (joints - before)[:, list(ANKLES)].norm(dim=-1).max() < 0.02


@pytest.mark.parametrize("height", [0.1, 0.25])
def test_one_foot_on_a_box_bends_its_knee_and_head_and_hands_stay(person, height):
    box = quads((0, height, -1), (1, height, -1), (1, height, 1), (0, height, 1))
    _, _, _, joints, before = on(person, box, height / 2)
    up = torch.tensor([0.0, height / 2, 0.0])
    assert (joints[:, [HEAD, *WRISTS]] - before[:, [HEAD, *WRISTS]] - up).norm(dim=-1).max() < 0.005
    heights = heights_of_feet(joints, person)
    assert (heights[:, [0, 2]] - height).abs().max() < 0.01, "the left foot is on the box"
    assert heights[:, 3].abs().max() < 0.01, "the right toes are on the floor"
    assert heights[:, 1].min() > -0.01
    knee = joints[:, 4, 1] - joints[:, 5, 1]
    assert knee.mean() > 0.3 * height


def test_on_a_slope_soles_lie_on_it(person):
    slope = quads((-2, -0.4, -2), (2, -0.4, -2), (2, 0.4, 2), (-2, 0.4, 2))
    _, _, _, joints, _ = on(person, slope, 0.0)
    rest = foot_rest_heights(person[2])
    for joint, height in zip((*ANKLES, *TOES), rest, strict=True):
        off = (joints[:, joint, 1] - 0.2 * joints[:, joint, 2]) / np.hypot(1, 0.2) - height
        assert off.abs().max() < 0.01


def test_feet_that_walk_up_a_slope_pass_above_it(person):
    slope = quads((-3, 0.0, 0.1), (3, 0.0, 0.1), (3, 0.9, 3.1), (-3, 0.9, 3.1))
    contacts = torch.zeros(FRAMES, 4)
    for first in range(0, FRAMES, 40):
        contacts[first : first + 20, ::2] = 1
        contacts[first + 20 : first + 40, 1::2] = 1
    along = np.arange(FRAMES) * 0.01
    levels = np.clip(0.3 * (along - 0.1), 0, None)
    _, _, _, joints, _ = on(person, slope, levels, contacts, move=0.01)
    toes = joints[:, list(TOES)]
    ground = 0.3 * (toes[..., 2] - 0.1).clamp_min(0)
    assert (toes[..., 1] - ground).min() > -0.005
    assert joints.diff(dim=0).norm(dim=-1).max() < 0.25, "nothing jumps"


def test_a_foot_that_stands_on_while_the_given_height_changes_takes_a_step_for_it(person):
    ground = Ground((FloorLevel((1.0, 9.0), 0.2),))
    levels = np.where(np.arange(FRAMES) < 60, 0.0, 0.2)
    _, _, _, joints, _ = on(person, ground, levels)
    heights = heights_of_feet(joints, person)
    assert heights[:45].abs().max() < 0.01 and (heights[75:, 2:] - 0.2).abs().max() < 0.01


def test_without_any_contact_feet_are_over_the_ground(person):
    box = quads((-1, 0.3, -1), (1, 0.3, -1), (1, 0.3, 1), (-1, 0.3, 1))
    _, _, _, joints, _ = on(person, box, 0.3, torch.zeros(FRAMES, 4), move=0.001)
    assert heights_of_feet(joints, person).min() > 0.29


@pytest.mark.parametrize("seed", range(4))
def test_whatever_the_ground_the_body_stays_whole_and_the_head_where_it_was(person, seed):
    """Heaps of random triangles, also such as nobody can stand on, and heights that jump."""
    rng = np.random.default_rng(seed)
    corners = rng.normal(0, [0.5, 0.4, 0.5], (60, 3))
    triangles = tuple(tuple(range(first, first + 3)) for first in range(0, 60, 3))
    levels = tuple(FloorLevel((float(a), float(a) + 0.5), float(rng.normal(0, 0.3))) for a in rng.uniform(0, 2, 4))
    ground = Ground(levels, tuple(map(tuple, corners.tolist())), triangles).validate()
    contacts = torch.from_numpy((rng.random((FRAMES // 10, 4)) > 0.5).repeat(10, 0)).float()
    rotations, translation, world, joints, before = on(person, ground, 0.1, contacts, move=0.005 * (seed % 2))
    assert rotations.isfinite().all() and translation.isfinite().all()
    assert (joints[:, HEAD] - before[:, HEAD])[:, [0, 2]].norm(dim=-1).max() < 0.1
    eye = torch.eye(3).expand_as(world)
    assert (world @ world.transpose(-1, -2) - eye).abs().max() < 1e-3
