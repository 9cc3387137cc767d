"""A limit to how far bones turn from one frame to the next: what would be faster begins earlier and ends later.

Where a hand passes its shoulder closely the way to it may be on the other side one frame later. No arm turns like that,
and no function of the hand's place alone is smooth there, so that the frames before and after have to give way.
"""

from collections.abc import Sequence

import numpy as np

from ...model_core.geometry.rotations import matrix_to_quaternion, normalize, quaternion_to_matrix, slerp

FASTEST = np.radians(26.0)
"""How far a bone turns in a frame beyond what the player's does, at most."""
LOOK_AHEAD = 12
"""Frames before and after a turn that is too fast, over which it is spread."""
SWEEPS, CLOSE = 400, np.radians(0.2)
"""How often neighbouring frames are drawn together at most, and how much too fast is good enough."""
EASINGS = 2
"""How often a turn that was spread is smoothed, with the frames beside it, so that it begins and ends softly."""


def turned(turns: np.ndarray) -> np.ndarray:
    """How far rotations (T, 3, 3) turn from frame to frame, in radians (T - 1,)."""
    cosine = 0.5 * (np.einsum("tij,tij->t", turns[:-1], turns[1:]) - 1)
    return np.arccos(np.clip(cosine, -1, 1))


def limited(bones: Sequence[np.ndarray], allowed: np.ndarray, free: np.ndarray) -> list[np.ndarray]:
    """Rotations (T, 3, 3) of a limb's bones, none of which turns further than ``allowed`` (T - 1,) radians a frame.

    ``free`` (T,), above 0: how readily a frame gives way, beside the others. Frames that are further than
    ``LOOK_AHEAD`` from a turn that is too fast stay as they are, unless these follow on each other for so long that
    the limb comes late.
    """
    over = np.maximum.reduce([turned(bone) for bone in bones]) > allowed
    if not over.any():
        return list(bones)
    found = np.stack(bones)
    for first, last in _windows(over):
        part = slice(first, last)
        share = free[part].copy()
        share[[end for end, open_ in ((0, first > 0), (-1, last < len(free))) if open_]] = 0.0
        spread = _spread(matrix_to_quaternion(found[:, part]), allowed[first : last - 1], share)
        found[:, part] = quaternion_to_matrix(spread)
    _come_late(found, allowed)
    return list(found)


def _windows(over: np.ndarray) -> list[tuple[int, int]]:
    """The frames (from, to) around steps that are too fast (T - 1,)."""
    around = np.convolve(over, np.ones(2 * LOOK_AHEAD + 2))  # Step n leads from frame n to n + 1.
    near = around[LOOK_AHEAD : LOOK_AHEAD + len(over) + 1] > 0.5
    edges = np.flatnonzero(np.diff(np.concatenate([[0], near.astype(int), [0]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _spread(quaternions: np.ndarray, allowed: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Rotations (K, T, 4) drawn together, two frames at a time, until no step is longer than ``allowed`` (T - 1,)."""
    found = quaternions.copy()
    for _ in range(SWEEPS):
        worst = 0.0
        for odd in (0, 1):
            count = (len(share) - odd) // 2
            before, after = (slice(odd + late, odd + late + 2 * count, 2) for late in (0, 1))
            step, there = _step(found[:, before], found[:, after])
            excess = np.maximum(step - allowed[before], 0)
            worst = max(worst, float(excess.max(initial=0)))
            both = np.maximum(share[before] + share[after], 1e-9)
            part = excess / np.maximum(step, 1e-9) / both
            here = found[:, before]
            first = (part * share[before])[:, None] * (there - here)
            second = (part * share[after])[:, None] * (here - there)
            found[:, before], found[:, after] = normalize(here + first), normalize(there + second)
        if worst < CLOSE:
            break
    changed = np.convolve(_step(quaternions, found)[0] > CLOSE, np.ones(3), "same") * share > 0
    for _ in range(EASINGS):
        here = found[:, 1:-1]
        (_, before), (_, after) = _step(here, found[:, :-2]), _step(here, found[:, 2:])
        found[:, 1:-1] = normalize(here + 0.5 * changed[1:-1, None] * (0.5 * (before + after) - here))
    return found


def _step(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The furthest that any of K bones turns from ``first`` to ``second`` (K, T, 4), and the second's nearer signs."""
    cosine = (first * second).sum(-1)
    angle = 2 * np.arccos(np.minimum(np.abs(cosine), 1)).max(0)
    return angle, np.where(cosine[..., None] < 0, -second, second)


def _come_late(found: np.ndarray, allowed: np.ndarray) -> None:
    """Let rotations (K, T, 3, 3) come as far as they may in a frame, and on in the next, wherever they still hurry."""
    steps = np.max([turned(bone) for bone in found], 0)
    hurried = np.flatnonzero(steps > allowed + 2 * CLOSE)
    frame = 0
    for start in hurried.tolist():
        frame = max(frame, start)
        while frame < len(allowed):
            here, there = (matrix_to_quaternion(found[:, at])[:, None] for at in (frame, frame + 1))
            step, there = _step(here, there)
            if step[0] <= allowed[frame] + CLOSE:
                break
            part = np.full((len(found), 1), allowed[frame] / step[0])
            found[:, frame + 1] = quaternion_to_matrix(slerp(here, there, part))[:, 0]
            frame += 1
