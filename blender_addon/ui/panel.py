"""The sidebar tab: the workflow from top to bottom, each step its settings, its buttons and what it found.

The buttons are the operators' own (``operators.buttons``).
"""

from typing import TYPE_CHECKING, Any

import bpy

from ...model_core.geometry.skeleton import ROLES
from ..avatar.uncertainty import modifier_of
from ..avatar.uncertainty_nodes import ramp_node
from ..bpy_types import Context, Panel, Scene, registration
from ..characters.bones.roles import ROLE_LABELS
from ..i18n.messages import Message, load, message
from ..i18n.text_wrap import draw_lines
from ..i18n.translations import TITLES, translated
from ..operators.buttons import Slot, draw_buttons
from ..operators.dropouts import THREEPOINT_OT_next_dropout
from ..operators.first_steps import THREEPOINT_OT_help
from ..operators.live import live_state
from ..operators.stepped import draw_progress
from ..state.people import frame_rate_message, trackers_of
from ..state.predictions import last_calibration
from ..state.properties import THREEPOINT_PG_person, active_person, require_person
from ..trackers.empties import LOST_BY, find_dropouts
from ..trackers.roles import reasons_label, role_label
from .direction import draw_direction
from .pins import THREEPOINT_UL_pins, draw_pins

ALL_LINES = 60
"""Lines of what a calibration found: all of it counts."""

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
        """The icon before a name. Every list has its own."""
        raise NotImplementedError

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
        return "ARMATURE_DATA" if item.threepoint.armature else "EMPTY_ARROWS"

    def filter_items(self, context: Context, data: Any, property_name: str) -> tuple[list[int], list[int]]:
        """Of the scene's objects the roots of people."""
        shown = [self.bitflag_filter_item if item.threepoint.root == item else 0 for item in data.objects]
        return shown, []


class THREEPOINT_UL_takes(_NamedItems, bpy.types.UIList):
    """A person's takes."""

    bl_idname = "THREEPOINT_UL_takes"

    def icon_of(self, item: Any) -> Any:
        return "ACTION" if item.action is not None else "ERROR"


class THREEPOINT_PT_recording(_Step, bpy.types.Panel):
    bl_label = "Recording"
    bl_idname = "THREEPOINT_PT_recording"

    def draw_header_preset(self, context: Context) -> None:
        self.layout.operator(THREEPOINT_OT_help.bl_idname, text="", icon="HELP", emboss=False)

    def draw(self, context: Context) -> None:
        layout, settings = self.layout, context.scene.threepoint
        draw_buttons(Slot.RECORDING, layout, context)
        person = active_person(context)
        if person is None:
            return
        row = layout.row()
        row.template_list("THREEPOINT_UL_people", "", context.scene, "objects", settings, "row", rows=2)
        draw_buttons(Slot.PEOPLE, row, context)
        column = _settings(layout)
        for role in ROLES:
            column.prop(person, role)
        rate, lost = frame_rate_message(person, context.scene), dropout_messages(person, context.scene)
        if rate is not None:
            layout.label(text="Another frame rate than imported", icon="ERROR")
            draw_lines(layout, context, [rate])
        if lost:
            draw_lines(layout, context, lost)
            layout.operator(THREEPOINT_OT_next_dropout.bl_idname, icon="NEXT_KEYFRAME")
        draw_lines(layout, context, load(person.notes))


class THREEPOINT_PT_live(_Step, bpy.types.Panel):
    bl_label = "Live"
    bl_idname = "THREEPOINT_PT_live"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: Context) -> None:
        draw_buttons(Slot.LIVE, self.layout, context)
        said = live_state()
        if said:
            draw_lines(self.layout, context, [said])


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
        if not draw_progress(layout, context, "CALIBRATION"):
            draw_buttons(Slot.CALIBRATION, layout, context)
        calibration = last_calibration(person)
        if calibration is not None:
            draw_buttons(Slot.FOUND, layout, context)
            draw_lines(layout, context, calibration.notes, ALL_LINES)


class THREEPOINT_PT_predict(_PersonStep, bpy.types.Panel):
    bl_label = "Predict"
    bl_idname = "THREEPOINT_PT_predict"

    def draw(self, context: Context) -> None:
        layout, person = self.layout, require_person(context)
        idle = not context.window_manager.threepoint.running
        column = _settings(layout)
        column.enabled = idle
        column.row().prop(person, "quality", expand=True)
        column.prop(person, "device")
        column.prop(person, "seed")
        draw_buttons(Slot.PREDICTION, layout, context)
        if person.takes:
            row = layout.row()
            row.template_list("THREEPOINT_UL_takes", "", person, "takes", person, "active_take", rows=3)
            draw_buttons(Slot.TAKE_LIST, row.column(align=True), context)
            takes = layout.row(align=True)
            takes.enabled = idle
            draw_buttons(Slot.TAKES, takes, context)


class THREEPOINT_PT_refine(_PersonStep, bpy.types.Panel):
    bl_label = "Refine"
    bl_idname = "THREEPOINT_PT_refine"

    def draw(self, context: Context) -> None:
        layout, person = self.layout, require_person(context)
        _settings(layout).prop(person, "refinement", slider=True)
        again = layout.column()
        again.enabled = bool(person.takes) and not context.window_manager.threepoint.running
        draw_buttons(Slot.REFINEMENT, again, context)


