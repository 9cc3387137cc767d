"""An avatar takes on another shape or another body in place: whatever an animator has added to it lives on."""

from typing import Any

import numpy as np

from ...model_core.body import Body
from ..bpy_types import ArmatureObject, MeshObject
from ..i18n.messages import Message, message
from .armature import RestShape, edit_bones, fill_mesh, place_bones
from .bone_names import names_of
from .correctives import PREFIX, remove_correctives

FARTHEST = 1e-4
"""Metres that a vertex may lie from where the body has it without having been moved by hand."""


def reshape_armature(armature: ArmatureObject, shape: RestShape) -> None:
    """Lay the armature's bones through the joints of another shape."""
    names = names_of(armature)
    with edit_bones(armature):
        place_bones(armature, names, shape.joints)


def reshape_mesh(mesh: MeshObject, old: RestShape | None, shape: RestShape) -> None:
    """Move the vertices of a mesh that was made for the shape ``old`` of the same body to another shape.

    What was sculpted stays as the difference from the body that it was, in the mesh and in own shape keys.
    """
    count = 3 * len(shape.vertices)
    keys: Any = mesh.data.shape_keys
    basis = np.empty(count, np.float32)
    points: Any = mesh.data.vertices if keys is None else keys.reference_key.data
    points.foreach_get("co", basis)
    sculpted = basis.reshape(-1, 3) - old.vertices if old is not None else np.zeros_like(shape.vertices)
    sculpted[np.abs(sculpted).max(1) < FARTHEST] = 0
    rest = shape.vertices + sculpted
    reference = keys.reference_key if keys is not None else None
    for key in keys.key_blocks if keys is not None else ():
        moved = np.empty(count, np.float32)
        key.data.foreach_get("co", moved)
        offsets = shape.keys.get(key.name, moved.reshape(-1, 3) - basis.reshape(-1, 3))
        key.data.foreach_set("co", (rest + (0 if key == reference else offsets)).astype(np.float32).ravel())
    mesh.data.vertices.foreach_set("co", rest.astype(np.float32).ravel())
    mesh.data.update()


def replace_geometry(
    mesh: MeshObject, armature: ArmatureObject, body: Body, old: RestShape | None, shape: RestShape
) -> list[Message]:
    """Give the mesh another body's vertices, in place; what was edited is kept as a mesh of its own, and said.

    Object, modifiers, materials and vertex groups stay; vertices, and what belongs to them, cannot.
    """
    said = []
    if old is None or _is_edited(mesh, old):
        kept = mesh.data.copy()
        kept.use_fake_user = True
        said.append(message("The edited mesh is kept as '{name}'", name=kept.name))
    remove_correctives(mesh)
    if mesh.data.shape_keys is not None:
        mesh.shape_key_clear()
    mesh.data.clear_geometry()
    fill_mesh(mesh, body, shape, names_of(armature))
    return said


def _is_edited(mesh: MeshObject, old: RestShape) -> bool:
    """Whether vertices or shape keys of a mesh are somebody's work."""
    data = mesh.data
    if len(data.vertices) != len(old.vertices):
        return True
    keys: Any = data.shape_keys
    names = [key.name for key in keys.key_blocks if key != keys.reference_key] if keys is not None else []
    if any(name not in old.keys and not name.startswith(PREFIX) for name in names):
        return True
    places = np.empty(3 * len(old.vertices), np.float32)
    (keys.reference_key.data if keys is not None else data.vertices).foreach_get("co", places)
    return bool(np.abs(places.reshape(-1, 3) - old.vertices).max() > FARTHEST)
