"""Damaged recordings read or are refused in one line: a short run of ``python3 tools fuzz``."""

import importlib
import os
from importlib.util import find_spec
from pathlib import Path

import pytest

from threepoint.model_core.errors import UnforeseenError
from threepoint.model_core.recordings import read
from threepoint.model_core.recordings.formats import bsor, suffixes
from threepoint.tools.fuzzing.adversarial_files import adversarial_files

fuzz = importlib.import_module("threepoint.tools.fuzz")
FILES = int(os.environ.get("THREEPOINT_FUZZ_FILES", "80"))
REGRESSIONS = sorted((Path(__file__).parent.parent / "regressions").iterdir())
"""Files that broke a reader before it was repaired: ``SEED_NAME``, by the seed of the run that made them."""


@pytest.fixture(scope="module")
def samples():
    pytest.importorskip("fpzip")
    return fuzz.valid_samples()


def test_every_valid_sample_is_read(samples):
    for name, data in samples.items():
        if not name.endswith(suffixes()):
            continue  # It goes with another.
        if name.endswith(".hdf5") and find_spec("h5py") is None:
            continue  # Without the library it is refused.
        assert fuzz.attempt(name, data, samples)[0] == "read", name


def test_damaged_files_read_or_are_refused_in_one_line(samples):
    for number in range(FILES):
        name, data = fuzz.mutated(samples, number)
        outcome, _ = fuzz.attempt(name, data, samples)
        assert outcome in fuzz.GOOD, f"seed {number}, {name}: {outcome}"


@pytest.mark.parametrize("path", REGRESSIONS, ids=lambda path: path.name)
def test_what_failed_once_fails_no_more(samples, path):
    name = next(name for name in samples if name.endswith("/" + path.name.partition("_")[2]))
    assert fuzz.attempt(name, path.read_bytes(), samples, measure_memory=True)[0] in fuzz.GOOD


@pytest.mark.parametrize("number", range(len(adversarial_files())))
def test_adversarial_files_are_refused_in_little_memory(number):
    assert fuzz.attempt("adversarial.bin", adversarial_files()[number], {}, measure_memory=True)[0] == "refused"


def test_a_file_that_breaks_a_reader_is_named_and_kept(monkeypatch, tmp_path, capsys):
    def broken(path):
        raise IndexError("out of range")

    monkeypatch.setattr(fuzz, "read", broken)
    monkeypatch.setattr(fuzz, "valid_samples", lambda: {"bsor/game.bsor": b"x" * 500})
    assert fuzz.run(["--count", "3", "--seed", "100", "--keep", str(tmp_path)]) == 1
    said = capsys.readouterr().out
    assert "seed 100 (bsor/game.bsor): IndexError at" in said and "0 read, 0 refused, 3 failed" in said
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{n}_game.bsor" for n in (100, 101, 102)]


def test_what_a_reader_did_not_foresee_is_a_line_for_users_and_a_fault_for_fuzz(monkeypatch, samples, tmp_path):
    def careless(path):
        return {}["frames"]

    monkeypatch.setattr(bsor, "read", careless)
    data = samples["bsor/game.bsor"]
    (tmp_path / "game.bsor").write_bytes(data)
    with pytest.raises(UnforeseenError, match=r"^game\.bsor: is no whole BSOR recording \(KeyError\)$"):
        read(tmp_path / "game.bsor")
    outcome, _ = fuzz.attempt("bsor/game.bsor", data, samples)
    assert outcome.startswith("KeyError at ") and "unforeseen: 'frames'" in outcome


def test_damaged_bodies_calibrations_and_messages_are_taken_or_refused_in_one_line():
    for run in (fuzz.fuzz_bodies, fuzz.fuzz_calibrations, fuzz.fuzz_messages):
        assert set(run(60)) <= {"taken", "refused"}, run.__name__


def test_structured_damage_is_not_only_refused(samples):
    """Else it would test no more than the first line of each reader."""
    outcomes = [fuzz.attempt(*fuzz.mutated(samples, number), samples)[0] for number in range(500, 540)]
    assert outcomes.count("read") > 10 and set(outcomes) <= set(fuzz.GOOD)


def test_damaged_packets_are_heeded_or_refused_and_leave_nothing_behind():
    outcomes = fuzz.fuzz_packets(600)
    assert set(outcomes) == {"taken", "refused"} and min(outcomes.values()) > 100


needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="runs are forks of this process")


@pytest.mark.slow
@needs_fork
def test_kills_leave_old_files_whole_and_nothing_after_the_next_run():
    from threepoint.tools.fuzzing.interruptions import fuzz_kills

    assert set(fuzz_kills(4)) <= {"taken", "refused"}


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="root alone may mount small disks")
def test_full_disks_are_one_line_and_leave_old_files_whole():
    from threepoint.tools.fuzzing.interruptions import fuzz_full_disks

    outcomes = fuzz_full_disks(4)
    if any("mounted" in outcome for outcome in outcomes):
        pytest.skip("nothing can be mounted here")
    assert set(outcomes) <= {"taken", "refused"}
