"""How far a human forearm and wrist turn, and the nearest that they come to a tracked hand.

A hand is turned against its forearm by pronation, which happens along the whole forearm, and by the wrist itself, which
flexes, extends and deviates to either side. SMPL has no joint for pronation: it is the twist of the elbow joint, and
the wrist joint keeps the swing. Frames are SMPL's: the left forearm along +X, the right one along -X, palms down.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic

import numpy as np
import torch

from ...geometry.filters import gaussian_reach, gaussian_smooth
from ...geometry.rotations import (
    Array,
    array_namespace,
    axis_angle_to_matrix,
    length,
    matrix_to_quaternion,
    quaternion_to_axis_angle,
    stacked,
)
from ...notes import Note
from ..optimization.dynamic_programming import DECIDED_AFTER, shortest_path

FLEXION, EXTENSION, RADIAL, ULNAR = (float(np.radians(limit)) for limit in (75.0, 70.0, 20.0, 35.0))
"""Limits of a human wrist in radians."""
PRONATION = float(np.radians(80.0))
"""Radians by which a forearm is twisted either way at most."""
WRIST_TWIST = float(np.radians(45.0))
"""Radians of twist that the wrist joint has at most, where a forearm is at its end: skin gives."""
SOFT = 0.6
"""Fraction of a limit from which it is felt: up to here a hand is met exactly, then ever less."""
NOTICED_TURN, NOTICED_PERCENT = float(np.radians(10.0)), 5.0
"""Radians by which a hand misses its tracker, and percent of frames in which it does, from which it is said."""
CLEAR_SWING, BLIND_SWING = float(np.radians(100.0)), float(np.radians(140.0))
"""Swings in radians up to which a twist is well defined, and from which it is not: there it is smoothed."""
BLIND_SMOOTHING = 4.0
"""Standard deviation in frames of that smoothing."""
BRANCH_SIGMA, BRANCH_STEP_SIGMA = 0.3, 0.1
"""Radians beyond its limits, and of change a frame, that cost a twist one sigma, where its full turns are chosen."""
WRIST_LOOK_AHEAD = 2 * DECIDED_AFTER + gaussian_reach(BLIND_SMOOTHING)
"""Frames ahead on which a wrist and its forearm's twist depend."""


@dataclass(frozen=True)
class WristPose(Generic[Array]):
    """``pronation`` (T, ...) radians of the forearm about its X axis, and the wrist's local rotation (T, ..., 3, 3)."""

    pronation: Array
    wrist: Array


def swing_twist(rotation: Array) -> tuple[Array, Array]:
    """Rotations (..., 3, 3) as a twist about X times a swing: the twist (...) in radians, -pi to pi, and the swing's
    rotation vector (..., 2) about Y and Z."""
    xp, quaternion = array_namespace(rotation), matrix_to_quaternion(rotation)
    w, x, y, z = (quaternion[..., i] for i in range(4))
    half = xp.arctan2(x, w)
    cosine, sine = xp.cos(half), xp.sin(half)
    # The conjugate of the twist times the whole: the swing, whose X vanishes and whose real part is not negative.
    swing = stacked((w * cosine + x * sine, 0 * x, y * cosine + z * sine, z * cosine - y * sine))
    twist = 2 * half
    twist = xp.where(twist > np.pi, twist - 2 * np.pi, twist)
    twist = xp.where(twist < -np.pi, twist + 2 * np.pi, twist)
    return twist, quaternion_to_axis_angle(swing)[..., 1:]


def swing_excess(swing: Array, side: int | np.ndarray) -> Array:
    """The length (...) of a swing (..., 2) of the left (0) or right wrist in units of what a wrist can do that way;
    ``side`` may be that of each (...)."""
    sign: Any = 1.0 - 2.0 * side
    deviation, flexion = sign * swing[..., 0], -sign * swing[..., 1]
    # Left: a turn by +Y brings the fingers (+X) towards -Z, the little finger's side; by -Z towards -Y, the palm.
    xp = array_namespace(swing)
    bend = xp.where(flexion > 0, flexion / FLEXION, flexion / EXTENSION)
    aside = xp.where(deviation > 0, deviation / ULNAR, deviation / RADIAL)
    return xp.sqrt(bend * bend + aside * aside + 1e-12)


