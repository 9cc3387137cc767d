"""What a person's motion says about the axes that it was written in: log-likelihoods of conventions (numpy only).

People's heads are upright, look ahead or down, move in an arc about the neck behind and below the eyes, and walk where
they look; hands are below and before the head, the right one on the right. Each of these is a number measured once in
the file's own axes, and compared with what it would be in each convention's.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from ..geometry.rotations import quaternion_to_matrix
from .conventions import CONVENTIONS

Poses = Mapping[str, np.ndarray]
"""Positions (N, 3) or rotations (N, 4) by role."""
HANDS = ("left_hand", "right_hand")
SAMPLES = 6000
"""Samples that are looked at: whole stretches of them, spread over the recording."""
STRETCHES = 12
LEAST_MOVING = 0.05
"""Fraction of the samples in which a hand must move to count: one that hardly ever does lies somewhere."""
LAG, SLOW = 0.05, 0.5
"""Seconds over which the eyes' arc about the neck is measured, and over which slower motion is taken away."""
CORRELATION = 0.3
"""Seconds after which the errors of that measurement are independent."""
JUMP, LONGEST_STEP = 0.8, 0.05
"""Radians that nobody turns a tracker by in so many seconds."""
LEVER, LEVER_SIGMA = np.array([0.0, 0.02, -0.055]), np.array([0.08, 0.06, 0.035])
"""Metres from the point about which heads turn to the eyes, right, up and backward, as measured of real players."""
HEAD_FIT, HAND_FIT, FIT_LIMIT = 0.6, 0.15, 5.0
"""How much counts that turning explains how head and hands move: arms do not turn about one point only."""
WALKING, WALK_WINDOW, FULL_WALK = 0.3, 0.4, 4.0
"""Metres a second from which somebody walks, seconds over which speed is measured, metres that say all they can."""
FAR = 0.3
"""Metres: how hands that are farther before, below or beside the head than usual spread."""
STILL_TRUST = 0.5
"""How much a hand that hardly ever moves counts: it may lie somewhere."""
LEVER_LIMIT = 4.0
"""The same for the arc of the eyes, which whole bodies that sway can spoil."""
ROLL = 0.1
"""Sine of the angle by which heads roll to the side without being tilted on purpose."""
LIMIT = 7.0
"""No single observation may count for more than this: people lie down, dance, and play upside down."""
PRIOR = {"openxr": 0.0, "unity": 0.0, "unreal": -0.5, "ros": -0.7, "z_up": -0.5, "gltf": -2.0, "blender": -2.0}
"""How usual each convention is, as log-likelihoods."""
SHARPNESS = 1.6
"""Times that the evidence counts, so that probabilities agree with how often real stretches are read right."""
SURE = 0.95
"""Probability from which a guess is called sure."""


@dataclass(frozen=True)
class Observations:
    """Means over a motion, in the file's own axes; None where there is nothing to measure them on.

    ``mean_rotation`` (3, 3) of the head; ``hands`` role -> mean position relative to the head in the head's axes (3,),
    ``below`` the same in the room's; ``head`` mean position (3,); ``lever`` (3,) with covariance ``lever_error`` (3,
    3):
    the eyes from the point about which the head turns, in its axes; ``walk`` (3,) distance walked in the head's axes,
    ``walked`` metres in all. ``mean_square`` (3, 3) of the head's rotation matrix, entry by entry. ``fit`` is a
    log-likelihood of the rotations themselves: how well turning explains the way that trackers move; ``jumps`` are the
    steps in which a tracker turns farther than anybody could.
    """

    mean_rotation: np.ndarray
    mean_square: np.ndarray
    head: np.ndarray
    fit: float = 0.0
    jumps: int = 0
    lever: np.ndarray | None = None
    lever_error: np.ndarray | None = None
    walk: np.ndarray | None = None
    walked: float = 0.0
    hands: dict[str, np.ndarray] = field(default_factory=dict)
    still: frozenset[str] = frozenset()
    below: dict[str, np.ndarray] = field(default_factory=dict)


def stretches(count: int) -> np.ndarray:
    """Indices of the samples to look at, of ``count``: all, or whole stretches spread evenly."""
    if count <= SAMPLES:
        return np.arange(count)
    length = SAMPLES // STRETCHES
    starts = np.linspace(0, count - length, STRETCHES).astype(int)
    return np.concatenate([np.arange(start, start + length) for start in starts])


