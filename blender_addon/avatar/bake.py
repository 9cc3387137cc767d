"""A motion as an action on an avatar's armature, and back."""

from collections.abc import Iterable, Iterator
from typing import Any

import bpy
import numpy as np
from numpy.typing import ArrayLike

from ...model_core.errors import InputError
from ...model_core.geometry.frames import MODEL_TO_BLENDER, convert_positions, convert_quaternions
from ...model_core.geometry.rotations import matrix_to_quaternion, quaternion_conjugate, quaternion_multiply, slerp
from ...model_core.geometry.skeleton import BODY_JOINT_COUNT, PELVIS
from ...model_core.motion import Motion
from ..animation.curves import (
    FCurves,
    curves_in,
    drop_curves,
    fcurves_of,
    keyframes_of,
    make_action,
    replace_keyframes,
    use_action,
    values_at,
    write_vector,
)
from ..animation.rotation_modes import CHANNELS, QUATERNION, channel_values, quaternions_of, same_rotation
from ..animation.timing import blending, frames_to_seconds, scene_fps, seconds_to_frames
from ..bpy_types import ArmatureObject, Scene
from ..i18n.messages import message
from ..steps import Steps, all_at_once
from .armature import bone_matrices
from .bone_names import names_of
from .contacts import foot_contacts, read_contacts, replace_contacts, switch_paths, write_contacts


def bake_motion(armature: ArmatureObject, motion: Motion, scene: Scene, name: str) -> bpy.types.Action:
    """Write ``motion`` as a new action ``name`` that ``armature`` plays; return the action."""
    action = make_action(armature, name).action
    write_motion(armature, action, motion, scene)
    use_action(armature, action)
    return action


def write_motion(armature: ArmatureObject, action: bpy.types.Action, motion: Motion, scene: Scene) -> None:
    """Write ``motion`` into an action of ``armature``, in place of the motion that it holds.

    One linear keyframe a scene frame, from the frame nearest to the motion's start to the one nearest to its end, so
    that its length in seconds is kept to a frame. The motion's second 0 is the scene's first frame. The root's path is
    on the pelvis bone; rotations are in each bone's own rotation mode; the hands, which no motion drives, stay as they
    are, and so does everything else that the action animates.
    """
    for _ in writing(armature, action, motion, scene):
        pass


def writing(armature: ArmatureObject, action: bpy.types.Action, motion: Motion, scene: Scene) -> Iterator[None]:
    """``write_motion`` in steps, between which a window may draw."""
    motion.validate()
    frames = action_frames(motion, scene)
    seconds = frames_to_seconds(frames, scene)
    yield
    location, rotations = yield from _bone_space(armature, motion, seconds)
    names = names_of(armature)
    curves = curves_in(armature, action)
    drop_curves(curves, driven_paths(armature).__contains__)
    yield
    write_vector(curves, f'pose.bones["{names[PELVIS]}"].location', frames, location, names[PELVIS])
    for order, joints in joints_by_order(armature).items():
        for joint in joints:  # One by one: an hour's rotations are too many for several copies.
            values = channel_values(rotations[:, [joint]], order)[:, 0]
            write_vector(curves, rotation_path(names[joint], order), frames, values, names[joint])
            yield
    in_contact = foot_contacts(motion, seconds)
    if in_contact is not None:
        write_contacts(armature, curves, frames, in_contact)


def driven_paths(armature: ArmatureObject) -> set[str]:
    """The data paths that a motion animates, in any rotation mode."""
    names = names_of(armature)[:BODY_JOINT_COUNT]
    rotations = {path for path, _ in CHANNELS.values()} | {"rotation_axis_angle"}
    paths = {f'pose.bones["{name}"].{rotation}' for name in names for rotation in rotations}
    return paths | {f'pose.bones["{names[PELVIS]}"].location', *switch_paths()}


