"""Which Python the engine runs in, and what is known of it."""

import os
from pathlib import Path

import bpy
from bpy.props import EnumProperty, StringProperty

from ..engine import client as engine, installation
from ..engine.installation import PACKAGE
from ..i18n.translations import translated


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
            layout.label(text=translated(line), translate=False)

    def _draw_installation(self, layout):
        work = installation.current()
        if work is not None and work.running:
            layout.progress(factor=work.fraction, type="BAR", text=translated(work.line or "Installing"))
            layout.operator("threepoint.cancel_installation", icon="CANCEL")
        elif installation.is_ready():
            layout.operator("threepoint.remove_engine", icon="TRASH")
        else:
            layout.prop(self, "torch_index")
            offer_access(bpy.context, layout)
            layout.operator("threepoint.install_engine", icon="IMPORT")
            if work is not None and work.error:
                layout.label(text=translated(work.error), icon="ERROR", translate=False)


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
    device = f"{about['device_name']} with {memory / 1e9:.0f} GB" if memory else about["device_name"]
    return f"torch {about['torch']}, Python {about['python']}, on {device}"


def register():
    bpy.utils.register_class(THREEPOINT_preferences)


def unregister():
    bpy.utils.unregister_class(THREEPOINT_preferences)
