"""What a person wears in pictures covers trunk and legs, and leaves head, hands and feet bare; what characters wear."""

import bpy
import numpy as np
import pytest
from bodies import BoxBody, animated_avatar, wild_motion

from threepoint.blender_addon.render.clothes import COVERED, SKIN, dressed
from threepoint.blender_addon.render.preview_objects import PAINT
from threepoint.blender_addon.state.new_file import empty_file
from threepoint.model_core.geometry.skeleton import JOINT_NAMES
from threepoint.tools.moving_pictures.material_colours import paint_by_materials


def colours(mesh, count):
    values = np.zeros((count, 4), np.float32)
    mesh.color_attributes.active_color.data.foreach_get("color", values.ravel())
    return values


def test_clothes_cover_trunk_and_legs_and_are_a_copys():
    avatar = animated_avatar(wild_motion(frames=4), BoxBody(), "Ann", empty_file(60))
    copy = dressed(avatar.armature, avatar.mesh)
    assert PAINT in copy.data.color_attributes and PAINT not in avatar.mesh.data.color_attributes
    assert [modifier.type for modifier in copy.modifiers] == [modifier.type for modifier in avatar.mesh.modifiers]
    shown = colours(copy.data, len(copy.data.vertices)).reshape(len(JOINT_NAMES), -1, 4)
    for joint, boxes in zip(JOINT_NAMES, shown, strict=True):  # The body is a box a joint.
        assert boxes == pytest.approx(np.tile(COVERED.get(joint, SKIN), (len(boxes), 1)), abs=0.05), joint
    assert {"head", "left_wrist", "right_hand", "left_foot"} & set(COVERED) == set()


def test_a_character_has_the_colours_of_its_materials_and_of_their_pictures():
    mesh = bpy.data.meshes.new("quads")
    mesh.from_pydata([(x, y, 0) for x in range(3) for y in range(2)], [], [(0, 2, 3, 1), (2, 4, 5, 3)])
    places = mesh.uv_layers.new().data
    for number, corner in enumerate(places):
        corner.uv = ((number % 2 + 0.5) / 2, 0.5)
    plain, pictured = (bpy.data.materials.new(name) for name in ("plain", "pictured"))
    for material in (plain, pictured):
        if material.node_tree is None:  # From Blender 5.0 on a material always has nodes.
            material.use_nodes = True
    plain.node_tree.nodes["Principled BSDF"].inputs["Base Color"].default_value = (0.1, 0.2, 0.3, 1)
    picture = bpy.data.images.new("picture", 2, 1)
    picture.pixels = [1, 0, 0, 1, 0, 0.5, 1, 1]
    node = pictured.node_tree.nodes.new("ShaderNodeTexImage")
    node.image = picture
    pictured.node_tree.links.new(
        node.outputs["Color"], pictured.node_tree.nodes["Principled BSDF"].inputs["Base Color"]
    )
    item = bpy.data.objects.new("quads", mesh)
    for number, material in enumerate((plain, pictured)):
        mesh.materials.append(material)
        mesh.polygons[number].material_index = number
    for _ in range(2):  # A second time changes nothing.
        paint_by_materials(item)
    shown = colours(mesh, 8)[:, :3]
    assert shown[:4] == pytest.approx(np.tile([0.1, 0.2, 0.3], (4, 1)), abs=1e-6)
    assert shown[4::2] == pytest.approx(np.tile([1.0, 0, 0], (2, 1)), abs=1e-3)
    assert shown[5::2] == pytest.approx(np.tile([0, 0.214, 1.0], (2, 1)), abs=0.005)
    assert len(mesh.color_attributes) == 1
