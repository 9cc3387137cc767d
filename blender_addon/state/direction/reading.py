"""From ground, seats and contacts in a scene to what the engine is told of them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import bpy
import numpy as np

from ....model_core.direction.contacts import SIDES, GivenContact, contacts_to_json
from ....model_core.direction.ground import MOST_TRIANGLES, FloorLevel, Ground, ground_to_json
from ....model_core.direction.seats import Seat, seats_to_json
from ....model_core.direction.surface import Surface
from ....model_core.errors import InputError
from ....model_core.geometry.frames import MODEL_TO_BLENDER, OPENXR_TO_MODEL, convert_positions
from ....model_core.recordings import Recording
from ...animation.curves import curves_in
from ...animation.timing import frames_to_seconds, scene_fps
from ...avatar.contacts import asked_contacts
from ...bpy_types import AnyObject, Scene
from ...i18n.messages import message
from ...steps import Steps
from ...trackers.reading import sampling, seen_from
from ..pins.objects import keyed_frames
from ..takes import active_take, whole_range
from .objects import grounds_under, seats_of

if TYPE_CHECKING:
    from ..properties import THREEPOINT_PG_person

BESIDE = 2.0
"""Metres beside a recording's head within which the ground is read."""
SIDEWAYS = 0.03
"""Metres by which a seat that was made below the pelvis is moved sideways, from which it holds the pelvis there."""
STOOD_BEFORE = 0.6
"""Seconds of a stand that tell on which spot it is; a foot may have left it earlier than contact shows."""


def reading_directions(
    person: "THREEPOINT_PG_person", scene: Scene, recording: Recording, contacts: bool
) -> Steps[dict[str, Any]]:
    """What of the scene directs the motion of a ``recording``, or of a part of one: the ``ground``, the ``seats`` and,
    where these are asked for, the ``contacts`` of the active take that were edited.

    It is as ``options_to_json`` has it; what there is none of is left out. Raises ``InputError``.
    """
    said: dict[str, Any] = {}
    begin, end = recording.time[[0, -1]]
    grounds, seats = grounds_under(person, scene), seats_of(person, scene)
    space, floor = person.armature, 0.0
    if space is None:  # Before the first prediction: over the recording's own zero, or the floor where that is known.
        space, floor = person.root, person.floor if person.override_floor or person.calibration else 0.0
    if grounds:
        ground = yield from _ground(grounds, space, scene, recording, floor)
        said["ground"] = ground_to_json(ground)
    if seats:
        found = yield from _seats(seats, space, scene, begin, end, floor)
        said["seats"] = seats_to_json(found)
    if contacts:
        said["contacts"] = contacts_to_json(_contacts(person, scene, begin, end))
    said = {name: value for name, value in said.items() if value}
    if said and person.refinement == 0:
        raise InputError(message("Ground, seats and contacts are met by refinement: set it above 0, or let them go"))
    return said


def puts_feet(person: "THREEPOINT_PG_person", scene: Scene, begin: float, end: float) -> bool:
    """Whether ground, or contacts that were edited between two seconds, say where feet of the person's are put."""
    return bool(grounds_under(person, scene)) or bool(_contacts(person, scene, begin, end))


