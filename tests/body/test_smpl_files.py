"""Users' own SMPL, SMPL-H and SMPL-X files: read alike, never run."""

import io
import os
import pickle
import struct
import sys
import types

import numpy as np
import pytest
import scipy.sparse
import torch
from smplx.lbs import lbs

from threepoint.model_core.body import load_body, skin
from threepoint.model_core.body.smpl_files import KEYS, LARGEST_FILE, read_smpl
from threepoint.model_core.errors import InputError
from threepoint.model_core.geometry.rotations import axis_angle_to_matrix
from threepoint.model_core.geometry.skeleton import PARENTS

VERTICES = 40
HAND = [-1, 0, 1, -1, 3, 4, -1, 6, 7, -1, 9, 10, -1, 12, 13]
"""Parents inside a hand; -1 is the wrist."""


def _hand_parents(wrist, first):
    return [wrist if parent < 0 else first + parent for parent in HAND]


TREES = {
    24: list(PARENTS),
    52: [*PARENTS[:22], *_hand_parents(20, 22), *_hand_parents(21, 37)],
    55: [*PARENTS[:22], 15, 15, 15, *_hand_parents(20, 25), *_hand_parents(21, 40)],
}


def synthetic_model(joints=24, shapes=10, seed=0):
    """Arrays in the form of a published model file, of somebody who stands, random otherwise."""
    rng = np.random.default_rng(seed)
    parents = np.array(TREES[joints], np.int64)
    parents[0] = 2**32 - 1
    template = rng.uniform([-0.5, -1.0, -0.1], [0.5, 0.7, 0.1], (VERTICES, 3))
    regressor = rng.dirichlet(np.ones(VERTICES), joints)
    for joint, way in ((15, 9), (7, -9), (8, -9), (10, -9), (11, -9)):  # The head is at the top, the feet below.
        regressor[joint] *= np.exp(way * template[:, 1])
    regressor /= regressor.sum(1, keepdims=True)
    return {
        "v_template": template,
        "f": rng.integers(0, VERTICES, (30, 3)).astype(np.uint32),
        "weights": rng.dirichlet(np.ones(joints), VERTICES),
        "J_regressor": regressor,
        "posedirs": rng.normal(0, 0.01, (VERTICES, 3, 9 * (joints - 1))),
        "shapedirs": rng.normal(0, 0.01, (VERTICES, 3, shapes)),
        "kintree_table": np.stack([parents, np.arange(joints)]),
    }


def write_npz(path, arrays):
    np.savez_compressed(path, **arrays)
    return path


class Python2Pickler(pickle._Pickler):
    """Writes bytes as Python 2 wrote its strings, as the published pickles have them."""

    def save_bytes(self, value):
        self.write(pickle.BINSTRING + struct.pack("<i", len(value)) + value)
        self.memoize(value)

    dispatch = {**pickle._Pickler.dispatch, bytes: save_bytes}


@pytest.fixture
def chumpy(monkeypatch):
    """Something that pickles as chumpy's arrays did; gone when files are read."""
    ch, reordering = types.ModuleType("chumpy.ch"), types.ModuleType("chumpy.reordering")
    ch.Ch = type("Ch", (), {"__module__": "chumpy.ch"})
    reordering.Select = type("Select", (), {"__module__": "chumpy.reordering"})
    for module in (types.ModuleType("chumpy"), ch, reordering):
        monkeypatch.setitem(sys.modules, module.__name__, module)

    def wrap(array, selected=False):
        inner = ch.Ch()
        inner.x, inner._dirty_vars = array, set()
        if not selected:
            return inner
        outer = reordering.Select()
        outer.a, outer.idxs, outer.preferred_shape = inner, np.arange(array.size), array.shape
        return outer

    return wrap


