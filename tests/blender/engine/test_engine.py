"""The engine killed at every stage and cancelled again and again: the scene, the next click and the machine."""

import os
import signal
import sys
import time
from pathlib import Path

import bpy
import pytest

from threepoint.blender_addon.engine import client as engine
from threepoint.blender_addon.state import predictions
from threepoint.blender_addon.state.people import people_of

pytestmark = [pytest.mark.any_blender, pytest.mark.usefixtures("cold_engine")]
ANSWER, REFUSE, FAIL, WORK_LONG, TURN_DEAF, DIE, HANG_LOADING, HANG_PREDICTING, HANG_REFINING, HANG_SENDING = range(10)
WAIT_SECONDS = 60
ROUNDS = 50
LARGEST_GROWTH = 50e6


def everything(scene):
    """What a scene and its people hold, for telling whether anything has changed."""
    bpy.context.view_layer.update()
    data = {
        name: sorted(item.name for item in getattr(bpy.data, name))
        for name in ("objects", "meshes", "armatures", "actions", "node_groups", "collections", "materials")
    }
    frames = (scene.frame_current, scene.frame_subframe, scene.frame_start, scene.frame_end)
    places = [tuple(map(tuple, item.matrix_world)) for item in bpy.data.objects]
    settings = [
        {name: str(getattr(person, name)) for name in person.bl_rna.properties.keys()}
        | {"takes": [take.name for take in person.takes], "betas": list(person.betas)}
        for person in people_of(scene)
    ]
    return data, frames, places, settings


def job_until(person, scene, reached):
    """A job that has come so far that ``reached(job)`` holds."""
    job = predictions.ask_for_motion(person, scene, sys.executable)
    begun = time.monotonic()
    while not reached(job):
        assert time.monotonic() - begun < WAIT_SECONDS
        assert not job.poll()
        time.sleep(0.005)
    return job


STAGES = {
    "start": (ANSWER, lambda job: job.stage == "starting the engine"),
    "load": (HANG_LOADING, lambda job: job.stage == "loading the models"),
    "predict": (HANG_PREDICTING, lambda job: job.stage == "predicting the body"),
    "refine": (HANG_REFINING, lambda job: job.stage == "refining"),
    "send": (HANG_SENDING, lambda job: "half is sent" in engine.log_path().read_text()),
}


@pytest.mark.parametrize(("stage", "with_avatar"), [*((stage, False) for stage in STAGES), ("send", True)])
def test_a_kill_at_any_stage_leaves_the_scene_and_the_next_click_works(scene, person, monkeypatch, stage, with_avatar):
    if with_avatar:
        bpy.ops.threepoint.predict()
        engine.stop()
    if stage == "start":
        monkeypatch.setenv("FAKE_ENGINE_START_SECONDS", str(WAIT_SECONDS))
    person.seed, reached = STAGES[stage]
    before = everything(scene)
    job = job_until(person, scene, reached)
    os.kill(engine.client(sys.executable).process.pid, signal.SIGKILL)
    with pytest.raises(engine.EngineError, match=r"has stopped \(killed by SIGKILL.*the scene is as it was, try again"):
        job.wait()
    assert everything(scene) == before
    monkeypatch.delenv("FAKE_ENGINE_START_SECONDS", raising=False)
    person.seed = ANSWER
    bpy.ops.threepoint.predict()
    assert person.takes[0].action is not None and "tall" in str(predictions.last_calibration(person).notes[-1])


def test_a_kill_between_two_clicks_is_not_noticed(scene, person):
    bpy.ops.threepoint.predict()
    process = engine.client(sys.executable).process
    process.kill()
    process.wait()
    bpy.ops.threepoint.predict(kind="TAKE")
    assert len(person.takes) == 2


def test_a_job_of_an_engine_that_was_stopped_holds_no_later_one_up(scene, person, monkeypatch):
    monkeypatch.setattr(engine, "CANCEL_SECONDS", 0.0)
    person.seed = WORK_LONG
    job = job_until(person, scene, lambda job: job.fraction > 0)
    engine.stop()  # As when another file is opened; then Blender ends the button's operator.
    job.cancel()
    later = job_until(person, scene, lambda job: job.fraction > 0)
    process = engine.client(sys.executable).process
    later.poll()
    assert process.poll() is None and later.fraction > 0


def test_the_end_of_a_stopped_engines_job_leaves_the_next_engine_alone(scene, person):
    person.seed = WORK_LONG
    waiting = [job_until(person, scene, lambda job: job.fraction > 0)]
    waiting.append(predictions.ask_for_motion(person, scene, sys.executable))
    engine.stop()
    person.seed = ANSWER
    third = predictions.ask_for_motion(person, scene, sys.executable)
    process = engine.client(sys.executable).process
    for job in waiting:
        with pytest.raises(engine.EngineError, match=r"The engine has stopped \(it was stopped\)"):
            job.wait()
    third.wait()
    assert third.motion is not None and process.poll() is None


def test_a_newly_chosen_python_gets_an_engine_of_its_own(scene, person, tmp_path):
    bpy.ops.threepoint.predict()
    old = engine.client(sys.executable).process
    other = tmp_path / "python"
    other.symlink_to(sys.executable)
    assert engine.client(other).python == other and old.poll() is not None


def test_a_python_that_is_none_is_refused_in_a_line(tmp_path):
    with pytest.raises(engine.EngineError, match="is not there; install the engine"):
        engine.client(tmp_path / "nothing")
    (tmp_path / "text").write_text("hello")
    with pytest.raises(engine.EngineError, match="does not start: Permission denied"):
        engine.client(tmp_path / "text")


@pytest.mark.skipif(not Path("/proc/self/statm").is_file(), reason="reads /proc")
def test_fifty_rounds_of_predict_and_cancel_leave_nothing(scene, person):
    def memory(process="self"):
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def children():
        return [path.parent.name for path in Path("/proc").glob("[0-9]*/stat")
                if path.read_text().rpartition(")")[2].split()[1] == str(os.getpid())]  # fmt: skip

    person.seed = WORK_LONG
    before, clean_children = everything(scene), children()
    for number in range(ROUNDS):
        job_until(person, scene, lambda job: job.fraction > 0).cancel()
        if number == 1:  # Whatever is loaded once is loaded by now.
            worker = engine.client(sys.executable).process.pid
            sizes = memory(), memory(worker)
            files = len(os.listdir("/proc/self/fd"))
    assert engine.client(sys.executable).process.pid == worker
    assert memory() - sizes[0] < LARGEST_GROWTH and memory(worker) - sizes[1] < LARGEST_GROWTH
    assert everything(scene) == before and len(os.listdir("/proc/self/fd")) <= files
    person.seed = ANSWER
    bpy.ops.threepoint.predict()
    engine.stop()
    assert children() == clean_children
