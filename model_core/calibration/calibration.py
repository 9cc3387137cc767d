"""What is known of a person and their devices, and its use on a recording (numpy only)."""

from dataclasses import dataclass

import numpy as np

from ..geometry.rotations import quaternion_multiply, quaternion_to_matrix
from ..geometry.skeleton import ROLES
from ..notes import Note
from ..recordings.model_frame import ModelFrameRecording
from ..recordings.recording import Track


@dataclass(frozen=True)
class Offset:
    """Where a joint sits on its tracker, in the tracker's own axes in the model's frame (X right, +Y up, +Z forward
    where a device looks forward): ``rotation`` (4,) unit ``wxyz``, ``position`` (3,) metres.

    With a tracker at position p turned by R the joint is turned by R @ rotation and lies at p + R @ position.
    """

    rotation: np.ndarray
    position: np.ndarray


BODY_TRACKER_JOINTS = {
    "waist": 0, "chest": 9, "left_foot": 7, "right_foot": 8, "left_knee": 4, "right_knee": 5, "left_elbow": 18,
    "right_elbow": 19, "left_shoulder": 16, "right_shoulder": 17,
}  # fmt: skip
"""SMPL's joint that a tracker beside head and hands is worn on, by its role; a foot's is the ankle."""

NO_OFFSET = Offset(np.array([1.0, 0, 0, 0]), np.zeros(3))


@dataclass(frozen=True)
class Calibration:
    """The person's SMPL shape ``betas`` (10,), the height ``floor`` in metres of the floor in the recording's space,
    and the ``offsets`` of the joints by tracker role. ``notes`` say what was found and how. ``stature_error`` is the
    standard error in metres of a stature that was estimated from the motion; None of one that was given, or measured in
    a known pose.
    """

    betas: np.ndarray
    floor: float
    offsets: dict[str, Offset]
    notes: tuple[Note, ...] = ()
    stature_error: float | None = None


def joint_poses(recording: ModelFrameRecording, calibration: Calibration) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Head and wrist joints (``skeleton.TRACKED_JOINTS``), floor at y = 0.

    Returns rotations (N, 3, 4) ``wxyz``, positions (N, 3, 3) in metres and valid (N, 3). A hand that has no tracker is
    never valid; its pose is filled with the head's.
    """
    rotations, positions, valid = [], [], []
    for role in ROLES:
        track = recording.tracks.get(role)
        seen = np.zeros(len(recording.time), bool) if track is None else track.valid
        rotation, position = joint_pose(recording.tracks["head"] if track is None else track, calibration, role)
        rotations.append(rotation)
        positions.append(position)
        valid.append(seen)
    return np.stack(rotations, 1), np.stack(positions, 1), np.stack(valid, 1)


BodyTrackerPoses = dict[str, tuple[int, np.ndarray, np.ndarray, np.ndarray]]
"""Role -> (joint, rotations (N, 4) ``wxyz``, positions (N, 3), valid (N,))."""


def body_tracker_poses(recording: ModelFrameRecording, calibration: Calibration) -> BodyTrackerPoses:
    """The joints that trackers beside head and hands measure, floor at y = 0, of trackers whose offset is known."""
    poses = {}
    for role, track in recording.tracks.items():
        if role in BODY_TRACKER_JOINTS and role in calibration.offsets:
            poses[role] = (BODY_TRACKER_JOINTS[role], *joint_pose(track, calibration, role), track.valid)
    return poses


def joint_pose(track: Track, calibration: Calibration, role: str) -> tuple[np.ndarray, np.ndarray]:
    """The joint that ``role`` tracks: rotations (N, 4) ``wxyz`` and positions (N, 3); the track is in the model's
    frame, too."""
    offset = calibration.offsets.get(role, NO_OFFSET)
    moved = quaternion_to_matrix(track.rotation) @ offset.position - np.array([0, calibration.floor, 0])
    rotation = quaternion_multiply(track.rotation, np.broadcast_to(offset.rotation, track.rotation.shape))
    return rotation, track.position + moved
