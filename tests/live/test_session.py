"""From packets to a body: the same through a real port as directly, whole recordings of what came, no growth."""

import socket
import time
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from threepoint.model_core.calibration import Calibration, preset_offsets
from threepoint.model_core.calibration.person import head_offset
from threepoint.model_core.errors import InputError
from threepoint.model_core.live.calibrating import FIRST_SECONDS, RunningCalibration
from threepoint.model_core.live.session import LiveSession
from threepoint.model_core.live.sources.opening import open_source, target_of
from threepoint.model_core.live.sources.replay import Replay, moments_of
from threepoint.model_core.live.sources.udp import MOST_PACKETS, UdpSource
from threepoint.model_core.live.sources.vmc import VmcReader, device_packet
from threepoint.model_core.live.taking import Take
from threepoint.model_core.recordings import read
from threepoint.model_core.sage.model import CONFIGS, Sage

PERSON = Calibration(np.zeros(10), 0.0, {"head": head_offset(1.0), **preset_offsets("grip")})
FASTEST = 6.0
"""Metres a second of any joint."""


@pytest.fixture(scope="module")
def sage():
    torch.manual_seed(0)
    return Sage(CONFIGS["smoke"]).eval()


@pytest.fixture(scope="module")
def recording(make_recording):
    return make_recording(0.9, 90.0)


def session_of(sage, body, given=PERSON):
    return LiveSession(sage, RunningCalibration(body, "grip", given=given))


def joints_of(frames):
    return np.stack([frame.joints + frame.origin for frame in frames])


def through_a_port(session, moments):
    """The frames that a session makes of packets which really go through a port of this machine."""
    frames = []
    with UdpSource(VmcReader(), _free_port()) as source, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for number, moment in enumerate(moments):
            sender.sendto(device_packet(moment), ("127.0.0.1", source.port))
            if number % 8 == 0:
                frames += session.feed(source.poll(0.2))
        frames += session.feed(source.poll(0.2))
    return frames


def _free_port():

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def later(moments, seconds=1e9):
    return [replace(moment, time=moment.time + seconds) for moment in moments]


def test_a_stream_through_a_port_is_the_stream_fed_directly(sage, body, recording):
    moments = later(moments_of(recording))
    direct = joints_of(session_of(sage, body).feed(moments))
    found = joints_of(through_a_port(session_of(sage, body), moments))
    assert len(direct) == len(found) > 50
    assert np.linalg.norm(direct - found, axis=-1).max() < 1e-4


def test_hands_are_on_their_trackers_and_the_head_is_too(sage, body, recording):
    session = session_of(sage, body)
    for frame in session.feed(moments_of(recording)):
        assert np.isfinite(frame.joints).all()
    tracks = recording.tracks
    # The head joint's distance from the headset is that of the person, whatever the network says of the rest.
    away = np.linalg.norm(frame.joints[15] + frame.origin - tracks["head"].position[-1] * [-1, 1, -1])
    assert away == pytest.approx(np.linalg.norm(PERSON.offsets["head"].position), abs=2e-3)


def test_the_person_is_measured_in_the_first_seconds_and_the_body_is_there(sage, body, make_recording):
    session = session_of(sage, body, None)
    assert session.feed([]) == [] and session.state().code == "live_calibrating"
    frames = session.feed(moments_of(make_recording(FIRST_SECONDS + 0.3, 90.0)))
    assert 10 < len(frames) < 25 and session.state().code == "live_running"
    assert 1.5 < body.stature(session.calibration.found.betas) < 2.0


