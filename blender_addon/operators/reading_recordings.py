"""Recordings come into the scene: each is read by another process, and made into empties from tick to tick."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import bpy
from bpy.props import StringProperty

from ...model_core.calibration import calibration_from_json
from ...model_core.errors import InputError
from ...model_core.recordings import Recording, read
from ...model_core.recordings.tables.layouts import user_layouts
from ...model_core.recordings.tables.options import TableOptions
from ..bpy_types import Context, registration
from ..i18n.messages import Message, message
from ..i18n.translations import translated
from ..reading.process import Reading, recording_request
from ..state import people, predictions
from ..state.placement import extent_now
from ..state.properties import THREEPOINT_PG_person
from ..trackers import columns
from . import showing
from .stepped import Phase, SteppedOperator, Work

IMPORT, WORKPLACE = "IMPORT", "threepoint_import"
"""What says that an import is under way, and where: the engine may be at work meanwhile."""
ERROR = "Error: "
"""What Blender puts before an operator's report that it raises."""


class THREEPOINT_OT_read_recordings(SteppedOperator, bpy.types.Operator):
    """Bring recordings of a headset and two controllers into the scene as animated empties"""

    bl_idname = "threepoint.read_recordings"
    bl_label = "Import Headset Recording"
    bl_options = {"UNDO", "INTERNAL"}
    step, workplace = IMPORT, WORKPLACE

    asked: StringProperty(options={"HIDDEN", "SKIP_SAVE"})  # pyright: ignore[reportInvalidTypeForm]
    """What ``begin`` is given, as JSON."""

    _name = ""

    def progress(self) -> tuple[float, Message]:
        """Which file is being read: nobody knows how far."""
        return 0.0, message("Reading {file}", file=self._name)

    def working(self, context: Context) -> Work[None]:
        """Read one file after the other; one that cannot be read is told, and the others come in."""
        asked, imported = json.loads(self.asked), 0
        for file in asked["files"]:
            path, self._name = Path(file["path"]), Path(file["path"]).name
            try:
                recording = yield from _reading(path, asked["run"] or None, file["options"])
                if file["keep"] and path.suffix.lower() in columns.TABLE_SUFFIXES and file["options"]:
                    user_layouts().save(columns.head_of(path).names, TableOptions(**file["options"]))
            except InputError as error:
                if file is asked["files"][-1] and not imported:
                    raise  # Nothing has come in: there is nothing to undo.
                self.report({"ERROR"}, translated(error))  # pyright: ignore[reportArgumentType]
                continue
            person = yield from people.adding_person(recording, path.stem, context.scene, asked["beside"])
            if file.get("calibration"):
                key = predictions.current_calibration_key(person, context.scene)
                yield from predictions.receiving_calibration(person, calibration_from_json(file["calibration"]), key)
            if asked["fit_range"]:
                people.fit_frame_range(person, context.scene, recording.duration)
            show_person(context, person)
            self._finished, imported = True, imported + 1
        if imported:
            self.tell(message("Recordings imported: {count}; see the Threepoint tab of the sidebar", count=imported))


def _reading(path: Path, run: int | None, options: Mapping[str, Any]) -> Work[Recording]:
    """The recording in a file. Where no window waits it is read here."""
    if bpy.app.background:
        return read(path, user_layouts(), run=run, **options)
    reading = Reading(path, recording_request(run, options))
    try:
        while not reading.finished():
            yield Phase.WAITING
    except GeneratorExit:
        reading.cancel()
        raise
    return reading.recording()


def begin(files: Sequence[Mapping[str, Any]], fit_range: bool = True, beside: bool = True, run: int = 0) -> str:
    """Begin to bring files into the scene; in a window they are there later. Why that is refused, "" where it is not.

    Of each file: ``path``, ``options`` of ``recordings.read``, whether to ``keep`` these for tables with the same
    header, and the person's ``calibration`` (``calibration_to_json``) where it is known. ``run`` counts from 1; 0: all.
    """
    asked = json.dumps({"files": files, "fit_range": fit_range, "beside": beside, "run": run}, default=str)
    try:
        operators: Any = bpy.ops
        operators.threepoint.read_recordings("INVOKE_DEFAULT", True, asked=asked)
    except RuntimeError as error:  # So Blender hands on what it has reported.
        return "\n".join(line.removeprefix(ERROR) for line in str(error).strip().splitlines())
    return ""


def is_free(operator: type[bpy.types.Operator], context: Context) -> bool:
    """Whether neither an import is under way nor what else has its place."""
    work = getattr(context.window_manager, WORKPLACE)
    if work.running and work.step == IMPORT:
        operator.poll_message_set("Another recording is being read")
    elif work.running:
        operator.poll_message_set("The avatar is being converted")
    return not work.running


def show_person(context: Context, person: THREEPOINT_PG_person) -> None:
    """Select a person's trackers and bring them into view, with the scene's range."""
    trackers = people.trackers_of(person)
    if "head" in trackers:
        # Where the walk is too long to be seen whole, framed with the root: it stands on the floor.
        showing.select(context, [*trackers.values(), person.root], trackers["head"])
        context.view_layer.update()  # The root may have been moved beside what is there only now.
        showing.frame_walk(context, extent_now(person.root).tolist())
        showing.select(context, list(trackers.values()), trackers["head"])


register, unregister = registration((THREEPOINT_OT_read_recordings,))
