"""Damage to a recording by its seed: flipped bits, cuts, swaps, huge counts, and what keeps the structure."""

import struct

import numpy as np

from .adversarial_files import adversarial_files
from .structured import structured

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
