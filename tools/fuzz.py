"""Read thousands of damaged recordings: each must read or be refused in one clear line, quickly and in little memory.

The files are made here: a sound one of every format, then mutated (bit flips, cuts, swapped sections, huge counts, not
numbers, wrong encodings, hostile JSON and zip). What fails is kept, with its seed, so that it becomes a test.
"""

import struct
import tempfile
import time
import tracemalloc
from pathlib import Path

import numpy as np

from threepoint.model_core.errors import InputError
from threepoint.model_core.recordings import read

from .arguments import CommandParser
from .sound_recordings import sound_files

LONGEST_SECONDS, LARGEST_BYTES = 1.0, 500 * 2**20
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
HOSTILE = (
    b"[" * 100_000, b'{"a":' * 50_000, b'{"schema":' + b"[" * 5000, b"{}", b"[]", b"null", b"PK\x03\x04",
    b"\xff\xfe", b"\x00" * 1000, b"HIERARCHY\n" + b"{" * 5000, b"time\n", b"," * 10_000, b"\n" * 10_000,
    b'{"camera":{"poses":[1,2],"timestamp":0,"rotation":0}}', b"a,b,c,d\n" + b"1," * 50_000,
    b'{"schema":[[[[]]]],"targetRayMode":1,"frames":[[1],[2]]}', b" Controllers\ndeviceID\n", b'"' * 5000,
    b"# threepoint recording 1 {}\ntime,head_pos_x\n", b"FPS:1;Headset-Position: (1,2,3)",
)  # fmt: skip


def run(arguments):
    """Mutate, read, tell what went wrong; the exit status is 1 where something did."""
    parser = CommandParser("fuzz", __doc__)
    parser.add_argument("--count", type=int, default=20000, metavar="N")
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where files that fail are kept")
    options = parser.parse_args(arguments)
    failures, outcomes = 0, {"read": 0, "refused": 0}
    with tempfile.TemporaryDirectory() as folder:
        seeds = sound_files()
        for number in range(options.seed, options.seed + options.count):
            name, data = mutated(seeds, number)
            outcome = attempt(Path(folder) / name, data)
            if outcome in outcomes:
                outcomes[outcome] += 1
                continue
            failures += 1
            print(f"seed {number} ({name}): {outcome}", flush=True)
            if options.keep:
                options.keep.mkdir(parents=True, exist_ok=True)
                (options.keep / f"{number}_{name}").write_bytes(data)
    print(f"{options.count} files: {outcomes['read']} read, {outcomes['refused']} refused, {failures} failed")
    return 1 if failures else 0


def attempt(path, data, measure_memory=False):
    """``read``, ``refused``, or in a line what went wrong with these bytes."""
    path.write_bytes(data)
    begin = time.process_time()
    if measure_memory:
        tracemalloc.start()
    try:
        read(path).validate()
        outcome = "read"
    except InputError as error:
        message = str(error)
        plain_line = "\n" not in message and len(message) <= LONGEST_MESSAGE
        outcome = "refused" if plain_line else f"message is not a line: {message[:200]!r}"
    except Exception as error:
        place = _last_place(error)
        outcome = f"{type(error).__name__} at {place}: {str(error)[:200]}"
    finally:
        peak = tracemalloc.get_traced_memory()[1] if measure_memory else 0
        tracemalloc.stop()
    if time.process_time() - begin > LONGEST_SECONDS:
        return f"took {time.process_time() - begin:.1f} s"
    return f"took {peak / 2**20:.0f} MB" if peak > LARGEST_BYTES else outcome


def _last_place(error):
    """File and line of the innermost frame of our own that an error went through."""
    place, trace = "?", error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if "recordings" in code.co_filename or "mocap" in code.co_filename:
            place = f"{Path(code.co_filename).name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place


def mutated(seeds, number):
    """(name, bytes) of the damaged file that the seed ``number`` makes."""
    rng = np.random.default_rng(number)
    if rng.random() < 0.02:
        return "hostile.bin", HOSTILE[rng.integers(len(HOSTILE))]
    name = list(seeds)[rng.integers(len(seeds))]
    data = seeds[name]
    for _ in range(rng.integers(1, 4)):
        data = MUTATIONS[rng.integers(len(MUTATIONS))](bytearray(data), rng)
        if not data:
            break
    return name, bytes(data)


def _flip(data, rng):
    for place in rng.integers(0, max(len(data), 1), rng.integers(1, 8)):
        if place < len(data):
            data[place] ^= 1 << rng.integers(8)
    return data


def _cut(data, rng):
    return data[: rng.integers(0, len(data) + 1)]


def _drop(data, rng):
    first = rng.integers(0, len(data) + 1)
    del data[first : first + rng.integers(1, 200)]
    return data


def _swap(data, rng):
    a, b, c = sorted(rng.integers(0, len(data) + 1, 3))
    return data[:a] + data[b:c] + data[a:b] + data[c:]


def _repeat(data, rng):
    first = rng.integers(0, len(data) + 1)
    return data[:first] + data[first : first + 300] * int(rng.integers(2, 20)) + data[first:]


def _huge_count(data, rng):
    value = (0x7FFFFFFF, 0xFFFFFFFF, 0x80000000, 0, 1 << 24, 0x7FF00000)[rng.integers(6)]
    place = rng.integers(0, max(len(data) - 4, 1))
    data[place : place + 4] = struct.pack("<I", value)
    return data


def _nasty_number(data, rng):
    digits = [i for i in range(len(data)) if 48 <= data[i] <= 57]
    for place in rng.choice(digits, 3) if digits else []:
        data[place : place + 1] = NASTY_NUMBERS[rng.integers(len(NASTY_NUMBERS))].encode()
    return data


def _not_finite(data, rng):
    place = rng.integers(0, max(len(data) // 4, 1)) * 4 + rng.integers(0, 4)
    data[place : place + 4] = struct.pack("<f", (np.nan, np.inf, -np.inf, 3e38, 1e-45)[rng.integers(5)])
    return data


def _other_encoding(data, rng):
    return bytearray(data.decode("latin-1").encode(ENCODINGS[rng.integers(len(ENCODINGS))], "ignore"))


def _noise(data, rng):
    place = rng.integers(0, len(data) + 1)
    return data[:place] + bytearray(rng.bytes(int(rng.integers(1, 500)))) + data[place:]


def _swap_words(data, rng):
    """One word of JSON, CSV or a header becomes another."""
    words = (b"null", b"{}", b"[]", b'""', b"true", b"-1", b"1e400", b'"x"', b"\xc3", b";", b"\t", b'"', b"NaN")
    place = rng.integers(0, len(data) + 1)
    stop = place
    while stop < len(data) and data[stop] not in b",:;\n\t[]{} ":
        stop += 1
    return data[:place] + bytearray(words[rng.integers(len(words))]) + data[stop:]


MUTATIONS = (_flip, _cut, _drop, _swap, _repeat, _huge_count, _nasty_number, _not_finite, _other_encoding, _noise,
             _swap_words, _swap_words)  # fmt: skip
