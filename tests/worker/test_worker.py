"""The engine behind its pipe: requests, progress, cancelling, and every way to die."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from threepoint.blender_addon.engine import worker_client
from threepoint.blender_addon.engine.worker_client import WorkerClient
from threepoint.model_core.calibration import (
    Calibration,
    calibration_from_json,
    calibration_to_json,
    preset_offsets,
)
from threepoint.model_core.direction.contacts import GivenContact
from threepoint.model_core.direction.ground import FloorLevel, Ground
from threepoint.model_core.direction.seats import Seat
from threepoint.model_core.errors import InputError
from threepoint.model_core.motion import Motion, Uncertainty
from threepoint.model_core.notes import Note
from threepoint.model_core.pins import Pin
from threepoint.model_core.pipeline import Options, calibrate, model_frame, options_to_json
from threepoint.model_core.recordings import Recording, Track
from threepoint.model_core.threads import SPIN_COUNT
from threepoint.model_core.worker import messages, worker
from threepoint.model_core.worker.session import EngineSession
from threepoint.tools.simulation import devices

pytestmark = pytest.mark.slow

ENGINE = Path(__file__).resolve().parent.parent / "fake_engine.py"
ANSWER, REFUSE, FAIL, WORK_LONG, TURN_DEAF, DIE = range(6)
"""Seeds by which the fake engine behaves."""


def short_recording():
    time = np.arange(4) / 60
    still = Track(np.zeros((4, 3)), np.tile([1.0, 0, 0, 0], (4, 1)), np.ones(4, bool))
    return Recording(time, {"head": still, "left_hand": still}, "short", "touch", np.arange(10.0))


@pytest.fixture
def client(tmp_path):
    client = WorkerClient(sys.executable, tmp_path / "engine.log", ENGINE)
    yield client
    client.stop()


@pytest.fixture(scope="module")
def lasting(tmp_path_factory):
    """A client whose engine outlives what the tests ask of it."""
    client = WorkerClient(sys.executable, tmp_path_factory.mktemp("lasting") / "engine.log", ENGINE)
    yield client
    client.stop()


def ask(client, seed, kind="animate", calibration=None):
    return client.ask(*messages.request(kind, short_recording(), {"seed": seed, "take": 0}, calibration))


def answer(client, job, *types):
    """The first message about a job that is of one of the types."""
    for _ in range(2000):
        for header, arrays in client.poll():
            if header.get("job", job) == job and header["type"] in types:
                return header, arrays
        time.sleep(0.01)
    raise AssertionError("the engine says nothing")


def test_a_motion_comes_back_after_progress(lasting):
    job = ask(lasting, ANSWER)
    header, arrays = answer(lasting, job, "done")
    motion = messages.read_motion(header["motion"], arrays)
    assert motion.frame_count == 4 and motion.duration == pytest.approx(0.05)
    assert calibration_from_json(header["calibration"]).betas == pytest.approx(motion.betas)
    assert lasting.about["device"] == "cpu"
    assert "libraries may print" in lasting.log.read_text()


def test_a_calibration_comes_back_with_its_notes_and_its_standard_error(lasting):
    header, arrays = answer(lasting, ask(lasting, ANSWER, "calibrate"), "calibrated")
    found = calibration_from_json(header["calibration"])
    assert str(found.notes[0]).startswith("person 1.70 m tall") and found.stature_error == 0.05 and not arrays


def test_a_calibration_that_is_sent_is_used(lasting):
    given = Calibration(np.arange(10.0), 0.3, preset_offsets("touch"), (Note("wrists_straightened"),), 0.02)
    header, arrays = answer(lasting, ask(lasting, ANSWER, calibration=given), "done")
    assert messages.read_motion(header["motion"], arrays).floor == 0.3
    assert header["calibration"] == calibration_to_json(given)


@pytest.mark.parametrize(("seed", "words"), [(REFUSE, "hands: none"), (FAIL, "not enough memory")])
def test_what_goes_wrong_is_a_line_and_the_next_request_works(lasting, seed, words):
    header, _ = answer(lasting, ask(lasting, seed), "refused", "failed")
    assert words in header["message"]
    answer(lasting, ask(lasting, ANSWER), "done")


def test_a_cancelled_job_stops_at_its_next_step(lasting):
    job = ask(lasting, WORK_LONG)
    answer(lasting, job, "progress")
    begun = time.monotonic()
    lasting.cancel(job)
    answer(lasting, job, "cancelled")
    assert time.monotonic() - begun < 1
    answer(lasting, ask(lasting, ANSWER), "done")


def test_the_engine_leaves_cores_to_others_while_its_threads_wait(monkeypatch, tmp_path):
    monkeypatch.delenv("GOMP_SPINCOUNT", raising=False)
    client = WorkerClient(sys.executable, tmp_path / "engine.log", ENGINE)
    answer(client, ask(client, ANSWER), "done")
    client.stop()
    assert client.about["spin_count"] == SPIN_COUNT


@pytest.mark.parametrize("version", ["3.9.18", "2.7.18", "3.10.1+local"])
def test_an_old_version_is_told_what_would_do(version):
    with pytest.raises(SystemExit, match=rf"Python {re.escape(version)} is too old; 3\.11 or newer is needed"):
        worker.check_version("Python", version, worker.OLDEST_PYTHON)
    worker.check_version("torch", "2.13.0+cpu", worker.OLDEST_TORCH)


def test_the_engine_describes_itself_for_a_check(tmp_path):
    result = subprocess.run(
        [sys.executable, "-I", worker.__file__, "--check"], capture_output=True, text=True, timeout=120, check=True
    )
    about = json.loads(result.stdout)
    assert about["device"] in ("cpu", "cuda", "mps") and about["torch"] and about["memory"] > 1e8


def test_an_engine_that_talks_nonsense_is_ended_and_reported(tmp_path, monkeypatch):
    monkeypatch.setattr(worker_client, "END_SECONDS", 0.1)
    program = tmp_path / "babbler.py"
    program.write_text("import time; print('hello there, I am no engine', flush=True); time.sleep(60)")
    client = WorkerClient(sys.executable, tmp_path / "engine.log", program)
    header, _ = answer(client, None, "dead")
    assert "a header of 1751477356 bytes" in header["message"] and not client.alive


def test_a_killed_engine_is_reported_and_leaves_no_process(client):
    job = ask(client, TURN_DEAF)
    answer(client, job, "progress")
    os.kill(client.process.pid, signal.SIGKILL)
    header, _ = answer(client, job, "dead")
    assert header["status"] == -signal.SIGKILL and not client.alive


KILL_WHILE_WRITING = """
import signal, sys, time
import numpy as np
from threepoint.blender_addon.engine.worker_client import WorkerClient
signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # As in Blender.
client = WorkerClient(sys.executable, sys.argv[1], sys.argv[2])
client.ask({"type": "animate"}, {"more than a pipe holds": np.zeros(1_000_000)})
time.sleep(0.5)
client.process.kill()
heard = []
while not heard:
    time.sleep(0.1)
    heard = client.poll()
