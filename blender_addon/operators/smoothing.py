"""Tremor out of the trackers, and back: the last operation's panel shows what another cut-off does."""

# pyright: reportInvalidTypeForm=false
# Blender takes properties from annotations that are calls.

import bpy
from bpy.props import FloatProperty

from ..bpy_types import Context, registration
from ..i18n.messages import message
from ..i18n.translations import translated
from ..state.people import trackers_of
from ..state.polls import has_head
from ..state.properties import active_person, require_person
from ..trackers.smoothing import original_action, restore, smooth
from .buttons import Button, Slot

CUTOFF = 6.0
"""Hz: hands hardly swing faster on purpose."""


class THREEPOINT_OT_smooth_trackers(bpy.types.Operator):
    """Take what is faster than the cut-off from head and hands; change it below the view to see what it does"""

    bl_idname = "threepoint.smooth_trackers"
    bl_label = "Smooth Trackers"
    bl_options = {"REGISTER", "UNDO"}

    cutoff: FloatProperty(
        name="Cut-Off (Hz)", default=CUTOFF, min=0.1, max=100.0, soft_max=20.0,
        description="Swings faster than this go, slower ones stay",
    )  # fmt: skip

    @classmethod
    def poll(cls, context: Context) -> bool:
        """Whether there are trackers."""
        return has_head(cls, context)

    def execute(self, context: Context) -> set[str]:
        """Smooth them, from what they were at first."""
        items = trackers_of(require_person(context)).values()
        if not [smooth(item, self.cutoff, context.scene) for item in items].count(True):
            self.report({"WARNING"}, translated(message("None of the trackers has keyframes of its own to smooth")))
            return {"CANCELLED"}
        return {"FINISHED"}


class THREEPOINT_OT_unsmooth_trackers(bpy.types.Operator):
    """Let head and hands move as they did before they were smoothed"""

    bl_idname = "threepoint.unsmooth_trackers"
    bl_label = "Undo Smoothing"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: Context) -> bool:
        """Whether any is smoothed."""
        person = active_person(context)
        return person is not None and any(original_action(item) for item in trackers_of(person).values())

    def execute(self, context: Context) -> set[str]:
        """Give them their own curves again."""
        for item in trackers_of(require_person(context)).values():
            restore(item)
        return {"FINISHED"}


def _draw_smoothing(layout: bpy.types.UILayout, context: Context) -> None:
    if active_person(context) is not None:
        row = layout.row(align=True)
        row.operator(THREEPOINT_OT_smooth_trackers.bl_idname, icon="SMOOTHCURVE")
        row.operator(THREEPOINT_OT_unsmooth_trackers.bl_idname, text="", icon="LOOP_BACK")


BUTTONS = (Button(Slot.RECORDING, 90, _draw_smoothing),)
register, unregister = registration((THREEPOINT_OT_smooth_trackers, THREEPOINT_OT_unsmooth_trackers))
