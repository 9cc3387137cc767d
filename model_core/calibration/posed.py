"""Offsets from a moment in which the person stands in a pose that is known: T-pose or A-pose (numpy only).

In such a pose every joint's place and rotation follow from the person's size, the floor and which way they face; what
the trackers report then differs from it by their offsets. One moment cannot tell the offsets of all trackers and the
person apart, so one thing is taken as known: a headset's point between the eyes lies where eyes are, and looks ahead.
"""

import numpy as np

from ..errors import InputError
from ..geometry.frames import OPENXR_TO_MODEL, convert_positions, convert_quaternions
from ..geometry.kinematics import forward_kinematics
from ..observation import heading
from ..geometry.rotations import axis_angle_to_matrix, matrix_to_quaternion, quaternion_to_matrix, rotation_about_y, transpose
from ..geometry.skeleton import BODY_JOINT_COUNT, ROLES, TRACKED_JOINTS
from .calibration import FURTHER_JOINTS, Calibration, Offset
from .fitting import nearest_rotation
from .person import EYES_FROM_HEAD, SLOUCH, person_by_height, standing_eye_height

ARMS_DOWN = {"t": 0.0, "a": np.radians(45.0)}
"""How far the arms are lowered from T-pose."""
LEFT_SHOULDER, RIGHT_SHOULDER = 16, 17
HELD_SECONDS = 0.5
"""The pose is averaged over this long a while around the moment named."""
STILL_SPEED, LEVEL, LEAST_SPAN, FORWARD_PLAY = 0.25, 0.25, 0.62, 0.30
"""A T-pose is held still (metres a second), the hands level with each other, so far apart that it is this part of the
arm span (in statures), and no farther before or behind the head than this."""
SHOULDER_HEIGHT, SHOULDER_PLAY = 0.79, 0.12
"""Where the hands of a T-pose are, as part of the stature, and by how much it may be missed."""


def find_t_pose(recording, body):
    """Seconds of the recording's clock of a T-pose that is held, or None. The hands' offsets do not matter much."""
    tracks = [recording.tracks.get(role) for role in ROLES]
    if any(track is None for track in tracks):
        return None
    betas, floor, _ = person_by_height(recording, body, None, None, None, [])
    stature = float(body.stature(betas))
    head, left, right = tracks
    valid = head.valid & left.valid & right.valid
    apart = left.position - right.position
    middle = (left.position + right.position) / 2 - head.position
    level = np.abs(apart[:, 1]) < LEVEL
    spread = np.linalg.norm(apart[:, [0, 2]], axis=-1) > LEAST_SPAN * stature
    beside = np.linalg.norm(middle[:, [0, 2]], axis=-1) < FORWARD_PLAY
    height = (left.position[:, 1] + right.position[:, 1]) / 2 - floor
    raised = np.abs(height / stature - SHOULDER_HEIGHT) < SHOULDER_PLAY
    still = np.max([_speed(recording.time, track.position) for track in tracks], 0) < STILL_SPEED
    held = valid & level & spread & beside & raised & still
    edges = np.flatnonzero(np.diff(np.concatenate([[0], held, [0]])))
    stretches = [
        (recording.time[last - 1] - recording.time[first], first, last) for first, last in edges.reshape(-1, 2)
    ]
    longest = max(stretches, default=(0.0, 0, 0))
    if longest[0] < HELD_SECONDS / 2:
        return None
    return float((recording.time[longest[1]] + recording.time[longest[2] - 1]) / 2)


def calibrate_in_pose(recording, body, at, pose="t", stature=None, floor=None):
    """The ``Calibration`` that makes the person stand in ``pose`` (``t`` or ``a``) at ``at`` seconds of the recording.

    The hands' offsets, and those of further trackers, are whatever they are; the headset is taken to look ahead.
    ``stature`` and ``floor`` as in ``calibrate``. Raises ``InputError`` where a tracker is not seen then.
    """
    if pose not in ARMS_DOWN:
        raise InputError(f"pose '{pose}' is not known; it can be t or a")
    near = np.abs(recording.time - at) <= HELD_SECONDS / 2
    notes = []
    betas, ground, _ = person_by_height(recording, body, stature, floor, None, notes)
    turns, places = {}, {}
    for role in (*ROLES, *(role for role in recording.tracks if role in FURTHER_JOINTS)):
        track = recording.tracks.get(role)
        if track is None or not (track.valid & near).any():
            if role in FURTHER_JOINTS:
                continue
            raise InputError(f"{recording.source}: '{role}' is not seen at {at:.2f} s, where the {pose}-pose should be")
        seen = track.valid & near
        rotation = quaternion_to_matrix(convert_quaternions(track.rotation[seen], OPENXR_TO_MODEL))
        turns[role] = nearest_rotation(rotation.sum(0))
        places[role] = np.median(convert_positions(track.position[seen], OPENXR_TO_MODEL), axis=0)
    if stature is None:
        betas = _sized_in_pose(betas, body, places["head"][1] - ground)
    offsets = _offsets(turns, places, betas, body, ARMS_DOWN[pose])
    notes.append(f"person {float(body.stature(betas)):.2f} m tall, offsets from the {pose.upper()}-pose at {at:.2f} s")
    return Calibration(betas, ground, offsets, tuple(notes))


def _sized_in_pose(betas, body, height):
    """The shape whose eyes are ``height`` metres above the floor in the pose, in which nobody slouches."""
    step = np.eye(len(betas))[0]
    for _ in range(4):
        eyes = standing_eye_height(body, betas) + SLOUCH * float(body.size(betas))
        slope = standing_eye_height(body, betas + step) - standing_eye_height(body, betas)
        betas = betas + step * (height - eyes) / slope
    return betas


def _offsets(turns, places, betas, body, arms_down):
    """The offset of each tracker between its pose and the joint's in the known pose."""
    rest = body.rest_joints(betas)[:BODY_JOINT_COUNT]
    size = float(body.size(betas))
    facing = rotation_about_y(heading(turns["head"]))
    local = np.tile(np.eye(3), (BODY_JOINT_COUNT, 1, 1))
    local[0] = facing
    local[LEFT_SHOULDER] = axis_angle_to_matrix(np.array([0, 0, -arms_down]))
    local[RIGHT_SHOULDER] = axis_angle_to_matrix(np.array([0, 0, arms_down]))
    world, joints = forward_kinematics(local, np.zeros(3), rest)
    # The eyes are where the headset is, and the sole is on the floor.
    eyes = joints[TRACKED_JOINTS[0]] + facing @ EYES_FROM_HEAD * size
    joints = joints + (places["head"] - eyes)
    offsets = {}
    for role, joint in (dict(zip(ROLES, TRACKED_JOINTS, strict=True)) | FURTHER_JOINTS).items():
        if role not in turns:
            continue
        back = transpose(turns[role])
        offsets[role] = Offset(matrix_to_quaternion(back @ world[joint]), back @ (joints[joint] - places[role]))
    return offsets


def _speed(time, position):
    """Metres a second (N,) over each sample and its neighbours."""
    steps = np.linalg.norm(np.diff(position, axis=0), axis=-1) / np.diff(time)
    return np.maximum(np.concatenate([steps[:1], steps]), np.concatenate([steps, steps[-1:]]))
