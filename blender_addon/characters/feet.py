"""Where a character's feet go: standing where the player's stand, their soles on the floor, within the legs' reach."""

import numpy as np

from ...model_core.geometry.filters import gaussian_smooth
from ...model_core.geometry.rotations import axis_angle_to_matrix, matrix_to_axis_angle, normalize, transpose
from ...model_core.geometry.skeleton import ANKLES, HIPS, KNEES, TOES
from .character import Character, Limb
from .player import Player

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
KEPT = np.radians(4.3)
"""How far a leg's bones may be from the player's directions where rotations are what counts."""
TURNED_UP = np.radians(35.0)
"""How far a foot that does not stand is turned up at most, so that its toes stay above the floor."""
LEVELLINGS, DAMPING = 4, 0.1
"""How often soles are brought nearer to the floor within that, and the part of a leg's length for which upright bones,
which hardly raise a foot, count."""

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
    points, theirs = _sole_points(character, turns, side), player.soles[side]
    ankle, toe = ANKLES[side], TOES[side]
    their_points = theirs.points(player.turns[:, ankle], player.turns[:, toe])
    standing = _eased(player.stands[:, side], player.fps)
    lowest = player.places[:, ankle, 2] + their_points[..., 2].min(1)
    clearance = size_ratio(player, character) * np.maximum(lowest, 0) * (1 - standing)
    ball = scale * (player.places[:, ankle] + their_points[:, 1])[:, :2]
    ball = ball + _held(ball, player.stands[:, side], scale)
    return np.concatenate([ball - points[:, 1, :2], (clearance - points[..., 2].min(1))[:, None]], 1)


def _eased(stands: np.ndarray, fps: float) -> np.ndarray:
    """How much a foot stands (T,): one all the time that it does, and soft edges outside."""
    reach = max(1, round(2 * EASE_SECONDS * fps))
    wide = np.convolve(np.pad(stands.astype(float), reach, mode="edge"), np.ones(2 * reach + 1), "valid") > 0.5
    smooth = gaussian_smooth(wide.astype(float)[:, None], EASE_SECONDS * fps)[:, 0]
    return np.maximum(np.clip(1.2 * smooth - 0.1, 0, 1), stands)


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
        drop = np.maximum(drop, over * _eased(player.stands[:, side], player.fps))
    if not drop.any():
        return centre
    width = max(1, round(2 * SINK_SECONDS * player.fps))
    padded = np.pad(drop, width, mode="edge")
    most = np.lib.stride_tricks.sliding_window_view(padded, 2 * width + 1).max(1)
    smooth = gaussian_smooth(most[:, None], SINK_SECONDS * player.fps)[:, 0]
    lowered = centre.copy()
    lowered[:, 2] -= np.maximum(smooth, drop)
    return lowered


def stepping_path(
    player: Player, character: Character, turns: Turns, centre: np.ndarray
) -> tuple[np.ndarray, list[np.ndarray]]:
    """The hips' path (T, 3) by which limbs that turn as the player's walk without sliding, and the ankles' (T, 3).

    Feet that stand carry the hips: they move as far over the floor as the standing foot moves below them, and are as
    high as its sole asks for. Between steps the path goes on as ``centre`` (T, 3) does.
    """
    path = _walked(player, character, turns, centre)
    ankles, times = ankle_paths(np.zeros_like(centre), character, turns), np.arange(len(centre))
    points = [_sole_points(character, turns, side) + ankles[side][:, None] for side in (0, 1)]
    lows = [place[..., 2].min(1) for place in points]
    carried = player.stands.any(1)
    if not carried.any():
        return path, [path + ankle for ankle in ankles]
    lift = np.interp(times, times[carried], -np.minimum(*lows)[carried]) - centre[:, 2]
    path[:, 2] += gaussian_smooth(lift[:, None], EASE_SECONDS * player.fps)[:, 0]
    goals = []
    for side in (0, 1):
        standing = _eased(player.stands[:, side], player.fps)
        ball = path[:, :2] + points[side][:, 1, :2]
        shift = _held(ball, player.stands[:, side], 1.0)
        sole = path[:, 2] + lows[side]
        lifted = np.maximum(sole, 0) * (1 - standing) - sole
        goals.append(path + ankles[side] + np.concatenate([shift, lifted[:, None]], 1))
    return path, goals


