"""The button: a take becomes an action of the character, and nothing of the character's own is touched."""

from pathlib import Path
from types import SimpleNamespace
from unittest.mock import MagicMock

import bpy
import numpy as np
import pytest
from animators import person_with_takes

from threepoint.blender_addon.animation.curves import all_fcurves, make_action, use_action, write_curve
from threepoint.blender_addon.avatar.armature import edit_bones
from threepoint.blender_addon.characters.bones.finding import find_bones
from threepoint.blender_addon.characters.bones.metarig import NEEDED, ORIGINAL
from threepoint.blender_addon.characters.files import import_character
from threepoint.blender_addon.characters.reading import read_rest
from threepoint.blender_addon.state import characters
from threepoint.blender_addon.state.new_file import empty_file
from threepoint.blender_addon.steps import all_at_once, beside
from threepoint.model_core.command_line.animate_arguments import (
    EXPORTS,
    check_character,
    check_character_is_written,
)
from threepoint.model_core.errors import InputError
from threepoint.tools.evaluation.characters.made_up_rigs import FAMILIES, Rig, joints_of, make_rig


@pytest.fixture
def person(monkeypatch, tmp_path):
    return person_with_takes(monkeypatch, tmp_path)


def character(person, rig=None, name="hero"):
    """A character in the person's scene, chosen."""
    armature = make_rig(rig or Rig(), name, bpy.context.scene)
    bpy.context.view_layer.update()
    person.character.armature = armature
    return armature


def wrist(armature, bone, frame):
    bpy.context.scene.frame_set(frame)
    return np.array(armature.matrix_world @ armature.pose.bones[bone].head)


def test_every_take_becomes_an_action_and_the_active_one_plays(person):
    hero = character(person)
    assert bpy.ops.threepoint.put_on_character() == {"FINISHED"}
    actions = [take.character_action for take in person.takes]
    assert None not in actions and len(set(actions)) == 2 and all(action.use_fake_user for action in actions)
    assert hero.animation_data.action == actions[1]
    chosen = [bone.select if hasattr(bone, "select") else bone.bone.select for bone in hero.pose.bones]
    assert all(chosen)  # Else timeline and editors show none of the keyframes.
    person.active_take = 0
    assert hero.animation_data.action == actions[0]


def test_hands_are_where_the_players_were(person):
    hero = character(person)
    person.character.hands = "PLAYER"
    bpy.ops.threepoint.put_on_character()
    for frame in (2, 7, 12):
        for bone, joint in (("mixamorig:LeftHand", "left_wrist"), ("mixamorig:RightHand", "right_wrist")):
            goal, shoulder = wrist(person.armature, joint, frame), wrist(hero, bone.replace("Hand", "Arm"), frame)
            if np.linalg.norm(goal - shoulder) < 0.49:
                assert np.linalg.norm(wrist(hero, bone, frame) - goal) < 0.002


def test_the_character_follows_where_the_person_was_placed(person):
    hero = character(person)
    person.root.location, person.root.rotation_euler = (2, -1, 0.5), (0, 0, 1.2)
    bpy.context.view_layer.update()
    person.character.hands = "PLAYER"
    bpy.ops.threepoint.put_on_character()
    goal = wrist(person.armature, "pelvis", 5)
    assert np.linalg.norm((wrist(hero, "mixamorig:Hips", 5) - goal)[:2]) < 0.1


def test_what_the_character_played_is_kept_on_a_muted_track(person):
    hero = character(person)
    own = make_action(hero, "own walk")
    write_curve(own, 'pose.bones["mixamorig:Head"].location', 0, np.array([1.0, 5.0]), np.array([0.3, 0.4]))
    use_action(hero, own.action)
    bpy.ops.threepoint.put_on_character()
    (track,) = hero.animation_data.nla_tracks
    assert track.mute and track.strips[0].action == own.action and len(all_fcurves(own.action)) == 1
    assert hero.animation_data.action == person.takes[1].character_action
    bpy.context.scene.frame_set(5)
    assert hero.pose.bones["mixamorig:Head"].location.length < 1e-6  # The own walk has moved it; the motion does not.
    bpy.ops.threepoint.put_on_character()
    assert len(hero.animation_data.nla_tracks) == 1


