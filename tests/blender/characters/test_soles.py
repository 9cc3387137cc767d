"""Soles on the floor where the legs' directions are kept."""

from dataclasses import replace
from types import SimpleNamespace

import bpy
import numpy as np
import pytest

from threepoint.blender_addon.characters.bones.finding import find_bones
from threepoint.blender_addon.characters.character import character_of
from threepoint.blender_addon.characters.choices import ROTATIONS, Choices
from threepoint.blender_addon.characters.legs.stepping import settled_hips
from threepoint.blender_addon.characters.player import player_of
from threepoint.blender_addon.characters.reading import read_rest
from threepoint.blender_addon.characters.transfer import transfer
from threepoint.blender_addon.state.new_file import empty_file
from threepoint.model_core.body import load_body
from threepoint.model_core.geometry.rotations import axis_angle_to_quaternion, quaternion_multiply
from threepoint.model_core.geometry.skeleton import ANKLES, FEET, HIPS, JOINT_NAMES, KNEES
from threepoint.model_core.motion import Motion
from threepoint.tools.evaluation.characters.made_up_rigs import WORST, make_rig
from threepoint.tools.evaluation.characters.measuring import measure
from threepoint.tools.support.made_up_walk import walk_motion

SLOWER = 3


def test_the_lower_sole_comes_to_the_floor() -> None:
    stands = np.ones((60, 2), bool)
    heights = np.stack([np.full(60, -0.31), np.linspace(-0.4, 0.4, 60)], 1)
    centre = np.tile([0.1, 0.2, 0.9], (60, 1))
    settled = settled_hips(centre, heights, stands)
    assert np.allclose(settled - centre, np.stack([0 * heights[:, 0], 0 * heights[:, 0], -heights.min(1)], 1))


def test_between_steps_hips_go_on_evenly_and_no_sole_below_the_floor() -> None:
    stands = np.zeros((31, 2), bool)
    stands[0, 0] = stands[-1, 1] = True
    heights = np.full((31, 2), 0.1)
    heights[0], heights[-1], heights[10] = 0.0, -0.3, -0.2
    settled = settled_hips(np.zeros((31, 3)), heights, stands)[:, 2]
    expected = np.linspace(0, 0.3, 31)
    expected[10] = 0.2
    assert np.allclose(settled, expected)


def test_hips_stay_where_no_foot_stands() -> None:
    centre = np.ones((30, 3))
    assert np.array_equal(settled_hips(centre, np.ones((30, 2)), np.zeros((30, 2), bool)), centre)


@pytest.fixture(scope="module")
def players():
    """Somebody who walks and crouches; whose legs bend at random, both feet standing; who lowers a toe on one leg."""
    body = load_body()
    walk = walk_motion(body, np.zeros(10))
    walking = replace(walk, rotations=walk.rotations[::SLOWER], translation=walk.translation[::SLOWER],
                      fps=walk.fps / SLOWER)  # fmt: skip
    rng, time = np.random.default_rng(3), np.arange(90) / 30.0
    rotations = np.repeat(walking.rotations[:1], 90, axis=0)
    for joint in (*HIPS, *KNEES):
        bent = (0.5 + 0.5 * np.sin(time * rng.uniform(1, 4))) * (1.5 if joint in KNEES else -1.5)
        rotations[:, joint] = quaternion_multiply(
            rotations[:, joint], axis_angle_to_quaternion(bent[:, None] * [1.0, 0.1, 0.0])
        )
    bending = Motion(30.0, rotations, np.repeat(walking.translation[:1], 90, axis=0), np.zeros(10),
                     contacts=np.ones((90, 4), np.float32))  # fmt: skip
    lowered = np.repeat(walking.rotations[:1], 90, axis=0)
    down = 0.4 * np.sin(np.linspace(0, np.pi, 90))[:, None] * [1.0, 0, 0]
    lowered[:, ANKLES[1]] = quaternion_multiply(lowered[:, ANKLES[1]], axis_angle_to_quaternion(down))
    on_left = np.tile(np.array([[JOINT_NAMES[joint].startswith("left") for joint in FEET]], np.float32), (90, 1))
    standing = replace(bending, rotations=lowered, contacts=on_left)
    motions = {"walking": walking, "bending": bending, "on one leg": standing}
    return {name: player_of(motion.validate(), body) for name, motion in motions.items()}


@pytest.mark.parametrize("rig", WORST)
def test_with_rotations_only_soles_are_on_the_floor_and_none_below(players, rig) -> None:
    armature = make_rig(WORST[rig], rig, empty_file(30))
    bpy.context.view_layer.update()
    rest = read_rest(armature)
    character = character_of(rest, find_bones(rest))
    for name, player in players.items():
        pose = transfer(player, character, Choices(ROTATIONS))
        figures = measure(SimpleNamespace(character=character, pose=pose, player=player), ROTATIONS)
        assert name == "bending" or figures["sole"] < 0.1
        assert figures["slide"] < 1 and figures["lower"] < 0.1 and figures["sunk"] < 0.01 and figures["directions"] < 5
