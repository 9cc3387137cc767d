"""Checks and runs of pytest in processes of their own, two at a time, each one's output apart and printed whole."""

import subprocess
import sys
import tempfile
import threading
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from ...model_core.child_python import clean_environment, command
from .checkout import ROOT

MAX_PARALLEL = 2
TIME_LIMIT = 1800
"""Seconds for one run of pytest: a Blender that hangs must not hold up the rest."""
POLL_SECONDS = 0.2
REPORT = "report.xml"
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
class Result:
    """What came of a job: tests by outcome, and the exit status."""

    OUTCOMES: ClassVar = ("passed", "failed", "skipped")
    title: str
    counts: dict[str, int]
    status: int


@dataclass(frozen=True)
class Job:
    """A program that ends with a result: a check, which counts as one test, or a suite of tests."""

    title: str
    python: Callable[[], Path]
    """Gives the interpreter when the job begins: an environment may have to be made first, while another job runs."""
    arguments: tuple[str, ...]

    def words(self, folder: Path) -> tuple[str, ...]:
        """The interpreter's arguments; what the program writes besides its output may go to ``folder``."""
        return ("-m", *self.arguments)

    def variables(self, folder: Path) -> dict[str, str]:
        """Variables that the program gets besides this process's."""
        return {}

    def counts(self, folder: Path, status: int) -> dict[str, int]:
        """Tests by outcome, of a program that has ended with an exit status."""
        return {"passed": int(status == 0), "failed": int(status != 0), "skipped": 0}


class Suite(Job):
    """One run of pytest, with its arguments."""

    def words(self, folder: Path) -> tuple[str, ...]:
        return ("-c", PYTEST, f"--rootdir={ROOT}", *self.arguments, f"--junitxml={folder / REPORT}")

    def variables(self, folder: Path) -> dict[str, str]:
        return {"BLENDER_USER_RESOURCES": str(folder)}

    def counts(self, folder: Path, status: int) -> dict[str, int]:
        return count_results(folder / REPORT, status)


def run_jobs(jobs: Sequence[Job]) -> list[Result]:
    """Run the jobs, two at a time, in their order; one alone shows its output as it comes."""
    results, apart, stopped = [], len(jobs) > 1, threading.Event()
    if jobs:
        print(f"== {', '.join(job.title for job in jobs)}" + (": each is shown when it ends" if apart else ""))
        sys.stdout.flush()
    with ThreadPoolExecutor(MAX_PARALLEL) as pool:
        begun = [pool.submit(_run, job, apart, stopped) for job in jobs]
        try:
            for ended in as_completed(begun):
                result, output = ended.result()
                results.append(result)
                if apart:
                    print(f"== {result.title}", flush=True)
                    sys.stdout.buffer.write(output)
                    sys.stdout.flush()
        finally:
            stopped.set()
            pool.shutdown(cancel_futures=True)
    return results


def _run(job: Job, apart: bool, stopped: threading.Event) -> tuple[Result, bytes]:
    """What came of a job, and, with ``apart``, what it wrote; it is ended when it takes too long or all is stopped."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        variables = {**clean_environment(), **job.variables(folder), **(ONE_THREAD if apart else {})}
        words = command(job.python(), *job.words(folder))
        with open(folder / "output.txt", "w+b") as file:
            output = file if apart else None
            with subprocess.Popen(words, cwd=ROOT, env=variables, stdout=output, stderr=output) as process:
                begun = time.monotonic()
                while process.poll() is None:
                    late = time.monotonic() - begun > TIME_LIMIT
                    if late:
                        print(f"{job.title}: stopped after {TIME_LIMIT} s", file=sys.stderr)
                    if late or stopped.is_set():
                        process.kill()
                        process.wait()
                    else:
                        stopped.wait(POLL_SECONDS)
            file.seek(0)
            return Result(job.title, job.counts(folder, process.returncode), process.returncode), file.read()


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
