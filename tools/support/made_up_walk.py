"""A made-up headset session: a procedural person walks, turns, waves, crouches and walks back.

Angles of SMPL's joints are written as functions of time, forward kinematics gives the head and the wrists, and the
inverse of a device's offsets gives what its trackers would have reported: a motion whose truth is known.
"""

import numpy as np

from ...model_core.body import Body
from ...model_core.calibration import Offset, preset_offsets
from ...model_core.calibration.person import head_offset
from ...model_core.geometry.frames import OPENXR_TO_MODEL, convert_positions, convert_quaternions
from ...model_core.geometry.kinematics import forward_kinematics
from ...model_core.geometry.rotations import (
    axis_angle_to_matrix,
    matrix_to_quaternion,
    quaternion_conjugate,
    quaternion_multiply,
    quaternion_to_matrix,
)
from ...model_core.geometry.skeleton import BODY_JOINT_COUNT, FEET, JOINT_NAMES, ROLES, TRACKED_JOINTS
from ...model_core.motion import Motion
from ...model_core.recordings.recording import Recording, Track

SECONDS, FPS = 12.0, 90.0
DEVICE = "touch"
HAND_LOST = (10.1, 10.7)
"""Seconds during which the left hand is out of the cameras' sight."""

WALKING_SPEED, STEPS_PER_SECOND = 1.15, 1.75
CROUCH_BACK = 0.18
"""Metres that the pelvis goes back in the deepest crouch, so that the person keeps their balance."""
X, Y, Z = np.eye(3)


def ramp(time: np.ndarray, begin: float, end: float) -> np.ndarray:
    """0 before ``begin``, 1 after ``end``, smooth in between."""
    x = np.clip((time - begin) / (end - begin), 0, 1)
    return x * x * x * (10 + x * (6 * x - 15))


def bump(time: np.ndarray, begin: float, end: float, rise: float = 0.7) -> np.ndarray:
    """1 between ``begin`` and ``end`` and 0 outside, with smooth edges of ``rise`` seconds inside."""
    return ramp(time, begin, begin + rise) - ramp(time, end - rise, end)


def walk_motion(body: Body, betas: np.ndarray) -> Motion:
    """The person's motion at ``FPS``: what a prediction from ``walk_recording`` should be."""
    time = np.arange(round(SECONDS * FPS) + 1) / FPS
    walk = np.maximum(bump(time, 0.8, 5.2), bump(time, 9.2, 12.4))
    turn, wave, crouch = np.pi * ramp(time, 3.4, 5.0), bump(time, 5.3, 7.4), bump(time, 7.2, 9.3, 0.9)
    rotations = np.broadcast_to(np.eye(3), (len(time), BODY_JOINT_COUNT, 3, 3)).copy()
    for name, rotation in joint_rotations(time, walk, turn, wave, crouch).items():
        rotations[:, JOINT_NAMES.index(name)] = rotation
    translation = pelvis_path(time, walk, turn, crouch)
    rest_joints = body.rest_joints(betas)[:BODY_JOINT_COUNT]
    translation[:, 1] = -lowest_foot(rotations, translation, rest_joints, float(body.sole(betas)))
    return Motion(FPS, matrix_to_quaternion(rotations), translation, betas).validate()


def joint_rotations(
    time: np.ndarray, walk: np.ndarray, turn: np.ndarray, wave: np.ndarray, crouch: np.ndarray
) -> dict[str, np.ndarray]:
    """Rotations (T, 3, 3) by joint name from the strengths (T,) of what the person does."""
    phase = np.pi * STEPS_PER_SECOND * time
    stride, breath = np.sin(phase), 0.02 * np.sin(1.6 * time)
    gaze = 0.35 * bump(time, 3.0, 4.4, 0.6) + 0.12 * np.sin(0.9 * time) * (1 - walk)
    result = {
        "pelvis": about(Y, turn) @ about(Z, 0.04 * walk * stride) @ about(X, 0.05 * walk + 0.35 * crouch),
        "spine1": about(X, 0.22 * crouch + breath) @ about(Y, -0.06 * walk * stride),
        "spine2": about(X, 0.22 * crouch) @ about(Y, -0.06 * walk * stride),
        "spine3": about(X, 0.12 * crouch) @ about(Z, 0.08 * wave),
        "neck": about(Y, 0.4 * gaze),
        "head": about(Y, 0.6 * gaze) @ about(X, 0.1 - 0.35 * crouch + 0.03 * np.sin(2 * phase) * walk),
    }
    for side, sign in (("left", 1), ("right", -1)):
        swing = sign * stride
        result |= leg(side, swing, walk, crouch) | arm(side, sign, swing, time, walk, wave, crouch)
    return result


