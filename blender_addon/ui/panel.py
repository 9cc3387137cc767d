"""The sidebar tab: the workflow from top to bottom, each step a button and what it found."""

import bpy

from ..engine import installation
from . import preferences
from ..operators.exporting import FORMATS
from ..avatar.hands import KEY as RELAXED_HANDS
from ..state.people import trackers_of
from ..operators.predicting import THREEPOINT_OT_predict
from ..state.properties import active_person
from ..trackers.empties import find_dropouts
from ..avatar.shape_keys import key_of
from .text_wrap import broken_lines
from ..i18n.translations import TITLES, translated
from ..avatar.uncertainty import MODIFIER, ramp_node


class _Step:
    """Where all steps of the workflow are shown."""

    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Threepoint"
    bl_translation_context = TITLES


class THREEPOINT_UL_people(bpy.types.UIList):
    """The people of the scene."""

    bl_idname = "THREEPOINT_UL_people"

    def draw_item(self, context, layout, data, item, icon, active_data, active_property, index=0, filter_flag=0):
        layout.prop(item, "name", text="", emboss=False, icon="ARMATURE_DATA" if item.armature else "EMPTY_ARROWS")


class THREEPOINT_UL_takes(bpy.types.UIList):
    """A person's takes."""

    bl_idname = "THREEPOINT_UL_takes"

    def draw_item(self, context, layout, data, item, icon, active_data, active_property, index=0, filter_flag=0):
        layout.prop(item, "name", text="", emboss=False, icon="ACTION")


class THREEPOINT_PT_recording(_Step, bpy.types.Panel):
    bl_label = "Recording"
    bl_idname = "THREEPOINT_PT_recording"

    def draw(self, context):
        layout, settings = self.layout, context.scene.threepoint
        layout.operator("threepoint.import_recording", icon="IMPORT", text="Import Recording")
        layout.operator("threepoint.use_objects", icon="OBJECT_DATA")
        if not settings.people:
            return
        row = layout.row()
        row.template_list("THREEPOINT_UL_people", "", settings, "people", settings, "active", rows=2)
        row.operator("threepoint.remove_person", icon="REMOVE", text="")
        person = active_person(context)
        if person is None:
            return
        column = layout.column()
        column.use_property_split = True
        for role in ("head", "left_hand", "right_hand"):
            column.prop(person, role)
        _write(layout, broken_lines(context, lost_lines(person, context.scene) + person.notes.splitlines()))


class _PersonStep(_Step):
    """Steps that need a person."""

    @classmethod
    def poll(cls, context):
        return active_person(context) is not None


class THREEPOINT_PT_calibration(_PersonStep, bpy.types.Panel):
    bl_label = "Calibration"
    bl_idname = "THREEPOINT_PT_calibration"

    def draw(self, context):
        layout, person = self.layout, active_person(context)
        column = layout.column()
        column.use_property_split = True
        column.prop(person, "preset")
        for own, value in (("own_stature", "stature"), ("own_floor", "floor")):
            row = column.row(heading=person.bl_rna.properties[value].name)
            row.prop(person, own, text="")
            part = row.row()
            part.active = getattr(person, own)
            part.prop(person, value, text="")
        column.prop(person, "body_path")
        layout.operator("threepoint.calibrate", icon="CON_ARMATURE")
        _write(layout, broken_lines(context, person.calibration.splitlines()))


class THREEPOINT_PT_predict(_PersonStep, bpy.types.Panel):
    bl_label = "Predict"
    bl_idname = "THREEPOINT_PT_predict"

    def draw(self, context):
        layout, person = self.layout, active_person(context)
        work = context.window_manager.threepoint
        if work.running:
            layout.progress(factor=work.fraction, type="BAR", text=translated(work.stage))
            layout.label(text="Esc stops it", icon="CANCEL")
            return
        _offer_engine(context, layout)
        column = layout.column()
        column.use_property_split = True
        column.prop(person, "device")
        column.prop(person, "seed")
        big = layout.row()
        big.scale_y = 1.5
        _predict(big, "MEAN", "Predict", "PLAY")
        if person.takes:
            layout.template_list("THREEPOINT_UL_takes", "", person, "takes", person, "active_take", rows=2)
            row = layout.row(align=True)
            _predict(row, "TAKE", "Another Take", "ADD")
            row.operator("threepoint.push_takes", icon="NLA")


