"""From dropout to dropout: where a tracker was not seen, the motion is made up and worth a look."""

import bpy

from ..animation.timing import playhead, seconds_to_frames, show_frame
from ..bpy_types import Context, registration
from ..i18n.messages import message
from ..i18n.translations import translated
from ..state.people import trackers_of
from ..state.properties import active_person, require_person
from ..trackers.empties import find_dropouts
from ..trackers.roles import role_label


class THREEPOINT_OT_next_dropout(bpy.types.Operator):
    """Go to the next frame at which a tracker is lost; after the last one to the first"""

    bl_idname = "threepoint.next_dropout"
    bl_label = "Next Dropout"

    @classmethod
    def poll(cls, context: Context) -> bool:
        """Whether there is a person."""
        return active_person(context) is not None

    def execute(self, context: Context) -> set[str]:
        """Go there."""
        scene = context.scene
        found = [
            (round(float(seconds_to_frames(first, scene))), role, last - first)
            for role, tracker in trackers_of(require_person(context)).items()
            for first, last in find_dropouts(tracker, scene)
        ]
        if not found:
            self.report({"INFO"}, translated(message("No tracker is ever lost")))
            return {"CANCELLED"}
        frame, role, seconds = min(found, key=lambda dropout: (dropout[0] <= playhead(scene), dropout[0]))
        show_frame(frame, scene)
        said = message("Frame {frame}: {tracker} lost for {seconds:.2f} s", frame=frame, tracker=role_label(role),
                       seconds=seconds)  # fmt: skip
        self.report({"INFO"}, translated(said))
        return {"FINISHED"}


register, unregister = registration((THREEPOINT_OT_next_dropout,))
