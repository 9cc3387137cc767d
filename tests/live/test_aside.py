"""Work beside a stream: it goes on only while it is let, and what it finds is taken over at the same frame always."""

import threading
import time

import numpy as np
import pytest

from threepoint.model_core.live import aside
from threepoint.model_core.live.aside import Aside
from threepoint.model_core.live.calibrating import ASIDE_FRAMES, FIRST_SECONDS, LATER_SECONDS, RunningCalibration
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
    counts = []
    for _ in range(3):
        work.go_on(0.01)
        time.sleep(0.01)  # It may still end the step in which it is.
        counts.append(steps.done)
        time.sleep(0.02)
        assert steps.done == counts[-1]
    assert 0 < counts[0] < counts[1] < counts[2]
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
    for moment in moments_of(make_recording(LATER_SECONDS[0] + 1.3, 60.0)):
        frames += clock.add(moment.time, {name.partition(":")[2]: pose for name, pose in moment.poses.items()})
    changes = []
    for share in (0.0, 0.05):
        monkeypatch.setattr("threepoint.model_core.live.calibrating.ASIDE_SECONDS", share)
        running, found = RunningCalibration(body, "grip"), []
        for frame in frames:
            running.add(frame)
            found.append(running.found)
        changes.append([at for at in range(1, len(found)) if found[at] is not found[at - 1]])
        last = running.found
    first, later = round(FIRST_SECONDS * FPS), round(LATER_SECONDS[0] * FPS) + ASIDE_FRAMES
    np.testing.assert_allclose(changes, [[first, later]] * 2, atol=1)
    assert last is not None and changes[0] == changes[1]
