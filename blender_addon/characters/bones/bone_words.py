"""What a bone's name says of it: which side, which part of a person, and whether it is a helper.

The words cover Mixamo, VRM, Unreal, MetaHuman, Rigify, Auto-Rig Pro, Character Creator, Daz Genesis, MakeHuman and
MPFB, Ready Player Me, 3ds Max Biped, VRoid, SMPL, CMU and the free packs of Quaternius, Kenney and KayKit; none is
listed bone by bone, because their makers number, prefix and spell them in many ways.
"""

import re

LEFT, RIGHT, MIDDLE = "left", "right", ""
SIDES = (LEFT, RIGHT)
PREFIXES = re.compile(
    r"^(?:cc_base|j_bip|bip\d*|def|org|jx|joint|jnt|bone|bn|char|rig|skeleton|valvebiped|b)[ _.-]+", re.IGNORECASE
)
SUFFIXES = re.compile(r"[ _.-](?:armature|rig|rootjoint|jnt|joint|bone|skin|bind)$", re.IGNORECASE)
MIDDLE_MARKS = re.compile(r"^[cm][ _.-]+|[ _.-]+[cmx]$", re.IGNORECASE)
SIDE_PATTERNS = (
    (re.compile(r"^(left|right)[ _.-]*(.+)$", re.IGNORECASE), 1, 2),
    (re.compile(r"^(.+?)[ _.-]*(left|right)$", re.IGNORECASE), 2, 1),
    (re.compile(r"^([lr])[ _.-]+(.+)$", re.IGNORECASE), 1, 2),
    (re.compile(r"^(.+?)[ _.-]+([lr])(?:[ _.-]*\d*)$", re.IGNORECASE), 2, 1),
    (re.compile(r"^([lrLR])([A-Z].+)$"), 1, 2),
    (re.compile(r"^(.+[a-z0-9])([LR])$"), 2, 1),
    (re.compile(r"^([lr])(hipjoint|femur|tibia|foot|toes|clavicle|humerus|radius|wrist|hand)$"), 1, 2),
)
HELPERS = {
    "ik", "fk", "pole", "target", "ctrl", "control", "controller", "mch", "tweak", "slot", "handslot", "end", "leaf",
    "nub", "roll", "twist", "vis", "parent", "prop", "weapon", "dummy", "socket", "footsteps", "corrective", "helper",
    "mid", "bck", "fwd", "lat", "in", "out", "pec", "pectoral", "share",
}  # fmt: skip
"""Words in names of bones that move nothing a person has, or only a part of a limb."""
MIDDLE_FINGER = "mid"
"""Daz's and Character Creator's word, alone but for its number, for what is the middle of something elsewhere."""
FINGERS = re.compile(r"finger|thumb|index|middle|ring(?!ed)|pinky|little|palm\d|metacarpal|carpal|fng|^f\d|^mid$")
TOES = re.compile(r"toe|ball|metatars")
METATARSALS = "metatars"
"""What Daz has between foot and toes."""

COLLAR = ("clavicle", "clav", "collar", "collarbone", "shoulder")
UPPER_ARM = ("upperarm", "uparm", "arm", "humerus", "shldr", "shldrbend", "armstretch", "upperarmbend")
FOREARM = ("forearm", "lowerarm", "elbow", "radius", "forearmbend", "forearmstretch", "foretwist")
HAND = ("wrist", "hand", "palm")
THIGH = ("thigh", "upleg", "upperleg", "femur", "thighbend", "thighstretch")
SHIN = ("shin", "calf", "lowerleg", "knee", "tibia", "legstretch", "lowleg")
LEG = ("leg", "foreleg")
"""A shin where there is a thigh above it, a thigh where there is a knee below."""
FOOT = ("ankle", "foot")
PELVIS = ("pelvis", "hips", "hip", "cog")
HEAD, NECK = ("head",), ("neck", "upperneck", "lowerneck")


def side_and_part(name: str) -> tuple[str, str]:
    """``mixamorig:LeftForeArm`` -> ("left", "forearm"); numbers at the end are left out, "" is the middle."""
    side, part = _side_and_rest(name)
    return side, re.sub(r"\d+$", "", re.sub(r"[ _.\-]", "", part).lower())


def is_helper(name: str) -> bool:
    """Whether a name says that its bone is no joint of a person's."""
    _, part = _side_and_rest(name)
    words = _tokens(part)
    return words != [MIDDLE_FINGER] and any(word in HELPERS for word in words)


def is_finger(name: str) -> bool:
    """Whether a name says that its bone is in a finger or goes to one."""
    return FINGERS.search(side_and_part(name)[1]) is not None


def _side_and_rest(name: str) -> tuple[str, str]:
    name = SUFFIXES.sub("", name.split(":")[-1].split("|")[-1])
    while (shorter := PREFIXES.sub("", name)) != name:
        name = shorter
    name = MIDDLE_MARKS.sub("", name)
    for pattern, side, part in SIDE_PATTERNS:
        match = pattern.match(name)
        if match:
            return {"l": LEFT, "r": RIGHT}[match[side][0].lower()], match[part]
    return MIDDLE, name


def _tokens(part: str) -> list[str]:
    """``heelIK`` -> heel, ik; ``LeftHand_end`` -> left, hand, end."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", part)
    return [word.lower() for word in re.split(r"[ _.\-\d]+", spaced) if word]
