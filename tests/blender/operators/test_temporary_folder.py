"""What goes to another process lies in Blender's temporary folder: one that takes no file is named, nothing is left."""

import sys
import time
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import bpy
import pytest
from animators import own_action, person_with_takes

from threepoint.blender_addon.export import process as exporting_process
from threepoint.blender_addon.operators import engine_environment, exporting
from threepoint.blender_addon.reading import process as reading_process
from threepoint.blender_addon.reading.process import Reading, recording_request
from threepoint.model_core.errors import InputError

resource = pytest.importorskip("resource")
WHERE = "; Blender's temporary folder is set in Preferences > File Paths"


@pytest.fixture
def person(monkeypatch, tmp_path):
    return person_with_takes(monkeypatch, tmp_path)


@contextmanager
def full_disk(room):
    """No file that this process writes gets larger than ``room`` bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def folders():
    """What of Threepoint lies in Blender's temporary folder."""
    return sorted(path.name for path in Path(bpy.app.tempdir).glob("threepoint-*-*"))


def without_a_folder(tmp_path):
    """``bpy`` of a Blender whose temporary folder is gone."""
    app = SimpleNamespace(tempdir=str(tmp_path / "nowhere"), binary_path="", background=False)
    return SimpleNamespace(app=app, data=bpy.data, types=bpy.types)


@pytest.mark.parametrize("kind", ["NPZ", "BVH"])
def test_an_export_on_a_full_disk_is_one_line_and_the_next_click_works(person, tmp_path, kind):
    path = tmp_path / f"walk{exporting.SUFFIX[kind]}"
    path.write_text("of yesterday")
    before, names = folders(), sorted(item.name for item in bpy.data.objects)
    with full_disk(2000), pytest.raises(RuntimeError, match=rf"threepoint-export-\S+: cannot be written \(.+\){WHERE}"):
        bpy.ops.threepoint.export(kind=kind, filepath=str(path))
    assert folders() == before and sorted(item.name for item in bpy.data.objects) == names
    assert path.read_text() == "of yesterday" and [file.name for file in tmp_path.glob("*.part*")] == []
    exporting.export(kind, path, person, bpy.context.scene).cancel()


def test_an_export_without_a_temporary_folder_or_another_blender_is_one_line(person, tmp_path, monkeypatch):
    monkeypatch.setattr(exporting_process, "bpy", without_a_folder(tmp_path))
    with pytest.raises(InputError, match=rf"nowhere: cannot be written \(No such file or directory\){WHERE}"):
        exporting.export("BVH", tmp_path / "walk.bvh", person, bpy.context.scene)
    monkeypatch.undo()
    before = folders()
    monkeypatch.setattr(exporting_process, "blender_command", lambda: [str(tmp_path / "no blender")])
    with pytest.raises(InputError, match=r"walk.bvh: could not be written \(.*no blender"):
        exporting.export("BVH", tmp_path / "walk.bvh", person, bpy.context.scene)
    assert folders() == before and not (tmp_path / "walk.bvh").exists()


def test_a_recording_is_not_blamed_for_a_temporary_folder_that_takes_nothing(tmp_path, monkeypatch):
    before = folders()
    with full_disk(10), pytest.raises(InputError, match=rf"request.json: cannot be written \(.+\){WHERE}"):
        Reading(tmp_path / "walk.bsor", recording_request(None, {}))
    assert folders() == before
    monkeypatch.setattr(reading_process, "bpy", without_a_folder(tmp_path))
    with pytest.raises(InputError, match=rf"nowhere: cannot be written \(No such file or directory\){WHERE}"):
        Reading(tmp_path / "walk.bsor", recording_request(None, {}))


def test_a_folder_that_was_tidied_up_meanwhile_is_one_line(tmp_path):
    reading = Reading(tmp_path / "walk.bsor", recording_request(None, {}))
    while not reading.finished():
        time.sleep(0.01)
    reading._folder.cleanup()
    with pytest.raises(InputError, match=r"walk.bsor: cannot be read \(.*answer"):
        reading.recording()


def test_a_python_is_not_blamed_for_a_temporary_folder_that_is_gone(tmp_path, monkeypatch):
    monkeypatch.setattr(engine_environment, "bpy", without_a_folder(tmp_path))
    verdict = engine_environment.check_python(Path(sys.executable))
    assert not verdict.fine and str(verdict.said).startswith(f"{tmp_path / 'nowhere'}: cannot be written")


def test_the_other_blender_is_given_the_take_alone_whatever_plays_over_it(person, tmp_path, monkeypatch):
    given = []
    monkeypatch.setattr(exporting_process, "start_blender", given.append)
    bpy.ops.threepoint.push_takes()
    animation, take = person.armature.animation_data, person.takes[person.active_take].action
    animation.action, animation.action_blend_type = own_action("tweak"), "COMBINE"
    begun = exporting.export("BVH", tmp_path / "walk.bvh", person, bpy.context.scene)
    with bpy.data.libraries.load(str(given[0] / "copied.blend")) as (there, wanted):
        wanted.objects = there.objects
    (rig,) = [item for item in wanted.objects if item.type == "ARMATURE"]
    begun._folder.cleanup()
    played = rig.animation_data
    assert played.action.name.startswith(take.name) and played.action.frame_range == take.frame_range
    assert not played.nla_tracks and animation.action.name == "tweak" and len(animation.nla_tracks) == 2


def test_a_file_without_a_name_is_not_written_beside_its_folder(person, tmp_path):
    folder = tmp_path / "exports"
    folder.mkdir()
    with pytest.raises(RuntimeError, match="Give the file a name"):
        bpy.ops.threepoint.export(kind="BVH", filepath=f"{folder}/")
    for typed, shown in (("", ""), (f"{folder}/", f"{folder}/"), (f"{folder}/walk.glb", f"{folder}/walk.bvh")):
        dialog = SimpleNamespace(filepath=typed, kind="BVH", subject="AVATAR")
        assert exporting.THREEPOINT_OT_export.check(dialog, bpy.context) == (typed != shown)
        assert dialog.filepath == shown
    assert sorted(path.suffix for path in tmp_path.iterdir()) == ["", ".bsor"]