class THREEPOINT_PT_refine(_PersonStep, bpy.types.Panel):
    bl_label = "Refine"
    bl_idname = "THREEPOINT_PT_refine"

    def draw(self, context):
        layout, person = self.layout, active_person(context)
        column = layout.column()
        column.use_property_split = True
        column.prop(person, "refinement", slider=True)
        again = layout.column()
        again.enabled = bool(person.takes) and not context.window_manager.threepoint.running
        _predict(again, "REFINE", "Refine Shown Take", "FILE_REFRESH")
        row = again.row(align=True)
        row.prop(person, "first")
        row.prop(person, "last")
        _predict(again, "RANGE", "Solve Range Again", "PREVIEW_RANGE")


class THREEPOINT_PT_avatar(_PersonStep, bpy.types.Panel):
    bl_label = "Avatar"
    bl_idname = "THREEPOINT_PT_avatar"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context):
        layout, person = self.layout, active_person(context)
        column = layout.column()
        column.use_property_split = True
        column.prop(person, "bone_names")
        column.prop(person, "rotation_order")
        hands = key_of(person.mesh, RELAXED_HANDS)
        if hands is not None:
            column.prop(hands, "value", text="Relaxed Hands", slider=True)
        if person.has_correctives:
            column.prop(person, "correctives")
        _write(layout, broken_lines(context, avatar_lines(person)))


class THREEPOINT_PT_uncertainty(_PersonStep, bpy.types.Panel):
    bl_label = "Uncertainty"
    bl_idname = "THREEPOINT_PT_uncertainty"

    def draw_header(self, context):
        self.layout.prop(active_person(context), "colours", text="")

    def draw(self, context):
        layout, person = self.layout, active_person(context)
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
        layout.operator("threepoint.show_uncertain", icon="VIEWZOOM")
        if context.space_data.shading.type == "SOLID":
            layout.prop(context.space_data.shading, "color_type", text="Solid View")


class THREEPOINT_PT_export(_PersonStep, bpy.types.Panel):
    bl_label = "Export"
    bl_idname = "THREEPOINT_PT_export"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context):
        flow = self.layout.grid_flow(columns=2, even_columns=True, align=True)
        for identifier, name, _, _ in FORMATS:
            flow.operator("threepoint.export", text=name).kind = identifier


def _offer_engine(context, layout):
    """Where there is no engine yet, the way to one: the same buttons as in the preferences."""
    chosen = preferences.preferences()
    if chosen is None or chosen.source == "OWN" or installation.is_ready():
        return
    work = installation.current()
    column = layout.box().column()
    if work is not None and work.running:
        column.progress(factor=work.fraction, type="BAR", text=translated(work.line or "Installing"))
        column.operator("threepoint.cancel_installation", icon="CANCEL")
        return
    column.label(text="The engine is not installed yet", icon="INFO")
    preferences.offer_access(context, column)
    column.operator("threepoint.install_engine", icon="IMPORT")
    way = column.operator("preferences.addon_show", text="Use an Existing Python", icon="PREFERENCES")
    way.module = installation.PACKAGE


def avatar_lines(person):
    """What is to be known of a person's avatar, a line each."""
    if person.armature is None:
        return ["Predict a motion first"]
    lines = ["Rings on the floor and markers in the action show when feet stand"]
    if person.has_correctives and not person.correctives:
        lines.append("The body's pose correctives are left out: they make playback many times slower")
    elif person.built_from and not person.has_correctives:
        lines.append("This body's file has no pose correctives")
    return lines


def legend_labels(person):
    """What the colours mean below the ramp, from its beginning over its middle to its end."""
    return [f"{value:.3g} cm" for value in (person.low, (person.low + person.high) / 2, person.high)]


def _predict(layout, kind, text, icon):
    layout.operator(THREEPOINT_OT_predict.bl_idname, text=text, icon=icon).kind = kind


def _write(layout, lines):
    column = layout.column(align=True)
    column.scale_y = 0.75
    for line in lines:
        column.label(text=line, translate=False)


def lost_lines(person, scene):
    """When which tracker was not seen, a line each."""
    lines = []
    for role, tracker in trackers_of(person).items():
        gaps = find_dropouts(tracker, scene)
        lines += [f"{role.replace('_', ' ')} lost {first:.2f} to {last:.2f} s" for first, last in gaps]
    return lines


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


def register():
    for kind in CLASSES:
        bpy.utils.register_class(kind)


def unregister():
    for kind in reversed(CLASSES):
        bpy.utils.unregister_class(kind)
