"""Calibrate: the person's size, the floor and how the hands hold their devices, estimated by the engine."""

import bpy

from ..bpy_types import Context, registration
from ..engine.client import Job
from ..i18n.messages import Message, message
from ..state import engine_choice, predictions
from ..state.properties import THREEPOINT_PG_person
from .buttons import Button, Slot
from .engine_jobs import EngineOperator


class _Calibrating(EngineOperator):
    """What both buttons do."""

    step = "CALIBRATION"

    def ask(self, context: Context, person: THREEPOINT_PG_person) -> Job:
        """Ask for the calibration that the settings describe."""
        return predictions.ask_for_calibration(person, context.scene, engine_choice.engine_python())

    def finish(self, context: Context, person: THREEPOINT_PG_person, job: Job) -> Message:
        """Keep and show it."""
        assert job.calibration is not None
        predictions.receive_calibration(person, job.calibration, job.key)
        return message("{person}: {note}", person=person.name, note=job.calibration.notes[-1])


class THREEPOINT_OT_calibrate(_Calibrating, bpy.types.Operator):
    """Estimate the person's size, the floor and how the hands hold the controllers. Esc stops it"""

    bl_idname = "threepoint.calibrate"
    bl_label = "Calibrate"
    bl_options = {"REGISTER", "UNDO"}


class THREEPOINT_OT_calibrate_t_pose(_Calibrating, bpy.types.Operator):
    """Measure the person's size and how devices are held: they stand in a T-pose at the current frame. Esc stops it"""

    bl_idname = "threepoint.calibrate_t_pose"
    bl_label = "T-Pose at Playhead"
    bl_options = {"REGISTER", "UNDO"}

    def ask(self, context: Context, person: THREEPOINT_PG_person) -> Job:
        """Ask for a calibration in the pose of the current frame."""
        self._frame = context.scene.frame_current
        return predictions.ask_for_calibration(person, context.scene, engine_choice.engine_python(), self._frame)

    def finish(self, context: Context, person: THREEPOINT_PG_person, job: Job) -> Message:
        """Keep the calibration and the frame that it was measured at."""
        person.use_t_pose, person.t_pose_frame = True, self._frame
        return super().finish(context, person, job)


def _draw(layout: bpy.types.UILayout, context: Context) -> None:
    row = layout.row(align=True)
    row.operator(THREEPOINT_OT_calibrate.bl_idname, icon="CON_ARMATURE")
    row.operator(THREEPOINT_OT_calibrate_t_pose.bl_idname, icon="OUTLINER_OB_ARMATURE")


BUTTONS = (Button(Slot.CALIBRATION, 10, _draw),)
CLASSES = (THREEPOINT_OT_calibrate, THREEPOINT_OT_calibrate_t_pose)
register, unregister = registration(CLASSES)
