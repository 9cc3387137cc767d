"""Training by the clock: it ends in time, goes on where it stopped, and gives averaged weights."""

import time

import pytest
import torch

from threepoint.model_core.errors import InputError
from threepoint.model_core.sage.model import FILES, load_sage
from threepoint.tools.training import loop
from threepoint.tools.training.loop import Run, Stage
from threepoint.tools.training.sage import run
from threepoint.tools.training.smoke_data import make_smoke_data
from threepoint.tools.training.stepping.pace import ClockPace, StepPace, seconds_for


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """A clock that only ``advance`` moves."""

    class Clock:
        now = 100.0

        def advance(self, seconds):
            self.now += seconds

    found = Clock()
    monkeypatch.setattr(time, "monotonic", lambda: found.now)
    return found


def stage_of(network, clock, seconds=1.0, name="only", fraction=1.0):
    """A stage whose every step takes ``seconds`` and pulls the network's weight towards 1."""

    def loss(generator):
        clock.advance(seconds)
        return (network.weight - 1).square().mean(), {}

    return Stage(name, [network], 10**6, 0.01, loss, fraction=fraction)


def network_of_one():
    torch.manual_seed(0)
    return torch.nn.Linear(1, 1, bias=False)


def test_a_stage_lasts_for_its_minutes(clock, tmp_path):
    network = network_of_one()
    record = Run(tmp_path, network, 0, False, minutes=2)
    assert record.fit(stage_of(network, clock))
    assert clock.now == pytest.approx(220, abs=1.5)
    assert record.finished == ["only"]


def test_stages_share_the_minutes_by_their_fractions(clock, tmp_path):
    network = network_of_one()
    record = Run(tmp_path, network, 0, False, minutes=2)
    first, second = (stage_of(network, clock, name=name, fraction=part) for name, part in (("a", 0.25), ("b", 0.75)))
    record.fit(first, later=[second])
    assert clock.now == pytest.approx(130, abs=1.5)
    record.fit(second)
    assert clock.now == pytest.approx(220, abs=2.5)


def test_a_stopped_training_goes_on_and_counts_the_time_before(clock, tmp_path):
    network = network_of_one()
    record = Run(tmp_path, network, 0, False, minutes=2)
    assert not record.fit(stage_of(network, clock), stop_after=30)
    clock.advance(10_000)  # The time between sessions is nobody's.
    begun, again = clock.now, network_of_one()
    record = Run(tmp_path, again, 0, True, minutes=2)
    torch.testing.assert_close(again.weight, network.weight)
    assert record.fit(stage_of(again, clock))
    assert clock.now - begun == pytest.approx(90, abs=1.5)


def test_averaged_weights_are_what_a_stage_leaves(clock, tmp_path, monkeypatch):
    averages = []
    network = network_of_one()
    record = Run(tmp_path, network, 0, False, minutes=1)
    finish = record._finish
    monkeypatch.setattr(
        record, "_finish", lambda stage, step, average: (averages.extend(average), finish(stage, step, average))
    )
    before = []
    monkeypatch.setattr(loop, "_copy", spy_on(loop._copy, network, before))
    record.fit(stage_of(network, clock))
    assert torch.equal(network.weight, averages[0]) and not torch.equal(before[0], averages[0])


def spy_on(copy, network, before):
    def spied(values, parameters):
        before.append(network.weight.detach().clone())
        copy(values, parameters)

    return spied


def test_rates_rise_then_fall_to_nothing_as_the_time_ends(clock):
    pace = ClockPace(100)
    rates = []
    for step in range(100):
        rates.append(pace.rate(step))
        clock.advance(1)
    assert rates[0] < 0.02 and max(rates) > 0.9 and rates[-1] < 0.01 and pace.done(100) == 1
    top = rates.index(max(rates))
    assert rates[:top] == sorted(rates[:top]) and rates[top:] == sorted(rates[top:], reverse=True)
    assert StepPace(100).rate(99) < 0.01


def test_what_is_left_is_shared(clock):
    a, b = (Stage(name, [], 1, 1.0, lambda generator: None, fraction=part) for name, part in (("a", 0.2), ("b", 0.6)))
    assert seconds_for(a, [b], 80) == pytest.approx(20)
    assert seconds_for(a, [b], 70, before=0.5) == pytest.approx(10)
    assert seconds_for(b, [], 33) == 33


@pytest.mark.slow
def test_a_whole_training_by_the_clock_gives_weights(tmp_path, monkeypatch):
    monkeypatch.undo()
    data = make_smoke_data(tmp_path / "data")
    options = ["--config", "smoke", "--data", str(data), "--run", str(tmp_path / "run"), "--threads", "1"]
    begun = time.monotonic()
    assert run([*options, "--minutes", "0.1", "--output", str(tmp_path)]) == 0
    assert time.monotonic() - begun > 6
    assert all((tmp_path / f"sage_{name}").is_file() for name in FILES)
    load_sage(tmp_path)


@pytest.mark.parametrize("wrong", [["--minutes", "0"], ["--minutes", "-1"], ["--batch", "0"]])
def test_times_and_sizes_that_mean_nothing_are_refused(tmp_path, wrong):
    with pytest.raises(InputError, match=wrong[0]):
        run(["--config", "smoke", "--data", str(tmp_path), "--run", str(tmp_path / "run"), *wrong])
