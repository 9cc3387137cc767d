"""The person's takes on a character of the user's own, and the list of its bones."""

import bpy

from ...model_core.errors import InputError
from ..bpy_types import Context, registration
from ..i18n.messages import Message, message
from ..i18n.translations import translate, translated
from ..state import characters
from ..state.polls import has_avatar, is_idle
from ..state.properties import active_person, require_person
from ..steps import beside
from . import showing
from .buttons import Button, Slot
from .engine_jobs import person_again
from .stepped import SteppedOperator, Work, draw_progress, looking, waiting


class THREEPOINT_OT_put_on_character(SteppedOperator, bpy.types.Operator):
    """Put all takes on the character, each as an action of its own; again after every new prediction"""

    bl_idname = "threepoint.put_on_character"
    bl_label = "Put on Character"
    bl_options = {"UNDO"}
    step = "CHARACTER"

    _fraction = 0.0

    @classmethod
    def poll(cls, context: Context) -> bool:
        """Whether there are takes and a character."""
        if not (is_idle(cls, context) and has_avatar(cls, context)):
            return False
        if _meant(context) is None:
            cls.poll_message_set("Import a character and choose its armature first")
            return False
        return True

    def progress(self) -> tuple[float, Message]:
        """How many of the takes it has worked out."""
        return self._fraction, message("Putting the takes on the character")

    def working(self, context: Context) -> Work[None]:
        """Put them on: what takes long goes on beside the window, and is written into the actions in the end."""
        self._fraction = 0.0
        chosen = require_person(context).character
        if chosen.armature is None:
            chosen.armature = _meant(context)
        scene, number = context.scene.session_uid, require_person(context).root.session_uid
        prepared = yield from looking(characters.preparing(require_person(context), context.scene))
        carried = {}
        for identifier, work in prepared.items():
            carried[identifier] = yield from waiting(beside(work))
            self._fraction = len(carried) / len(prepared)
        person = person_again(context, scene, number)
        was_on = characters.is_put_on(person)
        said = yield from characters.writing(person, carried)
        if not was_on:
            person.character.hide_avatar = True
            showing.select_bones(person.character.armature)
        for one in said:
            self.tell(one)
        self.tell(message("Takes on {character}: {count}", character=person.character.armature.name,
                          count=sum(take.character_action is not None for take in person.takes)))  # fmt: skip


class THREEPOINT_OT_find_bones(bpy.types.Operator):
    """Find the character's bones anew by their names, or by how they lie; what was chosen in the list is forgotten"""

    bl_idname = "threepoint.find_bones"
    bl_label = "Find Bones"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: Context) -> bool:
        """Whether there is a character."""
        return _has_character(context)

    def execute(self, context: Context) -> set[str]:
        """Find them."""
        characters.choose(require_person(context).character)
        return {"FINISHED"}


class THREEPOINT_OT_keep_bones(bpy.types.Operator):
    """Keep this list for all characters whose bones have the same names: it is used whenever one is chosen"""

    bl_idname = "threepoint.keep_bones"
    bl_label = "Keep Bones"

    @classmethod
    def poll(cls, context: Context) -> bool:
        """Whether there is a character."""
        return _has_character(context)

    def execute(self, context: Context) -> set[str]:
        """Keep it."""
        try:
            characters.keep_bones(require_person(context).character)
        except InputError as error:
            self.report({"ERROR"}, translated(error))
            return {"CANCELLED"}
        self.report({"INFO"}, translated(message("Kept for all characters with these bones")))
        return {"FINISHED"}


def _has_character(context: Context) -> bool:
    person = active_person(context)
    return person is not None and person.character.armature is not None


def _meant(context: Context) -> bpy.types.Object | None:
    """The person's character, or whom one means who has chosen none."""
    return require_person(context).character.armature or characters.likely_character(
        context.scene, context.view_layer.objects.active
    )


def _draw_put_on(layout: bpy.types.UILayout, context: Context) -> None:
    person = require_person(context)
    again = person.character.armature is not None and characters.is_put_on(person)
    label = translate("Update Character") if again else translate("Put on Character")
    meant = _meant(context) if person.character.armature is None else None
    if meant is not None:
        label = translated(message("Put on {character}", character=meant.name))
    row = layout.row()
    row.scale_y = 1.5
    if draw_progress(row, context, THREEPOINT_OT_put_on_character.step):
        return
    row.operator(THREEPOINT_OT_put_on_character.bl_idname, text=label, icon="ARMATURE_DATA")
    if again:
        layout.prop(person.character, "hide_avatar")


def _draw_bones(layout: bpy.types.UILayout, context: Context) -> None:
    row = layout.row(align=True)
    row.operator(THREEPOINT_OT_find_bones.bl_idname, icon="VIEWZOOM")
    row.operator(THREEPOINT_OT_keep_bones.bl_idname, icon="FILE_TICK")


BUTTONS = (Button(Slot.CHARACTER, 10, _draw_put_on), Button(Slot.BONES, 10, _draw_bones))
CLASSES = (THREEPOINT_OT_put_on_character, THREEPOINT_OT_find_bones, THREEPOINT_OT_keep_bones)
register, unregister = registration(CLASSES)
