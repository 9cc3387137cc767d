"""Corrections that come and go smoothly, though the need for them does not."""

import math

import numpy as np
import torch
from scipy import sparse
from scipy.ndimage import distance_transform_edt
from scipy.sparse.linalg import spsolve

from ...geometry.filters import gaussian_smooth

NEVER = 1 << 30
"""Frames away that no recording is long."""


def fade_outside(values: torch.Tensor, known: torch.Tensor, frames: int) -> torch.Tensor:
    """Values (T, D) where ``known`` (T,) bool; elsewhere those of the nearest known frames, fading over ``frames``.

    A gap that is shorter is bridged: from the value before it to the value after it.
    """
    time = torch.arange(len(values), device=values.device)
    before = torch.where(known, time, -NEVER).cummax(0).values
    after = torch.where(known, time, NEVER).flip(0).cummin(0).values.flip(0)
    since, until = time - before, after - time
    across = _smoothstep(since / (since + until).clamp_min(1))[:, None].to(values)
    from_either = torch.lerp(values[before.clamp_min(0)], values[after.clamp_max(len(values) - 1)], across)
    faded = (1 - _smoothstep(1 - since / frames)) * (1 - _smoothstep(1 - until / frames))
    return torch.where(known[:, None], values, (1 - faded)[:, None].to(values) * from_either)


def whittaker_smooth(values: torch.Tensor, known: torch.Tensor, near: float, far: float, reach: float) -> torch.Tensor:
    """Values (T, D) that, where they are not ``known`` (T,) bool, bend in time no faster than they may.

    That is in ``near`` frames beside the known ones, which stay as they are, and in ``far`` frames where these are
    ``reach`` frames away. A compromise of the given values and small second differences (Whittaker 1923), which goes
    over into the known values on either side.
    """
    free = ~known.cpu().numpy()
    if len(values) < 3 or not free.any():
        return values
    given = values.cpu().double().numpy()
    away = np.asarray(distance_transform_edt(free)) if not free.all() else np.full(len(given), reach)
    fraction = np.clip(away / reach, 0, 1)
    trust = (near / (near + (far - near) * fraction)) ** 4
    at, after, next_after = (sparse.eye_array(len(given) - 2, len(given), k=k) for k in range(3))
    bend = at - 2 * after + next_after
    equations = (sparse.diags_array(trust) + near**4 * bend.T @ bend).tocsr()[free]
    right = (trust[:, None] * given)[free] - equations[:, ~free] @ given[~free]
    result = given.copy()
    result[free] = spsolve(equations[:, free].tocsc(), right).reshape(right.shape)
    return torch.from_numpy(result.astype(np.float32)).to(values)


def rate_limited_envelope(vectors: torch.Tensor, slope: float, sigma: float) -> torch.Tensor:
    """Vectors (T, 3) that hardly change by more than ``slope`` a frame, and nowhere are much shorter than ``vectors``.

    A frame asks as much of its neighbours as is left of its own length after ``slope`` a frame between; the most that
    is asked counts, in the mean direction. A blur of ``sigma`` frames rounds the corners.
    """
    length = vectors.norm(dim=-1, keepdim=True)
    most, towards = length, vectors
    for away in range(1, math.ceil(float(length.max()) / slope)):
        asked = (length - slope * away).clamp_min(0)
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


def _smoothstep(fraction: torch.Tensor) -> torch.Tensor:
    """0 to 1 -> the same with a level start and end."""
    fraction = fraction.clamp(0, 1)
    return fraction * fraction * (3 - 2 * fraction)
