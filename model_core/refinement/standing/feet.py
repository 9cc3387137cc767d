"""When feet are meant to stand, and where."""

import torch

from ...body.foot_contacts import STANDING_HEIGHT, STANDING_SPEED
from ...geometry.skeleton import FEET
from ...observation import FPS

SLOW_FOOT = 0.6
"""Metres a second below which a low foot of a motion counts as standing where no contacts are given."""
LIKELY_CONTACT = 0.5
"""Probability of contact from which a foot counts as standing."""
REST_FRAMES = 4
"""A foot is at rest for so many frames at least: where it turns back in the air it is slow for fewer."""
ANCHOR_FRAMES = 60
"""Frames of a stretch of contact, its first, that say where a standing foot is anchored."""


def foot_contacts(joints: torch.Tensor, rest_heights: torch.Tensor) -> torch.Tensor:
    """(T, 4) 0 or 1: which of the feet of a motion (T, 22, 3) are low and slow enough to be meant to stand."""
    feet = joints[:, FEET]
    if len(feet) < 2:
        return torch.zeros_like(feet[..., 0])
    speed = (feet[1:] - feet[:-1]).norm(dim=-1) * FPS
    speed = torch.cat([speed[:1], speed])
    return ((feet[..., 1] < rest_heights + STANDING_HEIGHT) & (speed < SLOW_FOOT)).to(feet.dtype)


def contacts_at_rest(joints: torch.Tensor, contacts: torch.Tensor) -> torch.Tensor:
    """``contacts`` (T, 4) without those of feet that move in a motion (T, 22, 3), by their way from the frame before to
    the one after."""
    feet = joints[:, FEET]
    if len(feet) < 2:
        return contacts
    ways = torch.cat([feet[1:2] - feet[:1], (feet[2:] - feet[:-2]) / 2, feet[-1:] - feet[-2:-1]])
    slow = ways.norm(dim=-1) * FPS < STANDING_SPEED
    beyond = torch.ones_like(slow[:1]).expand(REST_FRAMES - 1, -1)
    rests = torch.cat([beyond, slow, beyond]).unfold(0, REST_FRAMES, 1).all(-1)
    return contacts * rests.unfold(0, REST_FRAMES, 1).any(-1)


def foot_anchors(joints: torch.Tensor, contacts: torch.Tensor, threshold: float = LIKELY_CONTACT) -> torch.Tensor:
    """Where standing feet are anchored: (T, 4, 3), each stretch of contact at the mean of its first ``ANCHOR_FRAMES``.

    Every window of the refinement sees the same anchors, so that a foot stays put across their seams. ``joints``
    (T, 22, 3), ``contacts`` (T, 4), which count from ``threshold``; frames without contact have the anchor before them.
    """
    feet, standing = joints[:, FEET], contacts > threshold
    begins = standing & ~torch.cat([torch.zeros_like(standing[:1]), standing[:-1]])
    time = torch.arange(len(feet), device=feet.device)[:, None]
    early = standing & (time - torch.where(begins, time, 0).cummax(0).values < ANCHOR_FRAMES)
    stretch = begins.long().cumsum(0)
    count = int(stretch.max()) + 1
    anchors = []
    for foot in range(len(FEET)):
        weight = early[:, foot, None].to(feet.dtype)
        total = feet.new_zeros(count, 3).index_add(0, stretch[:, foot], feet[:, foot] * weight)
        frames = feet.new_zeros(count, 1).index_add(0, stretch[:, foot], weight)
        anchors.append((total / frames.clamp_min(1))[stretch[:, foot]])
    return torch.stack(anchors, 1)


def obey_contacts(contacts: torch.Tensor, given: torch.Tensor | None) -> torch.Tensor:
    """Contacts (T, 4) of ``skeleton.FEET``, those of a foot replaced where ``given`` (T, 2) is not NaN."""
    if given is None:
        return contacts
    of_each = given.repeat(1, len(FEET) // given.shape[1])
    return torch.where(of_each.isnan(), contacts, of_each)
