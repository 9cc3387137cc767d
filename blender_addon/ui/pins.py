"""What the sidebar shows of a person's pins: the list, and the settings of the selected one."""

from typing import Any

import bpy

from ..bpy_types import Context
from ..operators.buttons import Slot, draw_buttons
from ..state.pins.objects import active_pin, keyed_frames, pins_of
from ..state.properties import THREEPOINT_PG_person, active_person


class THREEPOINT_UL_pins(bpy.types.UIList):
    """The pins of the active person, among the scene's objects."""

    bl_idname = "THREEPOINT_UL_pins"

    def draw_item(
        self,
        context: Context,
        layout: bpy.types.UILayout,
        data: object,
        item: Any,
        icon: int,
        active_data: object,
        active_property: str,
        index: int = 0,
        filter_flag: int = 0,
    ) -> None:
        """Draw the line of one pin."""
        pin = item.threepoint.pin
        layout.prop(item, "name", text="", emboss=False, icon="PINNED" if pin.hard else "UNPINNED")
        layout.prop(pin, "muted", text="", emboss=False, icon="HIDE_ON" if pin.muted else "HIDE_OFF")

    def filter_items(self, context: Context, data: Any, property_name: str) -> tuple[list[int], list[int]]:
        """Of the scene's objects the active person's pins."""
        person = active_person(context)
        pins = set() if person is None else {item.name for item in pins_of(person, context.scene)}
        return [self.bitflag_filter_item if item.name in pins else 0 for item in data.objects], []


def draw_pins(layout: bpy.types.UILayout, context: Context, person: THREEPOINT_PG_person) -> None:
    """The buttons that make pins, the list, the selected pin, and the buttons that solve."""
    idle = not context.window_manager.threepoint.running
    draw_buttons(Slot.PINS, layout, context)
    if pins_of(person, context.scene):
        row = layout.row()
        row.template_list(
            "THREEPOINT_UL_pins", "", context.scene, "objects", context.scene.threepoint, "pin_row", rows=2
        )
        draw_buttons(Slot.PIN_LIST, row.column(align=True), context)
    active = active_pin(context)
    if active is not None:
        column, pin = layout.column(), active.threepoint.pin
        column.use_property_split, column.use_property_decorate = True, False
        column.prop(pin, "role")
        if len(keyed_frames(active)):
            column.prop(pin, "between")
        else:
            when = column.row(align=True)
            when.prop(pin, "first")
            when.prop(pin, "last", text="")
        column.prop(pin, "hard")
        column.prop(pin, "turned")
        column.prop(pin, "reach")
    solving = layout.column(align=True)
    solving.enabled = idle or context.window_manager.threepoint.step == "PINS"  # *Cancel* can be pressed.
    draw_buttons(Slot.PIN_SOLVING, solving, context)
