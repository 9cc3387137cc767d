"""Where objects are that something else moves now: Tracking Toolkit, XR's scene inspection, a constraint."""

from collections.abc import Mapping

import bpy
import numpy as np

from ...model_core.geometry.frames import OPENXR_TO_BLENDER, convert_positions, convert_quaternions
from ...model_core.geometry.rotations import matrix_to_quaternion, nearest_rotation
from ...model_core.geometry.skeleton import ROLES
from ..bpy_types import current_context
from .object_axes import AXES, OWN, PRIOR, turned

SMALLEST_VOLUME = 1e-12
"""Of an object's axes: one that is scaled to nothing has no rotation."""


def poses_now(names: Mapping[str, str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of the objects with these ``names``, by role: positions (N, 3) metres, rotations (N, 4) ``wxyz`` and which are
    there (N,), in OpenXR's frame; of ``skeleton.ROLES``, and then of the other roles in their order.

    Evaluated world transforms; which way an object looks is what its property ``object_axes.AXES`` says, else as
    Threepoint's own empties do.
    """
    roles = (*ROLES, *(role for role in names if role not in ROLES))
    positions, rotations, valid = np.zeros((len(roles), 3)), np.zeros((len(roles), 4)), np.zeros(len(roles), bool)
    rotations[:, 0] = 1
    depsgraph = current_context().evaluated_depsgraph_get()
    for index, role in enumerate(roles):
        item = bpy.data.objects.get(names.get(role, ""))
        if item is None:
            continue
        matrix = np.array(item.evaluated_get(depsgraph).matrix_world, np.float64)
        if not np.isfinite(matrix).all() or abs(np.linalg.det(matrix[:3, :3])) < SMALLEST_VOLUME:
            continue
        axes = str(item.get(AXES, OWN))
        own = matrix_to_quaternion(nearest_rotation(matrix[:3, :3]))
        rotation = convert_quaternions(own, OPENXR_TO_BLENDER.T)
        positions[index] = convert_positions(matrix[:3, 3], OPENXR_TO_BLENDER.T)
        rotations[index] = turned(rotation[None], axes if axes in PRIOR else OWN)[0]
        valid[index] = True
    return positions, rotations, valid
