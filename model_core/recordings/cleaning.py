"""What a file holds -> a ``Recording``: times put in order, dropouts classified, gaps filled for display.

Every reader ends here. Nothing is invented: a sample that was lost is ``valid = False``, and what fills its place is
interpolated for the eye only.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ..geometry.rotations import make_continuous, slerp
from ..notes import Note
from .recording import LONGEST_GAP, Dropout, DropoutReason, Recording, Track
from .resample import interpolate_track

REASONS = (None, *DropoutReason)
"""A sample's reason is kept as an index into these: 0 where it is a pose."""
MISSING, ZEROED, BAD_ROTATION, FROZEN, TELEPORT, UNTRACKED = range(1, 7)

NORM_TOLERANCE = 0.05
"""A quaternion whose length is further from 1 than this was averaged across a sign flip, or is no quaternion."""
FROZEN_SECONDS = 0.5
"""A living person's tracker never repeats one pose, to the last bit, for longer."""
TELEPORT_METRES, TELEPORT_SPEED = 0.4, 20.0
"""A step this long and this fast (m/s) is a jump: the fastest punches and throws stay under 15 m/s."""
TELEPORT_RETURN_SECONDS = 1.0
"""A tracker that jumps away and back within this time was elsewhere only by mistake."""
LARGEST_POSITION = 1000.0
"""Metres from the origin beyond which a position is a mistake of the file."""


@dataclass(frozen=True)
class RawTrack:
    """A tracker as its file has it, in OpenXR's axes and metres: nothing checked, NaN where there is no value.

    ``position`` (N, 3); ``rotation`` (N, 4) ``wxyz`` of any length; ``tracked`` (N,) bool where the file tells;
    ``time`` (N,) seconds where the tracker has a clock of its own.
    """

    position: np.ndarray
    rotation: np.ndarray
    tracked: np.ndarray | None = None
    time: np.ndarray | None = None


def build_recording(
    time: np.ndarray,
    tracks: Mapping[str, RawTrack],
    source: str,
    device: str = "",
    betas: np.ndarray | None = None,
    warnings: Iterable[Note] = (),
    living: bool = True,
) -> Recording:
    """A validated ``Recording`` from ``time`` (N,) seconds and ``tracks`` (role -> ``RawTrack``) as the file has them.

    Trackers with clocks of their own are brought to ``time``, which is the head's. ``living`` is false for motion that
    was made or captured otherwise than by a headset: it may rightly stand still.
    """
    warnings = list(warnings)
    keep = _usable_times(np.asarray(time, np.float64), source, warnings)
    time = np.asarray(time, np.float64)[keep]
    gaps = int((np.diff(time) > LONGEST_GAP).sum())
    if gaps:
        warnings.append(Note("gaps", {"count": gaps, "seconds": LONGEST_GAP}))
    cleaned, dropouts = {}, []
    for role, raw in tracks.items():
        own = keep if raw.time is None else _usable_times(np.asarray(raw.time, np.float64), source, [])
        clock = time if raw.time is None else np.asarray(raw.time, np.float64)[own]
        track, reasons = _clean_track(clock, raw, own, living)
        if raw.time is not None:
            track, reasons = _on_clock(time, clock, track, reasons)
        cleaned[role] = track
        dropouts += _runs(role, reasons)
    recording = Recording(time, cleaned, source, device, betas, tuple(dropouts), tuple(warnings))
    return recording.validate()


def _clean_track(clock, raw, keep, living):
    """The samples ``keep`` of a raw track as a ``Track``, and why (N,) each that is lost is lost."""
    position = np.asarray(raw.position, np.float64)[keep]
    rotation = np.asarray(raw.rotation, np.float64)[keep]
    reasons = _reasons(clock, position, rotation, None if raw.tracked is None else raw.tracked[keep], living)
    return _filled_track(clock, position, rotation, reasons == 0), reasons


def _on_clock(time, clock, track, reasons):
    """A track with samples at ``clock`` at the times ``time``; what lies between far samples is missing."""
    moved = interpolate_track(clock, track, time)
    before = np.clip(np.searchsorted(clock, time, side="right") - 1, 0, len(clock) - 1)
    after = np.minimum(before + 1, len(clock) - 1)
    why = np.where(reasons[before] != 0, reasons[before], reasons[after])
    return moved, np.where(moved.valid, 0, np.where(why != 0, why, MISSING)).astype(np.uint8)


def _usable_times(time, source, warnings):
    """Indices of the samples to keep, in order, so that their times increase."""
    indices = np.flatnonzero(np.isfinite(time))
    if len(indices) < len(time):
        warnings.append(Note("times_not_finite", {"count": len(time) - len(indices)}))
    if len(indices) < 2:
        raise InputError(f"{source}: has {len(indices)} usable samples; at least 2 are needed")
    if (np.diff(time[indices]) > 0).all():
        return indices
    kept = indices[_longest_increasing(time[indices])]
    if len(kept) < len(indices) / 2:
        values, first = np.unique(time[indices], return_index=True)
        if len(values) > len(kept):
            warnings.append(Note("times_sorted"))
            kept = indices[first]
    warnings.append(Note("times_backward", {"count": len(indices) - len(kept)}))
    return kept


