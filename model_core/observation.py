"""What the models see of a person: head and wrists at 60 Hz, made independent of place and heading.

A network that is shown world positions fails a few metres from where it was trained. Each frame is therefore described
from its own head: horizontally relative to it, turned by its heading, the height above the floor kept, all lengths
divided by the person's size. Moving or turning a whole recording changes none of the numbers.
"""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .geometry.rotations import (
    Array,
    array_namespace,
    matrix_to_axis_angle,
    matrix_to_sixd,
    rotation_about_y,
    transpose,
)
from .notes import Note

if TYPE_CHECKING:
    import torch

    from .recordings.model_frame import ModelFrameRecording

FPS = 60.0
"""Frames a second of observations and of the models."""

# Brings speeds to about unit spread: they are in template metres a second and radians a second.
SPEED_SCALE, SPIN_SCALE = 0.5, 0.25

HEAD_COUNT, HAND_COUNT, PERSON_COUNT = 6 + 1 + 6, 6 + 3 + 6 + 1, 3
"""Numbers of the head (6D rotation, height, speed and spin), of a hand (6D rotation, position, speed, spin, validity)
and of the person's proportions, in this order in ``features``."""
FEATURE_COUNT = HEAD_COUNT + 2 * HAND_COUNT + PERSON_COUNT
HEAD_SIXD, HEAD_HEIGHT = slice(0, 6), 6
"""Where the head's rotation and its height stand in ``features``."""

SIXD_MIRRORED, DIRECTION_MIRRORED, SPIN_MIRRORED = (1, -1, -1, -1, 1, 1), (-1, 1, 1), (1, -1, -1)
"""Signs of a 6D rotation's, a direction's and a rotation vector's numbers in the mirror image across x = 0."""
_HEAD_MIRRORED = (*SIXD_MIRRORED, 1, *DIRECTION_MIRRORED, *SPIN_MIRRORED)
_HAND_MIRRORED = (*SIXD_MIRRORED, *DIRECTION_MIRRORED, *DIRECTION_MIRRORED, *SPIN_MIRRORED, 1)
MIRROR_SIGNS = (*_HEAD_MIRRORED, *_HAND_MIRRORED, *_HAND_MIRRORED)
_LEFT, _RIGHT = (range(HEAD_COUNT + side * HAND_COUNT, HEAD_COUNT + (side + 1) * HAND_COUNT) for side in range(2))
MIRROR_ORDER = [*range(HEAD_COUNT), *_RIGHT, *_LEFT]
"""Which of the trackers' numbers in ``features`` are where in those of the mirror image, and by which sign."""


@dataclass(frozen=True)
class Observation:
    """Head, left and right wrist joint (``skeleton.TRACKED_JOINTS``) at ``FPS`` in the model's frame, floor at y = 0.

    ``rotations`` (T, 3, 3, 3), ``positions`` (T, 3, 3) metres, ``valid`` (T, 3) bool. Frame 0 is at ``start`` seconds
    of the recording's clock. ``betas`` (10,) is the person's shape. ``origin`` (3,) is what brings positions to the
    room (``ModelFrameRecording``). ``body_trackers``: the recording's trackers beside head and hands, at the same
    times and not calibrated; None where there are none. ``source`` names the recording; ``notes`` say what was seen
    otherwise than it was recorded. ``levels`` (T,): metres by which positions were lowered for ground that is no flat
    floor; None where it is.
    """

    rotations: np.ndarray
    positions: np.ndarray
    valid: np.ndarray
    betas: np.ndarray
    start: float = 0.0
    origin: np.ndarray = field(default_factory=lambda: np.zeros(3))
    body_trackers: "ModelFrameRecording | None" = None
    source: str = ""
    notes: tuple[Note, ...] = ()
    levels: np.ndarray | None = None

    @property
    def frame_count(self) -> int:
        return len(self.valid)

    def to(self, like: "torch.Tensor") -> "tuple[torch.Tensor, torch.Tensor, torch.Tensor]":
        """``rotations``, ``positions`` and ``valid`` as tensors of the dtype and on the device of ``like``."""
        torch = array_namespace(like)
        rotations, positions, valid = (
            torch.as_tensor(part).to(like) for part in (self.rotations, self.positions, self.valid)
        )
        return rotations, positions, valid

    def first(self, count: int) -> "Observation":
        """The first ``count`` frames."""
        trackers = self.body_trackers and self.body_trackers.at(slice(0, count))
        parts = {name: getattr(self, name)[:count] for name in ("rotations", "positions", "valid")}
        levels = None if self.levels is None else self.levels[:count]
        return replace(self, **parts, body_trackers=trackers, levels=levels)


