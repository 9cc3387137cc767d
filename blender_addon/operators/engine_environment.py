"""The engine's buttons, in the preferences and in the sidebar: install, cancel, remove, check."""

import json
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path

import bpy

from ...model_core.child_python import OWN_PROCESS, clean_environment, command
from ..bpy_types import Context, current_context, registration
from ..engine import bundled, installation
from ..engine import client as engine
from ..engine.worker_client import WORKER
from ..i18n.messages import message, of_error, temporary_refusal
from ..i18n.text_wrap import draw_lines, wrapped_lines
from ..i18n.translations import translated
from ..state.engine_choice import engine_python, preferences
from .buttons import Button, Slot

CHECK_SECONDS = 120
POLL_SECONDS = 0.2
"""So often the background work is polled."""


@dataclass(frozen=True)
class Verdict:
    """Whether a Python can be the engine's, and what to say about it."""

    fine: bool
    said: object


_verdict: Verdict | None = None
"""What the last check found."""
_checking: threading.Thread | None = None


def is_checking() -> bool:
    """Whether a check runs in the background."""
    return _checking is not None


def verdict() -> Verdict | None:
    """What the last check found; None where the choice of the engine has changed since."""
    return _verdict


def forget_verdict() -> None:
    """The choice of the engine has changed."""
    global _verdict
    _verdict = None


class THREEPOINT_OT_install_engine(bpy.types.Operator):
    """Download torch and what else predicts motions into an environment of its own (0.3 to 3 GB)"""

    bl_idname = "threepoint.install_engine"
    bl_label = "Install Engine"

    @classmethod
    def poll(cls, context: Context) -> bool:
        """Whether Blender may go online."""
        if not bpy.app.online_access:
            cls.poll_message_set("Allow online access in Preferences > System > Network first")
        return bpy.app.online_access

    def execute(self, context: Context) -> set[str]:
        """Begin."""
        _install()
        return {"FINISHED"}


class THREEPOINT_OT_install_from_pypi(bpy.types.Operator):
    """Take torch from PyPI, whatever server its own project has: on Linux that is the build for NVIDIA's GPUs, 3 GB"""

    bl_idname = "threepoint.install_from_pypi"
    bl_label = "Install from PyPI Instead"

    def execute(self, context: Context) -> set[str]:
        """Choose that index, and begin."""
        preferences().torch_index = installation.INDEX
        _install()
        return {"FINISHED"}


def _install() -> None:
    forget_verdict()
    installation.start(preferences().torch_index)
    bpy.app.timers.register(_watch_installation, first_interval=POLL_SECONDS)


class THREEPOINT_OT_cancel_installation(bpy.types.Operator):
    """Stop installing; what was downloaded is kept for the next time"""

    bl_idname = "threepoint.cancel_installation"
    bl_label = "Cancel"

    def execute(self, context: Context) -> set[str]:
        """Stop."""
        installation.stop()
        return {"FINISHED"}


class THREEPOINT_OT_remove_engine(bpy.types.Operator):
    """Delete the engine's environment and what was downloaded for it"""

    bl_idname = "threepoint.remove_engine"
    bl_label = "Remove Engine"

    def invoke(self, context: Context, event: bpy.types.Event) -> set[str]:
        """Ask first."""
        return set(context.window_manager.invoke_confirm(self, event))

    def execute(self, context: Context) -> set[str]:
        """Delete."""
        engine.stop()
        try:
            installation.remove()
        except OSError as error:  # Windows, while another program has one of its files open.
            refusal = message("{file}: cannot be removed ({reason})", file=error.filename, reason=error.strerror)
            self.report({"ERROR"}, translated(refusal))
            return {"CANCELLED"}
        forget_verdict()
        self.report({"INFO"}, translated(message("The engine is removed")))
        return {"FINISHED"}


class THREEPOINT_OT_use_existing_python(bpy.types.Operator):
    """Run the engine in a Python of yours that has torch: chosen in the preferences, which this opens"""

    bl_idname = "threepoint.use_existing_python"
    bl_label = "Use an Existing Python"

    def execute(self, context: Context) -> set[str]:
        """Choose it; which one it is, the preferences ask."""
        preferences().source = "OWN"
        bpy.ops.preferences.addon_show(module=installation.PACKAGE)
        return {"FINISHED"}