def _longest_increasing(values):
    """Indices of the longest strictly increasing subsequence: of a wild stamp or a rewind the smaller part goes."""
    tails, tail_indices, previous = [], [], np.full(len(values), -1)
    for index, value in enumerate(values.tolist()):
        length = bisect_left(tails, value)
        if length:
            previous[index] = tail_indices[length - 1]
        if length == len(tails):
            tails.append(value)
            tail_indices.append(index)
        else:
            tails[length], tail_indices[length] = value, index
    chain, index = [], tail_indices[-1]
    while index >= 0:
        chain.append(index)
        index = previous[index]
    return np.array(chain[::-1])


def _reasons(time, position, rotation, tracked, living):
    """Why each sample (N,) is no pose: an index into ``REASONS``, 0 where it is one."""
    reasons = np.zeros(len(time), np.uint8)
    with np.errstate(over="ignore", invalid="ignore"):
        length = np.linalg.norm(rotation, axis=-1)
        missing = ~(np.isfinite(position).all(-1) & np.isfinite(length)) | (np.abs(position) > LARGEST_POSITION).any(-1)
    reasons[np.abs(length - 1) > NORM_TOLERANCE] = BAD_ROTATION
    turned = (np.abs(rotation[:, 1:]) > 0).any(-1) & (reasons != BAD_ROTATION)
    reasons[(position == 0).all(-1) & ~turned] = ZEROED
    reasons[missing] = MISSING
    if tracked is not None:
        reasons[(reasons == 0) & ~tracked] = UNTRACKED
    if living:
        reasons[(reasons == 0) & _frozen(time, position, rotation)] = FROZEN
        reasons[_excursions(time, position, reasons == 0)] = TELEPORT
    return reasons


def _frozen(time, position, rotation):
    """(N,) true for the repeats in runs of one and the same pose that last ``FROZEN_SECONDS``."""
    same = (position[1:] == position[:-1]).all(-1) & (rotation[1:] == rotation[:-1]).all(-1)
    run = np.concatenate([[0], np.cumsum(~same)])
    starts = np.flatnonzero(np.concatenate([[True], ~same]))
    ends = np.concatenate([starts[1:], [len(time)]]) - 1
    frozen = (time[ends] - time[starts] >= FROZEN_SECONDS)[run]
    frozen[starts[1:]] = False  # The first pose of a run is news, unless the recording begins with it.
    return frozen


def _excursions(time, position, valid):
    """Indices of the samples between a jump away and the jump back."""
    indices = np.flatnonzero(valid)
    if len(indices) < 3:
        return indices[:0]
    step = np.linalg.norm(np.diff(position[indices], axis=0), axis=-1)
    # A hole in the data is no excuse for a jump: within a second nobody gets further than the speed allows.
    jumps = np.flatnonzero((step > TELEPORT_METRES) & (step > TELEPORT_SPEED * np.diff(time[indices])))
    lost, next_free = [], 0
    for first, second in zip(jumps[:-1], jumps[1:], strict=True):
        if first < next_free:
            continue
        before, after = indices[first], indices[second + 1]
        back = np.linalg.norm(position[after] - position[before])
        away = time[after] - time[before]
        if away <= TELEPORT_RETURN_SECONDS and (back < TELEPORT_METRES or back < TELEPORT_SPEED / 2 * away):
            lost.append(indices[first + 1 : second + 1])
            next_free = second + 1
    return np.concatenate(lost) if lost else indices[:0]


def _filled_track(time, position, rotation, valid):
    """A ``Track`` whose lost samples are interpolated (at the ends: held), for display only."""
    indices = np.flatnonzero(valid)
    if len(indices) == 0:
        rest = np.tile([1.0, 0, 0, 0], (len(time), 1))
        return Track(np.zeros((len(time), 3)), rest, valid)
    position, rotation = position.copy(), rotation.copy()
    rotation[indices] /= np.linalg.norm(rotation[indices], axis=-1, keepdims=True)
    lost = np.flatnonzero(~valid)
    if len(lost):
        after = np.searchsorted(indices, lost)
        left = indices[np.maximum(after - 1, 0)]
        right = indices[np.minimum(after, len(indices) - 1)]
        span = time[right] - time[left]
        weight = np.clip(np.where(span > 0, (time[lost] - time[left]) / np.where(span > 0, span, 1), 0), 0, 1)
        position[lost] = position[left] + (position[right] - position[left]) * weight[:, None]
        rotation[lost] = slerp(rotation[left], rotation[right], weight)
    return Track(position, make_continuous(rotation), valid)


def _runs(role, reasons):
    """The stretches of equal reasons as ``Dropout`` entries."""
    edges = np.flatnonzero(np.diff(reasons)) + 1
    starts = np.concatenate([[0], edges])
    ends = np.concatenate([edges, [len(reasons)]]) - 1
    lost = reasons[starts] != 0
    return [
        Dropout(role, int(first), int(last), DropoutReason(REASONS[reasons[first]]))
        for first, last in zip(starts[lost], ends[lost], strict=True)
    ]
