"""Tables of made-up loggers are read right, or with words that say that they may not be."""

import importlib

import pytest

from threepoint.tools.fuzzing.meaning import RIGHT, RIGHT_BUT_UNSURE, SILENT, judge, measure
from threepoint.tools.fuzzing.tables import CONVENTIONS, STYLES, make_table

fuzz = importlib.import_module("threepoint.tools.fuzz")
QUICK, MANY = 20, 1000
LEAST_RIGHT = 0.99


def assert_read_right(count, seed, processes=1):
    failures = []
    outcomes = measure(count, seed, failures.append, processes)
    assert outcomes.total() == count
    assert outcomes[RIGHT] + outcomes[RIGHT_BUT_UNSURE] >= LEAST_RIGHT * count, "\n".join(failures)
    assert outcomes[SILENT] == 0, "\n".join(failures)


def test_tables_of_many_loggers_are_read_right():
    assert_read_right(QUICK, 10_000)


@pytest.mark.slow
def test_a_thousand_tables_are_read_right():
    assert_read_right(MANY, 0, processes=2)


def test_the_styles_are_many_and_all_are_read(tmp_path):
    assert len(STYLES) >= 60 and len(set(STYLES)) == len(STYLES) and len(CONVENTIONS) == 6
    seen = set()
    for seed in range(20_000, 20_250):
        made = make_table(seed)
        style = made.drawn["style"]
        if made.drawn["shape"] == "wide" and style not in seen and made.drawn["kind"] == "quaternion":
            seen.add(style)
            outcome, why = judge(made, tmp_path)
            assert outcome in (RIGHT, RIGHT_BUT_UNSURE), f"style {STYLES[style]}, seed {seed}: {why}"
    assert len(seen) >= 40


def test_the_command_says_how_many_are_right(capsys):
    assert fuzz.run(["--meaning", "--count", "4", "--seed", "10000"]) == 0
    assert "% of 4 tables are read right; 0 are wrong without a word" in capsys.readouterr().out
