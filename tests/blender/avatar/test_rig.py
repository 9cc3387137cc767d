"""The rig: rotation orders, bone names, hands, pose correctives and foot contacts."""

from dataclasses import replace

import bpy
import numpy as np
import pytest
from bodies import BoxBody, wild_motion

from threepoint.blender_addon.animation.curves import fcurves_of, keyframes_of, use_action
from threepoint.blender_addon.animation.rotation_modes import EULER_ORDERS, ORDERS
from threepoint.blender_addon.avatar import contacts, hands
from threepoint.blender_addon.avatar.armature import create_avatar
from threepoint.blender_addon.avatar.bake import bake_motion, read_action, replace_frames, set_rotation_order
from threepoint.blender_addon.avatar.bone_names import NAMES, names_of, rename_bones
from threepoint.blender_addon.avatar.shape_keys import key_of
from threepoint.blender_addon.state.new_file import empty_file
from threepoint.model_core.body import load_body, skin
from threepoint.model_core.calibration.presets import palm_center
from threepoint.model_core.geometry.frames import MODEL_TO_BLENDER, convert_positions
from threepoint.model_core.geometry.rotations import quaternion_to_matrix
from threepoint.model_core.geometry.skeleton import JOINT_NAMES

BODY = BoxBody()
FIST_TILT = 30.0
"""Degrees by which the tube that a fist's fingers make leans towards the fingers."""


def bone_heads(armature, frame):
    bpy.context.scene.frame_set(frame)
    pose = armature.evaluated_get(bpy.context.evaluated_depsgraph_get()).pose
    return np.array([pose.bones[name].tail for name in names_of(armature)])


def evaluated_vertices(mesh):
    data = mesh.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
    points = np.empty(3 * len(data.vertices), np.float32)
    data.vertices.foreach_get("co", points)
    return points.reshape(-1, 3)


def baked(motion=None, body=BODY):
    scene, motion = empty_file(60), motion or wild_motion()
    avatar = create_avatar(body, motion.betas, "Ann")
    return scene, avatar, bake_motion(avatar.armature, motion, scene, "walk")


@pytest.mark.parametrize("order", EULER_ORDERS)
def test_every_rotation_order_holds_the_same_motion(order):
    scene, avatar, action = baked()
    wanted = [bone_heads(avatar.armature, frame) for frame in (1, 60, 150)]
    set_rotation_order(avatar.armature, order, [action])
    assert {bone.rotation_mode for bone in avatar.armature.pose.bones} == {order}
    turns = [f for f in fcurves_of(avatar.armature) if "rotation" in f.data_path]
    assert len(turns) == 66 and max(np.abs(np.diff(keyframes_of(f)[:, 1])).max() for f in turns) < 3.0
    for frame, heads in zip((1, 60, 150), wanted, strict=True):
        assert np.abs(bone_heads(avatar.armature, frame) - heads).max() < 1e-5
    bake_motion(avatar.armature, wild_motion(), scene, "again")
    assert np.abs(bone_heads(avatar.armature, 60) - wanted[1]).max() < 1e-5


def test_the_order_changes_for_all_takes_and_back():
    scene, avatar, first = baked()
    second = bake_motion(avatar.armature, wild_motion(seed=2), scene, "run")
    wanted = bone_heads(avatar.armature, 77)
    set_rotation_order(avatar.armature, "YXZ", [first, second])
    set_rotation_order(avatar.armature, "QUATERNION", [first, second])
    assert avatar.armature.animation_data.action == second
    assert np.abs(bone_heads(avatar.armature, 77) - wanted).max() < 1e-5
    use_action(avatar.armature, first)
    back = read_action(avatar.armature, avatar.armature.animation_data.action, np.zeros(10), scene)
    assert (1 - np.abs((back.rotations * wild_motion().rotations).sum(-1))).max() < 1e-6


