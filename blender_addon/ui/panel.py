"""The sidebar tab: the workflow from top to bottom, each step its settings, its buttons and what it found.

The buttons are the operators' own (``operators.buttons``).
"""

from typing import TYPE_CHECKING, Any

import bpy

from ...model_core.geometry.skeleton import ROLES
from ..avatar.hands import RELAXED
from ..avatar.shape_keys import key_of
from ..avatar.uncertainty import MODIFIER
from ..avatar.uncertainty_nodes import ramp_node
from ..bpy_types import Context, Panel, Scene, registration
from ..i18n.messages import Message, load, message
from ..i18n.text_wrap import draw_lines
from ..i18n.translations import TITLES
from ..operators.buttons import Slot, draw_buttons
from ..state.people import trackers_of
from ..state.predictions import last_calibration
from ..state.properties import THREEPOINT_PG_person, active_person, require_person
from ..trackers.empties import find_dropouts
from ..trackers.roles import role_label

_Base = Panel if TYPE_CHECKING else object
_ListBase = bpy.types.UIList if TYPE_CHECKING else object


class _Step(_Base):
    """Where all steps of the workflow are shown."""

    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Threepoint"
    bl_translation_context = TITLES


class _PersonStep(_Step):
    """Steps that need a person."""

    @classmethod
    def poll(cls, context: Context) -> bool:
        """Whether there is one."""
        return active_person(context) is not None


class _NamedItems(_ListBase):
    """A list of things with names that can be edited."""

    def icon_of(self, item: Any) -> Any:
        """The icon before a name."""
        return "ACTION"

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
        """Draw the line of one item."""
        layout.prop(item, "name", text="", emboss=False, icon=self.icon_of(item))


class THREEPOINT_UL_people(_NamedItems, bpy.types.UIList):
    """The people of the scene."""

    bl_idname = "THREEPOINT_UL_people"

    def icon_of(self, item: Any) -> Any:
        return "ARMATURE_DATA" if item.armature else "EMPTY_ARROWS"


class THREEPOINT_UL_takes(_NamedItems, bpy.types.UIList):
    """A person's takes."""

    bl_idname = "THREEPOINT_UL_takes"


class THREEPOINT_PT_recording(_Step, bpy.types.Panel):
    bl_label = "Recording"
    bl_idname = "THREEPOINT_PT_recording"

    def draw(self, context: Context) -> None:
        layout, settings = self.layout, context.scene.threepoint
        draw_buttons(Slot.RECORDING, layout, context)
        if not settings.people:
            return
        row = layout.row()
        row.template_list("THREEPOINT_UL_people", "", settings, "people", settings, "active", rows=2)
        draw_buttons(Slot.PEOPLE, row, context)
        person = active_person(context)
        if person is None:
            return
        column = _settings(layout)
        for role in ROLES:
            column.prop(person, role)
        draw_lines(layout, context, [*dropout_messages(person, context.scene), *load(person.notes)])


class THREEPOINT_PT_calibration(_PersonStep, bpy.types.Panel):
    bl_label = "Calibration"
    bl_idname = "THREEPOINT_PT_calibration"

    def draw(self, context: Context) -> None:
        layout, person = self.layout, require_person(context)
        column = _settings(layout)
        column.prop(person, "preset")
        _draw_override(column, person, "override_stature", "stature")
        _draw_override(column, person, "override_floor", "floor")
        if person.use_t_pose:
            _draw_override(column, person, "use_t_pose", "t_pose_frame")
        column.prop(person, "body_path")
        draw_buttons(Slot.CALIBRATION, layout, context)
        _draw_progress(layout, context, "CALIBRATION")
        calibration = last_calibration(person)
        draw_lines(layout, context, calibration.notes if calibration is not None else ())


class THREEPOINT_PT_predict(_PersonStep, bpy.types.Panel):
    bl_label = "Predict"
    bl_idname = "THREEPOINT_PT_predict"

    def draw(self, context: Context) -> None:
        layout, person = self.layout, require_person(context)
        if _draw_progress(layout, context, "PREDICTION"):
            return
        column = _settings(layout)
        column.prop(person, "device")
        column.prop(person, "seed")
        draw_buttons(Slot.PREDICTION, layout, context)
        if person.takes:
            layout.template_list("THREEPOINT_UL_takes", "", person, "takes", person, "active_take", rows=2)
            draw_buttons(Slot.TAKES, layout.row(align=True), context)


class THREEPOINT_PT_refine(_PersonStep, bpy.types.Panel):
    bl_label = "Refine"
    bl_idname = "THREEPOINT_PT_refine"

    def draw(self, context: Context) -> None:
        layout, person = self.layout, require_person(context)
        _settings(layout).prop(person, "refinement", slider=True)
        again = layout.column()
        again.enabled = bool(person.takes) and not context.window_manager.threepoint.running
        draw_buttons(Slot.REFINEMENT, again, context)


