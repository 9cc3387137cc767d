"""Something else than messages in the pipe, in both directions: it is told, and no process outlives the other."""

import json
import queue
import select
import struct
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from threepoint.blender_addon.engine import worker_client
from threepoint.blender_addon.engine.worker_client import WorkerClient
from threepoint.model_core.child_python import clean_environment, command
from threepoint.model_core.worker import messages
from threepoint.tests.worker.test_worker import ANSWER, ENGINE, answer, ask, short_recording

SECONDS = 20
"""A loaded machine is slow to start a Python."""


def framed(header, raw=b"", length=None):
    data = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack(">I", len(data) if length is None else length) + data + raw


UNFRAMED = {
    "no arrays": framed({"type": "animate", "job": 1}),
    "no JSON": framed(b"hello"),
    "a list": framed([1, 2]),
    "no list of arrays": framed({"type": "animate", "job": 1, "arrays": None}),
    "an unknown dtype": framed({"type": "animate", "job": 1, "arrays": [["time", "zzz", [2]]]}),
    "a dtype of objects": framed({"type": "animate", "job": 1, "arrays": [["time", "|O", [2]]]}, b"\x41" * 16),
    "a negative shape": framed({"type": "animate", "job": 1, "arrays": [["time", "<f8", [-3]]]}, b"\0" * 64),
    "a huge shape": framed({"type": "animate", "job": 1, "arrays": [["time", "<f8", [1 << 60]]]}, b"\0" * 64),
    "no type": framed({"job": 1, "arrays": []}),
    "deep JSON": framed(b"[" * 200_000),
    "a header of gigabytes": framed(b"x", length=0xFFFFFFFF),
}
UNKNOWN = {
    "no job": framed({"type": "animate", "arrays": []}),
    "a job that is no number": framed({"type": "cancel", "job": [1], "arrays": []}),
    "an unknown type": framed({"type": "exec", "job": 1, "arrays": []}),
    "a request without a recording": framed({"type": "animate", "job": 1, "options": {"seed": 0}, "arrays": []}),
    "no options": framed({"type": "calibrate", "job": 1, "recording": 5, "arrays": []}),
}


@pytest.fixture
def engine():
    process = subprocess.Popen(
        command(sys.executable, "-u", ENGINE), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=clean_environment(), bufsize=0,
    )  # fmt: skip
    assert messages.unpack(process.stdout)[0]["type"] == "hello"
    yield process
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        stream.close()


@pytest.mark.parametrize("name", UNFRAMED)
def test_an_engine_that_is_sent_something_else_says_so_and_ends(name):
    """In one process a thread listens: its errors are what is looked at here, without waiting for a Python each."""
    import io

    with pytest.raises(messages.BrokenMessage):
        messages.unpack(io.BytesIO(UNFRAMED[name]))


def test_the_process_ends_with_a_line(engine):
    engine.stdin.write(UNFRAMED["no arrays"])
    engine.stdin.flush()
    assert engine.wait(SECONDS) == 4
    assert engine.stderr.read().decode().strip().splitlines()[-1].startswith("the pipe holds something else")


def test_what_is_not_known_is_answered_and_the_engine_goes_on(engine):
    for name, data in UNKNOWN.items():
        engine.stdin.write(data)
        engine.stdin.flush()
        while True:
            assert select.select([engine.stdout], [], [], SECONDS)[0], name
            header, _ = messages.unpack(engine.stdout)
            if header["type"] != "progress":
                break
        assert header["type"] in ("failed", "refused") and header["message"], name
    engine.stdin.close()
    assert engine.wait(SECONDS) == 0
    engine.stdin = open(Path("/dev/null"), "wb")  # noqa: SIM115 - the fixture closes it


@pytest.fixture
def client(tmp_path):
    client = WorkerClient(sys.executable, tmp_path / "engine.log", ENGINE)
    yield client
    client.stop()


@pytest.mark.parametrize("value", [{"source": [1, 2]}, {"a": np.arange(3)}, {"a": {1, 2}}])
def test_a_request_that_cannot_be_sent_is_refused_and_the_next_one_is_answered(client, value):
    job = client.ask({"type": "animate", "recording": value, "options": {"seed": ANSWER}}, {})
    assert answer(client, job, "refused", "failed")[0]["message"]
    assert answer(client, ask(client, ANSWER), "done")


@pytest.mark.parametrize(
    "program",
    [
        "import sys; sys.stdout.buffer.write(b'\\0\\0\\0\\x02{}'); sys.stdout.flush(); import time; time.sleep(60)",
        "import sys; sys.stdout.write('Warning: something printed'); sys.stdout.flush(); import time; time.sleep(60)",
        "import os; os.close(0); import time; time.sleep(60)",
        "import os, time; os.close(1); time.sleep(60)",
    ],
)
def test_an_engine_that_says_something_else_or_hears_no_more_is_said_to_be_dead(tmp_path, monkeypatch, program):
    monkeypatch.setattr(worker_client, "END_SECONDS", 0.1)
    script = tmp_path / "engine.py"
    script.write_text(program)
    client = WorkerClient(sys.executable, tmp_path / "engine.log", script)
    begun = time.monotonic()
    try:
        while time.monotonic() - begun < SECONDS:
            client.ask(*messages.request("animate", short_recording(), {}))
            if any(header["type"] == "dead" for header, _ in client.poll()):
                break
            time.sleep(0.1)
        else:
            raise AssertionError("nobody says that it is dead")
        assert not client.alive
    finally:
        client.stop()


def test_an_engine_ends_with_its_input_while_it_loads_and_works(tmp_path):
    script = tmp_path / "engine.py"
    slow = ENGINE.read_text().replace("Path(__file__).resolve().parent.parent", f"Path({str(ENGINE.parent.parent)!r})")
    script.write_text(slow.replace('os.environ.get("FAKE_ENGINE_START_SECONDS", "0")', '"60"'))
    process = subprocess.Popen(command(sys.executable, script), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    time.sleep(0.5)
    process.stdin.close()
    assert process.wait(SECONDS) == 0


def test_no_thread_of_the_client_outlives_it(client):
    client.stop()
    dead = queue.SimpleQueue()
    for _ in range(200):
        for header, _ in client.poll():
            dead.put(header["type"])
        if not dead.empty():
            break
        time.sleep(0.05)
    assert dead.get(timeout=1) in ("dead", "hello")
