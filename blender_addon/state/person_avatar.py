"""A person's avatar: made for a motion's shape, rigged and coloured as the person's settings say."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy
import numpy as np

from ...model_core.body import load_body
from ...model_core.body.model import Body
from ...model_core.calibration import PRESETS
from ...model_core.errors import InputError
from ...model_core.motion import Motion
from ..avatar.armature import RestShape, bone_matrices, create_armature, create_mesh, rest_shape
from ..avatar.bake import set_rotation_order, setting_rotation_order, take_frames
from ..avatar.bone_names import FINGERED
from ..avatar.correctives import adding_correctives, remove_correctives
from ..avatar.fingers import add_fingers, has_finger_keyframes, let_fingers_move, write_fingers
from ..avatar.hands import HOLDING, RELAXED
from ..avatar.reshape import replace_geometry, reshape_armature, reshape_mesh
from ..avatar.rolls import name_and_roll
from ..avatar.shape_keys import key_of
from ..avatar.uncertainty import modifier_of
from ..avatar.uncertainty_nodes import set_range
from ..bpy_types import Scene
from ..i18n.messages import Message, message
from ..reading.process import Reading
from ..steps import Steps
from ..trackers.fingers import has_fingers, recorded_fingers
from ..trackers.reading import device_of
from .presence import require_whole
from .selection import belong
from .takes import actions_of, converting, layers_of

if TYPE_CHECKING:
    from .properties import THREEPOINT_PG_person

WAIT_SECONDS, MOST_BODIES = 0.01, 4
_bodies: dict[tuple[str, int, int], Body] = {}
SAME_SHAPE = 1e-3
"""Betas that differ by less are one person's: the avatar is kept."""


def body_of(path: str) -> Body:
    """The body in a file; the free one for an empty path. One that was read and is the same file still is kept."""
    key = _body_key(path)
    if key not in _bodies:
        _keep_body(key, load_body(bpy.path.abspath(path) if path else None))
    return _bodies[key]


def loading_body(path: str) -> Steps[Body]:
    """``body_of`` in steps, between which a window may draw: another process reads what is not known yet."""
    key = _body_key(path)
    if key not in _bodies and not bpy.app.background:
        reading = Reading(Path(bpy.path.abspath(path)) if path else None, {"kind": "body"})
        try:
            while not reading.finished():
                time.sleep(WAIT_SECONDS)
                yield
        except GeneratorExit:
            reading.cancel()
            raise
        _keep_body(key, reading.body())
    return body_of(path)


def _keep_body(key: tuple[str, int, int], body: Body) -> None:
    _bodies[key] = body
    while len(_bodies) > MOST_BODIES:
        del _bodies[next(iter(_bodies))]


def _body_key(path: str) -> tuple[str, int, int]:
    """A file as it is now: one that was written anew is another body."""
    if not path:
        return "", 0, 0
    absolute = bpy.path.abspath(path)
    try:
        about = os.stat(absolute)
    except OSError:  # ``load_body`` says why.
        return absolute, 0, 0
    return absolute, about.st_mtime_ns, about.st_size


def fits(person: "THREEPOINT_PG_person", motion: Motion) -> bool:
    """Whether the person's avatar is there, of the chosen body and of the motion's shape."""
    if person.armature is None or person.mesh is None or person.built_from != person.body_path:
        return False
    return bool(np.abs(np.array(person.betas) - motion.betas).max() <= SAME_SHAPE)


def making_avatar(person: "THREEPOINT_PG_person", motion: Motion, scene: Scene, said: list[Message]) -> Iterator[None]:
    """Make what the avatar lacks and bring what there is into the motion's shape, in place, in steps.

    What is to be said of that comes into ``said``.
    """
    body = yield from loading_body(person.body_path)
    yield
    shape = rest_shape(body, motion.betas)
    yield
    if person.armature is None:
        _make_armature(person, shape, scene)
    else:
        reshape_armature(person.armature, shape)
    yield
    if person.mesh is None:
        name = f"{person.name} body"
        armature: Any = person.armature
        person.mesh = create_mesh(body, shape, armature, name, collection_of(person, scene))
        belong(person.mesh, person.root)
    else:
        said += _reshape(person, body, shape)
    person.betas = [float(beta) for beta in motion.betas]
    person.built_from = person.body_path
    person.has_correctives = body.pose_directions is not None
    yield from applying_correctives(person, person.correctives)
    yield from posing_hands(person, person.hand_pose)


def _make_armature(person: "THREEPOINT_PG_person", shape: RestShape, scene: Scene) -> None:
    """A new armature below the root; what takes there are were made for its bones' names and rotation order."""
    person.armature = create_armature(shape, f"{person.name} avatar", collection_of(person, scene))
    belong(person.armature, person.root)
    person.armature.parent = person.root
    person.shown_floor = 0.0
    name_and_roll(person.armature, person.bone_names, ())
    set_rotation_order(person.armature, person.rotation_order, ())
    if person.mesh is not None:  # Of an armature that was deleted.
        person.mesh.parent = person.armature
        for modifier in person.mesh.modifiers:
            if modifier.type == "ARMATURE" and (modifier.object is None or not modifier.object.users_scene):
                modifier.object = person.armature


def _reshape(person: "THREEPOINT_PG_person", body: Body, shape: RestShape) -> list[Message]:
    """Bring the mesh that there is into another shape."""
    old = _shape_before(person)
    if person.built_from == person.body_path and len(person.mesh.data.vertices) == len(shape.vertices):
        reshape_mesh(person.mesh, old, shape)
        return []
    return replace_geometry(person.mesh, person.armature, body, old, shape)


