"""What people stand and sit on: objects of the scene that are made, or used, as ground and seats."""

from typing import TYPE_CHECKING

import bpy

from ...model_core.errors import InputError
from ..bpy_types import AnyObject, Context, registration
from ..i18n.messages import message
from ..i18n.translations import translated
from ..state.direction import objects
from ..state.direction.found_floor import making_found_floor
from ..state.polls import has_take
from ..state.properties import require_person
from ..steps import all_at_once
from .buttons import Button, Slot

_Base = bpy.types.Operator if TYPE_CHECKING else object


class _MakingEmpty(_Base):
    """An operator that makes an empty for the person, and selects it."""

    def make(self, context: Context) -> AnyObject:
        """Make it. Every operator has its own. Raises ``InputError``."""
        raise NotImplementedError

    @classmethod
    def poll(cls, context: Context) -> bool:
        """Whether there is a take."""
        return has_take(cls, context)

    def execute(self, context: Context) -> set[str]:
        """Make it, and select it."""
        try:
            item = self.make(context)
        except InputError as error:
            self.report({"ERROR"}, translated(error))
            return {"CANCELLED"}
        _show(context, item)
        return {"FINISHED"}


class THREEPOINT_OT_use_as_ground(bpy.types.Operator):
    """Let people stand on the selected meshes; a selected empty is the height of their floor while it is keyed"""

    bl_idname = "threepoint.use_as_ground"
    bl_label = "Use as Ground"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: Context) -> set[str]:
        """Mark them."""
        try:
            objects.use_as_ground(_selected(context))
        except InputError as error:
            self.report({"ERROR"}, translated(error))
            return {"CANCELLED"}
        return {"FINISHED"}


class THREEPOINT_OT_use_found_levels(_MakingEmpty, bpy.types.Operator):
    """Let the person stand on the steps that their recording shows: an empty is keyed at the floor's heights"""

    bl_idname = "threepoint.use_found_levels"
    bl_label = "Use Found Levels"
    bl_options = {"REGISTER", "UNDO"}

    def make(self, context: Context) -> AnyObject:
        """Find them."""
        return all_at_once(making_found_floor(require_person(context), context.scene))


class THREEPOINT_OT_sit_here(_MakingEmpty, bpy.types.Operator):
    """Let the person sit around this frame: an empty at the seat's height appears. Move it, also sideways: by over 3 cm it holds the pelvis there"""  # noqa: E501

    bl_idname = "threepoint.sit_here"
    bl_label = "Sit Here"
    bl_options = {"REGISTER", "UNDO"}

    def make(self, context: Context) -> AnyObject:
        """Make the seat."""
        return objects.make_seat(require_person(context), context.scene)


class THREEPOINT_OT_use_as_seat(bpy.types.Operator):
    """Let the person sit as high as the active object around this frame; of a mesh the middle is the seat"""

    bl_idname = "threepoint.use_as_seat"
    bl_label = "Use as Seat"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: Context) -> bool:
        """Whether there is a take."""
        return has_take(cls, context)

    def execute(self, context: Context) -> set[str]:
        """Mark it."""
        person, active = require_person(context), context.view_layer.objects.active
        try:
            if active is None:
                raise InputError(message("Select the object that the person sits on"))
            objects.use_as_seat(person, active, objects.found_seat(person, context.scene)[0])
        except InputError as error:
            self.report({"ERROR"}, translated(error))
            return {"CANCELLED"}
        return {"FINISHED"}


class THREEPOINT_OT_let_go(bpy.types.Operator):
    """Let the selected objects be no ground and no seats any more; they stay in the scene"""

    bl_idname = "threepoint.let_go"
    bl_label = "No Ground or Seat"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: Context) -> set[str]:
        """Let them go."""
        if not objects.let_go(_selected(context)):
            self.report({"ERROR"}, translated(message("Select objects that are ground or seats")))
            return {"CANCELLED"}
        return {"FINISHED"}


def _selected(context: Context) -> list[AnyObject]:
    return list(context.selected_objects)  # pyright: ignore[reportReturnType]


def _show(context: Context, item: AnyObject) -> None:
    """Select an object alone."""
    if context.mode != "OBJECT":
        bpy.ops.object.mode_set(mode="OBJECT")
    for other in list(context.selected_objects):
        other.select_set(False)
    item.select_set(True)
    context.view_layer.objects.active = item


def _draw_ground(layout: bpy.types.UILayout, context: Context) -> None:
    column = layout.column(align=True)
    column.operator(THREEPOINT_OT_use_as_ground.bl_idname, icon="MESH_GRID")
    column.operator(THREEPOINT_OT_use_found_levels.bl_idname, icon="MOD_ARRAY")
    row = layout.row(align=True)
    row.operator(THREEPOINT_OT_sit_here.bl_idname, icon="EMPTY_AXIS")
    row.operator(THREEPOINT_OT_use_as_seat.bl_idname, icon="OBJECT_DATA")
    layout.operator(THREEPOINT_OT_let_go.bl_idname, icon="X")


BUTTONS = (Button(Slot.DIRECTION, 10, _draw_ground),)
CLASSES = (
    THREEPOINT_OT_use_as_ground,
    THREEPOINT_OT_use_found_levels,
    THREEPOINT_OT_sit_here,
    THREEPOINT_OT_use_as_seat,
    THREEPOINT_OT_let_go,
)
register, unregister = registration(CLASSES)
