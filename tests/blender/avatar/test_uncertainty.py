"""The uncertainty modifier against the table it was made from."""

import bpy
import numpy as np
import pytest
from bodies import BoxBody, animated_avatar, wild_motion
from vertex_uncertainty import at_vertices

from threepoint.blender_addon.avatar import uncertainty as colours
from threepoint.blender_addon.avatar import uncertainty_nodes
from threepoint.blender_addon.avatar.armature import create_avatar
from threepoint.blender_addon.avatar.uncertainty_colours import COLOUR
from threepoint.blender_addon.state.new_file import empty_file
from threepoint.model_core.body import load_body

BODY = BoxBody()


def evaluated(mesh, attribute, field, width=1):
    data = mesh.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
    values = np.empty(width * len(data.vertices), np.float32)
    data.attributes[attribute].data.foreach_get(field, values)
    return values.reshape(-1, width).squeeze()


def shown(mesh, scene, frame):
    whole = int(np.floor(frame))
    scene.frame_set(whole, subframe=frame - whole)
    return evaluated(mesh, uncertainty_nodes.VALUE, "value")


def expected(uncertainty, row):
    row = min(max(row, 0), len(uncertainty.probes) - 1)
    low = int(row)
    high = min(low + 1, len(uncertainty.probes) - 1)
    first, second = at_vertices(uncertainty, low), at_vertices(uncertainty, high)
    return first + (row - low) * (second - first)


@pytest.mark.parametrize("fps", [24, 60])
def test_values_follow_the_table_between_frames_too(fps):
    scene = empty_file(fps)
    motion = wild_motion(probes=16, start=0.5)
    mesh = animated_avatar(motion, BODY, "Ann", scene).mesh
    for frame in (-5, 1, 8, 20.5, 33.25, 60, 500):
        row = ((frame - 1) / fps - motion.start) * motion.fps
        assert np.abs(shown(mesh, scene, frame) - expected(motion.uncertainty, row)).max() < 1e-4


def test_colours_span_the_ramp_and_the_range_is_an_input():
    scene = empty_file(60)
    motion = wild_motion(probes=16)
    mesh = animated_avatar(motion, BODY, "Ann", scene).mesh
    scene.frame_set(30)
    before = evaluated(mesh, COLOUR, "color", 4)
    assert np.ptp(before, axis=0)[:3].max() > 0.1
    names = [item.name for item in mesh.modifiers[colours.MODIFIER].node_group.interface.items_tree]
    assert "From (cm)" in names and "To (cm)" in names
    assert mesh.data.color_attributes.active_color.name == COLOUR


def test_every_vertex_has_the_ramps_colour_of_its_own_value():
    scene = empty_file(60)
    mesh = animated_avatar(wild_motion(probes=16), BODY, "Ann", scene).mesh
    modifier = mesh.modifiers[colours.MODIFIER]
    ramp = uncertainty_nodes.ramp_node(modifier.node_group).color_ramp
    for low, high, first in ((2.0, 15.0, ramp.elements[0].color), (8.0, 10.0, (0.0, 0.0, 1.0, 1.0))):
        uncertainty_nodes.set_range(modifier, low, high)
        ramp.elements[0].color = first
        mesh.update_tag()
        share = (100 * shown(mesh, scene, 30.5) - low) / (high - low)
        wanted = np.array([ramp.evaluate(float(part)) for part in np.clip(share, 0, 1)])
        assert np.ptp(wanted, axis=0).max() > 0.1
        assert np.abs(evaluated(mesh, COLOUR, "color", 4) - wanted).max() < 1 / 255


