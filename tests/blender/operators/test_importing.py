"""Importing: columns of tables guessed, shown, chosen and remembered; folders, presets and dropped files."""

import sys
from pathlib import Path

import bpy
import numpy as np
import pytest
from bodies import wobbly_recording

from threepoint.blender_addon.i18n import messages
from threepoint.blender_addon.operators import importing, reading_recordings
from threepoint.blender_addon.state import engine_choice, people
from threepoint.blender_addon.state.new_file import empty_file
from threepoint.blender_addon.state.people import people_of
from threepoint.blender_addon.trackers import columns
from threepoint.model_core.errors import InputError
from threepoint.model_core.notes import Note
from threepoint.model_core.recordings import read
from threepoint.model_core.recordings.formats import bsor, plain
from threepoint.model_core.recordings.formats.table import load_table
from threepoint.model_core.recordings.tables.layouts import user_layouts
from threepoint.model_core.recordings.tables.options import TableOptions
from threepoint.tools.support.checkout import ROOT

ROLES = ("head", "left_hand", "right_hand")
WORDS = ("kopf", "links", "rechts")
"""Trackers' names that nothing can guess."""


@pytest.fixture
def scene(monkeypatch, tmp_path):
    monkeypatch.setenv("THREEPOINT_CONFIG", str(tmp_path / "config"))
    monkeypatch.setattr(engine_choice, "engine_python", lambda: Path(sys.executable))
    return empty_file(30)


def write_table(path, words=WORDS, scale=1.0, angles=False):
    """A laboratory's table of the wobbly recording: seconds, metres times ``scale``, quaternions xyzw or angles."""
    recording = wobbly_recording()
    names, values = ["uhr"], [recording.time]
    for word, role in zip(words, ROLES, strict=True):
        track = recording.tracks[role]
        names += [f"{word}{axis}" for axis in "123"]
        values += list((scale * track.position).T)
        if angles:
            names += [f"{word}{letter}" for letter in "abc"]
            values += list(np.zeros((3, len(recording.time))))
        else:
            names += [f"{word}{letter}" for letter in "abcd"]
            values += list(track.rotation[:, [1, 2, 3, 0]].T)
    rows = "\n".join(",".join(f"{value:.6f}" for value in row) for row in np.array(values).T)
    path.write_text(",".join(names) + "\n" + rows + "\n")
    return recording


def chosen(angles=False):
    """The import's words for the columns of ``write_table``."""
    words = {"own_columns": True, "time_column": "uhr"}
    for word, role in zip(WORDS, ROLES, strict=True):
        parts = dict(zip(("px", "py", "pz"), "123", strict=True))
        parts |= dict(zip(("rx", "ry", "rz") if angles else ("rx", "ry", "rz", "rw"), "abcd", strict=False))
        words |= {f"{role}_{part}": f"{word}{letter}" for part, letter in parts.items()}
    return words


def location_of(item, frame):
    bpy.context.scene.frame_set(frame)
    return np.array(item.evaluated_get(bpy.context.evaluated_depsgraph_get()).matrix_world.translation)


def test_columns_that_nothing_can_guess_are_chosen(scene, tmp_path):
    write_table(tmp_path / "lab.csv", scale=100)
    path = str(tmp_path / "lab.csv")
    with pytest.raises(RuntimeError, match="no recognisable columns"):
        bpy.ops.threepoint.import_recording(filepath=path)
    bpy.ops.threepoint.import_recording(filepath=path, length_unit="cm", convention="openxr", **chosen())
    plain.write(tmp_path / "same.csv", wobbly_recording())
    bpy.ops.threepoint.import_recording(filepath=str(tmp_path / "same.csv"), beside=False)
    mine, same = people_of(scene)
    for frame in (10, 60):
        assert np.abs(location_of(mine.head, frame) - location_of(same.head, frame)).max() < 1e-4


def test_three_angles_need_no_w_and_their_order_can_be_said(scene, tmp_path):
    write_table(tmp_path / "lab.csv", angles=True)
    options = {"angle_unit": "degrees", "euler_order": "ZXY", "convention": "unity", "length_unit": "m"}
    bpy.ops.threepoint.import_recording(filepath=str(tmp_path / "lab.csv"), **options, **chosen(angles=True))
    assert people_of(scene)[0].right_hand is not None
    guessed = [note.code for note in messages.load(people_of(scene)[0].notes) if "guessed" in note.code]
    assert guessed == ["time_unit_guessed"]


