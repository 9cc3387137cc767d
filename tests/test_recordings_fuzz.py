"""Damaged recordings read or are refused in one line: a short run of ``python3 tools fuzz``."""

import importlib
import os

import pytest

fuzz = importlib.import_module("threepoint.tools.fuzz")
FILES = int(os.environ.get("THREEPOINT_FUZZ_FILES", "120"))
FAILED_ONCE = (1930, 1958, 3742, 12044)
"""Seeds whose files broke a reader before it was mended."""


@pytest.fixture(scope="module")
def seeds():
    pytest.importorskip("fpzip")
    return fuzz.sound_files()


def test_every_sound_file_is_read(seeds, tmp_path):
    for name, data in seeds.items():
        assert fuzz.attempt(tmp_path / name, data) == "read", name


def test_damaged_files_read_or_are_refused_in_one_line(seeds, tmp_path):
    for number in (*FAILED_ONCE, *range(FILES)):
        name, data = fuzz.mutated(seeds, number)
        outcome = fuzz.attempt(tmp_path / name, data)
        assert outcome in ("read", "refused"), f"seed {number}, {name}: {outcome}"


@pytest.mark.parametrize("number", range(len(fuzz.HOSTILE)))
def test_hostile_files_are_refused_in_little_memory(tmp_path, number):
    assert fuzz.attempt(tmp_path / "hostile.bin", fuzz.HOSTILE[number], measure_memory=True) == "refused"
