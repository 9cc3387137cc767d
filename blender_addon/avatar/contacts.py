"""When which foot stands: a switch on the armature, pose markers in the action, rings on the ground.

All of it is in the file and plays without the add-on. The switches are custom properties of the armature, animated in
each take's own action, so that they change with the take; the rings follow them by drivers. The action remembers what
was written: where its switches, or the markers, are others now, an animator has said when a foot stands.
"""

from collections.abc import Iterable
from typing import Any

import bpy
import numpy as np

from ...model_core.body.foot_contacts import foot_rest_heights
from ...model_core.geometry.frames import MODEL_TO_BLENDER, convert_positions
from ...model_core.geometry.skeleton import BODY_JOINT_COUNT, FEET, JOINT_NAMES
from ...model_core.motion import Motion
from ..animation.curves import CONSTANT, Curves, FCurves, replace_keyframes, write_curve
from ..bpy_types import ArmatureObject
from .bone_names import names_of

FEET_JOINTS = {"left": ("left_ankle", "left_foot"), "right": ("right_ankle", "right_foot")}
"""The joints of each foot, any of which may stand."""
LIKELY = 0.5
SHORTEST_SECONDS = 0.08
"""Steps and lifts that are shorter are a flicker of the probability, not of the foot."""
RING_SIZE = 0.09
"""Radius in metres."""
RING = "threepoint_ring"
"""Custom property of a ring: the side of its foot."""
DOWN, UP = "down", "up"
WRITTEN = "threepoint_contacts"
"""Custom property of an action: frames from which the left and the right foot stand, or not, as it was written."""


def switch_name(side: str) -> str:
    """The custom property of the armature that is 1 while the foot of a ``side`` stands."""
    return f"{side}_foot_contact"


def switch_paths() -> list[str]:
    """The data paths of the switches."""
    return [f'["{switch_name(side)}"]' for side in FEET_JOINTS]


def foot_contacts(motion: Motion, seconds: np.ndarray) -> np.ndarray | None:
    """Whether the left and the right foot stand at ``seconds`` (n,) of the motion's clock: (n, 2) bool, or None.

    A foot stands while its heel or its toes do; what lasts less than ``SHORTEST_SECONDS`` is taken for what is around.
    """
    if motion.contacts is None:
        return None
    columns = [[FEET.index(JOINT_NAMES.index(joint)) for joint in joints] for joints in FEET_JOINTS.values()]
    in_contact = np.stack([motion.contacts[:, pair].max(1) > LIKELY for pair in columns], 1)
    shortest = int(np.ceil(SHORTEST_SECONDS * motion.fps))
    for foot in range(in_contact.shape[1]):
        for value in (False, True):  # Short lifts are closed first: a step is more likely to be missed than made up.
            in_contact[:, foot] = _without_short(in_contact[:, foot], value, shortest)
    rows = np.rint((np.asarray(seconds) - motion.start) * motion.fps).astype(int)
    return in_contact[np.clip(rows, 0, len(in_contact) - 1)]


def _without_short(values: np.ndarray, value: bool, shortest: int) -> np.ndarray:
    """Values (n,) with stretches of ``value`` inside that are shorter than so many frames turned over."""
    edges = np.flatnonzero(np.diff(values)) + 1
    bounds = np.concatenate([[0], edges, [len(values)]])
    values = values.copy()
    for first, last in zip(bounds[1:-2], bounds[2:-1], strict=True):
        if values[first] == value and last - first < shortest:
            values[first:last] = not value
    return values


def write_contacts(armature: ArmatureObject, curves: Curves, frames: np.ndarray, in_contact: np.ndarray) -> None:
    """Write the switches (n, 2) at whole ``frames`` (n,) into an action (``Curves``) with its pose markers."""
    for foot, side in enumerate(FEET_JOINTS):
        armature[switch_name(side)] = int(in_contact[0, foot])
        edges = np.concatenate([[0], np.flatnonzero(np.diff(in_contact[:, foot])) + 1])
        path = switch_paths()[foot]
        write_curve(curves, path, 0, frames[edges], in_contact[edges, foot], "Contacts", CONSTANT)
    mark_contacts(curves.action, curves.fcurves)
    _remember(curves.action, frames, in_contact)


def replace_contacts(action: bpy.types.Action, fcurves: FCurves, frames: np.ndarray, in_contact: np.ndarray) -> None:
    """Replace an action's switches from the first to the last of ``frames`` (n,); ``fcurves`` by (path, index).

    What the animator said of them before is still known as theirs.
    """
    _take_markers_over(action, fcurves)
    given = edited_contacts(action, fcurves, frames)
    if given is not None:
        every = _every_frame(action)
        written, inside = _written(action, every), np.isin(every, frames)
        if written is not None:
            written[inside] = np.where(np.isnan(given), in_contact, given < LIKELY)
            _remember(action, every, written)
    for foot, path in enumerate(switch_paths()):
        if (path, 0) not in fcurves:
            continue
        values = in_contact[:, foot].astype(float)
        some = frames
        if frames[-1] < action.frame_range[1]:  # What holds after the range may have begun within it.
            some = np.append(frames, frames[-1] + 1)
            values = np.append(values, fcurves[path, 0].evaluate(some[-1]))
        _replace_switch(fcurves, path, some, values)
    mark_contacts(action, fcurves.values())


