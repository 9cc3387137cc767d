"""A player's motion on a character: world rotations with rest offsets, then hands and feet to their goals."""

from dataclasses import dataclass

import numpy as np

from ...model_core.geometry.rotations import (
    matrix_to_quaternion,
    normalize,
    quaternion_to_matrix,
    shortest_rotation,
    slerp,
)
from ...model_core.geometry.skeleton import ANKLES, ELBOWS, HEAD, HIPS, KNEES, PELVIS, SHOULDERS, TOES, WRISTS
from .character import Character, Limb
from .choices import PLAYER, ROTATIONS, Choices
from .inverse_kinematics import Bend, followed, two_bone
from .legs.feet import Turns, foot_goals, lowered_hips, size_ratio
from .legs.stepping import ankle_paths, stepping_hips
from .offsets import rest_offsets
from .player import Player
from .turning_limit import FASTEST, limited, turned
from .twist import share_twist

SPINE = (PELVIS, 3, 6, 9)
COLLARS = (13, 14)
NECK = 12
CHEST = 9
KNEES_BEND, ELBOWS_BEND = np.array([0.0, -1.0, 0.0]), np.array([0.0, 1.0, 0.0])
"""The way that knees and elbows stand out of a straight limb in a T-pose: ahead and behind."""


STRETCH, EASY_REACH = 0.4, 0.96
"""How far a shoulder comes along for a hand, in the collar's length, and the part of an arm's length from which on."""
READY, SAME = 0.1, 1e-6
"""How readily an arm lets go of a place within its reach, beside one that it does not come to at all; and by how much
elements of a rotation's matrix differ at most that is the same."""


@dataclass(frozen=True)
class CharacterPose:
    """T frames of a character, in the player's space: metres, +Z up, the floor at z = 0.

    ``turns``: bone -> its rotation from rest (T, 4) ``wxyz``, in the world; a bone without one goes along with the one
    that carries it, and those above the hips rest. ``hips`` (T, 3): where the head of the hips' bone is. ``feet``: bone
    -> where its head is (T, 3), of feet that hang elsewhere than from their shins. ``hand_goals`` (T, 2, 3): where the
    hands should be, None where nothing says so. ``scale``: metres of the character's world to a metre of the player's.
    ``hurried`` (T, 2) bool: where an arm would have to turn too fast for its hand to be there. ``solved``: bones that
    inverse kinematics of the armature's own turns.
    """

    turns: dict[int, np.ndarray]
    hips: np.ndarray
    feet: dict[int, np.ndarray]
    hand_goals: np.ndarray | None
    scale: float
    hurried: np.ndarray
    solved: frozenset[int] = frozenset()


def transfer(player: Player, character: Character, choices: Choices) -> CharacterPose:
    """The pose of the character in every frame of the player's."""
    turns = _rotated(player, character)
    scale = space_scale(player, character, choices.hands)
    centre = hip_path(player, character, scale)
    if choices.hands == ROTATIONS:
        centre = stepping_hips(player, character, turns, centre)
        goals = ankle_paths(centre, character, turns)
    else:
        goals = [foot_goals(player, character, side, scale, turns) for side in (0, 1)]
        sockets = [turns[character.hips] @ _from_hips(character, leg.upper.bone) for leg in character.legs]
        centre = lowered_hips(player, character, centre, sockets, goals)
        for side, leg in enumerate(character.legs):
            bend = Bend(player.turns[:, HIPS[side]] @ KNEES_BEND, turns[character.hips] @ KNEES_BEND)
            _reach(turns, leg, centre + sockets[side], goals[side], bend)
    hips = centre + turns[character.hips] @ (character.rest.heads[character.hips] - character.hip_centre)
    left, right = (place_of(character, turns, hips, arm.upper.bone) for arm in character.arms)
    wanted = hand_goals(player, character, choices.hands, (left, right))
    hurried = np.zeros((len(centre), 2), bool)
    if wanted is not None:
        allowed = FASTEST + np.max([turned(player.turns[:, joint]) for joint in range(player.turns.shape[1])], 0)
        for side, (arm, start) in enumerate(zip(character.arms, (left, right), strict=True)):
            start = start + _stretched(turns, character, side, wanted[:, side] - start)
            bend = Bend(player.turns[:, SHOULDERS[side]] @ ELBOWS_BEND, player.turns[:, CHEST] @ ELBOWS_BEND)
            hurried[:, side] = reach_in_time(turns, arm, start, wanted[:, side], bend, allowed)
    feet = {leg.end: goals[side] for side, leg in enumerate(character.legs) if character.detached(side)}
    quaternions = {bone: matrix_to_quaternion(turn) for bone, turn in turns.items()}
    quaternions |= _twisted(character, quaternions)
    return CharacterPose(quaternions, hips, feet, wanted, scale, hurried)