def test_a_t_pose_measures_who_holds_it(body, make_recording):
    from threepoint.model_core.live.frames import FrameClock

    running = RunningCalibration(body, "grip", given=PERSON)
    clock, frames = FrameClock(), []
    for moment in moments_of(make_recording(1.5, 90.0)):
        frames += clock.add(moment.time, {name.partition(":")[2]: pose for name, pose in moment.poses.items()})
    first = running.add(frames[0])
    assert first is PERSON
    running.hold_t_pose()
    shown = [running.add(frame) for frame in frames]
    assert running.found is not PERSON and running.found.notes[-1].code == "person_in_pose"
    steps = np.abs(np.diff([calibration.betas[0] for calibration in shown]))
    assert shown[20] is PERSON and steps.max() < 0.2, "a body grows, it does not leap"
    with pytest.raises(InputError, match="left_hand is not seen"):
        running.hold_t_pose()
        for frame in frames:
            running.add(replace(frame, valid=np.array([True, False, True])))
    assert running.add(frames[0]) is not None


def test_a_take_is_what_came_and_whole_whenever_its_program_dies(sage, body, recording, tmp_path):
    session, take = session_of(sage, body), Take(tmp_path / "take.csv", "grip")
    session.record(take)
    moments = list(moments_of(recording))
    session.feed(moments[:60])
    text = (tmp_path / "take.csv").read_bytes()  # As it would be if the program died here.
    (tmp_path / "cut.csv").write_bytes(text[:-30])
    session.feed(moments[60:])
    take.close()
    whole, cut = read(tmp_path / "take.csv"), read(tmp_path / "cut.csv")
    np.testing.assert_array_equal(whole.time, recording.time)
    for role, track in recording.tracks.items():
        np.testing.assert_array_equal(whole.tracks[role].position, track.position)
    assert len(cut.time) >= 60 - 6 and [note.code for note in cut.warnings] == ["last_line_cut"]
    np.testing.assert_array_equal(cut.time, recording.time[: len(cut.time)])
    with pytest.raises(InputError, match="is there already"):
        Take(tmp_path / "take.csv")


def test_a_take_goes_on_when_the_senders_clock_jumps(recording, tmp_path):
    take = Take(tmp_path / "take.csv", "grip")
    moments = list(moments_of(recording))
    for moment in [*later(moments[:30], 100.0), *moments[30:60], *later(moments[60:], 1e9)]:
        take.add(moment.time, {name.partition(":")[2]: pose for name, pose in moment.poses.items()})
    take.close()
    again = read(tmp_path / "take.csv")
    assert len(again.time) == len(moments) and again.duration == pytest.approx(recording.duration, abs=0.05)


def sizes(thing, seen=None):
    """How many values a session holds, wherever in it."""
    seen = set() if seen is None else seen
    if id(thing) in seen or isinstance(thing, (str, bytes, int, float, torch.nn.Module, type(None))):
        return 0
    seen.add(id(thing))
    if isinstance(thing, np.ndarray):
        return thing.size
    if isinstance(thing, torch.Tensor):
        return thing.numel()
    if isinstance(thing, dict):
        return len(thing) + sum(sizes(value, seen) for value in thing.values())
    if isinstance(thing, (list, tuple, set)) or type(thing).__name__ == "deque":
        return len(thing) + sum(sizes(value, seen) for value in thing)
    return sizes(vars(thing), seen) if hasattr(thing, "__dict__") else 0


def test_a_session_does_not_grow(sage, body, recording, monkeypatch):
    monkeypatch.setattr("threepoint.model_core.live.session.REMEMBERED", 8)
    monkeypatch.setattr("threepoint.model_core.live.tracks.KEPT_SAMPLES", 12)
    session, held = session_of(sage, body), []
    for number in range(4):
        session.feed(later(list(moments_of(recording))[:30], number / 3))
        held.append(sizes(session))
    assert held[1] == held[2] == held[3]


