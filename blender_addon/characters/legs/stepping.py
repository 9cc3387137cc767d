"""Legs that turn as the player's do, on a character of other proportions: feet stand still, their soles on the floor.

Where two feet stand at once, legs of other lengths and hips of another width would have them move apart and together.
The legs' bones may be off the player's directions by a few degrees, which is used for that; what is more slides, as
little as may be.
"""

import numpy as np

from ....model_core.geometry.filters import gaussian_smooth
from ....model_core.geometry.rotations import (
    axis_angle_to_matrix,
    cross,
    matrix_to_axis_angle,
    normalize,
    transpose,
)
from ..character import Character, Limb
from ..player import Player
from .feet import EASE_SECONDS, Turns, eased, sole_points

KEPT = np.radians(4.6)
"""How far a leg's bones may be from the player's directions."""
APART = 0.95
"""The part of that which is there for feet that would slide; the rest is for soles off the floor."""
TURNED_UP = np.radians(35.0)
"""How far a foot that does not stand is turned up at most, so that its toes stay above the floor."""
ROUNDS, DAMPING = 6, 0.1
"""How often feet are brought nearer to their places, and the part of a leg's length for which upright bones, which
hardly raise a foot, count."""


def stepping_hips(player: Player, character: Character, turns: Turns, centre: np.ndarray) -> np.ndarray:
    """The hips' path (T, 3) by which standing feet stay and their soles are on the floor; ``centre`` (T, 3) between.

    The legs' ``turns`` change by that, but no bone's by more than ``KEPT``. Feet in the air turn up where their toes
    would be below the floor.
    """
    wanted = {bone: turns[bone] for leg in character.legs for bone, _ in _bones(leg)}
    standing = np.stack([eased(player.stands[:, side], player.fps) for side in (0, 1)], 1)
    apart = _feet_apart(character, turns, player.stands)
    for _ in range(ROUNDS):
        left, right = _balls(character, turns)
        aside = 0.5 * (apart - (left - right)[:, :2])
        heights = sole_heights(centre, character, turns)
        above = heights - _mean_height(heights, standing, player.fps)[:, None]
        up = np.where(above < 0, -above, -above * standing)
        for side, sign in ((0, 1), (1, -1)):
            _move(turns, character.legs[side], np.concatenate([sign * aside, up[:, side, None]], 1))
        _keep_directions(turns, wanted)
    heights = sole_heights(centre, character, turns)
    lift = _carried(np.where(player.stands, heights, np.inf).min(1), player.stands)
    for side, ankle in enumerate(ankle_paths(centre + lift[:, None] * [0, 0, 1], character, turns)):
        _turn_up(turns, character, side, ankle[:, 2], 1 - standing[:, side])
    centre = _walked(player, character, turns, centre)
    return settled_hips(centre, sole_heights(centre, character, turns), player.stands)


def _feet_apart(character: Character, turns: Turns, stands: np.ndarray) -> np.ndarray:
    """How far over the floor the left foot should be from the right one (T, 2).

    While both stand (T, 2) it stays as it is for as long as the legs' bones may be off by that much, and is drawn along
    then; from one such time to the next what is added to the limbs' own changes evenly.
    """
    left, right = _balls(character, turns)
    own = (left - right)[:, :2]
    bones = [turns[bone] @ vector for leg in character.legs for bone, vector in _bones(leg)]
    reach = APART * KEPT * sum(np.abs(bone[:, 2]) for bone in bones)
    both, times = stands.all(1), np.arange(len(own))
    edges = np.flatnonzero(np.diff(np.concatenate([[0], both.astype(int), [0]])))
    added = np.zeros_like(own)
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        part = slice(first, last)
        begin = _drawn_along(own[part][::-1], reach[part][::-1], own[part].mean(0))[-1]
        added[part] = _drawn_along(own[part], reach[part], begin) - own[part]
    if not both.any():
        return own
    return own + np.stack([np.interp(times, times[both], added[both, axis]) for axis in (0, 1)], 1)


def _drawn_along(places: np.ndarray, reach: np.ndarray, begin: np.ndarray) -> np.ndarray:
    """A path (T, 2) from near ``begin`` (2,) that goes on only where it would be further than ``reach`` (T,) from
    ``places`` (T, 2).
    """
    x, y = begin.tolist()
    path = []
    for (there_x, there_y), most in zip(places.tolist(), reach.tolist(), strict=True):
        away = np.hypot(x - there_x, y - there_y)
        if away > most:
            x, y = there_x + (x - there_x) * most / away, there_y + (y - there_y) * most / away
        path.append((x, y))
    return np.array(path)


def _balls(character: Character, turns: Turns) -> tuple[np.ndarray, np.ndarray]:
    """Where the balls of both feet are from the middle between the hip joints (T, 3)."""
    ankles = ankle_paths(np.zeros(3), character, turns)
    left, right = (ankles[side] + sole_points(character, turns, side)[:, 1] for side in (0, 1))
    return left, right


