"""The player's fingers on a character's: every family of names is known, and bones point where the player's did."""

import bpy
import numpy as np
import pytest

from threepoint.blender_addon.animation.curves import all_fcurves, make_action, use_action
from threepoint.blender_addon.characters.bones.finding import find_bones
from threepoint.blender_addon.characters.channels import Placement
from threepoint.blender_addon.characters.character import character_of
from threepoint.blender_addon.characters.choices import ON_HIPS, PLAYER, Choices
from threepoint.blender_addon.characters.hands.finger_bones import finger_bones, hand_points_at_rest
from threepoint.blender_addon.characters.hands.finger_poses import FLAT, HOLDING, RELAXED
from threepoint.blender_addon.characters.putting import carry, write_carried
from threepoint.blender_addon.characters.reading import read_rest
from threepoint.blender_addon.state.new_file import empty_file
from threepoint.model_core.body import load_body
from threepoint.model_core.geometry.hand import FINGER_COUNT, FINGERS, HANDS, KNUCKLES, SEGMENTS, bone_frames
from threepoint.model_core.geometry.rotations import axis_angle_to_matrix
from threepoint.tools.evaluation.characters.made_up_rigs import FAMILIES, FINGER_NAMES, Rig, make_rig
from threepoint.tools.support.made_up_walk import walk_motion


def made(rig, name="hero"):
    scene = empty_file(10)
    armature = make_rig(rig, name, scene)
    bpy.context.view_layer.update()
    return armature, scene


def fingers_by_hand(armature):
    rest = read_rest(armature)
    character = character_of(rest, find_bones(rest))
    return character, [finger_bones(character.rest, arm.end) for arm in character.arms]


@pytest.mark.parametrize("names", sorted(FINGER_NAMES))
def test_every_family_of_finger_names_is_known(names):
    assert names in FAMILIES
    armature, _ = made(Rig(names, droop=45, fingers=names))
    character, found = fingers_by_hand(armature)
    for side, bones in enumerate(found):
        assert set(bones) == set(FINGERS)
        for place, finger in enumerate(("thumb", "index", "middle", "ring", "pinky")):
            words = {"finger": finger, "Finger": finger.title(), "place": place, "L": "LR"[side], "l": "lr"[side],
                     "Left": ("Left", "Right")[side]}  # fmt: skip
            wanted = [FINGER_NAMES[names].format(number=n + 1, joint=n or "", **words) for n in range(SEGMENTS)]
            assert [character.rest.names[bone] for bone in bones[finger]] == wanted


def test_a_character_without_fingers_is_left_alone():
    armature, _ = made(Rig("mixamo"))
    assert fingers_by_hand(armature)[1] == [{}, {}]


def put(armature, scene, fingers):
    motion, body = walk_motion(load_body(), np.zeros(10)), load_body()
    bones = find_bones(read_rest(armature))
    carried = carry(motion, body, armature, bones, scene, Choices(PLAYER, ON_HIPS), Placement(), fingers)
    action = make_action(armature, "walk").action
    write_carried(armature, action, carried)
    use_action(armature, action)
    return carried, action


def shown_frames(armature, carried, side):
    """The bone frames of a hand as Blender shows it, from where the heads of its bones are: the first two joints'."""
    character = carried.character
    bones = finger_bones(character.rest, character.arms[side].end)
    points = hand_points_at_rest(character.rest, character.arms[side].end, bones).copy()
    posed = armature.pose.bones
    at = {bone.name: np.array(armature.matrix_world @ bone.head) for bone in posed}
    ends = {bone.name: np.array(armature.matrix_world @ bone.tail) for bone in posed}
    points[0] = at[character.rest.names[character.arms[side].end]]
    for finger, chain in bones.items():
        first = KNUCKLES[finger]
        for place, bone in enumerate(chain):
            points[first + place] = at[character.rest.names[bone]]
        points[first + SEGMENTS] = ends[character.rest.names[chain[-1]]]
    return bone_frames(points, HANDS[side])


@pytest.mark.parametrize("rig", [Rig("unreal", droop=56, roll=73, units=0.01, faces=90, fingers="unreal"),
                                 Rig("mixamo", fingers="mixamo")])  # fmt: skip
def test_bones_of_fingers_point_where_the_players_did(rig):
    armature, scene = made(rig)
    count = len(carry_frames(armature, scene))
    random = np.random.default_rng(3)
    wanted = {}
    for hand in HANDS:
        bends = np.cumsum(random.uniform(0, 0.8, (count, 5, SEGMENTS)), 2).reshape(count, FINGER_COUNT)
        turn = axis_angle_to_matrix(-bends[..., None] * np.array([1.0, 0, 0]))
        spread = axis_angle_to_matrix(random.uniform(-0.1, 0.1, (count, FINGER_COUNT, 1)) * np.array([0, 1.0, 0]))
        wanted[hand] = turn @ spread
    carried, _ = put(armature, scene, wanted)
    for place in (0, count // 2, count - 1):
        scene.frame_set(int(carried.frames[place]))
        for side, hand in enumerate(HANDS):
            found = shown_frames(armature, carried, side)
            others = [joint for joint in range(FINGER_COUNT) if FINGERS[joint // SEGMENTS] != "thumb"]
            # Bones point where they should; what is made of positions knows no twist.
            angles = np.degrees(
                np.arccos(np.clip((found[others, :, 2] * wanted[hand][place, others, :, 2]).sum(-1), -1, 1))
            )
            assert angles.max() < 0.5, (hand, angles)


def carry_frames(armature, scene):
    motion, body = walk_motion(load_body(), np.zeros(10)), load_body()
    bones = find_bones(read_rest(armature))
    return carry(motion, body, armature, bones, scene, Choices(PLAYER, ON_HIPS), Placement()).frames


def test_held_relaxed_and_flat_fingers_bend_towards_the_palm_with_one_keyframe_each():
    armature, scene = made(Rig("mixamo", fingers="mixamo"))
    bent = {}
    for pose in (FLAT, RELAXED, HOLDING):
        carried, action = put(armature, scene, pose)
        scene.frame_set(int(carried.frames[len(carried.frames) // 2]))
        for side, sign in ((0, 1), (1, 1)):
            frames = shown_frames(armature, carried, side)
            tip = SEGMENTS * FINGERS.index("index") + SEGMENTS - 1
            bent[pose, side] = np.degrees(np.arctan2(sign * frames[tip, 1, 2], frames[tip, 2, 2]))
        keys = {f.data_path: len(f.keyframe_points) for f in all_fcurves(action) if "Index" in f.data_path}
        assert len(keys) == 6 and set(keys.values()) == {1}
    for side in (0, 1):
        assert bent[FLAT, side] == pytest.approx(0, abs=0.5)
        assert bent[RELAXED, side] == pytest.approx(55, abs=1)
        assert abs(bent[HOLDING, side]) > 150  # 190 degrees in all.
