"""Any animated objects as a recording: the empties of one that was imported, edits included, or an animator's own."""

import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix

from ...model_core.errors import InputError
from ...model_core.geometry.frames import OPENXR_TO_BLENDER, convert_positions, convert_quaternions
from ...model_core.geometry.rotations import make_continuous, matrix_to_quaternion, nearest_rotation, normalize
from ...model_core.notes import Note
from ...model_core.recordings.recording import Recording, Track
from ..animation.curves import fcurves_of, is_muted, values_at
from ..animation.timing import seconds_to_frames
from ..bpy_types import Scene
from ..i18n.messages import message
from ..steps import Steps, all_at_once
from .empties import BETAS, DEVICE, FRAMES, ROLE, SOURCE, TRACKER_PATHS, VALID, VALID_PATH
from .object_axes import AXES, OWN, PRIOR, guess_axes, turned
from .roles import role_label
from .sample_times import sample_times

SMALLEST_VOLUME = 1e-12
"""Of a root's axes: what is smaller is scaled to nothing."""

Pose = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Positions (N, 3), rotations (N, 4) ``wxyz`` and valid (N,) of a tracker."""

UNIT_WITHIN = 1e-6
"""So far is the length of a unit quaternion in single precision from 1 at most."""
FARTHEST = 1e5
"""Metres from the origin; farther away single precision no longer tells where a hand is."""
ROWS = 2000
"""So many matrices become poses before the window may draw."""
SAMPLING_SECONDS = 0.05
"""So long a scene of its own is played before the window may draw."""


def read_trackers(
    objects: Mapping[str, bpy.types.Object],
    scene: Scene,
    source: str = "",
    times: np.ndarray | None = None,
    root: bpy.types.Object | None = None,
) -> Recording:
    """Any animated objects, by role -> ``Recording``, second 0 at the scene's first frame.

    Reads evaluated world transforms, so parents, constraints, drivers and edits count. ``times`` (N,) seconds default
    to the objects' keyframes, with 60 Hz samples between keyframes that lie far apart. A custom property ``valid``
    on an object says when it was seen; without it the object always counts as seen. Which way objects look that came
    from no recording is what their property ``object_axes.AXES`` says, or else is guessed from the motion; a note in
    the recording's warnings says so. ``root``: the object in whose space they are read, by default the world's.
    """
    return all_at_once(reading_trackers(objects, scene, source, times, root))


def reading_trackers(
    objects: Mapping[str, bpy.types.Object],
    scene: Scene,
    source: str = "",
    times: np.ndarray | None = None,
    root: bpy.types.Object | None = None,
) -> Steps[Recording]:
    """``read_trackers`` in steps, between which a window may draw and nothing may be changed."""
    if "head" not in objects:
        chosen = ", ".join(objects) or message("none")
        raise InputError(
            message("{scene}: choose an object for the head (chosen: {roles})", scene=source or "scene", roles=chosen)
        )
    _check_properties(objects)
    if times is None:
        times = sample_times(objects.values(), scene, _exact_frames(objects["head"]))
        yield
    frames, back = seconds_to_frames(times, scene), OPENXR_TO_BLENDER.T
    poses = yield from _keyed_poses(objects.values(), frames, root)
    if poses is None:
        poses = yield from _sampled_poses(objects.values(), frames, root)
    for item, pose in zip(objects.values(), poses, strict=True):
        _check_finite(item, frames, np.concatenate(pose[:2], -1))
        _check_near(item, frames, pose)
    tracks = {}
    for role, (position, rotation, valid) in zip(objects, poses, strict=True):
        rotation = convert_quaternions(make_continuous(rotation), back)
        tracks[role] = Track(convert_positions(position, back), rotation, valid)
        yield
    head = objects["head"]
    tracks, notes = _looking_ahead(objects, times, tracks)
    betas = np.array(head[BETAS]) if BETAS in head else None
    name = source or str(head.get(SOURCE, "scene"))
    return Recording(times, tracks, name, device_of(objects), betas, warnings=tuple(notes)).validate()


def _looking_ahead(
    objects: Mapping[str, bpy.types.Object], times: np.ndarray, tracks: dict[str, Track]
) -> tuple[dict[str, Track], list[Note]]:
    """The tracks with the axes of objects that are not Threepoint's own, and a note where these are guessed."""
    foreign = [role for role, item in objects.items() if SOURCE not in item]
    known = {role: str(objects[role][AXES]) for role in foreign if AXES in objects[role]}
    for role, axes in known.items():
        if axes not in PRIOR:
            raise InputError(message("object '{name}': '{axes}' are no axes that are known; known are {all}",
                                     name=objects[role].name, axes=axes, all=", ".join(PRIOR)))  # fmt: skip
    guessed, note = OWN, None
    if "head" in foreign and "head" not in known:
        guessed, note = guess_axes(times, {role: tracks[role] for role in foreign}, objects["head"])
    axes = {role: known.get(role, guessed) for role in foreign}
    moved = {role: replace(tracks[role], rotation=turned(tracks[role].rotation, way)) for role, way in axes.items()}
    return {**tracks, **moved}, [note] if note is not None else []


