"""SMPL, SMPL-H and SMPL-X model files, read without running anything that they contain (numpy only).

The models' files are licence-bound, so people download their own: an npz, or an old pickle full of chumpy and scipy
objects, which ``inert_pickle`` reads. What comes out is always SMPL's 24 joints: fingers are folded into the wrists,
jaw and eyes into the head.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError
from ..geometry.rotations import axis_angle_to_matrix
from ..geometry.skeleton import BODY_JOINT_COUNT, FEET, HEAD, JOINT_COUNT, LEFT_WRIST, PARENTS, RIGHT_WRIST
from ..untrusted.budgets import NUMBERS, read_arrays, read_bytes
from ..untrusted.inert_pickle import load_inert, to_array
from ..untrusted.values import STATURE

KEYS = ("v_template", "f", "weights", "J_regressor", "posedirs", "shapedirs", "kintree_table")
HAND_KEYS = ("hands_meanl", "hands_meanr")
"""What SMPL-H and SMPL-X files may add: the mean pose of each hand's 15 joints, axis-angle (45,): a relaxed hand."""
PICKLE_STARTS = (b"\x80", b"(", b"}")
"""First bytes of a pickled dictionary: protocol 2 and later, 0, 1."""
SHAPE_COUNT = 10
POSE_FEATURES = 9 * (JOINT_COUNT - 1)
LARGEST_FILE = 1 << 30
"""Bytes; the largest published model has a third of it."""
LEAST_UNPACKED = 1 << 28
"""Bytes that the arrays of any model may take: correctives that are all zeros pack well."""
LEAST_VERTICES, MOST_VERTICES, MOST_SHAPES = 24, 32_000, 512
LARGEST_VALUES = {"v_template": 10.0, "J_regressor": 10.0, "posedirs": 10.0, "shapedirs": 10.0, "weights": 2.0}
TOLERANCE = 1e-2
"""Of weights, which are stored with few digits."""
JOINT_MARGIN = 0.02
"""Of the stature, by which a joint may lie outside of the box around the body."""

# Joints of each model beyond the 22 of the body: where they are folded to, and which one stands for SMPL's hand joint
# (the base of the middle finger; hands are ordered index, middle, little, ring, thumb, three joints each).
_FOLDED = {
    24: {22: 22, 23: 23},
    52: dict.fromkeys(range(22, 37), LEFT_WRIST) | dict.fromkeys(range(37, 52), RIGHT_WRIST),
    55: dict.fromkeys((22, 23, 24), HEAD)
    | dict.fromkeys(range(25, 40), LEFT_WRIST)
    | dict.fromkeys(range(40, 55), RIGHT_WRIST),
}
_HAND_JOINTS = {24: (22, 23), 52: (25, 40), 55: (28, 43)}
_FIRST_FINGER = {52: (22, 37), 55: (25, 40)}
FINGER_JOINTS = 15


def read_smpl(path: Path | str) -> dict[str, Any]:
    """A model file -> its arrays under SMPL's names, in float32, for 24 joints.

    ``v_template`` (V, 3) metres, ``f`` (F, 3) int32, ``weights`` (V, 24), ``J_regressor`` (24, V) float64,
    ``posedirs`` (V, 3, 207), ``shapedirs`` (V, 3, 10). Where the model has fingers and says how they rest,
    ``relaxed_hands`` (V, 3) metres moves the flat hands of the rest pose there; else it is None. Where
    it has fingers, ``finger_shares`` (V, 30), else None. Raises
    ``InputError`` for whatever is no such model.
    """
    path = Path(path)
    start = read_bytes(path, 2, LARGEST_FILE)
    if not start:
        raise InputError(f"{path}: is empty; expected an SMPL, SMPL-H or SMPL-X file")
    if start == b"PK":
        arrays = _read_npz(path)
    elif start[:1] in PICKLE_STARTS:
        arrays = _read_pickle(path)
    else:
        raise InputError(f"{path}: neither an npz nor a pickle; expected an SMPL, SMPL-H or SMPL-X file")
    return _fold(_checked(path, arrays))


def _read_npz(path: Path) -> dict[str, np.ndarray]:
    arrays = read_arrays(path, (*KEYS, *HAND_KEYS), LARGEST_FILE, "model's npz", LEAST_UNPACKED)
    _require_keys(path, arrays)
    return arrays


