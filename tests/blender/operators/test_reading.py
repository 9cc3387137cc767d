"""Files that another process reads while a window goes on: the same comes in, and what is wrong is said in a line."""

import sys
import time
from dataclasses import fields
from pathlib import Path

import bpy
import numpy as np
import pytest
from bodies import wobbly_recording

from threepoint.blender_addon.operators import reading_recordings, runs_of_file, stepped
from threepoint.blender_addon.reading import process
from threepoint.blender_addon.reading.process import Reading, recording_request
from threepoint.blender_addon.state import person_avatar
from threepoint.blender_addon.state.new_file import empty_file
from threepoint.model_core.body import load_body
from threepoint.model_core.errors import InputError
from threepoint.model_core.recordings import read
from threepoint.model_core.recordings.formats import bsor, plain
from threepoint.tools.benchmarks import window


class InAWindow:
    """``bpy.app`` of a Blender that has a window."""

    background, tempdir, timers = False, bpy.app.tempdir, bpy.app.timers


@pytest.fixture
def in_a_window(monkeypatch):
    """Let the modules that ask believe that there is a window."""
    app = type("Bpy", (), {"app": InAWindow, "path": bpy.path})
    for module in (reading_recordings, person_avatar):
        monkeypatch.setattr(module, "bpy", app)


def wait_for(work):
    """What comes of work that waits for another process, and how often it did."""
    waited = 0
    while True:
        try:
            phase = next(work)
        except StopIteration as done:
            return done.value, waited
        waited += phase is stepped.Phase.WAITING
        time.sleep(0.01)


def test_the_other_process_reads_what_this_one_would(in_a_window, tmp_path):
    recording = wobbly_recording()
    path = tmp_path / "walk.csv"
    plain.write(path, recording)
    rows = path.read_text().splitlines()
    path.write_text("\n".join([*rows, *rows[2:]]) + "\n")  # Two runs, so that there is something to say.
    here = read(path)
    there, waited = wait_for(reading_recordings._reading(path, None, {}))
    assert waited and (there.source, there.device, there.runs) == (here.source, here.device, here.runs)
    assert (there.dropouts, there.warnings) == (here.dropouts, here.warnings) and here.dropouts and here.warnings
    np.testing.assert_array_equal(there.time, here.time)
    for role, track in here.tracks.items():
        for part in ("position", "rotation", "valid"):
            np.testing.assert_array_equal(getattr(there.tracks[role], part), getattr(track, part))
    second, _ = wait_for(reading_recordings._reading(path, 2, {}))
    assert second.duration == pytest.approx(recording.duration, abs=0.01)
    with pytest.raises(InputError, match="has no run 3; it has 2"):
        wait_for(reading_recordings._reading(path, 3, {}))


def test_what_the_other_process_cannot_read_is_said_in_a_line(monkeypatch, tmp_path):
    (tmp_path / "no.bsor").write_text("hello")

    def recording(reading):
        while not reading.finished():
            time.sleep(0.01)
        return reading.recording()

    with pytest.raises(InputError, match="no.bsor: "):
        recording(Reading(tmp_path / "no.bsor", recording_request(None, {})))
    monkeypatch.setattr(process, "SCRIPT", tmp_path / "no.bsor")  # One that dies.
    with pytest.raises(InputError, match="no.bsor: cannot be read \\(NameError"):
        recording(Reading(tmp_path / "no.bsor", recording_request(None, {})))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nowhere"))
    with pytest.raises(InputError, match="no.bsor: cannot be read \\(No such file"):
        Reading(tmp_path / "no.bsor", recording_request(None, {}))


def test_a_cancelled_import_leaves_no_process_and_no_file(in_a_window, tmp_path):
    bsor.write(tmp_path / "walk.bsor", wobbly_recording())
    folders = set(Path(bpy.app.tempdir).glob("threepoint-reading-*"))
    work = reading_recordings._reading(tmp_path / "walk.bsor", None, {})
    assert next(work) is stepped.Phase.WAITING
    (folder,) = set(Path(bpy.app.tempdir).glob("threepoint-reading-*")) - folders
    work.close()
    assert not folder.exists()


def test_a_body_is_read_by_another_process_once_and_is_the_same(in_a_window, monkeypatch):
    monkeypatch.setattr(person_avatar, "_bodies", {})
    steps, waited = person_avatar.loading_body(""), 0
    while True:
        try:
            next(steps)
        except StopIteration as done:
            body = done.value
            break
        waited += 1
    assert waited and person_avatar.body_of("") is body
    here = load_body()
    for field in fields(here):
        np.testing.assert_array_equal(getattr(body, field.name), getattr(here, field.name))
    with pytest.raises(StopIteration):
        next(person_avatar.loading_body(""))


@pytest.mark.slow
def test_the_bench_of_the_window_presses_every_button():
    found = dict(window._buttons(2.0))
    assert len(found) == 12 and all(0 < seconds < 60 for both in found.values() for seconds in both)


def test_the_dialog_learns_of_runs_without_waiting_for_them(tmp_path):
    empty_file(30)
    path = tmp_path / "twice.csv"
    plain.write(path, wobbly_recording())
    rows = path.read_text().splitlines()
    path.write_text("\n".join([*rows, *rows[2:]]) + "\n")
    assert runs_of_file.runs_of(path, {}) == ()
    while runs_of_file.take_in() is not None:
        time.sleep(0.01)
    assert runs_of_file.runs_of(path, {}) == read(path).runs != ()
    assert runs_of_file.runs_of(path, {"fps": 30.0}) == ()
    runs_of_file.stop()
    assert not bpy.app.timers.is_registered(runs_of_file.take_in)
