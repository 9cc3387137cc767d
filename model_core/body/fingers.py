"""Where a body's fingers are at rest: found in the skin weights, so that every body with fingers has them alike."""

from collections.abc import Mapping

import numpy as np

from ..geometry.hand import (
    FINGER_COUNT,
    FINGER_PARENTS,
    FINGERS,
    HANDS,
    KNUCKLES,
    POINT_COUNT,
    SEGMENTS,
    finger_rotations,
)
from ..geometry.rotations import quaternion_to_matrix
from ..geometry.skeleton import WRISTS
from .model import Body

OWN = 0.5
"""Share of a bone in a vertex from which it belongs to that bone."""


def hand_points(body: Body, betas: np.ndarray, hand: str) -> np.ndarray:
    """The points (21, 3) of a hand at rest (``geometry.hand``), in metres in the model's frame.

    A joint lies in the middle of the skin that two bones share; a tip is the vertex of the last bone that is farthest
    out. Raises ``ValueError`` for a body without fingers.
    """
    if body.finger_shares is None:
        raise ValueError("this body has no fingers")
    side = HANDS.index(hand)
    vertices = np.asarray(body.rest_vertices(betas), np.float64)
    wrist = np.asarray(body.rest_joints(betas), np.float64)[WRISTS[side]]
    shares = body.finger_shares.astype(np.float64)
    own = shares[:, side * FINGER_COUNT : (side + 1) * FINGER_COUNT]
    weights = np.asarray(body.weights, np.float64)
    palm = np.clip(1 - shares.sum(1), 0, 1) * (weights[:, WRISTS[side]] + weights[:, WRISTS[side] + 2])
    points = np.empty((POINT_COUNT, 3))
    points[0] = wrist
    for number, finger in enumerate(FINGERS):
        for segment in range(SEGMENTS):
            joint = SEGMENTS * number + segment
            before = palm if FINGER_PARENTS[joint] < 0 else own[:, FINGER_PARENTS[joint]]
            shared = before * own[:, joint]
            points[KNUCKLES[finger] + segment] = shared @ vertices / shared.sum()
        last = own[:, SEGMENTS * number + SEGMENTS - 1] > OWN
        root = points[KNUCKLES[finger] + SEGMENTS - 1]
        outside = vertices[last] - root
        points[KNUCKLES[finger] + SEGMENTS] = root + outside[np.linalg.norm(outside, axis=1).argmax()]
    return points


def rotations_of(body: Body, betas: np.ndarray, bones: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Bones of hands (T, 15, 4), as of ``recordings.fingers.Fingers.at``, by hand -> rotations of the body's joints.

    (T, 15, 4) ``wxyz``, each relative to the joint before, in the model's axes; nothing for a body without fingers.
    """
    if body.finger_shares is None:
        return {}
    return {
        hand: finger_rotations(quaternion_to_matrix(turned), hand_points(body, betas, hand), hand)
        for hand, turned in bones.items()
    }
