"""What can be done with what was predicted: takes on tracks, the most uncertain frame, people removed."""

import bpy
import numpy as np

from ..state.polls import has_avatar
from ..state.properties import active_person
from ..i18n.translations import translated
from ..avatar.uncertainty import mean_keyframes


class THREEPOINT_OT_push_takes(bpy.types.Operator):
    """Put every take on an NLA track of its own, the shown one unmuted"""

    bl_idname = "threepoint.push_takes"
    bl_label = "Takes to NLA"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context):
        return has_avatar(cls, context)

    def execute(self, context):
        person = active_person(context)
        animation = person.armature.animation_data
        for place, take in enumerate(person.takes):
            if take.action is None:
                continue
            track = animation.nla_tracks.get(take.action.name) or animation.nla_tracks.new()
            track.name = take.action.name
            if not track.strips:
                strip = track.strips.new(take.action.name, int(take.action.frame_range[0]), take.action)
                if hasattr(strip, "action_slot") and strip.action_slot is None:
                    strip.action_slot = take.action.slots[0]
            track.mute = place != person.active_take
        animation.action = None
        words = f"{len(person.takes)} takes are on the NLA tracks of {person.armature.name}"
        self.report({"INFO"}, translated(words))
        return {"FINISHED"}


class THREEPOINT_OT_show_uncertain(bpy.types.Operator):
    """Go to the frame at which the body as a whole is least sure"""

    bl_idname = "threepoint.show_uncertain"
    bl_label = "Most Uncertain Frame"

    @classmethod
    def poll(cls, context):
        return has_avatar(cls, context)

    def execute(self, context):
        curve = mean_keyframes(active_person(context).mesh)
        if not len(curve):
            self.report({"WARNING"}, translated("This motion has no uncertainty; predict it again"))
            return {"CANCELLED"}
        frame, value = curve[np.argmax(curve[:, 1])]
        context.scene.frame_set(int(round(frame)))
        self.report({"INFO"}, translated(f"Frame {round(frame)}: {value:.1f} cm on average"))
        return {"FINISHED"}


class THREEPOINT_OT_remove_person(bpy.types.Operator):
    """Take the person from the list; their objects stay in the scene"""

    bl_idname = "threepoint.remove_person"
    bl_label = "Remove Person"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context):
        return active_person(context) is not None

    def execute(self, context):
        settings = context.scene.threepoint
        settings.people.remove(settings.active)
        settings.active = max(0, settings.active - 1)
        return {"FINISHED"}


CLASSES = (THREEPOINT_OT_push_takes, THREEPOINT_OT_show_uncertain, THREEPOINT_OT_remove_person)


def register():
    for kind in CLASSES:
        bpy.utils.register_class(kind)


def unregister():
    for kind in reversed(CLASSES):
        bpy.utils.unregister_class(kind)
