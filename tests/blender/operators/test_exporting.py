"""Files written for other programs, read again: every bone and the skin where they were, all joints swinging."""

import sys
from dataclasses import replace
from pathlib import Path

import bpy
import numpy as np
import pytest
from animators import own_action
from bodies import wild_motion

from threepoint.blender_addon.animation.curves import curves_in
from threepoint.blender_addon.avatar.bone_names import NAMES
from threepoint.blender_addon.export import process
from threepoint.blender_addon.operators import exporting
from threepoint.blender_addon.state import predictions
from threepoint.blender_addon.state.new_file import empty_file
from threepoint.model_core.body import load_body
from threepoint.model_core.geometry.kinematics import forward_kinematics
from threepoint.model_core.geometry.rotations import axis_angle_to_matrix
from threepoint.model_core.geometry.skeleton import JOINT_COUNT, JOINT_NAMES

EVERY_FORMAT = ("FBX", "GLTF", "BVH", "USD", "VRMA", "NPZ")
FRAMES = (1, 40, 90)
MILLIMETRE = 1e-3


@pytest.fixture
def dancer(scene, person):
    """The person with an avatar whose every joint swings by up to a radian; a second take is there, not shown."""
    bpy.ops.threepoint.predict(kind="TAKE")
    motion = wild_motion(frames=181)
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


def export(kind, folder, **options):
    path = folder / f"walk{exporting.SUFFIX[kind]}"
    bpy.ops.threepoint.export(kind=kind, filepath=str(path), **options)
    return path


def bring_back(path):
    """The armature of a glTF in an empty file."""
    empty_file(30)
    bpy.ops.import_scene.gltf(filepath=str(path))
    return next(item for item in bpy.data.objects if item.type == "ARMATURE")


def test_an_npz_poses_the_body_as_it_is_seen(dancer, tmp_path):
    joints = joints_at(dancer.armature, FRAMES)
    with np.load(export("NPZ", tmp_path)) as arrays:
        assert arrays["poses"].shape[1] == 156
    with np.load(export("NPZ", tmp_path, columns="SMPL")) as arrays:
        assert arrays["poses"].shape[1] == 72 and arrays["mocap_framerate"] == 30
        rest = load_body().rest_joints(arrays["betas"])
        for frame, wanted in zip(FRAMES, joints, strict=True):
            local = axis_angle_to_matrix(arrays["poses"][frame - 1].reshape(JOINT_COUNT, 3).astype(float))
            _, found = forward_kinematics(local, arrays["trans"][frame - 1] + rest[0], rest)
            assert np.abs(found - wanted).max() < MILLIMETRE


@pytest.mark.slow
def test_what_is_hidden_or_layered_over_is_exported_as_the_take_alone(dancer, tmp_path):
    before = {kind: export(kind, tmp_path).read_bytes() for kind in ("NPZ", "GLTF")}
    bpy.ops.threepoint.push_takes()
    animation = dancer.armature.animation_data
    animation.action, animation.action_blend_type = own_action("tweak", 'pose.bones["head"].location'), "COMBINE"
    scene = bpy.context.scene
    selected = [item for item in scene.objects if item.select_get()]
    for item in (dancer.armature, dancer.mesh):
        item.hide_set(True)
        item.hide_viewport = item.hide_select = item.hide_render = True
    bpy.context.view_layer.layer_collection.children[0].exclude = True
    names, layer = sorted(item.name for item in bpy.data.objects), animation.action
    for kind, content in before.items():
        assert export(kind, tmp_path).read_bytes() == content
    assert sorted(item.name for item in bpy.data.objects) == names and animation.action == layer
    bpy.context.view_layer.layer_collection.children[0].exclude = False
    assert [item for item in scene.objects if item.select_get()] in ([], selected)


FULL_DISK = """
import resource, runpy, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000))
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
"""A child of which no file gets larger than that, as on a disk that is full."""


def test_on_a_full_disk_there_is_a_line_and_no_file_and_the_old_one_stays(dancer, tmp_path, monkeypatch):
    command = process.blender_command()
    monkeypatch.setattr(process, "blender_command", lambda: [command[0], "-c", FULL_DISK, *command[1:]])
    for kind in EVERY_FORMAT:
        path = tmp_path / f"walk{exporting.SUFFIX[kind]}"
        path.write_text("of yesterday")
        with pytest.raises(RuntimeError, match=rf"{path.name}: could not be written \(.+\)$") as refused:
            export(kind, tmp_path)
        assert "Traceback" not in str(refused.value) and len(str(refused.value).strip().splitlines()) == 1
        assert [file.name for file in tmp_path.iterdir() if file.suffix == path.suffix] == [path.name]
        assert path.read_text() == "of yesterday"


def test_a_folder_that_cannot_be_written_is_refused_before_the_work(dancer, tmp_path, monkeypatch):
    def refuse(path):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(Path, "touch", refuse)
    with pytest.raises(RuntimeError, match=r"walk.npz: could not be written \(Read-only file system\)"):
        export("NPZ", tmp_path)
    with pytest.raises(RuntimeError, match="The folder .*nowhere does not exist"):
        export("NPZ", tmp_path / "nowhere")


def test_a_child_that_dies_is_said_and_cancelling_leaves_nothing(dancer, tmp_path, monkeypatch):
    monkeypatch.setattr(process, "blender_command", lambda: [sys.executable, "-c", "raise SystemExit('it broke')"])
    with pytest.raises(RuntimeError, match=r"walk.fbx: could not be written \(it broke\)"):
        export("FBX", tmp_path)
    monkeypatch.setattr(process, "blender_command", lambda: [sys.executable, "-c", "import time; time.sleep(60)"])
    begun = exporting.export("FBX", tmp_path / "walk.fbx", dancer, bpy.context.scene)
    assert not begun.poll()
    begun.cancel()
    assert not any(file.suffix == ".fbx" for file in tmp_path.iterdir())


def test_without_a_mesh_or_a_curve_there_is_a_line(dancer, tmp_path):
    fcurves = curves_in(dancer.armature, dancer.takes[dancer.active_take].action).fcurves
    mesh = dancer.mesh
    with bpy.context.temp_override(selected_objects=[mesh]):
        bpy.ops.object.delete()
    with pytest.raises(RuntimeError, match="the avatar's mesh was deleted; predict again to get one"):
        export("FBX", tmp_path)
    assert export("NPZ", tmp_path).is_file()
    fcurves.remove(next(fcurve for fcurve in fcurves if fcurve.data_path.endswith("location")))
    with pytest.raises(RuntimeError, match="its curve .* is missing; predict this take again"):
        export("NPZ", tmp_path)


def test_a_format_that_this_blender_cannot_write_is_refused_in_a_line(scene, person, tmp_path, monkeypatch):
    bpy.ops.threepoint.predict()
    monkeypatch.setitem(exporting.EXPORTERS, "USD", "wm.usd_export_of_another_build")
    with pytest.raises(RuntimeError, match="This Blender cannot write USD: enable its add-on"):
        export("USD", tmp_path)


def test_bones_have_other_programs_names_in_the_file_only(dancer, tmp_path):
    names = "RIGIFY"
    wanted = joints_at(dancer.armature, [40])
    path = export("GLTF", tmp_path, names=names)
    assert set(dancer.armature.data.bones.keys()) == set(JOINT_NAMES)
    assert np.abs(joints_at(dancer.armature, [40]) - wanted).max() < 1e-6
    armature = bring_back(path)
    assert set(armature.data.bones.keys()) == set(NAMES[names])
