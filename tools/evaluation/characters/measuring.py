"""What is measured of a motion on a character, from its keys, and in Blender."""

from typing import Any

import numpy as np

from ....blender_addon.bpy_types import ArmatureObject, Scene
from ....blender_addon.characters.character import Character, Limb
from ....blender_addon.characters.choices import ROTATIONS
from ....blender_addon.characters.inverse_kinematics import NEAR
from ....blender_addon.characters.player import Player
from ....blender_addon.characters.putting import Carried
from ....blender_addon.characters.transfer import CharacterPose, place_of
from ....model_core.geometry.rotations import quaternion_multiply, quaternion_to_matrix
from ....model_core.geometry.skeleton import ANKLES, ELBOWS, HIPS, KNEES, SHOULDERS, TOES, WRISTS

REACHABLE = 0.97
"""The part of an arm's length up to which a goal counts as within reach."""
MISSED = 0.01
"""Metres from which on a hand, or a player's own foot, is not where it should be."""
LOOKED_AT = 12
"""Frames at which Blender's own bones are compared with what was computed."""
CM = 100.0


def measure(carried: Carried, hands: str) -> dict[str, float]:
    """The figures of a motion on a character: centimetres, centimetres a second and degrees, by name."""
    character, pose, player = carried.character, carried.pose, carried.player
    turns = {bone: quaternion_to_matrix(turn) for bone, turn in pose.turns.items()}
    found = {"slide": _slide(carried, turns), "flip": _flip(carried)} | _soles(carried, turns)
    if hands == ROTATIONS:
        return found | {"directions": _directions(carried, turns)}
    assert pose.hand_goals is not None
    frames = len(player.places)
    worst, passed, within, passing = 0.0, 0.0, 0, 0
    for side, arm in enumerate(character.arms):
        start = place_of(character, turns, pose.hips, arm.upper.bone)
        goal, hurried = pose.hand_goals[:, side], pose.hurried[:, side]
        distance = np.linalg.norm(goal - start, axis=1) / arm.length
        reachable = (distance >= NEAR) & (distance <= REACHABLE)
        away = np.linalg.norm(_end(arm, turns, start) - goal, axis=1)
        within += int(reachable.sum())
        passing += int((reachable & hurried & (away > MISSED)).sum())
        worst = max(worst, float(away[reachable & ~hurried].max(initial=0)))
        passed = max(passed, float(away[reachable & hurried].max(initial=0)))
    shares = {"reachable": within / (2 * frames), "passing": passing / (2 * frames)}
    return found | {"hands": CM * worst, "passed": CM * passed} | {name: 100 * share for name, share in shares.items()}


def _end(limb: Limb, turns: dict[int, np.ndarray], start: np.ndarray) -> np.ndarray:
    """Where a limb ends (T, 3), by its first pieces' swing: twists do not move it."""
    upper, lower = limb.upper.in_line[-1][0], limb.lower.in_line[0][0]
    return start + turns[upper] @ limb.upper.vector + turns[lower] @ limb.lower.vector


def _ball(carried: Carried, turns: dict[int, np.ndarray], side: int) -> tuple[np.ndarray, np.ndarray]:
    """Where the ball of the foot is (T, 3), and the height of the sole's lowest point (T,)."""
    character = carried.character
    leg, toes = character.legs[side], character.toes[side]
    start = place_of(character, turns, carried.pose.hips, leg.upper.bone)
    ankle = carried.pose.feet.get(leg.end, _end(leg, turns, start))
    foot = turns[leg.end]
    points = character.soles[side].points(foot, turns[toes[0]] if toes else foot) + ankle[:, None]
    return points[:, 1], points[..., 2].min(1)


def _slide(carried: Carried, turns: dict[int, np.ndarray]) -> float:
    """How much faster standing feet move over the floor than the player's, in centimetres a second, on average."""
    player, extra = carried.player, []
    for side in (0, 1):
        ball, _ = _ball(carried, turns, side)
        theirs = _their_sole(player, side)[:, 1]
        both = player.stands[1:, side] & player.stands[:-1, side]
        for path, sign in ((ball, 1), (theirs, -1)):
            speed = np.linalg.norm(np.diff(path[:, :2], axis=0), axis=1)[both] * player.fps
            extra.append(sign * (float(speed.mean()) if len(speed) else 0.0))
    return CM * 0.5 * sum(extra)


