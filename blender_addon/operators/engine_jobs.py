"""What operators that ask the engine have in common: modal where there is a window, and *Cancel* stops them."""

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import bpy

from ...model_core.errors import InputError
from ..bpy_types import Context, registration
from ..engine.client import EngineError, Job
from ..i18n.messages import Message, message
from ..i18n.translations import translated
from ..state.people import people_of
from ..state.polls import has_head, is_idle
from ..state.properties import THREEPOINT_PG_person, require_person

TICK_SECONDS = 0.03
STEP_SECONDS = 0.1
"""So long an answer comes into the scene before the window may draw."""
DRAW_SECONDS = 0.25
"""Progress is drawn no more often than this: every drawing brings the whole window to the screen once more."""
Status = set[str]
"""What Blender wants an operator's functions to return."""

_Base = bpy.types.Operator if TYPE_CHECKING else object


class EngineOperator(_Base):
    """An operator that asks the engine about people; a subclass says what for, and what comes of it.

    Where there is a window it never blocks it. It has no redo panel: that would do all of it again.
    """

    step = ""
    """The panel that shows the progress: "CALIBRATION" or "PREDICTION"."""

    _job: Job
    _timer: bpy.types.Timer | None = None
    _steps: Iterator[None] | None = None

    def people(self, context: Context) -> list[THREEPOINT_PG_person]:
        """Whom the engine is asked about, one after the other."""
        return [require_person(context)]

    def __init_subclass__(cls) -> None:
        """Refuse an operator that lacks a part; ``abc.ABC`` cannot, beside the metaclass of Blender's classes."""
        super().__init_subclass__()
        for part in ("step", "ask", "finish"):
            if issubclass(cls, bpy.types.Operator) and getattr(cls, part) is getattr(EngineOperator, part):
                raise TypeError(f"{cls.__name__} is an EngineOperator without '{part}'")

    def ask(self, context: Context, person: THREEPOINT_PG_person) -> Job:
        """Ask the engine. Every operator has its own."""
        raise NotImplementedError

    def finish(self, context: Context, person: THREEPOINT_PG_person, job: Job) -> Iterator[None]:
        """Bring the answer into the scene, in steps between which the window is drawn; ``tell`` what came of it.

        Every operator has its own.
        """
        raise NotImplementedError

    def tell(self, said: Message, level: str = "INFO") -> None:
        """Report to the user."""
        self.report({level}, translated(said))  # pyright: ignore[reportArgumentType]

    @classmethod
    def poll(cls, context: Context) -> bool:
        """Whether the engine is idle and there is something to ask about."""
        return is_idle(cls, context) and has_head(cls, context)

    def execute(self, context: Context) -> Status:
        """Begin; go on with the timer's ticks, or without a window wait for the answer."""
        return self._guarded(context, self._run_blocking if bpy.app.background else self._begin_modal)

    def invoke(self, context: Context, event: bpy.types.Event) -> Status:
        """The same."""
        return self.execute(context)

    def modal(self, context: Context, event: bpy.types.Event) -> Status:
        """A tick of the timer, *Cancel*, or Esc over a sidebar."""
        if event.type == "TIMER" and self._steps is None and context.window_manager.threepoint.cancelled:
            return self._stop(context, message("Cancelled; what was not finished is unchanged"))
        if event.type == "ESC" and event.value == "PRESS" and self._steps is None and is_over_sidebar(context, event):
            return self._stop(context, message("Cancelled; what was not finished is unchanged"))
        if event.type != "TIMER":
            # While the answer comes into the scene, nothing else may change it.
            return {"PASS_THROUGH"} if self._steps is None else {"RUNNING_MODAL"}
        return self._guarded(context, self._tick)

    def cancel(self, context: Context) -> None:
        """Blender ends the operator itself: a file is opened, the window closes."""
        self._job.cancel()
        self._tidy(context)

    def _run_blocking(self, context: Context) -> Status:
        for person in self.people(context):
            self._job = self.ask(context, person)
            self._job.wait()
            for _ in self.finish(context, person, self._job):
                pass
        return {"FINISHED"}

    def _begin_modal(self, context: Context) -> Status:
        people = self.people(context)
        self._scene, self._waiting = context.scene.session_uid, [person.root.session_uid for person in people]
        self._drawn, self._finished = 0.0, False
        self._ask_next(context)
        manager = context.window_manager
        manager.threepoint.running, manager.threepoint.step, manager.threepoint.cancelled = True, self.step, False
        self._timer = manager.event_timer_add(TICK_SECONDS, window=context.window)
        manager.modal_handler_add(self)
        self._show_progress(context)
        return {"RUNNING_MODAL"}

    def _ask_next(self, context: Context) -> None:
        """Ask about the next one who waits. Nothing of the scene is kept from tick to tick but numbers."""
        self._uid = self._waiting.pop(0)
        self._job = self.ask(context, self._person(context))

    def _person(self, context: Context) -> THREEPOINT_PG_person:
        person = next((one for one in people_of(context.scene) if one.root.session_uid == self._uid), None)
        if person is None or context.scene.session_uid != self._scene:
            raise InputError(message("The person is not in this scene any more; nothing was changed"))
        return person

    def _tick(self, context: Context) -> Status:
        if self._steps is None:
            if not self._job.poll():
                self._show_progress(context)
                return {"PASS_THROUGH"}  # Blender has timers of its own, among them the one that moves panels.
            self._steps = self.finish(context, self._person(context), self._job)
        until = time.monotonic() + STEP_SECONDS
        try:
            while time.monotonic() < until:
                next(self._steps)
        except StopIteration:
            self._steps, self._finished = None, True
            if self._waiting:
                self._ask_next(context)
                return {"PASS_THROUGH"}
            self._tidy(context)
            return {"FINISHED"}
        return {"RUNNING_MODAL"}

    def _guarded(self, context: Context, work: Callable[[Context], Status]) -> Status:
        try:
            return work(context)
        except (InputError, EngineError) as error:
            self._tidy(context)
            self.report({"ERROR"}, translated(error))
            return {"FINISHED"} if getattr(self, "_finished", False) else {"CANCELLED"}
        except BaseException:
            self._tidy(context)
            raise

    def _stop(self, context: Context, reason: Message) -> Status:
        self._job.cancel()
        self._tidy(context)
        self.tell(reason, "WARNING")
        return {"FINISHED"} if self._finished else {"CANCELLED"}

    def _show_progress(self, context: Context) -> None:
        work, text = context.window_manager.threepoint, translated(progress_message(self._job))
        now = time.monotonic()
        if text == work.stage or now - self._drawn < DRAW_SECONDS:
            return
        self._drawn = now
        work.fraction, work.stage = self._job.fraction, text
        context.workspace.status_text_set(translated(message("Threepoint: {stage}", stage=text)))
        redraw(context)

    def _tidy(self, context: Context) -> None:
        """Leave no timer and no text behind, whatever the end was."""
        timer, self._timer, self._steps = self._timer, None, None
        if timer is not None:
            context.window_manager.event_timer_remove(timer)
            context.workspace.status_text_set(None)
            context.window_manager.threepoint.running = False
            context.window_manager.threepoint.stage = ""
            redraw(context)


