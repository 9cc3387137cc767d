"""Rotations of devices of which nothing is known: those that make wrists natural on average (numpy only).

Head and hand say a good deal about the arm: the shoulder lies under the head, and of the elbow's circle people use the
lower, outer part. On real motion the wrist is turned from the forearm so found by ``NATURAL_WRIST`` on average. The
constant rotation of a device on the hand is then the one that makes the recorded wrists so on average: the orthogonal
Procrustes problem over all frames, whose solution is an SVD (Schonemann 1966).
"""

from dataclasses import replace

import numpy as np

from ..body import Body
from ..geometry.rotations import (
    axis_angle_to_matrix,
    cross,
    matrix_to_quaternion,
    nearest_rotation,
    normalize,
    quaternion_to_matrix,
    rotation_about_y,
    transpose,
)
from ..geometry.skeleton import HEAD, LEFT_WRIST
from ..notes import Note
from ..observation import heading
from ..recordings.model_frame import ModelFrameRecording
from .calibration import Calibration, Offset, joint_pose
from .presets import MIRROR, mirrored

LEFT_SHOULDER, LEFT_ELBOW = 16, 18
ELBOW_SIDE = np.array([0.5, -1.0, -0.4])
"""Where the left elbow mostly points from the line of shoulder and wrist: down, outward and back (model's frame)."""
NATURAL_WRIST = np.radians([-175.2, 18.5, 8.4])
"""The left wrist joint in ``arm_frames``: mean over both hands of the training motion (93 minutes at 60 Hz, every tenth
frame; half of the frames lie within 35 degrees of it). Axis-angle."""
GIVEN_WEIGHT = 0.1
"""Weight of the offsets that ``fit_to_forearms`` starts from, as a fraction of all frames."""
STRAIGHT_ARM = 0.98
LEAST_FRAMES, MOST_FRAMES = 60, 5000

SeenHand = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""Of N frames, mirrored to the left side: head rotations (N, 3, 3), head joints and device positions (N, 3), device
rotations (N, 3, 3)."""


def fit_each_hand(recording: ModelFrameRecording, calibration: Calibration, body: Body) -> Calibration:
    """The calibration with offsets for devices of which nothing is known: each hand's by itself, without a first guess.

    The rotation makes wrists natural on average; the device is taken to be at the wrist. A hand that is hardly ever
    seen keeps its offset.
    """
    rest, offsets = body.rest_joints(calibration.betas), dict(calibration.offsets)
    for role in ("left_hand", "right_hand"):
        seen = _seen(recording, calibration, role)
        if seen is not None:
            found = Offset(_natural_rotation(seen, rest), np.zeros(3))
            offsets[role] = found if role == "left_hand" else mirrored(found)
    return replace(calibration, offsets=offsets)


def _seen(recording: ModelFrameRecording, calibration: Calibration, role: str) -> SeenHand | None:
    """The frames of one hand; None if it is hardly ever seen."""
    if role not in recording.tracks:
        return None
    frames = np.flatnonzero(recording.tracks["head"].valid & recording.tracks[role].valid)
    if len(frames) < LEAST_FRAMES:
        return None
    frames = frames[:: 1 + len(frames) // MOST_FRAMES]
    bare = Calibration(calibration.betas, calibration.floor, {"head": calibration.offsets["head"]})
    head_rotation, head = joint_pose(recording.tracks["head"].at(frames), bare, "head")
    rotation, position = joint_pose(recording.tracks[role].at(frames), bare, role)
    poses = [quaternion_to_matrix(head_rotation), head, position, quaternion_to_matrix(rotation)]
    if role == "right_hand":
        poses = [MIRROR @ p @ MIRROR if p.ndim == 3 else p @ MIRROR for p in poses]
    return poses[0], poses[1], poses[2], poses[3]


def shoulders(head_rotations: np.ndarray, heads: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """Where left shoulders (N, 3) mostly are for head joints (N, 3) and their rotations; ``rest`` joints (24, 3)."""
    return heads + rotation_about_y(heading(head_rotations)) @ (rest[LEFT_SHOULDER] - rest[HEAD])


def arm_frames(head_rotations: np.ndarray, heads: np.ndarray, wrists: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """Axes (N, 3, 3) of the left forearm that head and wrist suggest: X along it, Y about which the elbow bends."""
    shoulder = shoulders(head_rotations, heads, rest)
    upper = np.linalg.norm(rest[LEFT_ELBOW] - rest[LEFT_SHOULDER])
    lower = np.linalg.norm(rest[LEFT_WRIST] - rest[LEFT_ELBOW])
    length = np.linalg.norm(wrists - shoulder, axis=-1, keepdims=True)
    line = normalize(wrists - shoulder)
    length = np.clip(length, abs(upper - lower) + 1e-3, STRAIGHT_ARM * (upper + lower))
    along = (upper**2 - lower**2 + length**2) / (2 * length)
    side = rotation_about_y(heading(head_rotations)) @ ELBOW_SIDE
    side = normalize(side - (side * line).sum(-1, keepdims=True) * line)
    elbow = shoulder + line * along + side * np.sqrt(np.maximum(upper**2 - along**2, 0))
    forearm = normalize(wrists - elbow)
    bend = cross(side, line)
    bend = normalize(bend - (bend * forearm).sum(-1, keepdims=True) * forearm)
    return np.stack([forearm, bend, cross(forearm, bend)], -1)


def _natural_rotation(seen: SeenHand, rest: np.ndarray) -> np.ndarray:
    """The rotation (``wxyz``) from a device on the wrist to the wrist that makes wrists natural on average."""
    head_rotations, heads, positions, rotations = seen
    frames = arm_frames(head_rotations, heads, positions, rest)
    total = (transpose(rotations) @ frames @ axis_angle_to_matrix(NATURAL_WRIST)).sum(0)
    return matrix_to_quaternion(nearest_rotation(total))


def fit_to_forearms(recording: ModelFrameRecording, calibration: Calibration, forearms: np.ndarray) -> Calibration:
    """The calibration with each hand's rotation offset such that predicted wrists are straight on average.

    ``forearms`` (N, 2, 3, 3): world rotations of the left and right elbow joint in the model's frame that a model
    predicts at the recording's times. A model that was trained on bodies knows better than geometry where forearms are;
    positions of devices on the hands are left as they are. The offsets given count like a tenth of the frames.
    """
    offsets = dict(calibration.offsets)
    for side, role in enumerate(("left_hand", "right_hand")):
        track = recording.tracks.get(role)
        if track is None or track.valid.sum() < LEAST_FRAMES:
            continue
        device = quaternion_to_matrix(track.at(track.valid).rotation)
        straight = (transpose(device) @ forearms[track.valid, side]).mean(0)
        given = offsets[role]
        rotation = nearest_rotation(straight + GIVEN_WEIGHT * quaternion_to_matrix(given.rotation))
        offsets[role] = Offset(matrix_to_quaternion(rotation), given.position)
    return replace(calibration, offsets=offsets, notes=(*calibration.notes, Note("wrists_straightened")))
