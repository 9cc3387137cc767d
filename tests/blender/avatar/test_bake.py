"""The armature, evaluated by Blender, against our own forward kinematics and skinning."""

import bpy
import numpy as np
import pytest
from bodies import BoxBody, animated_avatar, wild_motion

from threepoint.blender_addon.animation.curves import fcurves_of, keyframes_of
from threepoint.blender_addon.animation.timing import frames_to_seconds
from threepoint.blender_addon.avatar import hands
from threepoint.blender_addon.avatar.armature import create_avatar
from threepoint.blender_addon.avatar.bake import bake_motion, interpolate_motion, read_action, replace_frames
from threepoint.blender_addon.avatar.shape_keys import key_of
from threepoint.blender_addon.state.new_file import empty_file
from threepoint.model_core.body import load_body, skin
from threepoint.model_core.geometry.frames import MODEL_TO_BLENDER, convert_positions
from threepoint.model_core.geometry.kinematics import forward_kinematics
from threepoint.model_core.geometry.rotations import quaternion_to_matrix
from threepoint.model_core.geometry.skeleton import JOINT_NAMES

BODY = BoxBody()


def joints_and_vertices(motion, seconds):
    """Positions in Blender's frame by our own kinematics: joints (24, 3), vertices (V, 3)."""
    rotations, translation = interpolate_motion(motion, [seconds])
    local = np.concatenate([quaternion_to_matrix(rotations[0]), np.broadcast_to(np.eye(3), (2, 3, 3))])
    rest = BODY.rest_joints(motion.betas)
    world, joints = forward_kinematics(local, translation[0], rest)
    arms = BODY.rest_vertices(motion.betas)[:, None] - rest
    moved = np.einsum("vj,jab,vjb->va", BODY.weights, world, arms) + BODY.weights @ joints
    return convert_positions(joints, MODEL_TO_BLENDER), convert_positions(moved, MODEL_TO_BLENDER)


def evaluated_vertices(mesh):
    evaluated = mesh.evaluated_get(bpy.context.evaluated_depsgraph_get())
    points = np.empty(3 * len(evaluated.data.vertices), np.float32)
    evaluated.data.vertices.foreach_get("co", points)
    matrix = np.array(evaluated.matrix_world)
    return points.reshape(-1, 3) @ matrix[:3, :3].T + matrix[:3, 3]


@pytest.mark.parametrize("fps", [24, 60, 30 / 1.001])
def test_bones_and_mesh_are_where_the_motion_puts_them(fps):
    scene = empty_file(fps)
    motion = wild_motion()
    avatar = create_avatar(BODY, motion.betas, "Ann")
    bake_motion(avatar.armature, motion, scene, "walk")
    for frame in (1, 2, 17, 40, 61):
        scene.frame_set(frame)
        joints, vertices = joints_and_vertices(motion, frames_to_seconds(frame, scene))
        pose = avatar.armature.evaluated_get(bpy.context.evaluated_depsgraph_get()).pose
        heads = np.array([pose.bones[name].head for name in JOINT_NAMES])
        assert np.abs(heads - joints).max() < 1e-5
        assert np.abs(evaluated_vertices(avatar.mesh) - vertices).max() < 1e-5


def test_the_default_body_deforms_as_our_own_skinning_says():
    scene = empty_file(60)
    body, motion = load_body(), wild_motion()
    avatar = create_avatar(body, motion.betas, "Ann")
    key_of(avatar.mesh, hands.RELAXED).value = 0.0
    bake_motion(avatar.armature, motion, scene, "walk")
    scene.frame_set(40)
    pose = quaternion_to_matrix(motion.rotations[39])
    vertices = convert_positions(skin(body, pose, motion.translation[39], motion.betas), MODEL_TO_BLENDER)
    assert np.abs(evaluated_vertices(avatar.mesh) - vertices).max() < 1e-4


def test_bones_point_along_the_limbs_and_stand_on_the_floor():
    empty_file()
    avatar = create_avatar(BODY, np.zeros(10), "Ann")
    bones = avatar.armature.data.bones
    assert set(bones.keys()) == set(JOINT_NAMES)
    for upper, lower in [("left_hip", "left_knee"), ("right_shoulder", "right_elbow"), ("spine3", "neck")]:
        assert (bones[upper].tail_local - bones[lower].head_local).length < 1e-6
    for limb in ("hip", "knee", "shoulder", "elbow"):
        for side in ("left", "right"):
            assert bones[f"{side}_{limb}"].matrix_local.col[2].y < -0.95  # Z faces forward: elbows and knees bend on X.
    assert abs(evaluated_vertices(avatar.mesh)[:, 2].min()) < 1e-6