def replace_frames(
    armature: ArmatureObject, action: bpy.types.Action, motion: Motion, scene: Scene, first: int, last: int
) -> None:
    """Replace the keyframes ``first``..``last`` of an action by ``motion``'s, its edges blended.

    The motion's second 0 is the scene's first frame. What it does not cover stays as it is, and so do all other frames;
    the action becomes no longer.
    Raises ``InputError`` where the action lacks a curve that a motion has.
    """
    for _ in replacing(armature, action, motion, scene, first, last):
        pass


def replacing(
    armature: ArmatureObject, action: bpy.types.Action, motion: Motion, scene: Scene, first: int, last: int
) -> Iterator[None]:
    """``replace_frames`` in steps, between which a window may draw."""
    fcurves, names = motion_curves(armature, action), names_of(armature)
    path = f'pose.bones["{names[PELVIS]}"].location'
    begin, end = (int(round(frame)) for frame in fcurves[path, 0].range())
    covered = action_frames(motion, scene)
    frames = np.arange(max(first, covered[0], begin), min(last, covered[-1], end) + 1)
    if not len(frames):
        return
    seconds = frames_to_seconds(frames, scene)
    location, rotations = yield from _bone_space(armature, motion, seconds)
    yield
    weight = blending(frames, frames[0], frames[-1], (begin, end))
    old = curve_values(fcurves, path, 3, frames)
    replace_keyframes(fcurves, path, frames, old + weight[:, None] * (location - old))
    for order, joints in joints_by_order(armature).items():
        paths = [rotation_path(names[joint], order) for joint in joints]
        old = np.stack([curve_values(fcurves, path, CHANNELS[order][1], frames) for path in paths], 1)
        blended = slerp(quaternions_of(old, order), rotations[:, joints], weight[:, None])
        values = channel_values(blended, order, before=old[0])
        # On its new way a rotation may arrive with other values that mean the same: what follows goes on with those.
        factor, shift = same_rotation(old[-1], values[-1], order)
        for position, path in enumerate(paths):
            replace_keyframes(fcurves, path, frames, values[:, position], factor[position], shift[position])
            yield
    in_contact = foot_contacts(motion, seconds)
    if in_contact is not None:
        replace_contacts(action, fcurves, frames, in_contact)


def motion_curves(armature: ArmatureObject, action: bpy.types.Action) -> FCurves:
    """An action's F-curves by (path, index). Raises ``InputError`` where one that a motion needs is missing."""
    fcurves = {(f.data_path, f.array_index): f for f in curves_in(armature, action).fcurves}
    names = names_of(armature)
    needed = [(f'pose.bones["{names[PELVIS]}"].location', 3)]
    for order, joints in joints_by_order(armature).items():
        needed += [(rotation_path(names[joint], order), CHANNELS[order][1]) for joint in joints]
    for path, count in needed:
        if any((path, index) not in fcurves or fcurves[path, index].is_empty for index in range(count)):
            raise InputError(
                message("{action}: its curve {path} is missing; predict this take again", action=action.name, path=path)
            )
    return fcurves


def read_action(armature: ArmatureObject, action: bpy.types.Action, betas: ArrayLike, scene: Scene) -> Motion:
    """An action of the armature, edits included, as a ``Motion`` at the scene's rate.

    Raises ``InputError`` where the action lacks a curve that a motion has.
    """
    return all_at_once(reading_action(armature, action, betas, scene))


