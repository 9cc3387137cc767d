"""A pose's channels as F-curves of an action on the character's armature, in bulk."""

from collections.abc import Iterator, Sequence
from typing import Any

import bpy
import numpy as np

from ...model_core.geometry.rotations import matrix_to_quaternion
from ..animation.curves import CONSTANT, Curves, all_fcurves, curves_in, drop_curves, write_curve, write_vector
from ..animation.rotation_modes import CHANNELS, QUATERNION, channel_values
from ..bpy_types import ArmatureObject
from ..steps import Steps
from .channels import Channels

ROTATION_PATHS = {path for path, _ in CHANNELS.values()} | {"rotation_axis_angle"}
REST_REACH = 1e-6
"""Locations and scales that differ from rest by less are at rest."""


def writing_channels(
    armature: ArmatureObject, action: bpy.types.Action, names: Sequence[str], channels: Channels, frames: np.ndarray
) -> Steps[None]:
    """Write channels into an action of ``armature``, one linear keyframe a frame (T,), or one for
    what keeps still, in place of what was there.

    In steps, between which a window may draw and nothing may be changed.

    What else the action animates stays. Bones that have been moved or scaled, here or by other actions of the
    character, are keyed at rest, so that the motion is right whatever was played before.
    """
    curves = curves_in(armature, action)
    driven = {*channels.rotations, *channels.locations, *channels.resting}
    paths = {_path(names[bone], kind) for bone in driven for kind in (*ROTATION_PATHS, "location", "scale")}
    if channels.ground is not None:
        paths |= {"location", *ROTATION_PATHS}
    drop_curves(curves, paths.__contains__)
    by_order: dict[str, list[int]] = {}
    for bone in (*channels.rotations, *channels.resting):
        by_order.setdefault(_order(armature, names[bone]), []).append(bone)
    once = frames[:1]
    for order, bones in by_order.items():
        keyed = [bone for bone in bones if bone in channels.rotations]
        for some in [[bone] for bone in keyed] if order == QUATERNION else ([keyed] if keyed else []):
            values = channel_values(np.stack([channels.rotations[bone] for bone in some], 1), order)
            for place, bone in enumerate(some):
                own = values[:, place]
                still = len(own) > 0 and np.ptp(own, axis=0).max() < REST_REACH  # A finger that holds, above all.
                path = _path(names[bone], CHANNELS[order][0])
                write_vector(curves, path, once if still else frames, own[:1] if still else own, names[bone])
                yield
        for bone in (bone for bone in bones if bone not in channels.rotations):
            still = np.eye(1, CHANNELS[order][1]) if order == QUATERNION else np.zeros((1, 3))
            write_vector(curves, _path(names[bone], CHANNELS[order][0]), once, still, names[bone])
    for bone, values in channels.locations.items():
        write_vector(curves, _path(names[bone], "location"), frames, values, names[bone])
        yield
    for (bone, name), value in channels.properties.items():
        _set_property(armature, curves, bone, name, value, once)
    for bone, kind in _not_at_rest(armature, action, [names[bone] for bone in driven]):
        if kind == "scale" or names.index(bone) not in channels.locations:
            write_vector(curves, _path(bone, kind), once, np.full((1, 3), float(kind == "scale")), bone)
    if channels.ground is not None:
        _write_object(armature, curves, channels.ground, frames)


def _set_property(
    armature: ArmatureObject, curves: Curves, bone: str, name: str, value: float, frames: np.ndarray
) -> None:
    """Key a control's switch, where the rig has it."""
    owner: Any = armature.pose.bones.get(bone)
    if owner is None or name not in owner:
        return
    owner[name] = type(owner[name])(value)
    path = f'pose.bones["{bpy.utils.escape_identifier(bone)}"]["{bpy.utils.escape_identifier(name)}"]'
    drop_curves(curves, lambda other: other == path)
    write_curve(curves, path, 0, frames, np.full(len(frames), value), bone, CONSTANT)


def _path(bone: str, kind: str) -> str:
    return f'pose.bones["{bpy.utils.escape_identifier(bone)}"].{kind}'


def _order(armature: ArmatureObject, name: str) -> str:
    """A bone's rotation mode; axis and angle, which cannot be interpolated, become a quaternion."""
    bone = armature.pose.bones[name]
    if bone.rotation_mode not in CHANNELS:
        bone.rotation_mode = QUATERNION
    return bone.rotation_mode


def _not_at_rest(armature: ArmatureObject, action: bpy.types.Action, names: list[str]) -> Iterator[tuple[str, str]]:
    """(bone, "location" or "scale") of what was moved by hand or by another action of the character."""
    animation: Any = armature.animation_data
    others = set()
    if animation is not None:
        strips = [strip.action for track in animation.nla_tracks for strip in track.strips]
        for other in {item for item in (animation.action, *strips) if item is not None and item != action}:
            others |= {fcurve.data_path for fcurve in all_fcurves(other)}
    for name in names:
        bone: Any = armature.pose.bones[name]
        for kind, rest in (("location", 0.0), ("scale", 1.0)):
            if max(abs(value - rest) for value in getattr(bone, kind)) > REST_REACH or _path(name, kind) in others:
                yield name, kind


def _write_object(armature: ArmatureObject, curves: Any, ground: Any, frames: np.ndarray) -> None:
    """Key the object itself, where no bone is there to carry the way over the floor."""
    angle, place, pivot = ground
    world, basis = np.array(armature.matrix_world), np.array(armature.matrix_basis)
    parent = world @ np.linalg.inv(basis)
    moved = np.tile(np.eye(4), (len(frames), 1, 1))
    c, s = np.cos(angle), np.sin(angle)
    moved[:, 0, 0], moved[:, 0, 1], moved[:, 1, 0], moved[:, 1, 1] = c, -s, s, c
    moved[:, :3, 3] = place - (moved[:, :3, :3] @ pivot)
    local = np.linalg.inv(parent) @ moved @ world
    rotation = local[:, :3, :3] / np.linalg.norm(local[:, :3, :3], axis=1, keepdims=True)
    order = armature.rotation_mode
    if order not in CHANNELS:
        armature.rotation_mode = order = QUATERNION
    values = channel_values(matrix_to_quaternion(rotation)[:, None], order)[:, 0]
    write_vector(curves, "location", frames, local[:, :3, 3], "Object Transforms")
    write_vector(curves, CHANNELS[order][0], frames, values, "Object Transforms")
