"""What Threepoint keeps of the character that a person's motion goes to: which one, how, and its map of bones."""

# pyright: reportInvalidTypeForm=false
# Blender takes properties from annotations that are calls.

from typing import Any

import bpy
from bpy.props import (
    BoolProperty,
    CollectionProperty,
    EnumProperty,
    FloatVectorProperty,
    PointerProperty,
    StringProperty,
)

from ..bpy_types import current_context, overridable
from ..i18n import messages
from ..i18n.messages import Message
from . import characters

HANDS_ITEMS = (
    ("PLAYER", "As the Player's", "Hands are where the player's were: right for props, and for others who are met"),
    ("SCALED", "Scaled", "Hands are as far from the shoulders as the character's reach makes it: hands that "
     "met still do"),
    ("ROTATIONS", "Rotations Only", "Arms turn as the player's; hands are wherever that brings them"),
)  # fmt: skip
ROOT_ITEMS = (
    ("HIPS", "On the Hips", "The hips carry the way over the floor"),
    ("ROOT", "On the Root", "A root bone is below the hips and does not turn; without one, the object is"),
    ("ROOT_TURNING", "On the Root, Turning", "A root bone is below the hips and faces where they do; without one, the "
     "object does"),
    ("IN_PLACE", "In Place", "The character stays where it is, for games that move it"),
)  # fmt: skip


def _is_character(_settings: object, item: bpy.types.Object) -> bool:
    """Whether an object may be a character: an armature that is nobody's avatar."""
    return characters.is_character(item)


def _hide_avatar(settings: "THREEPOINT_PG_character", _context: bpy.types.Context) -> None:
    root: Any = settings.id_data
    for item in (root.threepoint.mesh, root.threepoint.armature):
        if item is not None and item.name in current_context().view_layer.objects:
            item.hide_set(settings.hide_avatar)


def _chosen(settings: "THREEPOINT_PG_character", _context: bpy.types.Context) -> None:
    characters.choose(settings)


@overridable
class THREEPOINT_PG_bone(bpy.types.PropertyGroup):
    """Which bone is which part of a character."""

    name: StringProperty(name="Part")
    bone: StringProperty(name="Bone", description="The character's bone for this part; empty where there is none")


@overridable
class THREEPOINT_PG_character(bpy.types.PropertyGroup):
    """The character of a person."""

    armature: PointerProperty(
        type=bpy.types.Object, name="Character", poll=_is_character, update=_chosen,
        description="The armature that the motion is put on",
    )  # fmt: skip
    hands: EnumProperty(name="Hand Places", items=HANDS_ITEMS, description="Where the character's hands go")
    root: EnumProperty(name="Root Motion", items=ROOT_ITEMS, description="What carries the way over the floor")
    hide_avatar: BoolProperty(
        name="Hide Avatar",
        update=_hide_avatar,
        description="Hide the avatar and its bones, which stand where the character does",
    )
    bones: CollectionProperty(type=THREEPOINT_PG_bone, name="Bones")
    show_bones: BoolProperty(name="Bones", description="Show which bone is which part of the character")
    rest: FloatVectorProperty(size=16, subtype="MATRIX", options={"HIDDEN"})
    """The object's own matrix before its motion carried it."""
    notes: StringProperty(options={"HIDDEN"})

    def say(self, said: list[Message]) -> None:
        """Keep what the panel shows of the character."""
        self.notes = messages.dump(said)


CLASSES = (THREEPOINT_PG_bone, THREEPOINT_PG_character)
