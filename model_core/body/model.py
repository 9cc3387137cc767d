"""A person's body in SMPL's format: shape, rest joints and linear blend skinning, for numpy and torch alike.

Loper et al. 2015, "SMPL: A Skinned Multi-Person Linear Model", section 3. Nothing here imports torch: a body
takes the kind, dtype and device of the arrays it is used with (``Body.like``).
"""

from dataclasses import dataclass, fields, replace
from functools import cache
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..checksums import verified
from ..errors import InputError
from ..geometry.kinematics import forward_kinematics
from ..geometry.rotations import Array, array_namespace
from ..geometry.skeleton import HEAD, JOINT_COUNT
from ..untrusted.budgets import read_arrays
from ..untrusted.values import STATURE, number
from .smpl_files import SHAPE_COUNT, read_smpl

if TYPE_CHECKING:
    import torch

DEFAULT_BODY = Path(__file__).resolve().parent.parent.parent / "weights" / "body.npz"
DEFAULT_FINGERS = DEFAULT_BODY.with_name("fingers.npz")
ALWAYS_NUMPY = ("faces", "finger_shares")
VERTICES_PER_BATCH = 500_000
"""Vertices times frames that are skinned in one step: some 50 MB of working memory beside the parts of the result."""


@dataclass(frozen=True)
class Body:
    """V vertices, F triangles and 24 joints in the model's frame: T-pose, +Y up, facing +Z, metres.

    ``template`` (V, 3) and ``joint_template`` (24, 3) are the mean person's (betas of zero); ``shape_directions``
    (V, 3, 10) and ``joint_directions`` (24, 3, 10) move them by betas; ``pose_directions`` (V, 3, 207) by the rotation
    matrices of the joints after the first, less the identity (None: the pose leaves the rest shape alone).
    ``weights`` (V, 24) sum to 1; ``faces`` (F, 3) int32. ``relaxed_hands`` (V, 3), where the model says how its fingers
    rest, moves the flat hands of the rest pose there. ``finger_shares`` (V, 30), where there are fingers: what part
    of a vertex's hand follows each of the left hand's, then the right hand's 15 joints (``hand.FINGER_JOINTS``).
    """

    template: np.ndarray
    faces: np.ndarray
    weights: np.ndarray
    joint_template: np.ndarray
    shape_directions: np.ndarray
    joint_directions: np.ndarray
    pose_directions: np.ndarray | None = None
    relaxed_hands: np.ndarray | None = None
    finger_shares: np.ndarray | None = None

    def like(self, array: "np.ndarray | torch.Tensor") -> "Body":
        """The same body with arrays of the kind, dtype and device of ``array``: to move it to a device once for all."""
        names = [f.name for f in fields(self) if f.name not in ALWAYS_NUMPY and getattr(self, f.name) is not None]
        return replace(self, **{name: _like(getattr(self, name), array) for name in names})

    def rest_joints(self, betas: Array) -> Array:
        """betas (..., 10) -> rest joints (..., 24, 3) in metres."""
        moved = _like(self.joint_directions, betas) @ betas[..., None, :, None]
        return _like(self.joint_template, betas) + moved[..., 0]

    def rest_vertices(self, betas: Array) -> Array:
        """betas (..., 10) -> rest vertices (..., V, 3) in metres."""
        moved = _like(self.shape_directions, betas) @ betas[..., None, :, None]
        return _like(self.template, betas) + moved[..., 0]

    def rest_heights(self, betas: Array) -> tuple[Array, Array]:
        """betas (..., 10) -> y of the lowest (sole) and of the highest vertex at rest, each (...), in metres."""
        xp = array_namespace(betas)
        moved = _like(self.shape_directions[:, 1], betas) @ betas[..., None]
        heights = _like(self.template[:, 1], betas) + moved[..., 0]
        return xp.amin(heights, -1), xp.amax(heights, -1)

    def sole(self, betas: Array) -> Array:
        """betas (..., 10) -> y of the lowest rest vertex (...): the floor that the rest pose stands on."""
        return self.rest_heights(betas)[0]

    def stature(self, betas: Array) -> Array:
        """betas (..., 10) -> the person's height in metres (...)."""
        sole, crown = self.rest_heights(betas)
        height: Any = crown - sole
        return height

    def head_height(self, betas: Array) -> Array:
        """betas (..., 10) -> height of the head joint above the sole (...) in metres."""
        head: Any = self.rest_joints(betas)[..., HEAD, 1]
        return head - self.sole(betas)

    def size(self, betas: Array) -> Array:
        """betas (..., 10) -> head height over the mean person's (...): what observations are scaled by."""
        height: Any = self.head_height(betas)
        return height / self.head_height(betas * 0)

    def betas_for(self, stature: float) -> np.ndarray:
        """Betas (10,) float32 of a person of ``stature`` metres, by the first beta alone. Raises ``InputError``."""
        number(stature, "the stature", STATURE)
        betas = np.zeros(SHAPE_COUNT)
        step = np.eye(SHAPE_COUNT)[0]
        for _ in range(8):  # Stature is all but linear in the first beta: Newton's method meets it in three steps.
            slope = self.stature(betas + step / 2) - self.stature(betas - step / 2)
            if abs(slope) < 1e-3:
                raise InputError("this body's first beta does not change its stature")
            betas = betas + step * (stature - self.stature(betas)) / slope
        return betas.astype(np.float32)

    def only(self, vertices: np.ndarray) -> "Body":
        """The body with some vertices only (an index array), without faces: for skinning a few of them often."""
        return replace(
            self,
            template=self.template[vertices],
            faces=self.faces[:0],
            weights=self.weights[vertices],
            shape_directions=self.shape_directions[vertices],
            pose_directions=None if self.pose_directions is None else self.pose_directions[vertices],
            relaxed_hands=None if self.relaxed_hands is None else self.relaxed_hands[vertices],
            finger_shares=None if self.finger_shares is None else self.finger_shares[vertices],
        )


