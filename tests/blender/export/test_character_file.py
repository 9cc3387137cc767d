"""A character of one's own in files for other programs, as ``animate --character`` writes them."""

from types import SimpleNamespace

import bpy
import numpy as np
import pytest
from animators import person_with_takes
from drawing import Layout

from threepoint.blender_addon.export.process import AvatarCopy, CharacterCopy, Export
from threepoint.blender_addon.operators import exporting
from threepoint.blender_addon.state import characters
from threepoint.blender_addon.state.new_file import empty_file
from threepoint.model_core.command_line.animate_arguments import EXPORTS
from threepoint.model_core.exports.gltf_binary import Glb
from threepoint.tools.evaluation.characters.made_up_rigs import Rig, make_rig

FPS, MILLIMETRE = 30, 1e-3
HAND = "hand_l"


@pytest.fixture(scope="module")
def hero(tmp_path_factory):
    """A glTF and an FBX of a character whose bones are rolled and whose object is scaled by 0.01.

    (folder, what each format of the command line would be a copy of, the take's action's name, places of a hand (T, 3))
    """
    folder = tmp_path_factory.mktemp("hero")
    with pytest.MonkeyPatch.context() as patched:
        person = person_with_takes(patched, folder)
        scene = bpy.context.scene
        armature = make_rig(Rig("unreal", droop=40, roll=70, units=0.01), "hero", scene)
        bpy.context.view_layer.update()
        person.character.armature = armature
        bpy.ops.threepoint.put_on_character()
        begun = []
        patched.setattr(Export, "wait", lambda one: begun.append(one))  # Both at once.
        for suffix in (".glb", ".fbx"):
            exporting.write_take(person, 1, folder / f"hero{suffix}")
        while begun:
            begun = [one for one in begun if not one.poll()]
        asked = {}
        patched.setattr(exporting, "Export", lambda kind, path, copied, *_: Asked(asked.update({path.suffix: copied})))
        for suffix in EXPORTS:
            exporting.write_take(person, 1, folder / f"asked{suffix}")
        action = person.takes[1].character_action
        first, last = (round(frame) for frame in action.frame_range)
        places = []
        for frame in range(first, last + 1):
            scene.frame_set(frame)
            places.append(np.array(armature.matrix_world @ armature.pose.bones[HAND].head))
        return folder, asked, action.name, np.array(places)


class Asked:
    def __init__(self, _):
        pass

    def wait(self):
        pass


def test_a_glb_is_of_the_character_and_lasts_as_long(hero):
    folder, _, title, places = hero
    glb = Glb.read(folder / "hero.glb")
    (animation,) = glb.document["animations"]
    seconds = glb.floats(animation["samplers"][0]["input"])
    assert animation["name"] == title and seconds[0] == 0
    assert seconds[-1] == pytest.approx((len(places) - 1) / FPS, abs=1e-5)
    assert {node["name"] for node in glb.document["nodes"]} >= {"pelvis", HAND, "hero boxes"}


@pytest.mark.parametrize(("suffix", "first"), [(".glb", 0), (".fbx", 1)])
def test_blender_reads_the_character_where_it_was(hero, suffix, first):
    folder, _, _, places = hero
    scene = empty_file(FPS)
    read = bpy.ops.import_scene.gltf if suffix == ".glb" else bpy.ops.import_scene.fbx
    read(filepath=str(folder / f"hero{suffix}"))
    armature = next(item for item in bpy.data.objects if item.type == "ARMATURE")
    for row in (0, 5, len(places) - 1):
        scene.frame_set(first + row)
        found = np.array(armature.matrix_world @ armature.pose.bones[HAND].head)
        assert np.linalg.norm(found - places[row]) < MILLIMETRE


def test_files_with_meshes_are_of_the_character_and_motion_alone_of_the_avatar(hero):
    kinds = {suffix: type(copied) for suffix, copied in hero[1].items()}
    assert kinds == {".fbx": CharacterCopy, ".glb": CharacterCopy, ".usdc": CharacterCopy,
                     ".bvh": AvatarCopy, ".vrma": AvatarCopy}  # fmt: skip


@pytest.fixture
def dressed(monkeypatch, tmp_path):
    """Somebody whose takes a character plays, and the copies that exports are asked for."""
    person, asked = person_with_takes(monkeypatch, tmp_path), []
    person.character.armature = make_rig(Rig("unreal"), "hero", bpy.context.scene)
    bpy.context.view_layer.update()
    bpy.ops.threepoint.put_on_character()
    monkeypatch.setattr(exporting, "Export", lambda kind, path, copied, *_: Asked(asked.append(type(copied))))
    return person, asked


def test_the_dialog_offers_the_character_and_its_name_while_the_avatar_is_hidden(dressed, monkeypatch, tmp_path):
    person, asked = dressed
    opened = SimpleNamespace(window_manager=SimpleNamespace(fileselect_add=lambda _: None))
    monkeypatch.setattr(exporting, "require_person", lambda _: person)
    kind = exporting.THREEPOINT_OT_export
    dialog = SimpleNamespace(kind="FBX", layout=Layout(seen := []))
    for hidden, subject, name in ((True, "CHARACTER", "hero"), (False, "AVATAR", person.name)):
        person.character.hide_avatar = hidden
        kind.invoke(dialog, opened, None)
        assert dialog.subject == subject and dialog.filepath == f"{name}.fbx"
    kind.draw(dialog, None)
    assert [call.words.get("text") for call in seen if call.name == "prop_enum"] == [None, "hero"]
    dialog.subject = "CHARACTER"
    assert kind.check(dialog, None) and dialog.filepath == "hero.fbx"
    bpy.ops.threepoint.export(kind="FBX", filepath=str(tmp_path / "a.fbx"), subject="CHARACTER")
    bpy.ops.threepoint.export(kind="FBX", filepath=str(tmp_path / "a.fbx"))
    assert asked == [CharacterCopy, AvatarCopy]


def test_a_character_that_plays_something_else_is_not_exported(dressed, tmp_path):
    person, _ = dressed
    person.character.armature.animation_data.action = None
    with pytest.raises(RuntimeError, match="hero: plays something else than the take"):
        bpy.ops.threepoint.export(kind="FBX", filepath=str(tmp_path / "a.fbx"), subject="CHARACTER")


def test_a_new_prediction_says_that_the_character_lags(dressed):
    person, _ = dressed
    (said,) = characters.lagging(person)
    assert "hero still moves as before" in str(said)
    person.character.armature = None
    assert characters.lagging(person) == []
