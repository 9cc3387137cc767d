"""What other programs' readers make of the exports: three.js, three-vrm, Khronos's validator, USD's own, BVH parsers.

``python3 tools test --loaders`` installs them; without, these tests are skipped.
"""

import json
import shutil
import subprocess

import numpy as np
import pytest

from threepoint.blender_addon.avatar.bone_names import MIXAMO, VRM
from threepoint.model_core.geometry.skeleton import BODY_JOINT_COUNT, LEFT_WRIST
from threepoint.tools.support.checkout import ROOT
from threepoint.tools.support.loaders import JAVASCRIPT, PYTHON

MILLIMETRE = 1e-3
ROWS = (0, 1, 30, -1)
NODE = shutil.which("node")
HUMANOID = VRM[:BODY_JOINT_COUNT]
needs_node = pytest.mark.skipif(
    NODE is None or not JAVASCRIPT.is_dir(), reason="python3 tools test --loaders installs what this reads with"
)
needs_python = pytest.mark.skipif(
    not PYTHON.is_file(), reason="python3 tools test --loaders installs what this reads with"
)


def read_by(script, path, exported, names=MIXAMO):
    """What a script of ``tests/loaders`` says of a file at the seconds of ``ROWS``, joints as an array."""
    seconds = ",".join(repr(row / exported.fps) for row in np.arange(exported.frames)[list(ROWS)].tolist())
    program = [NODE] if script.endswith(".mjs") else [str(PYTHON)]
    command = [*program, str(ROOT / "tests" / "loaders" / script), str(path), seconds, ",".join(names)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    said = json.loads(done.stdout.splitlines()[-1])
    said["joints"] = np.array(said["joints"])
    return said


def standing(joints):
    """Blender's places in the files' frame: +Y up, facing +Z."""
    return np.stack([joints[..., 0], joints[..., 2], -joints[..., 1]], -1)


def assert_plays(said, exported, joints, unit=1.0):
    assert said["duration"] == pytest.approx((exported.frames - 1) / exported.fps, abs=1e-5) and said["first"] == 0
    assert np.abs(said["joints"] * unit - standing(joints[list(ROWS)])).max() < MILLIMETRE


@needs_node
def test_three_js_plays_a_valid_gltf_with_its_uncertainty(exported):
    said = read_by("gltf.mjs", exported.files["GLTF"], exported)
    assert said["issues"]["numErrors"] == said["issues"]["numWarnings"] == 0, said["issues"]["messages"]
    assert said["clip"] == exported.title
    assert_plays(said, exported, exported.joints)
    assert np.ptp(said["colours"], axis=0).max() > 0.02


@needs_node
def test_three_js_plays_the_fbx_and_three_vrms_example_takes_it_for_mixamos(exported):
    said = read_by("fbx.mjs", exported.files["FBX"], exported)
    assert said["clip"] == "mixamo.com" and said["hipsParent"] == "Group "
    assert_plays(said, exported, exported.joints, unit=0.01)
    rest = np.array(said["rest"]) / 100  # The nodes stand in T-pose.
    assert abs(rest[LEFT_WRIST, 1] - rest[13, 1]) < 0.1 and rest[LEFT_WRIST, 0] > 0.5
    assert said["motionHipsHeight"] / 100 == pytest.approx(rest[0, 1])
    turned = np.array(said["turned"])[:, 1:BODY_JOINT_COUNT]
    with np.load(exported.files["NPZ"]) as arrays:
        poses = arrays["poses"][list(ROWS), 3 : 3 * BODY_JOINT_COUNT].reshape(len(ROWS), -1, 3)
    angle = np.linalg.norm(poses, axis=-1)
    assert np.abs(2 * np.arccos(np.clip(np.abs(turned[..., 3]), 0, 1)) - angle).max() < 1e-3
    axis = np.sign(turned[..., 3:]) * turned[..., :3] / np.sin(angle / 2)[..., None]
    assert np.abs(axis - poses / angle[..., None]).max() < 1e-3


@needs_node
def test_three_vrm_plays_the_vrm_animation_on_a_humanoid(exported):
    path = exported.files["VRMA"]
    own = exported.own * 1.2  # As large as the avatar, in the person's own space.
    assert_plays(read_by("vrma.mjs", path, exported, HUMANOID) | {"first": 0}, exported, own[:, :BODY_JOINT_COUNT])
    said = read_by("gltf.mjs", path, exported, HUMANOID)
    assert said["issues"]["numErrors"] == said["issues"]["numWarnings"] == 0
    assert_plays(said, exported, own[:, :BODY_JOINT_COUNT])


@needs_node
def test_three_js_plays_the_bvh(exported):
    assert_plays(read_by("bvh.mjs", exported.files["BVH"], exported), exported, exported.joints)


@needs_python
@pytest.mark.parametrize("parser", ["bvhio", "bvhtoolbox"])
def test_other_parsers_find_the_joints_of_the_bvh(exported, parser):
    assert_plays(read_by(f"{parser}_joints.py", exported.files["BVH"], exported), exported, exported.joints)


@needs_python
def test_usds_own_library_finds_no_fault_and_time_samples(exported):
    names = [name.replace(":", "_") for name in MIXAMO]
    said = read_by("usd_joints.py", exported.files["USD"], exported, names)
    assert said["validators"] > 5 and said["faults"] == [] and said["up"] == "Z" and said["metres"] == 1
    assert np.abs(said["joints"] - exported.joints[list(ROWS)]).max() < MILLIMETRE
    assert said["duration"] == pytest.approx((exported.frames - 1) / exported.fps, rel=1e-6) and said["first"] == 0
    if said["mean"]:  # Blender 4.2 has no library to write it with.
        assert np.allclose(said["mean"], exported.uncertainty[list(ROWS)], atol=1e-3) and said["samples"] > 5