def space_scale(player: Player, character: Character, hands: str) -> float:
    """Metres of the character's world to a metre of the player's: how far steps go.

    One where hands are where the player's were; else what the legs' length makes of the player's steps.
    """
    return 1.0 if hands == PLAYER else size_ratio(player, character)


def reach_ratio(player: Player, character: Character) -> float:
    """How far apart the character's hands are in a T-pose, over the player's."""
    rest = character.rest.heads
    width = np.linalg.norm(np.subtract(*(rest[arm.upper.bone] for arm in character.arms)))
    own = width + sum(arm.length for arm in character.arms)
    limbs = zip(SHOULDERS, ELBOWS, WRISTS, strict=True)
    theirs = sum(np.linalg.norm(np.diff(player.rest[list(arm)], axis=0), axis=1).sum() for arm in limbs)
    return float(own / (theirs + np.linalg.norm(np.subtract(*player.rest[list(SHOULDERS)]))))


def hand_goals(
    player: Player, character: Character, hands: str, shoulders: tuple[np.ndarray, np.ndarray]
) -> np.ndarray | None:
    """Where the hands should be (T, 2, 3), or None; ``shoulders`` are where the character's are (T, 3).

    In the character's scale they are as far from the middle of the shoulders as the arms' reach makes of the player's:
    hands that met still do.
    """
    if hands == ROTATIONS:
        return None
    wrists = player.places[:, list(WRISTS)]
    if hands == PLAYER:
        return wrists
    middle = player.places[:, list(SHOULDERS)].mean(1, keepdims=True)
    own = 0.5 * (shoulders[0] + shoulders[1])[:, None]
    return own + reach_ratio(player, character) * (wrists - middle)


def hip_path(player: Player, character: Character, scale: float) -> np.ndarray:
    """Where the middle between the hip joints is (T, 3): over the same place, as high as the legs' length makes it."""
    middle = player.places[:, list(HIPS)].mean(1)
    ratio = size_ratio(player, character)
    theirs = float(np.mean([sole.height for sole in player.soles]))
    own = float(np.mean([sole.height for sole in character.soles]))
    return np.concatenate([scale * middle[:, :2], own + ratio * (middle[:, 2:] - theirs)], 1)


def _from_hips(character: Character, bone: int) -> np.ndarray:
    return character.rest.heads[bone] - character.hip_centre


def _rotated(player: Player, character: Character) -> dict[int, np.ndarray]:
    """Rotations from rest (T, 3, 3) of every bone that a joint of SMPL's turns."""
    turned, offsets = player.turns, rest_offsets(character, player)
    turns = {character.hips: turned[:, PELVIS]}
    turns |= _spread(character.spine, turned[:, list(SPINE)], ends_with_last=True)
    turns |= _spread(character.neck, turned[:, [CHEST, NECK, HEAD]], ends_with_last=False)
    turns[character.head] = turned[:, HEAD]
    for side in (0, 1):
        arm, leg = character.arms[side], character.legs[side]
        if character.collars[side] >= 0:
            turns[character.collars[side]] = turned[:, COLLARS[side]]
        joints = {arm.upper.bone: SHOULDERS, arm.lower.bone: ELBOWS, leg.upper.bone: HIPS, leg.lower.bone: KNEES}
        joints |= {leg.end: ANKLES} | ({arm.end: WRISTS} if arm.end >= 0 else {})
        joints |= dict.fromkeys(character.toes[side], TOES)
        for bone, pair in joints.items():
            turns[bone] = turned[:, pair[side]] @ offsets[bone]
    return turns


def _spread(bones: tuple[int, ...], knots: np.ndarray, ends_with_last: bool) -> dict[int, np.ndarray]:
    """Rotations (T, K, 3, 3) along a chain, shared out over its bones evenly.

    The first rotation is that of what carries the chain; the last is its last bone's, or that of what it carries.
    """
    steps = knots.shape[1] - 1
    last = len(bones) if ends_with_last else len(bones) + 1
    result, quaternions = {}, None
    for number, bone in enumerate(bones, 1):
        position = steps * number / last
        before = min(int(position), steps - 1)
        part = position - before
        if part in (0, 1):
            result[bone] = knots[:, before + int(part)]
            continue
        if quaternions is None:
            quaternions = matrix_to_quaternion(knots)
        mixed = slerp(quaternions[:, before], quaternions[:, before + 1], np.full(len(knots), part))
        result[bone] = quaternion_to_matrix(mixed)
    return result


