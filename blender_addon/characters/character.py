"""A character: its rest pose, and what each of its bones is, down to the pieces of a limb that share a twist."""

from dataclasses import dataclass, replace

import numpy as np

from ...model_core.errors import InputError
from ...model_core.geometry.rotations import normalize
from ..i18n.messages import message
from .bones.bone_words import FINGERS, SIDES, is_helper, side_and_part
from .bones.rest_pose import RestPose
from .bones.roles import ROLE_LABELS, BoneMap, missing_roles
from .legs.soles import Sole, sole_below

SNAP = 0.985
"""Cosine: a body that stands this straight along an axis of the world stands along it exactly."""
IN_LINE = 0.25
"""How far from a limb's line, in its length, a bone may lie that turns with a part of its twist."""
ANKLE_ABOVE = 0.6
"""The part of an ankle's height in which the skin is a sole's."""


@dataclass(frozen=True)
class Segment:
    """One half of a limb, from its joint to the next: ``bone`` at the joint, ``pieces`` that share its twist.

    ``pieces``: (bone, fraction of the twist of the far end), those in line first, in order; then those beside it.
    ``vector`` (3,): from the joint to the next at rest, in the character's standard axes.
    """

    bone: int
    vector: np.ndarray
    in_line: tuple[tuple[int, float], ...]
    beside: tuple[tuple[int, float], ...]

    @property
    def length(self) -> float:
        return float(np.linalg.norm(self.vector))


@dataclass(frozen=True)
class Limb:
    """An arm or a leg: two segments and the hand or foot at its end (-1 where there is none)."""

    upper: Segment
    lower: Segment
    end: int

    @property
    def length(self) -> float:
        return self.upper.length + self.lower.length


@dataclass(frozen=True)
class Character:
    """A character that can be moved.

    ``rest`` is turned to the standard axes: facing -Y, its left at +X, +Z up; ``turn`` (3, 3) is what turned it, about
    the origin. ``spine`` runs from above the hips to the chest, ``neck`` to below the head. Pairs are left, right;
    ``collars`` are -1 where there are none. ``hips`` is the bone that carries legs and spine, ``root`` the topmost one
    above it, -1 where there is none. ``palms``: the direction of the fingers and that from index to little finger
    (2, 3) of each hand, None where its bones do not say. ``detached``: feet that do not hang from their shins.
    """

    rest: RestPose
    turn: np.ndarray
    root: int
    hips: int
    spine: tuple[int, ...]
    neck: tuple[int, ...]
    head: int
    collars: tuple[int, int]
    arms: tuple[Limb, Limb]
    legs: tuple[Limb, Limb]
    toes: tuple[tuple[int, ...], tuple[int, ...]]
    soles: tuple[Sole, Sole]
    palms: tuple[np.ndarray | None, np.ndarray | None]

    @property
    def hip_centre(self) -> np.ndarray:
        """The middle (3,) between the hip joints at rest."""
        return self.rest.heads[[leg.upper.bone for leg in self.legs]].mean(0)

    @property
    def floor(self) -> float:
        """The height of the soles at rest."""
        return float(np.mean([sole.ball[2] for sole in self.soles]))

    @property
    def shoulder_height(self) -> float:
        """Metres from the floor to the shoulders."""
        return float(np.mean([self.rest.heads[arm.upper.bone][2] for arm in self.arms])) - self.floor

    def detached(self, side: int) -> bool:
        """Whether a foot hangs elsewhere than from its shin."""
        leg = self.legs[side]
        return leg.end >= 0 and not self.rest.is_below(leg.end, leg.lower.bone)


