"""Which frames are used or solved again: those of the preview range or between markers, or around the playhead."""

from typing import TYPE_CHECKING

import bpy

from ..animation.timing import keyed_frame, playhead, scene_fps
from ..bpy_types import Context, Scene, registration
from ..state.polls import has_head, has_take
from ..state.properties import require_person
from ..state.takes import active_take, whole_range
from .buttons import Button, Slot

AROUND_SECONDS = 1.0
"""What is taken of either side of the playhead."""

_Operator = bpy.types.Operator if TYPE_CHECKING else object


def chosen_range(scene: Scene) -> tuple[int, int] | None:
    """First and last frame of the preview range, else of the selected markers; None where there is neither."""
    if scene.use_preview_range:
        return keyed_frame(scene.frame_preview_start, scene), keyed_frame(scene.frame_preview_end, scene)
    frames = sorted({keyed_frame(marker.frame, scene) for marker in scene.timeline_markers if marker.select})
    return (frames[0], frames[-1]) if len(frames) > 1 else None


def _has_range(operator: type[bpy.types.Operator], context: Context) -> bool:
    if chosen_range(context.scene) is None:
        operator.poll_message_set("Set a preview range in the timeline first, or select two of its markers")
        return False
    return True


class _SetsRange(_Operator):
    """Sets two frames of the active person: a subclass says which range, and where it goes."""

    bl_options = {"UNDO"}

    def found(self, context: Context) -> tuple[int, int]:
        """First and last frame."""
        found = chosen_range(context.scene)
        assert found is not None
        return found

    def execute(self, context: Context) -> set[str]:
        """Set them."""
        person = require_person(context)
        person.first, person.last = self.found(context)
        return {"FINISHED"}


class THREEPOINT_OT_trim(_SetsRange, bpy.types.Operator):
    """Use only the part of the recording in the timeline's preview range, or between its selected markers"""

    bl_idname = "threepoint.trim"
    bl_label = "Use Preview Range"

    @classmethod
    def poll(cls, context: Context) -> bool:
        """Whether there is a person, and such a range."""
        return _has_range(cls, context) and has_head(cls, context)

    def execute(self, context: Context) -> set[str]:
        """Trim to it; nothing of the recording is removed."""
        person = require_person(context)
        person.use_trim, (person.trim_first, person.trim_last) = True, self.found(context)
        return {"FINISHED"}


class THREEPOINT_OT_range_from_preview(_SetsRange, bpy.types.Operator):
    """Set First and Last to the timeline's preview range (P in the timeline draws one), or to its selected markers"""

    bl_idname = "threepoint.range_from_preview"
    bl_label = "Range from Preview"

    @classmethod
    def poll(cls, context: Context) -> bool:
        """Whether there is such a range."""
        return _has_range(cls, context) and has_take(cls, context)


class THREEPOINT_OT_range_at_playhead(_SetsRange, bpy.types.Operator):
    """Set First and Last to the second before and the second after the current frame"""

    bl_idname = "threepoint.range_at_playhead"
    bl_label = "Range at Playhead"

    @classmethod
    def poll(cls, context: Context) -> bool:
        """Whether there is a take."""
        return has_take(cls, context)

    def found(self, context: Context) -> tuple[int, int]:
        """Around the playhead, within the take."""
        take, scene = active_take(require_person(context)), context.scene
        assert take is not None
        begin, end = whole_range(take.action)
        around = round(AROUND_SECONDS * scene_fps(scene))
        middle = min(max(playhead(scene), begin), end)
        return max(begin, middle - around), min(end, middle + around)


def draw_range_buttons(layout: bpy.types.UILayout) -> None:
    """Both, beside the fields that they set."""
    layout.operator(THREEPOINT_OT_range_from_preview.bl_idname, text="", icon="PREVIEW_RANGE")
    layout.operator(THREEPOINT_OT_range_at_playhead.bl_idname, text="", icon="CENTER_ONLY")


def _draw_trim(layout: bpy.types.UILayout, context: Context) -> None:
    """What of the recording is used, and what lost hands do there."""
    person = require_person(context)
    column = layout.column()
    column.enabled = not context.window_manager.threepoint.running
    row = column.row(align=True)
    row.prop(person, "use_trim")
    part = row.row(align=True)
    part.active = person.use_trim
    part.prop(person, "trim_first", text="")
    part.prop(person, "trim_last", text="")
    row.operator(THREEPOINT_OT_trim.bl_idname, text="", icon="PREVIEW_RANGE")
    named = column.column()
    named.use_property_split, named.use_property_decorate = True, False
    named.prop(person, "lost_hands")


BUTTONS = (Button(Slot.PREDICTION, 5, _draw_trim),)
register, unregister = registration(
    (THREEPOINT_OT_trim, THREEPOINT_OT_range_from_preview, THREEPOINT_OT_range_at_playhead)
)
