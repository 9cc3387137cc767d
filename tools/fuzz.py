"""Read thousands of damaged recordings: each must read or be refused in one clear line, quickly and in little memory.

The tests' valid recordings of every format are mutated (bit flips, cuts, swapped sections, huge counts, not numbers,
wrong encodings, adversarial JSON and zip). What fails is kept, with its seed, so that it becomes a test.
"""

import argparse
import contextlib
import faulthandler
import os
import resource
import signal
import sys
import tempfile
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path
from typing import NoReturn
from unittest.mock import patch

import numpy as np

from ..model_core.body import Body, load_body
from ..model_core.errors import InputError, UnforeseenError
from ..model_core.recordings import read
from ..model_core.recordings.formats import amass, bvh
from .fuzzing.journey import travel
from .fuzzing.meaning import ACCEPTED, RIGHT, RIGHT_BUT_UNSURE, SILENT, measure
from .fuzzing.mutations import mutated
from .fuzzing.other_inputs import REFUSED, TAKEN, fuzz_bodies, fuzz_calibrations, fuzz_messages
from .fuzzing.packets import fuzz_packets
from .fuzzing.valid_samples import companions, valid_samples
from .support.arguments import command_parser

FILES, TABLES = 30000, 3000
"""Files that are damaged, and tables that are read for their meaning, unless another number is given."""
LEAST_RIGHT = 0.99
"""Fraction of the tables that must be read right; of the rest each must be refused or called unsure."""
LONGEST_SECONDS, LARGEST_BYTES = 2.0, 500 * 2**20
LONGEST_MESSAGE = 400
HANGS_AFTER = 20
"""Seconds of CPU time after which reading is broken off."""
HUNG_AFTER = 900
"""Seconds of wall time after which a reader waits for what never comes: the run ends with a trace of where."""
PART, REPORT_EVERY = 100, 10
"""Files that a process reads at once, and parts after which the counts so far are printed."""
GOOD = ("read", "refused")


def _fuzz_scenes(count: int, seed: int) -> Counter[str]:
    """Damaged scenes, which need Blender."""
    from .fuzzing.blender_values import fuzz_blender
    from .support.scene_file import scene_properties

    with scene_properties():
        return fuzz_blender(count, seed)


def _kill(count: int, seed: int) -> Counter[str]:
    """Runs that are killed, which need the networks."""
    from .fuzzing.interruptions import fuzz_kills

    return fuzz_kills(count, seed)


def _fill_disks(count: int, seed: int) -> Counter[str]:
    """Outputs on full disks, which need the networks and Blender."""
    from .fuzzing.interruptions import fuzz_full_disks

    return fuzz_full_disks(count, seed)


def _pin(count: int, seed: int) -> Counter[str]:
    """Random pins, which need the networks."""
    from .fuzzing.pins import fuzz_pins

    return fuzz_pins(count, seed)


def _flood(count: int, seed: int) -> Counter[str]:
    """Loads the networks."""
    from .fuzzing.flood import fuzz_flood

    return fuzz_flood(count, seed)


OTHERS = {
    "bodies": (2000, fuzz_bodies, "damaged bodies"), "calibrations": (1000, fuzz_calibrations, "damaged calibrations"),
    "messages": (500, fuzz_messages, "damaged messages"),
    "packets": (100_000, fuzz_packets, "damaged packets of live trackers"),
    "flood": (500_000, _flood, "packets of live trackers, 50,000 a second through a real port"),
    "scenes": (300, _fuzz_scenes, "wrong values in Blender"),
    "pins": (500, _pin, "random pins, also such as nobody can meet"),
    "kills": (100, _kill, "runs that are killed"), "disks": (50, _fill_disks, "outputs on full disks"),
}  # fmt: skip
"""What else than recordings can go wrong -> how many, unless another number is given, what does it, and its help."""
REAL_STDERR = 2
"""The process's own standard error, by its number, whatever ``sys.stderr`` is."""


