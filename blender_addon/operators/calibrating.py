"""Calibrate: the person's size, the floor and how the hands hold their devices, estimated by the engine."""

from collections.abc import Iterator

import bpy

from ..animation.timing import playhead
from ..bpy_types import Context, registration
from ..engine.client import Job
from ..i18n.messages import message
from ..i18n.translations import as_sentence
from ..state import engine_choice, predictions
from ..state.properties import THREEPOINT_PG_person, active_person, require_person
from ..steps import Steps
from .buttons import Button, Slot
from .engine_jobs import EngineOperator

TELLS_PERSON = ("person", "person_in_pose", "calibrated_per_player")
"""Notes that say what came of a calibration; others may follow them."""


class _Calibrating(EngineOperator):
    """What both buttons do."""

    step = "CALIBRATION"

    def ask(self, context: Context, person: THREEPOINT_PG_person) -> Steps[Job]:
        """Ask for the calibration that the settings describe."""
        return predictions.asking_for_calibration(person, context.scene, engine_choice.engine_python())

    def finish(self, context: Context, person: THREEPOINT_PG_person, job: Job) -> Iterator[None]:
        """Keep and show it."""
        assert job.calibration is not None
        yield from predictions.receiving_calibration(person, job.calibration, job.key)
        notes = job.calibration.notes
        note = next((note for note in reversed(notes) if note.code in TELLS_PERSON), notes[-1])
        self.tell(message("{person}: {note}", person=person.name, note=note))


class THREEPOINT_OT_calibrate(_Calibrating, bpy.types.Operator):
    """Estimate the person's size, the floor and how the hands hold the controllers"""

    bl_idname = "threepoint.calibrate"
    bl_label = "Calibrate"
    bl_options = {"UNDO"}


class THREEPOINT_OT_calibrate_t_pose(_Calibrating, bpy.types.Operator):
    """Measure the person's size and how devices are held: they stand in a T-pose at the current frame"""

    bl_idname = "threepoint.calibrate_t_pose"
    bl_label = "T-Pose at Playhead"
    bl_options = {"UNDO"}

    def ask(self, context: Context, person: THREEPOINT_PG_person) -> Steps[Job]:
        """Ask for a calibration in the pose of the current frame"""
        self._frame = playhead(context.scene)
        return predictions.asking_for_calibration(person, context.scene, engine_choice.engine_python(), self._frame)

    def finish(self, context: Context, person: THREEPOINT_PG_person, job: Job) -> Iterator[None]:
        """Keep the calibration and the frame that it was measured at."""
        person.use_t_pose, person.t_pose_frame = True, self._frame
        yield from super().finish(context, person, job)


class THREEPOINT_OT_copy_calibration(bpy.types.Operator):
    """Copy all that was found of the person and their devices to the clipboard"""

    bl_idname = "threepoint.copy_calibration"
    bl_label = "Copy Calibration"

    @classmethod
    def poll(cls, context: Context) -> bool:
        """Whether there is a calibration."""
        person = active_person(context)
        return person is not None and predictions.last_calibration(person) is not None

    def execute(self, context: Context) -> set[str]:
        """Copy its notes, a line each."""
        calibration = predictions.last_calibration(require_person(context))
        assert calibration is not None
        context.window_manager.clipboard = "\n".join(as_sentence(note) for note in calibration.notes)
        return {"FINISHED"}


def _draw(layout: bpy.types.UILayout, context: Context) -> None:
    column = layout.column(align=True)
    column.operator(THREEPOINT_OT_calibrate.bl_idname)
    column.operator(THREEPOINT_OT_calibrate_t_pose.bl_idname)


def _draw_found(layout: bpy.types.UILayout, context: Context) -> None:
    person = require_person(context)
    row = layout.row(align=True)
    row.prop(person, "keep_calibration", icon="LOCKED" if person.keep_calibration else "UNLOCKED")
    row.operator(THREEPOINT_OT_copy_calibration.bl_idname, text="", icon="COPYDOWN")


BUTTONS = (Button(Slot.CALIBRATION, 10, _draw), Button(Slot.FOUND, 10, _draw_found))
CLASSES = (THREEPOINT_OT_calibrate, THREEPOINT_OT_calibrate_t_pose, THREEPOINT_OT_copy_calibration)
register, unregister = registration(CLASSES)
