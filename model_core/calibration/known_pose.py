"""Offsets from a moment in which the person stands in a pose that is known: T-pose or A-pose (numpy only).

In such a pose every joint's position and rotation follow from the person's size, the floor and which way they face;
what the trackers report then differs from it by their offsets. One moment cannot determine the offsets of all trackers
and the person together, so one thing is taken as known: a headset's point between the eyes lies where eyes are, and
looks ahead.
"""

import numpy as np

from ..body import Body
from ..errors import InputError
from ..geometry.kinematics import forward_kinematics
from ..geometry.rotations import (
    axis_angle_to_matrix,
    matrix_to_quaternion,
    nearest_rotation,
    quaternion_to_matrix,
    rotation_about_y,
    transpose,
)
from ..geometry.skeleton import BODY_JOINT_COUNT, ROLES, TRACKED_JOINTS
from ..notes import Note
from ..observation import heading
from ..recordings.model_frame import ModelFrameRecording
from .calibration import BODY_TRACKER_JOINTS, Calibration, Offset
from .person import EYES_FROM_HEAD, SLOUCH, Person, standing_eye_height

ARMS_DOWN = {"t": 0.0, "a": np.radians(45.0)}
"""How far the arms are lowered from T-pose, radians."""
LEFT_SHOULDER, RIGHT_SHOULDER = 16, 17
HELD_SECONDS = 0.5
"""The pose is averaged over this long a while around the moment named."""
STILL_SPEED, LEVEL, LEAST_SPAN, FORWARD_PLAY = 0.25, 0.25, 0.62, 0.30
"""A T-pose is held still (metres a second), the hands level with each other, so far apart that it is this fraction of
the arm span (in statures), and no farther before or behind the head than this."""
SHOULDER_HEIGHT, SHOULDER_PLAY = 0.79, 0.12
"""Where the hands of a T-pose are, as a fraction of the stature, and by how much it may be missed."""


def find_t_pose(recording: ModelFrameRecording, body: Body, person: Person) -> float | None:
    """Seconds of the recording's clock of a T-pose that the person holds, or None.

    The hands' offsets do not matter much.
    """
    if any(role not in recording.tracks for role in ROLES):
        return None
    head, left, right = tracks = [recording.tracks[role] for role in ROLES]
    stature = float(body.stature(person.betas))
    valid = head.valid & left.valid & right.valid
    apart = left.position - right.position
    middle = (left.position + right.position) / 2 - head.position
    level = np.abs(apart[:, 1]) < LEVEL
    spread = np.linalg.norm(apart[:, [0, 2]], axis=-1) > LEAST_SPAN * stature
    beside = np.linalg.norm(middle[:, [0, 2]], axis=-1) < FORWARD_PLAY
    height = (left.position[:, 1] + right.position[:, 1]) / 2 - person.floor
    raised = np.abs(height / stature - SHOULDER_HEIGHT) < SHOULDER_PLAY
    still = np.max([_speed(recording.time, track.position) for track in tracks], 0) < STILL_SPEED
    return _longest_moment(recording.time, valid & level & spread & beside & raised & still)


def _longest_moment(time: np.ndarray, held: np.ndarray) -> float | None:
    """The middle in seconds of the longest stretch of samples (N,) that are ``held``; None if it is too short."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], held, [0]])))
    stretches = [(time[last - 1] - time[first], first, last) for first, last in edges.reshape(-1, 2)]
    seconds, first, last = max(stretches, default=(0.0, 0, 0))
    return None if seconds < HELD_SECONDS / 2 else float((time[first] + time[last - 1]) / 2)


def calibrate_in_pose(
    recording: ModelFrameRecording, body: Body, second: float, person: Person, pose: str = "t"
) -> Calibration:
    """The ``Calibration`` that makes the ``person`` stand in ``pose`` (a key of ``ARMS_DOWN``) at ``second``, seconds
    of the recording's clock.

    The hands' offsets, and those of body trackers, are whatever they are; the headset is taken to look ahead. A person
    whose size was not given gets the size that the headset's height in the pose tells. Raises ``InputError`` where a
    tracker is not seen then.
    """
    if pose not in ARMS_DOWN:
        raise InputError(f"pose '{pose}' is not known; it can be {' or '.join(ARMS_DOWN)}")
    near = np.abs(recording.time - second) <= HELD_SECONDS / 2
    rotations, positions = {}, {}
    for role in (*ROLES, *(role for role in recording.tracks if role in BODY_TRACKER_JOINTS)):
        track = recording.tracks.get(role)
        if track is None or not (track.valid & near).any():
            if role in BODY_TRACKER_JOINTS:
                continue
            raise InputError(
                f"{recording.source}: '{role}' is not seen at {second:.2f} s, where the {pose}-pose should be"
            )
        held = track.at(track.valid & near)
        rotations[role] = nearest_rotation(quaternion_to_matrix(held.rotation).sum(0))
        positions[role] = np.median(held.position, axis=0)
    betas = person.betas
    if person.stature_error is not None:
        betas = _betas_in_pose(betas, body, positions["head"][1] - person.floor)
    offsets = _offsets(rotations, positions, betas, body, ARMS_DOWN[pose])
    stature = float(body.stature(betas))
    note = Note("person_in_pose", {"stature": stature, "pose": pose.upper(), "second": second})
    return Calibration(betas, person.floor, offsets, (*person.notes, note))


def _betas_in_pose(betas: np.ndarray, body: Body, height: float) -> np.ndarray:
    """The shape whose eyes are ``height`` metres above the floor in the pose, in which nobody slouches."""
    step = np.eye(len(betas))[0]
    for _ in range(4):
        eyes = standing_eye_height(body, betas) + SLOUCH * float(body.size(betas))
        slope = standing_eye_height(body, betas + step) - standing_eye_height(body, betas)
        betas = betas + step * (height - eyes) / slope
    return betas


def _offsets(
    rotations: dict[str, np.ndarray], positions: dict[str, np.ndarray], betas: np.ndarray, body: Body, arms_down: float
) -> dict[str, Offset]:
    """The offset of each tracker, given its rotation (3, 3) and position (3,), to its joint in the known pose."""
    rest = body.rest_joints(betas)[:BODY_JOINT_COUNT]
    size = float(body.size(betas))
    facing = rotation_about_y(heading(rotations["head"]))
    local = np.tile(np.eye(3), (BODY_JOINT_COUNT, 1, 1))
    local[0] = facing
    local[LEFT_SHOULDER] = axis_angle_to_matrix(np.array([0, 0, -arms_down]))
    local[RIGHT_SHOULDER] = axis_angle_to_matrix(np.array([0, 0, arms_down]))
    world, joints = forward_kinematics(local, np.zeros(3), rest)
    # The eyes are where the headset is, and the sole is on the floor.
    eyes = joints[TRACKED_JOINTS[0]] + facing @ EYES_FROM_HEAD * size
    joints = joints + (positions["head"] - eyes)
    offsets = {}
    for role, joint in (dict(zip(ROLES, TRACKED_JOINTS, strict=True)) | BODY_TRACKER_JOINTS).items():
        if role in rotations:
            back = transpose(rotations[role])
            offsets[role] = Offset(matrix_to_quaternion(back @ world[joint]), back @ (joints[joint] - positions[role]))
    return offsets


def _speed(time: np.ndarray, position: np.ndarray) -> np.ndarray:
    """Metres a second (N,) over each sample and its neighbours."""
    steps = np.linalg.norm(np.diff(position, axis=0), axis=-1) / np.diff(time)
    return np.maximum(np.concatenate([steps[:1], steps]), np.concatenate([steps, steps[-1:]]))
