"""Whether what a button needs is there and can be worked on: not deleted, not linked, not in the midst of edits."""

from typing import TYPE_CHECKING

import bpy

from ...model_core.errors import InputError
from ...model_core.geometry.skeleton import ROLES
from ..avatar.bone_names import names_of
from ..bpy_types import Scene
from ..i18n.messages import message
from .selection import is_here

if TYPE_CHECKING:
    from .properties import THREEPOINT_PG_person

PARTS = ("armature", "mesh", *ROLES)
"""The properties of a person that point at objects."""


def forget_deleted(person: "THREEPOINT_PG_person", scene: Scene) -> None:
    """Let go of objects that are in no scene any more, and bring back a root that was deleted from under its person.

    Blender keeps a deleted object in the file as long as anything points at it.
    """
    for part in PARTS:
        item = getattr(person, part)
        if item is not None and not item.users_scene:
            setattr(person, part, None)
    root = person.root
    if not root.users_scene:
        scene.collection.objects.link(root)
        for part in PARTS:
            item = getattr(person, part)
            if item is not None and item.threepoint.root == root and item.parent is None:
                item.parent = root


def require_whole(person: "THREEPOINT_PG_person") -> None:
    """Raise ``InputError`` where the person's avatar cannot be worked on as it is; where there is none, all is well."""
    for item, kind in ((person.armature, "ARMATURE"), (person.mesh, "MESH")):
        if item is None:
            continue
        if item.type != kind:
            raise InputError(
                message("{name}: stands as the avatar of {person}, but is not its armature or its mesh; undo what put "
                        "it there", name=item.name, person=person.name)
            )  # fmt: skip
        for block in (item, item.data):
            if block.library is not None:
                raise InputError(
                    message("{name}: is linked from {file}; make it local first (Object > Relations > Make Local)",
                            name=block.name, file=bpy.path.basename(block.library.filepath))
                )  # fmt: skip
        if item.mode not in ("OBJECT", "POSE"):
            raise InputError(message("{name}: is being edited; go back to Object Mode first", name=item.name))
    if person.armature is not None:
        names_of(person.armature)


def require_here(person: "THREEPOINT_PG_person", scene: Scene) -> None:
    """Raise ``InputError`` where a part of the avatar has gone to another scene."""
    for item in (person.armature, person.mesh):
        if item is not None and not is_here(item, scene):
            raise InputError(message("{name}: is in another scene than its person", name=item.name))
