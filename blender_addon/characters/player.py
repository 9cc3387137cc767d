"""The motion that is carried over: the player's joints in the world's axes, and their feet on the floor."""

from dataclasses import dataclass, replace

import numpy as np

from ...model_core.body import Body
from ...model_core.body.foot_contacts import foot_rest_heights, in_contact
from ...model_core.geometry.frames import MODEL_TO_BLENDER, convert_positions, convert_quaternions
from ...model_core.geometry.rotations import quaternion_to_matrix
from ...model_core.geometry.skeleton import ANKLES, BODY_JOINT_COUNT, FEET, PARENTS, TOES
from ...model_core.motion import Motion
from .legs.soles import Sole, sole_below

LIKELY = 0.5
"""The probability from which on a foot is taken to stand."""


@dataclass(frozen=True)
class Player:
    """T frames of a person on SMPL's joints; +Z up, at rest facing -Y with their left at +X, the floor at z = 0.

    ``turns`` (T, 22, 3, 3): every joint's rotation in the world, the identity in a T-pose. ``places`` (T, 22, 3):
    joints, in metres. ``rest`` (24, 3): joints of the T-pose, standing on the floor. ``soles``: of the left and the
    right foot. ``stands`` (T, 2) bool: which foot stands. ``fps`` frames a second.
    """

    turns: np.ndarray
    places: np.ndarray
    rest: np.ndarray
    soles: tuple[Sole, Sole]
    stands: np.ndarray
    fps: float

    def scaled(self, scale: float) -> "Player":
        """The same person, so many times as large."""
        if scale == 1:
            return self
        soles = tuple(sole.scaled(scale) for sole in self.soles)
        return replace(self, places=scale * self.places, rest=scale * self.rest, soles=soles)


def player_of(motion: Motion, body: Body) -> Player:
    """The player of a motion on their body."""
    betas = motion.betas
    rest_model = np.asarray(body.rest_joints(betas), np.float64)
    sole = float(body.sole(betas))
    rest = convert_positions(rest_model - [0, sole, 0], MODEL_TO_BLENDER)
    surface = convert_positions(np.asarray(body.rest_vertices(betas), np.float64) - [0, sole, 0], MODEL_TO_BLENDER)
    turns, places = _world(motion, rest)
    left, right = (
        sole_below(rest[ankle], rest[toe], surface, ANKLE_ABOVE * rest[ankle, 2])
        for ankle, toe in zip(ANKLES, TOES, strict=True)
    )
    return Player(turns, places, rest, (left, right), _standing(motion, places, rest_model, sole), motion.fps)


ANKLE_ABOVE = 0.8
"""The part of an ankle's height in which the skin is a sole's, not a shin's."""


def _world(motion: Motion, rest: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rotations (T, 22, 3, 3) and places (T, 22, 3) in the world: a joint at a time, which is fast for long motions."""
    count = motion.frame_count
    local = convert_quaternions(np.asarray(motion.rotations, np.float64), MODEL_TO_BLENDER)
    turns, places = np.empty((count, BODY_JOINT_COUNT, 3, 3)), np.empty((count, BODY_JOINT_COUNT, 3))
    places[:, 0] = convert_positions(np.asarray(motion.translation, np.float64), MODEL_TO_BLENDER)
    for joint in range(BODY_JOINT_COUNT):
        own, parent = quaternion_to_matrix(local[:, joint]), PARENTS[joint]
        turns[:, joint] = own if parent < 0 else turns[:, parent] @ own
        if parent >= 0:
            places[:, joint] = places[:, parent] + turns[:, parent] @ (rest[joint] - rest[parent])
    return turns, places


def _standing(motion: Motion, places: np.ndarray, rest_joints: np.ndarray, sole: float) -> np.ndarray:
    """Which foot stands (T, 2): as the motion says, or where it does not by heights and speeds."""
    columns = [[FEET.index(ankle), FEET.index(toe)] for ankle, toe in zip(ANKLES, TOES, strict=True)]
    if motion.contacts is not None:
        return np.stack([motion.contacts[:, pair].max(1) > LIKELY for pair in columns], 1)
    feet = places[:, list(FEET)]
    speeds = np.linalg.norm(np.gradient(feet, axis=0), axis=-1) * motion.fps if len(feet) > 1 else np.zeros((1, 4))
    found = in_contact(feet[..., 2], speeds, foot_rest_heights(rest_joints[None], sole)[0])
    return np.stack([found[:, pair].any(1) for pair in columns], 1)
