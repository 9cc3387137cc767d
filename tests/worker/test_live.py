"""Live tracking as the engine does it: what is asked, what is told, and what a take holds."""

import threading
import time

import numpy as np
import pytest
import torch

from threepoint.model_core.calibration import Calibration, calibration_to_json, preset_offsets
from threepoint.model_core.calibration.person import head_offset
from threepoint.model_core.errors import InputError
from threepoint.model_core.notes import note_from_json
from threepoint.model_core.recordings import read
from threepoint.model_core.recordings.formats import plain
from threepoint.model_core.sage.model import CONFIGS, Sage
from threepoint.model_core.worker import live
from threepoint.model_core.worker.controls import MOST_CONTROLS, Controls
from threepoint.model_core.worker.live import LiveRequest, track

PERSON = Calibration(np.zeros(10), 0.0, {"head": head_offset(1.0), **preset_offsets("grip")})
REQUEST = {"options": {"preset": "grip"}, "calibration": calibration_to_json(PERSON)}


@pytest.fixture(scope="module")
def sage():
    torch.manual_seed(0)
    return Sage(CONFIGS["smoke"]).eval()


class Running:
    """A live job in a thread of its own."""

    def __init__(self, request, body, sage):
        self.controls, self.sent, self.over = Controls(), [], threading.Event()
        self.found = None
        arguments = LiveRequest.read(request), body, sage, 7, self.controls, self.over.is_set, self.send
        self.thread = threading.Thread(target=lambda: setattr(self, "found", track(*arguments)))
        self.thread.start()

    def send(self, header, arrays):
        self.sent.append((header, arrays))

    def stop(self):
        self.over.set()
        self.thread.join(20)
        return [header for header, _ in self.sent if header["type"] == "state"]


def poses_at(recording, row):
    tracks = recording.tracks.values()
    arrays = {
        "positions": np.stack([track.position[row] for track in tracks]),
        "rotations": np.stack([track.rotation[row] for track in tracks]),
        "valid": np.ones(3, bool),
    }
    return {"type": "poses", "job": 7, "time": float(recording.time[row])}, arrays


def test_poses_that_are_fed_become_a_body_and_a_take(sage, body, make_recording, tmp_path):
    recording = make_recording(0.5, 72.0)
    job = Running(REQUEST, body, sage)
    job.controls.put({"type": "record", "job": 7, "path": str(tmp_path / "take.csv")}, {})
    job.controls.put({"type": "record", "job": 8, "path": None}, {})  # Another job's.
    for row in range(len(recording.time)):
        job.controls.put(*poses_at(recording, row))
    for _ in range(500):
        if sum(header["type"] == "frame" for header, _ in job.sent):
            break
        time.sleep(0.01)
    states = job.stop()
    header, arrays = next((header, arrays) for header, arrays in job.sent if header["type"] == "frame")
    assert arrays["rotations"].shape == (22, 4) and arrays["contacts"].shape == (4,) and header["job"] == 7
    np.testing.assert_allclose(np.linalg.norm(arrays["rotations"], axis=-1), 1, atol=1e-5)
    assert states[-1]["samples"] is None and note_from_json(states[-1]["note"]).code in ("live_running", "live_behind")
    assert job.found.betas == pytest.approx(PERSON.betas) and states[0]["calibration"]
    taken = read(tmp_path / "take.csv")
    np.testing.assert_array_equal(taken.time, recording.time)
    np.testing.assert_array_equal(taken.tracks["left_hand"].position, recording.tracks["left_hand"].position)


def test_a_replay_ends_by_itself_and_what_goes_wrong_meanwhile_is_said(
    sage, body, make_recording, tmp_path, monkeypatch
):
    monkeypatch.setattr(live, "STATE_SECONDS", 0.0)
    plain.write(tmp_path / "me.csv", make_recording(0.3))
    job = Running({**REQUEST, "source": f"replay:{tmp_path / 'me.csv'}"}, body, sage)
    job.controls.put({"type": "record", "job": 7, "path": str(tmp_path / "me.csv")}, {})
    job.thread.join(20)
    said = {str(note_from_json(state["note"])) for state in job.stop()}
    assert "me.csv: is there already; name another file for the recording" in said


