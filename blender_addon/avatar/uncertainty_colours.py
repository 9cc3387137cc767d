"""The colours of uncertainty: the ramp, the material that shows them, and the attribute that the Solid view draws."""

from typing import Any

import bpy
import numpy as np

COLOUR = "uncertainty_color"
"""Attribute that the modifier writes onto the evaluated mesh."""
MATERIAL = "Threepoint uncertainty"
LOW_CENTIMETRES, HIGH_CENTIMETRES = 2.0, 15.0
"""Default range of the colours."""
RAMP = (
    (0.0, (0.77, 0.76, 0.75, 1.0)),
    (0.35, (0.90, 0.60, 0.16, 1.0)),
    (0.7, (0.80, 0.20, 0.07, 1.0)),
    (1.0, (0.36, 0.01, 0.16, 1.0)),
)
"""Linear. The surer the lighter, for eyes that confuse red and green, or yellow and blue, as well: a test holds it."""


def activate_colours(mesh: bpy.types.Mesh) -> None:
    """The Solid view draws the base mesh's active colour attribute; without one of this name it would be black."""
    if COLOUR in mesh.color_attributes:
        return
    attribute: Any = mesh.color_attributes.new(COLOUR, "FLOAT_COLOR", "POINT")
    attribute.data.foreach_set("color", np.tile(np.array(RAMP[0][1], np.float32), len(mesh.vertices)))
    mesh.color_attributes.active_color = attribute
    mesh.attributes.default_color_name = COLOUR


def create_material(name: str) -> bpy.types.Material:
    """A material that shows ``uncertainty_color``; grey where a mesh has none."""
    material = bpy.data.materials.new(name)
    if material.node_tree is None:  # From Blender 5.0 on a material always has nodes.
        material.use_nodes = True
    tree: Any = material.node_tree
    shader = next(node for node in tree.nodes if node.type == "BSDF_PRINCIPLED")
    shader.inputs["Roughness"].default_value = 0.7
    attribute = tree.nodes.new("ShaderNodeAttribute")
    attribute.attribute_type = "GEOMETRY"
    attribute.attribute_name = COLOUR
    attribute.location = (shader.location.x - 260, shader.location.y)
    tree.links.new(attribute.outputs["Color"], shader.inputs["Base Color"])
    return material
