"""Relaxed hands: a shape key that bends flat fingers as they are when nobody thinks of them.

Motions end at the wrists. A model with fingers says itself how they rest (``Body.relaxed_hands``); on others the four
fingers of each hand are bent like a springy strip, further towards their tips. Thumbs hang well as they are.
"""

import numpy as np

from ...model_core.body import Body
from ...model_core.geometry.skeleton import JOINT_NAMES

KEY = "Relaxed Hands"
HANDS = (("left_wrist", "left_hand"), ("right_wrist", "right_hand"))
HANGING = np.radians(62.0)
"""How far relaxed finger tips point below the back of the hand; fingers that hang so already are left alone."""
STRAIGHT_UP, FORWARD = np.array([0.0, 1, 0]), np.array([0.0, 0, 1])
"""Where, in the rest pose, the backs of the hands and the thumbs are: the model's frame."""
FINGER_ANGLE, THUMB_ANGLE = np.radians(24.0), np.radians(34.0)
"""Between these directions from the wrist, away from the hand's own and forward, fingers end and the thumb begins."""
OWN_WEIGHT = 0.9
"""Share of the hand's bone in a vertex from which it belongs to the fingers alone."""
FEWEST_VERTICES = 20


def relaxed_offsets(body: Body, vertices: np.ndarray, joints: np.ndarray) -> np.ndarray:
    """How far to move rest vertices (V, 3) of a person with rest joints (24, 3) for relaxed hands: (V, 3), metres."""
    if body.relaxed_hands is not None:
        return np.asarray(body.relaxed_hands, np.float64)
    moved = np.zeros(np.shape(vertices))
    for wrist, hand in HANDS:
        wrist, hand = JOINT_NAMES.index(wrist), JOINT_NAMES.index(hand)
        weights = np.asarray(body.weights)[:, hand]
        moved += _bend_fingers(vertices, joints[wrist], joints[hand], weights)
    return moved


def _bend_fingers(vertices: np.ndarray, wrist: np.ndarray, knuckle: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(V, 3) by which the fingers of one hand bend; none where the mesh has too few vertices to be a hand."""
    along = _unit(knuckle - wrist)
    front = _unit(FORWARD - along * (FORWARD @ along))
    from_wrist = vertices - wrist
    sideways = np.arctan2(from_wrist @ front, np.maximum(from_wrist @ along, 1e-6))
    amount = weights * (1 - _smoothstep((sideways - FINGER_ANGLE) / (THUMB_ANGLE - FINGER_ANGLE)))
    fingers = amount > OWN_WEIGHT
    if fingers.sum() < FEWEST_VERTICES:
        return np.zeros_like(vertices)
    root, finger, length = _strip(vertices, fingers, along)
    down = _unit(-STRAIGHT_UP + finger * (STRAIGHT_UP @ finger))
    bend = HANGING - np.arcsin(np.clip(-finger @ STRAIGHT_UP, -1, 1))
    if bend <= 0:
        return np.zeros_like(vertices)
    out, height = (vertices - root) @ finger, (vertices - root) @ down
    curvature = bend / length
    angle = curvature * np.clip(out, 0, length)
    # A strip of constant curvature; what lies off its middle line goes along its normal, what is beyond its end on.
    beyond = out - angle / curvature
    new_out = np.sin(angle) / curvature + beyond * np.cos(angle) - height * np.sin(angle)
    new_height = (1 - np.cos(angle)) / curvature + beyond * np.sin(angle) + height * np.cos(angle)
    bent = (new_out - out)[:, None] * finger + (new_height - height)[:, None] * down
    return amount[:, None] * bent


def _strip(vertices: np.ndarray, fingers: np.ndarray, along: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Where the fingers begin (3,), the direction in which they point (3,), and their length."""
    places = vertices[fingers] @ along
    near, far = np.quantile(places, [0.1, 0.9])
    root, tip = vertices[fingers][places <= near].mean(0), vertices[fingers][places >= far].mean(0)
    finger = _unit(tip - root)
    return root, finger, float((vertices[fingers] @ finger).max() - root @ finger)


def _smoothstep(value: np.ndarray) -> np.ndarray:
    value = np.clip(value, 0, 1)
    return value * value * (3 - 2 * value)


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)
