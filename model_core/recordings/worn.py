"""Whether the headset is on a head: laid down, or held in the hands, it moves as no head does (numpy only).

While it is off nothing is known of the body. These samples become lost, like those of a tracker that is not seen, and
the head's place is filled from where it was worn before and after.
"""

import numpy as np

from ..geometry.rotations import make_continuous, quaternion_to_matrix, slerp
from .recording import Track

UPRIGHT_PERCENTILE = 95.0
STILL_SECONDS, STILL_METRES, STILL_RADIANS = 1.5, 0.002, 0.01
"""A headset that keeps its place so well for so long lies somewhere: even people who stand still sway more."""
LAID_DROP = 0.3
"""Metres by which a headset lies lower than it is worn: who is still at full height is still a person."""
HELD_DROP, HELD_SECONDS = 0.55, 0.4
"""A headset so much lower than it is worn, with both hands above it and near it for so long, is held in them."""
HANDS_ABOVE, HANDS_NEAR = 0.05, 0.45
TAKING_OFF_SECONDS = 2.0
TAKING_OFF_DROP, TAKING_OFF_TILT = 0.15, 0.8
"""Before and after, as long as the headset is lower than this (metres) or tilted (cosine of its up axis), it is on its
way, for so long at most."""
LEAST_WORN = 0.2
"""Part of a recording: whoever is seen to wear the headset for less may wear it otherwise than is thought here."""


def unworn(time: np.ndarray, tracks: dict[str, Track]) -> np.ndarray:
    """In which samples (N,) the headset is on no head. Positions are metres with +Y up, in any frame."""
    head = tracks["head"]
    frames = np.flatnonzero(head.valid)
    off = np.zeros(len(time), bool)
    if len(frames) < 2 or time[frames[-1]] - time[frames[0]] < STILL_SECONDS:
        return off
    drop = np.percentile(head.position[frames, 1], UPRIGHT_PERCENTILE) - head.position[:, 1]
    low = head.valid & (drop > LAID_DROP)
    if not low.any():
        return off
    off = _laid(time, head, low) | _lasting(time, _held(tracks, drop), HELD_SECONDS)
    up = quaternion_to_matrix(head.rotation)[:, 1, 1]
    on_its_way = head.valid & ((drop > TAKING_OFF_DROP) | (up < TAKING_OFF_TILT))
    off = _grown(time, off, on_its_way)
    return off if (head.valid & ~off).sum() > LEAST_WORN * head.valid.sum() else np.zeros(len(time), bool)


def without_unworn(time: np.ndarray, tracks: dict[str, Track], off: np.ndarray) -> dict[str, Track]:
    """The tracks with head and hands lost in the samples ``off`` (N,); the head is where it was worn before and after.

    A hand that holds a headset, or puts it down, is seen rightly; but where its arm comes from is not.
    """
    head = tracks["head"]
    worn = np.flatnonzero(head.valid & ~off)
    lost = np.flatnonzero(off)
    after = np.clip(np.searchsorted(worn, lost), 0, len(worn) - 1)
    before = np.maximum(np.searchsorted(worn, lost) - 1, 0)
    left, right = worn[before], worn[after]
    span = np.maximum(time[right] - time[left], 1e-9)
    weight = np.clip((time[lost] - time[left]) / span, 0, 1)
    position, rotation = head.position.copy(), head.rotation.copy()
    position[lost] = head.position[left] + (head.position[right] - head.position[left]) * weight[:, None]
    rotation[lost] = slerp(rotation[left], rotation[right], weight)
    found = {role: Track(track.position, track.rotation, track.valid & ~off) for role, track in tracks.items()}
    return found | {"head": Track(position, make_continuous(rotation), head.valid & ~off)}


def stretches(time: np.ndarray, mask: np.ndarray) -> list[tuple[float, float]]:
    """Begin and end in seconds from the first sample of each run of a mask (N,)."""
    return [(float(time[first] - time[0]), float(time[last] - time[0])) for first, last in _runs(mask)]


def _runs(mask: np.ndarray) -> np.ndarray:
    """First and last sample (R, 2) of each run of a mask (N,)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(int)))
    return edges.reshape(-1, 2) - [0, 1]


def _laid(time: np.ndarray, head: Track, low: np.ndarray) -> np.ndarray:
    """Samples (N,) of a headset that is ``low`` (N,) and lies still."""
    step = float(np.median(np.diff(time)))
    count = max(2, int(np.ceil(STILL_SECONDS / step)))
    still = np.zeros(len(time), bool)
    for first in range(0, len(time) - count + 1, max(1, count // 4)):
        window = slice(first, first + count)
        if not low[window].all():
            continue
        apart = np.abs(head.rotation[window] @ head.rotation[first + count // 2])
        turned = 2 * np.arccos(np.clip(apart.min(), 0, 1))
        if head.position[window].std(0).max() < STILL_METRES and turned < STILL_RADIANS:
            still[window] = True
    return still


def _held(tracks: dict[str, Track], drop: np.ndarray) -> np.ndarray:
    """Samples (N,) in which both hands are seen above and near a headset that is low."""
    head = tracks["head"]
    held = head.valid & (drop > HELD_DROP)
    for role in ("left_hand", "right_hand"):
        if role not in tracks:
            return np.zeros(len(drop), bool)
        away = tracks[role].position - head.position
        held &= tracks[role].valid & (away[:, 1] > HANDS_ABOVE) & (np.linalg.norm(away, axis=-1) < HANDS_NEAR)
    return held


def _lasting(time: np.ndarray, mask: np.ndarray, seconds: float) -> np.ndarray:
    """The runs of a mask (N,) that last so many seconds."""
    kept = np.zeros_like(mask)
    for first, last in _runs(mask):
        kept[first : last + 1] = time[last] - time[first] >= seconds
    return kept


def _grown(time: np.ndarray, mask: np.ndarray, room: np.ndarray) -> np.ndarray:
    """A mask (N,) with each run extended over neighbours in ``room`` (N,), for ``TAKING_OFF_SECONDS`` at most."""
    grown = mask.copy()
    for order in (slice(None), slice(None, None, -1)):
        times, source, free, result = time[order], mask[order], room[order], grown[order]
        last = -np.inf
        for number in range(1, len(times)):
            if source[number - 1]:
                last = times[number - 1]
            if result[number - 1] and free[number] and abs(times[number] - last) <= TAKING_OFF_SECONDS:
                result[number] = True
    return grown
