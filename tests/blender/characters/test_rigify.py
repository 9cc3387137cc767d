"""Rigify's own rigs: the metarig by its bones, the generated rig by its controls."""

import bpy
import numpy as np
import pytest

from threepoint.blender_addon.animation.curves import all_fcurves, make_action, use_action
from threepoint.blender_addon.characters import putting
from threepoint.blender_addon.characters.bones.finding import find_bones
from threepoint.blender_addon.characters.channels import Placement
from threepoint.blender_addon.characters.choices import IN_PLACE, ON_HIPS, ON_ROOT_TURNING, PLAYER, Choices
from threepoint.blender_addon.characters.hands.finger_poses import HOLDING
from threepoint.blender_addon.characters.putting import carry, write_carried
from threepoint.blender_addon.characters.reading import read_rest
from threepoint.blender_addon.state.new_file import empty_file
from threepoint.model_core.body import load_body
from threepoint.model_core.geometry.rotations import quaternion_to_matrix
from threepoint.tools.evaluation.characters.measuring import blender_difference
from threepoint.tools.evaluation.characters.rigify import GENERATED, METARIG, make_rigify
from threepoint.tools.support.made_up_walk import walk_motion


def put(armature, scene, root=ON_HIPS):
    """The walk on an armature."""
    motion, body = walk_motion(load_body(), np.zeros(10)), load_body()
    bones = find_bones(read_rest(armature))
    carried = carry(motion, body, armature, bones, scene, Choices(PLAYER, root), Placement(), HOLDING)
    action = make_action(armature, "walk").action
    write_carried(armature, action, carried)
    use_action(armature, action)
    return carried, action


def assert_fingers_hold(armature, carried, scene):
    """Whether the bones of fingers point in Blender where they were computed to."""
    rest, place = carried.character.rest, len(carried.frames) // 2
    scene.frame_set(int(carried.frames[place]))
    for name in ("f_index.01.L", "f_middle.02.R", "f_pinky.03.L", "thumb.03.R"):
        bone = rest.index(name)
        turn = quaternion_to_matrix(carried.pose.turns[bone])
        wanted = turn[place] @ (rest.tails[bone] - rest.heads[bone])
        shown = armature.pose.bones[carried.shown_by(bone)]
        found = np.array(armature.matrix_world.to_3x3() @ (shown.tail - shown.head))
        assert found @ wanted > np.cos(np.radians(2)) * np.linalg.norm(found) * np.linalg.norm(wanted), name


def made(kind):
    scene = empty_file(10)
    armature = make_rigify(kind, face=False)
    if armature is None:
        pytest.skip("this Blender has no Rigify")
    return armature, scene


def test_the_metarig_is_known_and_takes_a_motion():
    armature, scene = made(METARIG)
    carried, _ = put(armature, scene)
    assert blender_difference(armature, carried, scene) < 0.1
    assert_fingers_hold(armature, carried, scene)
    assert [carried.character.rest.names[bone] for bone in carried.character.spine] == [
        "spine.001", "spine.002", "spine.003",
    ]  # fmt: skip


@pytest.mark.slow  # A motion is put on a rig of four hundred bones three times.
def test_a_generated_rig_is_keyed_on_its_controls_and_comes_to_the_same_places(monkeypatch):
    monkeypatch.delattr(putting, "read_controls")  # Its controls are known: constraints are not looked at.
    armature, scene = made(GENERATED)
    for root in (ON_HIPS, ON_ROOT_TURNING):
        carried, action = put(armature, scene, root)
        assert blender_difference(armature, carried, scene) < 0.1
        paths = {fcurve.data_path.split('"')[1] for fcurve in all_fcurves(action) if '"' in fcurve.data_path}
        assert paths >= {"torso", "chest", "hand_ik.L", "foot_ik.R", "thigh_ik_target.L", "upper_arm_parent.L", "head"}
        assert not any(name.startswith(("ORG-", "DEF-", "MCH-")) for name in paths)
        assert {"f_index.01.L", "f_pinky.03.R", "thumb.02.L"} <= paths
        assert_fingers_hold(armature, carried, scene)
    carried, _ = put(armature, scene, IN_PLACE)
    scene.frame_set(int(carried.frames[-1]))
    assert abs(armature.pose.bones["torso"].head.y) < 0.4
    assert bpy.context.scene == scene
