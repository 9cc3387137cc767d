"""Which Python the engine runs in, and what is known of it."""

import json
import os
import subprocess
import threading
from pathlib import Path

import bpy
from bpy.props import EnumProperty, StringProperty

from . import engine, installation
from .worker_client import CREATE_NO_WINDOW, NOT_INHERITED, WORKER

PACKAGE = __package__.rpartition(".")[0]
"""The extension's own name, under which Blender keeps its preferences."""
CHECK_SECONDS = 120
CHECKING = "Checking ..."
LOOK_SECONDS = 0.2

_verdict = None
"""What the check in the background found, until it is shown."""


def _forget_verdict(chosen, _context):
    chosen.verdict = ""


class THREEPOINT_preferences(bpy.types.AddonPreferences):
    """The extension's preferences."""

    bl_idname = PACKAGE

    source: EnumProperty(
        name="Engine",
        update=_forget_verdict,
        items=(
            ("INSTALLED", "Installed Here", "The environment that Threepoint makes in Blender's user folder"),
            (
                "OWN",
                "Existing Python",
                "A Python of yours, 3.11 or newer, that has torch, numpy, scipy and safetensors",
            ),
        ),
    )
    python: StringProperty(
        name="Python", subtype="FILE_PATH", update=_forget_verdict, description="The interpreter of an existing Python"
    )
    torch_index: StringProperty(
        name="Torch From", description="Address of a package index that has torch for your GPU; empty: chosen by itself"
    )
    verdict: StringProperty(name="Verdict", options={"SKIP_SAVE"})

    def draw(self, context):
        layout = self.layout
        layout.use_property_split = True
        layout.prop(self, "source", expand=True)
        if self.source == "OWN":
            layout.prop(self, "python")
        else:
            self._draw_installation(layout)
        layout.operator("threepoint.check_engine", icon="CHECKMARK")
        for line in state_lines(self):
            layout.label(text=line)

    def _draw_installation(self, layout):
        work = installation.current()
        if work is not None and work.running:
            layout.progress(factor=work.fraction, type="BAR", text=work.line or "Installing")
            layout.operator("threepoint.cancel_installation", icon="CANCEL")
        elif installation.is_ready():
            layout.operator("threepoint.remove_engine", icon="TRASH")
        else:
            layout.prop(self, "torch_index")
            offer_access(bpy.context, layout)
            layout.operator("threepoint.install_engine", icon="IMPORT")
            if work is not None and work.error:
                layout.label(text=work.error, icon="ERROR")


def offer_access(context, layout):
    """Where Blender may not go online, Blender's own setting for it, or why it cannot be changed."""
    if bpy.app.online_access:
        return
    if bpy.app.online_access_override:
        layout.label(text="This Blender was started offline", icon="INTERNET_OFFLINE")
        return
    layout.prop(context.preferences.system, "use_online_access", toggle=True, icon="INTERNET_OFFLINE")


def preferences():
    """The extension's preferences, or None where it is not enabled as an extension."""
    addon = bpy.context.preferences.addons.get(PACKAGE)
    return addon.preferences if addon is not None else None


def engine_python():
    """The interpreter to run the engine in. Raises ``EngineError`` with what to do where there is none."""
    chosen = preferences()
    if chosen is not None and chosen.source == "OWN":
        path = Path(bpy.path.abspath(chosen.python))
        if chosen.python and path.is_file() and os.access(path, os.X_OK):
            return path
        raise engine.EngineError(
            f"the engine's Python '{chosen.python}' is not a program; choose it in the preferences"
        )
    if not installation.is_ready():
        raise engine.EngineError("the engine is not installed yet; install it in Threepoint's preferences")
    return installation.python()


def state_lines(chosen):
    """What is known of the engine, a line each."""
    about = engine.about()
    verdict = chosen.verdict.splitlines()
    if about is not None:
        return [f"Running: {describe(about)}", f"Log: {engine.log_path()}", *verdict]
    if verdict:
        return verdict
    if chosen.source == "OWN":
        return ["Not started yet"]
    work = installation.current()
    if work is not None and work.running:
        return ["Installing", f"Log: {work.log}"]
    return ["Installed; it starts on first use" if installation.is_ready() else "Not installed yet"]


def describe(about):
    """What an engine said of itself, in words."""
    memory = about.get("memory")
    device = about["device_name"] + (f" with {memory / 1e9:.0f} GB" if memory else "")
    return f"torch {about['torch']}, Python {about['python']}, on {device}"


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
        self.report({"INFO"} if " is fine" in verdict else {"ERROR"}, verdict)
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
    installation.redraw_preferences()
    return None


CLASSES = (THREEPOINT_preferences, THREEPOINT_OT_check_engine)


def register():
    for kind in CLASSES:
        bpy.utils.register_class(kind)


def unregister():
    if bpy.app.timers.is_registered(_show_verdict):
        bpy.app.timers.unregister(_show_verdict)
    for kind in reversed(CLASSES):
        bpy.utils.unregister_class(kind)
