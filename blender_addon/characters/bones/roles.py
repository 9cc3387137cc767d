"""Which bone of a character is which part of a person: the parts that have to be told, and those that follow.

A map is a dict of ``ROLES`` -> name of a bone. Bones between two of them (spines of any number, limbs in several
pieces) need no name: they are found along the way.
"""

from collections.abc import Mapping

from ...i18n.messages import message
from .bone_words import LEFT, RIGHT

LIMBS = ("collar", "upper_arm", "forearm", "hand", "thigh", "shin", "foot", "toe")
MIDDLE_ROLES = ("root", "hips", "chest", "head")
ROLES = (*MIDDLE_ROLES, *(f"{side}_{limb}" for side in (LEFT, RIGHT) for limb in LIMBS))
OPTIONAL = {"root", "chest", *(f"{side}_{limb}" for side in (LEFT, RIGHT) for limb in ("collar", "hand", "toe"))}
"""What a character may lack. Without a hand an arm ends where its forearm does."""
REQUIRED = tuple(role for role in ROLES if role not in OPTIONAL)

LIMB_LABELS = {
    "collar": message("Collar"), "upper_arm": message("Upper Arm"), "forearm": message("Forearm"),
    "hand": message("Hand"), "thigh": message("Thigh"), "shin": message("Shin"), "foot": message("Foot"),
    "toe": message("Toes"),
}  # fmt: skip
SIDE_LABELS = {LEFT: message("Left"), RIGHT: message("Right")}
ROLE_LABELS = {
    "root": message("Root"), "hips": message("Hips"), "chest": message("Chest"), "head": message("Head"),
    **{f"{side}_{limb}": message("{side} {part}", side=side_label, part=label)
       for side, side_label in SIDE_LABELS.items() for limb, label in LIMB_LABELS.items()},
}  # fmt: skip
"""Roles as the panel names them."""

BoneMap = Mapping[str, str]


def missing_roles(bones: BoneMap) -> list[str]:
    """The parts without which nothing can be carried over that a map does not name."""
    return [role for role in REQUIRED if not bones.get(role)]