class THREEPOINT_PT_avatar(_PersonStep, bpy.types.Panel):
    bl_label = "Avatar"
    bl_idname = "THREEPOINT_PT_avatar"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: Context) -> None:
        layout, person = self.layout, require_person(context)
        column = _settings(layout)
        column.prop(person, "bone_names")
        column.prop(person, "rotation_order")
        if key_of(person.mesh, RELAXED) is not None:
            column.prop(person, "hand_pose")
        if person.has_correctives:
            column.prop(person, "correctives")
        draw_lines(layout, context, avatar_messages(person))


class THREEPOINT_PT_uncertainty(_PersonStep, bpy.types.Panel):
    bl_label = "Uncertainty"
    bl_idname = "THREEPOINT_PT_uncertainty"

    def draw_header(self, context: Context) -> None:
        self.layout.prop(require_person(context), "colours", text="")

    def draw(self, context: Context) -> None:
        layout, person = self.layout, require_person(context)
        modifier = person.mesh.modifiers.get(MODIFIER) if person.mesh is not None else None
        if modifier is None:
            layout.label(text="Predict a motion to see how sure it is")
            return
        layout.active = person.colours
        layout.template_color_ramp(ramp_node(modifier.node_group), "color_ramp", expand=False)
        legend = layout.split(factor=1 / 3)
        for side, label in zip(("LEFT", "CENTER", "RIGHT"), legend_labels(person), strict=True):
            part = legend.row()
            part.alignment = side
            part.label(text=label, translate=False)
        row = layout.row(align=True)
        row.prop(person, "low", text="From (cm)")
        row.prop(person, "high", text="To (cm)")
        draw_buttons(Slot.UNCERTAINTY, layout, context)
        if context.space_data.shading.type == "SOLID":
            layout.prop(context.space_data.shading, "color_type", text="Solid View")


class THREEPOINT_PT_export(_PersonStep, bpy.types.Panel):
    bl_label = "Export"
    bl_idname = "THREEPOINT_PT_export"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: Context) -> None:
        draw_buttons(Slot.EXPORT, self.layout, context)


def _settings(layout: bpy.types.UILayout) -> bpy.types.UILayout:
    """A column for settings, their names on the left."""
    column = layout.column()
    column.use_property_split = True
    return column


def _draw_override(layout: bpy.types.UILayout, person: THREEPOINT_PG_person, switch: str, value: str) -> None:
    """A switch and the value that counts while it is on."""
    row = layout.row(heading=person.bl_rna.properties[value].name)
    row.prop(person, switch, text="")
    part = row.row()
    part.active = getattr(person, switch)
    part.prop(person, value, text="")


def _draw_progress(layout: bpy.types.UILayout, context: Context, step: str) -> bool:
    """How far the engine is with a step; whether it is at work for it."""
    work = context.window_manager.threepoint
    if not (work.running and work.step == step):
        return False
    layout.progress(factor=work.fraction, type="BAR", text=work.stage)
    layout.label(text="Esc stops it", icon="CANCEL")
    return True


def avatar_messages(person: THREEPOINT_PG_person) -> list[Message]:
    """What is to be known of a person's avatar."""
    if person.armature is None:
        return [message("Predict a motion first")]
    said = [message("Rings on the floor and markers in the action show when feet stand")]
    if person.has_correctives and not person.correctives:
        said.append(message("The body's pose correctives are left out: they make playback many times slower"))
    elif person.built_from and not person.has_correctives:
        said.append(message("This body's file has no pose correctives"))
    return said


def legend_labels(person: THREEPOINT_PG_person) -> list[str]:
    """What the colours mean below the ramp, from its beginning over its middle to its end."""
    return [f"{value:.3g} cm" for value in (person.low, (person.low + person.high) / 2, person.high)]


def dropout_messages(person: THREEPOINT_PG_person, scene: Scene) -> list[Message]:
    """When which tracker was not seen."""
    return [
        message("{tracker} lost {first:.2f} to {last:.2f} s", tracker=role_label(role), first=first, last=last)
        for role, tracker in trackers_of(person).items()
        for first, last in find_dropouts(tracker, scene)
    ]


CLASSES = (
    THREEPOINT_UL_people,
    THREEPOINT_UL_takes,
    THREEPOINT_PT_recording,
    THREEPOINT_PT_calibration,
    THREEPOINT_PT_predict,
    THREEPOINT_PT_refine,
    THREEPOINT_PT_avatar,
    THREEPOINT_PT_uncertainty,
    THREEPOINT_PT_export,
)
register, unregister = registration(CLASSES)