class THREEPOINT_OT_use_managed_engine(bpy.types.Operator):
    """Run the engine that Threepoint installs by itself, in place of a Python of yours"""

    bl_idname = "threepoint.use_managed_engine"
    bl_label = "Use Threepoint's Engine"

    def execute(self, context: Context) -> set[str]:
        """Choose it; where it is not installed yet, the sidebar offers that."""
        preferences().source = "INSTALLED"
        _redraw()
        return {"FINISHED"}


class THREEPOINT_OT_check_engine(bpy.types.Operator):
    """See whether the chosen Python can run the engine"""

    bl_idname = "threepoint.check_engine"
    bl_label = "Check Engine"

    @classmethod
    def poll(cls, context: Context) -> bool:
        """Whether no check is running."""
        return preferences() is not None and not is_checking()

    def execute(self, context: Context) -> set[str]:
        """Without a window: wait for it."""
        global _verdict
        try:
            _verdict = check_python(engine_python())
        except engine.EngineError as error:
            _verdict = Verdict(False, of_error(error))
        self.report({"INFO"} if _verdict.fine else {"ERROR"}, translated(_verdict.said))
        return {"FINISHED"}

    def invoke(self, context: Context, event: bpy.types.Event) -> set[str]:
        """With one: the answer appears when it is there."""
        try:
            begin_check(engine_python())
        except engine.EngineError:
            return self.execute(context)
        bpy.app.timers.register(_show_verdict, first_interval=POLL_SECONDS)
        return {"FINISHED"}


def begin_check(python: Path) -> None:
    """Check a Python in the background; ``verdict`` has the answer once ``is_checking`` is over."""
    global _checking
    _checking = threading.Thread(target=_check, args=(python,), daemon=True)
    _checking.start()


def _check(python: Path) -> None:
    global _verdict
    _verdict = check_python(python)


def _show_verdict() -> float | None:
    global _checking
    if _checking is not None and _checking.is_alive():
        return POLL_SECONDS
    _checking = None
    _redraw()
    return None


def _watch_installation() -> float | None:
    _redraw()
    work = installation.current()
    return POLL_SECONDS if work is not None and work.running else None


def _redraw() -> None:
    """Let what the preferences and the sidebar show of the engine be drawn again."""
    for window in current_context().window_manager.windows:
        for area in window.screen.areas:
            for region in area.regions:
                if area.type == "PREFERENCES" or (area.type == "VIEW_3D" and region.type == "UI"):
                    region.tag_redraw()


