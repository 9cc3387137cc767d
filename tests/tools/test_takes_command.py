"""Takes on the command line: what ``simulate takes`` measures of them about a truth, and ``animate --take-part``."""

import numpy as np
import pytest

from threepoint.model_core.command_line.reading import smoothed
from threepoint.model_core.errors import InputError
from threepoint.model_core.evaluation.methods import observe_truth
from threepoint.tools.simulation.takes import COLUMNS, GAP_FRAMES, LEGS, Found, numbers, table, with_gap
from threepoint.tools.support.animate_options import parse, pipeline_options

COUNT = 400


def drawn(wide, takes=5):
    """Numbers of takes that lie about a mean with one spread, and a truth with ``wide`` times as much."""
    rng = np.random.default_rng(0)
    mean = rng.normal(0, 1, (COUNT, 22, 3))
    truth = mean + wide * rng.normal(0, 0.1, mean.shape)
    found = Found(truth, mean, mean + rng.normal(0, 0.1, (takes, *mean.shape)))
    return numbers(found, LEGS)


def test_takes_that_lie_as_the_truth_does_have_skill_one_and_it_is_outside_as_often_as_chance_says():
    row = drawn(1)
    assert row["skill"] == pytest.approx(1, abs=0.03) and row["outside"] == pytest.approx(100 * 2 / 6, abs=2)
    assert row["spread"] == pytest.approx(10 * np.sqrt(3), rel=0.03) and row["best"] <= row["take"]


@pytest.mark.parametrize(("wide", "skill"), [(3, 3), (0, 0)])
def test_takes_that_are_too_much_alike_or_too_different_are_told(wide, skill):
    row = drawn(wide)
    assert row["skill"] == pytest.approx(skill, abs=0.45) and (row["outside"] > 50) == (wide == 3)


def test_the_gap_is_in_the_middle_and_of_the_left_hand(make_clip):
    seen = observe_truth(make_clip(160))
    lost, gap = with_gap(seen)
    assert gap == slice(20, 140) and (lost.valid[gap] == [True, False, True]).all() and GAP_FRAMES == 120
    assert lost.valid[:20].all() and lost.valid[140:].all() and seen.valid.all()


def test_the_table_has_a_column_for_each_number():
    (head, line) = table({"legs": [drawn(1), drawn(1)]})
    assert head.split() == list(COLUMNS) and len(line.split()) == 1 + len(COLUMNS)


def test_animate_draws_takes_for_a_part(tmp_path):
    asked = ["walk.bvh", "--npz", str(tmp_path / "out.npz"), "--take-part", "1:2.5"]
    assert pipeline_options(parse([*asked, "--takes", "2"], None)).take_part == (1.0, 2.5)
    with pytest.raises(InputError, match="ask for some with --takes N"):
        parse(asked, None)


def test_animate_smooths_trackers_and_leaves_lost_ones_lost(make_recording):
    recording = make_recording(seconds=1)
    recording.tracks["left_hand"].valid[20:40] = False
    recording.tracks["head"].position[::2, 1] += 0.01
    found = smoothed(recording, 5.0)
    rough, smooth = (np.abs(np.diff(each.tracks["head"].position[:, 1], 2)).mean() for each in (recording, found))
    assert smooth < 0.05 * rough and np.array_equal(
        found.tracks["left_hand"].valid, recording.tracks["left_hand"].valid
    )
    with pytest.raises(InputError, match="--smooth"):
        parse(["walk.bvh", "--npz", "out.npz", "--smooth", "0"], None)
