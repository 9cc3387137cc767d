"""Poses of the hands as shape keys: fingers as they are when nobody thinks of them, and closed around a handle.

Motions end at the wrists. A model with fingers says itself how they rest (``Body.relaxed_hands``); on others the four
fingers of each hand are bent like a springy strip, and around a handle they are on all: the strip becomes a ring, and
the thumb lies across it.
"""

from dataclasses import dataclass

import numpy as np

from ...model_core.body import Body
from ...model_core.geometry.filters import smoothstep
from ...model_core.geometry.skeleton import JOINT_NAMES

RELAXED, HOLDING = "Relaxed Hands", "Holding Hands"
"""The shape keys; without either the hands are flat."""
HANDS = (("left_wrist", "left_hand"), ("right_wrist", "right_hand"))
HANGING = np.radians(62.0)
"""How far relaxed finger tips point below the back of the hand; fingers that hang so already are left alone."""
HANDLE_RADIUS, CLOSED = 0.021, np.radians(285.0)
"""Metres from the middle of a handle to that of the fingers around it, and by how much they bend at most."""
GATHERED = 0.30
"""Part of their distance from each other by which fingers come together when they close."""
THUMB_BEND, THUMB_DOWN = np.radians(95.0), 0.5
"""By how much a thumb bends over the fingers that hold, and how much of its way goes down, the rest to the fingers."""
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
    for hand in _hands(body, vertices, joints):
        finger = hand.strip(hand.fingers)
        if finger is not None:
            bend = HANGING - np.arcsin(np.clip(-finger.along @ STRAIGHT_UP, -1, 1))
            moved += _bent(vertices, hand.fingers, finger, -STRAIGHT_UP, bend)
    return moved


def holding_offsets(body: Body, vertices: np.ndarray, joints: np.ndarray) -> np.ndarray:
    """The same for hands that are closed around a handle, which goes from the little finger to the thumb."""
    moved = np.zeros(np.shape(vertices))
    for hand in _hands(body, vertices, joints):
        finger, thumb = hand.strip(hand.fingers), hand.strip(hand.thumb)
        if finger is not None:
            moved += _closed(vertices, hand.fingers, finger)
        if thumb is not None:
            towards = -THUMB_DOWN * STRAIGHT_UP + (1 - THUMB_DOWN) * hand.along
            moved += _bent(vertices, hand.thumb, thumb, towards, THUMB_BEND)
    return moved


@dataclass(frozen=True)
class _Strip:
    """Where fingers begin (3,), the direction in which they point (3,), and their length in metres."""

    root: np.ndarray
    along: np.ndarray
    length: float


@dataclass(frozen=True)
class _Hand:
    """One hand of the rest mesh ``vertices`` (V, 3): the direction ``along`` it (3,), and how much each vertex is of
    the ``fingers`` (V,) and of the ``thumb`` (V,)."""

    vertices: np.ndarray
    along: np.ndarray
    fingers: np.ndarray
    thumb: np.ndarray

    def strip(self, amount: np.ndarray) -> _Strip | None:
        """The strip of vertices of which there is enough; None where the mesh has too few to be fingers."""
        own = amount > OWN_WEIGHT
        if own.sum() < FEWEST_VERTICES:
            return None
        return _strip(self.vertices, own, self.along)


def _hands(body: Body, vertices: np.ndarray, joints: np.ndarray) -> list[_Hand]:
    """Both hands of a person's rest mesh."""
    hands = []
    for wrist_name, hand_name in HANDS:
        wrist, knuckle = joints[JOINT_NAMES.index(wrist_name)], joints[JOINT_NAMES.index(hand_name)]
        weights = np.asarray(body.weights)[:, JOINT_NAMES.index(hand_name)]
        along = _unit(knuckle - wrist)
        front = _unit(FORWARD - along * (FORWARD @ along))
        from_wrist = vertices - wrist
        sideways = np.arctan2(from_wrist @ front, np.maximum(from_wrist @ along, 1e-6))
        thumb = smoothstep((sideways - FINGER_ANGLE) / (THUMB_ANGLE - FINGER_ANGLE))
        hands.append(_Hand(vertices, along, weights * (1 - thumb), weights * thumb))
    return hands


def _bent(vertices: np.ndarray, amount: np.ndarray, strip: _Strip, towards: np.ndarray, bend: float) -> np.ndarray:
    """(V, 3) by which vertices move that are, by ``amount`` (V,), of a strip that bends by ``bend`` radians."""
    if bend <= 0:
        return np.zeros_like(vertices)
    finger = strip.along
    down = _unit(towards - finger * (towards @ finger))
    out, height = (vertices - strip.root) @ finger, (vertices - strip.root) @ down
    curvature = bend / strip.length
    angle = curvature * np.clip(out, 0, strip.length)
    # A strip of constant curvature; what lies off its middle line goes along its normal, what is beyond its end on.
    beyond = out - angle / curvature
    new_out = np.sin(angle) / curvature + beyond * np.cos(angle) - height * np.sin(angle)
    new_height = (1 - np.cos(angle)) / curvature + beyond * np.sin(angle) + height * np.cos(angle)
    bent = (new_out - out)[:, None] * finger + (new_height - height)[:, None] * down
    return amount[:, None] * bent


def _closed(vertices: np.ndarray, amount: np.ndarray, strip: _Strip) -> np.ndarray:
    """(V, 3) by which fingers move, of which vertices are by ``amount`` (V,), when they close around a handle.

    Fingers lie one lower than the other and spread: each is bent about its own middle line, whose height is linear in
    how far out and to the side it is, and comes nearer to the others.
    """
    finger, across = strip.along, _unit(np.cross(strip.along, STRAIGHT_UP))
    down = _unit(-STRAIGHT_UP + finger * (STRAIGHT_UP @ finger))
    out, side, height = ((vertices - strip.root) @ axis for axis in (finger, across, down))
    own = amount > OWN_WEIGHT
    fan = side / (out + strip.length)
    terms = np.stack([np.ones_like(out), fan, out, fan * out], -1)
    line = np.linalg.lstsq(terms[own], height[own], rcond=None)[0]
    thickness, root_height = height - terms @ line, terms[:, :2] @ line[:2]
    bent_out = np.clip(out, 0, CLOSED * HANDLE_RADIUS)
    angle, beyond = bent_out / HANDLE_RADIUS, out - bent_out
    new_out = np.sin(angle) * (HANDLE_RADIUS - thickness) + beyond * np.cos(angle)
    new_height = root_height + HANDLE_RADIUS - np.cos(angle) * (HANDLE_RADIUS - thickness) + beyond * np.sin(angle)
    nearer = -GATHERED * np.clip(out / strip.length, 0, 1) * side
    # Where fingers begin, the palm bends less than they do.
    begin = smoothstep(out / (0.15 * strip.length) + 1)
    moved = (new_out - out)[:, None] * finger + (new_height - height)[:, None] * down + nearer[:, None] * across
    return (amount * begin)[:, None] * moved


def _strip(vertices: np.ndarray, fingers: np.ndarray, along: np.ndarray) -> _Strip:
    """The strip of the vertices in a mask (V,)."""
    places = vertices[fingers] @ along
    near, far = np.quantile(places, [0.1, 0.9])
    root, tip = vertices[fingers][places <= near].mean(0), vertices[fingers][places >= far].mean(0)
    finger = _unit(tip - root)
    return _Strip(root, finger, float((vertices[fingers] @ finger).max() - root @ finger))


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)