def reading_action(
    armature: ArmatureObject,
    action: bpy.types.Action,
    betas: ArrayLike,
    scene: Scene,
    part: tuple[float, float] | None = None,
) -> Steps[Motion]:
    """``read_action`` in steps, between which a window may draw and nothing may be changed.

    ``part``: only the frames from the one before to the one after these seconds, 0 being the scene's first frame.
    """
    fcurves = motion_curves(armature, action)
    names = names_of(armature)
    path = f'pose.bones["{names[PELVIS]}"].location'
    frames = take_frames(armature, action)
    if part is not None:
        first, last = seconds_to_frames(part, scene)
        frames = frames[(frames >= min(np.floor(first), frames[-1])) & (frames <= max(np.ceil(last), frames[0]))]
    axes = bone_axes(armature)
    rotations = np.empty((len(frames), BODY_JOINT_COUNT, 4))
    for order, joints in joints_by_order(armature).items():
        for joint in joints:
            values = curve_values(fcurves, rotation_path(names[joint], order), CHANNELS[order][1], frames)
            own = quaternions_of(values, order)
            rotations[:, joint] = convert_quaternions(from_bone_axes(own, axes[joint]), MODEL_TO_BLENDER.T)
            yield
    head, pelvis_axes = _pelvis_rest(armature)
    location = curve_values(fcurves, path, 3, frames) @ pelvis_axes.T + head
    translation = convert_positions(location, MODEL_TO_BLENDER.T)
    in_contact = read_contacts(fcurves, frames)
    return Motion(
        scene_fps(scene), rotations, translation, np.asarray(betas), float(frames_to_seconds(frames[0], scene)),
        contacts=None if in_contact is None else np.concatenate([in_contact, in_contact], 1).astype(np.float32),
    )  # fmt: skip


def take_frames(armature: ArmatureObject, action: bpy.types.Action) -> np.ndarray:
    """The whole frames (n,) of a take: from the pelvis's first keyframe to its last, whatever the scene shows.

    Raises ``InputError`` where the action lacks a curve that a motion has.
    """
    path = f'pose.bones["{names_of(armature)[PELVIS]}"].location'
    first, last = np.rint(np.array(motion_curves(armature, action)[path, 0].range()))
    return np.arange(first, last + 1)