@pytest.mark.parametrize("fps", [24, 30, 60, 90])
def test_length_in_seconds_survives_every_frame_rate(fps):
    scene = empty_file(fps)
    motion = wild_motion(frames=1001, start=0.25)
    avatar = create_avatar(BODY, motion.betas, "Ann")
    action = bake_motion(avatar.armature, motion, scene, "walk")
    first, last = action.frame_range
    assert abs((last - first) / fps - motion.duration) <= 1 / fps
    assert abs(frames_to_seconds(first, scene) - motion.start) <= 0.5 / fps + 1e-6
    assert scene.render.fps == fps


def test_quaternions_never_jump_between_keyframes():
    scene = empty_file(60)
    motion = wild_motion()
    avatar = create_avatar(BODY, motion.betas, "Ann")
    bake_motion(avatar.armature, motion, scene, "walk")
    curves = [f for f in fcurves_of(avatar.armature) if f.data_path.endswith("rotation_quaternion")]
    assert len(curves) == 88
    assert max(np.abs(np.diff(keyframes_of(f)[:, 1])).max() for f in curves) < 0.1


def test_an_action_reads_back_as_the_motion():
    scene = empty_file(60)
    motion = wild_motion(start=0.5)
    avatar = create_avatar(BODY, motion.betas, "Ann")
    bake_motion(avatar.armature, motion, scene, "walk")
    back = read_action(avatar.armature, avatar.armature.animation_data.action, motion.betas, scene)
    assert back.frame_count == motion.frame_count and back.start == pytest.approx(0.5)
    assert np.abs(back.translation - motion.translation).max() < 1e-5
    same = np.abs((back.rotations * motion.rotations).sum(-1))
    assert (1 - same).max() < 1e-6


def test_a_replaced_range_is_the_new_motion_inside_and_the_old_one_outside():
    scene = empty_file(60)
    old, new = wild_motion(seed=1), wild_motion(seed=2)
    avatar = create_avatar(BODY, old.betas, "Ann")
    bake_motion(avatar.armature, old, scene, "walk")
    replace_frames(avatar.armature, avatar.armature.animation_data.action, new, scene, 50, 120)
    back = read_action(avatar.armature, avatar.armature.animation_data.action, old.betas, scene)
    is_old, is_new = (np.abs((back.rotations * m.rotations).sum(-1)).min(1) > 1 - 1e-6 for m in (old, new))
    assert is_old[:49].all() and is_old[120:].all() and not is_old[49:120].any()
    assert is_new[60:110].all()
    curves = [f for f in fcurves_of(avatar.armature) if f.data_path.endswith("rotation_quaternion")]
    assert max(np.abs(np.diff(keyframes_of(f)[:, 1])).max() for f in curves) < 0.5


def test_a_range_that_goes_beyond_the_take_is_new_to_its_very_end():
    scene = empty_file(60)
    old, new = wild_motion(seed=1), wild_motion(seed=2)
    avatar = create_avatar(BODY, old.betas, "Ann")
    bake_motion(avatar.armature, old, scene, "walk")
    for first, last, changed in ((-30, 60, slice(0, 50)), (120, 300, slice(130, 181))):
        replace_frames(avatar.armature, avatar.armature.animation_data.action, new, scene, first, last)
        back = read_action(avatar.armature, avatar.armature.animation_data.action, old.betas, scene)
        assert (np.abs((back.rotations * new.rotations).sum(-1)).min(1) > 1 - 1e-6)[changed].all()


def test_a_range_from_end_to_end_is_new_to_both_and_makes_the_take_no_longer():
    scene = empty_file(60)
    old, longer = wild_motion(seed=1), wild_motion(240, start=-0.5, seed=2)
    avatar = create_avatar(BODY, old.betas, "Ann")
    bake_motion(avatar.armature, old, scene, "walk")
    action = avatar.armature.animation_data.action
    for first, last in ((1, old.frame_count), (-20, 300)):
        replace_frames(avatar.armature, action, longer, scene, first, last)
        back = read_action(avatar.armature, action, old.betas, scene)
        assert (back.start, back.frame_count) == (pytest.approx(0), old.frame_count)
        new = longer.rotations[30 : 30 + old.frame_count]
        assert np.abs((back.rotations * new).sum(-1)).min() > 1 - 1e-6


def test_two_avatars_do_not_disturb_each_other():
    scene = empty_file(60)
    motions = [wild_motion(seed=1), wild_motion(seed=2)]
    avatars = [animated_avatar(motion, BODY, name, scene) for motion, name in zip(motions, "AB", strict=True)]
    scene.frame_set(50)
    for motion, avatar in zip(motions, avatars, strict=True):
        _, vertices = joints_and_vertices(motion, 49 / 60)
        assert np.abs(evaluated_vertices(avatar.mesh) - vertices).max() < 1e-5
