"""How a character's rest pose differs from SMPL's T-pose: a rotation a bone, whatever pose that is."""

import numpy as np

from ...model_core.geometry.rotations import normalize, shortest_rotation
from ...model_core.geometry.skeleton import (
    ANKLES,
    ELBOWS,
    HIPS,
    KNEES,
    SHOULDERS,
    TOES,
    WRISTS,
)
from .character import Character, Limb
from .player import Player

HANDS = (22, 23)
"""SMPL's joints in the hands, which say where the palms point."""
TO_LITTLE_FINGER = np.array([0.0, 1.0, 0.0])
"""From the index to the little finger in a T-pose with the palms down: backwards."""


def rest_offsets(character: Character, player: Player) -> dict[int, np.ndarray]:
    """For bones of arms and legs the rotation (3, 3) that brings their rest pose into SMPL's; others need none.

    The identity is left out for the trunk: upright is upright, and its curves are the character's own.
    """
    rest, found = player.rest, {}
    for side in (0, 1):
        arm, leg = character.arms[side], character.legs[side]
        found |= _limb(arm, rest, (SHOULDERS[side], ELBOWS[side], WRISTS[side]))
        found |= _limb(leg, rest, (HIPS[side], KNEES[side], ANKLES[side]))
        if arm.end >= 0:
            found[arm.end] = _hand(character, side, rest[HANDS[side]] - rest[WRISTS[side]], found[arm.lower.bone])
        foot = _heading(character.soles[side].heading, rest[TOES[side]] - rest[ANKLES[side]])
        found |= dict.fromkeys((leg.end, *character.toes[side]), foot)
    return found


def _limb(limb: Limb, rest: np.ndarray, joints: tuple[int, int, int]) -> dict[int, np.ndarray]:
    first, middle, last = rest[list(joints)]
    return {
        limb.upper.bone: shortest_rotation(limb.upper.vector, middle - first),
        limb.lower.bone: shortest_rotation(limb.lower.vector, last - middle),
    }


def _hand(character: Character, side: int, smpl_hand: np.ndarray, forearm: np.ndarray) -> np.ndarray:
    """Fingers to where SMPL's point and the palm down; where a hand has no such bones, as its forearm."""
    palm = character.palms[side]
    if palm is None:
        return forearm
    along = normalize(smpl_hand)
    across = normalize(TO_LITTLE_FINGER - (TO_LITTLE_FINGER @ along) * along)
    return _frame(along, across) @ _frame(*palm).T


def _frame(along: np.ndarray, across: np.ndarray) -> np.ndarray:
    return np.stack([along, across, np.cross(along, across)], 1)


def _heading(own: np.ndarray, smpl: np.ndarray) -> np.ndarray:
    """The rotation about +Z from a foot's heading to SMPL's: soles lie flat in both, so no other axis is free."""
    angle = np.arctan2(smpl[1], smpl[0]) - np.arctan2(own[1], own[0])
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1.0]])
