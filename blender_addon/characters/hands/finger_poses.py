"""How a character's fingers turn: as the player's did, or closed around a handle, relaxed or flat."""

from collections.abc import Mapping

import numpy as np

from ....model_core.geometry.hand import (
    FINGER_COUNT,
    FINGERS,
    HANDS,
    KNUCKLES,
    SEGMENTS,
    THUMB_HINGE,
    bone_frames,
    hand_frame,
)
from ....model_core.geometry.rotations import axis_angle_to_matrix, matrix_to_quaternion, normalize, quaternion_multiply
from ..character import Character
from .finger_bones import finger_bones, hand_points_at_rest, segments_of

HOLDING, RELAXED, FLAT = "HOLDING", "RELAXED", "FLAT"
BENDS = {HOLDING: (60.0, 80.0, 50.0), RELAXED: (15.0, 25.0, 15.0), FLAT: (0.0, 0.0, 0.0)}
"""Degrees by which the joints of a finger are bent from the palm's plane, knuckle first."""
THUMB_BENDS = {HOLDING: (15.0, 30.0, 35.0), RELAXED: (5.0, 10.0, 10.0), FLAT: (0.0, 0.0, 0.0)}
"""The same of a thumb, from where it is at rest."""

Fingers = str | Mapping[str, np.ndarray]
"""``HOLDING``, ``RELAXED`` or ``FLAT``; or by hand the frames (T, 15, 3, 3) of its finger bones in every frame, as of
``geometry.hand.bone_frames``: a hand that is left out rests flat."""


def finger_turns(character: Character, turns: Mapping[int, np.ndarray], fingers: Fingers) -> dict[int, np.ndarray]:
    """Rotations from rest (T, 4) in the world of the bones of a character's fingers, whose hands' are ``turns``."""
    found: dict[int, np.ndarray] = {}
    for side, hand in enumerate(HANDS):
        carrier = character.arms[side].end
        bones = finger_bones(character.rest, carrier) if carrier >= 0 else {}
        points = hand_points_at_rest(character.rest, carrier, bones) if bones else None
        if points is None:
            continue
        own, rest = hand_frame(points, hand), bone_frames(points, hand)
        if isinstance(fingers, str):
            frames = _posed(points, own, rest, hand, fingers)[None]
        else:
            frames = fingers.get(hand, rest[None])
        for finger, chain in bones.items():
            first = SEGMENTS * FINGERS.index(finger)
            for bone, segment in zip(chain, segments_of(len(chain)), strict=True):
                joint = first + segment
                within = own @ frames[:, joint] @ (own @ rest[joint]).T
                found[bone] = quaternion_multiply(turns[carrier], matrix_to_quaternion(within))
    return found


def _posed(points: np.ndarray, own: np.ndarray, rest: np.ndarray, hand: str, pose: str) -> np.ndarray:
    """Frames (15, 3, 3) of fingers that are bent as a pose has it, spread as they are at rest."""
    frames = np.empty((FINGER_COUNT, 3, 3))
    for number, finger in enumerate(FINGERS):
        joints = slice(SEGMENTS * number, SEGMENTS * (number + 1))
        if finger == "thumb":
            hinge = THUMB_HINGE[hand]
            frames[joints] = [_bent(hinge, angle) @ own_rest for angle, own_rest in zip(
                np.cumsum(THUMB_BENDS[pose]), rest[joints], strict=True)]  # fmt: skip
            continue
        knuckle = KNUCKLES[finger]
        ahead = own.T @ (points[knuckle + 1] - points[knuckle])
        ahead[1] = 0.0  # In the palm's plane.
        ahead = normalize(ahead)
        across = normalize(np.cross(ahead, [0.0, 1.0, 0.0]))
        flat = np.stack([across, np.cross(-ahead, across), -ahead], -1)
        frames[joints] = [_bent(across, angle) @ flat for angle in np.cumsum(BENDS[pose])]
    return frames


def _bent(hinge: np.ndarray, degrees: float) -> np.ndarray:
    """The rotation (3, 3) about a hinge of the hand's frame that bends towards the palm."""
    return axis_angle_to_matrix(-np.radians(degrees) * normalize(hinge))
