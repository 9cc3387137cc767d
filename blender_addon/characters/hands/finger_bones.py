"""The bones of a character's fingers, by their names, and where these do not say it by where they lie."""

import re

import numpy as np

from ....model_core.geometry.hand import FINGERS, KNUCKLES, POINT_COUNT, SEGMENTS
from ....model_core.geometry.rotations import normalize
from ..bones.bone_words import is_finger, is_helper, side_and_part
from ..bones.rest_pose import RestPose

WORDS = {
    "thumb": re.compile("thumb"),
    "index": re.compile("index|pointer"),
    "middle": re.compile("middle|mid(?!dle)"),
    "ring": re.compile("ring"),
    "pinky": re.compile("pink|little"),
}
BASE = "base"
"""Auto-Rig Pro's word for the bone in the palm that leads to a finger."""
ACROSS = ("index", "middle", "ring", "pinky")
"""Fingers beside the thumb, from its side on."""
OF_FEWER = {1: ("middle",), 2: ("index", "pinky"), 3: ("index", "middle", "pinky"), 4: ACROSS}
"""What fingers without names are, by how many there are beside the thumb."""

FingerBones = dict[str, tuple[int, ...]]
"""Finger of ``geometry.hand.FINGERS`` -> its bones from the knuckle on, at most three."""


def finger_bones(rest: RestPose, hand: int) -> FingerBones:
    """The fingers of a hand's bone, as far as it has them."""
    chains = [_chain(rest, bone) for bone in range(len(rest.names)) if _begins_finger(rest, bone, hand)]
    named: FingerBones = {}
    nameless = []
    for chain in chains:
        part = side_and_part(rest.names[chain[0]])[1]
        finger = next((finger for finger, word in WORDS.items() if word.search(part)), None)
        if finger is None:
            nameless.append(chain)
        else:
            named.setdefault(finger, chain)
    return named or _by_place(rest, hand, nameless)


def hand_points_at_rest(rest: RestPose, hand: int, bones: FingerBones) -> np.ndarray | None:
    """The points (21, 3) of a hand at rest, as of ``geometry.hand``; None where too few fingers say how it lies.

    A finger that is not there lies where its neighbour does.
    """
    known = [finger for finger in ACROSS if finger in bones]
    if len(known) < 2:
        return None
    points = np.empty((POINT_COUNT, 3))
    points[0] = wrist = rest.heads[hand]
    for finger in FINGERS:
        near = finger if finger in bones or finger == "thumb" else _nearest(finger, known)
        points[KNUCKLES[finger] : KNUCKLES[finger] + SEGMENTS + 1] = _finger_points(
            rest, wrist, bones.get(near, bones[known[0]])
        )
    return points


def segments_of(count: int) -> tuple[int, ...]:
    """Which of a finger's three joints ``count`` bones stand for."""
    return {1: (1,), 2: (0, 2)}.get(count, (0, 1, 2))


def _begins_finger(rest: RestPose, bone: int, hand: int) -> bool:
    return (
        bone != hand
        and _is_joint(rest, bone)
        and rest.is_below(bone, hand)
        and not any(_is_joint(rest, above) for above in rest.ancestors(bone) if rest.is_below(above, hand))
    )


def _is_joint(rest: RestPose, bone: int) -> bool:
    """Whether a bone is a joint of a finger's. Bones in the palm lead to one; a thumb has its first joint there."""
    name = rest.names[bone]
    part = side_and_part(name)[1]
    in_palm = "carpal" in part or part.startswith("palm")
    return is_finger(name) and not is_helper(name) and (not in_palm or "thumb" in part)


def _chain(rest: RestPose, bone: int) -> tuple[int, ...]:
    """A finger's bones from one on; not that one where it is called its base and three follow: it is in the palm."""
    part = side_and_part(rest.names[bone])[1]
    chain = [bone]
    while len(chain) <= SEGMENTS:
        below = [child for child in rest.children(chain[-1]) if _is_joint(rest, child)]
        if not below:
            break
        # Beside the next joint others may hang that keep the skin in shape: their names say more than a number.
        chain.append(min(below, key=lambda child: len(side_and_part(rest.names[child])[1])))
    return tuple(chain[1:] if BASE in part and len(chain) > SEGMENTS else chain[:SEGMENTS])


def _by_place(rest: RestPose, hand: int, chains: list[tuple[int, ...]]) -> FingerBones:
    """Fingers without names: the thumb begins nearest to the wrist, and the others lie in a row from it."""
    if not chains:
        return {}
    wrist = rest.heads[hand]
    chains = sorted(chains, key=lambda chain: float(np.linalg.norm(rest.heads[chain[0]] - wrist)))
    found = {}
    if len(chains) > 2:
        found["thumb"], *chains = chains
        begin = rest.heads[found["thumb"][0]]
        chains.sort(key=lambda chain: float(np.linalg.norm(rest.heads[chain[0]] - begin)))
    return found | dict(zip(OF_FEWER.get(len(chains), ACROSS), chains, strict=False))


def _nearest(finger: str, known: list[str]) -> str:
    return min(known, key=lambda other: abs(ACROSS.index(other) - ACROSS.index(finger)))


def _finger_points(rest: RestPose, wrist: np.ndarray, bones: tuple[int, ...]) -> np.ndarray:
    """Three joints and the tip (4, 3); where there are fewer bones, and no end, the last goes straight on.

    Tails are not looked at: files of many kinds have none, and importers make some up.
    """
    joints = [rest.heads[bone] for bone in bones]
    ends = rest.children(bones[-1])
    if ends:
        joints.append(rest.heads[ends[0]])
    before = [wrist, *joints]
    step = before[-1] - before[-2]
    if np.linalg.norm(step) < 1e-9:
        step = normalize(joints[0] - wrist) * 0.01
    while len(joints) < SEGMENTS + 1:
        joints.append(joints[-1] + step)
    return np.array(joints[: SEGMENTS + 1])
