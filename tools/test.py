"""Run the tests in .venv and in Blender 4.2, 4.5 and 5.0; further words go to pytest."""

import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from .support import environment
from .support.arguments import CommandParser
from .support.checkout import ROOT

TESTS = ROOT / "tests"
BLENDER_TESTS = TESTS / "blender"
PYTEST = """
import os, sys, pytest
status = pytest.main(sys.argv[1:])
sys.stdout.flush()
sys.stderr.flush()
os._exit(status)
"""
"""Runs pytest and ends without Python's own shutdown, in which Blender's module hangs or crashes."""
BLENDERS = {"4.2": "4.2.23", "4.5": None, "5.0": "5.0.1"}
"""Blender's versions and the ``bpy`` of each; None is the one that ``.venv`` has."""
SHARED_PINS = ("setuptools", "numpy", "pytest", "hypothesis")
"""Packages that a Blender environment takes over from the requirements: nothing that the face must not import."""
TIME_LIMIT = 1800
"""Seconds for one run of pytest: a Blender that hangs must not hold up the rest."""
NOTHING_COLLECTED = 5
"""pytest's exit status when the words that it was given leave no test."""


def run(arguments):
    """Run the suites one after the other, the quick one first; pytest's exit status, the worst of them."""
    parser = CommandParser("test", __doc__)
    parser.add_argument("--blender", choices=[*BLENDERS, "all"], help="run only the Blender tests, in this version")
    options, words = parser.parse_known_args(arguments)
    begun = time.monotonic()
    results = [run_suite(*suite) for suite in suites(options.blender, words)]
    counts = {name: sum(result[1][name] for result in results) for name in ("passed", "failed", "skipped")}
    print(
        f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped "
        f"in {time.monotonic() - begun:.0f} s ({', '.join(result[0] for result in results)})"
    )
    return exit_status([result[2] for result in results])


def suites(blender, words):
    """(title, interpreter, pytest's words) of each run. Paths among the words choose the suites that hold them."""
    paths = [str(Path(word).resolve()) for word in words if is_test_path(word, TESTS)]
    others = [word for word in words if not is_test_path(word, TESTS)]
    in_blender = [path for path in paths if is_test_path(path, BLENDER_TESTS)]
    outside = [path for path in paths if path not in in_blender]
    if blender is None and (outside or not paths):
        yield "threepoint", environment.python_of(environment.VENV), [*(outside or [str(TESTS), f"--ignore={BLENDER_TESTS}"]), *others]
    if in_blender or not paths:
        for version in BLENDERS if blender in (None, "all") else (blender,):
            yield f"Blender {version}", blender_python(version), [*(in_blender or [str(BLENDER_TESTS)]), *others]


def is_test_path(word, folder):
    """Whether a word names something that exists in a folder of tests; ``file::test`` counts as its file."""
    path = Path(word.split("::")[0]).resolve()
    return path.exists() and path.is_relative_to(folder)


def blender_python(version):
    """The interpreter of an environment with a version's ``bpy``, made on first use."""
    if BLENDERS[version] is None:
        return environment.python_of(environment.VENV)
    folder = ROOT / f".venv-bpy-{version}"
    pins = environment.REQUIREMENTS.read_text(encoding="utf-8").splitlines()
    shared = [pin for pin in pins if pin.split("==")[0] in SHARED_PINS]
    requirements = "\n".join([f"bpy=={BLENDERS[version]}", *shared]) + "\n"
    if not environment.is_ready(folder, requirements):
        environment.say(f"making {folder} for the tests in Blender {version} (about 1 GB)")
        environment.make_environment(folder, requirements)
    return environment.python_of(folder)


def run_suite(title, python, words):
    """Run pytest once: (title, counts, exit status)."""
    print(f"== {title}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [str(python), "-P", "-c", PYTEST, f"--rootdir={ROOT}", *words, f"--junitxml={report}"]
        isolated = {**os.environ, "BLENDER_USER_RESOURCES": folder}
        try:
            status = subprocess.run(command, cwd=ROOT, env=isolated, timeout=TIME_LIMIT, check=False).returncode
        except subprocess.TimeoutExpired:
            print(f"{title}: stopped after {TIME_LIMIT} s", file=sys.stderr)
            status = 1
        return title, count_results(report, status), status


def count_results(report, status):
    """Tests by outcome from pytest's report; a run that ended without one counts as one failure."""
    if not report.is_file():
        return {"passed": 0, "failed": int(status != NOTHING_COLLECTED), "skipped": 0}
    totals = [
        {name: int(suite.get(name, 0)) for name in ("tests", "failures", "errors", "skipped")}
        for suite in ElementTree.parse(report).iter("testsuite")
    ]
    failed = sum(total["failures"] + total["errors"] for total in totals)
    skipped = sum(total["skipped"] for total in totals)
    return {"passed": sum(total["tests"] for total in totals) - failed - skipped, "failed": failed, "skipped": skipped}


def exit_status(statuses):
    """The worst of pytest's statuses. A suite that the words leave empty is no failure beside one that is not."""
    counted = [status for status in statuses if status != NOTHING_COLLECTED]
    return max((abs(status) for status in counted), default=NOTHING_COLLECTED)
