"""Pins: made of bones or any objects, removed, and the motion around them solved again."""

# pyright: reportInvalidTypeForm=false
# Blender takes properties from annotations that are calls.

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import bpy
import numpy as np
from bpy.props import EnumProperty

from ...model_core.errors import InputError
from ..bpy_types import AnyObject, Context, Scene, registration
from ..engine.client import Job
from ..i18n.messages import Message, message
from ..i18n.translations import translated
from ..state import characters, engine_choice, predictions
from ..state.direction.solving_notes import solving_notes
from ..state.pins import objects
from ..state.pins.properties import JOINT_ITEMS
from ..state.pins.reading import SampledPin, bone_pins, posed_pins
from ..state.polls import has_avatar, has_take
from ..state.properties import THREEPOINT_PG_person, require_person
from ..state.takes import active_take, whole_range
from ..steps import Steps
from .buttons import Button, Slot
from .engine_jobs import EngineOperator
from .stepped import draw_progress


class THREEPOINT_OT_pin_here(bpy.types.Operator):
    """Hold the joints of the selected bones where they are at this frame: an empty for each, to be moved and keyed"""

    bl_idname = "threepoint.pin_here"
    bl_label = "Pin Here"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: Context) -> bool:
        """Whether there is an avatar."""
        return has_avatar(cls, context)

    def execute(self, context: Context) -> set[str]:
        """Make the empties."""
        person = require_person(context)
        try:
            make_pins(person, bone_pins(context, person), context.scene)
        except InputError as error:
            self.report({"ERROR"}, translated(error))
            return {"CANCELLED"}
        return {"FINISHED"}


class THREEPOINT_OT_use_as_pin(bpy.types.Operator):
    """Let the active object hold a joint of the person's, wherever it moves"""

    bl_idname = "threepoint.use_as_pin"
    bl_label = "Use as Pin"
    bl_options = {"REGISTER", "UNDO"}

    role: EnumProperty(name="Joint", items=JOINT_ITEMS, options={"SKIP_SAVE"})

    @classmethod
    def poll(cls, context: Context) -> bool:
        """Whether there is an avatar."""
        return has_avatar(cls, context)

    def execute(self, context: Context) -> set[str]:
        """Give it its role."""
        try:
            active: AnyObject | None = context.view_layer.objects.active
            if active is None:
                raise InputError(message("Select the object that is to hold a joint"))
            objects.use_as_pin(require_person(context), active, self.role, context.scene)
        except InputError as error:
            self.report({"ERROR"}, translated(error))
            return {"CANCELLED"}
        return {"FINISHED"}


class THREEPOINT_OT_remove_pin(bpy.types.Operator):
    """Let the selected pin go: an empty that was made for it is deleted, another object stays as it is"""

    bl_idname = "threepoint.remove_pin"
    bl_label = "Remove Pin"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: Context) -> bool:
        """Whether a pin is selected."""
        if objects.active_pin(context) is None:
            cls.poll_message_set("Select a pin first")
            return False
        return True

    def execute(self, context: Context) -> set[str]:
        """Remove it."""
        pin = objects.active_pin(context)
        assert pin is not None
        objects.remove_pin(pin)
        return {"FINISHED"}


class Held(NamedTuple):
    """A pin's name, the frames (n,) at which it holds, and its reach in seconds."""

    name: str
    frames: np.ndarray
    reach: float