def load_body(path: Path | str | None = None) -> Body:
    """The free default body, or a user's SMPL, SMPL-H or SMPL-X file. Arrays are numpy float32; the default body's are
    those of everybody who asked for it, and not to be written to. Raises InputError."""
    return _default_body() if path is None else _body(read_smpl(verified(path)))


@cache
def _default_body() -> Body:
    """The default body, which is read once: a pipeline asks for it at every step."""
    shares = read_arrays(verified(DEFAULT_FINGERS), ("shares",))["shares"].astype(np.float32)
    # Its own file has SMPL's joints alone.
    return replace(_body(read_smpl(verified(DEFAULT_BODY))), finger_shares=shares)


def _body(arrays: dict[str, Any]) -> Body:
    """``Body`` of what ``read_smpl`` gives."""
    regressor = arrays["J_regressor"]
    return Body(
        template=arrays["v_template"],
        faces=arrays["f"],
        weights=arrays["weights"],
        joint_template=(regressor @ arrays["v_template"]).astype(np.float32),
        shape_directions=arrays["shapedirs"],
        joint_directions=np.tensordot(regressor, arrays["shapedirs"], 1).astype(np.float32),
        pose_directions=arrays["posedirs"] if arrays["posedirs"].any() else None,
        relaxed_hands=arrays["relaxed_hands"],
        finger_shares=arrays["finger_shares"],
    )


def skin(body: Body, rotations: Array, translation: Array, betas: Array, vertices: np.ndarray | None = None) -> Array:
    """Pose the mesh.

    ``rotations`` (..., J, 3, 3) local, the first one the global orient, J 22 (hands follow the wrists) or 24;
    ``translation`` (..., 3) position of the pelvis joint; ``betas`` (10,) or (..., 10). ``vertices``, an index array,
    asks for these only. Returns (..., V, 3) in metres, of the kind, dtype and device of ``rotations``.
    """
    xp = array_namespace(rotations)
    body = (body if vertices is None else body.only(vertices)).like(rotations)
    leading, joints = tuple(rotations.shape[:-3]), rotations.shape[-3]
    frames = prod(leading)
    rotations = rotations.reshape(frames, joints, 3, 3)
    translation = xp.broadcast_to(translation, (*leading, 3)).reshape(frames, 3)
    per_frame = betas.ndim > 1
    betas = xp.broadcast_to(betas, (*leading, SHAPE_COUNT)).reshape(frames, SHAPE_COUNT) if per_frame else betas
    batch = max(1, VERTICES_PER_BATCH // len(body.template))
    parts = [
        _skin_some(body, rotations[s], translation[s], betas[s] if per_frame else betas)
        for s in (slice(i, i + batch) for i in range(0, max(frames, 1), batch))
    ]
    return xp.concatenate(parts).reshape(*leading, len(body.template), 3)


def _skin_some(body: Body, rotations: Any, translation: Any, betas: Any) -> Any:
    """``skin`` for (N, J, 3, 3), (N, 3) and (10,) or (N, 10), in one step."""
    rotations = _with_hands(rotations)
    rest_joints = body.rest_joints(betas)
    world, positions = forward_kinematics(rotations, translation, rest_joints)
    # Each joint carries a point v to world @ (v - rest joint) + position, which is world @ v + shift.
    shifts = positions - (world @ rest_joints[..., None])[..., 0]
    vertices = body.rest_vertices(betas)
    if body.pose_directions is not None:
        vertices = vertices + _pose_offsets(body.pose_directions, rotations)
    posed = _weighted(body.weights, shifts)
    for axis in range(3):
        posed += _weighted(body.weights, world[..., axis]) * vertices[..., axis : axis + 1]
    return posed


def _weighted(weights: Any, vectors: Any) -> Any:
    """Vectors (N, J, 3) of joints -> (N, V, 3), by ``weights`` (V, J): one product for all frames, not one for each."""
    frames, joints = vectors.shape[:2]
    columns = vectors.swapaxes(0, 1).reshape(joints, 3 * frames)
    return (weights @ columns).reshape(len(weights), frames, 3).swapaxes(0, 1)


def _pose_offsets(pose_directions: Any, rotations: Any) -> Any:
    """What the pose adds to the rest vertices, (N, V, 3)."""
    features = (rotations[:, 1:] - _like(np.eye(3), rotations)).reshape(len(rotations), -1)
    directions = pose_directions.reshape(-1, features.shape[-1])
    return (features @ directions.T).reshape(len(rotations), -1, 3)


def _with_hands(rotations: Any) -> Any:
    """(N, 22 or 24, 3, 3) -> (N, 24, 3, 3), the hands at rest."""
    xp = array_namespace(rotations)
    missing = JOINT_COUNT - rotations.shape[1]
    hands = xp.broadcast_to(_like(np.eye(3), rotations), (len(rotations), missing, 3, 3))
    return xp.concatenate([rotations, hands], 1)


def _like(array: Any, other: Any) -> Any:
    """``array`` in the kind, dtype and device of ``other``; itself where it is so already."""
    xp = array_namespace(other)
    return np.asarray(array, other.dtype) if xp is np else xp.as_tensor(array, dtype=other.dtype, device=other.device)