@pytest.mark.parametrize("order", ["QUATERNION", "XYZ", "ZYX"])
def test_a_range_is_replaced_in_any_order(order):
    scene, avatar, action = baked(wild_motion(seed=1))
    set_rotation_order(avatar.armature, order, [action])
    replace_frames(avatar.armature, avatar.armature.animation_data.action, wild_motion(seed=2), scene, 50, 120)
    back = read_action(avatar.armature, avatar.armature.animation_data.action, np.zeros(10), scene)
    old, new = (np.abs((back.rotations * wild_motion(seed=s).rotations).sum(-1)).min(1) > 1 - 1e-6 for s in (1, 2))
    assert old[:49].all() and old[120:].all() and new[60:110].all()


@pytest.mark.parametrize("preset", ["MIXAMO", "VRM", "RIGIFY"])
def test_bones_take_other_names_for_good_and_every_take_still_plays(preset):
    scene, avatar, first = baked()
    wanted = bone_heads(avatar.armature, 60)
    other = bake_motion(avatar.armature, wild_motion(seed=2), scene, "run")
    wanted_other = bone_heads(avatar.armature, 60)
    rename_bones(avatar.armature, "VRM" if preset != "VRM" else "RIGIFY", [first, other])
    rename_bones(avatar.armature, preset, [first, other])
    assert set(avatar.armature.data.bones.keys()) == set(NAMES[preset])
    assert set(NAMES[preset]) <= set(avatar.mesh.vertex_groups.keys())
    assert np.abs(bone_heads(avatar.armature, 60) - wanted_other).max() < 1e-6
    use_action(avatar.armature, first)
    assert np.abs(bone_heads(avatar.armature, 60) - wanted).max() < 1e-6
    assert (
        np.abs(
            read_action(avatar.armature, avatar.armature.animation_data.action, np.zeros(10), scene).translation
            - wild_motion().translation
        ).max()
        < 1e-5
    )


def test_the_default_hands_hang_and_nothing_else_moves():
    empty_file()
    body = load_body()
    avatar = create_avatar(body, np.zeros(10), "Ann")
    relaxed = evaluated_vertices(avatar.mesh)
    key_of(avatar.mesh, hands.RELAXED).value = 0.0
    moved = relaxed - evaluated_vertices(avatar.mesh)
    size = np.linalg.norm(moved, axis=1)
    held = body.weights[:, [22, 23]].sum(1) == 0
    assert size[held].max() < 1e-6 and 0.03 < size.max() < 0.08
    assert moved[size > 0.02, 2].max() < 0  # Palms face the floor at rest: fingers bend that way.
    fingers = size > 0.005
    assert fingers[relaxed[:, 0] > 0].sum() > 300 and fingers[relaxed[:, 0] < 0].sum() > 300


def test_hands_that_hold_close_around_a_handle_at_the_palm():
    empty_file()
    body = load_body()
    avatar = create_avatar(body, np.zeros(10), "Ann")
    key_of(avatar.mesh, hands.RELAXED).value = 0.0
    flat = evaluated_vertices(avatar.mesh)
    key_of(avatar.mesh, hands.HOLDING).value = 1.0
    moved = np.linalg.norm(evaluated_vertices(avatar.mesh) - flat, axis=1)
    held = body.weights[:, [22, 23]].sum(1) == 0
    assert moved[held].max() < 1e-6 and 0.05 < moved.max() < 0.15
    wrist = np.asarray(body.rest_joints(np.zeros(10)), float)[20]
    palm = (
        convert_positions(wrist + palm_center(), MODEL_TO_BLENDER)
        + flat[0]
        - convert_positions(np.asarray(body.rest_vertices(np.zeros(10)), float)[0], MODEL_TO_BLENDER)
    )
    tips = (body.weights[:, 22] > 0.9) & (flat[:, 0] > np.quantile(flat[body.weights[:, 22] > 0.9, 0], 0.85))
    handle = convert_positions(
        np.array([np.sin(np.radians(FIST_TILT)), 0, np.cos(np.radians(FIST_TILT))]), MODEL_TO_BLENDER
    )
    before, after = (
        np.linalg.norm(np.cross(mesh[tips] - palm, handle), axis=1) for mesh in (flat, evaluated_vertices(avatar.mesh))
    )
    assert after.mean() < 0.045 and after.mean() < 0.6 * before.mean()


