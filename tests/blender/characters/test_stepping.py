"""Feet that stay where they stand though limbs turn as the player's do, whatever the character's proportions."""

from dataclasses import replace
from types import SimpleNamespace

import bpy
import numpy as np
import pytest

from threepoint.blender_addon.characters.bones.finding import find_bones
from threepoint.blender_addon.characters.character import character_of
from threepoint.blender_addon.characters.choices import ROTATIONS, Choices
from threepoint.blender_addon.characters.inverse_kinematics import Bend, two_bone
from threepoint.blender_addon.characters.player import player_of
from threepoint.blender_addon.characters.reading import read_rest
from threepoint.blender_addon.characters.transfer import transfer
from threepoint.blender_addon.state.new_file import empty_file
from threepoint.model_core.body import load_body
from threepoint.model_core.geometry.rotations import axis_angle_to_matrix
from threepoint.model_core.geometry.skeleton import ANKLES, BODY_JOINT_COUNT, HIPS, KNEES, PARENTS, TOES
from threepoint.model_core.motion import Motion
from threepoint.tools.evaluation.characters.made_up_rigs import Rig, make_rig
from threepoint.tools.evaluation.characters.measuring import measure

FRAMES, FPS = 150, 30.0
AHEAD = np.tile([0.0, -1.0, 0.0], (FRAMES, 1))
WIDEST = 2.0
"""How far hips are apart for the length of their legs, in a person's, at most."""


@pytest.fixture(scope="module")
def standing():
    """A player in a T-pose."""
    still = np.tile([1.0, 0, 0, 0], (FRAMES, BODY_JOINT_COUNT, 1))
    return player_of(Motion(FPS, still, np.zeros((FRAMES, 3)), np.zeros(10)).validate(), load_body())


def swaying(standing, yaw, sideways, crouch):
    """The player whose hips turn, sway and come down, both feet planted."""
    time, rest, turns = np.arange(FRAMES) / FPS, standing.rest, standing.turns.copy()
    about = [0.1 * np.sin(1.1 * time), 0.05 * np.sin(1.7 * time), yaw * np.sin(2 * time)]
    turns[:] = hips = axis_angle_to_matrix(np.stack(about, 1))[:, None]
    shift = np.stack([sideways * np.sin(1.3 * time), 0.5 * sideways * np.sin(0.9 * time),
                      -0.01 - crouch * (0.5 - 0.5 * np.cos(0.7 * time))], 1)  # fmt: skip
    upright = np.tile(np.eye(3), (FRAMES, 1, 1))
    for hip, knee, ankle, toe in zip(HIPS, KNEES, ANKLES, TOES, strict=True):
        start = rest[0] + shift + hips[:, 0] @ (rest[hip] - rest[0])
        bones = (rest[knee] - rest[hip], rest[ankle] - rest[knee])
        goal = np.tile(rest[ankle], (FRAMES, 1))
        turns[:, hip], turns[:, knee] = two_bone(start, upright, upright, bones, goal, Bend(AHEAD, AHEAD))
        turns[:, [ankle, toe]] = upright[:, None]
    places = np.tile(rest[0] + shift, (BODY_JOINT_COUNT, 1, 1)).swapaxes(0, 1)
    for joint, parent in enumerate(PARENTS[:BODY_JOINT_COUNT]):
        if parent >= 0:
            places[:, joint] = places[:, parent] + turns[:, parent] @ (rest[joint] - rest[parent])
    return replace(standing, turns=turns, places=places, stands=np.ones((FRAMES, 2), bool))


@pytest.mark.parametrize("seed", range(10))
def test_both_feet_stay_and_no_limb_is_five_degrees_off(standing, seed):
    rng = np.random.default_rng(seed)
    legs = rng.uniform(0.5, 1.3)
    rig = Rig(size=rng.uniform(0.5, 2.8), legs=legs, apart=legs * rng.uniform(0.6, WIDEST), shins=rng.uniform(0.8, 1.2))
    player = swaying(standing, rng.uniform(0, 0.45), rng.uniform(0, 0.1), rng.uniform(0, 0.3))
    armature = make_rig(rig, "hero", empty_file(round(FPS)))
    bpy.context.view_layer.update()
    rest = read_rest(armature)
    character = character_of(rest, find_bones(rest))
    pose = transfer(player, character, Choices(ROTATIONS))
    found = measure(SimpleNamespace(character=character, pose=pose, player=player), ROTATIONS)
    assert found["slide"] < rig.size and found["sole"] < rig.size, rig  # Centimetres, of the character's size.
    assert found["lower"] < 0.1 and found["sunk"] < 0.01 and found["directions"] < 5
