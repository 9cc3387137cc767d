"""A recording at other times, between its real timestamps (numpy only).

Where samples are as dense as what is asked for, lines and arcs lie between them. Where they are sparser, these would
have a corner at every sample, which shakes what follows: there the curve of Catmull and Rom (1974) goes through them.
"""

from dataclasses import replace
from typing import TypeVar

import numpy as np

from ..errors import InputError
from ..geometry.rotations import (
    axis_angle_to_quaternion,
    quaternion_conjugate,
    quaternion_multiply,
    quaternion_to_axis_angle,
    slerp,
)
from .recording import LONGEST_GAP, Recording, Track

CLOCK_ROUNDING = 1e-6
"""Part of a frame by which a recording may be short of its last frame: clocks are rounded."""
DENSE = 1.05
"""Samples at most so many of the new frames apart are joined by lines and arcs."""

Kind = TypeVar("Kind", bound=Recording)
"""``Recording`` itself, or one in the model's frame."""


def frame_count(duration: float, fps: float) -> int:
    """Frames of a regular grid that cover ``duration`` seconds, the first and the last included."""
    return int(np.floor(duration * fps + CLOCK_ROUNDING)) + 1


def resample(recording: Kind, fps: float, start: float | None = None, count: int | None = None) -> Kind:
    """The recording on the regular grid ``start + k / fps``, k from 0 to ``count - 1``.

    Without ``start`` and ``count`` the grid covers the whole recording, whose length in seconds is kept to a frame.
    A window costs time and memory in proportion to ``count`` alone. A resampled pose is valid where it lies between two
    valid samples at most 0.25 s apart; outside the recording nothing is. ``dropouts`` count the old samples and are
    left out.
    """
    if not (np.isfinite(fps) and fps > 0):
        raise InputError(f"{recording.source or 'recording'}: cannot be resampled to {fps} frames a second")
    start = float(recording.time[0]) if start is None else start
    count = frame_count(recording.time[-1] - start, fps) if count is None else count
    if count < 1:
        raise InputError(f"{recording.source or 'recording'}: nothing to resample from {start:.3f} s on")
    at = start + np.arange(count) / fps
    tracks = {
        role: interpolate_track(recording.time, track, at, DENSE / fps) for role, track in recording.tracks.items()
    }
    return replace(recording, time=at, tracks=tracks, dropouts=())


def interpolate_track(time: np.ndarray, track: Track, at: np.ndarray, dense: float = np.inf) -> Track:
    """A ``Track`` with samples at ``time`` (N,) -> the same at the times ``at`` (M,); beyond the ends it is held.

    Only valid samples are looked at, however many lost ones lie between: what lies between two of them at most
    ``LONGEST_GAP`` apart is valid. Where samples are more than ``dense`` seconds apart it is curved, elsewhere
    straight.
    """
    if not track.valid.all() and track.valid.any():
        kept = track.valid
        whole = interpolate_track(
            time[kept], Track(track.position[kept], track.rotation[kept], track.valid[kept]), at, dense
        )
        filled = interpolate_track(time, Track(track.position, track.rotation, np.ones(len(time), bool)), at)
        # Where nothing is known, what stands in for display is kept.
        return Track(
            np.where(whole.valid[:, None], whole.position, filled.position),
            np.where(whole.valid[:, None], whole.rotation, filled.rotation),
            whole.valid,
        )
    last = len(time) - 1
    left = np.clip(np.searchsorted(time, at, side="right") - 1, 0, last)
    right = np.minimum(left + 1, last)
    span = time[right] - time[left]
    weight = np.clip(np.where(span > 0, (at - time[left]) / np.where(span > 0, span, 1), 0), 0, 1)
    position = track.position[left] + (track.position[right] - track.position[left]) * weight[:, None]
    rotation = slerp(track.rotation[left], track.rotation[right], weight)
    inside = (at >= time[0] - CLOCK_ROUNDING) & (at <= time[-1] + CLOCK_ROUNDING)
    near = (span <= LONGEST_GAP) | (weight == 0) | (weight == 1)
    seen = inside & near & track.valid.any()
    # A clock that stumbles has wide steps among narrow ones: only where all around are wide are samples sparse.
    around = [np.diff(time[np.clip([first, first + 1], 0, last)], axis=0)[0] for first in (left - 1, left, left + 1)]
    wide = np.all([(step > dense) | (step <= 0) for step in around], axis=0)
    curved = np.flatnonzero(seen & wide & (weight > 0) & (weight < 1))
    bow, bend = _curve(time, track, left[curved], weight[curved])
    position[curved] += bow
    rotation[curved] = quaternion_multiply(rotation[curved], axis_angle_to_quaternion(bend))
    return Track(position, rotation, seen)


def time_seen(time: np.ndarray, valid: np.ndarray) -> float:
    """Fraction of the time (N,) for which a tracker is known: between valid samples at most ``LONGEST_GAP`` apart."""
    known = time[valid]
    total = float(time[-1] - time[0])
    steps = np.diff(known)
    return float(steps[steps <= LONGEST_GAP].sum()) / total if total > 0 else float(valid.mean())


def _curve(time, track, left, weight):
    """How far a smooth curve lies from line and arc, ``weight`` (M,) of the way (0 to 1) on from samples ``left``.

    Returns metres (M, 3) and axis-angles (M, 3) to rotate by last. A sample's speed is that of the parabola through it
    and its neighbours; where one of them is missing the curve leaves it as straight as it can.
    """
    shifts, turns = _speeds(time, track, left)
    ahead, behind = weight * (1 - weight) ** 2, -(weight**2) * (1 - weight)
    return tuple(ahead[:, None] * first + behind[:, None] * last for first, last in (shifts, turns))


def _speeds(time, track, left):
    """By how much the speed at samples ``left`` (M,) and at those after them differs from the mean speed between.

    Two pairs of (M, 3), of position and of rotation, in metres and radians in the time between the two samples.
    """
    last = len(time) - 1
    span = time[left + 1] - time[left]
    straight = _way(track, left, left + 1)
    pairs = ([], [])
    for near, far in ((left, left - 1), (left + 1, left + 2)):
        far = np.clip(far, 0, last)
        gap = np.abs(time[far] - time[near])
        known = ((gap > 0) & (gap <= LONGEST_GAP) & track.valid[far])[:, None]
        pace = (span / np.where(gap > 0, gap, 1))[:, None]
        fraction = (span / (span + gap))[:, None]
        for pair, way, there in zip(
            pairs, straight, _way(track, np.minimum(near, far), np.maximum(near, far)), strict=True
        ):
            pair.append(np.where(known, fraction * (there * pace - way), 0.0))
    return pairs


def _way(track, first, second):
    """From samples ``first`` (M,) to ``second``: translation and rotation, (M, 3) each."""
    rotation = quaternion_multiply(quaternion_conjugate(track.rotation[first]), track.rotation[second])
    return track.position[second] - track.position[first], quaternion_to_axis_angle(rotation)
