"""``bench``: its report, and the recording that it measures with."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from threepoint.model_core.errors import InputError
from threepoint.tools import bench
from threepoint.tools.benchmarks import lbfgs, live, networks, pipeline
from threepoint.tools.benchmarks.timing import long_observation, long_recording, median_seconds

pytestmark = pytest.mark.slow


def test_figures_are_printed_and_written(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(pipeline, "measure", lambda options: {"walking": (3.0, "km/h")})
    assert bench.run(["pipeline", "--threads", "1", "--json", str(tmp_path / "speed.json")]) == 0
    assert capsys.readouterr().out.split() == ["walking", "3.00", "km/h"]
    report = json.loads((tmp_path / "speed.json").read_text())
    assert report == {"threads": 1, "device": "cpu", "figures": {"walking": {"value": 3.0, "unit": "km/h"}}}


def test_a_section_that_is_not_there_is_refused():
    with pytest.raises(InputError, match="no section 'flight'; there are: networks, pipeline"):
        bench.run(["flight"])


def test_the_recording_is_as_long_as_asked_and_goes_on_smoothly():
    recording = long_recording(30.0)
    assert recording.duration == pytest.approx(30.0, abs=0.1)
    for track in recording.tracks.values():
        speed = np.linalg.norm(np.diff(track.position, axis=0), axis=-1) / np.diff(recording.time)
        assert speed.max() < 5
    observation, rest = long_observation(30.0)
    assert observation.frame_count / 60 == pytest.approx(30.0, abs=0.1) and rest.shape == (24, 3)


def test_the_first_call_is_no_measurement():
    calls = []
    median_seconds(lambda: calls.append(1), repeats=3)
    assert len(calls) == 4


@pytest.mark.parametrize("section, ratios", [(networks, 2), (pipeline, 1), (lbfgs, 2)])
def test_sections_measure_and_compare(section, ratios, monkeypatch):
    for name, small in {"RECORDING_SECONDS": 2.0, "ONLINE_STEPS": 4, "WARM_UP_STEPS": 2, "BATCHED_FRAMES": 4,
                        "SINGLE_FRAMES": 1, "ITERATIONS": 2, "BASELINE_BATCH": 4}.items():  # fmt: skip
        if hasattr(section, name):
            monkeypatch.setattr(section, name, small)
    figures = section.measure(SimpleNamespace(device="cpu"))
    assert all(value > 0 for value, _ in figures.values())
    assert [unit for _, unit in figures.values()].count("x") == ratios


def test_live_is_sent_to_and_heard_as_a_process_of_its_own():
    figures = live.measure(SimpleNamespace(seconds=0.5))
    assert all(value > 0 for value, _ in figures.values())
    median, longest = (figures[f"live, packet to whole body, {name}"][0] for name in ("median", "longest"))
    assert median <= longest and figures["live, bodies"][0] < live.RATE
