"""Operators whose work goes on from tick to tick: the window draws meanwhile, and *Cancel* stops them."""

import time
from collections.abc import Callable, Generator
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, TypeVar

import bpy
from bpy.props import EnumProperty

from ...model_core.errors import InputError
from ..bpy_types import Context, registration
from ..engine.client import EngineError
from ..i18n.messages import Message, message
from ..i18n.translations import as_sentence, translate, translated
from ..steps import Steps

TICK_SECONDS = 0.03
STEP_SECONDS = 0.1
"""So long an operator works before the window may draw."""
DRAW_SECONDS = 0.25
"""Progress is drawn no more often than this: every drawing brings the whole window to the screen once more."""
Status = set[str]
"""What Blender wants an operator's functions to return."""
Result = TypeVar("Result")

_Base = bpy.types.Operator if TYPE_CHECKING else object


class Phase(Enum):
    """What a step that changes nothing in the scene is; such a step can be the last. All others yield None."""

    WAITING = auto()
    """For another process: whatever else is done in the window goes on."""
    LOOKING = auto()
    """At the scene, which must stay as it is for so long."""


Work = Generator[Phase | None, None, Result]
"""An operator's work; closed where somebody cancels it."""


def looking(steps: Steps[Result]) -> Work[Result]:
    """Steps that only look at the scene; what comes of them."""
    while True:
        try:
            next(steps)
        except StopIteration as done:
            return done.value
        yield Phase.LOOKING


def waiting(steps: Steps[Result]) -> Work[Result]:
    """Steps that wait for what happens elsewhere; what comes of them."""
    while True:
        try:
            next(steps)
        except StopIteration as done:
            return done.value
        yield Phase.WAITING


class SteppedOperator(_Base):
    """An operator that never blocks a window; a subclass says what it does.

    It has no redo panel: that would do all of it again.
    """

    step = ""
    """The panel that shows the progress: "IMPORT", "CALIBRATION", "PREDICTION", "PINS" or "CHARACTER"."""
    workplace = "threepoint"
    """The property of the window manager that says how far it is."""

    _steps: Work[None] | None = None
    _phase: Phase | None = None
    _timer: bpy.types.Timer | None = None
    _drawn = 0.0
    _finished = False
    """Whether a part of the work is done, so that there is something to undo."""

    def working(self, context: Context) -> Work[None]:
        """The whole work. Nothing of the scene may be kept while it waits but numbers. Every operator has its own."""
        raise NotImplementedError

    def progress(self) -> tuple[float, Message]:
        """How far it is, from 0 to 1, and in words. Every operator has its own."""
        raise NotImplementedError

    def __init_subclass__(cls) -> None:
        """Refuse an operator that lacks a part; ``abc.ABC`` cannot, beside the metaclass of Blender's classes."""
        super().__init_subclass__()
        for part in ("step", "working", "progress"):
            if issubclass(cls, bpy.types.Operator) and getattr(cls, part) is getattr(SteppedOperator, part):
                raise TypeError(f"{cls.__name__} is a SteppedOperator without '{part}'")

    def tell(self, said: Message, level: str = "INFO") -> None:
        """Report to the user."""
        self.report({level}, as_sentence(said))  # pyright: ignore[reportArgumentType]

    def execute(self, context: Context) -> Status:
        """Begin; go on with the timer's ticks, or without a window wait for the end."""
        self._steps, self._phase, self._finished, self._drawn = self.working(context), None, False, 0.0
        return self._guarded(context, self._do_all if bpy.app.background else self._begin)

    def invoke(self, context: Context, event: bpy.types.Event) -> Status:
        """The same."""
        return self.execute(context)

    def modal(self, context: Context, event: bpy.types.Event) -> Status:
        """A tick of the timer, *Cancel*, or Esc over a sidebar."""
        if self._phase is not None:
            cancelled = event.type == "TIMER" and self._work(context).cancelled
            if cancelled or (event.type == "ESC" and event.value == "PRESS" and is_over_sidebar(context, event)):
                return self._stop(context)
        if event.type != "TIMER":
            return {"PASS_THROUGH"} if self._phase is Phase.WAITING else {"RUNNING_MODAL"}
        return self._guarded(context, self._tick)

    def cancel(self, context: Context) -> None:
        """Blender ends the operator itself: a file is opened, the window closes."""
        self._tidy(context)

    def _work(self, context: Context) -> Any:
        return getattr(context.window_manager, self.workplace)

    def _do_all(self, context: Context) -> Status:
        assert self._steps is not None
        for phase in self._steps:
            if phase is Phase.WAITING:
                time.sleep(TICK_SECONDS)
        return {"FINISHED"}

    def _begin(self, context: Context) -> Status:
        begun = self._tick(context)
        if begun == {"FINISHED"}:
            return begun
        manager, work = context.window_manager, self._work(context)
        work.running, work.step, work.cancelled = True, self.step, False
        self._timer = manager.event_timer_add(TICK_SECONDS, window=context.window)
        manager.modal_handler_add(self)
        self._show_progress(context)
        return {"RUNNING_MODAL"}

    def _tick(self, context: Context) -> Status:
        assert self._steps is not None
        until = time.monotonic() + STEP_SECONDS
        while time.monotonic() < until:
            try:
                self._phase = next(self._steps)
            except StopIteration:
                self._tidy(context)
                return {"FINISHED"}
            if self._phase is Phase.WAITING:
                self._show_progress(context)
                return {"PASS_THROUGH"}  # Blender has timers of its own, among them the one that moves panels.
        return {"RUNNING_MODAL"}

    def _guarded(self, context: Context, work: Callable[[Context], Status]) -> Status:
        try:
            return work(context)
        except (InputError, EngineError) as error:
            self._tidy(context)
            self.report({"ERROR"}, as_sentence(error))
            return {"FINISHED"} if self._finished else {"CANCELLED"}
        except BaseException:
            self._tidy(context)
            raise

    def _stop(self, context: Context) -> Status:
        self._tidy(context)
        self.tell(message("Cancelled; what was not finished is unchanged"), "WARNING")
        return {"FINISHED"} if self._finished else {"CANCELLED"}

    def _show_progress(self, context: Context) -> None:
        fraction, said = self.progress()
        work, text, now = self._work(context), as_sentence(said), time.monotonic()
        if self._timer is None or text == work.stage or now - self._drawn < DRAW_SECONDS:
            return
        self._drawn = now
        work.fraction, work.stage = fraction, text
        context.workspace.status_text_set(translated(message("Threepoint: {stage}", stage=text)))
        redraw(context)

    def _tidy(self, context: Context) -> None:
        """Leave no work, no timer and no text behind, whatever the end was."""
        timer, steps, self._timer, self._steps = self._timer, self._steps, None, None
        if steps is not None:
            steps.close()
        if timer is not None:
            context.window_manager.event_timer_remove(timer)
            context.workspace.status_text_set(None)
            self._work(context).running = False
            self._work(context).stage = ""
            redraw(context)


