"""A made-up person for recordings of every format: deterministic, and moving as people do."""

import numpy as np

from threepoint.model_core.geometry.rotations import axis_angle_to_quaternion, quaternion_multiply, quaternion_to_matrix
from threepoint.model_core.recordings import Recording, Track

EYES, SHOULDERS = 1.65, 0.2
"""Metres: the eyes above the floor, and each hand to its side."""
WALKING_SPEED, STEPS_PER_SECOND, TURN = 0.9, 1.8, 0.7
"""Metres a second, steps a second, and how far (radians) the person turns to and fro on the way."""


def walking_person(seconds: float = 2.0, fps: float = 30.0, seed: int = 0) -> Recording:
    """Somebody who walks where they look, to and fro, and swings and lifts their hands before them."""
    time = np.arange(round(seconds * fps) + 1) / fps
    rng = np.random.default_rng(seed)
    phase = 2 * np.pi * STEPS_PER_SECOND / 2 * time
    heading = TURN * np.sin(0.8 * time)
    body = about_y(heading)
    forward = quaternion_to_matrix(body) @ np.array([0.0, 0, -1])
    walked = np.cumsum(WALKING_SPEED * forward, 0) / fps
    nod = -0.12 + 0.1 * np.sin(1.7 * time)
    head = quaternion_multiply(quaternion_multiply(body, about_y(0.3 * np.sin(1.1 * time))), about_x(nod))
    # The eyes are above and before the neck about which the head turns.
    neck = walked + [0.0, EYES - 0.08, 0.0] + np.stack([0 * time, 0.015 * np.cos(2 * phase), 0 * time], -1)
    tracks = {"head": _track(neck + quaternion_to_matrix(head) @ np.array([0.0, 0.08, -0.09]), head, rng)}
    for role, sign in (("left_hand", -1.0), ("right_hand", 1.0)):
        swing = np.sin(phase) * sign
        place = np.stack([0 * time + sign * SHOULDERS, -0.5 + 0.1 * np.abs(swing), -0.25 - 0.15 * swing], -1)
        turn = quaternion_multiply(
            body, axis_angle_to_quaternion(np.stack([0.3 + 0.3 * swing, 0.1 * swing, 0 * time], -1))
        )
        tracks[role] = _track(neck + (quaternion_to_matrix(body) @ place[..., None])[..., 0], turn, rng)
    return Recording(time, tracks, "made up", "grip").validate()


def about_y(angle: np.ndarray) -> np.ndarray:
    """Quaternions (N, 4) that turn by ``angle`` (N,) radians about +Y."""
    return axis_angle_to_quaternion(angle[:, None] * [0.0, 1, 0])


def about_x(angle: np.ndarray) -> np.ndarray:
    """Quaternions (N, 4) that turn by ``angle`` (N,) radians about +X."""
    return axis_angle_to_quaternion(angle[:, None] * [1.0, 0, 0])


def _track(position: np.ndarray, rotation: np.ndarray, rng: np.random.Generator) -> Track:
    """Trackers are never quite still: a tremor of a tenth of a millimetre."""
    return Track(position + rng.normal(0, 1e-4, position.shape), rotation, np.ones(len(position), bool))