def test_an_update_writes_the_same_actions_and_keeps_what_else_they_animate(person):
    hero = character(person)
    bpy.ops.threepoint.put_on_character()
    action = person.takes[1].character_action
    from threepoint.blender_addon.animation.curves import curves_in

    write_curve(curves_in(hero, action), '["mood"]', 0, np.array([1.0]), np.array([1.0]))
    count = len(all_fcurves(action))
    before = wrist(hero, "mixamorig:LeftHand", 6)
    bpy.ops.threepoint.predict(kind="REFINE")
    bpy.ops.threepoint.put_on_character()
    assert person.takes[1].character_action == action and len(all_fcurves(action)) == count
    assert np.linalg.norm(wrist(hero, "mixamorig:LeftHand", 6) - before) > 1e-3


@pytest.mark.parametrize("root", ["HIPS", "ROOT", "ROOT_TURNING"])
@pytest.mark.parametrize("names", ["mixamo", "unreal"])
def test_whatever_carries_the_way_the_motion_is_the_same(person, root, names):
    hero = character(person, Rig(names))
    hips = {"mixamo": "mixamorig:Hips", "unreal": "pelvis"}[names]
    if names == "unreal":
        add_root(hero, hips)
    bpy.ops.threepoint.find_bones()
    bpy.ops.threepoint.put_on_character()
    before = [wrist(hero, bone.name, 9) for bone in hero.pose.bones if bone.name != "root"]
    person.character.root = root
    for _ in range(2):  # A second time from where the first has brought it.
        bpy.ops.threepoint.put_on_character()
        after = [wrist(hero, bone.name, 9) for bone in hero.pose.bones if bone.name != "root"]
        assert np.abs(np.array(after) - before).max() < 1e-3
    paths = {fcurve.data_path for fcurve in all_fcurves(person.takes[1].character_action)}
    assert ("location" in paths) == (root != "HIPS" and names == "mixamo")
    if root != "HIPS" and names == "unreal":
        assert np.linalg.norm((wrist(hero, "root", 9) - wrist(hero, hips, 9))[:2]) < 0.05


def add_root(armature, hips):
    with edit_bones(armature):
        root = armature.data.edit_bones.new("root")
        root.head, root.tail = (0, 0, 0), (0, 0.2, 0)
        armature.data.edit_bones[hips].parent = root


def working_out(person):
    """What ``preparing`` has left, all done."""
    prepared = all_at_once(characters.preparing(person, bpy.context.scene))
    return {identifier: work() for identifier, work in prepared.items()}


def test_until_it_is_written_nothing_is_changed(person):
    hero = character(person)
    person.character.root = "ROOT"
    bpy.ops.threepoint.put_on_character()
    bpy.context.scene.frame_set(9)
    before, place = [take.character_action.name for take in person.takes], hero.matrix_basis.copy()
    keys = [len(fcurve.keyframe_points) for fcurve in all_fcurves(person.takes[0].character_action)]
    carried = working_out(person)
    assert hero.matrix_basis == place and [take.character_action.name for take in person.takes] == before
    assert keys == [len(fcurve.keyframe_points) for fcurve in all_fcurves(person.takes[0].character_action)]
    assert sum(1 for _ in characters.writing(person, carried)) > 2 * 20


@pytest.mark.parametrize("change", ["a bone", "a take"])
def test_what_was_changed_meanwhile_is_refused_before_anything_is_written(person, change):
    hero = character(person)
    carried = working_out(person)
    if change == "a bone":
        hero.data.bones["mixamorig:Head"].name = "skull"
    else:
        person.takes.remove(0)
    with pytest.raises(InputError, match="hero: was changed meanwhile; put the takes on it again"):
        all_at_once(characters.writing(person, carried))
    assert hero.animation_data is None and all(take.character_action is None for take in person.takes)


def test_a_thread_beside_the_window_raises_what_its_work_raises():
    def work():
        raise InputError("no")

    with pytest.raises(InputError, match="no"):
        all_at_once(beside(work))
    assert all_at_once(beside(lambda: 3)) == 3


