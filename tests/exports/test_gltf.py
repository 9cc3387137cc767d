"""glTF binaries: written and read, put right after Blender's exporter, and VRM animations."""

import numpy as np
import pytest

from threepoint.model_core.errors import InputError
from threepoint.model_core.exports.gltf_binary import Glb
from threepoint.model_core.exports.gltf_finish import (
    VALUE,
    VERTEX,
    ColourRange,
    colour_over_time,
    free_mesh,
    metres_of,
    set_seconds,
)
from threepoint.model_core.exports.vrma import write_vrma
from threepoint.model_core.motion import Uncertainty
from threepoint.tests.exports.test_bvh import clip_of

FRAMES, VERTICES, PROBES = 120, 60, 6
HUMANOID = (
    "hips", "leftUpperLeg", "rightUpperLeg", "spine", "leftLowerLeg", "rightLowerLeg", "chest", "leftFoot", "rightFoot",
    "upperChest", "leftToes", "rightToes", "neck", "leftShoulder", "rightShoulder", "head", "leftUpperArm",
    "rightUpperArm", "leftLowerArm", "rightLowerArm", "leftHand", "rightHand",
)  # fmt: skip


@pytest.fixture
def body():
    """A mesh below a bone, as Blender writes it at 29.97 frames a second: too fast, its vertices in another order."""
    glb = Glb({
        "asset": {"version": "2.0"}, "scene": 0, "scenes": [{"nodes": [0]}],
        "nodes": [{"name": "bones", "children": [1, 2]}, {"name": "hips"}, {"name": "body", "mesh": 0}],
        "meshes": [{"primitives": [{"attributes": {}}]}],
    })  # fmt: skip
    attributes = glb.document["meshes"][0]["primitives"][0]["attributes"]
    attributes["POSITION"] = glb.add(np.zeros((VERTICES, 3)), is_vertices=True)
    attributes[VERTEX] = glb.add(np.arange(VERTICES)[::-1].astype(float), is_vertices=True)
    seconds = glb.add(np.arange(FRAMES) / (30 * 1.001))
    sampler = {"input": seconds, "output": glb.add(np.zeros((FRAMES, 4)))}
    channel = {"sampler": 0, "target": {"node": 1, "path": "rotation"}}
    glb.document["animations"] = [{"name": "x", "samplers": [sampler], "channels": [channel]}]
    return glb


@pytest.fixture
def uncertainty():
    rng = np.random.default_rng(0)
    time = np.arange(FRAMES)[:, None]
    probes = (0.08 + 0.06 * np.sin(time / 20 + np.arange(PROBES))).astype(np.float32)
    weight = rng.random((VERTICES, 4)).astype(np.float32)
    index = rng.integers(0, PROBES, (VERTICES, 4)).astype(np.int32)
    return Uncertainty(probes, index, weight / weight.sum(1, keepdims=True))


SCALE = ColourRange(np.linspace([0.5, 0.6, 0.7], [0.9, 0.1, 0.2], 512), 0.02, 0.15)


def test_a_file_comes_back(body, tmp_path):
    body.write(tmp_path / "a.glb")
    again = Glb.read(tmp_path / "a.glb")
    assert again.document == body.document and again.binary == body.binary
    (tmp_path / "cut.glb").write_bytes((tmp_path / "a.glb").read_bytes()[:-4])
    with pytest.raises(InputError, match="no whole glTF binary"):
        Glb.read(tmp_path / "cut.glb")


@pytest.mark.parametrize("rate", [24000 / 1001, 30000 / 1001, 60000 / 1001, 60.0])
def test_seconds_are_those_of_the_frames(body, rate):
    set_seconds(body, FRAMES, rate, "walk")
    (sampler,) = body.document["animations"][0]["samplers"]
    assert np.array_equal(body.floats(sampler["input"])[:, 0], (np.arange(FRAMES) / rate).astype(np.float32))
    assert body.document["accessors"][sampler["input"]]["min"] == [0.0]
    assert body.document["animations"][0]["name"] == "walk"