def observe(time: np.ndarray, positions: Poses, rotations: Poses) -> Observations | None:
    """Measure a motion: ``time`` (N,) seconds, positions and ``wxyz`` rotations by role; None without a usable head."""
    rows = stretches(len(time))
    time, head, rotation = time[rows], positions["head"][rows], rotations["head"][rows]
    seen = _usable(head, rotation)
    if seen.sum() < 2:
        return None
    _, turn, _ = _turning(head, rotation)
    hands, below = {}, {}
    for role in HANDS:
        if role not in positions:
            continue
        apart = positions[role][rows] - head
        both = seen & np.isfinite(apart).all(-1) & (positions[role][rows] != 0).any(-1)
        if both.any():
            hands[role] = np.einsum("nji,nj->ni", turn[both], apart[both]).mean(0)
            below[role] = apart[both].mean(0)
    still = frozenset(role for role in hands if not moves(positions[role]))
    walk, walked = _walk(time, head, turn, seen)
    lever, error, fit = _lever(time, head, turn, seen)
    jumps = _jumps(time, turn, seen)
    for role in hands:
        hand = _turning(positions[role][rows], rotations[role][rows])
        fit += HAND_FIT / HEAD_FIT * _lever(time, *hand)[2]
        jumps += _jumps(time, *hand[1:])
    square = (turn[seen] ** 2).mean(0)
    return Observations(
        turn[seen].mean(0),
        square,
        head[seen].mean(0),
        min(HEAD_FIT * fit, FIT_LIMIT),
        jumps,
        lever,
        error,
        walk,
        walked,
        hands,
        still,
        below,
    )


def moves(position: np.ndarray) -> bool:
    """Whether a hand (N, 3) is held by somebody: it hardly ever keeps its place."""
    with np.errstate(invalid="ignore"):
        known = position[np.isfinite(position).all(-1)]
        return len(known) > 1 and float((np.diff(known, axis=0) != 0).any(-1).mean()) > LEAST_MOVING


def _turning(position, rotation):
    """Positions (N, 3), rotation matrices (N, 3, 3) and which of them can be used (N,)."""
    seen = _usable(position, rotation)
    turn = np.full((len(position), 3, 3), np.nan)
    turn[seen] = quaternion_to_matrix(rotation[seen] / np.linalg.norm(rotation[seen], axis=-1, keepdims=True))
    return position, turn, seen


def _usable(position, rotation):
    length = np.linalg.norm(rotation, axis=-1)
    return np.isfinite(position).all(-1) & (np.abs(length - 1) < 0.05) & ((position != 0).any(-1))


def usual_step(time: np.ndarray) -> float:
    """The median of the steps forward in seconds, at least a tenth of a millisecond."""
    steps = np.diff(time)
    steps = steps[(steps > 0) & np.isfinite(steps)]
    return max(float(np.median(steps)), 1e-4) if len(steps) else 1.0


def _steps(time, seen, seconds):
    """Pairs of samples about ``seconds`` apart, both seen and in the same stretch: indices (M,) and (M,)."""
    step = usual_step(time)
    lag = max(1, min(round(seconds / step), len(time)))
    if len(time) <= lag:
        return np.empty(0, int), np.empty(0, int)
    first = np.arange(len(time) - lag)
    gap = time[first + lag] - time[first]
    good = seen[first] & seen[first + lag] & (gap > 0) & (gap < 4 * max(seconds, step))
    return first[good], first[good] + lag


def _walk(time, head, turn, seen):
    """Distance walked in the head's own axes (3,), and its length along the way in metres."""
    first, last = _steps(time, seen, WALK_WINDOW)
    if len(first) < 2:
        return None, 0.0
    velocity = (head[last] - head[first]) / (time[last] - time[first])[:, None]
    speed = np.linalg.norm(velocity, axis=-1)
    quick = (speed > WALKING) & (speed < 5)
    if not quick.any():
        return None, 0.0
    step = usual_step(time)
    local = np.einsum("nji,nj->ni", turn[first[quick]], velocity[quick])
    return local.sum(0) * step, float(speed[quick].sum() * step)


def _lever(time, head, turn, seen):
    """Where the eyes are from the point about which the head turns, in the head's axes (3,), covariance (3, 3),
    and fit.

    While the head turns from R to R', the eyes move by (R' - R) o: least squares for o, once motion that is slower than
    half a second is taken away, for that is the body's.
    """
    first, last = _steps(time, seen, LAG)
    if len(first) < 30:
        return None, None, 0.0
    moved = np.einsum("nji,nj->ni", turn[first], head[last] - head[first])
    turned = np.swapaxes(turn[first], 1, 2) @ turn[last] - np.eye(3)
    step = usual_step(time)
    width = max(1, round(SLOW / step))
    moved, turned = _without_slow(moved, width), _without_slow(turned.reshape(-1, 9), width).reshape(-1, 3, 3)
    rows = turned.reshape(-1, 3)
    normal = rows.T @ rows + 1e-3 * np.eye(3)
    solution = np.linalg.solve(normal, np.column_stack([rows.T @ moved.reshape(-1), np.eye(3)]))
    lever, inverse_normal = solution[:, 0], solution[:, 1:]
    left = moved - (rows @ lever).reshape(-1, 3)
    error = inverse_normal * float((left**2).mean()) * max(1.0, CORRELATION / step)
    independent = len(first) * min(1.0, step / CORRELATION)
    still = 1e-8 + float((moved**2).mean())
    return lever, error, -1.5 * independent * float(np.log((1e-8 + float((left**2).mean())) / still))