def run(arguments: list[str]) -> int:
    """Mutate, read, tell what went wrong; the exit status is 1 where something did."""
    parser = command_parser("fuzz", __doc__)
    parser.add_argument("--count", type=int, metavar="N", help="files to damage (30000)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="seed of the first file; the next ones follow")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, metavar="N",
                        help="that read files side by side (as many as there are cores)")  # fmt: skip
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where files that fail are kept")
    parser.add_argument("--meaning", action="store_true",
                        help="instead: tables of made-up loggers; are they read right? (--count 3000)")  # fmt: skip
    for name, (count, _, words) in OTHERS.items():
        parser.add_argument(f"--{name}", action="store_true", help=f"instead: {words} ({count})")
    options = parser.parse_args(arguments)
    if options.meaning:
        return _read_meanings(options)
    for name, (count, run_others, _) in OTHERS.items():
        if getattr(options, name):
            return _tell_others(name, run_others(options.count or count, options.seed))
    options.count = options.count or FILES
    return _read_all(options)


def _tell_others(name: str, outcomes: Counter[str]) -> int:
    """Say what came of bodies, calibrations or messages; the exit status."""
    failed = [outcome for outcome in outcomes if outcome not in (TAKEN, REFUSED)]
    for outcome in failed:
        print(outcome)
    print(f"{name}: {outcomes[TAKEN]} taken, {outcomes[REFUSED]} refused, {len(failed)} failed")
    return 1 if failed else 0


def _read_meanings(options: argparse.Namespace) -> int:
    """Read tables whose meaning is known, and say how many are read right; the exit status."""
    outcomes = measure(options.count or TABLES, options.seed, lambda line: print(line, flush=True), os.cpu_count() or 1)
    total = sum(outcomes.values())
    right = outcomes[RIGHT] + outcomes[RIGHT_BUT_UNSURE]
    print(", ".join(f"{outcomes[name]} {name}" for name in (*ACCEPTED, SILENT)))
    print(f"{100 * right / total:.2f}% of {total} tables are read right; {outcomes[SILENT]} are wrong without a word")
    return 0 if right >= LEAST_RIGHT * total and not outcomes[SILENT] else 1


@dataclass
class Done:
    """What came of some files: how many of each outcome, a line on each that failed, the slowest, and bytes of memory
    above those that the program had before."""

    outcomes: Counter[str] = field(default_factory=Counter)
    lines: list[str] = field(default_factory=list)
    slowest: tuple[float, str] = (0.0, "none")
    memory: int = 0

    def add(self, other: "Done") -> None:
        """Take in what came of others."""
        self.outcomes += other.outcomes
        self.slowest, self.memory = max(self.slowest, other.slowest), max(self.memory, other.memory)

    def __str__(self) -> str:
        counts = ", ".join(f"{self.outcomes[outcome]} {outcome}" for outcome in (*GOOD, "failed"))
        seconds, name = self.slowest
        slowest = f"slowest {seconds:.2f} s of CPU time ({name})"
        return f"{self.outcomes.total()} files: {counts}; {slowest}; {self.memory / 2**20:.0f} MB of memory"


def _read_all(options: argparse.Namespace) -> int:
    """Read ``options.count`` files and tell; the exit status."""
    total, stop = Done(), options.seed + options.count
    parts = [range(first, min(first + PART, stop)) for first in range(options.seed, stop, PART)]
    with _one_after_the_other() if len(parts) == 1 else _several_processes(options.processes) as each:
        for number, done in enumerate(each(partial(_read_part, keep=options.keep), parts), 1):
            total.add(done)
            for line in done.lines:
                print(line, flush=True)
            if number % REPORT_EVERY == 0 or number == len(parts):
                print(total, flush=True)
    return 1 if total.outcomes["failed"] else 0


@contextlib.contextmanager
def _one_after_the_other() -> Iterator[Callable[..., Iterable[Done]]]:
    yield map


@contextlib.contextmanager
def _several_processes(count: int) -> Iterator[Callable[..., Iterable[Done]]]:
    """``map`` by processes of one thread each: small matrices become no faster by several, that wait for each other."""
    with (
        patch.dict(os.environ, OPENBLAS_NUM_THREADS="1"),
        ProcessPoolExecutor(count, mp_context=get_context("spawn")) as pool,
    ):
        yield pool.map


