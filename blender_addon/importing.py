"""File > Import > Headset Recording, and files dropped into the 3D view."""

from pathlib import Path

import bpy
from bpy.props import BoolProperty, CollectionProperty, EnumProperty, FloatProperty, StringProperty
from bpy_extras.io_utils import ImportHelper

from ..model_core.errors import InputError

GUESS = ("GUESS", "Guess", "Find it out from the file")
TABLE_CHOICES = {
    "time_unit": ("Time", ("s", "ms", "us", "ns", "ticks")),
    "length_unit": ("Length", ("m", "cm", "mm")),
    "angle_unit": ("Angles", ("degrees", "radians")),
    "convention": ("Axes", ("openxr", "unity", "unreal", "ros", "z_up")),
}
"""Fields of ``recordings.table.TableOptions`` -> label and values."""
SUFFIXES = "*.bsor;*.csv;*.tsv;*.txt;*.npz;*.json;*.xror"


def _choice(name):
    label, values = TABLE_CHOICES[name]
    return EnumProperty(name=label, items=(GUESS, *((value, value, "") for value in values)))


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
    convention: _choice("convention")
    fps: FloatProperty(name="Rate", min=0.0, description="Samples a second of a table without times; 0: guess")

    def invoke(self, context, event):
        if self.directory and self.files:  # Dropped: the files are known.
            return self.execute(context)
        return ImportHelper.invoke(self, context, event)

    def execute(self, context):
        paths = recording_paths(self.directory, [file.name for file in self.files], self.filepath)
        done = 0
        for path in paths:
            try:
                self._import(path, context.scene)
                done += 1
            except InputError as error:
                self.report({"ERROR"}, str(error))
        if not paths:
            self.report({"ERROR"}, "No recording was chosen")
        if done:
            self.report({"INFO"}, f"{done} recording{'s' * (done > 1)} imported; see the Threepoint tab of the sidebar")
        return {"FINISHED"} if done else {"CANCELLED"}

    def _import(self, path, scene):
        from ..model_core.recordings import read
        from .people import add_person
        from .timing import seconds_to_frames

        recording = read(path, **self._table_options(path))
        add_person(recording, path.stem, scene)
        if self.fit_range:
            last = seconds_to_frames(recording.duration, scene)
            alone = len(scene.threepoint.people) == 1
            scene.frame_end = int(round(last)) if alone else max(scene.frame_end, int(round(last)))

    def _table_options(self, path):
        """What the user knows of tables; other formats know their units themselves."""
        chosen = {name: getattr(self, name) for name in TABLE_CHOICES}
        options = {name: value for name, value in chosen.items() if value != GUESS[0]}
        if self.fps > 0:
            options["fps"] = self.fps
        return options if path.suffix.lower() in (".csv", ".tsv", ".txt") else {}

    def draw(self, context):
        layout = self.layout
        layout.use_property_split = True
        layout.prop(self, "fit_range")
        box = layout.column(heading="Tables (CSV)")
        for name in (*TABLE_CHOICES, "fps"):
            box.prop(self, name)
        if Path(self.filepath).suffix.lower() in (".csv", ".tsv") and Path(self.filepath).is_file():
            for line in table_preview(self.filepath):
                layout.label(text=line)


def recording_paths(directory, names, filepath):
    """The files to read: those chosen, or all that look like recordings of a folder chosen instead."""
    paths = [Path(directory) / name for name in names if name] or ([Path(filepath)] if filepath else [])
    found = []
    for path in paths:
        if path.is_dir():
            found += sorted(file for pattern in SUFFIXES.split(";") for file in path.glob(pattern))
        else:
            found.append(path)
    return found


def table_preview(path):
    """What is guessed of a table's columns, a line each."""
    from ..model_core.recordings.columns import guess_columns
    from ..model_core.recordings.table import read_table
    from ..model_core.recordings.text import decode

    try:
        with open(path, "rb") as file:
            table = read_table(decode(file.read(1 << 16).rpartition(b"\n")[0], Path(path).name), Path(path).name)
    except (InputError, OSError) as error:
        return [str(error)]
    guess = guess_columns(table.names)
    lines = [f"{role}: {', '.join(table.names[i] for i in device.position + device.rotation)}"
             for role, device in guess.devices.items()]  # fmt: skip
    return lines or ["No tracker is recognised by the names of the columns"]


class THREEPOINT_OT_use_objects(bpy.types.Operator):
    """Start a new person whose head and hands are any animated objects: choose them in the panel"""

    bl_idname = "threepoint.use_objects"
    bl_label = "Use Animated Objects"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context):
        from .people import add_person_from_objects

        chosen = list(context.selected_objects)[:3]
        if context.active_object in chosen:
            chosen.remove(context.active_object)
            chosen.insert(0, context.active_object)
        roles = dict(zip(("head", "left_hand", "right_hand"), chosen, strict=False))
        add_person_from_objects(roles, "Person", context.scene)
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