def _jumps(time, turn, seen):
    """How often a tracker turns by more than ``JUMP`` from one sample to the next."""
    pairs = seen[1:] & seen[:-1] & (np.diff(time) < LONGEST_STEP)
    with np.errstate(invalid="ignore"):
        cosine = (np.einsum("nij,nij->n", turn[1:], turn[:-1]) - 1) / 2
    return int((pairs & (cosine < np.cos(JUMP))).sum())


def _without_slow(values, width):
    """Values (N, C) less their mean over ``width`` samples to each side."""
    width = min(width, (len(values) - 1) // 2)
    total = np.concatenate(
        [np.zeros((1, values.shape[1])), np.cumsum(np.pad(values, ((width, width), (0, 0)), "edge"), 0)]
    )
    return values - (total[2 * width + 1 :] - total[: -2 * width - 1]) / (2 * width + 1)


def log_likelihoods(seen: Observations, names: Iterable[str] = tuple(CONVENTIONS)) -> dict[str, float]:
    """How well each convention explains what was measured: name -> log-likelihood, how usual it is included."""
    return {name: PRIOR.get(name, 0.0) + SHARPNESS * sum(terms(seen, name).values()) for name in names}


def terms(seen: Observations, name: str) -> dict[str, float]:
    """Log-likelihoods of the single observations under a convention."""
    matrix = CONVENTIONS[name]
    right, up, back = matrix
    found = {
        "upright": -min(LIMIT, max(0.0, 0.9 - float(up @ seen.mean_rotation @ up)) / 0.12),
        "gaze": _normal(-float(up @ seen.mean_rotation @ back), -0.15, 0.22),
        "height": 1.5 * float(np.clip(seen.head @ up, -1, 1)),
    }
    for role, local in seen.hands.items():
        trust = STILL_TRUST if role in seen.still else 1.0
        weight = trust / len(seen.hands)
        outward = float(local @ right) * (1 if role == "right_hand" else -1)
        found[f"{role} before"] = weight * _normal(-float(local @ back), 0.25, 0.2, FAR)
        found[f"{role} below"] = weight * _normal(-float(seen.below[role] @ up), 0.45, 0.25, FAR)
        found[f"{role} side"] = trust * _normal(outward, 0.18, 0.15, FAR)
    if seen.walk is not None and seen.walked > 0.5:
        ahead = -float(seen.walk @ back) / seen.walked
        found["walk"] = 4 * min(1.0, seen.walked / FULL_WALK) * ahead
    if seen.lever is not None and seen.lever_error is not None:
        lever, error = matrix @ seen.lever, matrix @ seen.lever_error @ matrix.T
        covariance = error + np.diag(LEVER_SIGMA**2)
        apart = lever - LEVER
        found["lever"] = -min(LEVER_LIMIT, 0.5 * float(apart @ np.linalg.solve(covariance, apart)))
    return found


def roll(seen: Observations, name: str) -> float:
    """Log-likelihood of how much the head rolls under a convention: little, in the right order of angles."""
    right, up, _ = CONVENTIONS[name]
    return -3.0 * float(np.log1p(up**2 @ seen.mean_square @ right**2 / ROLL**2))


def _normal(value, mean, sigma, sigma_above=None):
    """A normal density's logarithm, up to a constant; ``sigma_above`` where it falls off otherwise above the mean."""
    sigma = sigma if sigma_above is None or value < mean else sigma_above
    return -0.5 * min((2 * LIMIT) ** 0.5, abs(value - mean) / sigma) ** 2  # The square of what is far off overflows.


def probabilities(scores: Mapping[str, float]) -> dict[str, float]:
    """Log-likelihoods -> probabilities, best first."""
    top = max(scores.values())
    weights = {name: float(np.exp(score - top)) for name, score in scores.items()}
    total = sum(weights.values())
    return {name: weights[name] / total for name in sorted(weights, key=lambda name: -weights[name])}