def test_a_flood_is_said_and_its_newest_packets_are_taken(recording):

    with UdpSource(VmcReader(), _free_port()) as source, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        assert source.state().code == "live_waiting"
        newest = 0.0
        for number in range(2000):
            newest = 1e9 + number
            data = device_packet(replace(next(moments_of(recording)), time=newest))
            sender.sendto(data, ("127.0.0.1", source.port))
        begun = time.process_time()
        moments = source.poll(0.0)
        assert len(moments) <= MOST_PACKETS and moments[-1].time > newest - 2000
        assert source.state().code == "live_flood" and time.process_time() - begun < 1.0
        sender.sendto(b"GET / HTTP/1.1\0\0", ("127.0.0.1", source.port))
        source.poll(0.2)
        source._flooded_at = -100.0
        assert "is something else than OSC" in str(source.state())


def test_a_port_that_is_taken_and_what_is_no_source_are_refused_in_one_line(tmp_path):
    with UdpSource(VmcReader(), _free_port()) as source:
        with pytest.raises(InputError, match=f"cannot listen at 127.0.0.1:{source.port}"):
            open_source(f"vmc:{source.port}")
    for words in ("vmc", "vmc:", "vmc:x", "vmc:70000", "vmc:nowhere:39539", "osc:9000", "replay:", "vmc:1:2:3", ""):
        with pytest.raises(InputError):
            open_source(words)
    with pytest.raises(InputError, match="gone.csv"):
        open_source(f"replay:{tmp_path / 'gone.csv'}")
    assert target_of("vmc:39540") == ("127.0.0.1", 39540) and target_of("vmc:10.0.0.2:1") == ("10.0.0.2", 1)
    with pytest.raises(InputError):
        target_of("39540")


def test_a_replay_keeps_its_own_pace_unless_nobody_waits(recording):
    fast = Replay(recording, fast=True)
    moments = []
    while not fast.ended:
        moments += fast.poll(1.0)
    assert [moment.time for moment in moments] == recording.time.tolist() and fast.state().code == "live_ended"
    paced = Replay(recording)
    begun, first = time.monotonic(), paced.poll(0.1)
    while time.monotonic() - begun < 0.15:
        first += paced.poll(0.02)
    assert len(first) <= 0.2 * 90 and not paced.ended


def test_a_flood_of_fifty_thousand_packets_a_second_is_borne(sage, monkeypatch):
    from threepoint.tools.fuzzing import flood

    monkeypatch.setattr(flood, "load_ensemble", lambda device: SimpleNamespace(first=sage))
    monkeypatch.setattr(flood, "LEAST_RATE", 0.0)  # Beside other tests the sender may be slow.
    outcomes = flood.fuzz_flood(25_000)
    assert outcomes.total() == 25_000 and 0 < outcomes["taken"] < 25_000, outcomes


@pytest.mark.parametrize("named", [{}, {"left_foot": "3"}])
def test_trackers_that_are_worn_elsewhere_are_in_the_take(sage, body, recording, tmp_path, named):
    """By their names, or as the user says; the body is what it is without them."""
    name = "tra:3" if named else "tra:Left Foot"
    moments, plain = [], list(moments_of(recording))[:40]
    for moment in plain:
        ankle = replace(moment.poses["hmd:head"], position=moment.poses["hmd:head"].position - [0.1, 1.5, 0.0])
        moments.append(replace(moment, poses={**moment.poses, name: ankle, "tra:4": ankle}))
    session = LiveSession(sage, RunningCalibration(body, "grip", given=PERSON), named)
    frames = session.feed(moments[:20])
    take = Take(tmp_path / "take.csv", "grip", session.recorded_roles)
    session.record(take)
    frames += session.feed(moments[20:])
    take.close()
    found = read(tmp_path / "take.csv")
    assert (
        list(found.tracks) == ["head", "left_hand", "right_hand", "left_foot"] and found.tracks["left_foot"].valid.all()
    )
    lowered = found.tracks["head"].position - [0.1, 1.5, 0.0]
    np.testing.assert_allclose(found.tracks["left_foot"].position, lowered, atol=1e-12)
    np.testing.assert_array_equal(joints_of(frames), joints_of(session_of(sage, body).feed(plain)))