def read_contacts(fcurves: FCurves, frames: np.ndarray) -> np.ndarray | None:
    """The switches (n, 2) at ``frames`` (n,); None where the action has none. ``fcurves`` by (path, index)."""
    paths = [(path, 0) for path in switch_paths()]
    if any(path not in fcurves for path in paths):
        return None
    curves = [fcurves[path] for path in paths]
    return np.array([[curve.evaluate(frame) > LIKELY for curve in curves] for frame in frames])


def edited_contacts(action: bpy.types.Action, fcurves: FCurves, frames: np.ndarray) -> np.ndarray | None:
    """What an animator says of contacts at ``frames`` (n,): (n, 2), 1 stands, 0 is free, NaN where it is as it was
    written. ``fcurves`` by (path, index). None of an action without switches, or of another version's.

    The keyframes of a switch count where they were edited, else the markers where these were moved.
    """
    now, written = read_contacts(fcurves, frames), _written(action, frames)
    if now is None or written is None:
        return None
    for foot in range(len(FEET_JOINTS)):
        if _moved_markers(action, fcurves, foot):
            now[:, foot] = _by_markers(action, foot, frames)
    return np.where(now == written, np.nan, now.astype(float))


def asked_contacts(action: bpy.types.Action, fcurves: FCurves, frames: np.ndarray, beside: int) -> np.ndarray | None:
    """``edited_contacts`` as they are to be met: to a stand that was made longer belong ``beside`` frames of the stand
    that it goes on from, for it is one, on one spot."""
    given, written = edited_contacts(action, fcurves, frames), _written(action, frames)
    if given is None or written is None:
        return None
    now, stands = np.where(np.isnan(given), written, given == 1), given == 1
    for _ in range(beside):
        before = stands.copy()
        stands[1:] |= before[:-1]
        stands[:-1] |= before[1:]
        stands &= now
    return np.where(stands, 1.0, given)


def _remember(action: bpy.types.Action, frames: np.ndarray, in_contact: np.ndarray) -> None:
    """Keep what was written of the switches (n, 2) at ``frames`` (n,): (foot, frame, value) of each change."""
    action[WRITTEN] = [
        int(value)
        for foot in range(len(FEET_JOINTS))
        for edge in np.concatenate([[0], np.flatnonzero(np.diff(in_contact[:, foot].astype(int))) + 1])
        for value in (foot, frames[edge], in_contact[edge, foot])
    ]


def _written(action: bpy.types.Action, frames: np.ndarray) -> np.ndarray | None:
    """What was written of the switches at ``frames`` (n,): (n, 2) bool; None where nothing says so."""
    kept = np.array(action.get(WRITTEN, ()), int).reshape(-1, 3)
    changes = [kept[kept[:, 0] == foot] for foot in range(len(FEET_JOINTS))]
    if not all(len(each) for each in changes):
        return None
    rows = [np.clip(np.searchsorted(each[:, 1], frames, side="right") - 1, 0, None) for each in changes]
    return np.stack([each[row, 2] > 0 for each, row in zip(changes, rows, strict=True)], 1)


def _changes(frames: np.ndarray, values: np.ndarray) -> list[tuple[int, bool]]:
    """Frame and new value wherever values (n,) change."""
    edges = np.flatnonzero(np.diff(values.astype(int))) + 1
    return [(int(frames[edge]), bool(values[edge])) for edge in edges]


def _marked(action: bpy.types.Action, foot: int) -> list[tuple[int, bool]]:
    """The same by the markers of a foot, in time."""
    side = list(FEET_JOINTS)[foot]
    events = {f"{side} {DOWN}": True, f"{side} {UP}": False}
    found = [(marker.frame, events[marker.name]) for marker in action.pose_markers if marker.name in events]
    return sorted(found)


def _moved_markers(action: bpy.types.Action, fcurves: FCurves, foot: int) -> bool:
    """Whether a foot's markers were dragged, and its switch was not edited."""
    frames = _every_frame(action)
    now, written = read_contacts(fcurves, frames), _written(action, frames)
    if now is None or written is None or (now[:, foot] != written[:, foot]).any():
        return False
    marked, changes = _marked(action, foot), _changes(frames, written[:, foot])
    return len(marked) == len(changes) and marked != changes


