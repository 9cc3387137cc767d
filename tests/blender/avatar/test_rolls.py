"""Rigify's names come with its metarig's rolls, and what is animated looks the same."""

import bpy
import numpy as np
import pytest
from bodies import BoxBody, animated_avatar, wild_motion

from threepoint.blender_addon.avatar.bake import set_rotation_order
from threepoint.blender_addon.avatar.bone_names import NAMES
from threepoint.blender_addon.avatar.rolls import name_and_roll

METARIG_Z = {"thigh.L": (0, 1, 0), "shin.R": (0, 1, 0), "foot.L": (0, 0, -1), "toe.L": (0, 0, 1), "hand.L": (0, -1, 0)}
"""Where Z axes point, roughly: knees bend about X the other way round than ours."""


@pytest.mark.parametrize("order", ["QUATERNION", "XYZ"])
def test_bones_are_rolled_as_the_metarigs_and_move_as_before(scene, order):
    avatar = animated_avatar(wild_motion(31), BoxBody(), "walker", scene)
    armature, action = avatar.armature, avatar.armature.animation_data.action
    set_rotation_order(armature, order, [action])
    before = ends(armature, NAMES["SMPL"])
    name_and_roll(armature, "RIGIFY", [action])
    for name, wanted in METARIG_Z.items():
        assert np.array(armature.data.bones[name].matrix_local)[:3, 2] @ wanted > 0.8, name
    assert np.abs(ends(armature, NAMES["RIGIFY"]) - before).max() < 2e-4
    name_and_roll(armature, "SMPL", [action])
    assert np.abs(ends(armature, NAMES["SMPL"]) - before).max() < 2e-4


def ends(armature, names):
    found = []
    for frame in (1, 8, 15):
        bpy.context.scene.frame_set(frame)
        posed = armature.evaluated_get(bpy.context.evaluated_depsgraph_get()).pose.bones
        found.append([[*posed[name].head, *posed[name].tail] for name in names])
    return np.array(found)
