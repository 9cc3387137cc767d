"""What Blender's own importers, with the settings that they come with, make of the exports."""

from types import SimpleNamespace

import bpy
import numpy as np
import pytest
from exports_made import looked_at

from threepoint.blender_addon.avatar.bone_names import MIXAMO
from threepoint.blender_addon.state.new_file import empty_file
from threepoint.model_core.body import load_body
from threepoint.model_core.geometry.kinematics import forward_kinematics
from threepoint.model_core.geometry.rotations import axis_angle_to_matrix

MILLIMETRE = 1e-3
IMPORTERS = {
    "FBX": (lambda path: bpy.ops.import_scene.fbx(filepath=path), 1),
    "GLTF": (lambda path: bpy.ops.import_scene.gltf(filepath=path), 0),
    "BVH": (lambda path: bpy.ops.import_anim.bvh(filepath=path), 1),
    "USD": (lambda path: bpy.ops.wm.usd_import(filepath=path), 0),
}
"""Each importer, and the frame at which it puts second 0."""
BY_SECONDS = ("FBX", "GLTF")
"""Formats that hold seconds; the others' frames are taken for the scene's."""
IMPORTED_AT = 30
LOOKED_AT = (0, 1, 17, 40, -1)


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("kind", IMPORTERS)  # Blender's importer of BVH does not close its file.
def test_poses_skin_and_times_arrive(exported, kind):
    empty_file(IMPORTED_AT)
    read, first = IMPORTERS[kind]
    read(str(exported.files[kind]))
    armature = next(item for item in bpy.data.objects if item.type == "ARMATURE")
    mesh = next((item for item in bpy.data.objects if item.find_armature() == armature), None)
    assert (mesh is None) == (kind == "BVH")
    rows = np.arange(exported.frames)[list(LOOKED_AT)]
    frames = first + rows * (IMPORTED_AT / exported.fps if kind in BY_SECONDS else 1)
    names = [name.replace(":", "_") if kind == "USD" else name for name in MIXAMO]
    joints, _, skin = looked_at(SimpleNamespace(armature=armature, mesh=mesh), frames, names)
    assert np.abs(joints - exported.joints[rows]).max() < MILLIMETRE
    if mesh is not None:
        assert np.abs(skin - exported.skin[rows]).max() < MILLIMETRE


def test_the_npz_has_amass_columns_the_take_and_its_uncertainty(exported):
    with np.load(exported.files["NPZ"]) as arrays:
        assert arrays["poses"].shape == (exported.frames, 156) and arrays["mocap_framerate"] == pytest.approx(
            exported.fps
        )
        shared = np.bincount(arrays["uncertainty_index"].ravel(), arrays["uncertainty_weight"].ravel(), 32)
        mean = 100 * arrays["uncertainty"] @ (shared / len(arrays["uncertainty_index"]))
        assert np.abs(mean - exported.uncertainty).max() < 1e-3
        rest = load_body().rest_joints(arrays["betas"])
        local = axis_angle_to_matrix(arrays["poses"][:, :72].reshape(-1, 24, 3).astype(float))
        _, found = forward_kinematics(local, arrays["trans"] + rest[0], rest)
        assert np.abs(found - exported.own).max() < MILLIMETRE
