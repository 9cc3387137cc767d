"""Rigs whose bones are known from their makers' publications: body and fingers are found by their names."""

import pytest
from published_rigs import FINGERS, PUBLISHED, sided

from threepoint.blender_addon.characters.bones.by_name import bones_by_name
from threepoint.blender_addon.characters.bones.roles import LIMBS, MIDDLE_ROLES
from threepoint.blender_addon.characters.hands.finger_bones import finger_bones


@pytest.mark.parametrize("rig", PUBLISHED)
def test_the_body_of_a_published_rig_is_known_by_its_names(rig):
    published = PUBLISHED[rig]
    wanted = dict(zip(MIDDLE_ROLES, published.middle, strict=True))
    for side in ("left", "right"):
        wanted |= {f"{side}_{limb}": sided(bone, side[0]) for limb, bone in zip(LIMBS, published.limbs, strict=True)}
    assert bones_by_name(published.rest()) == wanted


@pytest.mark.parametrize("rig", PUBLISHED)
def test_the_fingers_of_a_published_rig_are_known_by_their_names(rig):
    published = PUBLISHED[rig]
    rest = published.rest()
    for side in "lr":
        found = finger_bones(rest, rest.index(sided(published.limbs[LIMBS.index("hand")], side)))
        wanted = {finger: tuple(sided(bone, side) for bone in bones)
                  for finger, bones in zip(FINGERS, published.fingers, strict=True)}  # fmt: skip
        assert {finger: tuple(rest.names[bone] for bone in bones) for finger, bones in found.items()} == wanted
