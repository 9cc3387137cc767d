"""Shape keys written in bulk."""

import bpy
import numpy as np

from ..bpy_types import MeshObject


def add_key(mesh: MeshObject, name: str, offsets: np.ndarray) -> bpy.types.ShapeKey:
    """A shape key of the mesh object that moves its vertices by ``offsets`` (V, 3) in its own space; value 0."""
    if mesh.data.shape_keys is None:
        mesh.shape_key_add(name="Basis", from_mix=False)
    rest = np.empty(3 * len(offsets), np.float32)
    mesh.data.vertices.foreach_get("co", rest)
    key = mesh.shape_key_add(name=name, from_mix=False)
    key.data.foreach_set("co", (rest.reshape(-1, 3) + offsets).astype(np.float32).ravel())
    return key


def key_of(mesh: MeshObject | None, name: str) -> bpy.types.ShapeKey | None:
    """The mesh object's shape key of a name, or None."""
    keys = mesh.data.shape_keys if mesh is not None else None
    return keys.key_blocks.get(name) if keys is not None else None