def write_old_pickle(path, arrays, chumpy):
    """A pickle as SMPL was published: chumpy arrays, a sparse regressor, Python 2's strings, further keys."""
    content = dict(arrays, bs_style="lbs", bs_type="lrotmin")
    content["v_template"] = chumpy(arrays["v_template"])
    content["shapedirs"] = chumpy(arrays["shapedirs"], selected=True)
    content["posedirs"] = np.asfortranarray(arrays["posedirs"])
    content["J_regressor"] = scipy.sparse.csc_matrix(arrays["J_regressor"])
    with open(path, "wb") as file:
        Python2Pickler(file, protocol=2).dump(content)
    return path


def assert_same_model(read, arrays):
    for key in ("v_template", "weights", "J_regressor", "posedirs", "shapedirs"):
        np.testing.assert_allclose(read[key], arrays[key], atol=1e-6, err_msg=key)
    np.testing.assert_array_equal(read["f"], arrays["f"])


def test_npz_is_read(tmp_path):
    arrays = synthetic_model()
    assert_same_model(read_smpl(write_npz(tmp_path / "smpl.npz", arrays)), arrays)


def test_old_pickle_is_read_without_chumpy(tmp_path, chumpy, monkeypatch):
    arrays = synthetic_model()
    path = write_old_pickle(tmp_path / "smpl.pkl", arrays, chumpy)
    for name in ("chumpy", "chumpy.ch", "chumpy.reordering"):
        monkeypatch.delitem(sys.modules, name)
    assert_same_model(read_smpl(path), arrays)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_plain_pickles_of_every_protocol_are_read(tmp_path, protocol):
    arrays = synthetic_model()
    content = dict(arrays, J_regressor=scipy.sparse.csr_matrix(arrays["J_regressor"]))
    path = tmp_path / "smpl.pkl"
    path.write_bytes(pickle.dumps(content, protocol=protocol))
    assert_same_model(read_smpl(path), arrays)


def test_big_endian_arrays_are_read(tmp_path):
    arrays = synthetic_model()
    path = tmp_path / "smpl.pkl"
    path.write_bytes(pickle.dumps(dict(arrays, v_template=arrays["v_template"].astype(">f8")), protocol=2))
    assert_same_model(read_smpl(path), arrays)


@pytest.mark.parametrize("joints, shapes", [(24, 10), (24, 300), (52, 16), (55, 400)])
def test_folded_models_move_as_the_unfolded_ones_with_hands_and_face_at_rest(tmp_path, joints, shapes):
    arrays = synthetic_model(joints, shapes)
    body = load_body(write_npz(tmp_path / "model.npz", arrays))
    rng = np.random.default_rng(1)
    pose = np.zeros((5, joints, 3))
    pose[:, :22] = rng.normal(0, 0.6, (5, 22, 3))
    betas = np.zeros((5, shapes))
    betas[:, :10] = rng.normal(0, 1, (5, 10))
    parents = torch.tensor(arrays["kintree_table"][0])
    parents[0] = -1
    a = {key: torch.tensor(value) for key, value in arrays.items() if key != "f"}
    features = a["posedirs"].reshape(-1, a["posedirs"].shape[-1]).T
    expected, expected_joints = lbs(
        torch.tensor(betas), torch.tensor(pose.reshape(5, -1)), a["v_template"], a["shapedirs"], features,
        a["J_regressor"], parents, a["weights"],
    )  # fmt: skip
    rotations = axis_angle_to_matrix(pose[:, :22])
    posed = skin(body, rotations, expected_joints[:, 0].numpy(), betas[:, :10])
    np.testing.assert_allclose(posed, expected, atol=1e-5)


