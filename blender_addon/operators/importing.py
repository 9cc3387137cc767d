"""File > Import > Headset Recording, and files dropped into the 3D view."""

from contextlib import suppress
from pathlib import Path

import bpy
from bpy.props import BoolProperty, CollectionProperty, EnumProperty, FloatProperty, StringProperty
from bpy_extras.io_utils import ImportHelper

from ...model_core.errors import InputError
from ...model_core.recordings.formats import aria, uxf
from ...model_core.recordings import read
from ...model_core.recordings.formats.table import keep_layout
from ...model_core.geometry.skeleton import ROLES
from ..trackers import columns
from ..state import people
from ..ui import preferences
from ..engine.client import EngineError
from ..ui.text_wrap import broken_lines
from ..timing import seconds_to_frames
from ..i18n.translations import translated

GUESS = ("GUESS", "Guess", "Find it out from the file")
TABLE_CHOICES = {
    "time_unit": ("Time", ("s", "ms", "us", "ns", "ticks")),
    "length_unit": ("Length", ("m", "cm", "mm")),
    "angle_unit": ("Angles", ("degrees", "radians")),
    "euler_order": ("Order of Angles", ("YXZ", "XZY", "ZXY", "YZX", "ZYX", "XYZ")),
    "convention": ("Axes", ("openxr", "unity", "unreal", "ros", "z_up")),
}
"""Fields of ``recordings.table.TableOptions`` -> label and values."""
MOST_PREVIEW_LINES = 16
SUFFIXES = "*.bsor;*.xror;*.csv;*.tsv;*.txt;*.json;*.npz;*.bvh"


CHOICES_EXPLAINED = {
    "time_unit": "What the time column counts; a tick is 100 ns",
    "length_unit": "What positions are measured in",
    "angle_unit": "What three angles of a rotation are measured in",
    "euler_order": "How three angles multiply, from left to right: YXZ is what Unity and A-Frame mean",
    "convention": "Which way the axes point: openxr +Y up -Z forward, unity left-handed +Y up +Z forward, unreal "
    "left-handed +Z up +X forward, ros +Z up +X forward, z_up +Z up +Y forward",
}


def _choice(name):
    label, values = TABLE_CHOICES[name]
    items = (GUESS, *((value, value, "") for value in values))
    return EnumProperty(name=label, items=items, description=CHOICES_EXPLAINED[name])


def _fill_columns(operator, _context):
    """A setting cannot report: the preview below it says what is wrong with the table."""
    if operator.own_columns:
        with suppress(InputError):
            columns.fill_columns(operator)


class THREEPOINT_OT_import_recording(bpy.types.Operator, ImportHelper):
    """Bring recordings of a headset and two controllers into the scene as animated empties"""

    bl_idname = "threepoint.import_recording"
    bl_label = "Import Headset Recording"
    bl_options = {"REGISTER", "UNDO", "PRESET"}

    filter_glob: StringProperty(default=SUFFIXES, options={"HIDDEN"})
    files: CollectionProperty(type=bpy.types.OperatorFileListElement, options={"HIDDEN", "SKIP_SAVE"})
    directory: StringProperty(subtype="DIR_PATH", options={"HIDDEN", "SKIP_SAVE"})
    fit_range: BoolProperty(
        name="Fit Frame Range", default=True, description="Let the scene end with the longest recording"
    )
    time_unit: _choice("time_unit")
    length_unit: _choice("length_unit")
    angle_unit: _choice("angle_unit")
    euler_order: _choice("euler_order")
    convention: _choice("convention")
    fps: FloatProperty(name="Rate", min=0.0, description="Samples a second of a table without times; 0: guess")
    own_columns: BoolProperty(
        name="Choose Columns", update=_fill_columns, options={"SKIP_SAVE"},
        description="Say which columns of the table are what, beginning with what is guessed",
    )  # fmt: skip
    keep: BoolProperty(
        name="Remember for This Header", options={"SKIP_SAVE"},
        description="Read all tables with the same header so from now on, here and on the command line",
    )  # fmt: skip

    def invoke(self, context, event):
        if self.directory and self.files:  # Dropped: the files are known.
            return self.execute(context)
        return ImportHelper.invoke(self, context, event)

    def execute(self, context):
        if self.own_columns:
            _fill_columns(self, context)
        paths = recording_paths(self.directory, [file.name for file in self.files], self.filepath)
        done = 0
        for path in paths:
            try:
                self._import(path, context.scene)
                done += 1
            except (InputError, EngineError) as error:
                self.report({"ERROR"}, translated(str(error)))
        if not paths:
            self.report({"ERROR"}, translated("No recording was chosen"))
        if done:
            words = f"{done} recording{'s' * (done > 1)} imported; see the Threepoint tab of the sidebar"
            self.report({"INFO"}, translated(words))
        return {"FINISHED"} if done else {"CANCELLED"}

    def _import(self, path, scene):
        options = self._options(path)
        recording = read(path, **options)
        if self.keep and path.suffix.lower() in columns.TABLE_SUFFIXES and options:
            keep_layout(path, **options)
        people.add_person(recording, path.stem, scene)
        if self.fit_range:
            last = seconds_to_frames(recording.duration, scene)
            alone = len(scene.threepoint.people) == 1
            scene.frame_end = int(round(last)) if alone else max(scene.frame_end, int(round(last)))

    def _options(self, path):
        """What the user knows of tables, and what unpacks XROR; other formats know all of themselves."""
        if path.suffix.lower() not in columns.TABLE_SUFFIXES:
            return reading_options(path)
        chosen = {name: getattr(self, name) for name in TABLE_CHOICES}
        options = {name: value for name, value in chosen.items() if value != GUESS[0]}
        if self.fps > 0:
            options["fps"] = self.fps
        if self.own_columns:
            options["columns"] = columns.chosen_columns(self)
        return {name: value for name, value in options.items() if value is not None}

    def draw(self, context):
        layout = self.layout
        layout.use_property_split = True
        layout.prop(self, "fit_range")
        box = layout.column(heading="Tables (CSV)")
        for name in (*TABLE_CHOICES, "fps"):
            box.prop(self, name)
        path = Path(self.filepath)
        if path.suffix.lower() in columns.TABLE_SUFFIXES and path.is_file():
            self._draw_columns(context, layout, path)

    def _draw_columns(self, context, layout, path):
        layout.use_property_split = False
        layout.prop(self, "own_columns")
        layout.prop(self, "keep")
        layout.use_property_split = True
        if self.own_columns:
            layout.prop(self, columns.TIME)
            for role in ROLES:
                column = layout.column(align=True)
                column.label(text=role.replace("_", " ").title())
                for part in columns.PARTS:
                    column.prop(self, columns.property_name(role, part))
        try:
            lines = columns.preview_lines(path, self._options(path))
        except InputError as error:
            lines = [str(error)]
        box = layout.box().column(align=True)
        box.label(text="What is found", icon="VIEWZOOM")
        for line in broken_lines(context, lines, most=MOST_PREVIEW_LINES):
            box.label(text=line, translate=False)