def _ground(
    grounds: Sequence[AnyObject], space: AnyObject, scene: Scene, recording: Recording, floor: float
) -> Steps[Ground]:
    """Meshes as triangles near the recording, empties as heights, all in the model's frame."""
    meshes = [item for item in grounds if item.type == "MESH"]
    empties = [item for item in grounds if item.type != "MESH"]
    head = recording.tracks["head"]
    places = convert_positions(head.position[head.valid] if head.valid.any() else head.position, OPENXR_TO_MODEL)
    low, high = places.min(0)[[0, 2]] - BESIDE, places.max(0)[[0, 2]] + BESIDE
    vertices: list[np.ndarray] = []
    triangles: list[np.ndarray] = []
    count = 0
    for item in meshes:
        corners = _triangles(item, space)
        flat = corners[..., [0, 2]]
        near = ((flat.min(1) <= high) & (flat.max(1) >= low)).all(1)
        vertices.append(corners[near].reshape(-1, 3) - [0.0, floor, 0.0])
        triangles.append(count + np.arange(3 * near.sum()).reshape(-1, 3))
        count += len(vertices[-1])
        yield
    if count > 3 * MOST_TRIANGLES:
        raise InputError(
            message("The ground has {count} triangles near the person; expected at most {most}: use a simpler mesh",
                    count=count // 3, most=MOST_TRIANGLES)
        )  # fmt: skip
    levels: list[FloorLevel] = []
    for item in empties:
        levels += yield from _levels(item, space, scene, recording.time[0], recording.time[-1], floor)
    return Ground(tuple(levels), _rows(vertices), _rows(triangles)).validate()


def _triangles(item: AnyObject, space: AnyObject) -> np.ndarray:
    """The corners (M, 3, 3) of a mesh's triangles, modifiers included, in the model's frame of a ``space``."""
    depsgraph = bpy.context.evaluated_depsgraph_get()
    evaluated: Any = item.evaluated_get(depsgraph)
    mesh = evaluated.to_mesh()
    try:
        mesh.calc_loop_triangles()
        vertices = np.empty(3 * len(mesh.vertices), np.float32)
        mesh.vertices.foreach_get("co", vertices)
        indices = np.empty(3 * len(mesh.loop_triangles), np.int32)
        mesh.loop_triangles.foreach_get("vertices", indices)
    finally:
        evaluated.to_mesh_clear()
    place = np.array(space.matrix_world.inverted_safe() @ evaluated.matrix_world)
    corners = vertices.reshape(-1, 3).astype(np.float64) @ place[:3, :3].T + place[:3, 3]
    return convert_positions(corners[indices], MODEL_TO_BLENDER.T).reshape(-1, 3, 3)


def _heights(item: AnyObject, space: AnyObject, frames: np.ndarray) -> Steps[np.ndarray]:
    """The places (n, 3) of an object in the model's frame of a ``space``."""
    matrices, _ = yield from sampling([item, space], frames.astype(np.float64))
    return convert_positions(seen_from(matrices, space.name)[:, 0, :3, 3], MODEL_TO_BLENDER.T)


def _levels(
    item: AnyObject, space: AnyObject, scene: Scene, begin: float, end: float, floor: float
) -> Steps[list[FloorLevel]]:
    """How high an empty is: from its first key to its last one, or all the time."""
    keyed = keyed_frames(item)
    frames = np.arange(keyed[0], keyed[-1] + 1) if len(keyed) else np.array([scene.frame_start])
    places = yield from _heights(item, space, frames)
    heights = (places[:, 1] - floor).round(4)
    if not len(keyed):
        return [FloorLevel((0.0, float(end - begin) + 1.0), float(heights[0]))]
    levels = []
    edges = [0, *(np.flatnonzero(np.diff(heights)) + 1), len(frames)]
    for first, last in zip(edges[:-1], edges[1:], strict=True):
        seconds = frames_to_seconds([frames[first], frames[first] + last - first], scene) - begin
        if seconds[1] > 0 and seconds[0] < end - begin:
            levels.append(FloorLevel((max(float(seconds[0]), 0.0), float(seconds[1])), float(heights[first])))
    return levels


def _seats(
    seats: Sequence[AnyObject], space: AnyObject, scene: Scene, begin: float, end: float, floor: float
) -> Steps[list[Seat]]:
    """What the person sits on while the recording goes on."""
    found = []
    for item in seats:
        directed = item.threepoint.directed
        if directed.first > directed.last:
            raise InputError(
                message("{seat}: begins at frame {first}, after its end at {last}", seat=item.name,
                        first=directed.first, last=directed.last)
            )  # fmt: skip
        seconds = frames_to_seconds([directed.first, directed.last + 1], scene) - begin
        if seconds[1] <= 0 or seconds[0] >= end - begin:
            continue
        places = yield from _heights(item, space, np.array([directed.first]))
        height = _seat_height(item, space) if item.type == "MESH" else float(places[0, 1])
        height -= floor
        found.append(Seat((max(float(seconds[0]), 0.0), float(seconds[1])), height, _moved_to(item, places[0])))
    return found


def _moved_to(item: AnyObject, place: np.ndarray) -> tuple[float, float] | None:
    """Where over the floor, x and z, a seat now at a ``place`` (3,) holds the pelvis; None leaves it where it is."""
    directed = item.threepoint.directed
    made_at = convert_positions(np.array(directed.made_at), MODEL_TO_BLENDER.T)
    if not directed.made or np.linalg.norm((place - made_at)[[0, 2]]) <= SIDEWAYS:
        return None
    return float(place[0]), float(place[2])


def _seat_height(item: AnyObject, space: AnyObject) -> float:
    """How high a mesh is in its middle, in the model's frame of a ``space``: of a chair the seat, not its back."""
    corners = _triangles(item, space)
    surface = Surface(corners.reshape(-1, 3), np.arange(3 * len(corners)).reshape(-1, 3))
    middle = (corners.min((0, 1)) + corners.max((0, 1))) / 2
    height = float(surface.heights(middle[None, [0, 2]], np.array([np.inf]))[0])
    if np.isnan(height):
        raise InputError(message("{name}: has nothing to sit on in its middle", name=item.name))
    return height


def _contacts(person: "THREEPOINT_PG_person", scene: Scene, begin: float, end: float) -> list[GivenContact]:
    """The contacts of the active take that an animator edited, within a part of the recording."""
    take = active_take(person)
    if take is None or take.action is None:
        return []
    first, last = whole_range(take.action)
    frames = np.arange(first, last + 1)
    seconds = frames_to_seconds(frames, scene)
    frames = frames[(seconds >= begin - 0.5 / scene_fps(scene)) & (seconds <= end)]
    curves = {(curve.data_path, curve.array_index): curve for curve in curves_in(person.armature, take.action).fcurves}
    beside = round(STOOD_BEFORE * scene_fps(scene))
    given = asked_contacts(take.action, curves, frames, beside) if len(frames) else None
    if given is None:
        return []
    found = []
    for foot, side in enumerate(SIDES):
        values = given[:, foot]
        same = (values[1:] == values[:-1]) | (np.isnan(values[1:]) & np.isnan(values[:-1]))
        edges = [0, *(np.flatnonzero(~same) + 1), len(frames)]
        for start, stop in zip(edges[:-1], edges[1:], strict=True):
            if not np.isnan(values[start]):
                span = frames_to_seconds([frames[start], frames[stop - 1] + 1], scene) - begin
                found.append(GivenContact(side, (max(float(span[0]), 0.0), float(span[1])), bool(values[start])))
    return found


def _rows(arrays: Sequence[np.ndarray]) -> Any:
    """Arrays (N, 3) one after the other as a tuple of tuples."""
    return tuple(tuple(row) for array in arrays for row in array.tolist())