def _by_markers(action: bpy.types.Action, foot: int, frames: np.ndarray) -> np.ndarray:
    """Whether a foot stands at ``frames`` (n,) as its markers say."""
    marked = _marked(action, foot)
    values = np.array([not marked[0][1], *(value for _, value in marked)])
    return values[np.searchsorted([frame for frame, _ in marked], frames, side="right")]


def _every_frame(action: bpy.types.Action) -> np.ndarray:
    """The whole frames (n,) of an action."""
    first, last = (int(round(frame)) for frame in action.frame_range)
    return np.arange(first, last + 1)


def _take_markers_over(action: bpy.types.Action, fcurves: FCurves) -> None:
    """Bring the switches to markers that were moved."""
    frames = _every_frame(action)
    for foot, path in enumerate(switch_paths()):
        if (path, 0) in fcurves and _moved_markers(action, fcurves, foot):
            _replace_switch(fcurves, path, frames, _by_markers(action, foot, frames).astype(float))


def _replace_switch(fcurves: FCurves, path: str, frames: np.ndarray, values: np.ndarray) -> None:
    """Replace a switch's keyframes by values (n,) at frames (n,): one wherever it changes, which is to be edited."""
    keyed = np.unique([0, *(np.flatnonzero(np.diff(values)) + 1), len(frames) - 1])
    replace_keyframes(fcurves, path, frames[keyed], values[keyed, None], interpolation=CONSTANT)


def mark_contacts(action: bpy.types.Action, fcurves: Iterable[bpy.types.FCurve]) -> None:
    """Give the action a pose marker wherever a foot comes down or goes up; markers of the animator's own stay."""
    names = {f"{side} {event}" for side in FEET_JOINTS for event in (DOWN, UP)}
    for marker in [marker for marker in action.pose_markers if marker.name in names]:
        action.pose_markers.remove(marker)
    switches = dict(zip(switch_paths(), FEET_JOINTS, strict=True))
    for fcurve in fcurves:
        side = switches.get(fcurve.data_path)
        if side is None:
            continue
        before = None
        for point in fcurve.keyframe_points:
            in_contact = point.co.y > LIKELY
            if before is not None and in_contact != before:
                action.pose_markers.new(f"{side} {DOWN if in_contact else UP}").frame = int(round(point.co.x))
            before = in_contact


def create_rings(armature: ArmatureObject, name: str, collection: bpy.types.Collection) -> list[bpy.types.Object]:
    """Two rings that lie on the ground under the feet while these stand; empties, so they are never rendered."""
    rings, heights = [], _heights_of_feet(armature)
    for side, joints in FEET_JOINTS.items():
        if switch_name(side) not in armature:
            armature[switch_name(side)] = 0
        ring = bpy.data.objects.new(f"{name} {side} foot stands", None)
        ring.empty_display_type, ring.empty_display_size = "CIRCLE", RING_SIZE
        ring.rotation_euler.x = np.pi / 2
        ring[RING] = side
        ring.parent = armature
        collection.objects.link(ring)
        ring.location.z = -heights[side]
        _follow_foot(ring, armature, names_of(armature)[JOINT_NAMES.index(joints[0])])
        _show_while_standing(ring, armature, side)
        rings.append(ring)
    return rings


def rings_of(armature: ArmatureObject) -> list[bpy.types.Object]:
    """The rings that ``create_rings`` made for an armature."""
    return [item for item in armature.children if RING in item]


def _follow_foot(ring: bpy.types.Object, armature: ArmatureObject, bone: str) -> None:
    follow: Any = ring.constraints.new("COPY_LOCATION")
    follow.target, follow.subtarget, follow.head_tail = armature, bone, 0.5
    follow.use_offset = True  # The ring's own place is as far below the foot as the sole is.
    follow.target_space, follow.owner_space = "POSE", "LOCAL"


def _heights_of_feet(armature: ArmatureObject) -> dict[str, float]:
    """Metres from the sole to the middle of each foot, by side."""
    bones = [armature.data.bones[name].head_local for name in names_of(armature)[:BODY_JOINT_COUNT]]
    heights = foot_rest_heights(convert_positions(np.array(bones), MODEL_TO_BLENDER.T))
    found = {}
    for side, joints in FEET_JOINTS.items():
        found[side] = float(heights[[FEET.index(JOINT_NAMES.index(joint)) for joint in joints]].mean())
    return found


def _show_while_standing(ring: bpy.types.Object, armature: ArmatureObject, side: str) -> None:
    """Scaled to nothing while the foot is in the air."""
    driven: Any
    for driven in ring.driver_add("scale"):
        driven.driver.type = "AVERAGE"  # No script: it runs in files that may run none.
        variable = driven.driver.variables.new()
        variable.targets[0].id = armature
        variable.targets[0].data_path = f'["{switch_name(side)}"]'