def test_a_mesh_without_fingers_is_left_alone():
    empty_file()
    assert create_avatar(BODY, np.zeros(10), "Ann").mesh.data.shape_keys is None


def test_fingers_of_a_body_that_says_how_they_rest_lie_so():
    empty_file()
    offsets = np.zeros((192, 3))
    offsets[180] = (0.01, -0.02, 0.03)
    body = BoxBody()
    body.relaxed_hands = offsets
    avatar = create_avatar(body, np.zeros(10), "Ann")
    plain = create_avatar(BODY, np.zeros(10), "Bob")
    moved = evaluated_vertices(avatar.mesh) - evaluated_vertices(plain.mesh)
    assert np.abs(moved - convert_positions(offsets, MODEL_TO_BLENDER)).max() < 1e-6


@pytest.mark.parametrize("order", ["QUATERNION", "ZXY"])
def test_pose_correctives_are_those_of_smpl(order):
    rng = np.random.default_rng(3)
    body = load_body()
    body = replace(body.only(np.arange(0, len(body.template), 40)), faces=np.array([[0, 1, 2]], np.int32))
    body = replace(body, pose_directions=rng.normal(0, 0.02, (len(body.template), 3, 207)).astype(np.float32))
    motion = wild_motion()
    scene, avatar, action = baked(motion, body)
    key_of(avatar.mesh, hands.RELAXED).value = 0.0
    set_rotation_order(avatar.armature, order, [action])
    for frame in (1, 40, 111):
        scene.frame_set(frame)
        posed = quaternion_to_matrix(motion.rotations[frame - 1])
        wanted = skin(body, posed, motion.translation[frame - 1], motion.betas)
        assert np.abs(evaluated_vertices(avatar.mesh) - convert_positions(wanted, MODEL_TO_BLENDER)).max() < 1e-4
    assert len(avatar.mesh.data.shape_keys.key_blocks) > 180


def test_correctives_can_be_left_out():
    empty_file()
    body = BoxBody()
    body.pose_directions = np.ones((192, 3, 207))
    body.template = np.zeros((192, 3))
    assert create_avatar(body, np.zeros(10), "Ann", correctives=False).mesh.data.shape_keys is None
    assert len(create_avatar(body, np.zeros(10), "Bob").mesh.data.shape_keys.key_blocks) == 1 + 21 * 9


def stepping_motion():
    """The left foot stands first and the right one afterwards; a flicker of 2 frames on either side."""
    likely = np.zeros((181, 4), np.float32)
    likely[:90, 0] = likely[95:, 3] = 0.9  # The left heel, the right toes.
    likely[40:42, 0] = 0.1
    likely[20:22, 1] = 0.9
    return replace(wild_motion(), contacts=likely)


def test_contacts_are_switches_markers_and_rings_of_the_take():
    scene, avatar, action = baked(stepping_motion())
    armature = avatar.armature
    rings = contacts.rings_of(armature)
    assert [ring.name for ring in rings] == ["Ann left foot stands", "Ann right foot stands"]
    for frame, wanted in ((1, (1, 0)), (42, (1, 0)), (90, (1, 0)), (93, (0, 0)), (120, (0, 1))):
        scene.frame_set(frame)
        graph = bpy.context.evaluated_depsgraph_get()
        assert tuple(armature.evaluated_get(graph)[contacts.switch_name(side)] for side in ("left", "right")) == wanted
        scales = [ring.evaluated_get(graph).matrix_world.to_scale().x for ring in rings]
        assert scales == pytest.approx(wanted, abs=1e-6)
    place = rings[1].evaluated_get(graph).matrix_world.translation
    foot = armature.evaluated_get(graph).pose.bones["right_ankle"]
    middle = (foot.head + foot.tail) / 2
    assert (place.xy - middle.xy).length < 1e-5
    marks = sorted((marker.frame, marker.name) for marker in action.pose_markers)
    assert marks == [(91, "left up"), (96, "right down")]


