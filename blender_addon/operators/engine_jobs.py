"""What operators that ask the engine have in common: modal where there is a window, Esc stops them."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import bpy

from ...model_core.errors import InputError
from ..bpy_types import Context
from ..engine.client import EngineError, Job
from ..i18n.messages import Message, message
from ..i18n.translations import translated
from ..state.polls import has_head, is_idle
from ..state.properties import THREEPOINT_PG_person, require_person

TICK_SECONDS = 0.03
DRAW_SECONDS = 0.25
"""Progress is drawn no more often than this: every drawing brings the whole window to the screen once more."""
Status = set[str]
"""What Blender wants an operator's functions to return."""

_Base = bpy.types.Operator if TYPE_CHECKING else object


class EngineOperator(_Base):
    """An operator that asks the engine about the active person; a subclass says what for, and what comes of it."""

    step = ""
    """The panel that shows the progress: "CALIBRATION" or "PREDICTION"."""

    _job: Job
    _timer: bpy.types.Timer | None = None

    def __init_subclass__(cls) -> None:
        """Refuse an operator that lacks a part; ``abc.ABC`` cannot, beside the metaclass of Blender's classes."""
        super().__init_subclass__()
        for part in ("step", "ask", "finish"):
            if issubclass(cls, bpy.types.Operator) and getattr(cls, part) is getattr(EngineOperator, part):
                raise TypeError(f"{cls.__name__} is an EngineOperator without '{part}'")

    def ask(self, context: Context, person: THREEPOINT_PG_person) -> Job:
        """Ask the engine. Every operator has its own."""
        raise NotImplementedError

    def finish(self, context: Context, person: THREEPOINT_PG_person, job: Job) -> Message:
        """Bring the answer into the scene; return what to tell the user. Every operator has its own."""
        raise NotImplementedError

    @classmethod
    def poll(cls, context: Context) -> bool:
        """Whether the engine is idle and there is something to ask about."""
        return is_idle(cls, context) and has_head(cls, context)

    def execute(self, context: Context) -> Status:
        """Without a window: wait for the answer."""
        return self._guarded(context, self._run_blocking)

    def invoke(self, context: Context, event: bpy.types.Event) -> Status:
        """With one: begin, and go on with the timer's ticks."""
        if bpy.app.background:
            return self.execute(context)
        return self._guarded(context, self._begin_modal)

    def modal(self, context: Context, event: bpy.types.Event) -> Status:
        """A tick of the timer, or Esc."""
        if event.type == "ESC" and event.value == "PRESS":
            return self._stop(context, message("Stopped; nothing was changed"))
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        return self._guarded(context, self._tick)

    def cancel(self, context: Context) -> None:
        """Blender ends the operator itself: a file is opened, the window closes."""
        self._job.cancel()
        self._tidy(context)

    def _run_blocking(self, context: Context) -> Status:
        person = require_person(context)
        self._job = self.ask(context, person)
        self._job.wait()
        self.report({"INFO"}, translated(self.finish(context, person, self._job)))
        return {"FINISHED"}

    def _begin_modal(self, context: Context) -> Status:
        person = require_person(context)
        self._job = self.ask(context, person)
        self._scene, self._person, self._drawn = context.scene.name, person.name, 0.0
        manager = context.window_manager
        manager.threepoint.running, manager.threepoint.step = True, self.step
        self._timer = manager.event_timer_add(TICK_SECONDS, window=context.window)
        manager.modal_handler_add(self)
        self._show_progress(context)
        return {"RUNNING_MODAL"}

    def _tick(self, context: Context) -> Status:
        if not self._job.poll():
            self._show_progress(context)
            return {"PASS_THROUGH"}  # Blender has timers of its own, among them the one that moves panels.
        # The scene may have changed meanwhile: nothing of it is kept from tick to tick but names.
        person = context.scene.threepoint.people.get(self._person)
        if person is None or context.scene.name != self._scene:
            gone = message("{person} is not in this scene any more; nothing was changed", person=self._person)
            return self._stop(context, gone)
        said = self.finish(context, person, self._job)
        self._tidy(context)
        self.report({"INFO"}, translated(said))
        return {"FINISHED"}

    def _guarded(self, context: Context, work: Callable[[Context], Status]) -> Status:
        try:
            return work(context)
        except (InputError, EngineError) as error:
            self._tidy(context)
            self.report({"ERROR"}, translated(error))
            return {"CANCELLED"}
        except BaseException:
            self._tidy(context)
            raise

    def _stop(self, context: Context, reason: Message) -> Status:
        self._job.cancel()
        self._tidy(context)
        self.report({"WARNING"}, translated(reason))
        return {"CANCELLED"}

    def _show_progress(self, context: Context) -> None:
        work, text = context.window_manager.threepoint, translated(progress_message(self._job))
        now = time.monotonic()
        if text == work.stage or now - self._drawn < DRAW_SECONDS:
            return
        self._drawn = now
        work.fraction, work.stage = self._job.fraction, text
        context.workspace.status_text_set(translated(message("Threepoint: {stage} (Esc stops it)", stage=text)))
        _redraw(context)

    def _tidy(self, context: Context) -> None:
        """Leave no timer and no text behind, whatever the end was."""
        timer, self._timer = self._timer, None
        if timer is not None:
            context.window_manager.event_timer_remove(timer)
            context.workspace.status_text_set(None)
            context.window_manager.threepoint.running = False
            context.window_manager.threepoint.stage = ""
            _redraw(context)


def progress_message(job: Job) -> Message:
    """What a job is doing, how far it is and how long it may take."""
    said = message("{stage} {percent:.0f}%", stage=message(job.stage), percent=100 * job.fraction)
    left = job.seconds_left
    if left is None:
        return said
    return message("{progress}, {minutes}:{seconds:02d} left", progress=said, minutes=int(left // 60),
                   seconds=int(left % 60))  # fmt: skip


def _redraw(context: Context) -> None:
    """Draw the sidebars and status bars again; the 3D views beside them, which cost most, stay."""
    for window in context.window_manager.windows:
        for area in window.screen.areas:
            for region in area.regions:
                if area.type == "STATUSBAR" or (area.type == "VIEW_3D" and region.type == "UI"):
                    region.tag_redraw()
