"""Feet in refinement: when they are meant to stand, where, and what it costs to slide, lift or sink."""

import torch

from ..body.foot_contacts import STANDING_HEIGHT
from ..observation import FPS
from ..geometry.skeleton import FEET

SLOW_FOOT = 0.6
"""Metres a second below which a low foot of the start counts as standing where no contacts are given."""
LIKELY = 0.5
"""Probability of contact from which a foot counts as standing."""
BELIEVED = 0.1
"""Metres from its plant at which a foot begins to be believed to have moved after all."""


def standing(joints, rest_heights):
    """(T, 4) 0 or 1: which of the feet of a motion (T, 22, 3) are low and slow enough to be meant to stand."""
    feet = joints[:, FEET]
    if len(feet) < 2:
        return torch.zeros_like(feet[..., 0])
    speed = (feet[1:] - feet[:-1]).norm(dim=-1) * FPS
    speed = torch.cat([speed[:1], speed])
    return ((feet[..., 1] < rest_heights + STANDING_HEIGHT) & (speed < SLOW_FOOT)).to(feet.dtype)


def plants(joints, contacts, likely=LIKELY):
    """Where standing feet are planted: (T, 4, 3), each stretch of contact at the mean of the start's places.

    Every window of the refinement sees the same plants, so that a foot stays put across their seams. ``joints``
    (T, 22, 3), ``contacts`` (T, 4), which count from ``likely``; frames without contact have the plant before them.
    """
    feet, stands = joints[:, FEET], contacts > likely
    begins = stands & ~torch.cat([torch.zeros_like(stands[:1]), stands[:-1]])
    stretch = begins.long().cumsum(0)
    count = int(stretch.max()) + 1
    places = []
    for foot in range(len(FEET)):
        weight = stands[:, foot, None].to(feet.dtype)
        total = feet.new_zeros(count, 3).index_add(0, stretch[:, foot], feet[:, foot] * weight)
        frames = feet.new_zeros(count, 1).index_add(0, stretch[:, foot], weight)
        places.append((total / frames.clamp_min(1))[stretch[:, foot]])
    return torch.stack(places, 1)


def feet_energy(joints, contacts, planted, rest_heights, terms):
    """What feet cost, (...) nats: ``joints`` (..., W, 22, 3), ``contacts`` (..., W, 4), ``planted`` (..., W, 4, 3)."""
    feet = joints[..., FEET, :]
    stands = torch.where(contacts > LIKELY, contacts, torch.zeros_like(contacts))
    slide = (feet.diff(dim=-3) * FPS / terms.slide).square().sum(-1)
    energy = (torch.minimum(stands[..., 1:, :], stands[..., :-1, :]) * slide).sum((-1, -2))
    away = (feet - planted)[..., [0, 2]].square().sum(-1)
    energy = energy + (stands * away / (1 + away / BELIEVED**2)).sum((-1, -2)) / terms.plant**2
    above = feet[..., 1] - rest_heights
    energy = energy + (stands * (above / terms.lift).square()).sum((-1, -2))
    return 0.5 * (energy + (above.clamp_max(0) / terms.sink).square().sum((-1, -2)))
