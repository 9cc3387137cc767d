"""What the sidebar shows of ground and seats: the buttons, and the objects that are some."""

import bpy

from ..bpy_types import Context
from ..operators.buttons import Slot, draw_buttons
from ..state.direction.objects import grounds_under, seats_of
from ..state.properties import THREEPOINT_PG_person


def draw_direction(layout: bpy.types.UILayout, context: Context, person: THREEPOINT_PG_person) -> None:
    """The buttons, the names of the ground's objects, and the seats with their frames."""
    draw_buttons(Slot.DIRECTION, layout, context)
    for item in grounds_under(person, context.scene):
        layout.label(text=item.name, icon="MESH_GRID", translate=False)
    for item in seats_of(person, context.scene):
        row = layout.row(align=True)
        row.label(text=item.name, icon="EMPTY_AXIS", translate=False)
        row.prop(item.threepoint.directed, "first", text="")
        row.prop(item.threepoint.directed, "last", text="")