def test_what_was_chosen_is_remembered_for_the_header_alone(scene, tmp_path):
    for name in ("lab.csv", "next_day.csv"):
        write_table(tmp_path / name, scale=100)
    options = {"length_unit": "cm", "convention": "openxr", "keep": True}
    bpy.ops.threepoint.import_recording(filepath=str(tmp_path / "lab.csv"), **options, **chosen())
    bpy.ops.threepoint.import_recording(filepath=str(tmp_path / "next_day.csv"))
    assert Note("saved_layout") in messages.load(people_of(scene)[1].notes)
    assert read(tmp_path / "next_day.csv", user_layouts()).tracks["head"].position[0, 1] < 3
    write_table(tmp_path / "other.csv", words=("kopf", "links", "right"))
    with pytest.raises(RuntimeError, match="no recognisable columns"):
        bpy.ops.threepoint.import_recording(filepath=str(tmp_path / "other.csv"))


def test_an_incomplete_choice_names_what_is_missing(scene, tmp_path):
    write_table(tmp_path / "lab.csv")
    words = chosen()
    del words["left_hand_ry"]
    with pytest.raises(RuntimeError, match="left hand: choose the column of its rotation Y, too"):
        bpy.ops.threepoint.import_recording(filepath=str(tmp_path / "lab.csv"), **words)
    assert not people_of(scene)


class Fields:
    """An import dialog's fields, as far as columns are concerned."""

    def __init__(self, path):
        self.filepath = str(path)
        for name in columns.column_properties():
            setattr(self, name, "")


def test_fields_begin_with_the_guess_and_then_with_what_was_kept(scene, tmp_path):
    write_table(tmp_path / "lab.csv", words=("head_pos_", "left_pos_", "right_pos_"))
    text = (tmp_path / "lab.csv").read_text()
    header, rest = text.split("\n", 1)
    for index in range(3):
        header = header.replace(f"pos_{index + 1}", f"pos_{'xyz'[index]}")
    for letter, axis in zip("abcd", "xyzw", strict=True):
        header = header.replace(f"pos_{letter}", f"rot_{axis}")
    header = header.replace("uhr", "time")
    (tmp_path / "lab.csv").write_text(header + "\n" + rest)
    fields = Fields(tmp_path / "lab.csv")
    columns.fill_columns(fields)
    assert (fields.time_column, fields.head_px, fields.head_rw) == ("time", "head_pos_x", "head_rot_w")
    assert columns.chosen_columns(fields)["right_hand"][0] == "right_pos_x"
    lines = list(map(str, columns.preview_lines(tmp_path / "lab.csv", {})))
    assert lines[0] == "head: head_pos_x to head_rot_z"
    assert any("axes for up and forward are those that" in line for line in lines)
    fields.head_px, fields.head_pz = "head_pos_z", "head_pos_x"
    user_layouts().save(load_table(tmp_path / "lab.csv").names, TableOptions(columns=columns.chosen_columns(fields)))
    again = Fields(tmp_path / "lab.csv")
    columns.fill_columns(again)
    assert again.head_px == "head_pos_z"
    assert str(columns.preview_lines(tmp_path / "lab.csv", {})[0]) == "Read as was saved for this header"


def test_the_preview_says_what_is_wrong(scene, tmp_path):
    write_table(tmp_path / "lab.csv")
    assert "no recognisable columns" in str(columns.preview_lines(tmp_path / "lab.csv", {})[0])
    (tmp_path / "no.csv").write_text("hello")
    assert "no.csv" in str(columns.preview_lines(tmp_path / "no.csv", {})[0])
    with pytest.raises(InputError, match="cannot be read"):
        columns.head_of(tmp_path / "missing.csv")


def test_an_xror_is_unpacked_by_the_engines_python(scene, tmp_path, monkeypatch):
    seen = {}
    monkeypatch.setattr(
        reading_recordings, "read", lambda path, layouts, run, **options: seen.update(options) or wobbly_recording()
    )
    (tmp_path / "a.xror").write_bytes((ROOT / "tests" / "data" / "xror" / "session.xror").read_bytes())
    bpy.ops.threepoint.import_recording(filepath=str(tmp_path / "a.xror"))
    assert seen == {"python": str(sys.executable)} and people_of(scene)[0].name == "a"


def test_a_folder_that_is_a_recording_is_one(tmp_path):
    header = "time,pos_x,pos_y,pos_z,rot_x,rot_y,rot_z\n"
    for name in ("headset_movement_T001.csv", "left_controller_movement_T001.csv"):
        (tmp_path / name).write_text(header + "0,0,1,0,0,0,0\n0.1,0,1,0,0,0,0\n")
    assert importing.recording_paths("", [], str(tmp_path)) == [tmp_path]
    bsor.write(tmp_path / "b.bsor", wobbly_recording())
    other = tmp_path / "others"
    other.mkdir()
    for name in ("b.bsor", "a.BSOR", "notes.md"):
        bsor.write(other / name, wobbly_recording())
    assert [path.name for path in importing.recording_paths("", [], str(other))] == ["a.BSOR", "b.bsor"]