def _walked(player: Player, character: Character, turns: Turns, centre: np.ndarray) -> np.ndarray:
    """The hips' path (T, 3) that moves over the floor as far as the standing feet do below the hips."""
    balls = np.stack(_balls(character, turns), 1)
    weights = np.stack([eased(player.stands[:, side], player.fps) for side in (0, 1)], 1) * player.stands
    share = weights / np.maximum(weights.sum(1, keepdims=True), 1e-9)
    carried = player.stands.any(1)
    held = carried[1:] & carried[:-1]
    steps = np.diff(centre[:, :2], axis=0)
    steps[held] = -(share[1:][held][..., None] * np.diff(balls[..., :2], axis=0)[held]).sum(1)
    path = centre.copy()
    path[1:, :2] = path[0, :2] + np.cumsum(steps, axis=0)
    return path


def ankle_paths(centre: np.ndarray, character: Character, turns: Turns) -> list[np.ndarray]:
    """Where both legs end (T, 3), with the middle between the hip joints there (T, 3)."""
    ankles = []
    for leg in character.legs:
        socket = turns[character.hips] @ (character.rest.heads[leg.upper.bone] - character.hip_centre)
        ankles.append(centre + socket + sum(turns[bone] @ vector for bone, vector in _bones(leg)))
    return ankles


def sole_heights(centre: np.ndarray, character: Character, turns: Turns) -> np.ndarray:
    """How high the lowest points of both soles are (T, 2), with the middle between the hip joints there (T, 3)."""
    ankles = ankle_paths(centre, character, turns)
    lows = [ankle[:, 2] + sole_points(character, turns, side)[..., 2].min(1) for side, ankle in enumerate(ankles)]
    return np.stack(lows, 1)


def _turn_up(turns: Turns, character: Character, side: int, ankle: np.ndarray, free: np.ndarray) -> None:
    """Turn a foot whose ankle is so high (T,) up where its toes would be below the floor, as far as it is ``free``."""
    end, points = character.legs[side].end, sole_points(character, turns, side)
    ahead = turns[end] @ character.soles[side].heading
    lever = normalize(np.stack([ahead[:, 1], -ahead[:, 0], np.zeros(len(ahead))], 1))
    up = np.zeros(len(ankle))
    for place in (1, 2):  # Ball and tip.
        point = points[:, place]
        along = (np.cross(lever, point)[:, 2], point[:, 2])
        now, wanted = np.arctan2(along[1], along[0]), np.arcsin(np.clip(-ankle / np.hypot(*along), -1, 1))
        up = np.maximum(up, np.where(point[:, 2] + ankle < 0, wanted - now, 0))
    turn = axis_angle_to_matrix((free * np.minimum(up, TURNED_UP))[:, None] * lever)
    for bone in (end, *character.toes[side]):
        turns[bone] = turn @ turns[bone]


def _mean_height(heights: np.ndarray, standing: np.ndarray, fps: float) -> np.ndarray:
    """How high those of two soles at ``heights`` (T, 2) are (T,) that stand, smooth over time."""
    weight = standing.sum(1)
    carried = weight > 0
    if not carried.any():
        return np.minimum(heights.min(1), 0)
    times = np.arange(len(heights))
    mean = (standing * heights).sum(1)[carried] / weight[carried]
    return gaussian_smooth(np.interp(times, times[carried], mean)[:, None], EASE_SECONDS * fps)[:, 0]


def _move(turns: Turns, leg: Limb, by: np.ndarray) -> None:
    """Turn a leg's two bones so that its foot moves by (T, 3) metres, those most that have to turn least for it."""
    vectors = [turns[bone] @ vector for bone, vector in _bones(leg)]
    levers = (DAMPING * leg.length) ** 2 * np.eye(3)
    for vector in vectors:
        levers = levers + (vector * vector).sum(1)[:, None, None] * np.eye(3) - vector[:, :, None] * vector[:, None]
    push = np.linalg.solve(levers, by[..., None])[..., 0]
    for (bone, _), vector in zip(_bones(leg), vectors, strict=True):
        turns[bone] = axis_angle_to_matrix(cross(vector, push)) @ turns[bone]


def _bones(leg: Limb) -> tuple[tuple[int, np.ndarray], ...]:
    return (leg.upper.bone, leg.upper.vector), (leg.lower.bone, leg.lower.vector)


def _keep_directions(turns: Turns, wanted: Turns) -> None:
    """Take back what turns bones further than ``KEPT`` from what is ``wanted`` of them."""
    for bone, turn in wanted.items():
        step = matrix_to_axis_angle(turns[bone] @ transpose(turn))
        angle = np.linalg.norm(step, axis=-1, keepdims=True)
        turns[bone] = axis_angle_to_matrix(step * np.minimum(1, KEPT / np.maximum(angle, 1e-9))) @ turn


def settled_hips(centre: np.ndarray, heights: np.ndarray, stands: np.ndarray) -> np.ndarray:
    """The hips' path (T, 3), raised or lowered so that the lower of two soles at these heights (T, 2) is on the floor.

    That is where a foot stands; from one such time to the next the change goes on evenly, and never is a sole below the
    floor.
    """
    lowest = heights.min(1)
    settled = centre.copy()
    settled[:, 2] += np.maximum(_carried(lowest, stands), -lowest)
    return settled


def _carried(lowest: np.ndarray, stands: np.ndarray) -> np.ndarray:
    """What brings soles at these heights (T,) to the floor where one stands (T, 2), and goes on evenly between."""
    carried, times = stands.any(1), np.arange(len(lowest))
    return -np.interp(times, times[carried], lowest[carried]) if carried.any() else np.zeros(len(lowest))