def test_it_plays_after_saving_without_any_code_of_ours(tmp_path):
    scene = empty_file(60)
    motion = wild_motion(probes=16)
    animated_avatar(motion, BODY, "Ann", scene)
    path = str(tmp_path / "avatar.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path, compress=True)
    bpy.ops.wm.open_mainfile(filepath=path)
    scene, mesh = bpy.context.scene, bpy.data.objects["Ann body"]
    assert np.abs(shown(mesh, scene, 77) - expected(motion.uncertainty, 76)).max() < 1e-6


def test_a_table_longer_than_exact_floats_is_exact_at_its_end(monkeypatch):
    monkeypatch.setattr(colours, "EXACT_FLOAT_INTEGERS", 16 * 50)
    scene = empty_file(60)
    motion = wild_motion(probes=16)
    avatar = create_avatar(BODY, motion.betas, "Ann")
    colours.attach_uncertainty(avatar.mesh, motion.uncertainty, motion.fps, 0.0, scene)
    assert sum(o.type == "MESH" and o != avatar.mesh for o in bpy.data.objects) == 4
    for row in (0, 48, 48.5, 49, 50, 97.5, 98, 99.25, 147, 150, 180):
        assert np.abs(shown(avatar.mesh, scene, 1 + row) - expected(motion.uncertainty, row)).max() < 1e-5


def test_the_mean_has_a_curve_of_its_own():
    scene = empty_file(60)
    motion = wild_motion(probes=16)
    mesh = animated_avatar(motion, BODY, "Ann", scene).mesh
    curve = colours.mean_keyframes(mesh)
    assert len(curve) == motion.frame_count
    for row in (0, 90, 180):
        assert curve[row] == pytest.approx([1 + row, 100 * at_vertices(motion.uncertainty, row).mean()], rel=1e-4)


def test_removing_leaves_nothing_behind():
    scene = empty_file(60)
    motion = wild_motion(probes=16)
    avatar = create_avatar(BODY, motion.betas, "Ann")
    before = (len(bpy.data.objects), len(bpy.data.meshes), len(bpy.data.node_groups), len(avatar.mesh.data.attributes))
    for _ in range(2):
        colours.attach_uncertainty(avatar.mesh, motion.uncertainty, motion.fps, 0.0, scene)
    colours.remove_uncertainty(avatar.mesh)
    after = (len(bpy.data.objects), len(bpy.data.meshes), len(bpy.data.node_groups), len(avatar.mesh.data.attributes))
    assert before == after


@pytest.mark.parametrize("engine", ["BLENDER_WORKBENCH", "CYCLES"])
def test_solid_and_rendered_views_show_the_colours_between_frames_too(engine, tmp_path):
    """Material and rendered views share the material that Cycles draws here."""
    scene = empty_file(60)
    body = load_body()
    motion = wild_motion(probes=1, vertices=len(body.template))
    motion.uncertainty.probes[:] = np.where(np.arange(181) < 40, 0.0, 0.08)[:, None]
    avatar = create_avatar(body, motion.betas, "Ann")
    colours.show_uncertainty(avatar.mesh, motion, scene)
    camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    camera.location, camera.rotation_euler.x = (0, -3.0, 1.0), np.pi / 2
    camera.data.type, camera.data.ortho_scale = "ORTHO", 2.0
    scene.collection.objects.link(camera)
    sun = bpy.data.objects.new("sun", bpy.data.lights.new("sun", "SUN"))
    sun.rotation_euler.x, sun.data.energy = np.pi / 3, 4.0
    scene.collection.objects.link(sun)
    scene.camera, scene.render.engine = camera, engine
    scene.render.resolution_x = scene.render.resolution_y = 48
    scene.render.film_transparent = True
    scene.display.shading.color_type = "VERTEX"
    scene.view_settings.view_transform = "Standard"
    if engine == "CYCLES":
        scene.cycles.samples, scene.cycles.device = 4, "CPU"

    def redness(frame):
        whole = int(np.floor(frame))
        scene.frame_set(whole, subframe=frame - whole)
        scene.render.filepath = str(tmp_path / f"{frame}.png")
        bpy.ops.render.render(write_still=True)
        picture = bpy.data.images.load(scene.render.filepath)
        pixels = np.array(picture.pixels[:]).reshape(-1, 4)
        seen = pixels[pixels[:, 3] > 0.9]
        assert len(seen) > 10
        return float((seen[:, 0] - seen[:, 2]).mean())

    calm, between, unsure = redness(20), redness(40.5), redness(60)
    assert calm < 0.02 < between < unsure and unsure > 0.1
