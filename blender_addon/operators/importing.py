"""File > Import > Headset Recording, and files dropped into the 3D view."""

# pyright: reportInvalidTypeForm=false
# Blender takes properties from annotations that are calls.

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import BoolProperty, CollectionProperty, EnumProperty, FloatProperty, IntProperty, StringProperty
from bpy_extras.io_utils import ImportHelper

from ...model_core.errors import InputError
from ...model_core.geometry.skeleton import ROLES
from ...model_core.recordings import formats
from ..bpy_types import Context, registration
from ..engine.client import EngineError
from ..i18n.messages import message, of_error
from ..i18n.text_wrap import wrapped_lines
from ..i18n.translations import translated
from ..state import engine_choice
from ..trackers import columns
from ..trackers.roles import role_label
from . import reading_recordings, runs_of_file
from .buttons import Button, Slot
from .reading_recordings import IMPORT, WORKPLACE, is_free
from .stepped import draw_progress

AUTO_DETECT = ("AUTO", "Auto-detect", "Find it out from the file")
TABLE_CHOICES = {
    "time_unit": ("Time", ("s", "ms", "us", "ns", "ticks")),
    "length_unit": ("Length", ("m", "cm", "mm", "ft", "in")),
    "angle_unit": ("Angles", ("degrees", "radians")),
    "euler_order": ("Order of Angles", ("YXZ", "XZY", "ZXY", "YZX", "ZYX", "XYZ")),
    "convention": ("Axes", ("openxr", "unity", "unreal", "ros", "z_up", "gltf", "blender")),
}
"""Fields of ``recordings.table.TableOptions`` -> label and values."""
MAX_PREVIEW_LINES = 16
LARGEST_LOOKED_INTO = 8 * 2**20
"""Bytes of a file of which the dialog lists the runs."""
SUFFIXES = ";".join(f"*{suffix}" for suffix in formats.suffixes())


CHOICE_DESCRIPTIONS = {
    "time_unit": "What the time column counts; a tick is 100 ns",
    "length_unit": "What positions are measured in",
    "angle_unit": "What three angles of a rotation are measured in",
    "euler_order": "How three angles multiply, from left to right: YXZ is what Unity and A-Frame mean",
    "convention": "Which way the axes point: openxr +Y up -Z forward, unity left-handed +Y up +Z forward, unreal "
    "left-handed +Z up +X forward, ros +Z up +X forward, z_up +Z up +Y forward, gltf +Y up +Z forward, "
    "blender +Z up -Y forward",
}


def _choice(name: str) -> object:
    label, values = TABLE_CHOICES[name]
    items = (AUTO_DETECT, *((value, value, "") for value in values))
    return EnumProperty(name=label, items=items, description=CHOICE_DESCRIPTIONS[name])


def _fill_columns(operator: Any, _context: bpy.types.Context) -> None:
    """A setting cannot report: the preview below it says what is wrong with the table."""
    if operator.own_columns:
        with suppress(InputError):
            columns.fill_columns(operator)