def root_channels(armature: ArmatureObject, frames: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The pelvis bone's location (n, 3) and rotation (n, 4) ``wxyz``, in its own axes, at ``frames`` (n,)."""
    fcurves = {(f.data_path, f.array_index): f for f in fcurves_of(armature)}
    name = names_of(armature)[PELVIS]
    order = armature.pose.bones[name].rotation_mode
    values = curve_values(fcurves, rotation_path(name, order), CHANNELS[order][1], frames)
    return curve_values(fcurves, f'pose.bones["{name}"].location', 3, frames), quaternions_of(values, order)


def set_rotation_order(armature: ArmatureObject, order: str, actions: Iterable[bpy.types.Action]) -> None:
    """Give all bones a rotation order (one of ``rotation_modes.ORDERS``), and convert the keyframes of ``actions``."""
    all_at_once(setting_rotation_order(armature, order, actions))


def setting_rotation_order(armature: ArmatureObject, order: str, actions: Iterable[bpy.types.Action]) -> Steps[None]:
    """``set_rotation_order`` in steps, between which a window may draw."""
    before = joints_by_order(armature)
    for action in actions:
        yield from _converting(armature, action, order, before)
    for name in names_of(armature):
        bone: Any = armature.pose.bones[name]
        bone.rotation_mode = order


def _converting(
    armature: ArmatureObject, action: bpy.types.Action, order: str, before: dict[str, list[int]]
) -> Steps[None]:
    curves = curves_in(armature, action)
    fcurves = {(f.data_path, f.array_index): f for f in curves.fcurves}
    turned: list[tuple[str, str, np.ndarray, np.ndarray]] = []
    for old, joints in before.items():
        for joint in joints if old != order else ():
            name = names_of(armature)[joint]
            path, count = rotation_path(name, old), CHANNELS[old][1]
            if any((path, index) not in fcurves for index in range(count)):
                continue  # An own layer that does not turn this bone, or curves that somebody has deleted.
            frames = np.unique(np.concatenate([keyframes_of(fcurves[path, k])[:, 0] for k in range(count)]))
            values = quaternions_of(curve_values(fcurves, path, count, frames), old)
            turned.append((name, path, frames, channel_values(values[:, None], order)[:, 0]))
            yield
    drop_curves(curves, {path for _, path, _, _ in turned}.__contains__)
    for name, _, frames, values in turned:
        write_vector(curves, rotation_path(name, order), frames, values, name)
        yield


def joints_by_order(armature: ArmatureObject) -> dict[str, list[int]]:
    """The joints that a motion drives, by their bone's rotation mode: {order: list of joints}."""
    found = {}
    for joint, name in enumerate(names_of(armature)[:BODY_JOINT_COUNT]):
        bone = armature.pose.bones[name]
        if bone.rotation_mode not in CHANNELS:  # Axis and angle cannot be interpolated well; nobody animates in them.
            bone.rotation_mode = QUATERNION
        found.setdefault(bone.rotation_mode, []).append(joint)
    return found


def rotation_path(bone: str, order: str) -> str:
    """The data path of a bone's rotation in a rotation mode."""
    return f'pose.bones["{bone}"].{CHANNELS[order][0]}'


def _bone_space(armature: ArmatureObject, motion: Motion, seconds: np.ndarray) -> Steps[tuple[np.ndarray, np.ndarray]]:
    """Location of the pelvis bone (n, 3) and rotations of the bones (n, 22, 4), as Blender's channels hold them."""
    rotations, translation = yield from interpolating(motion, seconds)
    axes = bone_axes(armature)
    for joint in range(BODY_JOINT_COUNT):  # One by one: an hour's rotations are too many for several copies.
        turned = convert_quaternions(rotations[:, joint], MODEL_TO_BLENDER)
        rotations[:, joint] = to_bone_axes(turned, axes[joint])
        yield
    head, pelvis_axes = _pelvis_rest(armature)
    return (convert_positions(translation, MODEL_TO_BLENDER) - head) @ pelvis_axes, rotations


def _pelvis_rest(armature: ArmatureObject) -> tuple[np.ndarray, np.ndarray]:
    return np.array(armature.data.bones[names_of(armature)[PELVIS]].head_local), bone_matrices(armature)[PELVIS]


def curve_values(fcurves: FCurves, path: str, count: int, frames: np.ndarray) -> np.ndarray:
    """Values (n, count) of a vector property at whole frames."""
    return np.stack([values_at(fcurves[path, k], np.asarray(frames)) for k in range(count)], 1)


def action_frames(motion: Motion, scene: Scene) -> np.ndarray:
    """Whole scene frames (n,) that a motion covers."""
    first, last = np.rint(seconds_to_frames([motion.start, motion.start + motion.duration], scene))
    return np.arange(first, last + 1)


def interpolate_motion(motion: Motion, seconds: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Rotations (n, 22, 4) and translation (n, 3) of ``motion`` at ``seconds`` (n,) of its clock.

    Interpolates between frames on the sphere and on the line; before the first frame and after the last one holds.
    """
    return all_at_once(interpolating(motion, seconds))


def interpolating(motion: Motion, seconds: ArrayLike) -> Steps[tuple[np.ndarray, np.ndarray]]:
    """``interpolate_motion`` in steps, between which a window may draw."""
    position = np.clip((np.asarray(seconds) - motion.start) * motion.fps, 0, motion.frame_count - 1)
    before = np.floor(position).astype(int)
    after = np.minimum(before + 1, motion.frame_count - 1)
    part = position - before
    rotations = np.empty((len(position), BODY_JOINT_COUNT, 4))
    for joint in range(BODY_JOINT_COUNT):
        own = motion.rotations[:, joint].astype(np.float64)
        rotations[:, joint] = slerp(own[before], own[after], part)
        yield
    translation = motion.translation.astype(np.float64)
    return rotations, translation[before] + part[:, None] * (translation[after] - translation[before])


def bone_axes(armature: ArmatureObject) -> np.ndarray:
    """(24, 4) ``wxyz``: the same as quaternions."""
    return matrix_to_quaternion(bone_matrices(armature))


def to_bone_axes(rotations: np.ndarray, axes: np.ndarray) -> np.ndarray:
    """A joint's local rotations (T, 4) in Blender's frame -> the same in its bone's own rest axes (4,)."""
    axes = np.broadcast_to(axes, rotations.shape)
    return quaternion_multiply(quaternion_multiply(quaternion_conjugate(axes), rotations), axes)


def from_bone_axes(rotations: np.ndarray, axes: np.ndarray) -> np.ndarray:
    """The inverse of ``to_bone_axes``."""
    return to_bone_axes(rotations, quaternion_conjugate(axes))
