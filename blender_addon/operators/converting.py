"""Bone names, rotation order, pose correctives: what changes all takes or the whole avatar goes on from tick to tick.

The status bar says so meanwhile; nothing can be cancelled half-way.
"""

# pyright: reportInvalidTypeForm=false
# Blender takes properties from annotations that are calls.

import bpy
from bpy.props import StringProperty

from ...model_core.errors import InputError
from ..bpy_types import Context, registration
from ..i18n.messages import Message, message
from ..state.people import people_of
from ..state.person_avatar import CONVERSIONS
from .reading_recordings import WORKPLACE, is_free
from .stepped import SteppedOperator, Work


class THREEPOINT_OT_convert_avatar(SteppedOperator, bpy.types.Operator):
    """Bring the avatar and its takes in line with a setting"""

    bl_idname = "threepoint.convert_avatar"
    bl_label = "Convert Avatar"
    bl_options = {"UNDO", "INTERNAL"}
    step, workplace = "CONVERSION", WORKPLACE

    root: StringProperty(options={"HIDDEN", "SKIP_SAVE"})
    """The name of the person's root object."""
    setting: StringProperty(options={"HIDDEN", "SKIP_SAVE"})
    """A property of the person, of ``CONVERSIONS``."""

    @classmethod
    def poll(cls, context: Context) -> bool:
        """Whether no other work stands where its progress is shown."""
        return is_free(cls, context)

    def progress(self) -> tuple[float, Message]:
        """What is done."""
        return 0.0, message("Converting the avatar")

    def working(self, context: Context) -> Work[None]:
        """Convert them."""
        person = next((person for person in people_of(context.scene) if person.root.name == self.root), None)
        if person is None:
            raise InputError(message("The person is not in this scene any more; nothing was changed"))
        yield from CONVERSIONS[self.setting](person)


register, unregister = registration((THREEPOINT_OT_convert_avatar,))
