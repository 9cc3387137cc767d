"""What retargeted motion needs before it is learned from: one rate, no glitches, little noise, the floor at zero."""

import numpy as np
from scipy.ndimage import binary_dilation

from ..body.foot_contacts import foot_rest_heights
from ..geometry.filters import gaussian_smooth
from ..geometry.kinematics import forward_kinematics
from ..geometry.rotations import (
    geodesic_angle,
    make_continuous,
    matrix_to_quaternion,
    normalize,
    quaternion_to_matrix,
    slerp,
)
from ..geometry.skeleton import FEET, TOES
from ..observation import FPS

SMOOTHING_SIGMA, SMOOTHING_TRUNCATION = 1.0, 4.0
"""Frames at 60 Hz, and standard deviations after which the Gaussian ends.

Raw optical capture has a jitter of 7-22 (10^2 m/s^3), after this 1.4-3.2."""
SHORTEST_SEGMENT = 60
"""Frames. Shorter stretches between glitches are dropped."""
FASTEST_JOINT = 14.0
"""m/s relative to the pelvis; faster is a glitch."""
FASTEST_ROTATION = 35.0
"""Degrees a frame at 60 Hz of a joint in the world; faster is a glitch. Toes are not judged."""
GLITCH_REACH = 4
"""Frames on either side of a glitch that go with it."""
FLOOR_PERCENTILE = 5
"""Of the lowest foot's height above its rest height, over a clip."""


def resample_motion(
    rotations: np.ndarray, translation: np.ndarray, bad: np.ndarray, fps: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Local rotations (N, J, 3, 3), pelvis (N, 3) and glitch mask (N,) at ``fps`` -> the same at 60 Hz."""
    if abs(fps - FPS) < 1e-6:
        return rotations, translation, bad
    last = len(rotations) - 1
    times = np.arange(int(np.floor(last / fps * FPS + 1e-6)) + 1) * (fps / FPS)
    before = np.clip(np.floor(times + 1e-6).astype(int), 0, max(last - 1, 0))
    after = np.minimum(before + 1, last)
    weight = np.clip(times - before, 0, 1)
    quaternions = matrix_to_quaternion(rotations)
    between = slerp(
        quaternions[before], quaternions[after], np.broadcast_to(weight[:, None], (len(times), rotations.shape[1]))
    )
    moved = translation[before] + (translation[after] - translation[before]) * weight[:, None]
    return quaternion_to_matrix(between), moved, bad[before] | bad[after]


def glitches(rotations: np.ndarray, translation: np.ndarray, rest_joints: np.ndarray) -> np.ndarray:
    """Mask (N,) of frames at 60 Hz in or near a motion that no body makes."""
    world, positions = forward_kinematics(rotations, translation, rest_joints)
    relative = positions - positions[:, :1]
    speed = np.linalg.norm(np.diff(relative, axis=0), axis=-1).max(1) * FPS
    degrees = np.degrees(geodesic_angle(world[1:], world[:-1]))
    degrees[:, list(TOES)] = 0
    found = np.concatenate([[False], (speed > FASTEST_JOINT) | (degrees.max(1) > FASTEST_ROTATION)])
    return binary_dilation(found, iterations=GLITCH_REACH) if found.any() else found


def segments(bad: np.ndarray, shortest: int = SHORTEST_SEGMENT) -> list[tuple[int, int]]:
    """(start, end) of each stretch of at least ``shortest`` good frames."""
    edges = np.diff(np.concatenate([[0], (~bad).astype(int), [0]]))
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    return [(int(a), int(b)) for a, b in zip(starts, ends, strict=True) if b - a >= shortest]


def smooth(
    quaternions: np.ndarray, translation: np.ndarray, sigma: float = SMOOTHING_SIGMA
) -> tuple[np.ndarray, np.ndarray]:
    """Gaussian smoothing over time of local rotations (N, J, 4) ``wxyz`` and of the pelvis (N, 3)."""
    smoothed = normalize(gaussian_smooth(make_continuous(quaternions), sigma, SMOOTHING_TRUNCATION))
    return smoothed, gaussian_smooth(translation, sigma, SMOOTHING_TRUNCATION)


def foot_heights(positions: np.ndarray, rest_joints: np.ndarray, sole: float) -> np.ndarray:
    """Height (N, 4) of ankles and toes above where they are when the foot stands flat on y = 0.

    ``positions`` (N, 22, 3); ``sole`` is the y of the lowest point of the body at rest.
    """
    return positions[:, FEET, 1] - foot_rest_heights(rest_joints, sole)


def floor_height(rotations: np.ndarray, translation: np.ndarray, rest_joints: np.ndarray, sole: float) -> float:
    """The height at which a clip's lowest foot stands most of the time it stands."""
    _, positions = forward_kinematics(rotations, translation, rest_joints)
    return float(np.percentile(foot_heights(positions, rest_joints, sole).min(1), FLOOR_PERCENTILE))
