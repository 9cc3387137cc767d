"""Which bone of a character is which part of a person: the parts that have to be told, and those that follow.

A map is a dict of ``ROLES`` -> name of a bone. Bones between two of them (spines of any number, limbs in several pieces)
need no name: they are found along the way.
"""

from collections.abc import Mapping

from .bone_words import LEFT, RIGHT

LIMBS = ("collar", "upper_arm", "forearm", "hand", "thigh", "shin", "foot", "toe")
MIDDLE_ROLES = ("root", "hips", "chest", "head")
ROLES = (*MIDDLE_ROLES, *(f"{side}_{limb}" for side in (LEFT, RIGHT) for limb in LIMBS))
OPTIONAL = {"root", "chest", *(f"{side}_{limb}" for side in (LEFT, RIGHT) for limb in ("collar", "hand", "toe"))}
"""What a character may lack. Without a hand an arm ends where its forearm does."""
REQUIRED = tuple(role for role in ROLES if role not in OPTIONAL)

BoneMap = Mapping[str, str]


def missing_roles(bones: BoneMap) -> list[str]:
    """The parts without which nothing can be carried over that a map does not name."""
    return [role for role in REQUIRED if not bones.get(role)]
