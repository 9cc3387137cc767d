"""Work beside a stream: it goes on only while it is let, and what it finds is taken over at the same frame always."""

import threading
import time

import numpy as np
import pytest

from threepoint.model_core.live import aside, calibrating
from threepoint.model_core.live.aside import Aside
from threepoint.model_core.live.calibrating import RunningCalibration
from threepoint.model_core.live.frames import FrameClock
from threepoint.model_core.live.sources.replay import moments_of
from threepoint.model_core.observation import FPS


class Steps:
    """Many small steps, counted."""

    def __init__(self, most):
        self.most, self.done = most, 0

    def step(self):
        self.done += 1

    def run(self):
        while self.done < self.most:
            self.step()
        return self.done


def test_it_goes_on_only_while_it_is_let():
    steps = Steps(10**9)
    work = Aside(steps.run)
    for _ in range(3):
        before = steps.done
        until = time.monotonic() + 20.0
        while steps.done < before + 10 and time.monotonic() < until:
            work.go_on(0.01)
        stopped = steps.done
        time.sleep(0.02)
        assert before + 10 <= stopped and steps.done <= stopped + 1, "it may still end the step in which it is"
    steps.most = 0
    assert work.result() == steps.done


def test_it_is_as_quick_as_the_work_where_that_is_short():
    work = Aside(Steps(3).run)
    begun = time.monotonic()
    work.go_on(60.0)
    assert time.monotonic() - begun < 10.0 and work.result() == 3


def test_what_it_raises_is_raised():
    def fail():
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        Aside(fail).result()


def test_who_is_forgotten_ends(monkeypatch):
    monkeypatch.setattr(aside, "FORGOTTEN_SECONDS", 0.01)
    before, steps = threading.active_count(), Steps(100)
    Aside(steps.run)
    until = time.monotonic() + 20.0
    while threading.active_count() > before and time.monotonic() < until:
        time.sleep(0.01)
    assert steps.done == 100 and threading.active_count() == before


def test_a_person_is_measured_again_at_the_same_frame_however_fast_the_machine_is(body, make_recording, monkeypatch):
    clock, frames = FrameClock(), []
    for moment in moments_of(make_recording(1.2, 60.0)):
        frames += clock.add(moment.time, {name.partition(":")[2]: pose for name, pose in moment.poses.items()})
    for name, value in (("FIRST_SECONDS", 0.5), ("LATER_SECONDS", (0.7,)), ("ASIDE_FRAMES", 15)):
        monkeypatch.setattr(calibrating, name, value)
    changes = []
    for share in (0.0, 0.05):
        monkeypatch.setattr(calibrating, "ASIDE_SECONDS", share)
        running, found = RunningCalibration(body, "grip"), []
        for frame in frames:
            running.add(frame)
            found.append(running.found)
        changes.append([at for at in range(1, len(found)) if found[at] is not found[at - 1]])
    np.testing.assert_allclose(changes[0], [0.5 * FPS, 0.7 * FPS + 15], atol=1)
    assert changes[0] == changes[1]