@pytest.mark.parametrize(("wrong", "words"), [
    ({"source": 7}, "the source should be a text"), ({"options": {"stature": 9}}, "the stature is 9"),
    ({"options": {"preset": "glove"}}, "device preset 'glove'"), ({"trackers": {"tail": "a"}}, "role 'tail'"),
    ({"calibration": {}}, "is not a calibration"),
])  # fmt: skip
def test_a_request_that_asks_for_what_cannot_be_is_refused(wrong, words):
    with pytest.raises(InputError, match=words):
        LiveRequest.read(wrong)


def test_controls_that_nobody_takes_do_not_pile_up():
    controls = Controls()
    for number in range(3 * MOST_CONTROLS):
        controls.put({"number": number}, {})
    taken = [controls.take(0.0)[0]["number"] for _ in range(MOST_CONTROLS)]
    assert taken == list(range(2 * MOST_CONTROLS, 3 * MOST_CONTROLS)) and controls.take(0.0) is None


def test_a_take_that_could_not_be_ended_is_told(sage, body, make_recording, tmp_path, monkeypatch):
    def full(take):
        raise InputError("take.csv: No space left on device")

    job = Running(REQUEST, body, sage)
    monkeypatch.setattr(live.Take, "close", full)
    monkeypatch.setattr(live, "STATE_SECONDS", 0.0)
    job.controls.put({"type": "record", "job": 7, "path": str(tmp_path / "take.csv")}, {})
    job.controls.put({"type": "record", "job": 7, "path": None}, {})
    time.sleep(0.3)
    said = {str(note_from_json(header["note"])) for header in job.stop()}
    assert "take.csv: No space left on device" in said


def test_poses_of_other_shapes_are_said_and_nothing_else(sage, body, make_recording, monkeypatch):
    monkeypatch.setattr(live, "STATE_SECONDS", 0.0)
    job = Running(REQUEST, body, sage)
    header, arrays = poses_at(make_recording(0.1), 0)
    job.controls.put(header, {**arrays, "positions": np.zeros((2, 3))})
    time.sleep(0.1)
    job.controls.put({**header, "time": "now"}, arrays)
    time.sleep(0.1)
    said = {str(note_from_json(state["note"])) for state in job.stop()}
    assert any("positions should have the shape" in line for line in said)
    assert any("the poses' time is now" in line for line in said)


def test_frames_that_nobody_takes_in_are_not_sent(sage, body, make_recording):
    recording = make_recording(0.5, 60.0)
    job = Running(REQUEST, body, sage)

    def sent_after(rows):
        for row in rows:
            job.controls.put(*poses_at(recording, row))
            time.sleep(0.01)
        time.sleep(0.3)
        return [header["time"] for header, _ in job.sent if header["type"] == "frame"]

    first = sent_after(range(12))
    for _ in range(5):  # However often: no more than two are on their way.
        job.controls.put({"type": "ready", "job": 7}, {})
    then = sent_after(range(12, 24))
    job.stop()
    assert len(first) == live.MOST_SENT and len(then) == 2 * live.MOST_SENT
    assert then == sorted(then) and then[live.MOST_SENT] > 9 / 60, "the newest of the twelve, not the third"


def test_trackers_that_are_fed_beside_head_and_hands_are_in_the_take(sage, body, make_recording, tmp_path):
    recording = make_recording(0.3, 60.0)
    job = Running({**REQUEST, "trackers": {"waist": "waist", "head": "head"}}, body, sage)
    job.controls.put({"type": "record", "job": 7, "path": str(tmp_path / "take.csv")}, {})
    for row in range(len(recording.time)):
        header, arrays = poses_at(recording, row)
        more = {name: np.concatenate([part, part[:1]]) for name, part in arrays.items()}
        job.controls.put(header, more)
    time.sleep(0.3)
    states = job.stop()
    assert states[-1]["trackers"] == ["head", "left_hand", "right_hand", "waist"]
    taken = read(tmp_path / "take.csv").tracks
    np.testing.assert_array_equal(taken["waist"].position, taken["head"].position)
    assert taken["waist"].valid.all()
