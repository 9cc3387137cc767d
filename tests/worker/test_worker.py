"""The engine behind its pipe: requests, progress, cancelling, and every way to die."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from threepoint.blender_addon.engine import worker_client
from threepoint.blender_addon.engine.worker_client import WorkerClient
from threepoint.model_core.worker import messages, worker
from threepoint.model_core.calibration import Calibration, preset_offsets
from threepoint.model_core.motion import Motion, Uncertainty
from threepoint.model_core.recordings import Recording, Track
from threepoint.model_core.threads import SPIN_COUNT

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


def ask(client, seed):
    header, arrays = messages.recording_message(short_recording())
    return client.ask({"type": "animate", "recording": header, "options": {"seed": seed, "take": 0}}, arrays)


def answer(client, job, *types):
    """The first message about a job that is of one of the types."""
    for _ in range(2000):
        for header, arrays in client.poll():
            if header.get("job", job) == job and header["type"] in types:
                return header, arrays
        time.sleep(0.01)
    raise AssertionError("the engine says nothing")


def test_a_motion_comes_back_after_progress(client):
    job = ask(client, ANSWER)
    header, arrays = answer(client, job, "done")
    motion = messages.read_motion(header["motion"], arrays)
    assert motion.frame_count == 4 and motion.duration == pytest.approx(0.05)
    assert client.about["device"] == "cpu"
    assert "libraries may print" in client.log.read_text()


@pytest.mark.parametrize(("seed", "words"), [(REFUSE, "hands: none"), (FAIL, "not enough memory")])
def test_what_goes_wrong_is_a_line_and_the_next_request_works(client, seed, words):
    header, _ = answer(client, ask(client, seed), "refused", "failed")
    assert words in header["message"]
    answer(client, ask(client, ANSWER), "done")


def test_a_cancelled_job_stops_at_its_next_step(client):
    job = ask(client, WORK_LONG)
    answer(client, job, "progress")
    begun = time.monotonic()
    client.cancel(job)
    answer(client, job, "cancelled")
    assert time.monotonic() - begun < 1
    answer(client, ask(client, ANSWER), "done")


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
    assert "something else than messages" in header["message"] and not client.alive


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
    assert header["status"] == 3 and client.last_words() == "something is broken"


def test_the_engine_dies_with_its_owner(client):
    answer(client, ask(client, TURN_DEAF), "progress")
    client._to_say.put(None)  # As when Blender's end of the pipe closes.
    assert client.process.wait(5) == 0


def test_recordings_calibrations_and_motions_survive_the_pipe(tmp_path):
    recording = short_recording()
    uncertainty = Uncertainty(
        np.ones((3, 2), np.float32), np.zeros((5, 4), np.int32), np.full((5, 4), 0.25, np.float32)
    )
    rotations = np.tile(np.array([1.0, 0, 0, 0]), (3, 22, 1))
    motion = Motion(
        30.0, rotations, np.zeros((3, 3)), np.zeros(10), 0.5, 0.2, uncertainty=uncertainty, provenance={"seed": 3},
        contacts=np.linspace(0, 1, 12, dtype=np.float32).reshape(3, 4),
    )  # fmt: skip
    calibration = Calibration(np.arange(10.0), 0.1, preset_offsets("touch"))
    parts = [
        messages.recording_message(recording),
        messages.calibration_message(calibration),
        messages.motion_message(motion),
    ]
    path = tmp_path / "pipe"
    path.write_bytes(b"".join(messages.pack(*part) for part in parts))
    with open(path, "rb") as stream:
        back = messages.read_recording(*messages.unpack(stream))
        back_calibration = messages.read_calibration(*messages.unpack(stream))
        back_motion = messages.read_motion(*messages.unpack(stream))
        with pytest.raises(EOFError):
            messages.unpack(stream)
    assert (
        back.device == "touch" and (back.betas == recording.betas).all() and list(back.tracks) == list(recording.tracks)
    )
    assert (back_calibration.offsets["left_hand"].position == calibration.offsets["left_hand"].position).all()
    assert (
        back_motion.floor == 0.2
        and back_motion.provenance == {"seed": 3}
        and (back_motion.uncertainty.probes == 1).all()
        and (back_motion.contacts == motion.contacts).all()
    )
