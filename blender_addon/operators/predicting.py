"""Predict, another take, refine the active take again, solve a range again."""

# pyright: reportInvalidTypeForm=false
# Blender takes properties from annotations that are calls.

import time
from collections.abc import Iterator
from typing import Any

import bpy
from bpy.props import EnumProperty

from ..bpy_types import Context, registration
from ..engine import client as engine
from ..engine.client import Job
from ..i18n.messages import message
from ..i18n.translations import translate
from ..state import characters, engine_choice, predictions
from ..state.direction.solving_notes import solving_notes
from ..state.people import frame_rate_message, people_of, trackers_of
from ..state.properties import THREEPOINT_PG_person, require_person
from ..state.takes import active_take, duplicate_take
from ..steps import Steps
from . import showing
from .buttons import Button, Slot
from .engine_jobs import EngineOperator
from .ranges import draw_range_buttons
from .stepped import draw_progress

KINDS = (
    ("MEAN", "Predict", "Predict the whole body from head and hands as they move in the scene now"),
    ("ALL", "Predict All", "Predict everybody in the scene, one after the other"),
    ("TAKE", "Another Take", "Predict one more plausible motion, kept beside the others"),
    ("TAKE_RANGE", "Another Take in Range", "Draw one more plausible motion from First to Last, kept as another take"),
    ("REFINE", "Refine Active Take", "Predict the active take again, with this strength of refinement"),
    ("RANGE", "Re-solve Range", "Predict only the frames from First to Last, blended into the active take"),
)
LABELS = {identifier: label for identifier, label, _ in KINDS}
DESCRIPTIONS = {identifier: description for identifier, _, description in KINDS}


class THREEPOINT_OT_predict(EngineOperator, bpy.types.Operator):
    """Predict the whole body from head and hands as they move in the scene now"""

    bl_idname = "threepoint.predict"
    bl_label = "Predict"
    bl_options = {"UNDO"}
    step = "PREDICTION"

    kind: EnumProperty(items=KINDS, options={"SKIP_SAVE"})

    @classmethod
    def description(cls, context: Context, properties: bpy.types.OperatorProperties) -> str:
        """The tooltip of the button for a kind."""
        return translate(DESCRIPTIONS[properties.kind])

    def people(self, context: Context) -> list[THREEPOINT_PG_person]:
        """The active person, or everybody who has a head."""
        if self.kind != "ALL":
            return super().people(context)
        return [person for person in people_of(context.scene) if "head" in trackers_of(person)]

    def ask(self, context: Context, person: THREEPOINT_PG_person) -> Steps[Job]:
        """Ask for the motion of the kind that the button is for."""
        self._begun = time.monotonic()
        self._take, self._frames, number = None, None, 0
        if self.kind in ("TAKE", "TAKE_RANGE"):
            number = 1 + max((take.number for take in person.takes), default=0)
        elif self.kind in ("REFINE", "RANGE"):
            take = active_take(person)
            if take is not None:
                self._take, number = take.identifier, take.number
        self._frames = (person.first, person.last) if self.kind in ("RANGE", "TAKE_RANGE") else None
        python, shown = engine_choice.engine_python(), self.kind == "TAKE_RANGE"
        return predictions.asking_for_motion(person, context.scene, python, number, self._frames, shown=shown)

    def finish(self, context: Context, person: THREEPOINT_PG_person, job: Job) -> Iterator[None]:
        """Bring the motion onto the avatar."""
        assert job.motion is not None and job.calibration is not None
        scene, said, is_new = context.scene, [], person.armature is None
        if self._frames is not None:
            if self.kind == "TAKE_RANGE":
                take = duplicate_take(person, person.active_take)
                take.number = int(job.motion.provenance["take"])
                take.name = f"Take {take.number}, {person.first} to {person.last}"
            yield from predictions.receiving_range(person, job.motion, scene, *self._frames, said)
        else:
            steps = predictions.receiving(person, job.motion, scene, said, identifier=self._take)
            next(steps, None)  # Before anything is changed it has seen that all can be.
            yield from predictions.receiving_calibration(person, job.calibration, job.key)
            yield from steps
        if is_new:
            showing.select(context, [person.armature], person.armature)
            showing.select_bones(person.armature)
            showing.show_colours_in_views(context)
            showing.hide_names(person)
        done = message(
            "{person}: {length:.1f} s of motion in {seconds:.1f} s",
            person=person.name, length=job.motion.duration, seconds=time.monotonic() - self._begun,
        )  # fmt: skip
        self.tell(done)
        said += solving_notes(job.motion, person, scene)
        rate = frame_rate_message(person, scene)
        for warning in [*said, *([rate] if rate is not None else []), *characters.lagging(person)]:
            self.tell(warning, "WARNING")


def _draw_button(layout: bpy.types.UILayout, kind: str, icon: Any) -> None:
    layout.operator(THREEPOINT_OT_predict.bl_idname, text=translate(LABELS[kind]), icon=icon).kind = kind


def _draw_predict(layout: bpy.types.UILayout, context: Context) -> None:
    row = layout.row(align=True)
    row.scale_y = 1.5
    if draw_progress(row, context, THREEPOINT_OT_predict.step):  # In the button's place: nothing below it moves.
        return
    _draw_button(row, "MEAN", "PLAY")
    if len(people_of(context.scene)) > 1:
        _draw_button(row, "ALL", "COMMUNITY")


def _draw_another_take(layout: bpy.types.UILayout, context: Context) -> None:
    _draw_button(layout, "TAKE", "ADD")


def _draw_refine(layout: bpy.types.UILayout, context: Context) -> None:
    _draw_button(layout, "REFINE", "FILE_REFRESH")


def _draw_range(layout: bpy.types.UILayout, context: Context) -> None:
    person = require_person(context)
    row = layout.row(align=True)
    row.prop(person, "first")
    row.prop(person, "last")
    draw_range_buttons(row)
    _draw_button(layout, "RANGE", "PREVIEW_RANGE")
    _draw_button(layout, "TAKE_RANGE", "ADD")


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
