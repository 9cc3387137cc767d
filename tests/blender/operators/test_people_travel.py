"""People go where their objects go: appended, linked, overridden, duplicated, copied with a scene, from old files."""

import json

import bpy
import numpy as np
import pytest
from animators import answer_at_once, import_tiny, person_with_takes

from threepoint.blender_addon.operators import exporting
from threepoint.blender_addon.state import people, selection, takes, upgrade
from threepoint.blender_addon.state.new_file import empty_file
from threepoint.blender_addon.state.people import people_of


@pytest.fixture
def person(monkeypatch, tmp_path):
    return person_with_takes(monkeypatch, tmp_path)


def active():
    return selection.active_root(bpy.context).threepoint


def assert_works(person, tmp_path):
    """Predict, re-solve and begin to export it: what the other Blender does with it is the same for everybody."""
    selection.activate(person.root, bpy.context)
    assert active() == person and person.name == person.root.name
    bpy.ops.threepoint.predict()
    bpy.ops.threepoint.predict(kind="RANGE")
    exporting.export("NPZ", tmp_path / "out.npz", person, bpy.context.scene).cancel()
    assert bpy.context.scene in person.armature.users_scene


@pytest.fixture
def saved(person, tmp_path):
    """A file with the person; afterwards an empty one is open."""
    path = str(tmp_path / "library.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    empty_file(30)
    return path


def append(path, names, link=False):
    with bpy.data.libraries.load(path, link=link) as (_, target):
        target.objects = names
    for item in target.objects:
        if not item.users_scene:
            bpy.context.scene.collection.objects.link(item)
    return target.objects


@pytest.mark.parametrize("name", ["walk avatar", "walk body", "walk", "head walk"])
def test_an_appended_part_brings_its_person(saved, tmp_path, name):
    bpy.ops.wm.append(filepath=f"{saved}/Object/{name}", directory=f"{saved}/Object/", filename=name)
    (person,) = people_of(bpy.context.scene)
    assert [take.name for take in person.takes] == ["Most Likely", "Take 1"]
    assert_works(person, tmp_path)


def test_a_linked_person_is_shown_and_exported_and_refused_where_it_would_be_changed(saved, tmp_path):
    collection = "walk"
    bpy.ops.wm.link(filepath=f"{saved}/Collection/{collection}", directory=f"{saved}/Collection/", filename=collection,
                    instance_collections=False)  # fmt: skip
    (person,) = people_of(bpy.context.scene)
    bpy.ops.threepoint.export(kind="NPZ", filepath=str(tmp_path / "out.npz"))
    assert (tmp_path / "out.npz").is_file()
    with pytest.raises(RuntimeError, match=r"is linked from library.blend; make it local first"):
        bpy.ops.threepoint.predict()
    assert person.armature.library is not None


def test_an_overridden_person_can_be_edited_and_keeps_that(saved, tmp_path):
    with bpy.data.libraries.load(saved, link=True) as (_, target):
        target.collections = ["walk"]
    (collection,) = target.collections
    bpy.context.scene.collection.children.link(collection)
    collection.override_hierarchy_create(bpy.context.scene, bpy.context.view_layer)
    person = next(p for p in people_of(bpy.context.scene) if p.root.override_library is not None)
    assert person.armature.override_library is not None and person.mesh.override_library is not None
    selection.activate(person.root, bpy.context)
    person.active_take = 0
    person.seed = 7
    assert person.armature.animation_data.action == person.takes[0].action
    bpy.ops.threepoint.export(kind="NPZ", filepath=str(tmp_path / "out.npz"))
    path = str(tmp_path / "shot.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    person = next(p for p in people_of(bpy.context.scene) if p.root.override_library is not None)
    assert person.seed == 7 and len(person.takes) == 2
    assert person.armature.animation_data.action == person.takes[0].action


def test_an_overridden_person_of_linked_data_is_refused_until_that_is_local(saved, tmp_path):
    with bpy.data.libraries.load(saved, link=True) as (_, target):
        target.collections = ["walk"]
    (collection,) = target.collections
    bpy.context.scene.collection.children.link(collection)
    collection.override_hierarchy_create(bpy.context.scene, bpy.context.view_layer)
    person = next(p for p in people_of(bpy.context.scene) if p.root.override_library is not None)
    selection.activate(person.root, bpy.context)
    objects, before = sorted(bpy.data.objects.keys()), [takes.checksum(take.action) for take in person.takes]
    for kind in ("MEAN", "TAKE", "RANGE"):
        with pytest.raises(RuntimeError, match=r"(walk \w+: is linked from library.blend; make it local first)"):
            bpy.ops.threepoint.predict(kind=kind)
    assert sorted(bpy.data.objects.keys()) == objects and len(person.takes) == 2
    assert [takes.checksum(take.action) for take in person.takes] == before
    for item in bpy.context.scene.objects:
        item.select_set(True)
    bpy.ops.object.make_local(type="ALL")
    person = people_of(bpy.context.scene)[0]
    bpy.ops.threepoint.predict()
    assert person.takes[0].action.library is None


def duplicate(*items):
    for item in bpy.context.scene.objects:
        item.select_set(item in items)
    bpy.context.view_layer.objects.active = items[0]
    bpy.ops.object.duplicate()
    bpy.context.view_layer.update()
    return bpy.context.selected_objects


def test_a_duplicate_with_its_root_is_another_person(person, tmp_path):
    duplicate(person.armature, person.mesh, person.root, person.head, person.left_hand, person.right_hand)
    first, second = people_of(bpy.context.scene)
    assert second.armature not in (None, first.armature) and second.head not in (None, first.head)
    before = [takes.checksum(take.action) for take in first.takes]
    assert_works(second, tmp_path)
    assert [takes.checksum(take.action) for take in first.takes] == before
    assert_works(first, tmp_path)


def test_a_duplicated_avatar_alone_is_another_person_too(person, tmp_path):
    root = person.root
    duplicate(person.armature, person.mesh)
    second = active()
    assert second.root != root and second.armature not in (None, person.armature) and second.mesh != person.mesh
    assert len(people_of(bpy.context.scene)) == 2 and second.armature.parent == second.root
    before = [takes.checksum(take.action) for take in person.takes]
    assert_works(second, tmp_path)
    assert [takes.checksum(take.action) for take in person.takes] == before
    assert person.armature.animation_data.action == person.takes[person.active_take].action


def test_a_full_copy_of_the_scene_has_a_working_person(person, tmp_path):
    bpy.ops.scene.new(type="FULL_COPY")
    (copied,) = people_of(bpy.context.scene)
    assert copied.root != person.root and copied.armature != person.armature
    before = [takes.checksum(take.action) for take in person.takes]
    assert_works(copied, tmp_path)
    assert [takes.checksum(take.action) for take in person.takes] == before


def test_a_linked_copy_of_the_scene_has_the_same_person(person, tmp_path):
    bpy.ops.scene.new(type="LINK_COPY")
    (same,) = people_of(bpy.context.scene)
    assert same == person
    assert_works(same, tmp_path)


def test_the_list_follows_the_selection(person, tmp_path):
    other = import_tiny(tmp_path, "other")
    assert active() == other
    bpy.context.view_layer.objects.active = person.mesh
    assert active() == person and bpy.context.scene.objects[bpy.context.scene.threepoint.row] == person.root
    bpy.context.view_layer.objects.active = None
    assert active() == person
    rows = list(bpy.context.scene.objects)
    bpy.context.scene.threepoint.row = rows.index(other.root)
    assert active() == other and other.head.select_get() and not person.armature.select_get()
    bpy.context.scene.threepoint.row = rows.index(person.root)
    assert active() == person and bpy.context.view_layer.objects.active == person.armature


def test_of_two_people_with_the_same_trackers_the_chosen_one_is_meant(person):
    for item in bpy.context.scene.objects:
        item.select_set(item in people.trackers_of(person).values())
    bpy.context.view_layer.objects.active = person.head
    bpy.ops.threepoint.use_objects()
    other = next(one for one in people_of(bpy.context.scene) if one.root != person.root)
    assert active() == other
    rows = list(bpy.context.scene.objects)
    for chosen in (other, person, other):
        bpy.context.scene.threepoint.row = rows.index(chosen.root)
        assert active() == chosen and bpy.context.scene.threepoint.row == rows.index(chosen.root)
    bpy.ops.threepoint.remove_person()
    assert [one.root for one in people_of(bpy.context.scene)] == [person.root]


def test_one_root_places_a_whole_person(person):
    scene = bpy.context.scene
    head, before = person.head, people.recording_of(person, scene)
    person.root.location, person.root.rotation_euler.z, person.root.scale = (3, -2, 0.5), 1.0, (2, 2, 2)
    bpy.context.view_layer.update()
    after = people.recording_of(person, scene)
    assert head.matrix_world.translation.x > 1.5
    for role, track in before.tracks.items():
        np.testing.assert_allclose(after.tracks[role].position, track.position, atol=1e-6)
    head.constraints.new("LIMIT_SCALE")  # From here on it is evaluated.
    sampled = people.recording_of(person, scene)
    for role, track in before.tracks.items():
        np.testing.assert_allclose(sampled.tracks[role].position, track.position, atol=1e-5)
        assert (np.abs((sampled.tracks[role].rotation * track.rotation).sum(-1)) > 1 - 1e-6).all()


def test_objects_that_no_root_carries_are_seen_from_it(person):
    scene = bpy.context.scene
    before = people.recording_of(person, scene)
    for tracker in (person.head, person.left_hand, person.right_hand):
        tracker.parent = None
    person.root.location = (0, 1, 0)
    bpy.context.view_layer.update()
    after = people.recording_of(person, scene)
    shift = after.tracks["head"].position - before.tracks["head"].position
    np.testing.assert_allclose(shift, np.tile([0, 0, -1.0], (len(shift), 1)), atol=1e-5)


def test_people_do_not_stand_within_each_other_or_within_a_cube(tmp_path, monkeypatch):
    scene = empty_file(30)
    answer_at_once(monkeypatch)
    bpy.ops.mesh.primitive_cube_add(size=2)
    bpy.ops.mesh.primitive_plane_add(size=100)
    made = [import_tiny(tmp_path, name) for name in "abc"]
    places = [person.root.location.x + np.array([person.extent[0], person.extent[2]]) for person in made]
    assert places[0][0] >= 1.0 - 1e-5
    assert all(first[1] <= second[0] + 1e-5 for first, second in zip(places, places[1:], strict=False))
    alone = people.add_person(people.recording_of(made[0], scene), "d", scene)
    assert alone.root.location.length == 0


def old_file(person):
    """The person as an older version kept them: in the scene, with no root."""
    scene = bpy.context.scene
    old = scene.threepoint.people.add()
    old.name = "old walk"
    for name in upgrade.plain_properties(type(person)):
        if name in old.bl_rna.properties and name not in (
            "takes",
            "active_take",
            "root",
            "quality",
            "extent",
        ):
            setattr(old, name, getattr(person, name))
    old.calibration_key = json.dumps([*json.loads(person.calibration_key), "device", 123])
    for take in person.takes:
        copied = old.takes.add()
        copied.name, copied.number, copied.action = take.name, take.number, take.action
    old.active_take = 1
    root, places = person.root, {}
    for item in [item for item in scene.objects if selection.root_of(item) == root != item]:
        selection.belong(item, None)
        if item.parent == root:
            item.parent = None
        places[item.name] = item.matrix_world.copy()
    bpy.data.objects.remove(root)
    return places


def test_old_files_are_upgraded_when_they_are_opened(person, tmp_path):
    person.refinement, person.floor = 0.25, 0.2
    places = old_file(person)
    path = str(tmp_path / "old.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    (person,) = people_of(bpy.context.scene)
    assert person.name == "old walk" and person.refinement == 0.25 and not bpy.context.scene.threepoint.people
    assert [take.name for take in person.takes] == ["Most Likely", "Take 1"] and person.active_take == 1
    assert {name: bpy.data.objects[name].matrix_world for name in places} == places
    assert all(takes.is_edited(take) for take in person.takes)  # Nobody knows: what is there is kept.
    assert_works(person, tmp_path)
    assert "walk take 0 edited" in bpy.data.actions
    bpy.ops.wm.save_mainfile()
    bpy.ops.wm.open_mainfile(filepath=path)
    assert len(people_of(bpy.context.scene)) == 1


def test_an_open_file_is_upgraded_when_the_extension_is_enabled(person, extension):
    old_file(person)
    bpy.context.window_manager.threepoint.running = True
    bpy.ops.preferences.addon_disable(module=extension)
    bpy.ops.preferences.addon_enable(module=extension)
    assert not bpy.context.window_manager.threepoint.running
    (person,) = people_of(bpy.context.scene)
    assert person.name == "old walk" and len(person.takes) == 2


def test_another_frame_rate_is_said(person, capfd):
    scene = bpy.context.scene
    assert people.frame_rate_message(person, scene) is None
    scene.render.fps = 60
    words = "walk was made at 30 frames a second and plays at 60: 2 times as fast"
    assert str(people.frame_rate_message(person, scene)) == words
    bpy.ops.threepoint.predict()
    assert words in capfd.readouterr().out


def test_a_removed_person_leaves_their_objects(person):
    objects = set(bpy.context.scene.objects)
    bpy.ops.threepoint.remove_person()
    assert not people_of(bpy.context.scene) and set(bpy.context.scene.objects) == objects
    assert selection.active_root(bpy.context) is None
