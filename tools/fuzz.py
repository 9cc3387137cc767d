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
import struct
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
from .fuzzing.adversarial_files import adversarial_files
from .fuzzing.journey import travel
from .fuzzing.meaning import ACCEPTED, RIGHT, RIGHT_BUT_UNSURE, SILENT, measure
from .fuzzing.other_inputs import REFUSED, TAKEN, fuzz_bodies, fuzz_calibrations, fuzz_messages
from .fuzzing.structured import structured
from .fuzzing.valid_samples import companions, valid_samples
from .support.arguments import command_parser

FILES, TABLES = 30000, 3000
"""Files that are damaged, and tables that are read for their meaning, unless another number is given."""
LEAST_RIGHT = 0.99
"""Fraction of the tables that must be read right; of the rest each must be refused or called unsure."""
LONGEST_SECONDS, LARGEST_BYTES = 2.0, 500 * 2**20
LONGEST_MESSAGE = 400
NASTY_NUMBERS = (
    "nan",
    "inf",
    "-inf",
    "1e308",
    "1e-320",
    "-0",
    "1e9999",
    "99999999999999999999",
    "0x10",
    "1_0",
    "",
    "٣",
)
ENCODINGS = ("utf-16", "utf-16-le", "utf-32", "utf-8-sig", "utf-7", "cp500")
ADVERSARIAL_FRACTION, STRUCTURED_FRACTION = 0.02, 0.6
"""Of the files: those made to break a reader, and of the rest those that keep their structure."""
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


OTHERS = {"bodies": (2000, fuzz_bodies), "calibrations": (1000, fuzz_calibrations), "messages": (500, fuzz_messages),
          "scenes": (300, _fuzz_scenes)}  # fmt: skip
"""What else than recordings can be damaged -> how many, unless another number is given, and what does it."""
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
    for name, (count, _) in OTHERS.items():
        parser.add_argument(f"--{name}", action="store_true", help=f"instead: damaged {name} ({count})")
    options = parser.parse_args(arguments)
    if options.meaning:
        return _read_meanings(options)
    for name, (count, run_others) in OTHERS.items():
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


def mutated(samples: dict[str, bytes], number: int) -> tuple[str, bytes]:
    """(name, bytes) of the damaged file that the seed ``number`` makes."""
    rng = np.random.default_rng(number)
    if rng.random() < ADVERSARIAL_FRACTION:
        files = adversarial_files()
        return "adversarial.bin", files[rng.integers(len(files))]
    name = list(samples)[rng.integers(len(samples))]
    data = samples[name]
    if rng.random() < STRUCTURED_FRACTION:
        changed = structured(name, data, rng)
        if changed is not None:
            return name, changed
    for _ in range(rng.integers(1, 4)):
        data = MUTATIONS[rng.integers(len(MUTATIONS))](bytearray(data), rng)
        if not data:
            break
    return name, bytes(data)


def _flip(data: bytearray, rng: np.random.Generator) -> bytearray:
    for offset in rng.integers(0, max(len(data), 1), rng.integers(1, 8)):
        if offset < len(data):
            data[offset] ^= 1 << rng.integers(8)
    return data


def _cut(data: bytearray, rng: np.random.Generator) -> bytearray:
    return data[: rng.integers(0, len(data) + 1)]


def _drop(data: bytearray, rng: np.random.Generator) -> bytearray:
    first = rng.integers(0, len(data) + 1)
    del data[first : first + rng.integers(1, 200)]
    return data


def _swap(data: bytearray, rng: np.random.Generator) -> bytearray:
    a, b, c = sorted(rng.integers(0, len(data) + 1, 3))
    return data[:a] + data[b:c] + data[a:b] + data[c:]


def _repeat(data: bytearray, rng: np.random.Generator) -> bytearray:
    first = rng.integers(0, len(data) + 1)
    return data[:first] + data[first : first + 300] * int(rng.integers(2, 20)) + data[first:]


def _huge_count(data: bytearray, rng: np.random.Generator) -> bytearray:
    value = (0x7FFFFFFF, 0xFFFFFFFF, 0x80000000, 0, 1 << 24, 0x7FF00000)[rng.integers(6)]
    offset = rng.integers(0, max(len(data) - 4, 1))
    data[offset : offset + 4] = struct.pack("<I", value)
    return data


def _nasty_number(data: bytearray, rng: np.random.Generator) -> bytearray:
    digits = [i for i in range(len(data)) if 48 <= data[i] <= 57]
    for offset in rng.choice(digits, 3) if digits else []:
        data[offset : offset + 1] = NASTY_NUMBERS[rng.integers(len(NASTY_NUMBERS))].encode()
    return data


def _not_finite(data: bytearray, rng: np.random.Generator) -> bytearray:
    offset = rng.integers(0, max(len(data) // 4, 1)) * 4 + rng.integers(0, 4)
    data[offset : offset + 4] = struct.pack("<f", (np.nan, np.inf, -np.inf, 3e38, 1e-45)[rng.integers(5)])
    return data


def _other_encoding(data: bytearray, rng: np.random.Generator) -> bytearray:
    return bytearray(data.decode("latin-1").encode(ENCODINGS[rng.integers(len(ENCODINGS))], "ignore"))


def _noise(data: bytearray, rng: np.random.Generator) -> bytearray:
    offset = rng.integers(0, len(data) + 1)
    return data[:offset] + bytearray(rng.bytes(int(rng.integers(1, 500)))) + data[offset:]


def _swap_lines(data: bytearray, rng: np.random.Generator) -> bytearray:
    """Two stretches of lines change places: a header below its rows, one section in another's."""
    lines = bytes(data).split(b"\n")
    a, b, c = sorted(rng.integers(0, len(lines) + 1, 3))
    return bytearray(b"\n".join(lines[:a] + lines[b:c] + lines[a:b] + lines[c:]))


def _swap_words(data: bytearray, rng: np.random.Generator) -> bytearray:
    """One word of JSON, CSV or a header becomes another."""
    words = (b"null", b"{}", b"[]", b'""', b"true", b"-1", b"1e400", b'"x"', b"\xc3", b";", b"\t", b'"', b"NaN")
    offset = rng.integers(0, len(data) + 1)
    stop = offset
    while stop < len(data) and data[stop] not in b",:;\n\t[]{} ":
        stop += 1
    return data[:offset] + bytearray(words[rng.integers(len(words))]) + data[stop:]


MUTATIONS = (_flip, _cut, _drop, _swap, _repeat, _huge_count, _nasty_number, _not_finite, _other_encoding, _noise,
             _swap_lines, _swap_words, _swap_words)  # fmt: skip
