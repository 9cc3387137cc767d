"""``python3 tools test``: which suites run, side by side, and how their results are counted."""

import re
import sys
import time
from pathlib import Path

import pytest

from threepoint.tools import test as test_command
from threepoint.tools.support import environment
from threepoint.tools.support.checkout import ROOT
from threepoint.tools.support.test_suites import Job, Result, Suite, count_results, run_jobs

SERIES = ("4.2", "4.5", "5.0", "5.1", "5.2", "5.3")


def chosen(blender, *arguments):
    return [(suite.title, list(suite.arguments)) for suite in test_command.suites(blender, list(arguments))]


def test_arguments_choose_the_suites(monkeypatch):
    monkeypatch.setattr(test_command, "blender_python", lambda version: "python")
    here = str(Path(__file__).resolve())
    check = str(next((ROOT / "tests" / "blender").rglob("test_*.py")))
    assert [title for title, _ in chosen(None)] == [
        "Blender 4.5", "threepoint", "evaluation, pipeline, training", "Blender 4.2", "Blender 5.0", "tools",
    ]  # fmt: skip
    quick = [title for title, arguments in chosen(None) if arguments[-2:] == ["-m", "not slow and not any_blender"]]
    assert quick == ["Blender 4.2", "Blender 5.0"]
    assert not any("not slow" in arguments for _, arguments in [*chosen("all"), *chosen("4.2"), *chosen(None, check)])
    assert [title for title, _ in chosen("all")] == [f"Blender {series}" for series in SERIES]
    assert [title for title, _ in chosen("5.0")] == ["Blender 5.0"]
    assert chosen(None, here, "-x") == [("threepoint", [here, "-x"])]
    assert [title for title, _ in chosen(None, check)] == ["Blender 4.5", "Blender 4.2", "Blender 5.0"]
    assert chosen("4.2", check + "::test_x", "-k", "bake") == [("Blender 4.2", [check + "::test_x", "-k", "bake"])]


def this_python():
    return Path(sys.executable)


def test_jobs_run_side_by_side_and_keep_their_output_apart(tmp_path, capfd):
    (tmp_path / "test_two.py").write_text("def test_good():\n    pass\n\n\ndef test_bad():\n    assert False\n")
    suite = Suite("two tests", this_python, (str(tmp_path / "test_two.py"), "-q"))
    results = run_jobs([suite, Job("a check", this_python, ("timeit", "-n", "1", "pass"))])
    counts = {result.title: (result.counts["passed"], result.counts["failed"], result.status) for result in results}
    assert counts == {"two tests": (1, 1, 1), "a check": (1, 0, 0)}
    blocks = re.split(r"^== (?=(?:two tests|a check)$)", capfd.readouterr().out, flags=re.MULTILINE)[1:]
    assert sorted(("1 failed" in block, "1 loop" in block, block.splitlines()[0]) for block in blocks) == [
        (False, True, "a check"),
        (True, False, "two tests"),
    ]


def test_what_cannot_begin_ends_the_rest():
    def no_python():
        raise environment.EnvironmentProblem("no Python 3.13")

    forever = Job("forever", this_python, ("timeit", "-n", "1", "import time; time.sleep(600)"))
    begun = time.monotonic()
    with pytest.raises(environment.EnvironmentProblem, match=r"no Python 3\.13"):
        run_jobs([forever, Job("nowhere", no_python, ()), forever])
    assert time.monotonic() - begun < 60


def test_the_last_line_is_the_plain_count(monkeypatch, capsys):
    monkeypatch.setattr(test_command, "blender_python", lambda version: "python")
    ended = [Result("ruff", dict(passed=1, failed=0, skipped=0), 0),
             Result("threepoint", dict(passed=7, failed=2, skipped=3), 1)]  # fmt: skip
    monkeypatch.setattr(test_command, "run_jobs", lambda jobs: ended)
    assert test_command.run([]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "8 passed, 2 failed, 3 skipped"


def test_suite_status_is_the_worst_of_pytest():
    assert test_command.exit_status([0, 1, 0]) == 1
    assert test_command.exit_status([0, 5]) == 0
    assert test_command.exit_status([5, 5]) == 5
    assert test_command.exit_status([0, -11]) == 11


def test_suite_without_a_report_counts_as_failed(tmp_path):
    assert count_results(tmp_path / "none.xml", 1) == {"passed": 0, "failed": 1, "skipped": 0}
    report = tmp_path / "report.xml"
    report.write_text('<testsuites><testsuite tests="7" failures="1" errors="1" skipped="2"/></testsuites>')
    assert count_results(report, 1) == {"passed": 3, "failed": 2, "skipped": 2}


def test_every_test_of_the_core_is_in_one_of_its_suites():
    rest, *parts = (arguments for title, arguments in chosen(None) if "Blender" not in title)
    left_out = {argument.removeprefix("--ignore=") for argument in rest if argument.startswith("--ignore=")}
    folders = [folder for part in parts for folder in part]
    assert left_out == {*folders, str(ROOT / "tests" / "blender")} and all(Path(folder).is_dir() for folder in folders)