def leg(side: str, swing: np.ndarray, walk: np.ndarray, crouch: np.ndarray) -> dict[str, np.ndarray]:
    """Hip, knee and ankle: ``swing`` (T,) is 1 where this leg is furthest forward."""
    lift = np.clip(np.roll(swing, round(-0.18 * FPS)), 0, None) ** 2
    hip = -(0.42 * swing + 0.25 * lift + 0.08) * walk - 1.75 * crouch
    knee = (0.12 + 0.85 * lift) * walk + 1.95 * crouch
    return {
        f"{side}_hip": about(X, hip),
        f"{side}_knee": about(X, knee),
        f"{side}_ankle": about(X, -0.75 * (hip + knee) - 0.35 * crouch),
    }


def arm(
    side: str, sign: int, swing: np.ndarray, time: np.ndarray, walk: np.ndarray, wave: np.ndarray, crouch: np.ndarray
) -> dict[str, np.ndarray]:
    """Shoulder, elbow and wrist; ``sign`` is 1 on the left. The right hand waves, the left reaches to the floor."""
    waving = wave if side == "right" else 0 * wave
    reaching = crouch if side == "left" else 0.35 * crouch
    down = 1.25 - 1.75 * waving + 0.12 * np.sin(2 * np.pi * 1.9 * time) * waving
    forward = 0.38 * walk * swing - 0.55 * reaching - 0.15
    bent = 0.25 + 0.2 * walk * (1 - swing) + 0.15 * crouch
    wag = (0.95 + 0.45 * np.sin(2 * np.pi * 1.9 * time)) * waving
    return {
        f"{side}_shoulder": about(X, forward) @ about(Z, -sign * down),
        f"{side}_elbow": about(Y, -sign * bent * (1 - waving)) @ about(Z, sign * wag),
        f"{side}_wrist": about(X, -0.15 * sign * waving) @ about(Z, sign * 0.1 * np.sin(3.1 * time)),
    }


def about(axis: np.ndarray, angle: np.ndarray) -> np.ndarray:
    """Rotations (T, 3, 3) by ``angle`` (T,) radians about a fixed axis."""
    return axis_angle_to_matrix(np.asarray(angle)[:, None] * axis)


def pelvis_path(time: np.ndarray, walk: np.ndarray, turn: np.ndarray, crouch: np.ndarray) -> np.ndarray:
    """Horizontal place (T, 3) of the pelvis: forward along the heading while walking, back a little in the crouch.

    The way goes past both sides of the origin: who is imported into an empty scene stays in view.
    """
    ahead = np.stack([np.sin(turn), np.zeros_like(turn), np.cos(turn)], -1)
    path = np.cumsum(WALKING_SPEED * walk[:, None] * ahead, 0) / FPS
    path -= CROUCH_BACK * crouch[:, None] * ahead
    return path - (path.min(0) + path.max(0)) / 2


def lowest_foot(rotations: np.ndarray, translation: np.ndarray, rest_joints: np.ndarray, sole: float) -> np.ndarray:
    """Height (T,) of the lowest of ankles and toes above where it stands at rest, smoothed over a tenth of a second."""
    _, positions = forward_kinematics(rotations, translation, rest_joints)
    feet = list(FEET)
    height = (positions[:, feet, 1] - (rest_joints[feet, 1] - sole)).min(-1)
    width = round(0.1 * FPS)
    return np.convolve(np.pad(height, width, mode="edge"), np.hanning(2 * width + 1) / width, "valid")


def walk_recording(body: Body, betas: np.ndarray) -> Recording:
    """What a headset would have recorded of ``walk_motion``: a ``Recording`` with device ``DEVICE``."""
    motion = walk_motion(body, betas)
    rest_joints = body.rest_joints(betas)[:BODY_JOINT_COUNT]
    world, positions = forward_kinematics(quaternion_to_matrix(motion.rotations), motion.translation, rest_joints)
    time = np.arange(motion.frame_count) / FPS
    size = float(body.size(betas))
    offsets = {"head": head_offset(size), **preset_offsets(DEVICE, size)}
    tracks = {}
    for role, joint in zip(ROLES, TRACKED_JOINTS, strict=True):
        rotation, position = tracker_pose(matrix_to_quaternion(world[:, joint]), positions[:, joint], offsets[role])
        valid = np.ones(len(time), bool)
        if role == "left_hand":
            valid = (time < HAND_LOST[0]) | (time > HAND_LOST[1])
        tracks[role] = Track(
            convert_positions(position, OPENXR_TO_MODEL.T), convert_quaternions(rotation, OPENXR_TO_MODEL.T), valid
        )
    return Recording(time, tracks, "made-up walk", DEVICE).validate()


def tracker_pose(rotation: np.ndarray, position: np.ndarray, offset: Offset) -> tuple[np.ndarray, np.ndarray]:
    """Pose of the tracker on a joint with pose (T, 4), (T, 3): the inverse of calibration's tracker to joint."""
    back = np.broadcast_to(quaternion_conjugate(np.asarray(offset.rotation)), rotation.shape)
    tracker = quaternion_multiply(rotation, back)
    return tracker, position - (quaternion_to_matrix(tracker) @ np.asarray(offset.position)[:, None])[..., 0]
