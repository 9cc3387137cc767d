"""Corrections that come and go smoothly, though what asks for them does not."""

import math

import numpy as np
import torch
from scipy import sparse
from scipy.ndimage import distance_transform_edt
from scipy.sparse.linalg import spsolve

NEVER = 1 << 30
"""Frames away that no recording is long."""


def release(values, known, frames):
    """Values (T, D) where ``known`` (T,) bool; elsewhere those of the nearest known frames, dying away over ``frames``.

    A gap that is shorter is bridged: from the value before it to the value after it.
    """
    time = torch.arange(len(values), device=values.device)
    before = torch.where(known, time, -NEVER).cummax(0).values
    after = torch.where(known, time, NEVER).flip(0).cummin(0).values.flip(0)
    since, until = time - before, after - time
    across = _ease(since / (since + until).clamp_min(1))[:, None].to(values)
    from_either = torch.lerp(values[before.clamp_min(0)], values[after.clamp_max(len(values) - 1)], across)
    gone = (1 - _ease(1 - since / frames)) * (1 - _ease(1 - until / frames))
    return torch.where(known[:, None], values, (1 - gone)[:, None].to(values) * from_either)


def calm(values, known, near, far, reach):
    """Values (T, D) that, where they are not ``known`` (T,) bool, bend in time no faster than they may.

    That is in ``near`` frames beside the known ones, which stay as they are, and in ``far`` frames where these are
    ``reach`` frames away. A compromise of the given values and small second differences (Whittaker 1923), which goes
    over into the known values on either side.
    """
    free = ~known.cpu().numpy()
    if len(values) < 3 or not free.any():
        return values
    given = values.cpu().double().numpy()
    away = distance_transform_edt(free) if not free.all() else np.full(len(given), reach)
    share = np.clip(away / reach, 0, 1)
    trust = (near / (near + (far - near) * share)) ** 4
    bend = sparse.diags([1.0, -2.0, 1.0], [0, 1, 2], (len(given) - 2, len(given)))
    equations = (sparse.diags(trust) + near**4 * bend.T @ bend).tocsr()[free]
    right = (trust[:, None] * given)[free] - equations[:, ~free] @ given[~free]
    result = given.copy()
    result[free] = spsolve(equations[:, free].tocsc(), right).reshape(right.shape)
    return torch.from_numpy(result.astype(np.float32)).to(values)


def anticipate(turns, slope, sigma):
    """Vectors (T, 3) that hardly change by more than ``slope`` a frame, and nowhere are much shorter than ``turns``.

    A frame asks as much of its neighbours as is left of its own length after ``slope`` a frame between; the most that
    is asked counts, in the mean direction. A blur of ``sigma`` frames rounds the corners.
    """
    length = turns.norm(dim=-1, keepdim=True)
    most, towards = length, turns
    for away in range(1, math.ceil(float(length.max()) / slope)):
        asked = (length - slope * away).clamp_min(0)
        share = asked / length.clamp_min(1e-9)
        for shift in (_earlier, _later):
            most = most.maximum(shift(asked, away))
            towards = towards + shift(share * turns, away)
    towards = smooth_in_time(towards, sigma)
    return smooth_in_time(most, sigma) * towards / towards.norm(dim=-1, keepdim=True).clamp_min(1e-9)


def smooth_in_time(values, sigma):
    """(T, D) -> the same, blurred in time by a Gaussian of ``sigma`` frames; the ends weigh what lies within."""
    reach = math.ceil(3 * sigma)
    kernel = torch.exp(-0.5 * (torch.arange(-reach, reach + 1).to(values) / sigma) ** 2)[None, None]

    def blur(rows):
        return torch.nn.functional.conv1d(rows[:, None], kernel, padding=reach)[:, 0]

    return (blur(values.T) / blur(torch.ones_like(values[None, :, 0]))).T


def _earlier(values, frames):
    """Values (T, D) that come so many frames earlier; zeros after them."""
    return torch.cat([values[frames:], torch.zeros_like(values[:frames])])


def _later(values, frames):
    return torch.cat([torch.zeros_like(values[:frames]), values[: max(0, len(values) - frames)]])


def _ease(share):
    """0 to 1 -> the same with a level start and end."""
    share = share.clamp(0, 1)
    return share * share * (3 - 2 * share)