def _check_properties(objects: Mapping[str, bpy.types.Object]) -> None:
    """Raise ``InputError`` where an object is chosen twice, or where somebody has made something else of a custom
    property than what is kept in it."""
    roles: dict[str, str] = {}
    for role, item in objects.items():
        if item.name_full in roles:
            one, other = role_label(roles[item.name_full]), role_label(role)
            raise InputError(message("object '{name}': is chosen twice, as {one} and as {other}; choose one for each",
                                     name=item.name, one=one, other=other))  # fmt: skip
        roles[item.name_full] = role
        if VALID in item and not isinstance(item[VALID], (bool, int, float)):
            raise InputError(
                message("{name}: its property '{property}' should be a number", name=item.name, property=VALID)
            )
        if not isinstance(item.get(ROLE, ""), str):
            raise InputError(message("{name}: its property '{property}' should be text", name=item.name, property=ROLE))
    head = objects["head"]
    for name in (FRAMES, BETAS):
        if name in head and not all(isinstance(value, (int, float)) for value in _listed(head[name])):
            raise InputError(
                message("{name}: its property '{property}' should be a list of numbers", name=head.name, property=name)
            )


def _listed(value: Any) -> list[Any]:
    """The values of an array property; a property of another kind is its one value, which no array has."""
    return value.to_list() if hasattr(value, "to_list") else [None]


def _check_finite(item: bpy.types.Object, frames: np.ndarray, values: np.ndarray) -> None:
    """Raise ``InputError`` where any of an object's ``values`` (N, ...) at ``frames`` (N,) is no number."""
    nowhere = ~np.isfinite(values.reshape(len(frames), -1)).all(-1)
    if nowhere.any():
        raise InputError(
            message("object '{name}': is nowhere at frame {frame:.0f}; look at its keyframes, parents and drivers",
                    name=item.name, frame=frames[nowhere][0])
        )  # fmt: skip


def _check_near(item: bpy.types.Object, frames: np.ndarray, pose: Pose) -> None:
    """Raise ``InputError`` where an object goes farther away than anybody does."""
    position, _, valid = pose
    away = np.where(valid, np.abs(position).max(-1), 0)
    if away.max() > FARTHEST:
        raise InputError(
            message("object '{name}': is {distance:.3g} m from the origin at frame {frame:.0f}; people can be animated "
                    "within {limit:.0f} m", name=item.name, distance=away.max(), frame=frames[away.argmax()],
                    limit=FARTHEST)
        )  # fmt: skip


def device_of(objects: Mapping[str, bpy.types.Object]) -> str:
    """The offset preset of the hands: of what they came from, else of nothing in particular."""
    hands = [item for role, item in objects.items() if role != "head"]
    return next((str(item[DEVICE]) for item in hands if DEVICE in item), "")


def _exact_frames(head: bpy.types.Object) -> list[float]:
    """The exact frames of the samples that came in with an object; none where it came from no recording."""
    return head[FRAMES].to_list() if FRAMES in head else []


def _keyed_poses(
    objects: Collection[bpy.types.Object], frames: np.ndarray, root: bpy.types.Object | None = None
) -> Steps[list[Pose] | None]:
    """Poses of each object in the root's space or the world's at fractional frames (N,), from its F-curves.

    None where an object is moved by more than these. Nothing in the scene is touched, so that nothing is drawn again.
    """
    curves = []
    for item in objects:
        own = _own_curves(item, root)
        if own is None:
            return None
        curves.append(own)
    poses = []
    for item, own in zip(objects, curves, strict=True):
        position, rotation = (_values(item, own, path, frames) for path in ("location", "rotation_quaternion"))
        valid = _values(item, own, VALID_PATH, frames)[:, 0] > 0.5 if VALID in item else np.ones(len(frames), bool)
        length = np.linalg.norm(rotation, axis=1, keepdims=True)
        # What keyframes hold stays as it is to the last digit.
        rotation = np.where(np.abs(length - 1) < UNIT_WITHIN, rotation, normalize(rotation))
        poses.append((position, rotation, valid))
        yield
    return poses


def _values(
    item: bpy.types.Object, own: Mapping[tuple[str, int], bpy.types.FCurve], path: str, frames: np.ndarray
) -> np.ndarray:
    """A property's values (N, k) at ``frames`` (N,): the F-curves' among ``own``, else what they are all the time."""
    now = np.atleast_1d(item.path_resolve(path)).astype(np.float64)
    values = np.tile(now, (len(frames), 1))
    for index in range(len(now)):
        if (path, index) in own:
            values[:, index] = values_at(own[path, index], frames)
    return values


