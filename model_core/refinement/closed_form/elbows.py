"""Where elbows go: about the line from shoulder to wrist an arm swivels freely, and most of its circle is not human.

The swivel that is chosen costs least over time: near that of the motion that is solved, with a wrist and a forearm
within their limits (``wrists``), the elbow and the hand not in the trunk, and not in haste.
"""

from dataclasses import dataclass
from typing import Any, Generic

import numpy as np
import torch

from ...geometry.filters import gaussian_reach, gaussian_smooth
from ...geometry.rotations import (
    Array,
    array_namespace,
    axis_angle_to_matrix,
    normalize,
    shortest_rotation,
    stacked,
    transpose,
)
from ...geometry.skeleton import PELVIS
from ..optimization.dynamic_programming import DECIDED_AFTER, shortest_path
from .wrists import PRONATION, swing_excess, swing_twist

SPINE2, NECK = 6, 12
SWIVELS = np.radians(np.arange(-80.0, 81.0, 5.0))
"""Angles in radians, from where the motion has the elbow, that are tried."""
SWIVEL_SIGMA = float(np.radians(30.0))
"""Radians of swivel that cost one sigma."""
COMFORT_SIGMA, LIMIT_SIGMA = 0.6, 0.12
"""The same of a wrist's swing in units of its limits, and of what goes beyond them."""
TWIST_SIGMA, TWIST_LIMIT_SIGMA = float(np.radians(70.0)), float(np.radians(12.0))
"""The same of a forearm's twist in radians, and of what goes beyond ``wrists.PRONATION``."""
TRUNK_SIGMA = 0.06
"""The same of depth in the trunk, whose surface is at 1."""
RAISED_SIGMA = 0.08
"""Metres by which an elbow is above both shoulder and wrist that cost one sigma."""
SPEED_SIGMA = float(np.radians(4.0))
"""Radians of swivel between two frames that are compared that cost one sigma."""
EVERY = 2
"""One frame in so many is compared; the swivel between them is interpolated."""
SWIVEL_SMOOTHING = 3.0
"""Standard deviation in frames by which the chosen swivel is blurred."""
TRUNK_HALF_WIDTHS = (0.17, 0.13)
"""Metres to either side, and to front and back, of a trunk of the mean size."""
TRUNK_SURFACE = (0.16, 0.12)
"""The same of what the middle of a hand stays out of, ``HAND_LENGTH`` metres from the wrist."""
HAND_LENGTH, HAND_SMOOTHING = 0.09, 1.5
"""Metres; and the standard deviation in frames by which the turn that keeps it out is blurred."""
SWIVEL_LOOK_AHEAD = (2 * DECIDED_AFTER + 1) * EVERY + gaussian_reach(SWIVEL_SMOOTHING) + gaussian_reach(HAND_SMOOTHING)
"""Frames ahead on which swivels depend."""
FRAMES_PER_BATCH = 2048


@dataclass(frozen=True)
class Arm(Generic[Array]):
    """An arm over T frames: ``shoulder``, ``elbow`` and ``wrist`` (T, 3) in metres, and world rotations (T, 3, 3) of
    collar, upper arm and forearm, the latter without twist; or both arms, (T, 2, 3) and (T, 2, 3, 3)."""

    shoulder: Array
    elbow: Array
    wrist: Array
    collar_world: Array
    upper_world: Array
    forearm_world: Array

    def take(self, frames: Array) -> "Arm[Array]":
        """The same at some frames."""
        return Arm(*(value[frames] for value in vars(self).values()))

    def of(self, side: int) -> "Arm[Array]":
        """One of both arms."""
        return Arm(*(value[:, side] for value in vars(self).values()))

    @staticmethod
    def join(parts: "list[Arm[torch.Tensor]]") -> "Arm[torch.Tensor]":
        """Consecutive parts as one."""
        return Arm(*(torch.cat(values) for values in zip(*(vars(part).values() for part in parts), strict=True)))


@dataclass(frozen=True)
class Trunk(Generic[Array]):
    """``position`` (T, 3) and ``rotation`` (T, 3, 3) of its middle joint, and the heights ``ends`` (T, 2) of hips and
    neck there."""

    position: Array
    rotation: Array
    ends: Array

    @staticmethod
    def of(world: Array, joints: Array) -> "Trunk[Array]":
        """That of bodies (T, 22, 3, 3), (T, 22, 3)."""
        middle, rotation = joints[:, SPINE2], world[:, SPINE2]
        ends = joints[:, [PELVIS, NECK]] - middle[:, None]
        return Trunk(middle, rotation, (ends @ rotation)[..., 1])

    def take(self, frames: Array) -> "Trunk[Array]":
        """The same at some frames."""
        return Trunk(*(value[frames] for value in vars(self).values()))

    @staticmethod
    def join(parts: "list[Trunk[torch.Tensor]]") -> "Trunk[torch.Tensor]":
        """Consecutive parts as one."""
        return Trunk(*(torch.cat(values) for values in zip(*(vars(part).values() for part in parts), strict=True)))