def _read_part(seeds: range, keep: Path | None) -> Done:
    """Read the files of some seeds."""
    faulthandler.enable(REAL_STDERR)
    body = cache(lambda path=None: _default_body())  # The default body is no part of a file.
    with patch.object(amass, "load_body", body), patch.object(bvh, "load_body", body):
        samples, done, before = valid_samples(), Done(), peak_memory()
        for number in seeds:
            name, data = mutated(samples, number)
            outcome, seconds = attempt(name, data, samples)
            done.slowest = max(done.slowest, (seconds, f"seed {number}, {name}"))
            memory = peak_memory() - before
            if memory > max(done.memory, LARGEST_BYTES):
                outcome = f"took {memory / 2**20:.0f} MB"
            done.memory = max(done.memory, memory)
            done.outcomes[outcome if outcome in GOOD else "failed"] += 1
            if outcome not in GOOD:
                done.lines.append(f"seed {number} ({name}): {outcome}")
                _keep(keep, f"{number}_{Path(name).name}", data)
    return done


def attempt(name: str, data: bytes, samples: dict[str, bytes], measure_memory: bool = False) -> tuple[str, float]:
    """What came of a file: ``read``, ``refused`` or, in a line, what went wrong with it; and the CPU seconds it took.

    ``samples`` are the ``valid_samples``, of which some lie beside it. Where memory is measured, time is not: that
    takes several times as long.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        for file, content in {**companions(name, samples), name: data}.items():
            (Path(folder) / file).parent.mkdir(parents=True, exist_ok=True)
            (Path(folder) / file).write_bytes(content)
        begin = cpu_seconds()
        faulthandler.dump_traceback_later(HUNG_AFTER, exit=True, file=REAL_STDERR)
        signal.signal(signal.SIGPROF, _break_off)
        signal.setitimer(signal.ITIMER_PROF, HANGS_AFTER)
        if measure_memory:
            tracemalloc.start()
        outcome = _outcome(path, _default_body())
        peak = tracemalloc.get_traced_memory()[1] if measure_memory else 0
        tracemalloc.stop()
        signal.setitimer(signal.ITIMER_PROF, 0)
        faulthandler.cancel_dump_traceback_later()
        seconds = cpu_seconds() - begin
    if outcome in GOOD and seconds > LONGEST_SECONDS and not measure_memory:
        outcome = f"took {seconds:.1f} s"
    if outcome in GOOD and peak > LARGEST_BYTES:
        outcome = f"took {peak / 2**20:.0f} MB"
    return outcome, seconds


def _break_off(*_: object) -> NoReturn:
    raise TimeoutError(f"still reading after {HANGS_AFTER} s")


def _outcome(path: Path, body: Body | None = None) -> str:
    try:
        recording = read(path)
        try:
            with np.errstate(all="ignore"):
                absurd = travel(recording, body or load_body())
        except InputError:
            return "read"  # A later step refuses it, in a line.
        if absurd:
            return f"is taken, but {absurd}"
    except UnforeseenError as error:
        cause = error.__cause__
        return f"{type(cause).__name__} at {_last_line(cause)}, unforeseen: {str(cause)[:200]}"
    except InputError as error:
        message = str(error)
        plain = message.isprintable() and len(message) <= LONGEST_MESSAGE
        return "refused" if plain else f"message is not a line: {message[:200]!r}"
    except Exception as error:
        return f"{type(error).__name__} at {_last_line(error)}: {str(error)[:200]}"
    return "read"


@cache
def _default_body() -> Body:
    return load_body()


def cpu_seconds() -> float:
    """CPU time of this process and of the ones that it started and that ended: others may be busy on the machine."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def peak_memory() -> int:
    """Bytes that this process, or one that it started, has held at most so far."""
    scale = 1 if sys.platform == "darwin" else 2**10
    return scale * max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def _keep(folder: Path | None, name: str, data: bytes) -> None:
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


def _last_line(error: BaseException | None) -> str:
    """File and line of the innermost frame of our own that an error went through."""
    line, trace = "?", error.__traceback__ if error is not None else None
    while trace is not None:
        code = trace.tb_frame.f_code
        if "model_core" in code.co_filename:
            line = f"{Path(code.co_filename).name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return line