def character_of(rest: RestPose, bones: BoneMap) -> Character:
    """The character that a map of its bones describes. Raises ``InputError`` naming the part that does not fit."""
    lacking = missing_roles(bones)
    if lacking:
        raise InputError(message("No bone is known for {part}; choose it in the list", part=ROLE_LABELS[lacking[0]]))
    for role, name in bones.items():
        if name and name not in rest.names:
            raise InputError(message("{bone}: there is no such bone for {part}; choose another one",
                                     bone=name, part=ROLE_LABELS[role]))  # fmt: skip
    at = {role: rest.index(name) for role, name in bones.items() if name}
    turn = _standard_turn(rest, at)
    rest = _turned(rest, turn)
    hips, chest = at["hips"], at.get("chest", at["hips"])
    for role, above in (("head", chest), *((f"{side}_upper_arm", chest) for side in SIDES), ("chest", hips)):
        if role in at and at[role] != above and not rest.is_below(at[role], above):
            raise InputError(message("{bone}: should hang from {above}, but does not; choose another bone for {part}",
                                     bone=bones[role], above=rest.names[above], part=ROLE_LABELS[role]))  # fmt: skip
    for side in SIDES:
        for limb, above in (("forearm", "upper_arm"), ("shin", "thigh")):
            if not rest.is_below(at[f"{side}_{limb}"], at[f"{side}_{above}"]):
                role = f"{side}_{limb}"
                raise InputError(
                    message("{bone}: should hang from {above}, but does not; choose another bone for {part}",
                            bone=bones[role], above=bones[f"{side}_{above}"], part=ROLE_LABELS[role])
                )  # fmt: skip
    legs = (_leg(rest, at, "left"), _leg(rest, at, "right"))
    toes = (_toes(rest, at, "left"), _toes(rest, at, "right"))
    return Character(
        rest=rest, turn=turn, root=_root(rest, at, hips), hips=hips,
        spine=_spine(rest, at, hips, chest),
        neck=tuple(rest.path(chest, at["head"])), head=at["head"],
        collars=(at.get("left_collar", -1), at.get("right_collar", -1)),
        arms=(_arm(rest, at, "left"), _arm(rest, at, "right")), legs=legs, toes=toes,
        soles=(_sole(rest, legs[0], toes[0]), _sole(rest, legs[1], toes[1])),
        palms=(_palm(rest, at.get("left_hand", -1)), _palm(rest, at.get("right_hand", -1))),
    )  # fmt: skip


def _spine(rest: RestPose, at: dict[str, int], hips: int, chest: int) -> tuple[int, ...]:
    """The bones from above the hips to the chest, but those from which the legs hang, too: they go with the hips."""
    if chest == hips:
        return ()
    carriers = {*rest.ancestors(at["left_thigh"]), *rest.ancestors(at["right_thigh"])}
    return tuple(bone for bone in (*rest.path(hips, chest), chest) if bone not in carriers)


def _root(rest: RestPose, at: dict[str, int], hips: int) -> int:
    """The bone for root motion: what the map says, if the hips hang from it."""
    root = at.get("root", -1)
    return root if root in rest.ancestors(hips) else -1


def _standard_turn(rest: RestPose, at: dict[str, int]) -> np.ndarray:
    """The rotation (3, 3) that brings the character's left to +X and its up to +Z."""
    heads = rest.heads
    feet = 0.5 * (heads[at["left_foot"]] + heads[at["right_foot"]])
    up = _snapped(heads[at["head"]] - feet)
    left = heads[at["left_thigh"]] - heads[at["right_thigh"]]
    left = left + (heads[at["left_upper_arm"]] - heads[at["right_upper_arm"]])
    left = _snapped(left - (left @ up) * up)
    left = normalize(left - (left @ up) * up)
    return np.stack([left, np.cross(up, left), up])


def _snapped(direction: np.ndarray) -> np.ndarray:
    """A direction (3,), of length 1; along an axis of the world where it is nearly so."""
    direction = normalize(direction)
    axis = int(np.argmax(np.abs(direction)))
    return np.sign(direction[axis]) * np.eye(3)[axis] if abs(direction[axis]) > SNAP else direction


def _turned(rest: RestPose, turn: np.ndarray) -> RestPose:
    return replace(
        rest, heads=rest.heads @ turn.T, tails=rest.tails @ turn.T, axes=turn @ rest.axes,
        location_axes=turn @ rest.location_axes, surface=rest.surface @ turn.T,
    )  # fmt: skip


def _arm(rest: RestPose, at: dict[str, int], side: str) -> Limb:
    upper, lower, end = at[f"{side}_upper_arm"], at[f"{side}_forearm"], at.get(f"{side}_hand", -1)
    return _limb(rest, upper, lower, end, rest.heads[end] if end >= 0 else rest.tails[lower], shares_lower=True)


def _leg(rest: RestPose, at: dict[str, int], side: str) -> Limb:
    upper, lower, end = at[f"{side}_thigh"], at[f"{side}_shin"], at[f"{side}_foot"]
    return _limb(rest, upper, lower, end, rest.heads[end], shares_lower=False)


def _limb(rest: RestPose, upper: int, lower: int, end: int, last: np.ndarray, shares_lower: bool) -> Limb:
    middle = rest.heads[lower]
    first = _segment(rest, upper, rest.path(upper, lower), middle, lower, root_twists=True)
    between = rest.path(lower, end) if end >= 0 else []
    second = _segment(rest, lower, between, last, end, root_twists=not shares_lower)
    return Limb(first, second, end)


