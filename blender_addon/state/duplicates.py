"""A duplicated avatar becomes a person of its own, even where its root was not duplicated along."""

from typing import Any

import bpy

from ..bpy_types import current_context
from .selection import belong, root_of
from .takes import actions_of


@bpy.app.handlers.persistent
def claim_active(*_: object) -> None:
    """Give the active object a root of its own where it is a copy of another person's armature, or of its mesh."""
    context = current_context()
    layer = getattr(context, "view_layer", None)
    active = layer.objects.active if layer is not None else None
    if active is None or active.type not in ("ARMATURE", "MESH") or root_of(active) is None:
        return
    if any(window.modal_operators for window in context.window_manager.windows):
        return  # In the midst of what moves it; there will be another update.
    armature = active if active.type == "ARMATURE" else active.find_armature()
    if armature is None or armature.library is not None or armature.override_library is not None:
        return
    root = root_of(armature)
    if root is not None and root.library is None and root.threepoint.armature not in (None, armature):
        _claim(armature, root)


def _claim(armature: Any, root: Any) -> None:
    """A copy of the root is the copied avatar's: trackers, settings and takes are the same, until they are changed."""
    own: Any = root.copy()
    for collection in root.users_collection or armature.users_collection:
        collection.objects.link(own)
    belong(own, own)
    belong(armature, own)
    person = own.threepoint
    person.armature = armature
    person.mesh = next((item for item in armature.children if item.type == "MESH" and root_of(item) == root), None)
    if person.mesh is not None:
        belong(person.mesh, own)
    if armature.parent == root:
        inverse = armature.matrix_parent_inverse.copy()
        armature.parent = own
        armature.matrix_parent_inverse = inverse
    animation, shown = armature.animation_data, root.threepoint.active_take
    played = animation.action if animation is not None else None
    if played is not None and played not in actions_of(person) and 0 <= shown < len(person.takes):
        person.takes[shown].action = played  # Blender has duplicated what the original plays.
        played.use_fake_user = True