def swivels_of(arm: Arm, hand: torch.Tensor, trunk: Trunk, side: int) -> torch.Tensor:
    """Radians (T,) by which to turn an arm about the line from shoulder to wrist, so that it can meet its hand, whose
    world rotations (T, 3, 3) are tracked; ``side`` 0 is the left."""
    count = len(hand)
    frames = torch.arange(0, count + EVERY - 1, EVERY, device=hand.device).clamp_max(count - 1)
    costs = [swivel_costs(arm.take(f), hand[f], trunk.take(f), side) for f in frames.split(FRAMES_PER_BATCH)]
    steps = 0.5 * ((SWIVELS[:, None] - SWIVELS[None]) / SPEED_SIGMA) ** 2
    chosen = SWIVELS[shortest_path(torch.cat(costs).cpu().double().numpy(), steps)]
    swivels = np.interp(np.arange(count), frames.cpu().numpy(), chosen)
    return gaussian_smooth(torch.as_tensor(swivels).to(hand), SWIVEL_SMOOTHING)


def keep_out_of_trunk(hand: Array, arm: Arm[Array], trunk: Trunk[Array], side: int) -> Array:
    """World rotations (T, 3, 3) of a hand, turned by as little as keeps its middle out of the trunk."""
    middle = (1 - 2 * side) * HAND_LENGTH * hand[..., 0]
    seen = ((arm.wrist + middle - trunk.position)[:, None] @ trunk.rotation)[:, 0]
    depth = trunk_depth(seen).clip(0.05)
    inside = (depth < 1) & (seen[:, 1] > trunk.ends[:, 0]) & (seen[:, 1] < trunk.ends[:, 1])
    if not inside.any():
        return hand
    push = inside * (1 / depth - 1)
    away = gaussian_smooth(stacked((seen[:, 0] * push, 0 * push, seen[:, 2] * push)), HAND_SMOOTHING)
    away = (trunk.rotation @ away[..., None])[..., 0]
    out: Any = shortest_rotation(middle, middle + away)
    return out @ hand


def trunk_depth(points: Array) -> Array:
    """Where points (..., 3), seen from the trunk, are across it: 0 in its middle, 1 at ``TRUNK_SURFACE``."""
    across = (points[..., 0] / TRUNK_SURFACE[0]) ** 2 + (points[..., 2] / TRUNK_SURFACE[1]) ** 2
    return array_namespace(across).sqrt(across)


def swivel_costs(arm: Arm[Array], hand: Array, trunk: Trunk[Array], side: int) -> Array:
    """Costs (N, K) in nats of ``SWIVELS``."""
    xp = array_namespace(hand)
    angles: Any = torch.as_tensor(SWIVELS).to(hand) if isinstance(hand, torch.Tensor) else SWIVELS
    line = normalize(arm.wrist - arm.shoulder)
    turns = axis_angle_to_matrix(line[:, None] * angles[:, None])
    twist, swing = swing_twist(transpose(turns @ arm.forearm_world[:, None]) @ hand[:, None])
    bent = swing_excess(swing, side)
    cost = 0.5 * (angles / SWIVEL_SIGMA) ** 2 + 0.5 * ((bent / COMFORT_SIGMA) ** 2).clip(None, 16.0)
    cost = cost + 0.5 * ((bent - 1).clip(0, 1) / LIMIT_SIGMA) ** 2
    cost = cost + 0.5 * (twist / TWIST_SIGMA) ** 2
    cost = cost + 0.5 * ((abs(twist) - PRONATION).clip(0, 1) / TWIST_LIMIT_SIGMA) ** 2
    elbows = arm.shoulder[:, None] + (turns @ (arm.elbow - arm.shoulder)[:, None, :, None])[..., 0]
    raised = (elbows[..., 1] - xp.maximum(arm.shoulder[:, 1], arm.wrist[:, 1])[:, None]).clip(0)
    cost = cost + 0.5 * (raised / RAISED_SIGMA) ** 2
    for along in (0.0, 0.35, 0.7):
        points = elbows + along * (arm.wrist[:, None] - elbows)
        cost = cost + 0.5 * (_depth(points, trunk) / TRUNK_SIGMA) ** 2
    return cost


def _depth(points: Array, trunk: Trunk[Array]) -> Array:
    """How deep points (N, K, 3) are in the trunk: 0 at its surface and outside, 1 in its middle."""
    xp = array_namespace(points)
    seen = (points - trunk.position[:, None]) @ trunk.rotation
    across = (seen[..., 0] / TRUNK_HALF_WIDTHS[0]) ** 2 + (seen[..., 2] / TRUNK_HALF_WIDTHS[1]) ** 2
    within = (seen[..., 1] > trunk.ends[:, :1]) & (seen[..., 1] < trunk.ends[:, 1:])
    return within * (1 - xp.sqrt(across.clip(1e-9))).clip(0)
