"""The engine's buttons, in the preferences and in the sidebar: install, cancel, remove, check."""

import json
import os
import subprocess
import threading

import bpy

from ..engine import client as engine, installation
from ..ui.preferences import describe, engine_python, preferences
from ..i18n.translations import translated
from ..engine.worker_client import CREATE_NO_WINDOW, NOT_INHERITED, WORKER

CHECK_SECONDS = 120
CHECKING = "Checking ..."
LOOK_SECONDS = 0.2
"""So often what goes on in the background is looked at."""

_verdict = None
"""What the check in the background found, until it is shown."""


class THREEPOINT_OT_install_engine(bpy.types.Operator):
    """Download torch and what else predicts motions into an environment of its own (0.3 to 3 GB)"""

    bl_idname = "threepoint.install_engine"
    bl_label = "Install Engine"

    @classmethod
    def poll(cls, context):
        if not bpy.app.online_access:
            cls.poll_message_set("Allow online access in Preferences > System > Network first")
        return bpy.app.online_access

    def execute(self, context):
        preferences().verdict = ""
        installation.start(preferences().torch_index)
        bpy.app.timers.register(_watch_installation, first_interval=LOOK_SECONDS)
        return {"FINISHED"}


class THREEPOINT_OT_cancel_installation(bpy.types.Operator):
    """Stop installing; what was downloaded is kept for the next time"""

    bl_idname = "threepoint.cancel_installation"
    bl_label = "Cancel"

    def execute(self, context):
        installation.stop()
        return {"FINISHED"}


class THREEPOINT_OT_remove_engine(bpy.types.Operator):
    """Delete the engine's environment and what was downloaded for it"""

    bl_idname = "threepoint.remove_engine"
    bl_label = "Remove Engine"

    def invoke(self, context, event):
        return context.window_manager.invoke_confirm(self, event)

    def execute(self, context):
        engine.stop()
        try:
            installation.remove()
        except OSError as error:  # Windows, while another program has one of its files open.
            self.report({"ERROR"}, translated(f"{error.filename}: cannot be removed ({error.strerror})"))
            return {"CANCELLED"}
        preferences().verdict = ""
        self.report({"INFO"}, translated("The engine is removed"))
        return {"FINISHED"}


class THREEPOINT_OT_check_engine(bpy.types.Operator):
    """See whether the chosen Python can run the engine"""

    bl_idname = "threepoint.check_engine"
    bl_label = "Check Engine"

    @classmethod
    def poll(cls, context):
        return preferences() is not None and preferences().verdict != CHECKING

    def execute(self, context):
        """Without a window: wait for it."""
        try:
            verdict = check_python(engine_python())
        except engine.EngineError as error:
            verdict = str(error)
        preferences().verdict = verdict
        fine = " is fine: " in verdict
        self.report({"INFO"} if fine else {"ERROR"}, translated(verdict))
        return {"FINISHED"}

    def invoke(self, context, event):
        """With one: the answer appears when it is there."""
        try:
            python = engine_python()
        except engine.EngineError:
            return self.execute(context)
        preferences().verdict = CHECKING
        threading.Thread(target=_check, args=(python,), daemon=True).start()
        bpy.app.timers.register(_show_verdict, first_interval=LOOK_SECONDS)
        return {"FINISHED"}


def _check(python):
    global _verdict
    _verdict = check_python(python)


def _show_verdict():
    global _verdict
    if _verdict is None:
        return LOOK_SECONDS
    preferences().verdict, _verdict = _verdict, None
    _redraw()
    return None


def _watch_installation():
    _redraw()
    work = installation.current()
    return LOOK_SECONDS if work is not None and work.running else None


def _redraw():
    """Let what the preferences and the sidebar show of the engine be drawn again."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            for region in area.regions:
                if area.type == "PREFERENCES" or (area.type == "VIEW_3D" and region.type == "UI"):
                    region.tag_redraw()


def check_python(python):
    """One line about whether a Python can be the engine's; takes the seconds in which it loads torch."""
    environment = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
    special = {"creationflags": CREATE_NO_WINDOW} if os.name == "nt" else {}
    try:
        result = subprocess.run(
            [str(python), "-I", str(WORKER), "--check"], capture_output=True, text=True, timeout=CHECK_SECONDS,
            check=False, env=environment, **special,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return f"{python} has said nothing for {CHECK_SECONDS} s"
    except OSError as error:
        return f"{python} does not run: {error.strerror}"
    try:
        return f"{python} is fine: {describe(json.loads(result.stdout))}"
    except (ValueError, KeyError, TypeError):
        lines = result.stderr.strip().splitlines()
        return f"{python} cannot be used: {lines[-1] if lines else 'it is no Python'}"


CLASSES = (
    THREEPOINT_OT_install_engine,
    THREEPOINT_OT_cancel_installation,
    THREEPOINT_OT_remove_engine,
    THREEPOINT_OT_check_engine,
)


def register():
    for kind in CLASSES:
        bpy.utils.register_class(kind)


def unregister():
    installation.stop()
    for timer in (_watch_installation, _show_verdict):
        if bpy.app.timers.is_registered(timer):
            bpy.app.timers.unregister(timer)
    for kind in reversed(CLASSES):
        bpy.utils.unregister_class(kind)
