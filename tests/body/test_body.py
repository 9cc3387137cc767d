"""The body against smplx, which is the reference for SMPL's forward pass."""

import re
from dataclasses import replace

import numpy as np
import pytest
import smplx
import torch
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from smplx.utils import Struct
from smplx.vertex_ids import vertex_ids

from threepoint.model_core.body import DEFAULT_BODY, skin
from threepoint.model_core.body import model as body_module
from threepoint.model_core.body.probes import choose_probes
from threepoint.model_core.errors import InputError
from threepoint.model_core.geometry.kinematics import forward_kinematics
from threepoint.model_core.geometry.rotations import axis_angle_to_matrix
from threepoint.model_core.geometry.skeleton import HEAD, JOINT_NAMES, LEFT_WRIST, MIRRORED, PELVIS

MEAN = np.zeros(10, np.float32)
LARGEST_FILE = 2_000_000


@pytest.fixture(scope="module")
def arrays():
    with np.load(DEFAULT_BODY, allow_pickle=False) as archive:
        return dict(archive)


def reference(arrays):
    # smplx's own default landmarks are vertices of SMPL's mesh, up to 6,889: ours has other ones but more of them.
    return smplx.SMPL("", data_struct=Struct(**arrays), create_transl=False, vertex_ids=vertex_ids["smplh"])


def random_poses(count, seed=0):
    """Joint rotations (count, 24, 3) in radians up to wild ones, places and shapes."""
    rng = np.random.default_rng(seed)
    pose = rng.normal(0, 0.7, (count, 24, 3))
    return (a.astype(np.float32) for a in (pose, rng.normal(0, 2, (count, 3)), rng.normal(0, 1.5, (count, 10))))


def smplx_forward(model, pose, betas):
    with torch.no_grad():
        result = model(
            betas=torch.tensor(betas),
            global_orient=torch.tensor(pose[:, 0]),
            body_pose=torch.tensor(pose[:, 1:]).reshape(len(pose), -1),
        )
    return result.vertices.numpy(), result.joints.numpy()[:, :24]


@pytest.mark.parametrize("corrected", [False, True], ids=["plain", "with pose correctives"])
@pytest.mark.parametrize("kind", [np.asarray, torch.tensor], ids=["numpy", "torch"])
def test_posed_mesh_and_joints_are_those_of_smplx(arrays, body, kind, corrected):
    pose, translation, betas = random_poses(20)
    if corrected:
        directions = np.random.default_rng(3).normal(0, 1e-3, arrays["posedirs"].shape).astype(np.float32)
        arrays, body = dict(arrays, posedirs=directions), replace(body, pose_directions=directions)
    vertices, joints = smplx_forward(reference(arrays), pose, betas)
    shift = translation[:, None] - joints[:, :1]  # Ours says where the pelvis joint goes, SMPL's `transl` is a shift.
    rotations = kind(axis_angle_to_matrix(pose))
    posed = skin(body, rotations, kind(translation), kind(betas))
    _, positions = forward_kinematics(rotations, kind(translation), body.rest_joints(kind(betas)))
    assert type(posed) is type(rotations) and posed.dtype == rotations.dtype
    np.testing.assert_allclose(posed, vertices + shift, atol=1e-5)
    np.testing.assert_allclose(positions, joints + shift, atol=1e-5)


def test_the_file_is_small_and_states_its_origin(arrays):
    assert DEFAULT_BODY.stat().st_size <= LARGEST_FILE
    assert "CC0" in str(arrays["about"])
    assert tuple(arrays["joint_names"]) == JOINT_NAMES


def test_rest_joints_are_those_of_the_baselines(body, shared):
    expected = np.load(shared / "baselines" / "valtest.npz")["rest_joints"]
    np.testing.assert_allclose(body.rest_joints(MEAN)[:22], expected, atol=1e-4)


def test_the_mean_person_stands_upright_facing_forward_in_t_pose(body):
    joints, vertices = body.rest_joints(MEAN), body.rest_vertices(MEAN)
    assert 1.70 < body.stature(MEAN) < 1.80
    assert joints[HEAD, 1] > joints[PELVIS, 1] and joints[LEFT_WRIST, 0] > 0.6
    assert joints[10, 2] > joints[7, 2] + 0.1, "toes are in front of the ankles"
    np.testing.assert_allclose(joints[list(MIRRORED)] * (-1, 1, 1), joints, atol=1e-5)
    assert vertices[:, 1].min() == body.sole(MEAN) < joints[10, 1]


def test_the_mesh_is_closed_and_faces_outwards(body):
    edges = np.concatenate([body.faces[:, [0, 1]], body.faces[:, [1, 2]], body.faces[:, [2, 0]]])
    assert len(np.unique(edges, axis=0)) == len(edges), "no edge is used twice in one direction"
    forward, backward = (set(map(tuple, pairs)) for pairs in (edges, edges[:, ::-1]))
    assert forward == backward, "each edge has a face on both sides"
    links = coo_matrix((np.ones(len(edges)), edges.T), (len(body.template),) * 2)
    assert connected_components(links)[0] == 4, "skin, two eyes and the tongue"
    a, b, c = (body.template[body.faces[:, corner]] for corner in range(3))
    volume = (a * np.cross(b, c)).sum() / 6
    assert 0.05 < volume < 0.08, "cubic metres"


def test_weights_are_convex_over_at_most_four_joints(body):
    np.testing.assert_array_equal(body.weights.sum(1), 1)
    assert body.weights.min() >= 0 and (body.weights > 0).sum(1).max() <= 4


def test_the_rest_pose_is_the_rest_shape(body):
    betas = np.linspace(-2, 2, 10)
    rest = body.rest_joints(betas)
    posed = skin(body, np.broadcast_to(np.eye(3), (24, 3, 3)), rest[0], betas)
    np.testing.assert_allclose(posed, body.rest_vertices(betas), atol=1e-6)