def _soles(carried: Carried, turns: dict[int, np.ndarray]) -> dict[str, float]:
    """How far soles are from the floor, at most: ``sole`` of all feet that stand, ``lower`` of the lower one of those
    that stand at once, where the player's own feet are not below it, ``sunk`` below it of any foot.
    """
    player = carried.player
    heights = CM * np.stack([_ball(carried, turns, side)[1] for side in (0, 1)], 1)
    theirs = np.stack([_their_sole(player, side)[:, :, 2].min(1) for side in (0, 1)], 1)
    lower = np.where(player.stands, heights, np.inf).min(1)[player.stands.any(1) & (theirs.min(1) > -MISSED)]
    return {
        "sole": float(np.abs(heights[player.stands]).max(initial=0)),
        "lower": float(np.abs(lower).max(initial=0)),
        "sunk": float(np.maximum(-heights, 0).max(initial=0)),
    }


def _their_sole(player: Player, side: int) -> np.ndarray:
    """Heel, ball and tip of the player's foot (T, 3, 3)."""
    points = player.soles[side].points(player.turns[:, ANKLES[side]], player.turns[:, TOES[side]])
    return player.places[:, ANKLES[side], None] + points


def _directions(carried: Carried, turns: dict[int, np.ndarray]) -> float:
    """The largest angle between a limb's bone and the player's, in degrees."""
    player, worst = carried.player, 0.0
    for side in (0, 1):
        pairs = ((carried.character.arms[side], (SHOULDERS, ELBOWS, WRISTS)),
                 (carried.character.legs[side], (HIPS, KNEES, ANKLES)))  # fmt: skip
        for limb, joints in pairs:
            first, middle, last = (player.places[:, pair[side]] for pair in joints)
            upper, lower = limb.upper.in_line[-1][0], limb.lower.in_line[0][0]
            for own, theirs in ((turns[upper] @ limb.upper.vector, middle - first),
                                (turns[lower] @ limb.lower.vector, last - middle)):  # fmt: skip
                worst = max(worst, float(_angles(own, theirs).max()))
    return worst


def _angles(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    cross = np.linalg.norm(np.cross(first, second), axis=-1)
    return np.degrees(np.arctan2(cross, (first * second).sum(-1)))


def _flip(carried: Carried) -> float:
    """By how many degrees a frame any bone turns more than the player's fastest joint does in that frame, at most."""
    turned = carried.player.turns
    theirs = np.zeros(len(turned) - 1)
    for joint in range(turned.shape[1]):
        step = np.swapaxes(turned[:-1, joint], -1, -2) @ turned[1:, joint]
        theirs = np.maximum(theirs, np.degrees(np.arccos(np.clip((np.trace(step, axis1=-2, axis2=-1) - 1) / 2, -1, 1))))
    worst = 0.0
    for turn in carried.pose.turns.values():
        step = quaternion_multiply(turn[:-1] * [1, -1, -1, -1], turn[1:])
        own = np.degrees(2 * np.arctan2(np.linalg.norm(step[:, 1:], axis=1), np.abs(step[:, 0])))
        worst = max(worst, float((own - theirs).max(initial=0)))
    return worst


def blender_difference(armature: ArmatureObject, carried: Carried, scene: Scene) -> float:
    """How far hands and feet are in Blender from where they were computed, in centimetres, at most."""
    character, pose = carried.character, carried.pose
    turns = {bone: quaternion_to_matrix(turn) for bone, turn in pose.turns.items()}
    worst = 0.0
    bones: Any = armature.pose.bones
    for limb, expected in _ends(character, pose, turns):
        for place in np.linspace(0, len(carried.frames) - 1, LOOKED_AT).astype(int):
            scene.frame_set(int(carried.frames[place]))
            shown = np.array(armature.matrix_world @ bones[carried.shown_by(limb.end)].matrix)[:3, 3]
            worst = max(worst, float(np.linalg.norm(shown - expected[place])))
    return CM * worst


def _ends(character: Character, pose: CharacterPose, turns: dict[int, np.ndarray]) -> list[tuple[Limb, np.ndarray]]:
    ends = []
    for limb in (*character.arms, *character.legs):
        if limb.end >= 0:
            start = place_of(character, turns, pose.hips, limb.upper.bone)
            ends.append((limb, pose.feet.get(limb.end, _end(limb, turns, start))))
    return ends