@pytest.mark.parametrize(("joints", "first"), [(52, (22, 37)), (55, (25, 40))])
def test_relaxed_hands_are_the_mean_pose_of_the_fingers(tmp_path, joints, first):
    arrays = synthetic_model(joints)
    arrays["posedirs"] = np.zeros_like(arrays["posedirs"])
    means = np.random.default_rng(4).normal(0, 0.4, (2, 45))
    body = load_body(write_npz(tmp_path / "model.npz", dict(arrays, hands_meanl=means[0], hands_meanr=means[1])))
    pose = np.zeros((1, joints, 3))
    for place, mean in zip(first, means, strict=True):
        pose[0, place : place + 15] = mean.reshape(15, 3)
    parents = torch.tensor(arrays["kintree_table"][0])
    parents[0] = -1
    a = {key: torch.tensor(value) for key, value in arrays.items() if key != "f"}
    posed, _ = lbs(
        torch.zeros(1, 10).double(), torch.tensor(pose.reshape(1, -1)), a["v_template"], a["shapedirs"],
        a["posedirs"].reshape(-1, a["posedirs"].shape[-1]).T, a["J_regressor"], parents, a["weights"],
    )  # fmt: skip
    np.testing.assert_allclose(body.relaxed_hands, posed[0] - a["v_template"], atol=1e-5)
    assert np.abs(body.relaxed_hands).max() > 0.01


def test_hands_are_as_they_are_where_nothing_says_how_fingers_rest(tmp_path):
    assert load_body(write_npz(tmp_path / "smplh.npz", synthetic_model(52))).relaxed_hands is None
    assert load_body().relaxed_hands is None


def test_a_model_with_few_shapes_has_the_rest_at_zero(tmp_path):
    read = read_smpl(write_npz(tmp_path / "smpl.npz", synthetic_model(shapes=4)))
    assert read["shapedirs"].shape == (VERTICES, 3, 10)
    assert read["shapedirs"][..., :4].any() and not read["shapedirs"][..., 4:].any()


class Evil:
    """Unpickled as usual, it makes a file named "trace"."""

    def __reduce__(self):
        return (os.system, ("echo evil > trace",))


@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_a_hostile_pickle_is_refused_by_name_and_not_run(tmp_path, monkeypatch, protocol):
    monkeypatch.chdir(tmp_path)
    content = pickle.dumps(dict(synthetic_model(), v_template=Evil()), protocol=protocol)
    path = tmp_path / "smpl.pkl"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"smpl\.pkl: .*refused.*(posix|nt)\.system"):
        read_smpl(path)
    assert not (tmp_path / "trace").exists()
    pickle.loads(content)
    assert (tmp_path / "trace").exists(), "the same file does harm where it is unpickled as usual"


def test_inert_objects_cannot_be_used_to_build_others(tmp_path):
    path = tmp_path / "smpl.pkl"
    path.write_bytes(b"\x80\x02ccopy_reg\n_reconstructor\n(c__builtin__\nset\nc__builtin__\nobject\nNtR.")
    with pytest.raises(InputError, match="unknown kind"):
        read_smpl(path)


def test_arrays_of_objects_are_refused(tmp_path):
    arrays = synthetic_model()
    path = tmp_path / "smpl.pkl"
    path.write_bytes(pickle.dumps(dict(arrays, weights=np.array([None, 1], object))))
    with pytest.raises(InputError, match="expected numbers"):
        read_smpl(path)
    with pytest.raises(InputError, match="holds objects; expected numbers"):
        read_smpl(write_npz(tmp_path / "smpl.npz", dict(arrays, weights=np.array([None, 1], object))))


@pytest.mark.parametrize("key", KEYS)
def test_a_missing_array_is_named(tmp_path, key):
    arrays = {name: array for name, array in synthetic_model().items() if name != key}
    with pytest.raises(InputError, match=f"has no {key}$"):
        read_smpl(write_npz(tmp_path / "smpl.npz", arrays))


def _with(arrays, key, change):
    return dict(arrays, **{key: change(arrays[key])})


