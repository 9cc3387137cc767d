"""Whoever is killed, engine, sender or Blender: all but the last moment is left behind, in a recording that reads."""

import os
import pickle
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from threepoint.model_core.child_python import clean_environment, command
from threepoint.model_core.live.calibrating import RunningCalibration
from threepoint.model_core.live.frames import PATIENCE
from threepoint.model_core.live.session import LiveSession
from threepoint.model_core.live.sources import udp
from threepoint.model_core.live.sources.replay import moments_of
from threepoint.model_core.live.sources.udp import UdpSource
from threepoint.model_core.live.sources.vmc import VmcReader, device_packet
from threepoint.model_core.live.taking import Take
from threepoint.model_core.recordings import read
from threepoint.model_core.recordings.formats import plain
from threepoint.model_core.sage.model import CONFIGS, Sage
from threepoint.model_core.worker.messages import pack

WITHIN = 30.0
"""Seconds in which whatever is waited for happens."""
ENGINE = Path(__file__).resolve().parent.parent / "fake_engine.py"
SEND = """
import pickle, socket, sys, time
with open(sys.argv[1], "rb") as file, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
    for packet in pickle.load(file):
        sender.sendto(packet, ("127.0.0.1", int(sys.argv[2])))
        time.sleep(0.004)
"""
BLENDER = """
import subprocess, sys
with open(sys.argv[1], "rb") as file:
    asked = file.read()
engine = subprocess.Popen([sys.executable, "-I", sys.argv[2]], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
engine.stdin.write(asked)
engine.stdin.flush()
sys.stdin.read()  # Until it is killed.
"""
RECORD = """
import sys
from pathlib import Path
from threepoint.model_core.live.sources.replay import moments_of
from threepoint.model_core.live.taking import Take
from threepoint.model_core.recordings import read
recording, take = read(Path(sys.argv[1])), Take(sys.argv[2], "grip")
for moment in moments_of(recording):
    take.add(moment.time, {name.partition(":")[2]: pose for name, pose in moment.poses.items()})
    print(moment.time, flush=True)
    if moment.time > float(sys.argv[3]):
        sys.stdin.read()  # Until it is killed.
"""


@pytest.mark.parametrize("second", [0.1, 0.73])
def test_a_program_that_is_killed_leaves_its_take_whole(make_recording, tmp_path, second):
    recording, before, taken = make_recording(1.0, 90.0), tmp_path / "me.csv", tmp_path / "take.csv"
    plain.write(before, recording)
    program = command(sys.executable, "-c", RECORD, before, taken, str(second))
    with subprocess.Popen(
        program, env=clean_environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        told = 0.0
        for line in process.stdout:
            told = float(line)
            if told > second:
                break
        process.kill()
        process.wait()
    found = read(taken)
    assert told > second and found.time[-1] >= told - PATIENCE - 0.02, "whole up to the last tenth of a second"
    np.testing.assert_array_equal(found.time, recording.time[: len(found.time)])
    for role, track in found.tracks.items():
        np.testing.assert_array_equal(track.position, recording.tracks[role].position[: len(found.time)])


def until(condition):
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < WITHIN
        time.sleep(0.01)


def test_a_sender_that_is_killed_is_told_and_the_take_has_what_it_sent(body, make_recording, tmp_path, monkeypatch):
    monkeypatch.setattr(udp, "SILENT_SECONDS", 0.2)
    recording, taken = make_recording(1.9, 90.0), tmp_path / "take.csv"  # Shorter than a body takes to be measured.
    (tmp_path / "packets").write_bytes(pickle.dumps([device_packet(moment) for moment in moments_of(recording)]))
    session = LiveSession(Sage(CONFIGS["smoke"]), RunningCalibration(body, "grip"))
    take = Take(taken, "grip")
    session.record(take)
    with UdpSource(VmcReader(), 0) as source:
        program = command(sys.executable, "-c", SEND, tmp_path / "packets", str(source.port))
        with subprocess.Popen(program, env=clean_environment()) as sender:
            until(lambda: session.feed(source.poll(0.1)) or take.samples > 60)
            sender.kill()
            sender.wait()
        session.feed(source.poll(0.0))
        until(lambda: source.poll(0.05) == [] and str(getattr(source.state(), "code", "")) == "live_silent")
        kept = read(taken)  # While the take is still open: as it would be if this program died, too.
        count = take.samples
    assert len(kept.time) == count and 60 < count < len(recording.time)
    take.close()
    whole = read(taken)
    assert count < len(whole.time) <= count + 90 * PATIENCE + 1
    np.testing.assert_allclose(kept.time, recording.time[:count], atol=1e-6)
    np.testing.assert_allclose(
        whole.tracks["head"].position, recording.tracks["head"].position[: len(whole.time)], atol=1e-6
    )


@pytest.mark.skipif(not hasattr(os, "set_blocking"), reason="needs pipes that can be asked without waiting")
def test_an_engine_whose_blender_is_killed_ends_by_itself_and_its_take_is_whole(tmp_path):
    taken, asked = tmp_path / "take.csv", {"type": "live", "job": 1, "source": "vmc:39539"}
    record = {"type": "record", "job": 1, "path": str(taken)}
    (tmp_path / "asked").write_bytes(pack(asked) + pack(record))
    program = command(sys.executable, "-c", BLENDER, tmp_path / "asked", ENGINE)
    with subprocess.Popen(program, env=clean_environment(), stdin=subprocess.PIPE, stderr=subprocess.PIPE) as blender:
        assert blender.stderr is not None
        os.set_blocking(blender.stderr.fileno(), False)
        until(lambda: taken.is_file() and taken.read_bytes().count(b"\n") > 40)
        blender.kill()
        blender.wait()
        # Both have the pipe for errors, which ends when the last of them has.
        until(lambda: blender.stderr.read(1) == b"")
    size, found = taken.stat().st_size, read(taken)
    assert len(found.time) > 35 and found.tracks["head"].valid.all()
    np.testing.assert_allclose(np.diff(found.time), 1 / 60, atol=1e-9)
    assert taken.stat().st_size == size
