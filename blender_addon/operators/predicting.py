"""Predict, another take, refine the active take again, solve a range again."""

# pyright: reportInvalidTypeForm=false
# Blender takes properties from annotations that are calls.

import time
from typing import Any

import bpy
from bpy.props import EnumProperty

from ..bpy_types import Context, registration
from ..engine import client as engine
from ..engine.client import Job
from ..i18n.messages import Message, message
from ..i18n.translations import translate, translated
from ..state import engine_choice, predictions
from ..state.properties import THREEPOINT_PG_person, require_person
from .buttons import Button, Slot
from .engine_jobs import EngineOperator

KINDS = (
    ("MEAN", "Predict", "The most plausible motion"),
    ("TAKE", "Another Take", "One more plausible motion, kept beside the others"),
    ("REFINE", "Refine Active Take", "The active take, predicted again with this strength of refinement"),
    ("RANGE", "Re-solve Range", "Only the chosen frames, blended into the active take"),
)
LABELS = {identifier: label for identifier, label, _ in KINDS}
DESCRIPTIONS = {identifier: description for identifier, _, description in KINDS}


class THREEPOINT_OT_predict(EngineOperator, bpy.types.Operator):
    """Predict the whole body from head and hands as they move in the scene now. Esc stops it"""

    bl_idname = "threepoint.predict"
    bl_label = "Predict"
    bl_options = {"REGISTER", "UNDO"}
    step = "PREDICTION"

    kind: EnumProperty(items=KINDS, options={"SKIP_SAVE"})

    @classmethod
    def description(cls, context: Context, properties: bpy.types.OperatorProperties) -> str:
        """The tooltip of the button for a kind."""
        return translated(message("{what}. Esc stops it", what=message(DESCRIPTIONS[properties.kind])))

    def ask(self, context: Context, person: THREEPOINT_PG_person) -> Job:
        """Ask for the motion of the kind that the button is for."""
        self._begun = time.monotonic()
        take, frames = 0, None
        if self.kind == "TAKE":
            take = 1 + max((take.number for take in person.takes), default=0)
        elif self.kind in ("REFINE", "RANGE") and person.takes:
            take = person.takes[person.active_take].number
            frames = (person.first, person.last) if self.kind == "RANGE" else None
        return predictions.ask_for_motion(person, context.scene, engine_choice.engine_python(), take, frames)

    def finish(self, context: Context, person: THREEPOINT_PG_person, job: Job) -> Message:
        """Bring the motion onto the avatar."""
        assert job.motion is not None and job.calibration is not None
        if self.kind == "RANGE":
            predictions.receive_range(person, job.motion, context.scene)
        else:
            predictions.receive_calibration(person, job.calibration, job.key)
            predictions.receive_motion(person, job.motion, context.scene)
        return message(
            "{person}: {length:.1f} s of motion in {seconds:.1f} s",
            person=person.name, length=job.motion.duration, seconds=time.monotonic() - self._begun,
        )  # fmt: skip


def _draw_button(layout: bpy.types.UILayout, kind: str, icon: Any) -> None:
    layout.operator(THREEPOINT_OT_predict.bl_idname, text=translate(LABELS[kind]), icon=icon).kind = kind


def _draw_predict(layout: bpy.types.UILayout, context: Context) -> None:
    row = layout.row()
    row.scale_y = 1.5
    _draw_button(row, "MEAN", "PLAY")


def _draw_another_take(layout: bpy.types.UILayout, context: Context) -> None:
    _draw_button(layout, "TAKE", "ADD")


def _draw_refine(layout: bpy.types.UILayout, context: Context) -> None:
    _draw_button(layout, "REFINE", "FILE_REFRESH")


def _draw_range(layout: bpy.types.UILayout, context: Context) -> None:
    person = require_person(context)
    row = layout.row(align=True)
    row.prop(person, "first")
    row.prop(person, "last")
    _draw_button(layout, "RANGE", "PREVIEW_RANGE")


BUTTONS = (
    Button(Slot.PREDICTION, 10, _draw_predict),
    Button(Slot.TAKES, 10, _draw_another_take),
    Button(Slot.REFINEMENT, 10, _draw_refine),
    Button(Slot.REFINEMENT, 20, _draw_range),
)
_register_classes, _unregister_classes = registration((THREEPOINT_OT_predict,))


@bpy.app.handlers.persistent
def _stop_engine(*_: object) -> None:
    """Another file is opened: what is being predicted belongs to the old one."""
    engine.stop()


def register() -> None:
    """Register the operator, and stop the engine whenever another file is opened."""
    _register_classes()
    bpy.app.handlers.load_pre.append(_stop_engine)


def unregister() -> None:
    """Take it all back."""
    bpy.app.handlers.load_pre.remove(_stop_engine)
    engine.stop()
    _unregister_classes()