def test_hands_follow_the_wrists_where_they_are_not_given(body):
    pose, translation, betas = random_poses(3)
    pose[:, 22:] = 0
    rotations = axis_angle_to_matrix(pose)
    np.testing.assert_array_equal(
        skin(body, rotations[:, :22], translation, betas), skin(body, rotations, translation, betas)
    )


def test_few_vertices_are_skinned_as_among_all(body):
    pose, translation, _ = random_poses(6)
    chosen = np.array([5, 13_000, 77])
    rotations = axis_angle_to_matrix(pose)
    whole = skin(body, rotations, translation, MEAN)
    np.testing.assert_allclose(skin(body, rotations, translation, MEAN, chosen), whole[:, chosen], atol=1e-6)
    np.testing.assert_allclose(skin(body.only(chosen), rotations, translation, MEAN), whole[:, chosen], atol=1e-6)


def test_many_frames_are_skinned_in_parts_of_any_leading_shape(body, monkeypatch):
    pose, translation, betas = random_poses(12)
    few = body.only(np.arange(0, 13_000, 500))
    rotations = axis_angle_to_matrix(pose)
    at_once = skin(few, rotations, translation, betas)
    monkeypatch.setattr(body_module, "VERTICES_PER_BATCH", 5 * len(few.template))
    shaped = (a.reshape(3, 4, *a.shape[1:]) for a in (rotations, translation, betas))
    np.testing.assert_allclose(skin(few, *shaped).reshape(at_once.shape), at_once, atol=1e-6)
    assert skin(few, rotations[:0], translation[:0], MEAN).shape == (0, 26, 3)


def test_skinning_passes_gradients(body):
    pose, translation, _ = random_poses(2)
    pose, translation, betas = (torch.tensor(a, requires_grad=True) for a in (pose, translation, MEAN))
    skin(body, axis_angle_to_matrix(pose), translation, betas, [10, 20, 9000]).square().sum().backward()
    for leaf in (pose, translation, betas):
        assert torch.isfinite(leaf.grad).all() and leaf.grad.abs().sum() > 0


def test_a_body_takes_the_kind_of_other_arrays(body):
    double = body.like(torch.zeros(1, dtype=torch.float64))
    assert double.weights.dtype == torch.float64 and double.faces is body.faces
    back = double.like(MEAN)
    np.testing.assert_array_equal(back.template, body.template)
    assert body.like(MEAN).template is body.template


def test_all_arrays_follow_the_poses_to_their_device(body):
    """The meta device has shapes but no values, and refuses to mix with the processor's arrays."""
    rotations, translation, betas = (torch.zeros(2, *rest, device="meta") for rest in ((22, 3, 3), (3,), (10,)))
    assert skin(body, rotations, translation, betas).device.type == "meta"
    assert body.like(betas).size(betas).device.type == "meta"


@pytest.mark.parametrize("stature", [1.2, 1.55, 1.75, 2.05])
def test_betas_for_a_stature_give_it(body, stature):
    betas = body.betas_for(stature)
    assert body.stature(betas) == pytest.approx(stature, abs=1e-4)
    assert not betas[1:].any()


def test_a_standard_deviation_of_the_first_beta_is_nine_and_a_half_centimetres(body):
    assert body.stature(np.eye(10)[0]) - body.stature(MEAN) == pytest.approx(0.095, abs=0.005)


@pytest.mark.parametrize("stature", [0, -1.7, 175, float("nan")])
def test_absurd_statures_are_refused(body, stature):
    with pytest.raises(InputError, match=re.escape("expected a number between 0.5 and 2.6 metres")):
        body.betas_for(stature)


def test_size_is_relative_to_the_mean_person_and_works_for_many(body):
    people = np.zeros((3, 10), np.float32)
    people[:, 0] = (-1, 0, 2)
    sizes = body.size(people)
    assert sizes[1] == 1 and sizes[0] < 1 < sizes[2]
    np.testing.assert_allclose(body.size(torch.tensor(people)), sizes, rtol=1e-6)
    assert body.head_height(people).shape == body.sole(people).shape == (3,)


def test_probes_mix_neighbours_on_the_same_limb(body):
    vertices, index, weight = choose_probes(body, 128)
    assert len(set(vertices)) == 128 and index.shape == weight.shape == (len(body.template), 4)
    assert index.min() >= 0 and index.max() < 128
    np.testing.assert_allclose(weight.sum(1), 1, atol=1e-5)
    assert weight.min() >= 0
    places = body.template[vertices]
    spread = np.linalg.norm((places[index] * weight[..., None]).sum(1) - body.template, axis=-1)
    assert spread.max() < 0.1, "metres by which a vertex differs from the mix of its probes"
    shank, other_shank = body.weights[:, 4] > 0.9, body.weights[vertices, 5] > 0.1
    assert shank.any() and other_shank.any()
    assert (weight * other_shank[index]).sum(1)[shank].max() < 0.005, "share of the other leg"
    forearm = body.weights[:, 18] > 0.9
    assert (body.weights[vertices][index[forearm]][..., [16, 18, 20, 22]].sum(-1) > 0.5).all()


def test_what_changes_with_the_joints_is_met_between_the_probes(body):
    vertices, index, weight = choose_probes(body, 128)
    uncertainty_of_joint = np.linspace(0, 0.1, 24) ** 2 / 0.1
    field = body.weights @ uncertainty_of_joint
    error = np.abs((field[vertices][index] * weight).sum(1) - field)
    assert error.mean() < 0.002 and error.max() < 0.02, "metres, of a field from 0 to 0.1"
