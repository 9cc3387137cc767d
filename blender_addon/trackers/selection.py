"""What is selected as a person's trackers: objects or pose bones, and which of them is head and hands.

A pose bone becomes an empty that follows it, so that everything else deals with objects alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import bpy

from ...model_core.geometry.skeleton import ROLES
from ...model_core.recordings.tables.words import BODY_ROLES, role_of, words
from ..bpy_types import Context, Scene
from .empties import HAND_SIZE, HEAD_SIZE, ROLE


@dataclass(frozen=True)
class Chosen:
    """An object, or the pose bone called ``bone`` of an armature."""

    item: bpy.types.Object
    bone: str = ""

    @property
    def name(self) -> str:
        return self.bone or self.item.name

    @property
    def role(self) -> str | None:
        """The tracker that its name means."""
        role = role_of(words(self.name))
        return role if role in BODY_ROLES else None


def chosen_in(context: Context) -> list[Chosen]:
    """The selected pose bones where there are any, else the selected objects; the active one first.

    Of an armature that is selected as an object the bones whose names mean trackers are taken, if one means the head.
    """
    bones = list(getattr(context, "selected_pose_bones", None) or ()) if context.mode == "POSE" else []
    if bones:
        active = getattr(context, "active_pose_bone", None)
        bones.sort(key=lambda bone: bone != active)
        return [Chosen(bone.id_data, bone.name) for bone in bones]
    objects = sorted(context.selected_objects, key=lambda item: item != context.active_object)
    found = []
    for item in objects:
        named = [Chosen(item, bone.name) for bone in item.pose.bones] if item.type == "ARMATURE" and item.pose else []
        named = [one for one in named if one.role is not None]
        found += named if any(one.role == "head" for one in named) else [Chosen(item)]
    return found


def by_role(chosen: Sequence[Chosen]) -> tuple[dict[str, Chosen], list[Chosen]]:
    """What is chosen by its role, and what is left over.

    Names that mean a role decide; of several of one role the shortest. If none means the head, the first is the head,
    and what has no role becomes the hands in order.
    """
    found: dict[str, Chosen] = {}
    for one in sorted(chosen, key=lambda one: len(one.name)):
        if one.role is not None:
            found.setdefault(one.role, one)
    if "head" not in found and chosen:
        # The active one is the head, whatever its name seems to mean.
        found = {role: one for role, one in found.items() if one != chosen[0]} | {"head": chosen[0]}
    unnamed = [one for one in chosen if one.role is None and one not in found.values()]
    free = [role for role in ROLES if role not in found]
    found |= dict(zip(free, unnamed, strict=False))
    return found, [one for one in chosen if one not in found.values()]


def objects_of(found: dict[str, Chosen], name: str, scene: Scene, marked: bool = True) -> dict[str, bpy.types.Object]:
    """The objects by role: of pose bones empties that follow them, in a collection of their own in the scene.

    Trackers of the body other than head and hands are ``marked`` with their role: they count where they lie with the
    head.
    """
    collection = None
    objects = {}
    for role, one in found.items():
        item = one.item
        if one.bone:
            if collection is None:
                collection = bpy.data.collections.new(f"{name} trackers")
                scene.collection.children.link(collection)
            item = _follower(one, role, collection)
        if marked and role not in ROLES:
            item[ROLE] = role
        objects[role] = item
    return objects


def _follower(one: Chosen, role: str, collection: bpy.types.Collection) -> bpy.types.Object:
    """An empty that is where a pose bone is."""
    empty = bpy.data.objects.new(f"{one.item.name} {one.bone}", None)
    collection.objects.link(empty)
    empty.rotation_mode = "QUATERNION"
    empty.empty_display_type = "ARROWS"
    empty.empty_display_size = HEAD_SIZE if role == "head" else HAND_SIZE
    constraint = empty.constraints.new("COPY_TRANSFORMS")
    constraint.target, constraint.subtarget = one.item, one.bone  # pyright: ignore[reportAttributeAccessIssue]
    return empty