class THREEPOINT_OT_cancel(bpy.types.Operator):
    """Stop this work; the scene stays as it was. Esc over this sidebar does the same"""

    bl_idname = "threepoint.cancel"
    bl_label = "Cancel"

    workplace: EnumProperty(  # pyright: ignore[reportInvalidTypeForm]  # Blender takes properties from such annotations.
        items=[("threepoint", "", ""), ("threepoint_import", "", "")], options={"HIDDEN"}
    )

    @classmethod
    def description(cls, context: Context, properties: bpy.types.OperatorProperties) -> str:
        """The tooltip: an export goes on without an operator that Esc could reach."""
        work = getattr(context.window_manager, properties.workplace)
        if work.step == "EXPORT":
            return translate("Stop writing; no file is left")
        return translate(cls.__doc__ or "")

    def execute(self, context: Context) -> Status:
        """Let the operator that is at work know."""
        getattr(context.window_manager, self.workplace).cancelled = True
        return {"FINISHED"}


def draw_progress(layout: bpy.types.UILayout, context: Context, step: str, workplace: str = "threepoint") -> bool:
    """How far a step is, and *Cancel*; whether there is work for it."""
    work = getattr(context.window_manager, workplace)
    if not (work.running and work.step == step):
        return False
    row = layout.row(align=True)
    row.progress(factor=work.fraction, type="BAR", text=work.stage)
    row.operator(THREEPOINT_OT_cancel.bl_idname, icon="CANCEL", text="").workplace = workplace
    return True


def is_over_sidebar(context: Context, event: bpy.types.Event) -> bool:
    """Whether the mouse is over the sidebar of a 3D view: elsewhere Esc belongs to what is done there."""
    for area in context.window.screen.areas:
        for region in area.regions if area.type == "VIEW_3D" else ():
            across, up = event.mouse_x - region.x, event.mouse_y - region.y
            if region.type == "UI" and 0 <= across < region.width and 0 <= up < region.height:
                return True
    return False


def redraw(context: Context) -> None:
    """Draw the sidebars and status bars again; the 3D views beside them, which cost most, stay."""
    for window in context.window_manager.windows:
        for area in window.screen.areas:
            for region in area.regions:
                if area.type == "STATUSBAR" or (area.type == "VIEW_3D" and region.type == "UI"):
                    region.tag_redraw()


register, unregister = registration((THREEPOINT_OT_cancel,))