def _read_pickle(path: Path) -> dict[str, np.ndarray]:
    try:
        content = load_inert(read_bytes(path, largest=LARGEST_FILE))
        if not isinstance(content, dict):
            raise InputError(f"{path}: holds a {type(content).__name__}, an SMPL model is a dictionary")
        _require_keys(path, content)
        return {key: to_array(content[key]) for key in (*KEYS, *HAND_KEYS) if key in content}
    except InputError:
        raise
    except Exception as error:  # A damaged or hostile pickle may raise anything at all.
        raise InputError(f"{path}: damaged or not an SMPL pickle ({_one_line(error)})") from None


def _require_keys(path: Path, present: Iterable[str]) -> None:
    present = set(present)
    missing = [key for key in KEYS if key not in present]
    if missing:
        raise InputError(f"{path}: not an SMPL model: has no {', '.join(missing)}")


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__


def _checked(path: Path, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """``arrays`` themselves, or ``InputError`` naming the first that is wrong."""
    vertices, faces = (len(np.atleast_1d(arrays[key])) for key in ("v_template", "f"))
    count = np.atleast_1d(arrays["weights"]).shape[-1]
    if count not in _FOLDED:
        raise InputError(f"{path}: has weights for {count} joints; SMPL has 24, SMPL-H 52, SMPL-X 55")
    shapes = {
        "v_template": (vertices, 3),
        "f": (faces, 3),
        "weights": (vertices, count),
        "J_regressor": (count, vertices),
        "posedirs": (vertices, 3, 9 * (count - 1)),
        "kintree_table": (2, count),
    }
    for key, shape in shapes.items():
        if arrays[key].shape != shape or arrays[key].size == 0:
            raise InputError(f"{path}: {key} has shape {arrays[key].shape}, expected {shape} and not empty")
    if arrays["shapedirs"].ndim != 3 or arrays["shapedirs"].shape[:2] != (vertices, 3):
        raise InputError(f"{path}: shapedirs has shape {arrays['shapedirs'].shape}, expected ({vertices}, 3, ...)")
    if not LEAST_VERTICES <= vertices <= MOST_VERTICES or arrays["shapedirs"].shape[2] > MOST_SHAPES:
        raise InputError(f"{path}: has {vertices} vertices and {arrays['shapedirs'].shape[2]} shapes; SMPL's models "
                         f"have {LEAST_VERTICES} to {MOST_VERTICES} and at most {MOST_SHAPES}")  # fmt: skip
    for key in arrays:
        kinds = "iu" if key == "f" else NUMBERS
        if arrays[key].dtype.kind not in kinds or not np.isfinite(arrays[key]).all():
            raise InputError(f"{path}: {key} has values that are not finite {'indices' if key == 'f' else 'numbers'}")
        if key in LARGEST_VALUES and np.abs(arrays[key], dtype=np.float64).max(initial=0) > LARGEST_VALUES[key]:
            raise InputError(f"{path}: {key} has values above {LARGEST_VALUES[key]:g}: no person is so large")
    if arrays["f"].min() < 0 or arrays["f"].max() >= vertices:
        raise InputError(f"{path}: f names vertices outside 0..{vertices - 1}")
    if tuple(arrays["kintree_table"][0, 1:BODY_JOINT_COUNT].astype(np.int64)) != PARENTS[1:BODY_JOINT_COUNT]:
        raise InputError(f"{path}: kintree_table is not SMPL's tree of joints")
    weights = arrays["weights"]
    if weights.min() < -TOLERANCE or not np.allclose(weights.sum(1, dtype=np.float64), 1, atol=TOLERANCE):
        raise InputError(f"{path}: weights do not add up to 1 at every vertex, or are below 0")
    _need_person(path, arrays)
    return arrays


def _need_person(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Refuse a template that is no person who stands upright: too short or tall, upside down, joints outside of it."""
    template = arrays["v_template"].astype(np.float64)
    low, high = template.min(0), template.max(0)
    stature = high[1] - low[1]
    if not STATURE.least <= stature <= STATURE.largest:
        raise InputError(f"{path}: its person is {stature:.3g} m tall; expected {STATURE} (is it in another unit?)")
    joints = arrays["J_regressor"][:BODY_JOINT_COUNT].astype(np.float64) @ template
    margin = JOINT_MARGIN * stature
    if not ((joints > low - margin) & (joints < high + margin)).all():
        raise InputError(f"{path}: its J_regressor puts joints outside of the body")
    feet, pelvis, head = joints[list(FEET), 1].mean(), joints[0, 1], joints[HEAD, 1]
    if not feet < pelvis < head:
        raise InputError(f"{path}: its person does not stand upright: the feet are at {feet:.2f} m, the pelvis at "
                         f"{pelvis:.2f} m, the head at {head:.2f} m along +Y")  # fmt: skip


def _fold(arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    """Arrays of 24, 52 or 55 joints -> of 24, see ``read_smpl``. Fingers, jaw and eyes keep their rest pose."""
    count = arrays["weights"].shape[1]
    weights = np.zeros((len(arrays["weights"]), JOINT_COUNT), np.float32)
    weights[:, :BODY_JOINT_COUNT] = arrays["weights"][:, :BODY_JOINT_COUNT]
    for joint, target in _FOLDED[count].items():
        weights[:, target] += arrays["weights"][:, joint]
    kept_features = POSE_FEATURES if count == JOINT_COUNT else 9 * (BODY_JOINT_COUNT - 1)
    vertices = len(weights)
    return {
        "v_template": arrays["v_template"].astype(np.float32),
        "f": arrays["f"].astype(np.int32),
        "weights": weights,
        "J_regressor": arrays["J_regressor"][[*range(BODY_JOINT_COUNT), *_HAND_JOINTS[count]]].astype(np.float64),
        "posedirs": _widened(arrays["posedirs"][..., :kept_features], (vertices, 3, POSE_FEATURES)),
        "shapedirs": _widened(arrays["shapedirs"][..., :SHAPE_COUNT], (vertices, 3, SHAPE_COUNT)),
        "relaxed_hands": _relaxed_hands(arrays),
        "finger_shares": _finger_shares(arrays),
    }


def _finger_shares(arrays: dict[str, np.ndarray]) -> np.ndarray | None:
    """What part (V, 30) of a vertex's hand follows each finger joint, the left hand's first; None without fingers."""
    count = arrays["weights"].shape[1]
    if count not in _FIRST_FINGER:
        return None
    shares = []
    for wrist, first in zip((LEFT_WRIST, RIGHT_WRIST), _FIRST_FINGER[count], strict=True):
        fingers = arrays["weights"][:, first : first + FINGER_JOINTS].astype(np.float64)
        whole = arrays["weights"][:, wrist] + fingers.sum(1)
        shares.append(fingers / np.maximum(whole, 1e-9)[:, None])
    return np.concatenate(shares, 1).astype(np.float32)


def _relaxed_hands(arrays: dict[str, np.ndarray]) -> np.ndarray | None:
    """How far the mean pose of the fingers moves the template's vertices (V, 3); None without fingers or such a pose.

    In the rest pose the wrists' axes are the model's, so that what is found here turns with the wrists.
    """
    count = arrays["weights"].shape[1]
    if count not in _FIRST_FINGER or any(np.size(arrays.get(key, ())) != 3 * FINGER_JOINTS for key in HAND_KEYS):
        return None
    rest = arrays["J_regressor"] @ arrays["v_template"]
    parents = arrays["kintree_table"][0].astype(np.int64)
    moved = np.zeros(arrays["v_template"].shape)
    for first, key in zip(_FIRST_FINGER[count], HAND_KEYS, strict=True):
        rotations = axis_angle_to_matrix(np.asarray(arrays[key], np.float64).reshape(FINGER_JOINTS, 3))
        world: dict[int, np.ndarray] = {}
        positions: dict[int, np.ndarray] = {}
        for joint in range(first, first + FINGER_JOINTS):
            parent = parents[joint]
            above, position = world.get(parent, np.eye(3)), positions.get(parent, rest[parent])
            world[joint] = above @ rotations[joint - first]
            positions[joint] = position + above @ (rest[joint] - rest[parent])
            there = (arrays["v_template"] - rest[joint]) @ world[joint].T + positions[joint]
            moved += arrays["weights"][:, joint, None] * (there - arrays["v_template"])
    return moved.astype(np.float32)


def _widened(array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """``array`` in float32 with zeros after its last entries, up to ``shape``."""
    wide = np.zeros(shape, np.float32)
    wide[..., : array.shape[-1]] = array
    return wide
