"""What can be done with people and their takes: onto NLA tracks, duplicated, deleted; the most uncertain frame."""

import bpy
import numpy as np

from ..animation.timing import show_frame
from ..avatar.uncertainty import mean_keyframes
from ..bpy_types import Context, registration
from ..i18n.messages import message
from ..i18n.translations import translated
from ..state import people, takes
from ..state.polls import has_avatar, has_take, is_idle
from ..state.properties import active_person, require_person
from .buttons import Button, Slot


class THREEPOINT_OT_push_takes(bpy.types.Operator):
    """Put every take on an NLA track of its own, the active one unmuted"""

    bl_idname = "threepoint.push_takes"
    bl_label = "Takes to NLA"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: Context) -> bool:
        """Whether there are takes."""
        return has_avatar(cls, context)

    def execute(self, context: Context) -> set[str]:
        """Make the tracks."""
        person = require_person(context)
        takes.push_to_nla(person)
        done = message("Takes on the NLA tracks of {armature}: {count}",
                       count=len(takes.actions_of(person)), armature=person.armature.name)  # fmt: skip
        self.report({"INFO"}, translated(done))
        return {"FINISHED"}


class THREEPOINT_OT_duplicate_take(bpy.types.Operator):
    """Duplicate the active take, edits included; the copy is another take, to edit or to re-solve"""

    bl_idname = "threepoint.duplicate_take"
    bl_label = "Duplicate Take"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: Context) -> bool:
        """Whether there is a take."""
        return is_idle(cls, context) and has_take(cls, context)

    def execute(self, context: Context) -> set[str]:
        """Duplicate it."""
        person = require_person(context)
        takes.duplicate_take(person, person.active_take)
        return {"FINISHED"}


class THREEPOINT_OT_delete_take(bpy.types.Operator):
    """Delete the active take, its action and its strips on the NLA"""

    bl_idname = "threepoint.delete_take"
    bl_label = "Delete Take"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: Context) -> bool:
        """Whether there is a take."""
        person = active_person(context)
        return is_idle(cls, context) and person is not None and takes.active_take(person) is not None

    def execute(self, context: Context) -> set[str]:
        """Delete it."""
        person = require_person(context)
        takes.delete_take(person, person.active_take)
        return {"FINISHED"}


class THREEPOINT_OT_show_uncertain(bpy.types.Operator):
    """Go to the frame at which the body as a whole is least sure"""

    bl_idname = "threepoint.show_uncertain"
    bl_label = "Most Uncertain Frame"

    @classmethod
    def poll(cls, context: Context) -> bool:
        """Whether there is an avatar."""
        return has_avatar(cls, context)

    def execute(self, context: Context) -> set[str]:
        """Go there."""
        mesh = require_person(context).mesh
        curve = mean_keyframes(mesh) if mesh is not None else np.empty((0, 2))
        if not len(curve):
            self.report({"WARNING"}, translated(message("This motion has no uncertainty; predict it again")))
            return {"CANCELLED"}
        frame, value = curve[np.argmax(curve[:, 1])]
        show_frame(float(frame), context.scene)
        found = message("Frame {frame}: {error:.1f} cm on average", frame=round(float(frame)), error=value)
        self.report({"INFO"}, translated(found))
        return {"FINISHED"}


class THREEPOINT_OT_remove_person(bpy.types.Operator):
    """Take the person from the list; their objects stay in the scene"""

    bl_idname = "threepoint.remove_person"
    bl_label = "Remove Person"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: Context) -> bool:
        """Whether there is a person."""
        return active_person(context) is not None

    def execute(self, context: Context) -> set[str]:
        """Remove the active one."""
        people.remove_person(require_person(context))
        return {"FINISHED"}


def _draw_remove(layout: bpy.types.UILayout, context: Context) -> None:
    layout.operator(THREEPOINT_OT_remove_person.bl_idname, icon="REMOVE", text="")


def _draw_push(layout: bpy.types.UILayout, context: Context) -> None:
    layout.operator(THREEPOINT_OT_push_takes.bl_idname, icon="NLA")


def _draw_take_list(layout: bpy.types.UILayout, context: Context) -> None:
    layout.operator(THREEPOINT_OT_duplicate_take.bl_idname, text="", icon="DUPLICATE")
    layout.operator(THREEPOINT_OT_delete_take.bl_idname, text="", icon="REMOVE")


def _draw_uncertain(layout: bpy.types.UILayout, context: Context) -> None:
    layout.operator(THREEPOINT_OT_show_uncertain.bl_idname, icon="VIEWZOOM")


BUTTONS = (
    Button(Slot.PEOPLE, 10, _draw_remove),
    Button(Slot.TAKES, 20, _draw_push),
    Button(Slot.TAKE_LIST, 10, _draw_take_list),
    Button(Slot.UNCERTAINTY, 10, _draw_uncertain),
)
CLASSES = (
    THREEPOINT_OT_push_takes,
    THREEPOINT_OT_duplicate_take,
    THREEPOINT_OT_delete_take,
    THREEPOINT_OT_show_uncertain,
    THREEPOINT_OT_remove_person,
)
register, unregister = registration(CLASSES)
