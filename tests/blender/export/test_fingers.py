"""Recorded fingers: bones and keyframes of the avatar, chosen in the panel, and in every file for other programs."""

from dataclasses import replace

import bpy
import numpy as np
import pytest
from bodies import wild_motion, wobbly_recording

from threepoint.blender_addon.animation.curves import all_fcurves, values_at
from threepoint.blender_addon.avatar.bake import take_frames
from threepoint.blender_addon.avatar.bone_names import FINGER_NAMES, NAMES
from threepoint.blender_addon.avatar.fingers import read_fingers
from threepoint.blender_addon.avatar.hands import HOLDING, RELAXED
from threepoint.blender_addon.avatar.shape_keys import key_of
from threepoint.blender_addon.export.process import AvatarCopy, Choices, Export
from threepoint.blender_addon.state import people, predictions
from threepoint.blender_addon.state.person_avatar import hand_choices
from threepoint.model_core.body import load_body
from threepoint.model_core.body.fingers import hand_points
from threepoint.model_core.exports.gltf_binary import Glb
from threepoint.model_core.geometry.hand import FINGERS, HANDS, KNUCKLES, hand_frame
from threepoint.model_core.geometry.rotations import axis_angle_to_matrix, quaternion_to_axis_angle
from threepoint.model_core.recordings.fingers import fingers_of
from threepoint.tools.evaluation.characters.made_up_rigs import Rig, make_rig

MOST = 0.9
"""Radians that every finger joint but the thumb's bends by at most."""


def bending_fingers(time):
    """Fingers of both hands that bend and stretch."""
    found = {}
    for hand in HANDS:
        rest = hand_points(load_body(), np.zeros(10), hand)
        hinge = hand_frame(rest, hand)[:, 0]
        points = np.tile(rest, (len(time), 1, 1))
        for i, angle in enumerate(MOST / 2 * (1 - np.cos(4 * time))):
            for finger in FINGERS[:4]:
                world, place = np.eye(3), rest[KNUCKLES[finger]]
                for point in range(KNUCKLES[finger], KNUCKLES[finger] + 3):
                    world = world @ axis_angle_to_matrix(-angle * hinge)
                    place = place + world @ (rest[point + 1] - rest[point])
                    points[i, point + 1] = place
        found[hand] = fingers_of(time, points, hand)
    return found


@pytest.fixture
def fingered(scene):
    """A person whose recording has fingers, with an avatar."""
    recording = wobbly_recording(2.0)
    recording = replace(recording, fingers=bending_fingers(recording.time))
    person = people.add_person(recording, "pianist", scene)
    start = float(recording.time[0])
    predictions.receive_motion(person, replace(wild_motion(121), start=start), scene, origin=start)
    return person


def bent(person):
    """Radians (T,) by which the left index's second joint bends, as the take has it."""
    action = person.takes[0].action
    turned = read_fingers(person.armature, action, take_frames(person.armature, action))["left_hand"]
    return np.linalg.norm(quaternion_to_axis_angle(turned[:, 1]), axis=-1)


def test_the_avatars_fingers_move_as_recorded_and_can_be_told_otherwise(fingered):
    person = fingered
    assert hand_choices(person)[-1] == "RECORDED" and len(person.armature.data.bones) == 54
    assert bent(person).max() == pytest.approx(MOST, abs=0.03) and bent(person).min() < 0.03
    keys = [key_of(person.mesh, name).value for name in (RELAXED, HOLDING)]
    assert keys == [0, 0]
    person.hand_pose = "HOLDING"
    assert key_of(person.mesh, HOLDING).value == 1
    assert read_fingers(person.armature, person.takes[0].action, np.arange(3.0)) == {}
    person.hand_pose = "RECORDED"
    assert bent(person).max() == pytest.approx(MOST, abs=0.03)
    scene = bpy.context.scene
    scene.frame_set(1 + round(np.pi / 4 * 30))
    posed = person.armature.evaluated_get(bpy.context.evaluated_depsgraph_get()).pose.bones
    straight = person.armature.data.bones["left_index1"], person.armature.data.bones["left_index3"]
    reach = (posed["left_index3"].tail - posed["left_index1"].head).length
    assert reach < 0.85 * (straight[1].tail_local - straight[0].head_local).length