class THREEPOINT_OT_cancel(bpy.types.Operator):
    """Stop the engine's work; the scene stays as it was. Esc over this sidebar does the same"""

    bl_idname = "threepoint.cancel"
    bl_label = "Cancel"

    @classmethod
    def poll(cls, context: Context) -> bool:
        """Whether the engine is at work for this window."""
        return context.window_manager.threepoint.running

    def execute(self, context: Context) -> Status:
        """Let the operator that is at work know."""
        context.window_manager.threepoint.cancelled = True
        return {"FINISHED"}


def is_over_sidebar(context: Context, event: bpy.types.Event) -> bool:
    """Whether the mouse is over the sidebar of a 3D view: elsewhere Esc belongs to what is done there."""
    for area in context.window.screen.areas:
        for region in area.regions if area.type == "VIEW_3D" else ():
            across, up = event.mouse_x - region.x, event.mouse_y - region.y
            if region.type == "UI" and 0 <= across < region.width and 0 <= up < region.height:
                return True
    return False


def progress_message(job: Job) -> Message:
    """What a job is doing, how far it is and how long it may take."""
    said = message("{stage} {percent:.0f}%", stage=message(job.stage), percent=100 * job.fraction)
    left = job.seconds_left
    if left is None:
        return said
    return message("{progress}, {minutes}:{seconds:02d} left", progress=said, minutes=int(left // 60),
                   seconds=int(left % 60))  # fmt: skip


def redraw(context: Context) -> None:
    """Draw the sidebars and status bars again; the 3D views beside them, which cost most, stay."""
    for window in context.window_manager.windows:
        for area in window.screen.areas:
            for region in area.regions:
                if area.type == "STATUSBAR" or (area.type == "VIEW_3D" and region.type == "UI"):
                    region.tag_redraw()


register, unregister = registration((THREEPOINT_OT_cancel,))