def heading(rotation: Array) -> Array:
    """Heading in radians (...) of a head's world rotation (..., 3, 3): 0 faces +Z, positive turns towards +X.

    The forward axis alone loses its heading when the person looks straight up or down; the up axis, weighted by how
    steeply the head is pitched, takes over there without a jump.
    """
    xp = array_namespace(rotation)
    forward, up = rotation[..., :, 2], rotation[..., :, 1]
    along: Any = forward - forward[..., 1:2] * up
    return (xp.atan2 if xp is not np else np.arctan2)(along[..., 0], along[..., 2])


def features(rotations: Array, positions: Array, valid: Array, size: Array, body_proportions: Array) -> Array:
    """The networks' view of a stretch of frames; numpy or torch.

    ``rotations`` (..., T, 3, 3, 3) and ``positions`` (..., T, 3, 3) of head, left and right wrist, ``valid``
    (..., T, 3) as numbers 0 or 1, ``size`` (...), ``body_proportions`` (..., 3). Returns (..., T, ``FEATURE_COUNT``).
    A hand that is not valid contributes zeros only; a speed needs two valid frames.
    """
    xp = array_namespace(rotations)
    facing = transpose(rotation_about_y(heading(rotations[..., 0, :, :])))[..., None, :, :]
    scale = size[..., None, None, None]
    beside_head = xp.concatenate(
        [positions[..., i : i + 1] - (positions[..., :1, i : i + 1] if i != 1 else 0) for i in range(3)], -1
    )
    position = (facing @ beside_head[..., None])[..., 0] / scale
    pose = xp.concatenate([matrix_to_sixd(facing @ rotations), position], -1) * valid[..., None]

    steps = positions - _previous(positions, -3)
    speed = (facing @ steps[..., None])[..., 0] * (FPS * SPEED_SCALE) / scale
    spin = matrix_to_axis_angle(transpose(_previous(rotations, -4)) @ rotations) * (FPS * SPIN_SCALE)
    moving = xp.concatenate([speed, spin], -1) * (valid * _previous(valid, -2))[..., None]

    head = xp.concatenate([pose[..., 0, :6], pose[..., 0, 7:8], moving[..., 0, :]], -1)
    hands = [xp.concatenate([pose[..., i, :], moving[..., i, :], valid[..., i, None]], -1) for i in (1, 2)]
    person = xp.ones_like(head[..., :3]) * body_proportions[..., None, :]
    return xp.concatenate([head, *hands, person], -1)


def hand_poses(seen: Array) -> tuple[Array, Array, Array]:
    """6D rotations (..., 2, 6), positions (..., 2, 3) and validity (..., 2, 1) of left and right hand in ``features``.

    Positions are horizontally relative to the head and vertically to the floor, for a person of size 1.
    """
    hands = seen[..., HEAD_COUNT : HEAD_COUNT + 2 * HAND_COUNT].reshape(*seen.shape[:-1], 2, HAND_COUNT)
    return hands[..., :6], hands[..., 6:9], hands[..., -1:]


def mirrored_features(seen: Array, body_proportions: Array) -> Array:
    """``features`` (..., T, ``FEATURE_COUNT``) of the mirror image across x = 0, of a person who is mirrored too.

    ``body_proportions`` (..., 3) are those of the mirrored person: bodies need not be symmetric. Left and right change
    places; along x rotations keep their sign and directions lose it, along y and z it is the other way about.
    """
    xp = array_namespace(seen)
    signs: Any = np.array(MIRROR_SIGNS, np.float32) if xp is np else xp.tensor(MIRROR_SIGNS).to(seen)
    tracked = seen[..., MIRROR_ORDER] * signs
    person = xp.ones_like(seen[..., :PERSON_COUNT]) * body_proportions[..., None, :]
    return xp.concatenate([tracked, person], -1)


def _previous(values: Array, time_axis: int) -> Array:
    """The values one frame earlier; the first frame is its own predecessor."""
    xp = array_namespace(values)
    first = [slice(None)] * values.ndim
    rest = list(first)
    first[time_axis], rest[time_axis] = slice(0, 1), slice(0, -1)
    return xp.concatenate([values[tuple(first)], values[tuple(rest)]], time_axis)
