"""A hand's fingers in SMPL-H's order: 15 joints, three a finger, in a tree below the wrist (numpy only).

All is made of positions, so that no device's own axes matter. The hand's own frame has -Z from the wrist to the knuckle
of the middle finger, Y out of the back of the hand and X to the right of somebody who looks along -Z at that back; a
bone's frame has -Z along the bone to the next joint and X where the finger's hinge is, like OpenXR's joints.
"""

import numpy as np

from .rotations import (
    cross,
    matrix_to_quaternion,
    normalize,
    quaternion_conjugate,
    quaternion_multiply,
    quaternion_to_matrix,
    transpose,
)

HANDS = ("left_hand", "right_hand")
FINGERS = ("index", "middle", "pinky", "ring", "thumb")
SEGMENTS = 3
FINGER_COUNT = SEGMENTS * len(FINGERS)
"""Joints of one hand's fingers."""
FINGER_JOINTS = tuple(f"{finger}{segment + 1}" for finger in FINGERS for segment in range(SEGMENTS))
FINGER_PARENTS = tuple(joint - 1 if joint % SEGMENTS else -1 for joint in range(FINGER_COUNT))
"""For each joint of a hand's fingers the one before it; -1 is the wrist."""
POINT_COUNT = 1 + (SEGMENTS + 1) * len(FINGERS)
"""Points of a hand: the wrist, then for each finger its three joints and its tip."""
KNUCKLES = {finger: 1 + (SEGMENTS + 1) * number for number, finger in enumerate(FINGERS)}
"""Where each finger's first joint stands among the points."""
THUMB_HINGE = {"left_hand": np.array([0.5, -1.0, 1.0]) / 1.5, "right_hand": np.array([0.5, 1.0, -1.0]) / 1.5}
"""About which axis of the hand a thumb bends: towards the palm and the fingers at once."""
OPENXR_POINTS = [1, 7, 8, 9, 10, 12, 13, 14, 15, 22, 23, 24, 25, 17, 18, 19, 20, 2, 3, 4, 5]
"""The points among OpenXR's 26 joints of a hand."""
WEBXR_POINTS = [joint - 1 for joint in OPENXR_POINTS]
"""The same among WebXR's 25, which lack the first, the palm."""


def hand_frame(points: np.ndarray, hand: str) -> np.ndarray:
    """The hand's own frame (..., 3, 3), axes as columns, of its ``points`` (..., 21, 3) in any right-handed space.

    ``hand``: ``left_hand`` or ``right_hand``.
    """
    along = normalize(points[..., KNUCKLES["middle"], :] - points[..., 0, :])
    right = points[..., KNUCKLES["index"], :] - points[..., KNUCKLES["pinky"], :]
    right = right if hand == "left_hand" else -right
    right = normalize(right - (right * along).sum(-1)[..., None] * along)
    return np.stack([right, cross(right, along), -along], -1)


def bone_frames(points: np.ndarray, hand: str) -> np.ndarray:
    """Frames (..., 15, 3, 3) of the finger bones in the hand's own frame, of its ``points`` (..., 21, 3).

    Fingers are hinges: X of a bone is that of the bone before, turned as little as possible.
    """
    own = transpose(hand_frame(points, hand))
    frames = []
    for finger in FINGERS:
        first = KNUCKLES[finger]
        hinge = THUMB_HINGE[hand] if finger == "thumb" else np.array([1.0, 0, 0])
        right = np.broadcast_to(hinge, (*points.shape[:-2], 3))
        for segment in range(SEGMENTS):
            step = points[..., first + segment + 1, :] - points[..., first + segment, :]
            along = normalize((own @ step[..., None])[..., 0])
            right = normalize(right - (right * along).sum(-1)[..., None] * along)
            frames.append(np.stack([right, cross(right, along), -along], -1))
    return np.stack(frames, -3)


def finger_rotations(frames: np.ndarray, rest_points: np.ndarray, hand: str) -> np.ndarray:
    """Each finger joint's rotation (..., 15, 4) ``wxyz`` relative to the joint before, in the model's axes, as SMPL-H
    has them.

    ``frames`` (..., 15, 3, 3) as of ``bone_frames``; ``rest_points`` (21, 3) are the points of the hand at rest.
    """
    to_model, rest = hand_frame(rest_points, hand), bone_frames(rest_points, hand)
    turned = matrix_to_quaternion(to_model @ frames @ transpose(rest) @ to_model.T)
    before = [turned[..., parent, :] for parent in FINGER_PARENTS]
    parts = [
        turned[..., joint, :]
        if parent < 0
        else quaternion_multiply(quaternion_conjugate(before[joint]), turned[..., joint, :])
        for joint, parent in enumerate(FINGER_PARENTS)
    ]
    return np.stack(parts, -2)


def turned_frames(rotations: np.ndarray, rest_points: np.ndarray, hand: str) -> np.ndarray:
    """The inverse of ``finger_rotations``: rotations (..., 15, 4) of a hand's finger joints, as SMPL-H has them, of a
    hand whose points rest at ``rest_points`` (21, 3) -> frames (..., 15, 3, 3) as of ``bone_frames``."""
    to_model, rest = hand_frame(rest_points, hand), bone_frames(rest_points, hand)
    turned: list[np.ndarray] = []
    for joint, parent in enumerate(FINGER_PARENTS):
        own = quaternion_to_matrix(rotations[..., joint, :])
        turned.append(own if parent < 0 else turned[parent] @ own)
    return to_model.T @ np.stack(turned, -3) @ to_model @ rest
