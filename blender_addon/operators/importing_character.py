"""A character comes out of its file into the scene, and is chosen."""

# pyright: reportInvalidTypeForm=false
# Blender takes properties from annotations that are calls.

from pathlib import Path
from typing import TYPE_CHECKING

import bpy
from bpy.props import StringProperty
from bpy_extras.io_utils import ImportHelper

from ...model_core.command_line.animate_arguments import CHARACTER_SUFFIXES
from ...model_core.errors import InputError
from ..bpy_types import Context, registration
from ..i18n.messages import message
from ..i18n.translations import translated
from ..state import characters
from ..state.polls import is_idle
from ..state.properties import active_person, require_person
from .buttons import Button, Slot


class THREEPOINT_OT_import_character(bpy.types.Operator, ImportHelper):
    """Bring a character out of a file (FBX, glTF, VRM, .blend) into the scene, and choose it"""

    bl_idname = "threepoint.import_character"
    bl_label = "Import Character"
    bl_options = {"UNDO"}

    if TYPE_CHECKING:
        filepath: str

    filter_glob: StringProperty(default=";".join(f"*{suffix}" for suffix in CHARACTER_SUFFIXES), options={"HIDDEN"})

    @classmethod
    def poll(cls, context: Context) -> bool:
        """Whether there is somebody to choose it for, and nothing is under way."""
        return is_idle(cls, context) and active_person(context) is not None

    def execute(self, context: Context) -> set[str]:
        """Import it."""
        person = require_person(context)
        try:
            characters.import_and_choose(person.character, Path(self.filepath), context.scene)
        except InputError as error:
            self.report({"ERROR"}, translated(error))
            return {"CANCELLED"}
        self.report({"INFO"}, translated(message("Character: {character}", character=person.character.armature.name)))
        return {"FINISHED"}


def _draw_import(layout: bpy.types.UILayout, context: Context) -> None:
    if require_person(context).character.armature is None:
        layout.operator(THREEPOINT_OT_import_character.bl_idname, icon="IMPORT")


BUTTONS = (Button(Slot.CHARACTER, 5, _draw_import),)
register, unregister = registration((THREEPOINT_OT_import_character,))
