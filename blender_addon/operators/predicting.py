"""The buttons that ask the engine: predict, another take, solve a range again; modal where there is a window."""

import time

import bpy
from bpy.props import EnumProperty

from ...model_core.errors import InputError
from ..engine import client as engine
from ..state import people
from ..ui import preferences
from ..state.polls import has_head, is_idle
from ..state.properties import active_person
from ..i18n.translations import translated

TICK_SECONDS = 0.03
DRAW_SECONDS = 0.25
"""Progress is drawn no more often than this: every drawing brings the whole window to the screen once more."""


class THREEPOINT_OT_calibrate(bpy.types.Operator):
    """Find the person's size, the floor and how the hands hold the controllers"""

    bl_idname = "threepoint.calibrate"
    bl_label = "Calibrate"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context):
        return has_head(cls, context)

    def execute(self, context):
        person = active_person(context)
        try:
            recording = people.recording_of(person, context.scene)
            people.note_calibration(person, people.find_calibration(person, recording))
        except InputError as error:
            self.report({"ERROR"}, translated(str(error)))
            return {"CANCELLED"}
        self.report({"INFO"}, translated(person.calibration.splitlines()[-1]))
        return {"FINISHED"}


class THREEPOINT_OT_predict(bpy.types.Operator):
    """Predict the whole body from head and hands as they move in the scene now. Esc stops it"""

    bl_idname = "threepoint.predict"
    bl_label = "Predict"
    bl_options = {"REGISTER", "UNDO"}

    kind: EnumProperty(
        items=(
            ("MEAN", "Predict", "The most plausible motion"),
            ("TAKE", "Another Take", "One more plausible motion, kept beside the others"),
            ("REFINE", "Refine Shown Take", "The take that is shown, predicted again with this strength of refinement"),
            ("RANGE", "Solve Range Again", "Only the chosen frames, blended into the take that is shown"),
        ),
        options={"SKIP_SAVE"},
    )

    @classmethod
    def poll(cls, context):
        return is_idle(cls, context) and has_head(cls, context)

    @classmethod
    def description(cls, context, properties):
        kinds = cls.bl_rna.properties if hasattr(cls.bl_rna, "properties") else {}
        item = kinds["kind"].enum_items.get(properties.kind) if "kind" in kinds else None
        return translated(f"{item.description}. Esc stops it" if item is not None else cls.__doc__)

    def execute(self, context):
        """Without a window: wait for it."""
        return self._guarded(context, self._run_blocking)

    def invoke(self, context, event):
        if bpy.app.background:
            return self.execute(context)
        return self._guarded(context, self._begin_modal)

    def modal(self, context, event):
        if event.type == "ESC" and event.value == "PRESS":
            return self._stop(context, "Stopped; nothing was changed")
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        return self._guarded(context, self._tick)

    def cancel(self, context):
        """Blender ends the operator itself: a file is opened, the window closes."""
        self._job.cancel()
        self._tidy(context)

    def _run_blocking(self, context):
        person = active_person(context)
        self._job = self._ask(context, person)
        self._job.wait()
        self._finish(context, person)
        return {"FINISHED"}

    def _begin_modal(self, context):
        person = active_person(context)
        self._job = self._ask(context, person)
        self._scene, self._person, self._drawn = context.scene.name, person.name, 0.0
        manager = context.window_manager
        manager.threepoint.running = True
        self._timer = manager.event_timer_add(TICK_SECONDS, window=context.window)
        manager.modal_handler_add(self)
        self._show(context)
        return {"RUNNING_MODAL"}

    def _tick(self, context):
        if not self._job.poll():
            self._show(context)
            return {"PASS_THROUGH"}  # Blender has timers of its own, among them the one that moves panels.
        # The scene may have changed meanwhile: nothing of it is kept from tick to tick but names.
        person = context.scene.threepoint.people.get(self._person)
        if person is None or context.scene.name != self._scene:
            return self._stop(context, f"{self._person} is not in this scene any more; nothing was changed")
        self._finish(context, person)
        self._tidy(context)
        return {"FINISHED"}

    def _ask(self, context, person):
        take, frames = 0, None
        if self.kind == "TAKE":
            take = 1 + max((take.number for take in person.takes), default=0)
        elif self.kind in ("REFINE", "RANGE") and person.takes:
            take = person.takes[person.active_take].number
            frames = (person.first, person.last) if self.kind == "RANGE" else None
        self._begun = time.monotonic()
        return people.ask_engine(person, context.scene, preferences.engine_python(), take, frames)

    def _finish(self, context, person):
        motion = self._job.motion
        people.note_calibration(person, self._job.calibration)
        if self.kind == "RANGE":
            people.receive_range(person, motion, context.scene)
        else:
            people.receive_motion(person, motion, context.scene)
        seconds = time.monotonic() - self._begun
        self.report({"INFO"}, translated(f"{person.name}: {motion.duration:.1f} s of motion in {seconds:.1f} s"))

    def _guarded(self, context, work):
        try:
            return work(context)
        except (InputError, engine.EngineError) as error:
            self._tidy(context)
            self.report({"ERROR"}, translated(str(error)))
            return {"CANCELLED"}
        except BaseException:
            self._tidy(context)
            raise

    def _stop(self, context, message):
        self._job.cancel()
        self._tidy(context)
        self.report({"WARNING"}, translated(message))
        return {"CANCELLED"}

    def _show(self, context):
        work, words = context.window_manager.threepoint, stage_words(self._job)
        now = time.monotonic()
        if words == work.stage or now - self._drawn < DRAW_SECONDS:
            return
        self._drawn = now
        work.fraction, work.stage = self._job.fraction, words
        context.workspace.status_text_set(translated(f"Threepoint: {words} (Esc stops it)"))
        _redraw(context)

    def _tidy(self, context):
        """Leave no timer and no words behind, whatever the end was."""
        timer = getattr(self, "_timer", None)
        if timer is not None:
            context.window_manager.event_timer_remove(timer)
            self._timer = None
            context.workspace.status_text_set(None)
            context.window_manager.threepoint.running = False
            context.window_manager.threepoint.stage = ""
            _redraw(context)


def stage_words(job):
    """What a job is doing, how far it is and how long it may take."""
    words = f"{job.stage} {100 * job.fraction:.0f}%"
    left = job.seconds_left
    return words if left is None else f"{words}, {int(left // 60)}:{int(left % 60):02d} left"


def _redraw(context):
    """Draw the sidebars and status bars again; the 3D views beside them, which cost most, stay."""
    for window in context.window_manager.windows:
        for area in window.screen.areas:
            for region in area.regions:
                if area.type == "STATUSBAR" or (area.type == "VIEW_3D" and region.type == "UI"):
                    region.tag_redraw()


CLASSES = (THREEPOINT_OT_calibrate, THREEPOINT_OT_predict)


@bpy.app.handlers.persistent
def _stop_engine(*_):
    """Another file is opened: what is being predicted belongs to the old one."""
    engine.stop()


def register():
    for kind in CLASSES:
        bpy.utils.register_class(kind)
    bpy.app.handlers.load_pre.append(_stop_engine)


def unregister():
    bpy.app.handlers.load_pre.remove(_stop_engine)
    engine.stop()
    for kind in reversed(CLASSES):
        bpy.utils.unregister_class(kind)
