"""Which frames are solved again: those of the preview range, or those around the playhead."""

import bpy

from ..animation.timing import scene_fps
from ..bpy_types import Context, registration
from ..state.polls import has_take
from ..state.properties import require_person
from ..state.takes import active_take, whole_range

AROUND_SECONDS = 1.0
"""What is taken of either side of the playhead."""


class THREEPOINT_OT_range_from_preview(bpy.types.Operator):
    """Set First and Last to the timeline's preview range (P in the timeline draws one)"""

    bl_idname = "threepoint.range_from_preview"
    bl_label = "Range from Preview"
    bl_options = {"UNDO"}

    @classmethod
    def poll(cls, context: Context) -> bool:
        """Whether there is a preview range."""
        if not context.scene.use_preview_range:
            cls.poll_message_set("Set a preview range in the timeline first")
            return False
        return has_take(cls, context)

    def execute(self, context: Context) -> set[str]:
        """Take it over."""
        person, scene = require_person(context), context.scene
        person.first, person.last = scene.frame_preview_start, scene.frame_preview_end
        return {"FINISHED"}


class THREEPOINT_OT_range_at_playhead(bpy.types.Operator):
    """Set First and Last to the second before and the second after the current frame"""

    bl_idname = "threepoint.range_at_playhead"
    bl_label = "Range at Playhead"
    bl_options = {"UNDO"}

    @classmethod
    def poll(cls, context: Context) -> bool:
        """Whether there is a take."""
        return has_take(cls, context)

    def execute(self, context: Context) -> set[str]:
        """Set them, within the take."""
        person, scene = require_person(context), context.scene
        take = active_take(person)
        assert take is not None
        begin, end = whole_range(take.action)
        around = round(AROUND_SECONDS * scene_fps(scene))
        middle = min(max(scene.frame_current, begin), end)
        person.first, person.last = max(begin, middle - around), min(end, middle + around)
        return {"FINISHED"}


def draw_range_buttons(layout: bpy.types.UILayout) -> None:
    """Both, beside the fields that they set."""
    layout.operator(THREEPOINT_OT_range_from_preview.bl_idname, text="", icon="PREVIEW_RANGE")
    layout.operator(THREEPOINT_OT_range_at_playhead.bl_idname, text="", icon="CENTER_ONLY")


register, unregister = registration((THREEPOINT_OT_range_from_preview, THREEPOINT_OT_range_at_playhead))