print([header["type"] for header, _ in heard])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="has no such signal")
def test_an_engine_killed_while_it_is_written_to_does_not_take_blender_with_it(tmp_path):
    (tmp_path / "sleeper.py").write_text("import time; time.sleep(60)")
    words = [str(tmp_path / "log"), str(tmp_path / "sleeper.py")]
    result = subprocess.run(
        [sys.executable, "-c", KILL_WHILE_WRITING, *words], capture_output=True, text=True, timeout=60, check=False
    )
    assert result.returncode == 0 and result.stdout == "['dead']\n", result.stderr


def test_an_engine_that_breaks_down_leaves_its_last_words(client):
    header, _ = answer(client, ask(client, DIE), "dead")
    assert header["status"] == 3 and client.last_line() == "something is broken"


def test_the_engine_dies_with_its_owner(client):
    answer(client, ask(client, TURN_DEAF), "progress")
    client._outgoing.put(None)  # As when Blender's end of the pipe closes.
    assert client.process.wait(5) == 0


def test_recordings_and_motions_survive_the_pipe(tmp_path):
    recording = short_recording()
    uncertainty = Uncertainty(
        np.ones((3, 2), np.float32), np.zeros((5, 4), np.int32), np.full((5, 4), 0.25, np.float32)
    )
    rotations = np.tile(np.array([1.0, 0, 0, 0]), (3, 22, 1))
    motion = Motion(
        30.0, rotations, np.zeros((3, 3)), np.zeros(10), 0.5, 0.2, uncertainty=uncertainty, provenance={"seed": 3},
        contacts=np.linspace(0, 1, 12, dtype=np.float32).reshape(3, 4),
    )  # fmt: skip
    motion = replace(motion, notes=(Note("nobody_stands", {"height": 0.9}),))
    parts = [messages.recording_message(recording), messages.motion_message(motion)]
    path = tmp_path / "pipe"
    path.write_bytes(b"".join(messages.pack({"type": "part", **header}, arrays) for header, arrays in parts))
    with open(path, "rb") as stream:
        back = messages.read_recording(*messages.unpack(stream))
        back_motion = messages.read_motion(*messages.unpack(stream))
        with pytest.raises(EOFError):
            messages.unpack(stream)
    assert (
        back.device == "touch" and (back.betas == recording.betas).all() and list(back.tracks) == list(recording.tracks)
    )
    assert (
        back_motion.floor == 0.2
        and back_motion.provenance == {"seed": 3}
        and back_motion.notes == motion.notes
        and (back_motion.uncertainty.probes == 1).all()
        and (back_motion.contacts == motion.contacts).all()
    )