def soft_limit(length: Array) -> Array:
    """Lengths (...) in units of a limit, unchanged up to ``SOFT``, then ever closer to 1."""
    xp, room = array_namespace(length), 1 - SOFT
    beyond = (length - SOFT).clip(0)
    return xp.where(beyond > 0, SOFT + room * (1 - xp.exp(-beyond / room)), length)


def continuous_twist(twist: torch.Tensor) -> torch.Tensor:
    """Twists (T,) with full turns added so that they change little and stay within what a forearm can do."""
    angles = twist.detach().cpu().double().numpy()[:, None] + 2 * np.pi * np.array([-1.0, 0.0, 1.0])
    beyond = np.maximum(np.abs(angles) - PRONATION - WRIST_TWIST, 0)
    limited = np.clip(angles, -PRONATION - WRIST_TWIST, PRONATION + WRIST_TWIST)
    steps = (limited[1:, :, None] - limited[:-1, None, :]) / BRANCH_STEP_SIGMA
    chosen = shortest_path(0.5 * (beyond / BRANCH_SIGMA) ** 2, 0.5 * steps**2)
    return torch.as_tensor(np.take_along_axis(angles, chosen[:, None], 1)[:, 0]).to(twist)


def solve_wrist(
    turned: Array,
    bone: Array,
    side: int | np.ndarray,
    continuous: Callable[[Any], Any] = continuous_twist,
) -> WristPose[Array]:
    """Pronation and wrist that come nearest to hands ``turned`` (T, ..., 3, 3) against forearms without twist.

    ``bone`` (..., 3) is the forearm's own axis, about which it pronates: nearly X; ``side`` (...) which one it is.
    Within the limits the hand is met exactly; in time both go without a jump, by the full turns that ``continuous``
    adds to twists (T, ...).
    """
    xp = array_namespace(turned)
    twist, swing = swing_twist(turned)
    blind = ((length(swing) - CLEAR_SWING) / (BLIND_SWING - CLEAR_SWING)).clip(0, 1)
    is_blind = bool(blind.any())
    twist = continuous(twist)
    if is_blind:
        smooth = gaussian_smooth(twist * (1.02 - blind), BLIND_SMOOTHING, hold_ends=False)
        smooth = smooth / gaussian_smooth(1.02 - blind, BLIND_SMOOTHING, hold_ends=False)
        twist = twist + (smooth - twist) * blind
    pronation = xp.sign(twist) * soft_limit(abs(twist) / PRONATION) * PRONATION
    left, swing = swing_twist(axis_angle_to_matrix(-pronation[..., None] * bone) @ turned)
    # The wrist's own twist, by as many full turns as the hand's has: at its end it stays there.
    left = left + 2 * np.pi * xp.round((twist - pronation - left) / (2 * np.pi))
    left = xp.sign(left) * soft_limit(abs(left) / WRIST_TWIST) * WRIST_TWIST
    bent = swing_excess(swing, side)
    within = swing * (soft_limit(bent) / bent)[..., None]
    if is_blind:
        smooth = gaussian_smooth(within, BLIND_SMOOTHING, hold_ends=False)
        within = within + (smooth - within) * blind[..., None]
    nothing = xp.zeros_like(left)
    wrist = axis_angle_to_matrix(stacked((left, nothing, nothing)))
    return WristPose(pronation, wrist @ axis_angle_to_matrix(stacked((nothing, within[..., 0], within[..., 1]))))


def wrist_notes(given_up: torch.Tensor) -> tuple[Note, ...]:
    """What to say of hands that are turned by so many radians (N,) from their trackers: nothing where it is rare."""
    short = given_up[given_up > NOTICED_TURN]
    percent = 100 * len(short) / max(1, len(given_up))
    if percent < NOTICED_PERCENT:
        return ()
    return (Note("wrists_at_their_limits", {"percent": percent, "degrees": float(torch.rad2deg(short.mean()))}),)
