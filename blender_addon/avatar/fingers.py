"""Bones of fingers, and what a headset has seen of them as keyframes; an avatar has them where its recording does."""

from collections.abc import Iterable, Mapping

import bpy
import numpy as np

from ...model_core.body import Body
from ...model_core.body.fingers import hand_points, rotations_of
from ...model_core.geometry.frames import MODEL_TO_BLENDER, convert_positions, convert_quaternions
from ...model_core.geometry.hand import (
    FINGER_COUNT,
    FINGER_PARENTS,
    FINGERS,
    HANDS,
    KNUCKLES,
    SEGMENTS,
    bone_frames,
    hand_frame,
)
from ...model_core.geometry.rotations import make_continuous, matrix_to_quaternion
from ...model_core.geometry.skeleton import PELVIS, WRISTS
from ..animation.curves import curves_in, drop_curves, values_at, write_vector
from ..animation.rotation_modes import QUATERNION
from ..bpy_types import ArmatureObject, MeshObject
from .armature import edit_bones
from .bake import from_bone_axes, to_bone_axes
from .bone_names import FINGER_NAMES, FINGERED, PRESET, finger_names_of, names_in, names_of

HAND_BONES = tuple(wrist + 2 for wrist in WRISTS)
"""SMPL's hand joints, which move nothing any more where there are fingers."""


def add_fingers(armature: ArmatureObject, mesh: MeshObject | None, body: Body, betas: np.ndarray) -> None:
    """Give an avatar the bones of its fingers, or lay those that it has where the shape ``betas`` (10,) has them.

    The vertices of ``mesh`` follow them. Raises ``ValueError`` for a body without fingers.
    """
    preset = armature.get(PRESET, "SMPL")
    names, joints = FINGER_NAMES[preset], names_in(preset, fingered=True)
    if not armature.get(FINGERED):
        # Some programs' names of the hands' bones are those of middle fingers: these bones get SMPL's.
        before = names_of(armature)
        for joint in HAND_BONES:
            armature.data.bones[before[joint]].name = joints[joint]
    origin = np.asarray(body.rest_joints(betas), np.float64)[PELVIS] * [1, 0, 1] + [0, float(body.sole(betas)), 0]
    with edit_bones(armature):
        bones = armature.data.edit_bones
        for side, hand in enumerate(HANDS):
            points = hand_points(body, betas, hand)
            backs = hand_frame(points, hand) @ bone_frames(points, hand)[..., 1][..., None]
            for number, finger in enumerate(FINGERS):
                for segment in range(SEGMENTS):
                    joint = SEGMENTS * number + segment
                    name = names[side * FINGER_COUNT + joint]
                    bone = bones.get(name) or bones.new(name)
                    first = FINGER_PARENTS[joint] < 0
                    parent = joints[WRISTS[side]] if first else names[side * FINGER_COUNT + FINGER_PARENTS[joint]]
                    bone.use_connect, bone.parent = False, bones[parent]
                    place = KNUCKLES[finger] + segment
                    ends = convert_positions(points[place : place + 2] - origin, MODEL_TO_BLENDER)
                    bone.head, bone.tail = ends
                    bone.align_roll(convert_positions(backs[joint, :, 0], MODEL_TO_BLENDER).tolist())
                    bone.use_connect = not first
    armature[FINGERED] = True
    for name in names:
        bone = armature.pose.bones[name]
        bone.rotation_mode, bone.lock_location = QUATERNION, (True, True, True)
    if mesh is not None:
        _weigh(mesh, body, joints, names)


def _weigh(mesh: MeshObject, body: Body, joints: tuple[str, ...], names: tuple[str, ...]) -> None:
    """Share the weights of wrists and hands among wrists and fingers."""
    assert body.finger_shares is not None
    for side, (wrist, hand) in enumerate(zip(WRISTS, HAND_BONES, strict=True)):
        whole = np.asarray(body.weights[:, wrist] + body.weights[:, hand], np.float64)
        shares = body.finger_shares[:, side * FINGER_COUNT : (side + 1) * FINGER_COUNT].astype(np.float64)
        own = names[side * FINGER_COUNT : (side + 1) * FINGER_COUNT]
        columns = {joints[wrist]: whole * (1 - shares.sum(1)), joints[hand]: np.zeros(len(whole))}
        columns |= {name: whole * shares[:, joint] for joint, name in enumerate(own)}
        for name, weights in columns.items():
            group = mesh.vertex_groups.get(name) or mesh.vertex_groups.new(name=name)
            group.remove(np.flatnonzero(weights <= 0).tolist())
            for vertex in np.flatnonzero(weights > 0).tolist():
                group.add([vertex], float(weights[vertex]), "REPLACE")