class THREEPOINT_OT_import_recording(bpy.types.Operator, ImportHelper):
    """Bring recordings of a headset and two controllers into the scene as animated empties"""

    bl_idname = "threepoint.import_recording"
    bl_label = "Import Headset Recording"
    bl_options = {"PRESET"}  # Undone is what it begins (``reading_recordings``).

    if TYPE_CHECKING:
        filepath: str
        layout: bpy.types.UILayout

    filter_glob: StringProperty(default=SUFFIXES, options={"HIDDEN"})
    files: CollectionProperty(type=bpy.types.OperatorFileListElement, options={"HIDDEN", "SKIP_SAVE"})
    directory: StringProperty(subtype="DIR_PATH", options={"HIDDEN", "SKIP_SAVE"})
    fit_range: BoolProperty(
        name="Fit Frame Range", default=True, description="Let the scene end with the longest recording"
    )
    beside: BoolProperty(
        name="Place Beside", default=True,
        description="Move each person to beside what is there; off, they stand where their recording says",
    )  # fmt: skip
    time_unit: _choice("time_unit")
    length_unit: _choice("length_unit")
    angle_unit: _choice("angle_unit")
    euler_order: _choice("euler_order")
    convention: _choice("convention")
    fps: FloatProperty(name="Rate", min=0.0, description="Samples per second of a table without times; 0: auto-detect")
    run: IntProperty(
        name="Run", min=0, options={"SKIP_SAVE"},
        description="Of a file with several runs or long pauses only this one, from 1 on; 0: all, one after the other",
    )  # fmt: skip
    own_columns: BoolProperty(
        name="Choose Columns", update=_fill_columns, options={"SKIP_SAVE"},
        description="Say which columns of the table are what, beginning with what was detected",
    )  # fmt: skip
    keep: BoolProperty(
        name="Remember for This Header", options={"SKIP_SAVE"},
        description="Read all tables with the same header so from now on, here and on the command line",
    )  # fmt: skip

    @classmethod
    def poll(cls, context: Context) -> bool:
        """Whether no other import is under way."""
        return is_free(cls, context)

    def invoke(self, context: Context, event: bpy.types.Event) -> set[str]:
        if self.directory and self.files:  # Dropped: the files are known.
            return self.execute(context)
        begun: Any = ImportHelper.invoke(self, context, event)
        return begun

    def execute(self, context: Context) -> set[str]:
        if self.own_columns:
            _fill_columns(self, context)
        paths = recording_paths(self.directory, [file.name for file in self.files], self.filepath)
        if not paths:
            self.report({"ERROR"}, translated(message("No recording was chosen")))
        asked = []
        for path in paths:
            try:
                asked.append({"path": str(path), "options": self._options(path), "keep": self.keep})
            except (InputError, EngineError) as error:
                self.report({"ERROR"}, translated(error))
        refusal = reading_recordings.begin(asked, self.fit_range, self.beside, self.run) if asked else ""
        if refusal:
            self.report({"ERROR"}, refusal)
        return {"FINISHED"} if asked and not refusal else {"CANCELLED"}

    def _options(self, path: Path) -> dict[str, Any]:
        """What the user knows of tables, as far as the file's format takes it, and what unpacks some formats."""
        given: dict[str, Any] = {name: getattr(self, name) for name in TABLE_CHOICES}
        given = {name: value for name, value in given.items() if value != AUTO_DETECT[0]}
        if self.fps > 0:
            given["fps"] = self.fps
        if self.own_columns:
            given["columns"] = columns.chosen_columns(self)
        taken = formats.find_format(path).OPTIONS
        return reading_options(path) | {name: value for name, value in given.items() if value and name in taken}

    def draw(self, context: Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        layout.prop(self, "fit_range")
        layout.prop(self, "beside")
        self._draw_runs(layout)
        path = Path(self.filepath)
        if path.is_file() and path.suffix.lower() not in columns.TABLE_SUFFIXES:
            return  # All other formats know of themselves what tables have to be told.
        box = layout.column(heading="Tables (CSV)")
        for name in (*TABLE_CHOICES, "fps"):
            box.prop(self, name)
        if path.suffix.lower() in columns.TABLE_SUFFIXES and path.is_file():
            self._draw_columns(context, layout, path)

    def _draw_runs(self, layout: bpy.types.UILayout) -> None:
        """The choice of a run, and which there are in a file that is short enough to be read while it is looked at."""
        column = layout.column(align=True)
        column.prop(self, "run")
        runs = self._runs()
        for number, (begin, end) in enumerate(runs, start=1):
            said = message("Run {number}: {seconds:.1f} s, from {begin:.1f} s on", number=number,
                           begin=begin - runs[0][0], seconds=end - begin)  # fmt: skip
            column.label(text=translated(said), translate=False)

    def _runs(self) -> tuple[tuple[float, float], ...]:
        path = Path(self.filepath)
        try:
            if not path.is_file() or path.stat().st_size > LARGEST_LOOKED_INTO:
                return ()
            if "python" in formats.find_format(path).OPTIONS:
                return ()
            return runs_of_file.runs_of(path, self._options(path))
        except (OSError, InputError):
            return ()

    def _draw_columns(self, context: Context, layout: bpy.types.UILayout, path: Path) -> None:
        layout.use_property_split = False
        layout.prop(self, "own_columns")
        layout.prop(self, "keep")
        layout.use_property_split = True
        if self.own_columns:
            layout.prop(self, columns.TIME)
            for role in ROLES:
                column = layout.column(align=True)
                column.label(text=translated(role_label(role)).title(), translate=False)
                for part in columns.PARTS:
                    column.prop(self, columns.property_name(role, part))
        try:
            lines = columns.preview_lines(path, self._options(path))
        except InputError as error:
            lines = [of_error(error)]
        box = layout.box().column(align=True)
        box.label(text="Detected", icon="VIEWZOOM")
        for line in wrapped_lines(context, lines, most=MAX_PREVIEW_LINES):
            box.label(text=line, translate=False)


THREEPOINT_OT_import_recording.__annotations__.update(columns.column_properties())


def reading_options(path: Path, python: Path | None = None) -> dict[str, Path]:
    """What a reader needs beyond Blender's own Python: some formats are unpacked by the engine's.

    ``python`` by default is the one that the preferences name. Raises ``EngineError`` where there is none.
    """
    if "python" not in formats.find_format(path).OPTIONS:
        return {}
    return {"python": python or engine_choice.engine_python()}


def recording_paths(directory: str, names: Sequence[str], filepath: str) -> list[Path]:
    """What to read: the files chosen, or all that look like recordings of a folder chosen instead.

    A folder that is itself a recording counts as one.
    """
    paths = [Path(directory) / name for name in names if name] or ([Path(filepath)] if filepath else [])
    found = []
    for path in paths:
        if path.is_dir() and formats.recognise(path) is None:
            endings = formats.suffixes()
            found += sorted((file for file in path.iterdir() if file.suffix.lower() in endings), key=lambda f: f.name)
        else:
            found.append(path)
    return found


class THREEPOINT_FH_recording(bpy.types.FileHandler):
    """Recordings that are dropped into the 3D view or the outliner"""

    bl_idname = "THREEPOINT_FH_recording"
    bl_label = "Headset Recording"
    bl_import_operator = "threepoint.import_recording"
    bl_file_extensions = ";".join(formats.suffixes())

    @classmethod
    def poll_drop(cls, context: Context) -> bool:
        return context.area is not None and context.area.type in ("VIEW_3D", "OUTLINER")


def _draw_menu(menu: Any, _context: bpy.types.Context) -> None:
    menu.layout.operator(THREEPOINT_OT_import_recording.bl_idname, text="Headset Recording (.bsor, .csv, ...)")


def _draw_button(layout: bpy.types.UILayout, context: Context) -> None:
    if not draw_progress(layout, context, IMPORT, WORKPLACE):
        layout.operator(THREEPOINT_OT_import_recording.bl_idname, icon="IMPORT", text="Import Recording")


BUTTONS = (Button(Slot.RECORDING, 10, _draw_button),)
CLASSES = (THREEPOINT_OT_import_recording, THREEPOINT_FH_recording)
_register_classes, _unregister_classes = registration(CLASSES)


def register() -> None:
    """Register the operators, and add the import to Blender's menu."""
    _register_classes()
    bpy.types.TOPBAR_MT_file_import.append(_draw_menu)


def unregister() -> None:
    """Take it all back."""
    runs_of_file.stop()
    bpy.types.TOPBAR_MT_file_import.remove(_draw_menu)
    _unregister_classes()
