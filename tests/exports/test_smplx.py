"""The AMASS npz through the smplx package as SMPL, SMPL-H and SMPL-X, on bodies made of the default one."""

import numpy as np
import pytest
import smplx
import torch
from smplx.utils import Struct
from smplx.vertex_ids import vertex_ids

from threepoint.model_core.amass_writer import FIRST_FINGERS, LAYOUTS, amass_arrays
from threepoint.model_core.body import DEFAULT_BODY, load_body
from threepoint.model_core.geometry.hand import FINGER_COUNT, FINGER_PARENTS, HANDS
from threepoint.model_core.geometry.rotations import axis_angle_to_quaternion
from threepoint.model_core.geometry.skeleton import BODY_JOINT_COUNT, PARENTS, WRISTS
from threepoint.model_core.motion import Motion
from threepoint.model_core.recordings.formats.amass import OWN_BODY

FRAMES = 12


@pytest.fixture(scope="module")
def motion():
    rng = np.random.default_rng(5)
    rotations = axis_angle_to_quaternion(rng.normal(0, 0.3, (FRAMES, 22, 3)))
    return Motion(60.0, rotations, rng.normal(0, 1, (FRAMES, 3)) + [0, 1, 0], rng.normal(0, 1, 10))


@pytest.fixture(scope="module")
def fingers():
    rng = np.random.default_rng(6)
    return {hand: axis_angle_to_quaternion(rng.normal(0, 0.3, (FRAMES, FINGER_COUNT, 3))) for hand in HANDS}


def model_of(layout, folder):
    """The default body as smplx's model of a layout: the joints of hands where its fingers are, jaw and eyes still."""
    with np.load(DEFAULT_BODY) as archive:
        arrays = dict(archive)
    arrays.pop("joint_names"), arrays.pop("about")
    if layout == "SMPL":
        return smplx.SMPL("", data_struct=Struct(**arrays), create_transl=True, vertex_ids=vertex_ids["smplh"],
                          batch_size=FRAMES)  # fmt: skip
    shares, count, first = load_body().finger_shares.astype(np.float64), LAYOUTS[layout], FIRST_FINGERS[layout]
    weights = np.zeros((len(shares), count), np.float32)
    weights[:, :BODY_JOINT_COUNT] = arrays["weights"][:, :BODY_JOINT_COUNT]
    regressor = np.zeros((count, len(shares)))
    regressor[:BODY_JOINT_COUNT] = arrays["J_regressor"][:BODY_JOINT_COUNT]
    regressor[BODY_JOINT_COUNT:first] = arrays["J_regressor"][15]
    parents = [*PARENTS[:BODY_JOINT_COUNT], *[15] * (first - BODY_JOINT_COUNT)]
    for side, wrist in enumerate(WRISTS):
        own = shares[:, side * FINGER_COUNT : (side + 1) * FINGER_COUNT]
        whole = arrays["weights"][:, wrist].astype(np.float64) + arrays["weights"][:, wrist + 2]
        begin = first + side * FINGER_COUNT
        weights[:, wrist] = whole * (1 - own.sum(1))
        weights[:, begin : begin + FINGER_COUNT] = whole[:, None] * own
        regressor[begin : begin + FINGER_COUNT] = own.T / own.sum(0)[:, None]
        parents += [wrist if parent < 0 else begin + parent for parent in FINGER_PARENTS]
    hands = {"hands_componentsl": np.eye(45), "hands_componentsr": np.eye(45), "hands_meanl": np.zeros(45),
             "hands_meanr": np.zeros(45)}  # fmt: skip
    arrays |= hands | {
        "weights": weights, "J_regressor": regressor,
        "kintree_table": np.array([[2**32 - 1, *parents[1:]], range(count)]),
        "posedirs": np.zeros((len(shares), 3, 9 * (count - 1)), np.float32),
    }  # fmt: skip
    options = dict(batch_size=FRAMES, use_pca=False, flat_hand_mean=True)
    if layout == "SMPLH":
        return smplx.SMPLH("", data_struct=Struct(**arrays), vertex_ids=vertex_ids["smplh"], **options)
    arrays["shapedirs"] = np.concatenate([arrays["shapedirs"], np.zeros((len(shares), 3, 390))], -1)
    faces = {
        "lmk_faces_idx": np.zeros(51, int), "lmk_bary_coords": np.full((51, 3), 1 / 3),
        "dynamic_lmk_faces_idx": np.zeros((79, 17), int), "dynamic_lmk_bary_coords": np.full((79, 17, 3), 1 / 3),
    }  # fmt: skip
    np.savez(folder / "SMPLX_NEUTRAL.npz", **arrays, **faces)  # Of this model the package takes files alone.
    return smplx.SMPLX(str(folder / "SMPLX_NEUTRAL.npz"), num_betas=10, **options)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_smplx_puts_joints_where_the_motion_has_them(motion, fingers, layout, tmp_path):
    body = load_body()
    arrays = amass_arrays(motion, body, OWN_BODY, layout, fingers)
    assert arrays["poses"].shape == (FRAMES, 3 * LAYOUTS[layout])
    poses, place = (torch.tensor(arrays[name], dtype=torch.float32) for name in ("poses", "trans"))
    parts = {"global_orient": poses[:, :3], "body_pose": poses[:, 3 : 72 if layout == "SMPL" else 66]}
    if layout != "SMPL":
        first = 3 * FIRST_FINGERS[layout]
        parts |= {"left_hand_pose": poses[:, first : first + 45], "right_hand_pose": poses[:, first + 45 :]}
    betas = torch.tensor(np.repeat(arrays["betas"][None], FRAMES, 0))
    with torch.no_grad():
        found = model_of(layout, tmp_path)(betas=betas, transl=place, **parts).joints.numpy()[:, :BODY_JOINT_COUNT]
    plain = amass_arrays(motion, body, OWN_BODY, "SMPL")
    with torch.no_grad():
        poses = torch.tensor(plain["poses"])
        wanted = model_of("SMPL", tmp_path)(
            betas=betas, transl=place, global_orient=poses[:, :3], body_pose=poses[:, 3:]
        ).joints.numpy()[:, :BODY_JOINT_COUNT]
    pelvis = motion.translation[:, [0, 2, 1]] * [1, -1, 1]
    assert np.abs(found[:, 0] - pelvis).max() < 1e-4 and np.abs(found - wanted).max() < 1e-4


def test_fingers_stand_in_their_columns(motion, fingers):
    for layout, first in FIRST_FINGERS.items():
        poses = amass_arrays(motion, load_body(), OWN_BODY, layout, fingers)["poses"].reshape(FRAMES, -1, 3)
        turned = axis_angle_to_quaternion(poses[:, first:].astype(np.float64))
        wanted = np.concatenate([fingers[hand] for hand in HANDS], 1)
        assert np.abs(np.abs((turned * wanted).sum(-1)) - 1).max() < 1e-5
        assert not poses[:, BODY_JOINT_COUNT:first].any()
    flat = amass_arrays(motion, load_body(), OWN_BODY)["poses"]
    assert flat.shape[1] == 156 and not flat[:, 66:].any()
