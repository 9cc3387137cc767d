"""Runs of pytest in processes of their own, two at a time, each one's output kept apart and printed whole."""

import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, ClassVar

from ...model_core.child_python import clean_environment, command
from .checkout import ROOT

MAX_PARALLEL = 2
TIME_LIMIT = 1800
"""Seconds for one run of pytest: a Blender that hangs must not hold up the rest."""
POLL_SECONDS = 0.2
NOTHING_COLLECTED = 5
"""pytest's exit status when its arguments leave no test."""
PYTEST = """
import os, sys, pytest
status = pytest.main(sys.argv[1:])
sys.stdout.flush()
sys.stderr.flush()
os._exit(status)
"""
"""Runs pytest and ends without Python's own shutdown, in which Blender's module hangs or crashes."""

ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
"""For suites side by side: threads that wait for each other on cores that are taken double the processor time."""


@dataclass(frozen=True)
class Suite:
    """One run of pytest: its title, what gives its interpreter when it begins, and its arguments.

    An environment may have to be made first, while other suites run.
    """

    title: str
    python: Callable[[], Path]
    arguments: tuple[str, ...]


@dataclass(frozen=True)
class Result:
    """What came of a suite: tests by outcome, and the exit status."""

    OUTCOMES: ClassVar = ("passed", "failed", "skipped")
    title: str
    counts: dict[str, int]
    status: int


class _Run:
    """A suite whose process has been started; with ``apart`` its output goes to a file until it is printed."""

    def __init__(self, suite: Suite, apart: bool) -> None:
        self.suite = suite
        self.folder = tempfile.TemporaryDirectory()
        self.report = Path(self.folder.name) / "report.xml"
        self.output: IO[bytes] | None = open(Path(self.folder.name) / "output.txt", "w+b") if apart else None  # noqa: SIM115
        python = suite.python()
        self.begun = time.monotonic()
        tests = command(python, "-c", PYTEST, f"--rootdir={ROOT}", *suite.arguments, f"--junitxml={self.report}")
        isolated = {**clean_environment(), "BLENDER_USER_RESOURCES": self.folder.name}
        if apart:
            isolated |= ONE_THREAD
        self.process = subprocess.Popen(tests, cwd=ROOT, env=isolated, stdout=self.output, stderr=self.output)

    def is_over(self) -> bool:
        """Whether the process has ended; one that takes too long is ended here."""
        if self.process.poll() is None and time.monotonic() - self.begun > TIME_LIMIT:
            self.process.kill()
            self.process.wait()
            print(f"{self.suite.title}: stopped after {TIME_LIMIT} s", file=sys.stderr)
        return self.process.poll() is not None

    def result(self) -> Result:
        """Print what the suite wrote, and count."""
        if self.output:
            print(f"== {self.suite.title}", flush=True)
            self.output.seek(0)
            sys.stdout.buffer.write(self.output.read())
            sys.stdout.flush()
        return Result(self.suite.title, count_results(self.report, self.process.returncode), self.process.returncode)

    def close(self) -> None:
        """End the process, if it still runs, and remove its files."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.output:
            self.output.close()
        self.folder.cleanup()


def run_suites(suites: Sequence[Suite]) -> list[Result]:
    """Run the suites, two at a time, in their order; one alone shows its output as it comes."""
    waiting, running, results = list(suites), [], []
    apart = len(waiting) > 1
    if suites:
        print(f"== {', '.join(suite.title for suite in suites)}" + (": each is shown when it ends" if apart else ""))
        sys.stdout.flush()
    try:
        while waiting or running:
            while waiting and len(running) < MAX_PARALLEL:
                running.append(_Run(waiting.pop(0), apart))
            for run in [run for run in running if run.is_over()]:
                results.append(run.result())
                running.remove(run)
                run.close()
            time.sleep(POLL_SECONDS)
    finally:
        for run in running:
            run.close()
    return results


def count_results(report: Path, status: int) -> dict[str, int]:
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
