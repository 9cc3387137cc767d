"""A recording at other times: linear positions and spherical rotations between real timestamps (numpy only)."""

from dataclasses import replace

import numpy as np

from ..errors import InputError
from ..rotations import slerp
from .recording import LONGEST_GAP, Track

CLOCK_ROUNDING = 1e-6
"""Part of a frame by which a recording may be short of its last frame: clocks are rounded."""


def frame_count(duration, fps):
    """Frames of a regular grid that cover ``duration`` seconds, the first and the last included."""
    return int(np.floor(duration * fps + CLOCK_ROUNDING)) + 1


def resample(recording, fps, start=None, count=None):
    """The recording on the regular grid ``start + k / fps``, k from 0 to ``count - 1``.

    Without ``start`` and ``count`` the grid covers the whole recording, whose length in seconds is kept to a frame.
    A window costs time and memory in proportion to ``count`` alone. A resampled pose is valid where it lies between two
    valid samples at most 0.25 s apart; outside the recording nothing is. ``dropouts`` count the old samples and are
    left out.
    """
    if not (np.isfinite(fps) and fps > 0):
        raise InputError(f"{recording.source or 'recording'}: cannot be resampled to {fps} frames a second")
    start = recording.time[0] if start is None else start
    count = frame_count(recording.time[-1] - start, fps) if count is None else count
    if count < 1:
        raise InputError(f"{recording.source or 'recording'}: nothing to resample from {start:.3f} s on")
    at = start + np.arange(count) / fps
    tracks = {role: interpolate_track(recording.time, track, at) for role, track in recording.tracks.items()}
    return replace(recording, time=at, tracks=tracks, dropouts=())


def interpolate_track(time, track, at):
    """A ``Track`` with samples at ``time`` (N,) -> the same at the times ``at`` (M,); beyond the ends it is held."""
    last = len(time) - 1
    left = np.clip(np.searchsorted(time, at, side="right") - 1, 0, last)
    right = np.minimum(left + 1, last)
    span = time[right] - time[left]
    weight = np.clip(np.where(span > 0, (at - time[left]) / np.where(span > 0, span, 1), 0), 0, 1)
    position = track.position[left] + (track.position[right] - track.position[left]) * weight[:, None]
    rotation = slerp(track.rotation[left], track.rotation[right], weight)
    inside = (at >= time[0] - CLOCK_ROUNDING) & (at <= time[-1] + CLOCK_ROUNDING)
    # On a sample only that sample counts; between two of them both do.
    seen = np.where(weight < 1, track.valid[left], True) & np.where(weight > 0, track.valid[right], True)
    near = (span <= LONGEST_GAP) | (weight == 0) | (weight == 1)
    return Track(position, rotation, inside & seen & near)
