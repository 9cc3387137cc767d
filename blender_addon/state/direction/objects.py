"""Ground and seats as objects of a scene: which there are, how they are made and how they are let go."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import bpy
import numpy as np
from mathutils import Matrix

from ....model_core.body.proportions import body_size
from ....model_core.direction.seats import PELVIS_OVER_SEAT, find_sitting
from ....model_core.errors import InputError
from ....model_core.geometry.frames import MODEL_TO_BLENDER, convert_positions
from ....model_core.geometry.kinematics import forward_kinematics
from ....model_core.geometry.rotations import quaternion_to_matrix
from ....model_core.geometry.skeleton import BODY_JOINT_COUNT, HEAD
from ...animation.timing import playhead, seconds_to_frames
from ...avatar.bake import read_action
from ...bpy_types import AnyObject, Scene
from ...i18n.messages import message
from ...steps import all_at_once
from ..people import trackers_of
from ..person_avatar import collection_of, loading_body
from ..selection import belong, require_free, require_local, root_of
from ..takes import active_take

if TYPE_CHECKING:
    from ..properties import THREEPOINT_PG_person

SEAT_SIZE = 0.2
"""Metres of an empty that is made to be a seat."""


def grounds_of(scene: Scene) -> list[AnyObject]:
    """The objects of a scene that people stand on, some of them those of one person alone."""
    return [item for item in _objects(scene) if item.threepoint.directed.ground]


def grounds_under(person: "THREEPOINT_PG_person", scene: Scene) -> list[AnyObject]:
    """The objects of a scene that a person stands on: a mesh that somebody sits on is ground for all."""
    found = grounds_of(scene)
    return [item for item in found if item.threepoint.directed.seat or root_of(item) in (None, person.root)]


def seats_of(person: "THREEPOINT_PG_person", scene: Scene) -> list[AnyObject]:
    """The objects of a scene that a person sits on."""
    return [item for item in _objects(scene) if item.threepoint.directed.seat and item.threepoint.root == person.root]


def _objects(scene: Scene) -> Iterable[AnyObject]:
    return scene.objects  # pyright: ignore[reportReturnType]


def use_as_ground(items: Iterable[AnyObject]) -> None:
    """Let people stand on meshes; empties are the height of their floor. Raises ``InputError`` of anything else."""
    chosen = list(items)
    if not chosen:
        raise InputError(message("Select meshes that people stand on, or empties at the height of their floor"))
    for item in chosen:
        require_local(item)
        seat = item.threepoint.directed.seat
        if seat and item.type != "MESH":
            raise InputError(
                message("{name}: is a seat; of seats only meshes can be ground, too: let it go first, or make another "
                        "empty", name=item.name)
            )  # fmt: skip
        if item.type not in ("MESH", "EMPTY") or (root_of(item) is not None and not seat):
            raise InputError(message("{name}: is no ground; select meshes, or empties, of the scene", name=item.name))
    for item in chosen:
        item.threepoint.directed.ground = True


def make_seat(person: "THREEPOINT_PG_person", scene: Scene) -> AnyObject:
    """An empty of the person's on which they sit, where ``found_seat`` says so."""
    frames, place = found_seat(person, scene)
    item: AnyObject = bpy.data.objects.new(f"seat {person.name}", None)  # pyright: ignore[reportAssignmentType]
    collection_of(person, scene).objects.link(item)
    item.empty_display_type, item.empty_display_size = "CUBE", SEAT_SIZE
    item.show_name = item.show_in_front = True
    item.parent = person.root
    use_as_seat(person, item, frames)
    item.matrix_world = person.armature.matrix_world @ Matrix.Translation(place.tolist())
    item.threepoint.directed.made, item.threepoint.directed.made_at = True, place.tolist()
    return item


def use_as_seat(person: "THREEPOINT_PG_person", item: AnyObject, frames: tuple[int, int]) -> None:
    """Let the person sit on any object. Raises ``InputError`` of one that is a part of a person."""
    require_local(item)
    directed = item.threepoint.directed
    part = message("{name}: is a part of a person; choose another object as a seat", name=item.name)
    if item in trackers_of(person).values():
        raise InputError(part)
    if directed.ground and item.type != "MESH":
        raise InputError(
            message("{name}: is a floor's height; let it go first, or choose another object as a seat", name=item.name)
        )
    require_free(item, person.root, directed.seat, part)
    belong(item, person.root)
    directed.seat, directed.first, directed.last = True, *frames


def let_go(items: Iterable[AnyObject]) -> int:
    """Objects are no ground and no seats any more; how many were. What was made to be a seat stays as an empty."""
    count = 0
    for item in items:
        directed = item.threepoint.directed
        if directed.seat or directed.ground:
            belong(item, None)
        count += directed.seat or directed.ground
        directed.seat = directed.ground = False
    return count


def found_seat(person: "THREEPOINT_PG_person", scene: Scene) -> tuple[tuple[int, int], np.ndarray]:
    """First and last frame in which the person sits, by the active take, and the seat's place (3,) in the armature.

    That is around the current frame: where the take's head is low and still, else the second before and the one after.
    """
    take = active_take(person)
    assert take is not None
    motion = read_action(person.armature, take.action, np.array(person.betas), scene)
    rest = all_at_once(loading_body(person.body_path)).rest_joints(np.array(person.betas))[:BODY_JOINT_COUNT]
    heads = forward_kinematics(quaternion_to_matrix(motion.rotations), motion.translation, rest)[1][:, HEAD]
    origin = float(seconds_to_frames(motion.start, scene))
    row = int(np.clip(round(playhead(scene) - origin), 0, motion.frame_count - 1))
    sitting = find_sitting(heads, motion.translation, rest, motion.fps)
    around = round(motion.fps)
    first, last = next(((begin, end) for begin, end in sitting if begin <= row < end), (row - around, row + around + 1))
    first, last = max(first, 0), min(last, motion.frame_count)
    place = np.median(motion.translation[first:last], 0)
    place[1] -= PELVIS_OVER_SEAT * float(body_size(rest))
    frames = round(first + origin), round(last - 1 + origin)
    return frames, convert_positions(place, MODEL_TO_BLENDER)
