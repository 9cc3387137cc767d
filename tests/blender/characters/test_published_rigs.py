"""Rigs whose bones are known from their makers' publications: body and fingers are found, and take a motion."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from published_rigs import FINGERS, PUBLISHED, sided

from threepoint.blender_addon.characters.bones.by_name import bones_by_name
from threepoint.blender_addon.characters.bones.roles import LIMBS, MIDDLE_ROLES
from threepoint.blender_addon.characters.character import character_of
from threepoint.blender_addon.characters.choices import PLAYER, ROTATIONS, SCALED, Choices
from threepoint.blender_addon.characters.hands.finger_bones import finger_bones
from threepoint.blender_addon.characters.player import player_of
from threepoint.blender_addon.characters.transfer import transfer
from threepoint.model_core.body import load_body
from threepoint.tools.evaluation.characters.measuring import measure
from threepoint.tools.support.made_up_walk import walk_motion

pytestmark = pytest.mark.any_blender

SLOWER = 3


@pytest.mark.parametrize("rig", PUBLISHED)
def test_the_body_of_a_published_rig_is_known_by_its_names(rig):
    published = PUBLISHED[rig]
    wanted = dict(zip(MIDDLE_ROLES, published.middle, strict=True))
    for side in ("left", "right"):
        wanted |= {f"{side}_{limb}": sided(bone, side[0]) for limb, bone in zip(LIMBS, published.limbs, strict=True)}
    assert bones_by_name(published.rest()) == {role: bone for role, bone in wanted.items() if bone}


@pytest.mark.parametrize("rig", PUBLISHED)
def test_the_fingers_of_a_published_rig_are_known_by_their_names(rig):
    published = PUBLISHED[rig]
    rest = published.rest()
    for side in "lr":
        found = finger_bones(rest, rest.index(sided(published.limbs[LIMBS.index("hand")], side)))
        wanted = {finger: tuple(sided(bone, side) for bone in bones)
                  for finger, bones in zip(FINGERS, published.fingers, strict=True)}  # fmt: skip
        assert {finger: tuple(rest.names[bone] for bone in bones) for finger, bones in found.items()} == wanted


@pytest.fixture(scope="module")
def player():
    """Somebody who walks and crouches."""
    body = load_body()
    walk = walk_motion(body, np.zeros(10))
    motion = replace(walk, rotations=walk.rotations[::SLOWER], translation=walk.translation[::SLOWER],
                     fps=walk.fps / SLOWER)  # fmt: skip
    return player_of(motion.validate(), body)


@pytest.mark.parametrize("rig", PUBLISHED)
def test_a_published_rig_takes_a_motion(player, rig):
    rest = PUBLISHED[rig].rest()
    character = character_of(rest, bones_by_name(rest))
    for hands in (PLAYER, SCALED, ROTATIONS):
        pose = transfer(player, character, Choices(hands))
        found = measure(SimpleNamespace(character=character, pose=pose, player=player), hands)
        assert found["slide"] < 1 and found["lower"] < 1 and found["sunk"] < 1 and found["flip"] < 30
        assert found["directions"] < 5 if hands == ROTATIONS else found["hands"] < 1