def _walked(player: Player, character: Character, turns: Turns, centre: np.ndarray) -> np.ndarray:
    """The hips' path (T, 3) that moves over the floor as far as the standing foot does below the hips."""
    ankles = ankle_paths(np.zeros_like(centre), character, turns)
    balls = np.stack([ankles[side] + _sole_points(character, turns, side)[:, 1] for side in (0, 1)], 1)
    weights = np.stack([_eased(player.stands[:, side], player.fps) for side in (0, 1)], 1) * player.stands
    share = weights / np.maximum(weights.sum(1, keepdims=True), 1e-9)
    carried = player.stands.any(1)
    held = carried[1:] & carried[:-1]
    steps = np.diff(centre[:, :2], axis=0)
    steps[held] = -(share[1:][held][..., None] * np.diff(balls[..., :2], axis=0)[held]).sum(1)
    path = centre.copy()
    path[1:, :2] = path[0, :2] + np.cumsum(steps, axis=0)
    return path


def _sole_points(character: Character, turns: Turns, side: int) -> np.ndarray:
    """Heel, ball and tip of a foot from its ankle (T, 3, 3)."""
    toes, foot = character.toes[side], turns[character.legs[side].end]
    return character.soles[side].points(foot, turns[toes[0]] if toes else foot)


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
    lows = [ankle[:, 2] + _sole_points(character, turns, side)[..., 2].min(1) for side, ankle in enumerate(ankles)]
    return np.stack(lows, 1)


def levelled(player: Player, character: Character, turns: Turns, wanted: Turns, centre: np.ndarray) -> np.ndarray:
    """The hips' path (T, 3) by which standing feet stay and their soles are on the floor, where limbs turn as the
    player's do.

    The legs' ``turns`` change by that, but none gets further from what is ``wanted`` of it (T, 3, 3) than ``KEPT``:
    what is nearest to level moves a foot up and down most. Feet in the air turn up where their toes would be below the
    floor.
    """
    standing = np.stack([_eased(player.stands[:, side], player.fps) for side in (0, 1)], 1)
    for _ in range(LEVELLINGS):
        _keep_directions(turns, wanted, character)
        heights = sole_heights(centre, character, turns)
        above = heights - _mean_height(heights, standing, player.fps)[:, None]
        missing = np.where(above < 0, -above, -above * standing)
        for side, leg in enumerate(character.legs):
            _raise(turns, leg, missing[:, side])
    _keep_directions(turns, wanted, character)
    heights = sole_heights(centre, character, turns)
    lift = _carried(np.where(player.stands, heights, np.inf).min(1), player.stands)
    for side, ankle in enumerate(ankle_paths(centre + lift[:, None] * [0, 0, 1], character, turns)):
        _turn_up(turns, character, side, ankle[:, 2], 1 - standing[:, side])
    centre = _walked(player, character, turns, centre)
    return settled_hips(centre, sole_heights(centre, character, turns), player.stands)


def _turn_up(turns: Turns, character: Character, side: int, ankle: np.ndarray, free: np.ndarray) -> None:
    """Turn a foot whose ankle is so high (T,) up where its toes would be below the floor, as far as it is ``free``."""
    end, points = character.legs[side].end, _sole_points(character, turns, side)
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


def _raise(turns: Turns, leg: Limb, by: np.ndarray) -> None:
    """Turn a leg's two bones so that its foot comes up by so many metres (T,): the more level one further."""
    vectors = [(turns[bone] @ vector) for bone, vector in _bones(leg)]
    levers = [np.stack([vector[:, 1], -vector[:, 0], np.zeros(len(vector))], 1) for vector in vectors]
    squared = sum((lever * lever).sum(1) for lever in levers) + (DAMPING * leg.length) ** 2
    for (bone, _), lever in zip(_bones(leg), levers, strict=True):
        turns[bone] = axis_angle_to_matrix((by / squared)[:, None] * lever) @ turns[bone]


def _bones(leg: Limb) -> tuple[tuple[int, np.ndarray], ...]:
    return (leg.upper.bone, leg.upper.vector), (leg.lower.bone, leg.lower.vector)


def _keep_directions(turns: Turns, wanted: Turns, character: Character) -> None:
    """Take back what turns a leg's bones further than ``KEPT``: directions count more than soles."""
    for leg in character.legs:
        for bone, _ in _bones(leg):
            step = matrix_to_axis_angle(turns[bone] @ transpose(wanted[bone]))
            angle = np.linalg.norm(step, axis=-1, keepdims=True)
            turns[bone] = axis_angle_to_matrix(step * np.minimum(1, KEPT / np.maximum(angle, 1e-9))) @ wanted[bone]


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