THREEPOINT_OT_import_recording.__annotations__.update(columns.column_properties())


def reading_options(path, python=None):
    """What a reader needs that Blender's own Python cannot do: XROR is unpacked by the engine's.

    ``python`` by default is the one that the preferences name. Raises ``EngineError`` where there is none.
    """
    if path.suffix.lower() != ".xror":
        return {}
    return {"python": python or preferences.engine_python()}


def recording_paths(directory, names, filepath):
    """What to read: the files chosen, or all that look like recordings of a folder chosen instead.

    A folder that is itself a recording counts as one.
    """
    paths = [Path(directory) / name for name in names if name] or ([Path(filepath)] if filepath else [])
    found = []
    for path in paths:
        if path.is_dir() and not (uxf.recognises_folder(path) or aria.recognises_folder(path)):
            suffixes = SUFFIXES.replace("*", "").split(";")
            found += sorted((file for file in path.iterdir() if file.suffix.lower() in suffixes), key=lambda f: f.name)
        else:
            found.append(path)
    return found


class THREEPOINT_OT_use_objects(bpy.types.Operator):
    """Start a new person whose head and hands are any animated objects: choose them in the panel"""

    bl_idname = "threepoint.use_objects"
    bl_label = "Use Animated Objects"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context):
        chosen = list(context.selected_objects)[:3]
        if context.active_object in chosen:
            chosen.remove(context.active_object)
            chosen.insert(0, context.active_object)
        roles = dict(zip(("head", "left_hand", "right_hand"), chosen, strict=False))
        people.add_person_from_objects(roles, "Person", context.scene)
        return {"FINISHED"}


class THREEPOINT_FH_recording(bpy.types.FileHandler):
    """Recordings that are dropped into the 3D view or the outliner"""

    bl_idname = "THREEPOINT_FH_recording"
    bl_label = "Headset Recording"
    bl_import_operator = "threepoint.import_recording"
    bl_file_extensions = ".bsor;.xror"

    @classmethod
    def poll_drop(cls, context):
        return context.area is not None and context.area.type in ("VIEW_3D", "OUTLINER")


CLASSES = (THREEPOINT_OT_import_recording, THREEPOINT_OT_use_objects, THREEPOINT_FH_recording)


def _draw_menu(self, _context):
    self.layout.operator(THREEPOINT_OT_import_recording.bl_idname, text="Headset Recording (.bsor, .csv, ...)")


def register():
    for kind in CLASSES:
        bpy.utils.register_class(kind)
    bpy.types.TOPBAR_MT_file_import.append(_draw_menu)


def unregister():
    bpy.types.TOPBAR_MT_file_import.remove(_draw_menu)
    for kind in reversed(CLASSES):
        bpy.utils.unregister_class(kind)