def test_colours_change_as_the_uncertainty_does(body, uncertainty):
    colour_over_time(body, uncertainty, SCALE, 30.0)
    primitive = body.document["meshes"][0]["primitives"][0]
    attributes, animation = primitive["attributes"], body.document["animations"][0]
    base = body.floats(attributes["COLOR_0"])
    targets = np.stack([body.floats(target["COLOR_0"]) for target in primitive["targets"]])
    weights = body.floats(animation["samplers"][-1]["output"]).reshape(FRAMES, -1)
    assert animation["channels"][-1]["target"] == {"node": 2, "path": "weights"} and np.abs(weights).max() <= 1
    shown = base + np.einsum("tk,kvc->tvc", weights, targets)
    wanted = SCALE.of(metres_of(uncertainty, uncertainty.probes))[:, ::-1]
    assert np.ptp(wanted, axis=0).max() > 0.1 and np.abs(shown - wanted).max() < 0.01
    mean = metres_of(uncertainty, uncertainty.probes).mean(0)[::-1]
    assert VERTEX not in attributes and np.abs(body.floats(attributes[VALUE])[:, 0] - mean).max() < 1e-6


def test_shape_keys_stay_what_they_are_beside_the_colours(body, uncertainty):
    mesh = body.document["meshes"][0]
    moved = body.add(np.ones((VERTICES, 3)), is_vertices=True)
    mesh["primitives"][0]["targets"], mesh["weights"] = [{"POSITION": moved}], [0.7]
    colour_over_time(body, uncertainty, SCALE, 30.0)
    targets, weights = mesh["primitives"][0]["targets"], mesh["weights"]
    output = body.floats(body.document["animations"][0]["samplers"][-1]["output"]).reshape(FRAMES, -1)
    assert len(targets) == len(weights) == output.shape[1] > 1 and weights[0] == 0.7
    assert np.allclose(output[:, 0], 0.7) and targets[0]["POSITION"] == moved
    assert not body.floats(targets[0]["COLOR_0"]).any() and len({frozenset(target) for target in targets}) == 1


def test_the_mesh_hangs_below_the_scene(body):
    free_mesh(body)
    assert body.document["nodes"][0]["children"] == [1] and body.document["scenes"][0]["nodes"] == [0, 2]


def test_a_vrm_animation_is_a_humanoid_in_t_pose_that_turns(tmp_path):
    clip, _ = clip_of(fps=30000 / 1001)
    write_vrma(tmp_path / "a.vrma", clip, {bone: joint for joint, bone in enumerate(HUMANOID)}, "walk")
    glb = Glb.read(tmp_path / "a.vrma")
    extension = glb.document["extensions"]["VRMC_vrm_animation"]
    assert glb.document["extensionsUsed"] == ["VRMC_vrm_animation"] and extension["specVersion"] == "1.0"
    bones = {bone: entry["node"] for bone, entry in extension["humanoid"]["humanBones"].items()}
    assert set(bones) == set(HUMANOID) and all("rotation" not in node for node in glb.document["nodes"])
    assert np.allclose(glb.document["nodes"][bones["hips"]]["translation"], clip.rest[0])
    animation = glb.document["animations"][0]
    found = {
        (c["target"]["node"], c["target"]["path"]): animation["samplers"][c["sampler"]] for c in animation["channels"]
    }
    turned = glb.floats(found[bones["leftLowerArm"], "rotation"]["output"])[:, [3, 0, 1, 2]]
    assert np.abs(np.abs((turned * clip.rotations[:, 18]).sum(-1)) - 1).max() < 1e-6
    assert np.abs(glb.floats(found[bones["hips"], "translation"]["output"]) - clip.translation).max() < 1e-6
    seconds = glb.floats(found[bones["hips"], "translation"]["input"])[:, 0]
    assert seconds[0] == 0 and seconds[-1] == pytest.approx(89 * 1001 / 30000)


def test_a_vrm_animation_without_a_needed_bone_is_refused(tmp_path):
    clip, _ = clip_of(frames=2)
    with pytest.raises(InputError, match="needs the bones head"):
        write_vrma(tmp_path / "a.vrma", clip, {b: j for j, b in enumerate(HUMANOID) if b != "head"}, "walk")
