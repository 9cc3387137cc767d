"""The extension's preferences: which Python the engine runs in, and what is known of it."""

# pyright: reportInvalidTypeForm=false
# Blender takes properties from annotations that are calls.

from typing import Any

import bpy
from bpy.props import EnumProperty, StringProperty

from ..bpy_types import Context, registration
from ..engine import bundled, installation
from ..engine import client as engine
from ..engine.installation import PACKAGE
from ..i18n.messages import message
from ..i18n.translations import translated
from ..operators import engine_environment, first_steps


def _forget_verdict(_chosen: Any, _context: bpy.types.Context) -> None:
    engine_environment.forget_verdict()


class THREEPOINT_preferences(bpy.types.AddonPreferences):
    """The extension's preferences."""

    bl_idname = PACKAGE

    source: EnumProperty(
        name="Engine",
        update=_forget_verdict,
        items=(
            ("INSTALLED", "Managed by Threepoint", "The environment that Threepoint makes in Blender's user folder"),
            (
                "OWN",
                "Existing Python",
                "A Python of yours, 3.11 or newer, that has torch, numpy and safetensors",
            ),
        ),
    )
    python: StringProperty(
        name="Python",
        subtype="FILE_PATH",
        update=_forget_verdict,
        description="The interpreter of an existing Python, or the folder of its environment, such as .venv",
    )
    torch_index: StringProperty(
        name="PyTorch Index URL",
        description="Address of a package index that has torch for your GPU; empty: chosen automatically",
    )

    def draw(self, context: Context) -> None:
        """The engine's choice, its buttons and its state."""
        layout = self.layout
        layout.use_property_split = True
        layout.prop(self, "source", expand=True)
        if self.source == "OWN":
            layout.prop(self, "python")
            layout.label(text="It needs Python 3.11 or newer with torch, numpy and safetensors", icon="INFO")
        else:
            self._draw_installation(layout, context)
        engine_environment.draw_check(layout)
        first_steps.draw_manual(layout)
        verdict = engine_environment.verdict()
        for line in engine_state(self):
            icon = "NONE" if verdict is None or line is not verdict.said else "CHECKMARK" if verdict.fine else "ERROR"
            layout.label(text=translated(line), translate=False, icon=icon)

    def _draw_installation(self, layout: bpy.types.UILayout, context: Context) -> None:
        work = installation.current()
        idle = work is None or not work.running
        if idle and not installation.is_ready():
            layout.prop(self, "torch_index")
        engine_environment.draw_installation(layout, context)
        if work is not None and idle and work.error and not installation.is_ready():
            layout.label(text=translated(work.error), icon="ERROR", translate=False)


def engine_state(chosen: THREEPOINT_preferences) -> list[object]:
    """What is known of the engine, a message each."""
    about = engine.about()
    verdict = engine_environment.verdict()
    known: list[object]
    if engine_environment.is_checking():
        known = [message("Checking ...")]
    else:
        known = [] if verdict is None else [verdict.said]
    if about is not None:
        running = message("Running: {engine}", engine=engine.describe(about))
        return [running, message("Log: {path}", path=engine.log_path()), *known]
    if known:
        return known
    log = [message("Log: {path}", path=engine.log_path())] if engine.log_path().is_file() else []  # Of one that ended.
    if chosen.source == "OWN":
        return [message("Not running"), *log]
    work = installation.current()
    if work is not None and work.running:
        return [message("Installing"), message("Log: {path}", path=work.log)]
    if installation.is_ready():
        return [message("Installed; it starts on first use"), *log]
    if bundled.is_there():
        return [message("Threepoint came with an engine for the CPU or Metal; install another one for a GPU"), *log]
    return [message("Not installed yet")]


register, unregister = registration((THREEPOINT_preferences,))
