"""Anchors of a foot that stands and is free when somebody says so, whatever contact says."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from .footsteps import KEPT, LEAST_STAND, STEP_FRAMES, YAW_METRES, FootAnchor, robust_centre


def obey_given(
    anchors: Sequence[FootAnchor], spots: np.ndarray, yaws: np.ndarray, given: np.ndarray
) -> list[FootAnchor]:
    """The ``anchors`` of a foot, without the frames in which it is given as free and with those in which it stands.

    ``given`` (T,) is 1 where it stands, 0 where it is free, NaN where nothing is said; there nothing changes, but that
    a stand which is cut in two stays where it was, and one beside a stand elsewhere leaves time to step there. A foot
    that stands does so on one spot: that of the longest of the anchors that hold it in the while, else where it is most
    of it, by its ``spots`` (T, 2) and ``yaws`` (T,).
    """
    time = np.arange(len(given))
    obeyed = [part for anchor in anchors for part in _outside(anchor, given == 0)]
    for first, last in _runs(given == 1):
        beside, within = [], []
        for anchor in obeyed:
            (within if anchor.first < last and anchor.last > first else beside).append(anchor)
        if within:
            kept = max(within, key=lambda anchor: anchor.last - anchor.first)
        else:
            kept = _anchor_of(spots[first:last], yaws[first:last])
        begin, end = first, last
        for anchor in within:
            if np.linalg.norm(anchor.position - kept.position) < KEPT:  # It is one stand with it.
                begin, end = min(begin, anchor.first), max(end, anchor.last)
            else:
                beside += _outside(anchor, (time >= first) & (time < last))
        obeyed = sorted([*beside, replace(kept, first=begin, last=end)], key=lambda anchor: anchor.first)
    return _with_steps(obeyed, given)


def _with_steps(anchors: Sequence[FootAnchor], given: np.ndarray) -> list[FootAnchor]:
    """The anchors, with time to step between a given stand and one next to it, taken where nothing is given."""
    stepped = list(anchors)
    for place in range(len(stepped) - 1):
        one, other = stepped[place : place + 2]
        lacking = STEP_FRAMES - (other.first - one.last)
        if lacking <= 0 or (given[[one.last - 1, other.first]] != 1).all():
            continue
        early = min(lacking, _unsaid(given[one.first : one.last][::-1]))
        late = min(lacking - early, _unsaid(given[other.first : other.last]))
        stepped[place], stepped[place + 1] = (
            replace(one, last=one.last - early),
            replace(other, first=other.first + late),
        )
    return stepped


def _unsaid(given: np.ndarray) -> int:
    """How many frames of a stand nothing is said about before something is, its shortest left over."""
    said = np.flatnonzero(~np.isnan(given))
    return max(min(said[0] if len(said) else len(given), len(given) - LEAST_STAND), 0)


def _anchor_of(spots: np.ndarray, yaws: np.ndarray) -> FootAnchor:
    """An anchor where a foot is most of the while."""
    centre = robust_centre(np.concatenate([spots, YAW_METRES * np.unwrap(yaws)[:, None]], 1))
    return FootAnchor(0, len(spots), centre[:2], float(centre[2] / YAW_METRES))


def _outside(anchor: FootAnchor, cut: np.ndarray) -> list[FootAnchor]:
    """What is left of an anchor where frames are ``cut`` (T,) bool from it."""
    left = ~cut
    left[: anchor.first] = left[anchor.last :] = False
    return [replace(anchor, first=first, last=last) for first, last in _runs(left)]


def _runs(chosen: np.ndarray) -> list[tuple[int, int]]:
    """First frame and the one after the last of each stretch of ``chosen`` (T,) bool."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], chosen, [False]]).astype(np.int8)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
