"""Corrections that come and go smoothly, though the need for them does not."""

import math

import numpy as np
import torch

from ...geometry.filters import gaussian_smooth, smoothstep
from . import pentadiagonal

NEVER = 1 << 30
"""Frames away that no recording is long."""
BRIDGED = 3
"""Times the frames over which values fade, over which a gap is bridged."""
ENVELOPE_REACH, LAST_STEEPNESS = 40, 3.0
"""Frames by which an envelope rises before what asks for it, at most, and how many times steeper than a straight line
over all of them it then begins."""


def fade_outside(values: torch.Tensor, known: torch.Tensor, frames: int) -> torch.Tensor:
    """Values (T, D) where ``known`` (T,) bool; elsewhere those of the nearest known frames, fading over ``frames``.

    A gap that is shorter is bridged: from the value before it to the value after it. Values that are more than
    ``BRIDGED`` times as many frames away count for nothing.
    """
    time = torch.arange(len(values), device=values.device)
    before, after = _nearest(known)
    near = BRIDGED * frames
    since, until = (torch.where(away <= near, away, NEVER) for away in (time - before, after - time))
    across = smoothstep(since / (since + until).clamp_min(1))[:, None].to(values)
    from_either = torch.lerp(values[before.clamp_min(0)], values[after.clamp_max(len(values) - 1)], across)
    faded = (1 - smoothstep(1 - since / frames)) * (1 - smoothstep(1 - until / frames))
    return torch.where(known[:, None], values, (1 - faded)[:, None].to(values) * from_either)


def whittaker_smooth(values: torch.Tensor, known: torch.Tensor, near: float, far: float, reach: float) -> torch.Tensor:
    """Values (T, D) that, where they are not ``known`` (T,) bool, bend in time no faster than they may.

    That is in ``near`` frames beside the known ones, which stay as they are, and in ``far`` frames where these are
    ``reach`` frames away. A compromise of the given values and small second differences (Whittaker 1923), which goes
    over into the known values on either side.
    """
    if len(values) < 3 or known.all():
        return values
    given, fixed = values.cpu().double().numpy(), known.cpu().numpy()
    time, (before, after) = np.arange(len(given)), (frame.cpu().numpy() for frame in _nearest(known))
    fraction = np.clip(np.minimum(time - before, after - time) / reach, 0, 1)
    trust = (near / (near + (far - near) * fraction)) ** 4
    # The bands of the second differences' squares: of (1, -2, 1) times itself, a row for each three frames.
    each = np.full(len(given) - 2, near**4)
    bands = [trust.copy(), np.zeros(len(given) - 1), each.copy()]
    for shift, square in enumerate((1, 4, 1)):
        bands[0][shift : shift + len(each)] += square * each
    for shift in range(2):
        bands[1][shift : shift + len(each)] -= 2 * each
    right = trust[:, None] * given
    for distance, band in enumerate(bands[1:], 1):
        earlier, later = fixed[:-distance], fixed[distance:]
        right[distance:][earlier] -= (band[:, None] * given[:-distance])[earlier]
        right[:-distance][later] -= (band[:, None] * given[distance:])[later]
        band[earlier | later] = 0
    bands[0][fixed], right[fixed] = 1, given[fixed]
    result = pentadiagonal.solve(bands[0], bands[1], bands[2], right)
    smoothed = torch.from_numpy(result.astype(np.float32)).to(values)
    return torch.where(known[:, None], values, smoothed)


def _nearest(known: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The last known frame up to each and the first one from there on, (T,) both; without one a frame far away."""
    time = torch.arange(len(known), device=known.device)
    before = torch.where(known, time, -NEVER).cummax(0).values
    return before, torch.where(known, time, NEVER).flip(0).cummin(0).values.flip(0)


def rate_limited_envelope(vectors: torch.Tensor, slope: float, sigma: float) -> torch.Tensor:
    """Vectors (T, 3) that hardly change by more than ``slope`` a frame, and nowhere are much shorter than ``vectors``.

    A frame asks as much of its neighbours as is left of its own length after ``slope`` a frame between, and less of
    those that are nearly ``ENVELOPE_REACH`` away; the most that is asked counts, in the mean direction. A blur of
    ``sigma`` frames rounds the corners.
    """
    length = vectors.norm(dim=-1, keepdim=True)
    most, towards = length, vectors
    for away in range(1, min(ENVELOPE_REACH, math.ceil(float(length.max()) / slope))):
        left = LAST_STEEPNESS * (1 - away / ENVELOPE_REACH)
        asked = torch.minimum(length - slope * away, left * length).clamp_min(0)
        fraction = asked / length.clamp_min(1e-9)
        for shift in (_earlier, _later):
            most = most.maximum(shift(asked, away))
            towards = towards + shift(fraction * vectors, away)
    towards = gaussian_smooth(towards, sigma, hold_ends=False)
    return gaussian_smooth(most, sigma, hold_ends=False) * towards / towards.norm(dim=-1, keepdim=True).clamp_min(1e-9)


def _earlier(values: torch.Tensor, frames: int) -> torch.Tensor:
    """Values (T, D) that come so many frames earlier; zeros after them."""
    return torch.cat([values[frames:], torch.zeros_like(values[:frames])])


def _later(values: torch.Tensor, frames: int) -> torch.Tensor:
    return torch.cat([torch.zeros_like(values[:frames]), values[: max(0, len(values) - frames)]])