def _segment(
    rest: RestPose, bone: int, between: list[int], end: np.ndarray, next_bone: int, root_twists: bool
) -> Segment:
    """The segment from a bone's head to ``end``.

    An upper arm's or a thigh's twist is between itself and the trunk: its last piece has all of it. A forearm's is
    between itself and the hand: its pieces go from none to nearly all.
    """
    head = rest.heads[bone]
    vector = end - head
    length = max(float(np.linalg.norm(vector)), 1e-9)
    beside = []
    # Helpers beside the limb, and what hangs in a chain from them.
    queue = [child for child in rest.children(bone) if child != next_bone and child not in between]
    while queue:
        child = queue.pop(0)
        offset = rest.heads[child] - head
        along = float(offset @ vector) / length**2
        if np.linalg.norm(offset - along * vector) < IN_LINE * length and -0.05 < along < 1.05 and _twists(rest, child):
            beside.append((child, float(np.clip(along, 0, 1))))
            queue += [grandchild for grandchild in rest.children(child) if grandchild != next_bone]
    pieces = [bone, *between]
    if root_twists:
        shares = [1.0] if len(pieces) == 1 and beside else [(place + 1) / len(pieces) for place in range(len(pieces))]
    elif beside and len(pieces) == 1:
        shares = [0.0]
    else:
        shares = [(place + 0.5) / len(pieces) for place in range(len(pieces))]
    return Segment(bone, vector, tuple(zip(pieces, shares, strict=True)), tuple(beside))


TWIST_WORDS = ("twist", "roll", "mid", "forearm", "upperarm", "arm", "thigh", "calf", "shin", "leg", "shoulder")


def _twists(rest: RestPose, bone: int) -> bool:
    """Whether a bone beside a limb's line is there to share its twist, by its name."""
    name = rest.names[bone].lower()
    return any(word in name for word in ("twist", "roll")) or (
        any(word in side_and_part(rest.names[bone])[1] for word in TWIST_WORDS) and not name.endswith(("_end", "leaf"))
    )


def _toes(rest: RestPose, at: dict[str, int], side: str) -> tuple[int, ...]:
    """The bone of the toes; where each toe has its own, all of them."""
    toe = at.get(f"{side}_toe", -1)
    if toe < 0:
        return ()
    foot = at[f"{side}_foot"]
    part = side_and_part(rest.names[toe])[1].rstrip("0123456789")
    alike = [bone for bone in rest.children(int(rest.parents[toe]))
             if side_and_part(rest.names[bone])[1].rstrip("0123456789") == part
             and not is_helper(rest.names[bone])]  # fmt: skip
    return tuple(alike) if toe in alike and rest.is_below(toe, foot) else (toe,)


def _sole(rest: RestPose, leg: Limb, toes: tuple[int, ...]) -> Sole:
    ankle = rest.heads[leg.end]
    if toes:
        joint = rest.heads[list(toes)].mean(0)
    else:
        joint = ankle + _level_or_ahead(rest.tails[leg.end] - ankle)
    height = float(ankle[2] - min(rest.surface[:, 2].min() if len(rest.surface) else joint[2], joint[2]))
    return sole_below(ankle, joint, rest.surface, ANKLE_ABOVE * height)


def _level_or_ahead(bone: np.ndarray) -> np.ndarray:
    """The direction of a foot's bone where it is one that a foot can have, else straight ahead, of the same length."""
    length = np.linalg.norm(bone)
    points_ahead = bone[1] < -0.5 * length and bone[2] < 0.3 * length
    return bone if points_ahead else np.array([0.0, -length, -0.3 * length])


def _palm(rest: RestPose, hand: int) -> np.ndarray | None:
    """Direction of the fingers and from the index to the little finger's side (2, 3), or None."""
    if hand < 0:
        return None
    fingers: dict[str, np.ndarray] = {}
    for bone, name in enumerate(rest.names):
        if bone == hand or not rest.is_below(bone, hand):
            continue
        part = side_and_part(name)[1]
        if (
            FINGERS.search(part)
            and "carpal" not in part
            and not any(rest.names[p] in fingers for p in rest.ancestors(bone))
        ):
            fingers[name] = rest.heads[bone]
    wrist = rest.heads[hand]
    thumb = [place for name, place in fingers.items() if "thumb" in name.lower()]
    others = [place for name, place in fingers.items() if "thumb" not in name.lower()]
    if not thumb and len(others) > 2:  # Numbered fingers: the thumb begins nearest to the wrist.
        others.sort(key=lambda place: float(np.linalg.norm(place - wrist)))
        thumb, others = others[:1], others[1:]
    if len(others) < 2:
        return None
    along = normalize(np.mean(others, 0) - wrist)
    # The line across the knuckles, from the thumb's side: of those that lie furthest apart.
    spread = [(np.linalg.norm(a - b), a, b) for place, a in enumerate(others) for b in others[:place]]
    _, first, last = max(spread, key=lambda pair: pair[0])
    across = last - first
    front = np.mean(thumb, 0) if thumb else wrist + [0.0, -1.0, 0.0]
    if (front - wrist) @ across > 0:
        across = -across
    across = across - (across @ along) * along
    return np.stack([along, normalize(across)]) if np.linalg.norm(across) > 1e-6 else None