def write_fingers(
    armature: ArmatureObject,
    action: bpy.types.Action,
    frames: np.ndarray,
    bones: Mapping[str, np.ndarray],
    body: Body,
    betas: np.ndarray,
) -> None:
    """Write ``bones`` (n, 15, 4) of each hand, as of ``recordings.fingers.Fingers.at``, at whole ``frames`` (n,).

    They take the place of the finger keyframes that the action has.
    """
    curves, names = curves_in(armature, action), finger_names_of(armature)
    drop_curves(curves, {_path(name) for name in names}.__contains__)
    for hand, rotations in rotations_of(body, betas, bones).items():
        first = HANDS.index(hand) * FINGER_COUNT
        for joint, name in enumerate(names[first : first + FINGER_COUNT]):
            own = convert_quaternions(rotations[:, joint], MODEL_TO_BLENDER)
            write_vector(curves, _path(name), frames, make_continuous(_to_bone(armature, name, own)), name)


def read_fingers(armature: ArmatureObject, action: bpy.types.Action, frames: np.ndarray) -> dict[str, np.ndarray]:
    """Rotations (n, 15, 4) of each hand's finger joints at whole ``frames`` (n,), in the model's axes, as SMPL-H has
    them; nothing of a hand whose fingers do not move."""
    if not armature.get(FINGERED):
        return {}
    fcurves = {(f.data_path, f.array_index): f for f in curves_in(armature, action).fcurves if not f.mute}
    names, found = finger_names_of(armature), {}
    for side, hand in enumerate(HANDS):
        own = names[side * FINGER_COUNT : (side + 1) * FINGER_COUNT]
        if all((_path(name), part) in fcurves for name in own for part in range(4)):
            turned = []
            for name in own:
                values = np.stack([values_at(fcurves[_path(name), part], frames) for part in range(4)], -1)
                values /= np.linalg.norm(values, axis=-1, keepdims=True)
                turned.append(convert_quaternions(_from_bone(armature, name, values), MODEL_TO_BLENDER.T))
            found[hand] = np.stack(turned, 1)
    return found


def let_fingers_move(armature: ArmatureObject, actions: Iterable[bpy.types.Action], moving: bool) -> None:
    """Let the finger keyframes of ``actions`` be played, or keep them without: the fingers then are as at rest."""
    if not armature.get(FINGERED):
        return
    names = finger_names_of(armature)
    paths = {_path(name) for name in names}
    for fcurve in (f for action in actions for f in curves_in(armature, action).fcurves if f.data_path in paths):
        fcurve.mute = not moving
    for name in names if not moving else ():
        armature.pose.bones[name].rotation_quaternion = (1, 0, 0, 0)


def has_finger_keyframes(armature: ArmatureObject, action: bpy.types.Action) -> bool:
    """Whether an action has keyframes of the avatar's fingers, whether they are played or not."""
    paths = {_path(name) for name in finger_names_of(armature)}
    return any(fcurve.data_path in paths for fcurve in curves_in(armature, action).fcurves)


def _path(bone: str) -> str:
    return f'pose.bones["{bone}"].rotation_quaternion'


def _axes(armature: ArmatureObject, name: str) -> np.ndarray:
    return matrix_to_quaternion(np.array(armature.data.bones[name].matrix_local)[:3, :3])


def _to_bone(armature: ArmatureObject, name: str, rotations: np.ndarray) -> np.ndarray:
    return to_bone_axes(rotations, _axes(armature, name))


def _from_bone(armature: ArmatureObject, name: str, rotations: np.ndarray) -> np.ndarray:
    return from_bone_axes(rotations, _axes(armature, name))
