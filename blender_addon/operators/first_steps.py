"""The first minute: a recording to try things on, and what the buttons do, in their order."""

from pathlib import Path
from typing import Any

import bpy

from ..bpy_types import Context, registration
from ..i18n.messages import message
from ..i18n.text_wrap import wrapped_lines
from ..sample import SAMPLE
from ..state import people
from .buttons import Button, Slot
from .reading_recordings import begin, is_free

ROOT = Path(__file__).resolve().parent.parent.parent
MANUALS = (ROOT / "manual" / "blender.html", ROOT / "docs" / "blender.md")
"""The manual's first page: in the extension, and in a checkout that is linked into Blender."""
HELP_WIDTH, HELP_LINES = 460, 40
WAY = (
    message("1. Import Recording: a file of a headset and two controllers, or drop one into the 3D view."),
    message("2. Allow Online Access and Install Engine, once. Predict: the avatar appears, with an action."),
    message("3. Move head and hands where they are wrong, and Predict again: your own work on the avatar stays."),
    message(
        "4. Re-solve Range: only some frames. Another Take: another plausible motion. Draft: several times as fast."
    ),
    message(
        "5. Your own character: import it in the panel Character, then Put on Character: it moves as the avatar does."
    ),
    message("6. Colours say how sure the body is. Export writes FBX, glTF, BVH, USD, VRM animations or AMASS npz."),
    message("Move the empty that has the person's name to place the whole person."),
)


class THREEPOINT_OT_import_sample(bpy.types.Operator):
    """Import a real recording that comes with Threepoint: somebody walks up, reaches overhead and turns"""

    bl_idname = "threepoint.import_sample"
    bl_label = "Try a Sample"

    @classmethod
    def poll(cls, context: Context) -> bool:
        """Whether no import is under way."""
        return is_free(cls, context)

    def execute(self, context: Context) -> set[str]:
        """Import it like any other."""
        refusal = begin([{"path": str(SAMPLE), "options": {}, "keep": False}])
        if refusal:
            self.report({"ERROR"}, refusal)
        return {"CANCELLED"} if refusal else {"FINISHED"}


class THREEPOINT_OT_help(bpy.types.Operator):
    """Show the way from a recording to an exported avatar, step by step"""

    bl_idname = "threepoint.help"
    bl_label = "Threepoint: Help"

    def execute(self, context: Context) -> set[str]:
        """There is nothing to do."""
        return {"FINISHED"}

    def invoke(self, context: Context, event: bpy.types.Event) -> set[str]:
        """Show it beside the mouse."""
        return set(context.window_manager.invoke_popup(self, width=HELP_WIDTH))

    def draw(self, context: Context) -> None:
        """The steps, each a paragraph."""
        layout: Any = self.layout
        layout.label(text="From a recording to an avatar", icon="HELP")
        for step in WAY:
            column = layout.column(align=True)
            for line in wrapped_lines(context, [step], HELP_LINES, HELP_WIDTH):
                column.label(text=line, translate=False)
        draw_manual(layout)


class THREEPOINT_OT_manual(bpy.types.Operator):
    """Open the manual, which comes with Threepoint and needs no network, in the browser"""

    bl_idname = "threepoint.manual"
    bl_label = "Manual"

    def execute(self, context: Context) -> set[str]:
        """Open it."""
        bpy.ops.wm.path_open(filepath=str(manual()))
        return {"FINISHED"}


def manual() -> Path:
    """The first page of the manual that is there."""
    return next(path for path in MANUALS if path.is_file())


def draw_manual(layout: bpy.types.UILayout) -> None:
    """*Manual*."""
    layout.operator(THREEPOINT_OT_manual.bl_idname, icon="URL")


def _draw_begin(layout: bpy.types.UILayout, context: Context) -> None:
    if people.people_of(context.scene):
        return
    column = layout.column(align=True)
    column.label(text="Drop a recording into the 3D view,", icon="INFO")
    column.label(text="import one, or begin with the sample:", icon="BLANK1")
    layout.operator(THREEPOINT_OT_import_sample.bl_idname, icon="ARMATURE_DATA")


BUTTONS = (Button(Slot.RECORDING, 5, _draw_begin),)
CLASSES = (THREEPOINT_OT_import_sample, THREEPOINT_OT_help, THREEPOINT_OT_manual)
register, unregister = registration(CLASSES)