def _shape_before(person: "THREEPOINT_PG_person") -> RestShape | None:
    """The rest shape that the mesh was made for; None where its body's file is not there any more."""
    try:
        return rest_shape(body_of(person.built_from), np.array(person.betas))
    except InputError:
        return None


def collection_of(person: "THREEPOINT_PG_person", scene: Scene) -> bpy.types.Collection:
    """Where new objects of a person go: to the root, or to the scene where that is in no collection of it."""
    inside = {scene.collection, *scene.collection.children_recursive}
    found = [item for item in person.root.users_collection if item in inside and item.library is None]
    return found[0] if found else scene.collection


def naming_bones(person: "THREEPOINT_PG_person", preset: str) -> Steps[None]:
    """Name the avatar's bones by a preset, in all takes, in steps."""
    if person.armature is not None:
        require_whole(person)
        yield from converting(person, _renaming(person, preset))


def _renaming(person: "THREEPOINT_PG_person", preset: str) -> Steps[None]:
    name_and_roll(person.armature, preset, layers_of(person))
    yield


def posing_hands(person: "THREEPOINT_PG_person", choice: str) -> Steps[None]:
    """Close, relax or flatten the avatar's fingers, or let them move, in steps."""
    choice = fingers_shown(person, choice)
    if person.armature is not None:
        yield from converting(person, _moving_fingers(person, choice == "RECORDED"))
    for name, pose in ((RELAXED, "RELAXED"), (HOLDING, "HOLDING")):
        key = key_of(person.mesh, name)
        if key is not None:
            key.value = float(choice == pose)


def fingers_shown(person: "THREEPOINT_PG_person", choice: str) -> str:
    """What a choice among ``hand_choices`` comes to: "HOLDING", "RELAXED", "FLAT" or "RECORDED"."""
    if choice == "AUTO":
        seen = device_of({role: item for role, item in hands_of(person).items() if item is not None})
        device = seen if person.preset == "AUTO" else person.preset
        choice = "RECORDED" if has_fingers(hands_of(person)) else "HOLDING" if device in PRESETS else "RELAXED"
    return "RELAXED" if choice == "RECORDED" and not can_show_fingers(person) else choice


def hands_of(person: "THREEPOINT_PG_person") -> dict[str, bpy.types.Object | None]:
    """The objects of the person's hands by role."""
    return {"left_hand": person.left_hand, "right_hand": person.right_hand}


def can_show_fingers(person: "THREEPOINT_PG_person") -> bool:
    """Whether the person's recording has fingers, and their avatar's body, too."""
    if person.armature is None or not has_fingers(hands_of(person)):
        return False
    return body_of(person.built_from).finger_shares is not None


def hand_choices(person: "THREEPOINT_PG_person") -> list[str]:
    """Those of the ways to hold the fingers that this person has."""
    return ["AUTO", "HOLDING", "RELAXED", "FLAT", *(["RECORDED"] if can_show_fingers(person) else [])]


def _moving_fingers(person: "THREEPOINT_PG_person", recorded: bool) -> Steps[None]:
    """Let the avatar's fingers move as they were recorded, with bones and keyframes in each take, or rest."""
    if recorded:
        add_fingers(person.armature, person.mesh, body_of(person.built_from), np.array(person.betas))
        for action in actions_of(person):
            if not has_finger_keyframes(person.armature, action):
                key_fingers(person, action)
                yield
    let_fingers_move(person.armature, actions_of(person), recorded)
    yield


def key_fingers(person: "THREEPOINT_PG_person", action: bpy.types.Action) -> None:
    """Write the recorded fingers into a take's action, where the avatar shows them."""
    armature = person.armature
    if armature is None or not armature.get(FINGERED) or not has_fingers(hands_of(person)):
        return
    frames = take_frames(armature, action)
    bones = {hand: fingers.at(frames) for hand, fingers in recorded_fingers(hands_of(person)).items()}
    write_fingers(armature, action, frames, bones, body_of(person.built_from), np.array(person.betas))
    let_fingers_move(armature, [action], person.hand_pose in ("AUTO", "RECORDED"))


def ordering_rotations(person: "THREEPOINT_PG_person", order: str) -> Steps[None]:
    """Let the avatar's bones rotate in another order, in all takes, in steps."""
    if person.armature is not None:
        require_whole(person)
        turning = setting_rotation_order(person.armature, order, layers_of(person))
        yield from converting(person, turning)


def applying_correctives(person: "THREEPOINT_PG_person", wanted: bool) -> Steps[None]:
    """Add the body's pose correctives to the avatar's mesh or take them away, in steps. Raises ``InputError``."""
    if person.mesh is None or person.armature is None:
        return
    require_whole(person)
    remove_correctives(person.mesh)
    if wanted and person.has_correctives:
        body = yield from loading_body(person.built_from)
        if len(body.template) != len(person.mesh.data.vertices):
            raise InputError(
                message(
                    "{mesh}: is no longer the mesh of its body; predict again to make a new one", mesh=person.mesh.name
                )
            )
        yield from adding_correctives(person.mesh, person.armature, body, bone_matrices(person.armature))


def show_colours(person: "THREEPOINT_PG_person") -> None:
    """Bring the modifier in line with what the person's colour settings say."""
    modifier = modifier_of(person.mesh)
    if modifier is not None:
        modifier.show_viewport = modifier.show_render = person.colours
        set_range(modifier, person.low, max(person.high, person.low + 0.1))
        person.mesh.update_tag()


CONVERSIONS: dict[str, Callable[["THREEPOINT_PG_person", Any], Steps[None]]] = {
    "bone_names": naming_bones,
    "rotation_order": ordering_rotations,
    "hand_pose": posing_hands,
    "correctives": applying_correctives,
}
"""Settings of a person that change the whole avatar or all takes, by their property: each brings it to a value."""