def check_python(python: Path) -> Verdict:
    """Whether a Python can be the engine's; takes the seconds in which it loads torch."""
    try:
        result = subprocess.run(
            command(python, WORKER, "--check"), capture_output=True, text=True, timeout=CHECK_SECONDS,
            check=False, env=clean_environment(), cwd=bpy.app.tempdir, **OWN_PROCESS,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        silent = message("{python} has said nothing for {seconds} s", python=python, seconds=CHECK_SECONDS)
        return Verdict(False, silent)
    except OSError as error:
        if error.filename == bpy.app.tempdir:
            return Verdict(False, temporary_refusal(bpy.app.tempdir, error))
        return Verdict(False, message("{python} does not run: {reason}", python=python, reason=error.strerror))
    try:
        about = engine.describe(json.loads(result.stdout))
        return Verdict(True, message("{python} is fine: {engine}", python=python, engine=about))
    except (ValueError, KeyError, TypeError):
        lines = result.stderr.strip().splitlines()
        reason = lines[-1] if lines else message("it is no Python")
        return Verdict(False, message("{python} cannot be used: {reason}", python=python, reason=reason))


def draw_installation(layout: bpy.types.UILayout, context: Context) -> None:
    """*Install Engine*; while that goes on, progress and *Cancel*; afterwards *Remove Engine*."""
    work = installation.current()
    if work is not None and work.running:
        layout.progress(factor=work.fraction, type="BAR", text=f"{work.fraction:.0%}")
        (line, *_) = wrapped_lines(context, [work.line or message("Installing")])  # One: nothing below it moves.
        layout.label(text=line, translate=False)
        layout.operator(THREEPOINT_OT_cancel_installation.bl_idname, icon="CANCEL")
    elif installation.is_ready():
        layout.operator(THREEPOINT_OT_remove_engine.bl_idname, icon="TRASH")
    else:
        _draw_online_access(layout, context)
        layout.operator(THREEPOINT_OT_install_engine.bl_idname, icon="IMPORT")


def draw_check(layout: bpy.types.UILayout) -> None:
    """*Check Engine*."""
    layout.operator(THREEPOINT_OT_check_engine.bl_idname, icon="CHECKMARK")


def _draw_online_access(layout: bpy.types.UILayout, context: Context) -> None:
    """Where Blender may not go online, Blender's own setting for it, or why it cannot be changed."""
    if bpy.app.online_access:
        return
    if bpy.app.online_access_override:
        layout.label(text="This Blender was started offline", icon="INTERNET_OFFLINE")
        return
    row = layout.row()
    row.use_property_split = False  # Its name would stand before a blank button.
    row.prop(context.preferences.system, "use_online_access", toggle=True, text="Allow Online Access",
             icon="INTERNET_OFFLINE")  # fmt: skip


def _draw_offer(layout: bpy.types.UILayout, context: Context) -> None:
    """Where there is no engine yet, the way to one: the same buttons as in the preferences."""
    chosen = preferences()
    if chosen is None:
        return
    if chosen.source == "OWN":
        _draw_refusal(layout, context)
        return
    if installation.is_ready() or bundled.is_there():
        return
    work = installation.current()
    column = layout.box().column()
    installing = work is not None and work.running
    if not installing:
        column.label(text="The engine is not installed yet", icon="INFO")
    draw_installation(column, context)
    if not installing:
        if work is not None and work.error:
            draw_lines(column, context, [work.error])
            if installation.TORCH_HOST in str(work.error):  # It was not reached.
                column.operator(THREEPOINT_OT_install_from_pypi.bl_idname, icon="URL")
            column.prop(chosen, "torch_index")
        column.operator(THREEPOINT_OT_use_existing_python.bl_idname, icon="PREFERENCES")


def _draw_refusal(layout: bpy.types.UILayout, context: Context) -> None:
    """Where the Python that was chosen cannot be the engine's, why, and the way to choose another."""
    refused = _verdict.said if _verdict is not None and not _verdict.fine else None
    try:
        engine_python()
    except engine.EngineError as error:
        refused = of_error(error)
    if refused is not None:
        column = layout.box().column()
        column.label(text="The engine cannot be used", icon="ERROR")
        draw_lines(column, context, [refused])
        way = column.operator("preferences.addon_show", text="Choose Another Python", icon="PREFERENCES")
        way.module = installation.PACKAGE
        column.operator(THREEPOINT_OT_use_managed_engine.bl_idname, icon="LOOP_BACK")


def _draw_installed(layout: bpy.types.UILayout, context: Context) -> None:
    """After an installation, until the engine runs; below *Predict*, which must not move when it goes."""
    work = installation.current()
    if work is not None and not work.running and installation.is_ready() and engine.about() is None:
        layout.label(text="The engine is installed", icon="CHECKMARK")


BUTTONS = (Button(Slot.PREDICTION, 0, _draw_offer), Button(Slot.PREDICTION, 20, _draw_installed))
CLASSES = (
    THREEPOINT_OT_install_engine,
    THREEPOINT_OT_install_from_pypi,
    THREEPOINT_OT_cancel_installation,
    THREEPOINT_OT_remove_engine,
    THREEPOINT_OT_use_existing_python,
    THREEPOINT_OT_use_managed_engine,
    THREEPOINT_OT_check_engine,
)
_register_classes, _unregister_classes = registration(CLASSES)


def register() -> None:
    """Register the operators."""
    _register_classes()


def unregister() -> None:
    """Take them back, and stop what they have begun."""
    installation.stop()
    for timer in (_watch_installation, _show_verdict):
        if bpy.app.timers.is_registered(timer):
            bpy.app.timers.unregister(timer)
    _unregister_classes()