def test_a_characters_fingers_move_as_the_avatars(fingered):
    hero = make_rig(Rig("unreal", droop=50, roll=40, fingers="unreal"), "hero", bpy.context.scene)
    bpy.context.view_layer.update()
    fingered.character.armature = hero
    bpy.ops.threepoint.put_on_character()
    frames = take_frames(fingered.armature, fingered.takes[0].action)
    fcurves = {
        f.array_index: f for f in all_fcurves(fingered.takes[0].character_action) if '"index_02_l"' in f.data_path
    }
    found = 2 * np.arccos(np.clip(np.abs(values_at(fcurves[0], frames)), 0, 1))
    assert np.ptp(found) > 0.5
    # Bones point where the player's did: at rest the character's finger is straight, and the avatar's is not quite.
    np.testing.assert_allclose(found - found[0], bent(fingered) - bent(fingered)[0], atol=0.01)
    fingered.hand_pose = "HOLDING"
    bpy.ops.threepoint.put_on_character()
    fcurves = [f for f in all_fcurves(fingered.takes[0].character_action) if '"index_02_l"' in f.data_path]
    assert {len(fcurve.keyframe_points) for fcurve in fcurves} == {1}


def test_fingers_have_every_programs_names(fingered):
    before = bent(fingered)
    fingered.rotation_order = "XYZ"
    for preset in NAMES:
        fingered.bone_names = preset
        assert set(FINGER_NAMES[preset]) <= set(fingered.armature.data.bones.keys())
        assert np.abs(bent(fingered) - before).max() < 1e-5
        assert set(FINGER_NAMES[preset]) <= {group.name for group in fingered.mesh.vertex_groups}


def test_another_height_moves_the_fingers_along(fingered):
    person, before = fingered, fingered.armature.data.bones["left_index1"].head_local.x
    taller = replace(wild_motion(61), betas=np.array([2.0, *[0] * 9]))
    predictions.receive_motion(person, taller, bpy.context.scene)
    wrist, knuckle = (person.armature.data.bones[name] for name in ("left_wrist", "left_index1"))
    assert knuckle.head_local.x > before + 0.02 and (knuckle.head_local - wrist.head_local).length < 0.15
    assert bent(person).max() > 0.5


def test_fingers_go_into_every_file(fingered, tmp_path):
    take = fingered.takes[0]
    avatar = AvatarCopy(fingered.armature, fingered.mesh, take.action, fingered.betas, "")
    kinds = {"VRMA": ".vrma", "BVH": ".bvh", "GLTF": ".glb", "NPZ": ".npz"}
    files = {suffix: tmp_path / f"hand{suffix}" for suffix in kinds.values()}
    choices = Choices("SMPL", "SMPLH", False)
    begun = [Export(kind, files[suffix], avatar, bpy.context.scene, choices) for kind, suffix in kinds.items()]
    for one in begun:
        one.wait()
    with np.load(files[".npz"]) as arrays:
        poses = arrays["poses"].reshape(-1, 52, 3)
    left, right = poses[:, 23], poses[:, 38]  # The index fingers' second joints bend about the model's Z.
    assert np.abs(np.linalg.norm(left, axis=-1) - bent(fingered)).max() < 1e-4
    assert left[:, 2].min() < -0.7 and right[:, 2].max() > 0.7
    document = Glb.read(files[".vrma"]).document
    assert set(FINGER_NAMES["VRM"]) <= set(document["extensions"]["VRMC_vrm_animation"]["humanoid"]["humanBones"])
    assert all(f"JOINT {name}\n" in files[".bvh"].read_text() for name in FINGER_NAMES["SMPL"])
    glb = Glb.read(files[".glb"])
    animation = glb.document["animations"][0]
    for channel in animation["channels"]:
        node = glb.document["nodes"][channel["target"]["node"]]["name"]
        if node == "left_index2" and channel["target"]["path"] == "rotation":
            values = glb.floats(animation["samplers"][channel["sampler"]]["output"])
            turn = 2 * np.arccos(np.clip(np.abs((values * values[0]).sum(-1)), 0, 1))
            assert turn.max() == pytest.approx(MOST, abs=0.05)
            break
    else:
        pytest.fail("no finger turns")


def test_recordings_without_fingers_are_offered_none(scene, person):
    bpy.ops.threepoint.predict()
    assert "RECORDED" not in hand_choices(person) and len(person.armature.data.bones) == 24
