"""An avatar that is posed as somebody moves now: no keyframes, no undo steps."""

from typing import Any

import numpy as np

from ...model_core.geometry.frames import MODEL_TO_BLENDER, convert_positions, convert_quaternions
from ...model_core.geometry.skeleton import BODY_JOINT_COUNT, PELVIS
from ..bpy_types import ArmatureObject
from .armature import bone_matrices
from .bake import bone_axes, to_bone_axes
from .bone_names import names_of


def show_pose(armature: ArmatureObject, rotations: np.ndarray, translation: np.ndarray) -> None:
    """Pose an avatar whose bones turn by quaternions.

    Local ``rotations`` (22, 4) ``wxyz`` and the pelvis' ``translation`` (3,) metres, both in the model's axes.
    """
    names = names_of(armature)
    turned = convert_quaternions(rotations.astype(np.float64), MODEL_TO_BLENDER)
    own = to_bone_axes(turned, bone_axes(armature)[:BODY_JOINT_COUNT])
    bones: Any = armature.pose.bones
    for name, rotation in zip(names, own.tolist(), strict=False):
        bones[name].rotation_quaternion = rotation
    head, axes = np.array(armature.data.bones[names[PELVIS]].head_local), bone_matrices(armature)[PELVIS]
    place = convert_positions(translation.astype(np.float64), MODEL_TO_BLENDER)
    bones[names[PELVIS]].location = ((place - head) @ axes).tolist()
