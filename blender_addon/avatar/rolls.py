"""Another preset's names come with its rolls; what is animated looks the same afterwards."""

from collections.abc import Iterable
from typing import Any

import bpy
import numpy as np

from ...model_core.geometry.rotations import (
    geodesic_angle,
    matrix_to_quaternion,
    quaternion_to_matrix,
    transpose,
)
from ...model_core.geometry.skeleton import PELVIS
from ..animation.curves import curves_in, drop_curves, keyframes_of, write_vector
from ..animation.rotation_modes import CHANNELS, channel_values, quaternions_of
from ..bpy_types import ArmatureObject
from .armature import bone_matrices, edit_bones, roll_bones
from .bake import curve_values, joints_by_order, rotation_path, to_bone_axes
from .bone_names import names_of, rename_bones

SAME_AXES = 1e-4
"""Radians below which a bone's axes are what they were."""


def name_and_roll(armature: ArmatureObject, preset: str, actions: Iterable[bpy.types.Action]) -> None:
    """Name the armature's bones by a preset and roll them as it does, and convert all ``actions``, which look the same
    afterwards."""
    actions = list(actions)
    rename_bones(armature, preset, actions)
    before = bone_matrices(armature)
    with edit_bones(armature):
        roll_bones(armature, names_of(armature))
    change = transpose(before) @ bone_matrices(armature)
    angles = geodesic_angle(np.broadcast_to(np.eye(3), change.shape), change)
    turned = [joint for joint, angle in enumerate(angles.tolist()) if angle > SAME_AXES]
    for action in actions if turned else ():
        _convert(armature, action, change, turned)
    names = names_of(armature)
    for joint in turned:
        bone: Any = armature.pose.bones[names[joint]]
        axes = change[joint]
        bone.location = axes.T @ np.array(bone.location)
        turn = axes.T @ quaternion_to_matrix(np.array(bone.rotation_quaternion)) @ axes
        bone.rotation_quaternion = matrix_to_quaternion(turn)


def _convert(armature: ArmatureObject, action: bpy.types.Action, change: np.ndarray, turned: list[int]) -> None:
    """Bring an action's curves into bones' new axes, of which ``change`` (24, 3, 3) are the columns in the old ones."""
    curves, names = curves_in(armature, action), names_of(armature)
    fcurves = {(f.data_path, f.array_index): f for f in curves.fcurves}
    orders = {joint: order for order, joints in joints_by_order(armature).items() for joint in joints}
    for joint in turned:
        parts = [(f'pose.bones["{names[joint]}"].location', 3, "")] if joint == PELVIS else []
        if joint in orders:
            parts.append((rotation_path(names[joint], orders[joint]), CHANNELS[orders[joint]][1], orders[joint]))
        for path, count, order in parts:
            if any((path, index) not in fcurves for index in range(count)):
                continue
            frames = np.unique(np.concatenate([keyframes_of(fcurves[path, k])[:, 0] for k in range(count)]))
            values = curve_values(fcurves, path, count, frames)
            if order:
                own = to_bone_axes(quaternions_of(values, order), matrix_to_quaternion(change[joint]))
                values = channel_values(own[:, None], order)[:, 0]
            else:
                values = values @ change[joint]
            drop_curves(curves, path.__eq__)
            write_vector(curves, path, frames, values, names[joint])