class THREEPOINT_PT_pins(_PersonStep, bpy.types.Panel):
    bl_label = "Pins"
    bl_idname = "THREEPOINT_PT_pins"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: Context) -> None:
        draw_pins(self.layout, context, require_person(context))


class THREEPOINT_PT_direction(_PersonStep, bpy.types.Panel):
    bl_label = "Ground and Seats"
    bl_idname = "THREEPOINT_PT_direction"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: Context) -> None:
        draw_direction(self.layout, context, require_person(context))


class THREEPOINT_PT_avatar(_PersonStep, bpy.types.Panel):
    bl_label = "Avatar"
    bl_idname = "THREEPOINT_PT_avatar"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: Context) -> None:
        layout, person = self.layout, require_person(context)
        draw_buttons(Slot.AVATAR, layout, context)
        draw_lines(layout, context, avatar_messages(person))


class THREEPOINT_PT_uncertainty(_PersonStep, bpy.types.Panel):
    bl_label = "Uncertainty"
    bl_idname = "THREEPOINT_PT_uncertainty"

    def draw_header(self, context: Context) -> None:
        self.layout.prop(require_person(context), "colours", text="")

    def draw(self, context: Context) -> None:
        layout, person = self.layout, require_person(context)
        modifier = modifier_of(person.mesh)
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
            _settings(layout).prop(context.space_data.shading, "color_type", text="Solid View")


class THREEPOINT_PT_character(_PersonStep, bpy.types.Panel):
    bl_label = "Character"
    bl_idname = "THREEPOINT_PT_character"

    @classmethod
    def poll(cls, context: Context) -> bool:
        """Whether there is a motion to be put on one."""
        person = active_person(context)
        return person is not None and person.armature is not None

    def draw(self, context: Context) -> None:
        layout, settings = self.layout, require_person(context).character
        column = _settings(layout)
        column.enabled = not context.window_manager.threepoint.running
        column.prop(settings, "armature")
        if settings.armature is not None:
            column.prop(settings, "hands")
            column.prop(settings, "root")
        draw_buttons(Slot.CHARACTER, layout, context)
        draw_lines(layout, context, load(settings.notes))
        if settings.armature is None:
            return
        row = layout.row()
        icon = "DISCLOSURE_TRI_DOWN" if settings.show_bones else "DISCLOSURE_TRI_RIGHT"
        row.prop(settings, "show_bones", icon=icon, emboss=False)
        if settings.show_bones:
            bones = _settings(layout)
            for item in settings.bones:
                bones.prop_search(
                    item, "bone", settings.armature.data, "bones", text=translated(ROLE_LABELS[item.name])
                )
            draw_buttons(Slot.BONES, layout, context)


class THREEPOINT_PT_export(_PersonStep, bpy.types.Panel):
    bl_label = "Export"
    bl_idname = "THREEPOINT_PT_export"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: Context) -> None:
        if not draw_progress(self.layout, context, "EXPORT"):
            draw_buttons(Slot.EXPORT, self.layout, context)


def _settings(layout: bpy.types.UILayout) -> bpy.types.UILayout:
    """A column for settings, their names on the left."""
    column = layout.column()
    column.use_property_split = True
    column.use_property_decorate = False
    return column


def _draw_override(layout: bpy.types.UILayout, person: THREEPOINT_PG_person, switch: str, value: str) -> None:
    """A switch and the value that counts while it is on."""
    row = layout.row(heading=person.bl_rna.properties[value].name)
    row.prop(person, switch, text="")
    part = row.row()
    part.active = getattr(person, switch)
    part.prop(person, value, text="")


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
    """How often, how long and why each tracker was not seen; *Next Dropout* goes from one to the next."""
    said = []
    for role, tracker in trackers_of(person).items():
        dropouts = find_dropouts(tracker, scene)
        if not dropouts:
            continue
        first, last = max(dropouts, key=lambda dropout: dropout[1] - dropout[0])
        values: dict[str, Any] = dict(tracker=role_label(role), total=sum(end - begin for begin, end in dropouts),
                                      count=len(dropouts), first=first, last=last)  # fmt: skip
        reason = reasons_label(str(tracker.get(LOST_BY, "")))
        said.append(
            message("{tracker} lost {total:.2f} s in all ({reason}), dropouts: {count}, the longest {first:.2f} to "
                    "{last:.2f} s", reason=reason, **values)
            if reason
            else message("{tracker} lost {total:.2f} s in all, dropouts: {count}, the longest {first:.2f} to "
                         "{last:.2f} s", **values)
        )  # fmt: skip
    return said


CLASSES = (
    THREEPOINT_UL_people,
    THREEPOINT_UL_takes,
    THREEPOINT_UL_pins,
    THREEPOINT_PT_recording,
    THREEPOINT_PT_live,
    THREEPOINT_PT_calibration,
    THREEPOINT_PT_predict,
    THREEPOINT_PT_refine,
    THREEPOINT_PT_character,
    THREEPOINT_PT_pins,
    THREEPOINT_PT_direction,
    THREEPOINT_PT_avatar,
    THREEPOINT_PT_uncertainty,
    THREEPOINT_PT_export,
)
register, unregister = registration(CLASSES)
