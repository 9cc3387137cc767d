"""Bone names, rotation order, hands, pose correctives: what changes all takes or the whole avatar, from tick to tick.

The status bar says so meanwhile; nothing can be cancelled half-way. The panel shows these settings as operators, not as
properties: Blender would make one undo step of the property and another one of the avatar.
"""

# pyright: reportInvalidTypeForm=false
# Blender takes properties from annotations that are calls.

from typing import Any

import bpy
from bpy.props import BoolProperty, EnumProperty

from ..avatar.bone_names import ITEMS as NAME_ITEMS
from ..avatar.hands import RELAXED
from ..avatar.shape_keys import key_of
from ..bpy_types import Context, registration
from ..i18n.messages import Message, message
from ..i18n.translations import translate
from ..state.person_avatar import CONVERSIONS, hand_choices
from ..state.properties import (
    HAND_ITEMS,
    ORDER_ITEMS,
    THREEPOINT_PG_person,
    active_person,
    keep_setting,
    require_person,
)
from .buttons import Button, Slot
from .reading_recordings import WORKPLACE, is_free
from .stepped import SteppedOperator, Work

HAND_DESCRIPTIONS = {choice: description for choice, _, description in HAND_ITEMS}
NAME_PART = 0.4
"""Of a row: where Blender's own panels end a setting's name."""


class _Converting(SteppedOperator):
    """Convert the avatar to another value of a setting, and keep that: ``setting``, a property of person and operator.

    An error leaves both as they were.
    """

    step, workplace = "CONVERSION", WORKPLACE
    setting = ""

    @classmethod
    def poll(cls, context: Context) -> bool:
        """Whether there is a person, and no other work stands where its progress is shown."""
        return active_person(context) is not None and is_free(cls, context)

    def progress(self) -> tuple[float, Message]:
        """What is done."""
        return 0.0, message("Converting the avatar")

    def working(self, context: Context) -> Work[None]:
        """Convert it."""
        person, value = require_person(context), getattr(self, self.setting)
        yield from CONVERSIONS[self.setting](person, value)
        keep_setting(person, self.setting, value)


class THREEPOINT_OT_name_bones(_Converting, bpy.types.Operator):
    """What the avatar's bones are called"""

    bl_idname = "threepoint.name_bones"
    bl_label = "Bone Names"
    bl_options = {"UNDO", "INTERNAL"}
    setting = "bone_names"

    bone_names: EnumProperty(name="Bone Names", items=NAME_ITEMS)


class THREEPOINT_OT_order_rotations(_Converting, bpy.types.Operator):
    """How the bones' rotations are keyed; what is keyed already is converted"""

    bl_idname = "threepoint.order_rotations"
    bl_label = "Rotation Order"
    bl_options = {"UNDO", "INTERNAL"}
    setting = "rotation_order"

    rotation_order: EnumProperty(name="Rotation Order", items=ORDER_ITEMS)


class THREEPOINT_OT_pose_hands(_Converting, bpy.types.Operator):
    """How the avatar holds its fingers"""

    bl_idname = "threepoint.pose_hands"
    bl_label = "Hands"
    bl_options = {"UNDO", "INTERNAL"}
    setting = "hand_pose"

    hand_pose: EnumProperty(name="Hands", items=HAND_ITEMS)

    @classmethod
    def description(cls, context: Context, properties: bpy.types.OperatorProperties) -> str:
        """The tooltip of the button for a choice."""
        return translate(HAND_DESCRIPTIONS[properties.hand_pose])


class THREEPOINT_OT_switch_correctives(_Converting, bpy.types.Operator):
    """Bulge and fold joints as your own body's file says; playback becomes many times slower"""

    bl_idname = "threepoint.switch_correctives"
    bl_label = "Pose Correctives"
    bl_options = {"UNDO", "INTERNAL"}
    setting = "correctives"

    correctives: BoolProperty(name="Pose Correctives")


def _draw(layout: bpy.types.UILayout, context: Context) -> None:
    person, column = require_person(context), layout.column()
    for kind in (THREEPOINT_OT_name_bones, THREEPOINT_OT_order_rotations):
        row = _named_row(column, kind.bl_label)
        row.operator_menu_enum(kind.bl_idname, kind.setting, text=_label(person, kind.setting))
    if key_of(person.mesh, RELAXED) is not None:
        _named_row(column, THREEPOINT_OT_pose_hands.bl_label)
        flow = column.grid_flow(columns=2, even_columns=True, align=True)  # In one row their names would be cut off.
        for choice in hand_choices(person):
            label, chosen = _label(person, "hand_pose", choice), person.hand_pose == choice
            button = flow.operator(THREEPOINT_OT_pose_hands.bl_idname, text=label, depress=chosen)
            button.hand_pose = choice  # pyright: ignore[reportAttributeAccessIssue]
    if person.has_correctives:
        row, on = _named_row(column, ""), person.correctives
        icon = "CHECKBOX_HLT" if on else "CHECKBOX_DEHLT"
        button = row.operator(THREEPOINT_OT_switch_correctives.bl_idname, icon=icon, emboss=False)
        button.correctives = not on  # pyright: ignore[reportAttributeAccessIssue]


def _named_row(layout: bpy.types.UILayout, name: str) -> bpy.types.UILayout:
    """The rest of a row behind a setting's name, which stands where Blender puts it."""
    row = layout.split(factor=NAME_PART)
    left = row.row()
    left.alignment = "RIGHT"
    left.label(text=name)
    return row


def _label(person: THREEPOINT_PG_person, setting: str, choice: str = "") -> str:
    """What a setting's choice is called, by default the one that is made."""
    items: Any = person.bl_rna.properties[setting]
    return translate(items.enum_items[choice or getattr(person, setting)].name)


BUTTONS = (Button(Slot.AVATAR, 10, _draw),)
CLASSES = (
    THREEPOINT_OT_name_bones,
    THREEPOINT_OT_order_rotations,
    THREEPOINT_OT_pose_hands,
    THREEPOINT_OT_switch_correctives,
)
register, unregister = registration(CLASSES)
