"""Damaged recordings read or are refused in one line: a short run of ``python3 tools fuzz``."""

import importlib
import os
from pathlib import Path

import pytest

from threepoint.tools.fuzzing.adversarial_files import hostile_files

fuzz = importlib.import_module("threepoint.tools.fuzz")
FILES = int(os.environ.get("THREEPOINT_FUZZ_FILES", "120"))
REGRESSIONS = sorted((Path(__file__).parent.parent / "regressions").iterdir())
"""Files that broke a reader before it was mended: ``SEED_NAME``, by the seed of the run that made them."""


@pytest.fixture(scope="module")
def seeds():
    pytest.importorskip("fpzip")
    return fuzz.sound_files()


def test_every_sound_file_is_read(seeds):
    for name, data in seeds.items():
        assert fuzz.attempt(name, data, seeds)[0] == "read", name


def test_damaged_files_read_or_are_refused_in_one_line(seeds):
    for number in range(FILES):
        name, data = fuzz.mutated(seeds, number)
        outcome, _ = fuzz.attempt(name, data, seeds)
        assert outcome in fuzz.GOOD, f"seed {number}, {name}: {outcome}"


@pytest.mark.parametrize("path", REGRESSIONS, ids=lambda path: path.name)
def test_what_failed_once_fails_no_more(seeds, path):
    name = path.name.partition("_")[2]
    assert fuzz.attempt(name, path.read_bytes(), seeds, measure_memory=True)[0] in fuzz.GOOD


@pytest.mark.parametrize("number", range(len(hostile_files())))
def test_hostile_files_are_refused_in_little_memory(number):
    assert fuzz.attempt("hostile.bin", hostile_files()[number], {}, measure_memory=True)[0] == "refused"


def test_a_file_that_breaks_a_reader_is_named_and_kept(monkeypatch, tmp_path, capsys):
    def broken(path):
        raise IndexError("out of range")

    monkeypatch.setattr(fuzz, "read", broken)
    monkeypatch.setattr(fuzz, "sound_files", lambda: {"game.bsor": b"x" * 500})
    assert fuzz.run(["--count", "3", "--seed", "100", "--keep", str(tmp_path)]) == 1
    said = capsys.readouterr().out
    assert "seed 100 (game.bsor): IndexError at" in said and "0 read, 0 refused, 3 failed" in said
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{n}_game.bsor" for n in (100, 101, 102)]
