"""How human a motion looks whose truth nobody knows: wrists, standing feet, knees, spine, arms in the trunk.

Motion capture of people tells what is human (``HUMAN``). Everything is measured on the body alone: nothing depends on
what a network calls a contact.
"""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import uniform_filter1d

from ..geometry.kinematics import forward_kinematics
from ..geometry.rotations import matrix_to_quaternion
from ..geometry.skeleton import ANKLES, BODY_JOINT_COUNT, FEET, HEAD, PELVIS

SPINE2, SPINE3, NECK, KNEES, ELBOWS, WRISTS = 6, 9, 12, (4, 5), (18, 19), (20, 21)
CM = 100.0
STILL_SPEED, STEADY_SPEED, STILL_RISE = 0.25, 0.5, 0.15
"""Metres a second over the floor, and up or down, below which a head is still, or steady, in the mean of a quarter
second."""
LOW = 0.03
"""Metres above where they rest below which feet are low."""
SLIDING = 5.0, 40.0
"""Centimetres a second between which a low foot neither stands nor steps."""
TRUNK_HALF_WIDTHS, TRUNK_CENTRE, TRUNK_TOP = (0.14, 0.10), 0.01, 0.03
"""Metres: half axes of the trunk's ellipse to the side and to the front, how far its centre lies before the spine, and
how far below the neck it ends."""
FOREARM_PLACES, HAND_LENGTH = (0.35, 0.7, 1.0), 0.09
"""Fractions of the forearm, and metres beyond the wrist, that are tested."""
BENT, TWISTED = 75.0, 60.0
"""Degrees beyond which a wrist is bent, or twisted, as hardly anybody's is."""


@dataclass(frozen=True)
class Limit:
    """The ``most`` that looks human, and what motion capture of people has: CMU's validation clips, Bandai-2's."""

    most: float
    cmu: float
    bandai: float
    what: str


LIMITS = {
    "wrist_p95": Limit(65.0, 12.0, 50.0, "wrist bend, degrees, 95th percentile (CMU did not capture wrists)"),
    "wrist_over_75": Limit(2.0, 0.0, 0.0, "% of wrists bent by more than 75 degrees"),
    "twist_over_60": Limit(5.0, 9.0, 0.0, "% of wrists twisted by more than 60 degrees (CMU: rolls of the skeleton)"),
    "still_ankles": Limit(6.0, 2.1, 0.4, "cm/s of the ankles over the floor while the head is still"),
    "still_sliding": Limit(15.0, 5.0, 0.3, "% of low feet that slide at 5 to 40 cm/s while the head is steady"),
    "hovering": Limit(2.0, 16.0, 0.0, "% of frames with both feet 3 cm up while the head is steady (CMU: a gymnast)"),
    "in_torso": Limit(1.0, 0.9, 0.3, "% of frames with forearm or hand inside the trunk"),
    "foot_jitter": Limit(2.5, 2.2, 1.0, "10^2 m/s^3 of ankles and toes"),
}
"""What is judged, by name: what real recordings should stay below."""


