"""Where a character's feet go: standing where the player's stand, their soles on the floor, within the legs' reach."""

import numpy as np

from ....model_core.geometry.filters import gaussian_smooth
from ....model_core.geometry.skeleton import ANKLES, HIPS, KNEES, TOES
from ..character import Character
from ..player import Player

SETTLED = 0.05
"""Metres that a standing foot may wander and be held still; what wanders further slides on purpose."""
EASE_SECONDS = 0.06
"""Standard deviation of the Gaussian over which feet come down and leave."""
REACH = 0.985
"""The part of a leg's length within which a standing foot has to be."""
LOWEST = 0.3
"""The part of a leg's length to which hips may come down to a standing foot."""
SINK_SECONDS = 0.1
"""Standard deviation of the Gaussian by which hips come down before a far step."""

Turns = dict[int, np.ndarray]
"""Bone -> its rotation from rest in the world (T, 3, 3)."""


def size_ratio(player: Player, character: Character) -> float:
    """How long the character's legs are, over the player's."""
    bones = [player.rest[list(joints)] for joints in zip(HIPS, KNEES, ANKLES, strict=True)]
    theirs = np.mean([np.linalg.norm(np.diff(places, axis=0), axis=-1).sum() for places in bones])
    return float(np.mean([leg.length for leg in character.legs]) / theirs)


def foot_goals(player: Player, character: Character, side: int, scale: float, turns: Turns) -> np.ndarray:
    """Where an ankle goes (T, 3).

    The ball of the foot is over the player's, in the space's ``scale``, and still while the foot stands; the lowest
    point of the sole is as high as the player's, in the legs' proportion, and on the floor while the foot stands.
    """
    points, theirs = sole_points(character, turns, side), player.soles[side]
    ankle, toe = ANKLES[side], TOES[side]
    their_points = theirs.points(player.turns[:, ankle], player.turns[:, toe])
    standing = eased(player.stands[:, side], player.fps)
    lowest = player.places[:, ankle, 2] + their_points[..., 2].min(1)
    clearance = size_ratio(player, character) * np.maximum(lowest, 0) * (1 - standing)
    ball = scale * (player.places[:, ankle] + their_points[:, 1])[:, :2]
    ball = ball + _held(ball, player.stands[:, side], scale)
    return np.concatenate([ball - points[:, 1, :2], (clearance - points[..., 2].min(1))[:, None]], 1)


def eased(stands: np.ndarray, fps: float) -> np.ndarray:
    """How much a foot stands (T,): one all the time that it does, and soft edges outside."""
    reach = max(1, round(2 * EASE_SECONDS * fps))
    wide = np.convolve(np.pad(stands.astype(float), reach, mode="edge"), np.ones(2 * reach + 1), "valid") > 0.5
    smooth = gaussian_smooth(wide.astype(float)[:, None], EASE_SECONDS * fps)[:, 0]
    return np.maximum(np.clip(1.2 * smooth - 0.1, 0, 1), stands)


def sole_points(character: Character, turns: Turns, side: int) -> np.ndarray:
    """Heel, ball and tip of a foot from its ankle (T, 3, 3)."""
    toes, foot = character.toes[side], turns[character.legs[side].end]
    return character.soles[side].points(foot, turns[toes[0]] if toes else foot)


def _held(path: np.ndarray, stands: np.ndarray, scale: float) -> np.ndarray:
    """What to add to a path (T, 2) so that it stands still in each phase in which it should and nearly does.

    A foot that wanders further does so on purpose: as far as the player's, whose path this is ``scale`` times.
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[0], stands.astype(int), [0]])))
    frames, values = [], []
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        part = path[first:last]
        place = np.median(part, axis=0)
        wanders = np.linalg.norm(part - place, axis=1).max() > SETTLED * max(scale, 1.0)
        frames += list(range(first, last))
        values += list((place - part) * (1 - wanders / max(scale, 1.0)))
    if not frames:
        return np.zeros_like(path)
    kept, at = np.unique(frames, return_index=True)
    chosen = np.array(values)[at]
    times = np.arange(len(path))
    return np.stack([np.interp(times, kept, chosen[:, axis]) for axis in (0, 1)], 1)


def lowered_hips(
    player: Player, character: Character, centre: np.ndarray, sockets: list[np.ndarray], goals: list[np.ndarray]
) -> np.ndarray:
    """The hips' path (T, 3), lowered where a standing foot would be out of reach."""
    drop = np.zeros(len(centre))
    for side, leg in enumerate(character.legs):
        socket = centre + sockets[side]
        away = np.linalg.norm((goals[side] - socket)[:, :2], axis=1)
        reach, least = REACH * leg.length, LOWEST * leg.length
        high = np.sqrt(np.maximum(reach * reach - away * away, least * least))
        over = np.maximum(socket[:, 2] - goals[side][:, 2] - high, 0)
        drop = np.maximum(drop, over * eased(player.stands[:, side], player.fps))
    if not drop.any():
        return centre
    width = max(1, round(2 * SINK_SECONDS * player.fps))
    padded = np.pad(drop, width, mode="edge")
    most = np.lib.stride_tricks.sliding_window_view(padded, 2 * width + 1).max(1)
    smooth = gaussian_smooth(most[:, None], SINK_SECONDS * player.fps)[:, 0]
    lowered = centre.copy()
    lowered[:, 2] -= np.maximum(smooth, drop)
    return lowered