def test_every_format_can_be_dropped_into_the_view(scene):
    handler = bpy.types.THREEPOINT_FH_recording
    assert handler.bl_import_operator == "threepoint.import_recording"
    assert {".bsor", ".xror", ".csv", ".json"} <= set(handler.bl_file_extensions.split(";"))


def test_the_dialogs_settings_can_be_kept_as_presets(scene):
    assert "PRESET" in bpy.types.THREEPOINT_OT_import_recording.bl_options
    kind = bpy.ops.threepoint.import_recording.get_rna_type()
    kept = [p.identifier for p in kind.properties if not p.is_skip_save and not p.is_hidden]
    assert {"length_unit", "convention", "euler_order", "fps", "fit_range"} <= set(kept)


def write_runs(path):
    """The wobbly recording twice, the clock started again between."""
    recording = wobbly_recording()
    plain.write(path, recording)
    head, names, *rows = path.read_text().splitlines()
    path.write_text("\n".join([head, names, *rows, *rows]) + "\n")
    return recording


def test_one_of_several_runs_is_imported(scene, tmp_path):
    seconds = write_runs(tmp_path / "twice.csv").duration
    path = tmp_path / "twice.csv"
    for run, length in ((0, 2 * seconds), (2, seconds)):
        bpy.ops.threepoint.import_recording(filepath=str(path), run=run)
        person = people_of(scene)[-1]
        assert people.recording_of(person, scene).duration == pytest.approx(length, abs=0.05)
    with pytest.raises(RuntimeError, match="has no run 3; it has 2"):
        bpy.ops.threepoint.import_recording(filepath=str(path), run=3)


def test_what_a_format_does_not_take_is_not_given_to_it(scene, tmp_path):
    bsor.write(tmp_path / "game.bsor", wobbly_recording())
    (tmp_path / "log.json").write_bytes((ROOT / "tests" / "data" / "json_log" / "frames.json").read_bytes())
    for name in ("game.bsor", "log.json"):
        bpy.ops.threepoint.import_recording(filepath=str(tmp_path / name), convention="ros", time_unit="s")
    game, log = people_of(scene)
    codes = [note.code for note in messages.load(log.notes) if isinstance(note, Note)]
    assert not any(code.startswith(("axes", "time_unit")) for code in codes)
    assert location_of(game.head, 1)[2] == pytest.approx(wobbly_recording().tracks["head"].position[0, 1], abs=1e-4)


def import_wobbly(folder):
    bsor.write(folder / "walk.bsor", wobbly_recording())
    bpy.ops.threepoint.import_recording(filepath=str(folder / "walk.bsor"))
    return people_of(bpy.context.scene)[0]


@pytest.mark.parametrize("busy", ["animated", "end", "new"])
def test_a_scene_that_is_somebodys_keeps_its_length(scene, tmp_path, busy):
    if busy == "animated":
        cube = bpy.data.objects.new("cube", None)
        scene.collection.objects.link(cube)
        cube.keyframe_insert("location", frame=200)
    if busy == "end":
        scene.frame_end = 5000
    import_wobbly(tmp_path)
    length = 1 + round(30 * wobbly_recording().duration)
    assert scene.frame_end == {"animated": 250, "end": 5000, "new": length}[busy]


@pytest.mark.parametrize("unit", [0.01, 1.0])
def test_a_scene_in_centimetres_is_told(scene, tmp_path, unit):
    scene.unit_settings.system, scene.unit_settings.scale_length = "METRIC", unit
    said = " ".join(str(note) for note in messages.load(import_wobbly(tmp_path).notes))
    assert ("This scene's unit is 0.01 m, and people are in metres: 1.70 units high, which is 0.017 m" in said) == (
        unit == 0.01
    )


def press_x(item):
    bpy.context.view_layer.update()
    for other in bpy.context.view_layer.objects:
        other.select_set(other == item)
    bpy.ops.object.delete()


def test_deleted_trackers_are_gone(scene, tmp_path):
    person = import_wobbly(tmp_path)
    press_x(person.left_hand)
    assert person.left_hand is not None  # The person's choice keeps the object alive.
    assert set(people.recording_of(person, scene).tracks) == {"head", "right_hand"}
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "scene.blend"))
    scene = bpy.context.scene
    person = people_of(scene)[0]
    assert set(people.recording_of(person, scene).tracks) == {"head", "right_hand"}
    press_x(person.head)
    with pytest.raises(InputError, match="walk: the head 'head walk' is no longer in the scene; choose another object"):
        people.recording_of(person, scene)
    assert people.trackers_of(person).keys() == {"right_hand"}