def place_of(character: Character, turns: dict[int, np.ndarray], hips: np.ndarray, bone: int) -> np.ndarray:
    """Where the head of a bone above the hips is (T, 3)."""
    rest, line = character.rest, [bone]
    while line[-1] != character.hips:
        line.append(int(rest.parents[line[-1]]))
    place, turn = hips, turns[character.hips]
    for below, above in zip(line[-2::-1], line[:0:-1], strict=True):
        turn = turns.get(above, turn)
        place = place + turn @ (rest.heads[below] - rest.heads[above])
    return place


def _reach(turns: Turns, limb: Limb, start: np.ndarray, goal: np.ndarray, bend: Bend) -> None:
    """Turn a limb's two segments so that its end comes to the goal."""
    bones = (limb.upper.vector, limb.lower.vector)
    upper, lower = limb.upper.bone, limb.lower.bone
    turns[upper], turns[lower] = two_bone(start, turns[upper], turns[lower], bones, goal, bend)


def reach_in_time(
    turns: Turns, arm: Limb, start: np.ndarray, goal: np.ndarray, bend: Bend, allowed: np.ndarray
) -> np.ndarray:
    """The same for an arm whose bones turn by no more than ``allowed`` (T - 1,) radians a frame.

    Where a hand passes its shoulder, and where it is out of reach, its place is what gives way; returns where one does
    (T,) bool.
    """
    bones = (arm.upper.bone, arm.lower.bone)
    _reach(turns, arm, start, goal, bend)
    distance = np.linalg.norm(goal - start, axis=-1)
    lost = np.maximum(1 - followed(distance, arm.length), distance > arm.length)
    kept = limited([turns[bone] for bone in bones], allowed, np.maximum(lost, READY))
    moved = [np.abs(turn - turns[bone]).max((1, 2)) for bone, turn in zip(bones, kept, strict=True)]
    turns |= dict(zip(bones, kept, strict=True))
    return np.maximum(*moved) > SAME


def _stretched(turns: Turns, character: Character, side: int, wanted: np.ndarray) -> np.ndarray:
    """Turn a collar towards what its arm does not reach, ``wanted`` (T, 3) from the shoulder, as people do.

    Returns how far the shoulder has come (T, 3).
    """
    collar, arm = character.collars[side], character.arms[side]
    if collar < 0:
        return np.zeros_like(wanted)
    bone = turns[collar] @ (character.rest.heads[arm.upper.bone] - character.rest.heads[collar])
    length = np.linalg.norm(bone, axis=-1, keepdims=True)
    distance = np.linalg.norm(wanted, axis=-1, keepdims=True)
    most = STRETCH * length
    lacking = np.maximum(distance - EASY_REACH * arm.length, 0)
    moved = bone + normalize(wanted) * most * (1 - np.exp(-lacking / np.maximum(most, 1e-9)))
    turn = shortest_rotation(bone, moved)
    turns[collar] = turn @ turns[collar]
    return (turn @ bone[..., None])[..., 0] - bone


def _twisted(character: Character, turns: dict[int, np.ndarray]) -> dict[int, np.ndarray]:
    """The rotations of all pieces of the limbs, their twist shared out."""
    result = {}
    for side in (0, 1):
        for limb, shares_lower in ((character.arms[side], True), (character.legs[side], False)):
            carrier = _carrier(character, turns, limb.upper.bone)
            for segment, near, far in (
                (limb.upper, turns[carrier], None),
                (limb.lower, turns[limb.upper.bone], turns.get(limb.end) if shares_lower else None),
            ):
                if shares_lower and segment is limb.lower and limb.end < 0:
                    continue
                if all(share == 1 for _, share in segment.in_line) and not segment.beside:
                    continue
                end = character.rest.heads[segment.bone] + segment.vector
                lines = {bone: end - character.rest.heads[bone] for bone, _ in segment.in_line}
                result |= share_twist(segment, turns[segment.bone], near, far, lines)
    return result


def _carrier(character: Character, turns: dict[int, np.ndarray], bone: int) -> int:
    """The bone that turns whatever a limb hangs on."""
    return next(above for above in character.rest.ancestors(bone) if above in turns)
