"""Use Animated Objects: what is selected becomes a person's head and hands."""

import bpy

from ...model_core.errors import InputError
from ...model_core.notes import Note
from ..bpy_types import Context, registration
from ..i18n.messages import Message, dump, load, message
from ..i18n.translations import translated
from ..state import people
from ..trackers import selection
from .buttons import Button, Slot
from .reading_recordings import IMPORT, WORKPLACE, is_free
from .stepped import SteppedOperator, Work

MOST_NAMED = 6
"""Selected objects that are named as not used."""


class THREEPOINT_OT_use_objects(SteppedOperator, bpy.types.Operator):
    """Start a new person whose head and hands are the selected objects or pose bones, the active one being the head"""

    bl_idname = "threepoint.use_objects"
    bl_label = "Use Animated Objects"
    bl_options = {"UNDO"}
    step, workplace = IMPORT, WORKPLACE

    @classmethod
    def poll(cls, context: Context) -> bool:
        """Whether no import is under way."""
        return is_free(cls, context)

    def progress(self) -> tuple[float, Message]:
        """What is looked at; nobody knows for how long."""
        return 0.0, message("Reading head and hands")

    def working(self, context: Context) -> Work[None]:
        """Make the person, and find out which way the objects look."""
        found, left = selection.by_role(selection.chosen_in(context))
        objects = selection.objects_of(found, "Person", context.scene)
        person = people.add_person_from_objects(objects, "Person", context.scene)
        notes: list[Message | Note] = []
        try:
            notes += yield from people.settling_axes(person, context.scene)
        except InputError as error:
            self.report({"WARNING"}, translated(error))  # pyright: ignore[reportArgumentType]
        if left:
            names = ", ".join(one.name for one in left[:MOST_NAMED]) + (" ..." if len(left) > MOST_NAMED else "")
            unused = message("Selected but not used: {names}", names=names)
            notes.append(unused)
            self.tell(unused, "WARNING")
        person.notes = dump([*load(person.notes), *notes])


def _draw_button(layout: bpy.types.UILayout, context: Context) -> None:
    layout.operator(THREEPOINT_OT_use_objects.bl_idname, icon="OBJECT_DATA")


BUTTONS = (Button(Slot.RECORDING, 20, _draw_button),)
register, unregister = registration((THREEPOINT_OT_use_objects,))