def plausibility(
    rotations: np.ndarray, translation: np.ndarray, rest_joints: np.ndarray, sole: float, fps: float
) -> dict[str, float]:
    """The numbers of ``LIMITS``; ``seconds`` and ``still_seconds``; ``wrist_p50``, ``knee_p50``, ``spine_p95``.

    ``rotations`` (T, 22, 3, 3) local, ``translation`` (T, 3) of the pelvis, in the model's frame with the floor at 0;
    ``rest_joints`` (22 or 24, 3) and the height of the ``sole`` of the person in rest pose.
    """
    rest = np.asarray(rest_joints, np.float64)[:BODY_JOINT_COUNT]
    rotations, translation = np.asarray(rotations, np.float64), np.asarray(translation, np.float64)
    world, joints = forward_kinematics(rotations, translation, rest)
    bend, twist = _wrists(rotations)
    head = uniform_filter1d(np.gradient(joints[:, HEAD], axis=0) * fps, max(1, round(fps / 4)), axis=0)
    level, rise = np.linalg.norm(head[:, [0, 2]], axis=-1), np.abs(head[:, 1])
    still, steady = (level < STILL_SPEED) & (rise < STILL_RISE), (level < STEADY_SPEED) & (rise < STILL_RISE)
    feet = joints[:, FEET]
    height = feet[..., 1] - (rest[list(FEET), 1] - sole)
    speed = np.zeros(height.shape)
    speed[1:] = CM * fps * np.linalg.norm(np.diff(feet, axis=0)[..., [0, 2]], axis=-1)
    low = (height < LOW) & steady[:, None]
    jerk = np.linalg.norm(np.diff(feet, 3, axis=0), axis=-1) * fps**3 / 100
    spine = np.einsum("tji,tjk->tik", world[:, PELVIS], world[:, SPINE3])
    return {
        "seconds": len(joints) / fps,
        "still_seconds": float(still.sum() / fps),
        "wrist_p50": float(np.percentile(bend, 50)),
        "wrist_p95": float(np.percentile(bend, 95)),
        "wrist_over_75": _percent(bend > BENT),
        "twist_over_60": _percent(twist > TWISTED),
        "still_ankles": _mean(speed[still][:, : len(ANKLES)]),
        "still_sliding": _percent((speed[low] > SLIDING[0]) & (speed[low] < SLIDING[1])),
        "hovering": _percent(height.min(1)[steady] > LOW),
        "in_torso": _percent(_in_trunk(world, joints)),
        "foot_jitter": _mean(jerk),
        "knee_p50": float(np.percentile(_knees(rotations), 50)),
        "spine_p95": float(np.percentile(np.degrees(np.arccos(np.clip(spine[:, 1, 1], -1, 1))), 95)),
    }


def _wrists(rotations: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Bend and twist (2 T,) in degrees of the wrists of local rotations (T, 22, 3, 3)."""
    wrist = np.concatenate([rotations[:, joint] for joint in WRISTS])
    bend = np.degrees(np.arccos(np.clip(wrist[:, 0, 0], -1, 1)))
    quaternion = matrix_to_quaternion(wrist)
    roll = 2 * np.arctan2(quaternion[:, 1], quaternion[:, 0])
    return bend, np.degrees(np.abs((roll + np.pi) % (2 * np.pi) - np.pi))


def _knees(rotations: np.ndarray) -> np.ndarray:
    """Bend (2 T,) in degrees of the knees."""
    shank = np.concatenate([-rotations[:, joint, :, 1] for joint in KNEES])
    return np.degrees(np.arctan2(-shank[:, 2], -shank[:, 1]))


def _in_trunk(world: np.ndarray, joints: np.ndarray) -> np.ndarray:
    """(T,) bool: whether a forearm or a hand is inside the trunk, an upright ellipse around the spine."""
    middle, rotation = joints[:, SPINE2], world[:, SPINE2]
    top = np.einsum("ti,tij->tj", joints[:, NECK] - middle, rotation)[:, None, 1]
    bottom = np.einsum("ti,tij->tj", joints[:, PELVIS] - middle, rotation)[:, None, 1]
    inside = np.zeros(len(joints), bool)
    for elbow, wrist, sign in zip(ELBOWS, WRISTS, (1.0, -1.0), strict=True):
        bone = joints[:, wrist] - joints[:, elbow]
        points = [joints[:, elbow] + fraction * bone for fraction in FOREARM_PLACES]
        points.append(joints[:, wrist] + world[:, wrist] @ [sign * HAND_LENGTH, 0, 0])
        seen = np.einsum("tji,tpj->tpi", rotation, np.stack(points, 1) - middle[:, None])
        across = (seen[..., 0] / TRUNK_HALF_WIDTHS[0]) ** 2 + (
            (seen[..., 2] - TRUNK_CENTRE) / TRUNK_HALF_WIDTHS[1]
        ) ** 2
        inside |= ((across < 1) & (seen[..., 1] < top - TRUNK_TOP) & (seen[..., 1] > bottom)).any(1)
    return inside


def _mean(values: np.ndarray) -> float:
    return float(np.mean(values)) if np.size(values) else 0.0


def _percent(of: np.ndarray) -> float:
    return 100 * _mean(of)