def test_in_place_the_character_stays(person):
    hero = character(person)
    person.character.root = "IN_PLACE"
    bpy.ops.threepoint.put_on_character()
    rest = np.array(hero.matrix_world @ hero.data.bones["mixamorig:Hips"].head_local)
    assert all(np.abs((wrist(hero, "mixamorig:Hips", frame) - rest)[:2]).max() < 1e-3 for frame in (1, 8, 14))


@pytest.mark.parametrize("names", sorted(FAMILIES))
def test_every_family_of_names_is_known(names):
    armature = make_rig(Rig(names, droop=45), "hero", empty_file(30))
    bpy.context.view_layer.update()
    found = find_bones(read_rest(armature))
    wanted = {
        role: FAMILIES[names][place].format(L="LR"[side], l="lr"[side], Left=("Left", "Right")[side],
                                            left=("left", "right")[side], nobody="ab"[side])
        for role, place, side in parts_of_families()
    }  # fmt: skip
    assert found == wanted


def parts_of_families():
    for role, place in (("hips", 0), ("chest", 3), ("head", 5)):
        yield role, place, 0
    for side, word in ((0, "left"), (1, "right")):
        for place, limb in enumerate(("collar", "upper_arm", "forearm", "hand", "thigh", "shin", "foot", "toe"), 6):
            yield f"{word}_{limb}", place, side


@pytest.mark.parametrize("order", ["XYZ", "QUATERNION", "AXIS_ANGLE"])
def test_any_rest_pose_roll_unit_and_rotation_order_gives_the_same_limbs(person, order):
    directions = []
    for number, rig in enumerate((Rig(), Rig(droop=56, roll=70, units=0.01, twists=True, faces=90))):
        hero = character(person, rig, f"hero {number}")
        for bone in hero.pose.bones:
            bone.rotation_mode = order
        person.character.hands = "ROTATIONS"
        bpy.ops.threepoint.put_on_character()
        joints = [[wrist(hero, f"mixamorig:Left{part}", frame) for part in ("Arm", "ForeArm", "Hand")]
                  for frame in (3, 11)]  # fmt: skip
        bones = np.diff(joints, axis=1)
        directions.append(bones / np.linalg.norm(bones, axis=-1, keepdims=True))
    assert np.degrees(np.arccos(np.clip((directions[0] * directions[1]).sum(-1), -1, 1))).max() < 1.0


def test_a_bone_that_is_missing_is_said_and_can_be_chosen_and_is_found_again(person, monkeypatch, tmp_path):
    monkeypatch.setattr(characters, "preset_folder", lambda: tmp_path)
    rig = Rig("nameless", without=("collar", "neck", "toe"))
    hero = make_rig(rig, "blob", bpy.context.scene)
    with edit_bones(hero):  # Nothing tells left from right, or limbs from anything else.
        for bone in hero.data.edit_bones:
            bone.parent = None
    person.character.armature = hero
    assert person.character.show_bones and "missing ones" in person.character.notes
    with pytest.raises(RuntimeError, match="No bone is known for Hips; choose it in the list"):
        bpy.ops.threepoint.put_on_character()
    assert hero.animation_data is None and all(take.character_action is None for take in person.takes)
    person.character.bones["hips"].bone = "bone 0"
    bpy.ops.threepoint.keep_bones()
    person.character.armature = None
    person.character.armature = hero
    assert person.character.bones["hips"].bone == "bone 0"


@pytest.mark.parametrize(("size", "hands"), [(1.0, "PLAYER"), (0.5, "SCALED")])
def test_hands_of_a_generated_rig_go_by_its_size(person, size, hands):
    hero = make_rig(Rig("rigify", size=size), "hero", bpy.context.scene)
    for bone in hero.data.bones:
        bone.name = ORIGINAL + bone.name
    with edit_bones(hero):
        for name in NEEDED:
            hero.data.edit_bones.new(name).tail = (0, 0, 0.1)
    person.character.hands = "ROTATIONS"
    person.character.armature = hero
    assert person.character.hands == hands


def test_linked_and_stretched_characters_are_refused_in_words(person):
    hero = character(person)
    hero.scale = (1, 1, 2)
    bpy.context.view_layer.update()
    with pytest.raises(RuntimeError, match="is stretched or mirrored; apply its scale first"):
        bpy.ops.threepoint.put_on_character()
    assert hero.animation_data is None


