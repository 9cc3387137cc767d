"""A file that a command wrote, opened: the person is seen, selected and coloured, without names over them."""

import bpy
import pytest
from animators import person_with_takes
from bpy_extras.object_utils import world_to_camera_view
from mathutils import Matrix

from threepoint.blender_addon.operators.showing import show_in_new_file
from threepoint.blender_addon.state import people
from threepoint.tools.evaluation.characters.made_up_rigs import Rig, make_rig


@pytest.fixture
def person(monkeypatch, tmp_path):
    return person_with_takes(monkeypatch, tmp_path)


def reopened(folder):
    """The first person of the file, saved as a command does and opened again."""
    show_in_new_file(bpy.context)
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "avatar.blend"), copy=True)
    bpy.ops.wm.open_mainfile(filepath=str(folder / "avatar.blend"))
    return people.people_of(bpy.context.scene)[0]


def views():
    """All 3D views of the file: (space, region)."""
    areas = [area for screen in bpy.data.screens for area in screen.areas if area.type == "VIEW_3D"]
    return [(area.spaces.active, next(region for region in area.regions if region.type == "WINDOW")) for area in areas]


def timelines():
    """The frames that each time line of the file shows: (first, last)."""
    shown = []
    for area in (area for screen in bpy.data.screens for area in screen.areas if area.ui_type == "TIMELINE"):
        region = next(region for region in area.regions if region.type == "WINDOW")
        shown.append(tuple(region.view2d.region_to_view(x, 0)[0] for x in (0, region.width)))
    return shown


def seen_height(space, region, low, high):
    """Which part of a view's height lies between two points; None where one is outside.

    A camera that sees what the view does says it: in the background a view is not drawn, and has no projection.
    """
    data = bpy.data.cameras.new("eye")
    data.lens = space.lens / 2  # A camera film is 36 mm wide, a view twice that.
    eye = bpy.data.objects.new("eye", data)
    view = space.region_3d
    turned = view.view_rotation.to_matrix().to_4x4()
    eye.matrix_world = Matrix.Translation(view.view_location) @ turned @ Matrix.Translation((0, 0, view.view_distance))
    render = bpy.context.scene.render
    render.resolution_x, render.resolution_y = region.width, region.height
    places = [world_to_camera_view(bpy.context.scene, eye, point) for point in (low, high)]
    return places[1].y - places[0].y if all(0 < p.x < 1 and 0 < p.y < 1 and p.z > 0 for p in places) else None


def test_the_avatar_is_active_framed_and_coloured_and_the_time_lines_show_all_of_it(person, tmp_path):
    person.head.show_name = True
    scene = bpy.context.scene
    scene.frame_end = 1799
    person = reopened(tmp_path)
    assert bpy.context.view_layer.objects.active == person.armature and bpy.context.selected_objects == [
        person.armature
    ]
    assert not any(item.show_name for item in people.trackers_of(person).values())
    assert bpy.context.scene.frame_end == 1799
    bone = person.armature.pose.bones[0]
    middle = person.armature.matrix_world @ bone.head
    low, high = middle.copy(), middle.copy()
    low.z, high.z = 0.0, 1.75
    for space, region in views():
        assert space.region_3d.view_location.z == pytest.approx(0.95)
        height = seen_height(space, region, low, high)
        assert height is not None and 0.15 < height < 1
    assert {space.shading.color_type for space, _ in views()} == {"VERTEX"}
    _, last = person.armature.animation_data.action.frame_range
    assert timelines() and all(begin <= 1 and last <= end < 1.5 * last for begin, end in timelines())


def test_a_character_stands_in_the_avatars_place(person, tmp_path):
    make_rig(Rig(), "hero", bpy.context.scene)
    bpy.context.view_layer.update()
    bpy.ops.threepoint.put_on_character()
    person.character.hide_avatar = False
    person = reopened(tmp_path)
    assert bpy.context.view_layer.objects.active.name == "hero"
    assert person.character.hide_avatar and person.mesh.hide_get()
