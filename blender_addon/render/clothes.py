"""What a person wears in pictures: shirt, trousers and shoes, painted onto a copy of the avatar's mesh."""

from typing import Any

import numpy as np

from ...model_core.geometry.skeleton import JOINT_NAMES
from ..avatar.bone_names import names_of
from ..bpy_types import ArmatureObject, MeshObject
from . import preview_objects as props

SKIN = (0.64, 0.42, 0.31, 1.0)
SHIRT = (0.62, 0.67, 0.72, 1.0)
TROUSERS = (0.055, 0.075, 0.12, 1.0)
"""Linear colours."""
COVERED = {
    "spine1": SHIRT, "spine2": SHIRT, "spine3": SHIRT, "left_collar": SHIRT, "right_collar": SHIRT,
    "left_shoulder": SHIRT, "right_shoulder": SHIRT,
    "pelvis": TROUSERS, "left_hip": TROUSERS, "right_hip": TROUSERS, "left_knee": TROUSERS, "right_knee": TROUSERS,
}  # fmt: skip
"""Joints whose skin clothes cover; that of the others is bare."""
SHARPNESS = 4
"""The power of a vertex's weights that mixes its colours: clothes end within a few centimetres, along smooth lines."""


def dressed(armature: ArmatureObject, mesh: MeshObject) -> MeshObject:
    """A copy of an avatar's mesh (in no collection) that moves with the armature and wears clothes.

    One that no joint moves is bare.
    """
    copy: Any = mesh.copy()
    copy.data = mesh.data.copy()
    covered = dict(zip(names_of(armature), (COVERED.get(joint, SKIN) for joint in JOINT_NAMES), strict=False))
    colours = (SKIN, SHIRT, TROUSERS)
    group_colours = [colours.index(covered.get(group.name, SKIN)) for group in mesh.vertex_groups]
    weights = np.zeros((len(mesh.data.vertices), len(colours)))
    for vertex, row in zip(mesh.data.vertices, weights, strict=True):
        for element in vertex.groups:
            row[group_colours[element.group]] += element.weight
    shares = weights**SHARPNESS
    shares[~weights.any(1), colours.index(SKIN)] = 1
    props.paint(copy.data, shares / shares.sum(1, keepdims=True) @ np.array(colours))
    return copy
