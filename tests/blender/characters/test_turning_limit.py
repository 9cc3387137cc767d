"""Arms whose hands pass their shoulders: no bone snaps, and the hand is where it should be before and after."""

import numpy as np
import pytest

from threepoint.blender_addon.characters.character import Limb, Segment
from threepoint.blender_addon.characters.inverse_kinematics import NEAR, Bend, two_bone
from threepoint.blender_addon.characters.transfer import reach_in_time
from threepoint.blender_addon.characters.turning_limit import FASTEST, LOOK_AHEAD, limited, turned
from threepoint.model_core.geometry.rotations import axis_angle_to_matrix, normalize

pytestmark = pytest.mark.any_blender

FPS, FRAMES = 60.0, 240
SPEED = 3.0
LIMIT = 30.0
"""Metres a second that a hand moves, and degrees a frame that a bone may turn beyond the player's."""
BACK = np.array([0.0, 1.0, 0.0])


def random_arm(rng):
    """An arm of any length, and a player's whose upper arm and elbow move slowly."""
    lengths = rng.uniform(0.12, 0.5) * np.array([1.0, rng.uniform(0.7, 1.3)])
    first, second = lengths[:, None] * normalize(rng.normal(0, 0.1, (2, 3)) + [1.0, 0, 0])
    arm = Limb(Segment(0, first, ((0, 1.0),), ()), Segment(1, second, ((1, 1.0),), ()), 2)
    time = np.arange(FRAMES)[:, None] / FPS
    swing = rng.normal(0, 0.6, 3) + rng.normal(0, 0.4, 3) * np.sin(time * rng.uniform(0.5, 4))
    upper = axis_angle_to_matrix(swing)
    bent = np.array([0, 0, -1.0]) * (1.2 + 0.8 * np.sin(time * rng.uniform(0.5, 4)))
    return arm, {0: upper, 1: upper @ axis_angle_to_matrix(bent)}


def way(points, speed=SPEED):
    """Straight from point to point (N, 3) and back again, at a speed: (T, 3)."""
    legs = np.linalg.norm(np.diff(points, axis=0), axis=1)
    travelled = np.concatenate([[0], np.cumsum(legs)])
    at = np.minimum(np.arange(FRAMES) * speed / FPS, travelled[-1])
    return np.stack([np.interp(at, travelled, points[:, axis]) for axis in range(3)], 1)


WAYS = {
    "through the shoulder": lambda rng, length: length * np.concatenate(
        [side * normalize(rng.normal(0, 1, (40, 1, 3))) * rng.uniform(0.5, 1.1, (40, 1, 1)) for side in (1, -1)], 1
    ).reshape(-1, 3),
    "past it": lambda rng, length: length * np.concatenate(
        [rng.normal(0, 0.2, (40, 1, 3)), rng.normal(0, 0.8, (40, 1, 3))], 1).reshape(-1, 3),
    "around it": lambda rng, length: length * rng.normal(0, 0.25, (300, 3)),
    "anywhere": lambda rng, length: rng.normal(0, 0.8, (60, 3)),
}  # fmt: skip


def solved(arm, turns, goal):
    """The arm's rotations for goals from its shoulder, and how far its hand is from them (T,)."""
    found = dict(turns)
    bend = Bend(turns[0] @ BACK, np.broadcast_to(BACK, goal.shape))
    allowed = FASTEST + np.maximum(turned(turns[0]), turned(turns[1]))
    reach_in_time(found, arm, np.zeros_like(goal), goal, bend, allowed)
    hand = found[0] @ arm.upper.vector + found[1] @ arm.lower.vector
    free = two_bone(np.zeros_like(goal), turns[0], turns[1], (arm.upper.vector, arm.lower.vector), goal, bend)
    return found, np.linalg.norm(hand - goal, axis=1), free


@pytest.mark.parametrize("kind", WAYS)
def test_no_bone_snaps_wherever_the_hand_goes(kind):
    rng, fast = np.random.default_rng(5), 0
    for _ in range(6):
        arm, turns = random_arm(rng)
        goal = way(WAYS[kind](rng, arm.length))
        found, away, free = solved(arm, turns, goal)
        theirs = np.maximum(turned(turns[0]), turned(turns[1]))
        for bone in (0, 1):
            assert np.degrees((turned(found[bone]) - theirs).max()) < LIMIT
        unlimited = np.maximum(turned(free[0]), turned(free[1])) - theirs
        fast += int((np.degrees(unlimited) > LIMIT).sum())
        calm = np.convolve(unlimited > FASTEST, np.ones(4 * LOOK_AHEAD + 1))[2 * LOOK_AHEAD :][:FRAMES] == 0
        distance = np.linalg.norm(goal, axis=1) / arm.length
        inside = calm & (distance > NEAR) & (distance < 0.985)
        assert away[inside].max(initial=0) < 1e-6
    assert fast > 10


def test_a_limb_that_spins_for_long_comes_late_and_never_snaps():
    angle = np.cumsum(np.where((np.arange(160) > 40) & (np.arange(160) < 100), np.radians(70), 0.0))
    spinning = axis_angle_to_matrix(angle[:, None] * [0, 0, 1.0])
    (found,) = limited([spinning], np.full(159, FASTEST), np.ones(160))
    assert np.degrees(turned(found).max()) < LIMIT
    assert np.abs(found[:20] - spinning[:20]).max() < 1e-9 and np.abs(found[-20:] - spinning[-20:]).max() < 1e-9


def test_calm_limbs_are_left_as_they_are():
    calm = axis_angle_to_matrix(np.linspace(0, 3, 50)[:, None] * [0, 1.0, 0])
    (found,) = limited([calm], np.full(49, FASTEST), np.ones(50))
    assert found is calm
