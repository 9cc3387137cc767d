"""The way to one's own character: imported from the panel, meant without being chosen, the avatar out of its way."""

import bpy
import pytest
from animators import person_with_takes

from threepoint.blender_addon.state.characters import likely_character
from threepoint.tools.evaluation.characters.made_up_rigs import Rig, make_rig


@pytest.fixture
def person(monkeypatch, tmp_path):
    return person_with_takes(monkeypatch, tmp_path)


def test_a_character_is_imported_from_the_panel_and_chosen(person, tmp_path):
    hero = make_rig(Rig(), "hero", bpy.context.scene)
    bpy.data.libraries.write(str(tmp_path / "hero.blend"), {hero})
    bpy.data.objects.remove(hero)
    assert bpy.ops.threepoint.import_character(filepath=str(tmp_path / "hero.blend")) == {"FINISHED"}
    assert person.character.armature.name == "hero" and person.character.armature.users_scene
    assert {item.bone for item in person.character.bones} > {"mixamorig:Hips"}
    (tmp_path / "broken.glb").write_bytes(b"no character")
    with pytest.raises(RuntimeError, match="cannot be read"):
        bpy.ops.threepoint.import_character(filepath=str(tmp_path / "broken.glb"))
    assert person.character.armature.name == "hero"


def test_who_has_chosen_no_character_means_the_only_one_or_the_active_one(person):
    scene = bpy.context.scene
    assert likely_character(scene, person.armature) is None
    hero = make_rig(Rig(), "hero", scene)
    bpy.context.view_layer.update()
    assert likely_character(scene, person.armature) == hero
    second = make_rig(Rig(), "second", scene)
    bpy.context.view_layer.update()
    assert likely_character(scene, person.armature) is None and likely_character(scene, second) == second


def test_the_first_time_the_avatar_makes_room_and_comes_back_when_it_is_asked_for(person):
    make_rig(Rig(), "hero", bpy.context.scene)
    bpy.context.view_layer.update()
    assert not person.mesh.hide_get()
    assert bpy.ops.threepoint.put_on_character() == {"FINISHED"}
    assert person.character.armature.name == "hero"
    assert person.mesh.hide_get() and person.armature.hide_get()
    person.character.hide_avatar = False
    assert not person.mesh.hide_get() and not person.armature.hide_get()
    bpy.ops.threepoint.put_on_character()
    assert not person.mesh.hide_get()


def test_a_gltf_character_comes_without_shapes_for_its_bones(person, tmp_path):
    make_rig(Rig(), "hero", bpy.context.scene)
    bpy.ops.export_scene.gltf(filepath=str(tmp_path / "hero.glb"), use_selection=False)
    before = set(bpy.data.objects)
    bpy.ops.threepoint.import_character(filepath=str(tmp_path / "hero.glb"))
    assert "ARMATURE" in {item.type for item in set(bpy.data.objects) - before}
    assert all(bone.custom_shape is None for bone in person.character.armature.pose.bones)


def test_the_shapes_of_control_bones_stay_out_of_the_scene(person, tmp_path):
    hero = make_rig(Rig(), "hero", bpy.context.scene)
    shape = bpy.data.objects.new("WGT", bpy.data.meshes.new("WGT"))
    hero.pose.bones[0].custom_shape = shape
    bpy.data.libraries.write(str(tmp_path / "hero.blend"), {hero})
    for item in (hero, shape):
        bpy.data.objects.remove(item)
    bpy.ops.threepoint.import_character(filepath=str(tmp_path / "hero.blend"))
    (bone, *_) = person.character.armature.pose.bones
    assert bone.custom_shape.name == "WGT" and not bone.custom_shape.users_scene