@pytest.mark.parametrize(
    "key, change, message",
    [
        ("weights", lambda a: a[:, :23], "23 joints; SMPL has 24"),
        ("weights", lambda a: a[:-1], r"weights has shape \(39, 24\), expected \(40, 24\)"),
        ("weights", lambda a: a[0, 0], "1 joints"),
        ("weights", lambda a: a * 0.5, "do not add up to 1"),
        ("v_template", lambda a: a[:, :2], r"v_template has shape \(40, 2\), expected \(40, 3\)"),
        ("v_template", lambda a: a * np.nan, "v_template has values that are not finite"),
        ("v_template", lambda a: a.astype("U8"), "v_template has values that are not finite numbers"),
        ("v_template", lambda a: a[:0], "expected"),
        ("f", lambda a: a + VERTICES, "outside 0..39"),
        ("f", lambda a: a[:0], "not empty"),
        ("J_regressor", lambda a: a.T, "J_regressor has shape"),
        ("posedirs", lambda a: a[..., :-1], "posedirs has shape"),
        ("shapedirs", lambda a: a[..., 0], "shapedirs has shape"),
        ("kintree_table", lambda a: a[:, ::-1], "not SMPL's tree"),
    ],
)
def test_a_wrong_array_is_named(tmp_path, key, change, message):
    path = write_npz(tmp_path / "smpl.npz", _with(synthetic_model(), key, change))
    with pytest.raises(InputError, match=message) as caught:
        read_smpl(path)
    assert str(caught.value).startswith(str(path)) and "\n" not in str(caught.value)


def test_truncated_files_are_refused_wherever_they_end(tmp_path, chumpy):
    arrays = synthetic_model()
    for whole in (write_npz(tmp_path / "a.npz", arrays), write_old_pickle(tmp_path / "a.pkl", arrays, chumpy)):
        content = whole.read_bytes()
        for length in np.linspace(1, len(content) - 1, 25).astype(int):
            cut = tmp_path / f"cut{whole.suffix}"
            cut.write_bytes(content[:length])
            with pytest.raises(InputError):
                read_smpl(cut)


def test_damaged_files_are_read_or_refused_with_one_line(tmp_path, chumpy):
    rng = np.random.default_rng(2)
    content = bytearray(write_old_pickle(tmp_path / "a.pkl", synthetic_model(), chumpy).read_bytes())
    refused = 0
    for _ in range(60):
        damaged = bytearray(content)
        for place in rng.integers(0, 2000, 4):
            damaged[place] = rng.integers(256)
        path = tmp_path / "damaged.pkl"
        path.write_bytes(damaged)
        try:
            read_smpl(path)
        except InputError as error:
            assert "\n" not in str(error)
            refused += 1
    assert refused > 10


@pytest.mark.parametrize(
    "content, message",
    [
        (b"", "is empty"),
        (b"once upon a time", "neither an npz nor a pickle"),
        (pickle.dumps([1, 2]), "holds a list"),
        (pickle.dumps({"poses": 1}), "has no v_template"),
        (b"PK\x03\x04 and then nothing", "not a readable model's npz"),
        (b"\x80\x04", "damaged"),
    ],
)
def test_what_is_no_model_is_refused(tmp_path, content, message):
    path = tmp_path / "file.npz"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_smpl(path)


def test_missing_files_and_folders_are_refused(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_smpl(tmp_path / "none.npz")
    with pytest.raises(InputError, match="is a folder"):
        read_smpl(tmp_path)


def test_a_huge_file_is_refused_unread(tmp_path):
    path = tmp_path / "huge.pkl"
    with open(path, "wb") as file:
        file.truncate(LARGEST_FILE + 1)  # A hole: takes no room on the disk.
    with pytest.raises(InputError, match="cannot be read"):
        read_smpl(path)


def test_an_npz_that_unpacks_to_too_much_is_refused_unread(tmp_path, monkeypatch):
    monkeypatch.setattr("threepoint.model_core.body.smpl_files.LEAST_UNPACKED", 100_000)
    zeros = io.BytesIO()
    np.savez_compressed(zeros, **dict(synthetic_model(), posedirs=np.zeros((40, 3, 200_000))))
    path = tmp_path / "bomb.npz"
    path.write_bytes(zeros.getvalue())
    with pytest.raises(InputError, match="'posedirs' unpacks to 192 MB"):
        read_smpl(path)
