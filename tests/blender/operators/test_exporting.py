"""Files written for other programs, read again: every bone and the skin where they were, all joints swinging."""

from dataclasses import replace

import bpy
import numpy as np
import pytest
from bodies import wild_motion

from threepoint.blender_addon.avatar.bone_names import NAMES
from threepoint.blender_addon.operators import exporting
from threepoint.blender_addon.state import predictions
from threepoint.blender_addon.state.new_file import empty_file
from threepoint.model_core.body import load_body
from threepoint.model_core.geometry.kinematics import forward_kinematics
from threepoint.model_core.geometry.rotations import axis_angle_to_matrix
from threepoint.model_core.geometry.skeleton import JOINT_COUNT, JOINT_NAMES

FRAMES = (1, 40, 90)
MILLIMETRE = 1e-3
SHIFTS = (0, -1, 1)
"""Formats hold seconds; Blender's importers differ in the frame that is second 0."""


@pytest.fixture
def dancer(scene, person):
    """The person with an avatar whose every joint swings by up to a radian; a second take is there, not shown."""
    bpy.ops.threepoint.predict(kind="TAKE")
    motion = wild_motion(frames=241)
    predictions.receive_motion(person, replace(motion, betas=np.array(person.betas)), scene)
    return person


def joints_at(armature, frames):
    """World positions of all bones' heads (frames, 24, 3)."""
    found = []
    for frame in frames:
        bpy.context.scene.frame_set(frame)
        posed = armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
        found.append([list(posed.matrix_world @ posed.pose.bones[name].head) for name in JOINT_NAMES])
    return np.array(found)


def skin_at(mesh, frames):
    """World bounds (frames, 2, 3) of a skinned mesh."""
    found = []
    for frame in frames:
        bpy.context.scene.frame_set(frame)
        skinned = mesh.evaluated_get(bpy.context.evaluated_depsgraph_get())
        points = np.empty(3 * len(skinned.data.vertices), np.float32)
        skinned.data.vertices.foreach_get("co", points)
        matrix = np.array(skinned.matrix_world)
        places = points.reshape(-1, 3) @ matrix[:3, :3].T + matrix[:3, 3]
        found.append([places.min(0), places.max(0)])
    return np.array(found)


def export(kind, folder, **options):
    path = folder / f"walk{exporting.SUFFIX[kind]}"
    bpy.ops.threepoint.export(kind=kind, filepath=str(path), **options)
    return path


def bring_back(kind, path):
    """Into an empty file, with nothing but Blender's own importer; the armature and the mesh, which BVH has not."""
    empty_file(30)
    importers = {
        "FBX": lambda: bpy.ops.import_scene.fbx(filepath=str(path)),
        "GLTF": lambda: bpy.ops.import_scene.gltf(filepath=str(path)),
        "BVH": lambda: bpy.ops.import_anim.bvh(filepath=str(path), axis_forward="Y", axis_up="Z"),
        "USD": lambda: bpy.ops.wm.usd_import(filepath=str(path)),
    }
    importers[kind]()
    armature = next(item for item in bpy.data.objects if item.type == "ARMATURE")
    return armature, next((item for item in bpy.data.objects if item.find_armature() == armature), None)


@pytest.mark.parametrize("kind", ["FBX", "GLTF", "BVH", "USD"])
def test_exports_come_back_with_the_same_pose_and_skin(dancer, tmp_path, kind):
    joints, skin = joints_at(dancer.armature, FRAMES), skin_at(dancer.mesh, FRAMES)
    assert np.ptp(joints - joints[:, :1], axis=0).max() > 0.3
    armature, mesh = bring_back(kind, export(kind, tmp_path))
    assert (mesh is None) == (kind == "BVH")
    errors = [np.abs(joints_at(armature, np.add(FRAMES, shift)) - joints).max() for shift in SHIFTS]
    assert min(errors) < MILLIMETRE
    if mesh is not None:
        later = np.add(FRAMES, SHIFTS[np.argmin(errors)])
        assert np.abs(skin_at(mesh, later) - skin).max() < MILLIMETRE


def test_an_npz_poses_the_body_as_it_is_seen(dancer, tmp_path):
    joints = joints_at(dancer.armature, FRAMES)
    with np.load(export("NPZ", tmp_path)) as arrays:
        assert arrays["poses"].shape[1] == 72 and arrays["mocap_framerate"] == 30
        rest = load_body().rest_joints(arrays["betas"])
        for frame, wanted in zip(FRAMES, joints, strict=True):
            local = axis_angle_to_matrix(arrays["poses"][frame - 1].reshape(JOINT_COUNT, 3).astype(float))
            _, found = forward_kinematics(local, arrays["trans"][frame - 1] + rest[0], rest)
            assert np.abs(found - wanted).max() < MILLIMETRE


@pytest.mark.parametrize("kind", ["NPZ", "GLTF", "FBX"])
def test_takes_on_the_nla_are_exported_too(scene, person, tmp_path, kind):
    bpy.ops.threepoint.predict()
    bpy.ops.threepoint.predict(kind="TAKE")
    bpy.ops.threepoint.push_takes()
    assert export(kind, tmp_path).stat().st_size > 1000 and person.armature.animation_data.action is None


def test_a_format_that_this_blender_cannot_write_is_refused_in_a_line(scene, person, tmp_path, monkeypatch):
    bpy.ops.threepoint.predict()
    monkeypatch.setitem(exporting.EXPORTERS, "USD", "wm.usd_export_of_another_build")
    with pytest.raises(RuntimeError, match="This Blender cannot write USD: enable its add-on"):
        export("USD", tmp_path)


@pytest.mark.parametrize("names", ["MIXAMO", "VRM", "RIGIFY"])
def test_bones_have_other_programs_names_in_the_file_only(dancer, tmp_path, names):
    wanted = joints_at(dancer.armature, [40])
    path = export("GLTF", tmp_path, names=names)
    assert set(dancer.armature.data.bones.keys()) == set(JOINT_NAMES)
    assert np.abs(joints_at(dancer.armature, [40]) - wanted).max() < 1e-6
    armature, _ = bring_back("GLTF", path)
    assert set(armature.data.bones.keys()) == set(NAMES[names])
