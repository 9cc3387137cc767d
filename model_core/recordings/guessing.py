"""Guesses about a table's units and axes, made from the motion itself (numpy only)."""

from collections.abc import Iterable, Mapping

import numpy as np

from ..geometry.rotations import quaternion_conjugate, quaternion_multiply
from .conventions import CONVENTIONS, euler_to_quaternion, to_openxr

Poses = Mapping[str, np.ndarray]
"""Positions or rotations by role."""

TIME_SCALES = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ticks": 1e-7, "ns": 1e-9}
LENGTH_SCALES = {"m": 1.0, "cm": 1e-2, "mm": 1e-3}
SLOWEST_SAMPLING = 0.5
"""Seconds between samples above which a time unit is taken to be smaller than supposed."""
TICKS_FROM, NANOSECONDS_FROM = 5e4, 2e6
"""Median steps from which whole numbers are ticks of 100 ns (5 to 200 Hz), and from which they are nanoseconds."""
REACH = (0.12, 1.3)
"""Metres between which the distance from head to hand mostly lies."""
HEAD_HEIGHTS = (0.3, 2.6)
EULER_ORDERS = ("YXZ", "XZY", "ZXY", "YZX", "ZYX", "XYZ")
"""From usual to rare."""
LEAST_LESS_ROLL = 0.6
"""Part of a more usual order's rolling that a rarer order must stay below to be believed."""
LEAST_EVIDENCE = 0.4
"""Difference of score below which two conventions cannot be told apart."""
SAMPLES = 2000
"""Samples of a recording that guesses look at."""
LEAST_MOVING = 0.05
"""Part of the samples in which a hand must move to be taken for one."""


def guess_time_unit(time: np.ndarray) -> str:
    """The unit of increasing stamps (N,) from their median step."""
    steps = np.diff(time[np.isfinite(time)])
    steps = steps[steps > 0]
    step = float(np.median(steps)) if len(steps) else 1.0
    if step < SLOWEST_SAMPLING:
        return "s"
    if step < SLOWEST_SAMPLING * 1e3:
        return "ms"
    if step < TICKS_FROM:
        return "us"
    return "ticks" if step < NANOSECONDS_FROM else "ns"


def guess_length_unit(positions: Poses) -> str | None:
    """The unit of positions by role (N, 3), from the distance of the hands from the head, or from the head's height."""
    head = positions["head"]
    hands = [positions[role] for role in ("left_hand", "right_hand") if role in positions]
    with np.errstate(over="ignore", invalid="ignore"):
        if hands:
            lengths, (least, most) = np.concatenate([np.linalg.norm(hand - head, axis=-1) for hand in hands]), REACH
        else:
            lengths, (least, most) = np.abs(head).max(-1), HEAD_HEIGHTS
    lengths = lengths[np.isfinite(lengths)]
    if len(lengths) == 0:
        return None
    length = np.median(lengths)
    for unit, scale in LENGTH_SCALES.items():
        if least <= length * scale <= most:
            return unit
    return None


def convention_scores(
    positions: Poses, rotations: Poses, names: Iterable[str] = tuple(CONVENTIONS)
) -> dict[str, float]:
    """How well each convention of ``names`` explains a person's motion: name -> score, from about -4 to 5.

    A person's head is upright and above the hands, looks to where the hands are, and has the right one on the right.
    ``positions`` role -> (N, 3) metres and ``rotations`` role -> (N, 4) ``wxyz`` as the file has them. A hand that
    hardly ever moves is asleep somewhere and tells nothing.
    """
    step = max(1, len(positions["head"]) // SAMPLES)
    roles = [role for role in ("left_hand", "right_hand") if role in positions and _moves(positions[role])]
    sampled = {role: (positions[role][::step], rotations[role][::step]) for role in ["head", *roles]}
    return {name: _score({role: to_openxr(*pose, name) for role, pose in sampled.items()}) for name in names}


def _moves(position):
    with np.errstate(invalid="ignore"):
        return (np.diff(position, axis=0) != 0).any(-1).mean() > LEAST_MOVING


def _score(poses):
    """Score of head and hands, role -> (positions, rotations) as if in OpenXR's axes."""
    head_position, head_rotation = poses["head"]
    score = _mean(rotate(head_rotation, np.array([0.0, 1, 0]))[:, 1])
    # Where a recording keeps the stage's origin, the head is well above it.
    score += 0.5 * np.clip(_mean(head_position[:, 1]), -1, 1)
    hands = {role: position - head_position for role, (position, _) in poses.items() if role != "head"}
    seen = {role: rotate(quaternion_conjugate(head_rotation), hand) for role, hand in hands.items()}
    for role in hands:
        score += np.clip(_mean(-hands[role][:, 1]) / 0.5, -1, 1) / len(hands)
        score += np.clip(_mean(-seen[role][:, 2]) / 0.1, -1, 1) / len(hands)
    if len(seen) == 2:
        score += np.clip(_mean(seen["right_hand"][:, 0] - seen["left_hand"][:, 0]) / 0.2, -1, 1)
    return float(score)


def guess_euler_order(degrees: np.ndarray) -> str:
    """The order in which a head's angles (N, 3) multiply: people nod and turn about, but hardly roll their heads.

    A wrong order makes rolling of nodding once the person has turned about; one that rolls much less is the right one.
    """
    best, least = EULER_ORDERS[0], np.inf
    for order in EULER_ORDERS:
        sideways = rotate(euler_to_quaternion(degrees, order), np.array([1.0, 0, 0]))[:, 1]
        roll = _mean(sideways**2) ** 0.5
        if roll < LEAST_LESS_ROLL * least:
            best, least = order, roll
    return best


def rotate(quaternion: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Vectors (3,) or (N, 3) turned by unit quaternions (N, 4)."""
    vectors = np.broadcast_to(vectors, (len(quaternion), 3))
    pure = np.concatenate([np.zeros((len(vectors), 1)), vectors], -1)
    return quaternion_multiply(quaternion_multiply(quaternion, pure), quaternion_conjugate(quaternion))[:, 1:]


def _mean(values):
    values = values[np.isfinite(values)]
    return float(values.mean()) if len(values) else 0.0