class _SolvingPins(EngineOperator):
    """Solve the neighbourhoods of pins again, one after the other, blended into the active take."""

    step = "PINS"
    _posed: Sequence[SampledPin] = ()
    _unmoved: Sequence[str] = ()
    """Names of bones that were selected and not moved."""
    _left_out: Sequence[str] = ()
    """Names of pins outside of the take."""
    _said: list[Message]
    """Told after all is done: the status bar shows what is told last."""

    @classmethod
    def poll(cls, context: Context) -> bool:
        """Whether there is a take, and the engine is idle."""
        return super().poll(context) and has_take(cls, context)

    def held(self, context: Context, person: THREEPOINT_PG_person) -> list[Held]:
        """The pins that are met. Every operator has its own. Raises ``InputError`` where there is none."""
        raise NotImplementedError

    def ranges(self, context: Context, person: THREEPOINT_PG_person) -> list[tuple[int, int]]:
        """First and last frames of each neighbourhood of pins within the active take. Raises ``InputError`` where there
        is none."""
        held = self.held(context, person)
        first, last = whole_range(predictions.written_take(person).action)
        inside = [(one.frames[(one.frames >= first) & (one.frames <= last)], one.reach) for one in held]
        self._left_out = [one.name for one, (frames, _) in zip(held, inside, strict=True) if not len(frames)]
        if len(self._left_out) == len(held):
            raise InputError(
                message("{pins}: outside of the take, which has the frames {first} to {last}; choose another take, or "
                        "another frame", pins=", ".join(self._left_out), first=first, last=last)
            )  # fmt: skip
        return objects.ranges_around(inside, context.scene)

    def people(self, context: Context) -> list[THREEPOINT_PG_person]:
        """The person, once for each neighbourhood."""
        person = require_person(context)
        self._waiting, self._said = self.ranges(context, person), []
        self._count = len(self._waiting)
        return [person] * self._count

    def ask(self, context: Context, person: THREEPOINT_PG_person) -> Steps[Job]:
        """Ask for the motion of the next neighbourhood."""
        self._frames, take = self._waiting.pop(0), active_take(person)
        number, python = take.number if take is not None else 0, engine_choice.engine_python()
        return predictions.asking_for_motion(
            person, context.scene, python, number, self._frames, posed=self._posed, shown=True
        )  # fmt: skip

    def finish(self, context: Context, person: THREEPOINT_PG_person, job: Job) -> Iterator[None]:
        """Bring the motion onto the avatar; what was posed becomes pins."""
        assert job.motion is not None
        yield from predictions.receiving_range(person, job.motion, context.scene, *self._frames, self._said)
        make_pins(person, self._posed, context.scene)
        self._said += solving_notes(job.motion, person, context.scene)
        if self._waiting:
            return
        self.tell(message("{person}: stretches solved around pins: {count}", person=person.name, count=self._count))
        if self._unmoved:
            bones = ", ".join(self._unmoved)
            self._said.append(message("Left out, being where the take has them: {bones}", bones=bones))
        if self._left_out:
            self._said.append(message("Left out, being outside of the take: {pins}", pins=", ".join(self._left_out)))
        for warning in [*self._said, *characters.lagging(person)]:
            self.tell(warning, "WARNING")


class THREEPOINT_OT_solve_pins(_SolvingPins, bpy.types.Operator):
    """Solve the active take again around all pins, each within its reach; the rest stays as it is"""

    bl_idname = "threepoint.solve_pins"
    bl_label = "Solve Pins"
    bl_options = {"UNDO"}

    def held(self, context: Context, person: THREEPOINT_PG_person) -> list[Held]:
        """All that are not muted."""
        pins = [item for item in objects.pins_of(person, context.scene) if not item.threepoint.pin.muted]
        if not pins:
            raise InputError(message("{person}: has no pins that are not muted", person=person.name))
        return [Held(item.name, objects.pin_frames(item), item.threepoint.pin.reach) for item in pins]


class THREEPOINT_OT_solve_from_pose(_SolvingPins, bpy.types.Operator):
    """Keep what the selected bones have been dragged to at this frame, as pins, and solve the active take around it"""

    bl_idname = "threepoint.solve_from_pose"
    bl_label = "Solve from Pose"
    bl_options = {"UNDO"}

    def held(self, context: Context, person: THREEPOINT_PG_person) -> list[Held]:
        """What was posed, at this frame."""
        self._posed, self._unmoved = posed_pins(context, person)
        return [Held(pin.name, pin.frames, pin.reach) for pin in self._posed]


def make_pins(person: THREEPOINT_PG_person, pins: Sequence[SampledPin], scene: Scene) -> None:
    """An empty for each pin of one moment, in its place."""
    for pin in pins:
        objects.make_pin(person, pin.role, pin.places[0], int(pin.frames[0]), scene, pin.turned)


def _draw_making(layout: bpy.types.UILayout, context: Context) -> None:
    column = layout.column(align=True)
    column.operator(THREEPOINT_OT_pin_here.bl_idname, icon="PINNED")
    column.operator_menu_enum(THREEPOINT_OT_use_as_pin.bl_idname, "role", icon="OBJECT_DATA")


def _draw_list(layout: bpy.types.UILayout, context: Context) -> None:
    layout.operator(THREEPOINT_OT_remove_pin.bl_idname, text="", icon="REMOVE")


def _draw_solving(layout: bpy.types.UILayout, context: Context) -> None:
    if draw_progress(layout, context, _SolvingPins.step):
        return
    layout.operator(THREEPOINT_OT_solve_pins.bl_idname, icon="FILE_REFRESH")
    layout.operator(THREEPOINT_OT_solve_from_pose.bl_idname, icon="ARMATURE_DATA")


BUTTONS = (
    Button(Slot.PINS, 10, _draw_making),
    Button(Slot.PIN_LIST, 10, _draw_list),
    Button(Slot.PIN_SOLVING, 10, _draw_solving),
)
CLASSES = (
    THREEPOINT_OT_pin_here,
    THREEPOINT_OT_use_as_pin,
    THREEPOINT_OT_remove_pin,
    THREEPOINT_OT_solve_pins,
    THREEPOINT_OT_solve_from_pose,
)
register, unregister = registration(CLASSES)