def test_a_request_carries_the_motion_that_it_starts_from(tmp_path):
    turned = np.tile(np.array([1.0, 0, 0, 0]), (3, 22, 1))
    motion = Motion(24.0, turned, np.ones((3, 3)), np.zeros(10), 0.5, contacts=np.ones((3, 4), np.float32))
    (tmp_path / "pipe").write_bytes(messages.pack(*messages.request("animate", short_recording(), start=motion)))
    with open(tmp_path / "pipe", "rb") as stream:
        header, arrays = messages.unpack(stream)
    back = messages.read_start(header, arrays)
    assert back.fps == 24 and back.start == 0.5 and (back.translation == 1).all() and (back.contacts == 1).all()
    assert messages.read_recording(header["recording"], arrays).source == "short"
    assert messages.read_start({}, arrays) is None
    del arrays["start/rotations"]
    with pytest.raises(InputError, match="the request's start is not whole"):
        messages.read_start(header, arrays)


def test_whatever_an_animator_directs_reaches_the_engine(tmp_path, body):
    directed = Options(
        body=body, take=2, take_part=(0.1, 0.4), lost_hands="hang",
        pins=(Pin("left_ankle", (0.1,), ((0.1, 0.2, 0.3),), ((1.0, 0.0, 0.0, 0.0),), hard=False, reach=0.5),),
        contacts=(GivenContact("left", (0.1, 0.2), stands=False),), seats=(Seat((0.2, 0.3), 0.45, (0.1, 0.2)),),
        ground=Ground((FloorLevel((0.1, 0.3), 0.2),), ((0.0, 0.1, 0.0), (1.0, 0.1, 0.0), (0.0, 0.1, 1.0)),
                      ((0, 1, 2),)),
    )  # fmt: skip
    request = messages.request("animate", short_recording(), options_to_json(directed))
    (tmp_path / "pipe").write_bytes(messages.pack(*request))
    with open(tmp_path / "pipe", "rb") as stream:
        _, options = EngineSession()._read(*messages.unpack(stream))
    assert replace(options, body=body) == directed


def test_the_engine_calibrates_devices_that_nobody_knows_as_the_command_line_does(make_clip, body):
    """A T-pose that is held gives the offsets; a preset in their place would be wrong by centimetres."""
    simulation = devices.simulate(make_clip(240), body, np.random.default_rng(2))
    asked, fractions = messages.request("calibrate", simulation.recording, {"device": "cpu"}), []
    found = EngineSession().calibrate(*asked, lambda fraction, stage: fractions.append(fraction))
    assert found.notes[0].code == "unknown_device_t_pose"
    for role in ("left_hand", "right_hand"):
        assert np.linalg.norm(found.offsets[role].position - simulation.offsets[role].position) < 0.01
    there = calibrate(model_frame(simulation.recording), Options())
    assert calibration_to_json(there) == calibration_to_json(found)


def test_the_engine_takes_the_pose_and_the_stature_that_are_said(make_clip, body):
    simulation = devices.simulate(make_clip(60), body, np.random.default_rng(3))
    said = {"stature": 1.6, "floor": 0.05, "pose": {"kind": "a", "second": 1.0}, "device": "cpu"}
    found = EngineSession().calibrate(*messages.request("calibrate", simulation.recording, said), lambda *_: None)
    assert found.floor == 0.05 and float(body.stature(found.betas)) == pytest.approx(1.6, abs=1e-3)
    assert found.notes[-1].values == {"stature": pytest.approx(1.6, abs=1e-3), "pose": "A", "second": 1.0}


def test_the_engine_answers_with_the_motion_and_what_it_was_calibrated_with(make_recording):
    session = EngineSession()
    request = messages.request("animate", make_recording(0.5), {"device": "cpu", "uncertainty": False, "take": 2})
    motion, calibration = session.animate(*request, lambda *_: None)
    assert motion.notes[: len(calibration.notes)] == calibration.notes and motion.provenance["take"] == 2
    again = messages.request("animate", make_recording(0.5), {"device": "cpu", "uncertainty": False}, calibration)
    assert session.animate(*again, lambda *_: None)[1].offsets.keys() == calibration.offsets.keys()
    with pytest.raises(InputError, match="no option 'speed'"):
        session.animate(*messages.request("animate", make_recording(0.5), {"speed": 2}), lambda *_: None)


def test_a_request_carries_every_digit_of_a_calibration(tmp_path):
    calibration = Calibration(np.arange(10) / 3, 1 / 7, preset_offsets("touch", 1.1), (Note("person_in_pose", {
        "stature": 1.8, "pose": "T", "second": 2.0}),), 0.019)  # fmt: skip
    header, _ = messages.request("animate", short_recording(), {}, calibration)
    path = tmp_path / "pipe"
    path.write_bytes(messages.pack(header))
    with open(path, "rb") as stream:
        back = calibration_from_json(messages.unpack(stream)[0]["calibration"])
    assert (back.betas == calibration.betas).all() and back.floor == calibration.floor
    assert back.notes == calibration.notes and back.stature_error == calibration.stature_error
    for role, offset in calibration.offsets.items():
        assert back.offsets[role].rotation == pytest.approx(offset.rotation, abs=1e-15)
