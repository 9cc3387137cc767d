"""Rigs of anybody's making: what is keyed are the controls that their bones follow."""

import bpy
import numpy as np
import pytest
from mathutils import Vector

from threepoint.blender_addon.animation.curves import all_fcurves, make_action, use_action
from threepoint.blender_addon.avatar.armature import edit_bones
from threepoint.blender_addon.characters.bones.finding import find_bones
from threepoint.blender_addon.characters.channels import Placement
from threepoint.blender_addon.characters.choices import ON_HIPS, PLAYER, Choices
from threepoint.blender_addon.characters.putting import carry, write_carried
from threepoint.blender_addon.characters.reading import read_rest
from threepoint.blender_addon.characters.transfer import place_of
from threepoint.blender_addon.state.new_file import empty_file
from threepoint.model_core.body import load_body
from threepoint.model_core.geometry.rotations import quaternion_to_matrix
from threepoint.tools.evaluation.characters.made_up_rigs import Rig, make_rig
from threepoint.tools.evaluation.characters.measuring import blender_difference
from threepoint.tools.support.made_up_walk import walk_motion

NAMES = {"arm": "arm_stretch.{}", "forearm": "forearm_stretch.{}", "hand": "hand.{}", "thigh": "thigh_stretch.{}",
         "leg": "leg_stretch.{}", "foot": "foot.{}"}  # fmt: skip
"""Auto-Rig Pro's names of deforming bones."""


@pytest.fixture(params=[0, 25])
def rig(request):
    """A rig with Auto-Rig Pro's names: hands, feet and their poles by IK, hips and chest by copies."""
    scene = empty_file(10)
    armature = make_rig(Rig("auto_rig_pro", droop=request.param), "hero", scene)
    with edit_bones(armature):
        bones = armature.data.edit_bones
        for middle in ("root.x", "spine_03.x"):
            add_bone(bones, f"c_{middle}", bones[middle].head, bones[middle].tail)
        for side in "lr":
            for part, end, way in (("arm", "hand", 0.4), ("thigh", "foot", -0.4)):
                own, last = bones[NAMES[part].format(side)], bones[NAMES[end].format(side)]
                add_bone(bones, f"c_{end}_ik.{side}", last.head, last.tail)
                add_bone(bones, f"c_{part}_pole.{side}", own.tail + way * AHEAD, own.tail + way * AHEAD + 0.1 * UP)
                # A limb that is quite straight would bend to either side.
                own.tail += 0.01 * way * AHEAD
                bones[NAMES["forearm" if part == "arm" else "leg"].format(side)].head = own.tail
    bpy.context.view_layer.update()
    posed = armature.pose.bones
    for middle in ("root.x", "spine_03.x"):
        copy = posed[middle].constraints.new("COPY_TRANSFORMS" if middle == "root.x" else "COPY_ROTATION")
        copy.target, copy.subtarget = armature, f"c_{middle}"
    for side in "lr":
        for part, lower, end in (("arm", "forearm", "hand"), ("thigh", "leg", "foot")):
            ik = posed[NAMES[lower].format(side)].constraints.new("IK")
            ik.target, ik.subtarget, ik.chain_count, ik.iterations = armature, f"c_{end}_ik.{side}", 2, 500
            ik.pole_target, ik.pole_subtarget = armature, f"c_{part}_pole.{side}"
            ik.pole_angle = fitting_angle(armature, ik, NAMES[lower].format(side))
            turned = posed[NAMES[end].format(side)].constraints.new("COPY_ROTATION")
            turned.target, turned.subtarget = armature, f"c_{end}_ik.{side}"
    return armature, scene


AHEAD, UP = Vector((0, 1, 0)), Vector((0, 0, 1))


def add_bone(bones, name, head, tail):
    bone = bones.new(name)
    bone.head, bone.tail = head, tail


def fitting_angle(armature, ik, bone):
    """The pole's angle with which the rig rests as it was built."""

    def off(angle):
        ik.pole_angle = angle
        bpy.context.view_layer.update()
        return (armature.pose.bones[bone].head - armature.data.bones[bone].head_local).length

    angles = np.radians(np.arange(-180, 180, 5))
    best = min(angles, key=off)
    return min(best + np.radians(np.linspace(-5, 5, 41)), key=off)


def test_hands_feet_and_elbows_come_where_they_belong_by_the_controls(rig):
    armature, scene = rig
    motion, body = walk_motion(load_body(), np.zeros(10)), load_body()
    bones = find_bones(read_rest(armature))
    assert bones["left_hand"] == "hand.l" and bones["hips"] == "root.x"
    carried = carry(motion, body, armature, bones, scene, Choices(PLAYER, ON_HIPS), Placement())
    action = make_action(armature, "walk").action
    write_carried(armature, action, carried)
    use_action(armature, action)
    keyed = {fcurve.data_path.split('"')[1] for fcurve in all_fcurves(action)}
    assert {"c_hand_ik.l", "c_foot_ik.r", "c_arm_pole.r", "c_thigh_pole.l", "c_root.x", "c_spine_03.x"} <= keyed
    assert blender_difference(armature, carried, scene) < 0.5
    character = carried.character
    turns = {bone: quaternion_to_matrix(turn) for bone, turn in carried.pose.turns.items()}
    for limb in (*character.arms, *character.legs):
        middle = (
            place_of(character, turns, carried.pose.hips, limb.upper.bone) + turns[limb.upper.bone] @ limb.upper.vector
        )
        for place in range(0, len(carried.frames), 5):
            scene.frame_set(int(carried.frames[place]))
            shown = np.array(armature.matrix_world @ armature.pose.bones[character.rest.names[limb.lower.bone]].head)
            assert np.linalg.norm(shown - middle[place]) < 0.03, (character.rest.names[limb.lower.bone], place)
