"""Which joint of a skeleton is which part of a person: by its name, its side and its place in the tree."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import InputError

WRIST_WORDS, ANKLE_WORDS = ("wrist", "hand"), ("ankle", "foot")
"""Names of joints, the more specific first: where there is a wrist, a hand is its child."""
TWIST_WORDS = ("twist", "roll")
"""Helpers along a bone that are no joints."""


@dataclass(frozen=True)
class Anatomy:
    """Names of a skeleton's joints; pairs are (left, right). ``toes`` may be the ankles, ``collars`` the chest.

    ``spine`` runs from the pelvis (left out) to the chest; ``neck`` is the joint below the head.
    """

    pelvis: str
    spine: tuple[str, ...]
    neck: str
    head: str
    hips: tuple[str, str]
    knees: tuple[str, str]
    ankles: tuple[str, str]
    toes: tuple[str, str]
    collars: tuple[str, str]
    shoulders: tuple[str, str]
    elbows: tuple[str, str]
    wrists: tuple[str, str]


def side_and_part(name: str) -> tuple[str, str]:
    """``mixamorig:LeftForeArm`` -> ("left", "forearm"); side "" for the middle."""
    name = name.split(":")[-1]
    name = re.sub(r"^(bip\d*|joint)[ _]+", "", name, flags=re.IGNORECASE)
    patterns = (
        (r"^(left|right)[ _.-]*(.+)$", 1, 2, re.IGNORECASE),
        (r"^(.+?)[ _.-]*(left|right)$", 2, 1, re.IGNORECASE),
        (r"^([lr])[ _.-]+(.+)$", 1, 2, re.IGNORECASE),
        (r"^(.+?)[ _.-]+([lr])$", 2, 1, re.IGNORECASE),
        (r"^([lrLR])([A-Z].+)$", 1, 2, 0),
        (r"^([lr])(hipjoint|femur|tibia|foot|toes|clavicle|humerus|radius|wrist|hand|fingers|thumb)$", 1, 2, 0),
    )
    for pattern, side, part, flags in patterns:
        match = re.match(pattern, name, flags)
        if match:
            return {"l": "left", "r": "right"}[match[side][0].lower()], _plain(match[part])
    return "", _plain(name)


def _plain(name: str) -> str:
    return re.sub(r"[ _.-]", "", name).lower()


def find_anatomy(path: Path, names: Sequence[str], parents: Sequence[int]) -> Anatomy:
    """Raises ``InputError`` naming ``path`` and the part that was not found."""
    names, parents = list(names), list(parents)
    parts = [side_and_part(name) for name in names]

    def ancestors(joint: int) -> Iterator[int]:
        while parents[joint] >= 0:
            joint = parents[joint]
            yield joint

    def missing(what: str) -> InputError:
        shown = ", ".join(names[:30])
        return InputError(f"{path}: no {what} among its joints; names should say what they are (has {shown})")

    def find(side: str, words: Sequence[str]) -> int:
        for word in words:
            found = [i for i, part in enumerate(parts) if part == (side, word)]
            if found:
                return found[0]
        raise missing(f"{side} {' or '.join(words)}".strip())

    def limb(end: int, side: str, what: str) -> list[int]:
        joints = [j for j in ancestors(end) if parts[j][0] == side and not _is_twist(parts[j][1])]
        if len(joints) < 2:
            raise missing(f"{what} above {names[end]}")
        return joints

    ankles = [find(side, ANKLE_WORDS) for side in ("left", "right")]
    wrists = [find(side, WRIST_WORDS) for side in ("left", "right")]
    head = find("", ("head",))
    legs = [limb(end, side, "knee and hip") for end, side in zip(ankles, ("left", "right"), strict=True)]
    arms = [limb(end, side, "elbow and shoulder") for end, side in zip(wrists, ("left", "right"), strict=True)]
    left, right = ([leg[1], *ancestors(leg[1])] for leg in legs)
    pelvis = next((joint for joint in left if joint in right), None)
    left, right = ([arm[1], *ancestors(arm[1])] for arm in arms)
    chest = next((joint for joint in left if joint in right), None)
    if pelvis is None or chest is None or pelvis not in list(ancestors(chest)):
        raise missing("spine from a pelvis below both legs to a chest below both arms")
    spine = [chest, *(j for j in ancestors(chest) if pelvis in list(ancestors(j)))][::-1]
    if parents[head] < 0 or chest not in list(ancestors(head)):
        raise missing("head above the chest")
    return Anatomy(
        pelvis=names[pelvis],
        spine=tuple(names[j] for j in spine),
        neck=names[parents[head]],
        head=names[head],
        hips=(names[legs[0][1]], names[legs[1][1]]),
        knees=(names[legs[0][0]], names[legs[1][0]]),
        ankles=(names[ankles[0]], names[ankles[1]]),
        toes=(names[_toe(ankles[0], parts, parents)], names[_toe(ankles[1], parts, parents)]),
        collars=(names[_collar(arms[0], chest)], names[_collar(arms[1], chest)]),
        shoulders=(names[arms[0][1]], names[arms[1][1]]),
        elbows=(names[arms[0][0]], names[arms[1][0]]),
        wrists=(names[wrists[0]], names[wrists[1]]),
    )


def _collar(arm: list[int], chest: int) -> int:
    """The joint above a shoulder, or the chest where there is none."""
    return arm[2] if len(arm) > 2 else chest


def _is_twist(part: str) -> bool:
    return any(word in part for word in TWIST_WORDS)


def _toe(ankle: int, parts: list[tuple[str, str]], parents: list[int]) -> int:
    """The ankle's child with a toe's name, or the ankle itself."""
    children = [j for j, parent in enumerate(parents) if parent == ankle]
    named = [j for j in children if any(word in parts[j][1] for word in ("toe", "ball", "foot"))]
    return named[0] if named else ankle
