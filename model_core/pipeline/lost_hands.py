"""What hands do that no tracker sees, where that is not left to the networks: they hang, or hold where they were."""

from dataclasses import replace

import numpy as np

from ..geometry.filters import smoothstep
from ..geometry.rotations import rotation_about_y, slerp_matrices, transpose
from ..geometry.skeleton import HEAD, SHOULDERS, WRISTS
from ..observation import Observation, heading
from ..options import HANG, PRIOR

EASE_FRAMES = 30
"""Frames of a gap in which a hand goes over from where it was seen, and to where it is seen again; a third of a shorter
gap."""
REACHED = 0.97
"""Fraction of the arm's length that it is stretched to where it hangs."""
BESIDE, BEFORE = 0.04, 0.05
"""Metres by which a hanging wrist is outside of the shoulder, and before it."""
LOWEST = 0.08
"""Metres above the floor below which no hand hangs."""


def with_lost_hands(observation: Observation, rest_joints: np.ndarray, means: str) -> Observation:
    """The observation of a person with ``rest_joints`` (22 or 24, 3) in which lost hands are as by ``means``.

    One of ``options.LOST_HANDS``. Hands move with the head and its heading; one that is never seen holds nowhere, and
    is left as it is.
    """
    lost = ~observation.valid[:, 1:]
    if means == PRIOR or not lost.any():
        return observation
    rotations, positions, valid = observation.rotations.copy(), observation.positions.copy(), observation.valid.copy()
    facing = rotation_about_y(heading(rotations[:, 0].astype(np.float64)))
    head = positions[:, 0].astype(np.float64)
    for hand, wrist in enumerate(WRISTS):
        seen = ~lost[:, hand]
        if means != HANG and not seen.any():
            continue
        turned = transpose(facing) @ rotations[:, hand + 1]
        placed = _turned(transpose(facing), positions[:, hand + 1] - head)
        hanging = _hanging(np.asarray(rest_joints, np.float64), hand, wrist)
        for begin, end in _stretches(lost[:, hand]):
            _fill(turned, placed, begin, end, hanging if means == HANG else None)
        turned, placed = facing @ turned, _turned(facing, placed) + head
        placed[:, 1] = np.maximum(placed[:, 1], LOWEST)
        some = lost[:, hand]
        rotations[some, hand + 1], positions[some, hand + 1], valid[some, hand + 1] = turned[some], placed[some], True
    return replace(observation, rotations=rotations, positions=positions, valid=valid)


def _hanging(rest: np.ndarray, hand: int, wrist: int) -> tuple[np.ndarray, np.ndarray]:
    """A hand's rotation (3, 3) and its wrist's place (3,) from the head, as an arm hangs from a body that stands."""
    side, shoulder = 1 - 2 * hand, rest[SHOULDERS[hand]]
    arm = REACHED * np.linalg.norm(rest[wrist] - shoulder)
    down = np.array([[0.0, side, 0.0], [-side, 0.0, 0.0], [0.0, 0.0, 1.0]])  # In rest pose the arm points sideways.
    return down, shoulder - rest[HEAD] + np.array([side * BESIDE, -arm, BEFORE])


def _fill(
    turned: np.ndarray, placed: np.ndarray, begin: int, end: int, hanging: tuple[np.ndarray, np.ndarray] | None
) -> None:
    """Fill the frames ``begin`` to before ``end`` of rotations (T, 3, 3) and places (T, 3) relative to the head."""
    count, frames = end - begin, np.arange(end - begin, dtype=np.float64)
    edges = [(turned[at].copy(), placed[at].copy()) if 0 <= at < len(placed) else None for at in (begin - 1, end)]
    goal = hanging or edges[0] or edges[1]
    assert goal is not None
    turned[begin:end], placed[begin:end] = goal
    length = min(EASE_FRAMES, max(1, count // 3))
    for edge, away in zip(edges, (frames + 1, count - frames), strict=True):
        if edge is not None:
            weight = 1 - smoothstep(away / (length + 1))
            turned[begin:end] = slerp_matrices(turned[begin:end], np.broadcast_to(edge[0], (count, 3, 3)), weight)
            placed[begin:end] += weight[:, None] * (edge[1] - placed[begin:end])


def _stretches(lost: np.ndarray) -> list[tuple[int, int]]:
    """First frame and the one after the last of each stretch in which ``lost`` (T,) is true."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], lost, [False]]).astype(np.int8)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _turned(rotations: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Vectors (T, 3) turned by rotations (T, 3, 3)."""
    return (rotations @ vectors[..., None])[..., 0]
