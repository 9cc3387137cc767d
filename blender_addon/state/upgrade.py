"""Files of older versions, which kept people in the scene: their data moves onto a root object for each."""

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

import bpy
from bpy.props import PointerProperty

from ...model_core.geometry.skeleton import ROLES
from ..bpy_types import AnyObject
from ..trackers.empties import body_trackers

if TYPE_CHECKING:
    from .properties import THREEPOINT_PG_person

NOT_COPIED = {"name", "root", "takes", "active_take", "quality", "calibration_key"}
"""Properties of a person that are set by other means."""
CALLED = ("get", "set", "update")
UNKNOWN = "unknown"
"""The checksum of a take of which nobody knows whether it was edited: it counts as edited, and nothing is lost."""


def plain_properties(kind: type) -> dict[str, object]:
    """The properties of a person without what happens when they are read or set: as files hold them. Groups of more
    are left out: no person had one while they were kept in the scene."""
    deferred: dict[str, Any] = {
        name: given for name, given in kind.__annotations__.items() if name != "name" and not _is_group(given)
    }
    return {
        name: given.function(**{key: value for key, value in given.keywords.items() if key not in CALLED})
        for name, given in deferred.items()
    }


def _is_group(given: Any) -> bool:
    return given.function is PointerProperty and issubclass(given.keywords["type"], bpy.types.PropertyGroup)


@bpy.app.handlers.persistent
def upgrade_file(*_: object) -> None:
    """Give every person of an older version a root object. Nothing of theirs moves or changes its name."""
    for scene in bpy.data.scenes:
        if scene.library is not None:
            continue
        people: Any = cast(Any, scene).threepoint.people
        for old in people:
            _move_to_root(old, scene)
        people.clear()


def _move_to_root(old: Any, scene: bpy.types.Scene) -> None:
    name = old.name if old.name not in bpy.data.objects else f"{old.name} person"
    root = cast(AnyObject, bpy.data.objects.new(name, None))
    beside = old.armature or old.head
    (beside.users_collection[0] if beside is not None and beside.users_collection else scene.collection).objects.link(
        root
    )
    person: THREEPOINT_PG_person = root.threepoint
    person.root = root
    for take in old.takes:
        copied = person.takes.add()
        copied.name, copied.number, copied.action = take.name, take.number, take.action
        copied.identifier, copied.baked = len(person.takes), UNKNOWN
    for name in set(old.bl_rna.properties.keys()) & set(person.bl_rna.properties.keys()) - NOT_COPIED - {"rna_type"}:
        person[name] = getattr(old, name)
    person.chosen_take = old.active_take
    with suppress(ValueError):  # The trackers' checksum was a part of it.
        person.calibration_key = json.dumps(json.loads(old.calibration_key)[:2])
    if person.armature is not None:
        person.shown_floor = person.armature.location.z
    trackers = [item for role in ROLES if (item := getattr(person, role)) is not None]
    if person.head is not None:
        trackers += body_trackers(person.head).values()
    for item in (person.armature, person.mesh, *trackers):
        if item is not None and item.library is None:
            item.threepoint.root = root
            if item.parent is None:
                item.parent = root