def test_joints_of_a_child_are_a_childs():
    assert joints_of(Rig(size=0.5))["crown"][2] == pytest.approx(0.87)


def test_a_linked_character_needs_an_override_and_takes_the_motion_then(person, tmp_path):
    hero = make_rig(Rig(), "hero", bpy.context.scene)
    bpy.data.libraries.write(str(tmp_path / "hero.blend"), {hero}, fake_user=True)
    bpy.data.objects.remove(hero)
    with bpy.data.libraries.load(str(tmp_path / "hero.blend"), link=True) as (_, target):
        target.objects = ["hero"]
    linked = target.objects[0]
    bpy.context.scene.collection.objects.link(linked)
    bpy.context.view_layer.update()
    person.character.armature = linked
    with pytest.raises(RuntimeError, match="is linked; make a library override of it first"):
        bpy.ops.threepoint.put_on_character()
    own = linked.override_create(remap_local_usages=True)
    bpy.context.view_layer.update()
    person.character.armature = own
    assert bpy.ops.threepoint.put_on_character() == {"FINISHED"}
    assert own.animation_data.action == person.takes[1].character_action


def test_animate_takes_a_character_and_refuses_what_is_none(tmp_path):
    (tmp_path / "hero.obj").write_text("")
    for name, words in (("hero.obj", "is no character"), ("hero.fbx", "there is no such file")):
        with pytest.raises(InputError, match=words):
            check_character(SimpleNamespace(character=tmp_path / name))
    check_character(SimpleNamespace(character=None))


@pytest.mark.parametrize("suffix", [".blend", *EXPORTS])
def test_animate_needs_a_file_that_holds_the_character(suffix):
    options = SimpleNamespace(character="hero.glb", output=[Path(f"walk{suffix}")])
    if suffix in (".blend", ".fbx", ".glb", ".usdc"):
        check_character_is_written(options)
    else:
        with pytest.raises(InputError, match="needs a file that holds it; name one with -o: .blend, .fbx, .glb, .usdc"):
            check_character_is_written(options)


def test_a_file_of_a_character_leaves_the_scenes_time_alone(tmp_path):
    scene = empty_file(24)
    make_rig(Rig(), "hero", scene)
    scene.render.fps, scene.frame_end = 25, 40
    bpy.ops.export_scene.fbx(filepath=str(tmp_path / "hero.fbx"))
    scene = empty_file(30)
    scene.frame_end = 77
    armature = import_character(tmp_path / "hero.fbx", scene)
    assert (scene.render.fps, scene.frame_end) == (30, 77) and "mixamorig:Hips" in armature.data.bones
    for name, words in (("none.glb", "cannot be read"), ("hero.txt", "is no character")):
        (tmp_path / name).write_bytes(b"no character")
        with pytest.raises(InputError, match=words):
            import_character(tmp_path / name, scene)


def test_the_panel_shows_the_character_and_its_bones(person):
    from threepoint.blender_addon.ui.panel import THREEPOINT_PT_character

    character(person)
    person.character.show_bones = True
    layout = MagicMock()
    context = SimpleNamespace(
        scene=bpy.context.scene, view_layer=bpy.context.view_layer, region=SimpleNamespace(width=300),
        preferences=SimpleNamespace(system=SimpleNamespace(ui_scale=1.0)), window_manager=bpy.context.window_manager,
    )  # fmt: skip
    THREEPOINT_PT_character.draw(SimpleNamespace(layout=layout), context)
    rows = layout.column.return_value.prop_search.call_args_list
    assert [row.kwargs["text"] for row in rows][:5] == ["Root", "Hips", "Chest", "Head", "Left Collar"]
    assert all(row.args[3] in row.args[2].bl_rna.properties for row in rows)
    shown = [call.args[1] for call in layout.column.return_value.prop.call_args_list]
    assert shown == ["armature", "hands", "root"]
    labels = [call.kwargs.get("text") for call in layout.row.return_value.operator.call_args_list]
    assert "Put on Character" in labels
