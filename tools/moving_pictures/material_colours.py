"""A character's own colours where Workbench draws vertices: those of its materials and their pictures."""

from typing import Any

import numpy as np

from ...blender_addon.bpy_types import MeshObject

PAINT = "material_colours"
BARE = (0.5, 0.5, 0.5)
"""Linear, of faces without a material."""


def paint_by_materials(item: MeshObject) -> None:
    """Give a mesh's corners the base colours of its faces' materials, from their pictures where they have any."""
    mesh: Any = item.data
    corners = len(mesh.loops)
    sides, owners = (np.zeros(len(mesh.polygons), int) for _ in range(2))
    mesh.polygons.foreach_get("loop_total", sides)
    mesh.polygons.foreach_get("material_index", owners)
    owners = np.repeat(owners, sides)
    places = np.zeros(2 * corners)
    if mesh.uv_layers.active is not None:
        mesh.uv_layers.active.data.foreach_get("uv", places)
    colours = np.tile(np.array([*BARE, 1.0]), (corners, 1))
    for number, slot in enumerate(item.material_slots):
        if slot.material is not None:
            colours[owners == number, :3] = _base_colours(slot.material, places.reshape(-1, 2)[owners == number])
    attribute = mesh.color_attributes.get(PAINT) or mesh.color_attributes.new(PAINT, "FLOAT_COLOR", "CORNER")
    attribute.data.foreach_set("color", colours.astype(np.float32).ravel())
    mesh.color_attributes.active_color = attribute
    mesh.attributes.default_color_name = attribute.name


def _base_colours(material: Any, places: np.ndarray) -> np.ndarray:
    """Linear colours (n, 3) of a material at ``places`` (n, 2), UV coordinates."""
    nodes = material.node_tree.nodes if material.node_tree is not None else ()
    shader = next((node for node in nodes if node.type == "BSDF_PRINCIPLED"), None)
    if shader is None:
        return np.tile(material.diffuse_color[:3], (len(places), 1))
    picture = next((link.from_node.image for link in shader.inputs["Base Color"].links
                    if link.from_node.type == "TEX_IMAGE"), None)  # fmt: skip
    if picture is None or not picture.has_data and not picture.size[0]:
        return np.tile(shader.inputs["Base Color"].default_value[:3], (len(places), 1))
    width, height = picture.size
    pixels = np.zeros(width * height * picture.channels, np.float32)
    picture.pixels.foreach_get(pixels)
    x, y = (places % 1 * (width, height)).astype(int).T
    shown = pixels.reshape(height, width, picture.channels)[y, x, :3].astype(float)
    return np.where(shown > 0.04045, ((shown + 0.055) / 1.055) ** 2.4, shown / 12.92)
