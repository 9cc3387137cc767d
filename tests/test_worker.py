"""The engine behind its pipe: requests, progress, cancelling, and every way to die."""

import os
import signal
import sys
import textwrap
import time

import numpy as np
import pytest

from threepoint.blender_addon.worker_client import WorkerClient
from threepoint.model_core import messages
from threepoint.model_core.calibration import Calibration, preset_offsets
from threepoint.model_core.motion import Motion, Uncertainty
from threepoint.model_core.recordings import Recording, Track

FAKE_ROAD = """
import sys, time
sys.path.insert(0, {core!r})
import worker
streams = worker.protocol_streams()
worker.load_package()
import numpy as np
from threepoint.model_core import messages
from threepoint.model_core.errors import InputError
from threepoint.model_core.motion import Motion

class Road:
    def hello(self):
        print("libraries may print what they like")
        return {{"torch": "none", "device": "cpu"}}

    def animate(self, header, arrays, progress):
        recording = messages.read_recording(header["recording"], arrays)
        kind = header["options"]["kind"]
        if kind == "refuse":
            raise InputError("hands: none")
        if kind == "fail":
            raise MemoryError
        if kind == "long":
            for step in range(2000):
                progress(step / 2000, "working")
                time.sleep(0.01)
        if kind == "deaf":
            progress(0.5, "deaf")
            time.sleep(60)
        rotations = np.zeros((5, 22, 4))
        rotations[..., 0] = 1
        return Motion(60.0, rotations, np.full((5, 3), recording.duration), np.zeros(10))

worker.serve(*streams, Road())
"""


def short_recording():
    time = np.arange(4) / 60
    still = Track(np.zeros((4, 3)), np.tile([1.0, 0, 0, 0], (4, 1)), np.ones(4, bool))
    return Recording(time, {"head": still, "left_hand": still}, "short", "touch", np.arange(10.0))


@pytest.fixture
def client(tmp_path):
    script = tmp_path / "fake.py"
    core = os.path.join(os.path.dirname(messages.__file__))
    script.write_text(textwrap.dedent(FAKE_ROAD).format(core=core))
    client = WorkerClient(sys.executable, tmp_path / "engine.log", script)
    yield client
    client.stop()


def ask(client, kind):
    header, arrays = messages.recording_message(short_recording())
    return client.ask({"type": "animate", "recording": header, "options": {"kind": kind}}, arrays)


def answer(client, job, *types):
    """The first message about a job that is of one of the types."""
    for _ in range(2000):
        for header, arrays in client.poll():
            if header.get("job", job) == job and header["type"] in types:
                return header, arrays
        time.sleep(0.01)
    raise AssertionError("the engine says nothing")


def test_a_motion_comes_back_after_progress(client):
    job = ask(client, "quick")
    header, arrays = answer(client, job, "done")
    motion = messages.read_motion(header["motion"], arrays)
    assert motion.translation[0, 0] == pytest.approx(0.05)
    assert client.about["device"] == "cpu"
    assert "libraries may print" in client.log.read_text()


@pytest.mark.parametrize(("kind", "words"), [("refuse", "hands: none"), ("fail", "not enough memory")])
def test_what_goes_wrong_is_a_line_and_the_next_request_works(client, kind, words):
    header, _ = answer(client, ask(client, kind), "refused", "failed")
    assert words in header["message"]
    answer(client, ask(client, "quick"), "done")


def test_a_cancelled_job_stops_at_its_next_step(client):
    job = ask(client, "long")
    answer(client, job, "progress")
    begun = time.monotonic()
    client.cancel(job)
    answer(client, job, "cancelled")
    assert time.monotonic() - begun < 1
    answer(client, ask(client, "quick"), "done")


def test_a_killed_engine_is_reported_and_leaves_no_process(client):
    job = ask(client, "deaf")
    answer(client, job, "progress")
    os.kill(client.process.pid, signal.SIGKILL)
    header, _ = answer(client, job, "dead")
    assert header["status"] == -signal.SIGKILL and not client.alive


def test_the_engine_dies_with_its_owner(client):
    answer(client, ask(client, "deaf"), "progress")
    client._to_say.put(None)  # As when Blender's end of the pipe closes.
    assert client.process.wait(5) == 0


def test_recordings_calibrations_and_motions_survive_the_pipe(tmp_path):
    recording = short_recording()
    uncertainty = Uncertainty(
        np.ones((3, 2), np.float32), np.zeros((5, 4), np.int32), np.full((5, 4), 0.25, np.float32)
    )
    rotations = np.tile(np.array([1.0, 0, 0, 0]), (3, 22, 1))
    motion = Motion(30.0, rotations, np.zeros((3, 3)), np.zeros(10), 0.5, uncertainty, {"seed": 3})
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
    assert back_motion.provenance == {"seed": 3} and (back_motion.uncertainty.probes == 1).all()
