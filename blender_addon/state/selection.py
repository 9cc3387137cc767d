"""Which person is meant: the one whose object is active, else the one who was chosen last, else the first."""

from typing import TYPE_CHECKING, Any

import bpy

from ...model_core.errors import InputError
from ..bpy_types import AnyObject, Context, Scene, current_context
from ..i18n.messages import Message, message
from .pins.properties import NO_PIN

if TYPE_CHECKING:
    from .properties import THREEPOINT_PG_scene

_chosen: dict[int, int] = {}
"""A scene -> the root of the person that was the active one last, both by their numbers of this session."""


def roots_in(scene: Scene) -> list[AnyObject]:
    """The root objects of the people in a scene."""
    objects: Any = scene.objects
    return [item for item in objects if item.threepoint.root == item]


def root_of(item: bpy.types.Object) -> AnyObject | None:
    """The root of the person that an object belongs to."""
    own: Any = item
    return own.threepoint.root


def belong(item: bpy.types.Object, root: bpy.types.Object | None) -> None:
    """Let an object belong to the person of a root, or to nobody."""
    own: Any = item
    own.threepoint.root = root


def require_local(item: bpy.types.Object) -> None:
    """Raise ``InputError`` of an object that is linked from another file: what it is made here, no file keeps."""
    if item.library is not None:
        raise InputError(
            message("{name}: is linked from {file}; make it local first (Object > Relations > Make Local)",
                    name=item.name, file=bpy.path.basename(item.library.filepath))
        )  # fmt: skip


def require_free(item: bpy.types.Object, root: bpy.types.Object, same: bool, part: Message) -> None:
    """Raise ``InputError`` of an object that cannot become a pin or a seat of the person of a ``root``.

    ``same``: it is such a thing already, and may be made one again; else ``part`` says what a part of a person is told.
    """
    own: Any = item
    owner = root_of(item)
    if owner is None or (same and owner == root):
        return
    directed = own.threepoint.directed
    if not (same or directed.seat or own.threepoint.pin.role != NO_PIN):
        raise InputError(part)
    raise InputError(
        message("{name}: is a pin or a seat of {person}; let it go there first, or choose another object",
                name=item.name, person=own.threepoint.root.threepoint.name)
    )  # fmt: skip


def is_here(item: bpy.types.Object | None, scene: Scene) -> bool:
    """Whether an object is in a scene: one that was deleted stays in the file as long as anything points at it."""
    return item is not None and scene in item.users_scene


def active_root(context: Context) -> AnyObject | None:
    """The root of the active person, or None where the scene has nobody."""
    scene, active = context.scene, context.view_layer.objects.active
    root = active.threepoint.root if active is not None else None
    if root is None:
        roots = roots_in(scene)
        root = next((root for root in roots if root.session_uid == _chosen.get(scene.session_uid)), None)
        root = root or (roots[0] if roots else None)
    if root is not None:
        _chosen[scene.session_uid] = root.session_uid
    return root


def activate(root: AnyObject, context: Context) -> None:
    """Make a person the active one: their armature is selected, or their trackers where they have none yet."""
    _chosen[context.scene.session_uid] = root.session_uid
    person, layer = root.threepoint, context.view_layer
    here = [item for item in (person.armature,) if item is not None]
    layer.update()  # It does not know yet what was only just linked.
    trackers = (person.head, person.left_hand, person.right_hand)
    # Trackers that came in with another person belong to that one, whom selecting them would mean.
    here = here or [item for item in trackers if item is not None and root_of(item) in (None, root)]
    seen = [item for item in (*here, root) if item.name in layer.objects and layer.objects[item.name] == item]
    for item in list(context.selected_objects):
        item.select_set(False)
    for item in seen:
        item.select_set(item != root or seen == [root])
    layer.objects.active = seen[0] if seen else None


def row_of(settings: "THREEPOINT_PG_scene") -> int:
    """The active person's root among the scene's objects; -1 where there is nobody."""
    root = active_root(current_context())
    scene: Any = settings.id_data
    objects = scene.objects
    return next((place for place, item in enumerate(objects) if item == root), -1)


def choose_row(settings: "THREEPOINT_PG_scene", row: int) -> None:
    """Make the person whose root is in a row of the scene's objects the active one."""
    scene: Any = settings.id_data
    objects = scene.objects
    if 0 <= row < len(objects) and objects[row].threepoint.root == objects[row]:
        activate(objects[row], current_context())
