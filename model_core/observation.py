"""What the models see of a person: head and wrists at 60 Hz, made independent of place and heading.

A network that is shown world positions fails a few metres from where it was trained. Each frame is therefore described
from its own head: horizontally relative to it, turned by its heading, the height above the floor kept, all lengths
divided by the person's size. Moving or turning a whole recording changes none of the numbers.
"""

from dataclasses import dataclass

import numpy as np

from .geometry.rotations import array_namespace, matrix_to_axis_angle, matrix_to_sixd, rotation_about_y, transpose
from .geometry.skeleton import HEAD

FPS = 60.0
"""Frames a second of observations and of the models."""

# Rest-pose lengths of the default body in metres: the units in which a person's size and proportions are told.
TEMPLATE_ARM, TEMPLATE_LEG, TEMPLATE_TRUNK = 0.511, 0.781, 0.524
TEMPLATE_HEAD_ABOVE_ANKLES = 1.444

# Brings speeds to about unit spread: they are in template metres a second and radians a second.
SPEED_SCALE, SPIN_SCALE, PROPORTION_SCALE = 0.5, 0.25, 10.0

HEAD_COUNT, HAND_COUNT, PERSON_COUNT = 6 + 1 + 6, 6 + 3 + 6 + 1, 3
"""Numbers of the head (6D rotation, height, speed and spin), of a hand (6D rotation, place, speed and spin, validity)
and of the person's proportions, in this order in ``features``."""
FEATURE_COUNT = HEAD_COUNT + 2 * HAND_COUNT + PERSON_COUNT
HEAD_SIXD, HEAD_HEIGHT = slice(0, 6), 6
"""Where the head's rotation and its height stand in ``features``."""


@dataclass(frozen=True)
class Observation:
    """Head, left and right wrist joint (``skeleton.TRACKED_JOINTS``) at ``FPS`` in the model's frame, floor at y = 0.

    ``rotations`` (T, 3, 3, 3), ``positions`` (T, 3, 3) metres, ``valid`` (T, 3) bool. Frame 0 is at ``start`` seconds
    of the recording's clock. ``betas`` (10,) is the person's shape.
    """

    rotations: np.ndarray
    positions: np.ndarray
    valid: np.ndarray
    betas: np.ndarray
    start: float = 0.0

    @property
    def frame_count(self):
        return len(self.valid)


def heading(rotation):
    """Heading in radians (...) of a head's world rotation (..., 3, 3): 0 faces +Z, positive turns towards +X.

    The forward axis alone loses its heading when the person looks straight up or down; the up axis, weighted by how
    steeply the head is pitched, takes over there without a jump.
    """
    xp = array_namespace(rotation)
    forward, up = rotation[..., :, 2], rotation[..., :, 1]
    along = forward - forward[..., 1:2] * up
    return (xp.atan2 if xp is not np else np.arctan2)(along[..., 0], along[..., 2])


def body_size(rest_joints):
    """Size (...) of rest joints (..., J, 3): height of the head joint above the ankles, over the default body's."""
    ankles = 0.5 * (rest_joints[..., 7, 1] + rest_joints[..., 8, 1])
    return (rest_joints[..., HEAD, 1] - ankles) / TEMPLATE_HEAD_ABOVE_ANKLES


def proportions(rest_joints, size):
    """Arm, leg and trunk length (..., 3) of rest joints (..., J, 3), relative to the default body of the same size."""
    xp = array_namespace(rest_joints)

    def length(*chain):
        bones = rest_joints[..., list(chain[1:]), :] - rest_joints[..., list(chain[:-1]), :]
        return xp.sqrt((bones * bones).sum(-1)).sum(-1)

    lengths = [
        length(16, 18, 20) / (TEMPLATE_ARM * size) - 1,
        length(1, 4, 7) / (TEMPLATE_LEG * size) - 1,
        length(0, 3, 6, 9, 12) / (TEMPLATE_TRUNK * size) - 1,
    ]
    return xp.stack(lengths, -1) * PROPORTION_SCALE


def features(rotations, positions, valid, size, body_proportions):
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
    place = (facing @ beside_head[..., None])[..., 0] / scale
    pose = xp.concatenate([matrix_to_sixd(facing @ rotations), place], -1) * valid[..., None]

    steps = positions - _previous(positions, -3)
    speed = (facing @ steps[..., None])[..., 0] * (FPS * SPEED_SCALE) / scale
    spin = matrix_to_axis_angle(transpose(_previous(rotations, -4)) @ rotations) * (FPS * SPIN_SCALE)
    moving = xp.concatenate([speed, spin], -1) * (valid * _previous(valid, -2))[..., None]

    head = xp.concatenate([pose[..., 0, :6], pose[..., 0, 7:8], moving[..., 0, :]], -1)
    hands = [xp.concatenate([pose[..., i, :], moving[..., i, :], valid[..., i, None]], -1) for i in (1, 2)]
    person = xp.ones_like(head[..., :3]) * body_proportions[..., None, :]
    return xp.concatenate([head, *hands, person], -1)


def hand_pose(seen, side):
    """6D rotation (..., 6), place (..., 3) and validity (..., 1) of hand ``side`` (0 left, 1 right) in ``features``.

    The place is horizontally relative to the head and vertically to the floor, for a person of size 1.
    """
    hand = seen[..., HEAD_COUNT + side * HAND_COUNT : HEAD_COUNT + (side + 1) * HAND_COUNT]
    return hand[..., :6], hand[..., 6:9], hand[..., -1:]


def _previous(values, time_axis):
    """The values one frame earlier; the first frame is its own predecessor."""
    xp = array_namespace(values)
    first = [slice(None)] * values.ndim
    rest = list(first)
    first[time_axis], rest[time_axis] = slice(0, 1), slice(0, -1)
    return xp.concatenate([values[tuple(first)], values[tuple(rest)]], time_axis)
