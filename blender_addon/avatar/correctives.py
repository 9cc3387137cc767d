"""SMPL's pose correctives as shape keys that drivers move: muscles and folds of a user's own body, without the add-on.

Loper et al. 2015, "SMPL: A Skinned Multi-Person Linear Model", equation 9: the rest shape moves linearly with the
entries of each joint's rotation matrix less the identity. A bone's own axes differ from SMPL's: with B the bone's rest
axes and Q its rotation in these, ``R - I = B (Q - I) B^T``, so that the same holds of Q with other directions. A key is
an entry of one bone's Q - I; its driver computes that from the bone's quaternion, with what moves the bone counted.
"""

from typing import Any

import bpy
import numpy as np

from ...model_core.body import Body
from ...model_core.geometry.frames import MODEL_TO_BLENDER
from ...model_core.geometry.skeleton import BODY_JOINT_COUNT, JOINT_NAMES
from ..bpy_types import ArmatureObject, MeshObject
from ..steps import Steps, all_at_once
from .bone_names import names_of
from .shape_keys import add_key

ENTRIES = tuple((row, column) for row in range(3) for column in range(3))
FORMULAS = (
    "-2*(y*y+z*z)", "2*(x*y-w*z)", "2*(x*z+w*y)",
    "2*(x*y+w*z)", "-2*(x*x+z*z)", "2*(y*z-w*x)",
    "2*(x*z-w*y)", "2*(y*z+w*x)", "-2*(x*x+y*y)",
)  # fmt: skip
"""Entries of a unit quaternion's rotation matrix less the identity: simple enough for Blender to run without Python."""
PREFIX = "corrective "
"""With what the names of the keys begin."""
LEAST_METRES = 1e-5
"""Keys that move no vertex this far at a whole turn are left out."""
LARGEST = 10.0
"""The range of a key's value: Blender holds it within -10 and 10; entries lie within -2 and 1."""


def add_correctives(mesh: MeshObject, armature: ArmatureObject, body: Body, axes: np.ndarray) -> int:
    """Give ``mesh`` the keys of a body's pose correctives, driven by ``armature``; return how many.

    ``axes`` (24, 3, 3): the bones' rest axes in Blender's frame, as columns.
    """
    return all_at_once(adding_correctives(mesh, armature, body, axes))


def adding_correctives(mesh: MeshObject, armature: ArmatureObject, body: Body, axes: np.ndarray) -> Steps[int]:
    """``add_correctives`` in steps, between which a window may draw."""
    if body.pose_directions is None:
        return 0
    yield
    vertices = len(body.template)
    directions = np.asarray(body.pose_directions).reshape(vertices, 3, -1, 3, 3)
    count = 0
    for joint in range(1, BODY_JOINT_COUNT):
        # Features are in the model's frame: R_model = M^T R_blender M, and R_blender = B Q B^T.
        to_model = MODEL_TO_BLENDER.T @ axes[joint]
        moved = to_model.T @ directions[:, :, joint - 1].astype(np.float64) @ to_model
        moved = np.tensordot(moved, MODEL_TO_BLENDER, (1, 1)).transpose(0, 3, 1, 2)
        for entry, (row, column) in enumerate(ENTRIES):
            offsets = moved[:, :, row, column]
            if np.abs(offsets).max() > LEAST_METRES:
                key = add_key(mesh, f"{PREFIX}{JOINT_NAMES[joint]} {row}{column}", offsets)
                key.slider_min, key.slider_max = -LARGEST, LARGEST
                _drive(key, armature, names_of(armature)[joint], FORMULAS[entry])
                count += 1
                yield
    return count


def remove_correctives(mesh: MeshObject) -> None:
    """Take away what ``add_correctives`` made."""
    keys = mesh.data.shape_keys
    for key in [key for key in keys.key_blocks if key.name.startswith(PREFIX)] if keys is not None else ():
        key.driver_remove("value")
        mesh.shape_key_remove(key)


def _drive(key: bpy.types.ShapeKey, armature: ArmatureObject, bone: str, formula: str) -> None:
    curve: Any = key.driver_add("value")
    driver = curve.driver
    for letter in "wxyz":
        if letter in formula:
            variable = driver.variables.new()
            variable.name, variable.type = letter, "TRANSFORMS"
            target = variable.targets[0]
            target.id, target.bone_target = armature, bone
            target.transform_type, target.transform_space = f"ROT_{letter.upper()}", "LOCAL_SPACE"
            target.rotation_mode = "QUATERNION"
    driver.expression = formula