def _own_curves(
    item: bpy.types.Object, root: bpy.types.Object | None = None
) -> dict[tuple[str, int], bpy.types.FCurve] | None:
    """F-curves by (path, index) of an empty that moves by these alone in the root's space, as trackers do that nobody
    rigged; else None."""
    animation = item.animation_data
    rigged = item.type != "EMPTY" or len(item.constraints) or not _is_carried_by(item, root)
    if rigged or animation is None or animation.action is None or animation.drivers or animation.nla_tracks:
        return None
    turned = (np.array(item.delta_rotation_quaternion) != (1, 0, 0, 0)).any()
    moved = turned or np.array(item.delta_location).any()
    if moved or item.rotation_mode != "QUATERNION" or min(*item.scale, *item.delta_scale) <= 0:
        return None
    fcurves = fcurves_of(item)
    own = {(fcurve.data_path, fcurve.array_index): fcurve for fcurve in fcurves}
    silent = any(is_muted(fcurve) for fcurve in fcurves)
    simple = all(path in TRACKER_PATHS for path, _ in own)
    return own if simple and not silent and len(own) == len(fcurves) else None


def _is_carried_by(item: bpy.types.Object, root: bpy.types.Object | None) -> bool:
    """Whether an object's own location and rotation are those in the root's space."""
    if item.parent is None:
        return root is None or (
            root.parent is None and root.animation_data is None and not len(root.constraints)
            and root.matrix_basis == Matrix.Identity(4)
        )  # fmt: skip
    return item.parent == root and item.parent_type == "OBJECT" and item.matrix_parent_inverse == Matrix.Identity(4)


def _sampled_poses(
    objects: Collection[bpy.types.Object], frames: np.ndarray, root: bpy.types.Object | None = None
) -> Steps[list[Pose]]:
    """The same of any objects, however they are moved: from their evaluated matrices, frame after frame."""
    matrices, valid = yield from sampling([*objects] + ([root] if root is not None else []), frames)
    count = len(frames)
    poses = [(np.empty((count, 3)), np.empty((count, 4)), valid[:, column]) for column in range(len(objects))]
    for begin in range(0, count, ROWS):
        rows = slice(begin, begin + ROWS)
        some = matrices[rows] if root is None else seen_from(matrices[rows], root.name)
        for column, (item, (position, rotation, _)) in enumerate(zip(objects, poses, strict=True)):
            position[rows], rotation[rows] = some[:, column, :3, 3], rotations_of(some[:, column, :3, :3], item.name)
            yield
    return poses


def seen_from(matrices: np.ndarray, name: str) -> np.ndarray:
    """World matrices (N, objects, 4, 4) in the space of the last object, called ``name``, without that one."""
    if (np.abs(np.linalg.det(matrices[:, -1, :3, :3])) < SMALLEST_VOLUME).any():
        raise InputError(
            message("object '{name}': is scaled to zero; a person needs a scale that is not zero", name=name)
        )
    return np.linalg.inv(matrices[:, -1:]) @ matrices[:, :-1]


def sampling(objects: Sequence[bpy.types.Object], frames: np.ndarray) -> Steps[tuple[np.ndarray, np.ndarray]]:
    """World matrices (N, objects, 4, 4) and ``valid`` (N, objects) at fractional frames.

    A scene of their own keeps everything else (skinned meshes above all) from being evaluated along.
    """
    sampling = bpy.data.scenes.new("Threepoint sampling")
    hidden = [item for item in objects if item.hide_viewport]
    try:
        for item in objects:
            item.hide_viewport = False  # Blender does not evaluate what is hidden so.
            sampling.collection.objects.link(item)
        layer = sampling.view_layers[0]
        layer.update()
        depsgraph: Any = layer.depsgraph
        matrices = np.empty((len(frames), len(objects), 4, 4))
        valid = np.ones((len(frames), len(objects)), bool)
        until = time.monotonic() + SAMPLING_SECONDS
        for row, frame in enumerate(frames):
            whole = int(np.floor(frame))
            sampling.frame_set(whole, subframe=float(frame - whole))
            for column, item in enumerate(objects):
                evaluated = item.evaluated_get(depsgraph)
                matrices[row, column] = evaluated.matrix_world
                valid[row, column] = bool(evaluated.get(VALID, True))
            if time.monotonic() > until:
                yield
                until = time.monotonic() + SAMPLING_SECONDS
    finally:
        with suppress(ReferenceError):  # Another file may have been opened.
            bpy.data.scenes.remove(sampling)
            for item in hidden:
                item.hide_viewport = True
    return matrices, valid


def rotations_of(linear: np.ndarray, name: str) -> np.ndarray:
    """The rotations (N, 4) ``wxyz`` in matrices (N, 3, 3) that may scale and shear."""
    lengths = np.linalg.norm(linear, axis=1, keepdims=True)
    if (lengths < 1e-9).any():
        raise InputError(
            message("object '{name}': is scaled to zero; a tracker needs a scale that is not zero", name=name)
        )
    if (np.linalg.det(linear) < 0).any():
        raise InputError(
            message("object '{name}': is mirrored by a negative scale; apply or remove the scale", name=name)
        )
    return matrix_to_quaternion(nearest_rotation(linear / lengths))