def test_rings_lie_under_the_soles_whatever_the_feet_stand_on():
    scene, avatar, _ = baked(stepping_motion())
    armature = avatar.armature
    for height in (0.0, 0.85):
        armature.location = 1, 2, height
        pose = armature.pose.bones
        for bone in pose:
            bone.matrix_basis.identity()
        armature.animation_data_clear()
        bpy.context.view_layer.update()
        sole = min((avatar.mesh.matrix_world @ vertex.co).z for vertex in avatar.mesh.data.vertices)
        for ring, name in zip(contacts.rings_of(armature), ("left_ankle", "right_ankle"), strict=True):
            place = ring.evaluated_get(bpy.context.evaluated_depsgraph_get()).matrix_world.translation
            middle = armature.matrix_world @ ((pose[name].head + pose[name].tail) / 2)
            assert (place.xy - middle.xy).length < 1e-5 and place.z == pytest.approx(sole, abs=0.02)


def test_rings_are_found_whatever_they_are_called():
    empty_file()
    avatars = [create_avatar(BODY, np.zeros(10), "Ann") for _ in range(2)]
    rings = [ring for avatar in avatars for ring in contacts.rings_of(avatar.armature)]
    assert len({ring.name for ring in rings}) == 4 and {ring.parent for ring in rings} == {a.armature for a in avatars}


def test_contacts_change_with_a_range_and_with_the_take_and_are_read_back():
    scene, avatar, action = baked(stepping_motion())
    action.pose_markers.new("jump").frame = 5
    standing = replace(wild_motion(seed=2), contacts=np.ones((181, 4), np.float32))
    replace_frames(avatar.armature, avatar.armature.animation_data.action, standing, scene, 60, 100)
    back = read_action(avatar.armature, avatar.armature.animation_data.action, np.zeros(10), scene)
    assert back.contacts[:, 0].sum() == 100 and back.contacts[:, 1].sum() == 41 + 81
    marks = sorted((marker.frame, marker.name) for marker in action.pose_markers)
    assert marks == [(5, "jump"), (60, "right down"), (101, "left up")]
    other = bake_motion(avatar.armature, standing, scene, "stand")
    assert not other.pose_markers
    use_action(avatar.armature, action)
    scene.frame_set(150)
    assert avatar.armature.evaluated_get(bpy.context.evaluated_depsgraph_get())["left_foot_contact"] == 0


def test_a_motion_without_contacts_has_no_switches_animated():
    _, avatar, _ = baked()
    assert not [f for f in fcurves_of(avatar.armature) if "contact" in f.data_path]
    assert all(name in avatar.armature.data.bones for name in JOINT_NAMES)
    assert ORDERS[0] == avatar.armature.pose.bones[0].rotation_mode


def test_rings_and_correctives_follow_bones_to_their_new_names():
    empty_file()
    body = BoxBody()
    body.pose_directions, body.template = np.ones((192, 3, 207)), np.zeros((192, 3))
    avatar = create_avatar(body, np.zeros(10), "Ann")
    rename_bones(avatar.armature, "MIXAMO")
    followed = [ring.constraints[0].subtarget for ring in contacts.rings_of(avatar.armature)]
    assert followed == ["mixamorig:LeftFoot", "mixamorig:RightFoot"]
    drivers = avatar.mesh.data.shape_keys.animation_data.drivers
    targets = {variable.targets[0].bone_target for d in drivers for variable in d.driver.variables}
    assert targets == set(NAMES["MIXAMO"][1:22])
