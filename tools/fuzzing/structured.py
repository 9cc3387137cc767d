"""Damage that keeps a file's structure: its numbers, names, stamps and shapes change, and it still parses."""

import contextlib
import io
import json
import re
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np

NASTY = (0.0, -0.0, 1e30, -1e30, 3.4e38, 1e-40, np.nan, np.inf, -np.inf, 1e5, 999.9, 1000.1, 1e-6, 123456.0, 1e300)
WORDS = ("nan", "inf", "1e300", "9" * 400, "1" * 5000, "0x10", "1_0", "٣", "²", "--1", "", "null", "1e309", "1,5",
         "+.5", "1e99999999", "\x1b[2J", "\u202e", "true")  # fmt: skip
JUNK: tuple[Any, ...] = (None, "1", 10**400, [], {}, True, 1e308, -1, "\ud800", "\x1b]0;x\x07", [[]], {"a": {}}, 1e30)
NUMBER = re.compile(r"-?\d+\.?\d*(?:[eE][-+]?\d+)?")
TEXTS = (".csv", ".tsv", ".txt", ".bvh", ".amc", ".asf")


def structured(name: str, data: bytes, rng: np.random.Generator) -> bytes | None:
    """The file ``name`` with its values changed; None for formats whose structure is not known here."""
    change = next((change for suffixes, change in CHANGES if name.endswith(suffixes)), None)
    return None if change is None else change(data, rng)


def _text(data: bytes, rng: np.random.Generator) -> bytes:
    """Lines of words and numbers: single ones, a whole column, or the order of the rows."""
    lines = data.decode("utf-8", "replace").split("\n")
    for _ in range(rng.integers(1, 5)):
        kind, index = rng.integers(6), int(rng.integers(len(lines)))
        if kind == 0:
            lines[index] = _one_number(lines[index], rng)
        elif kind == 1:
            _column(lines, rng)
        elif kind == 2:
            lines[index], other = lines[int(rng.integers(len(lines)))], lines[index]
            lines.insert(int(rng.integers(len(lines) + 1)), other)
        elif kind == 3:
            del lines[index]
            lines = lines or [""]
        elif kind == 4:
            lines[index] = re.sub(r"[A-Za-z_]+", lambda match: str(rng.choice(WORDS))[:40] if rng.random() < 0.2
                                  else match[0], lines[index])  # fmt: skip
        else:
            lines = [line if rng.random() > 0.02 else _one_number(line, rng) for line in lines]
    return "\n".join(lines).encode("utf-8", "replace")


def _one_number(line: str, rng: np.random.Generator) -> str:
    found = list(NUMBER.finditer(line))
    if not found:
        return line
    match = found[int(rng.integers(len(found)))]
    return line[: match.start()] + str(WORDS[rng.integers(len(WORDS))]) + line[match.end() :]


def _column(lines: list[str], rng: np.random.Generator) -> None:
    """Change one column, the first one, which is often the clock's, as often as all others."""
    mark = max(",;\t ", key=lambda mark: sum(line.count(mark) for line in lines[:20]))
    column = 0 if rng.random() < 0.5 else int(rng.integers(0, 40))
    scale, shift = (float(rng.choice([1, 0, -1, 1e3, 1e-3, 1e9, 1e-12, 1e30])) for _ in range(2))
    value = NASTY[rng.integers(len(NASTY))]
    first = int(rng.integers(1, max(len(lines), 2)))
    kind = rng.integers(3)
    for number in range(1, len(lines)):
        cells = lines[number].split(mark)
        if column >= len(cells) or NUMBER.fullmatch(cells[column]) is None:
            continue
        found = float(cells[column])
        changed = (found * scale, value, found + shift * 1e6 * (number >= first))[kind]
        cells[column] = repr(changed)
        lines[number] = mark.join(cells)


def _json(data: bytes, rng: np.random.Generator) -> bytes:
    """A value, a key or a whole branch of a document, or of one of its lines."""
    text = data.decode("utf-8", "replace")
    try:
        documents = [json.loads(text)]
    except ValueError:
        documents = [json.loads(line) for line in text.splitlines() if line.strip().startswith(("{", "["))]
    for _ in range(rng.integers(1, 6)):
        place: Any = documents
        while isinstance(place, (list, dict)) and place:
            keys = list(place) if isinstance(place, dict) else range(len(place))
            key = keys[int(rng.integers(len(keys)))]
            inside = place[key]  # type: ignore[index]
            if not isinstance(inside, (list, dict)) or not inside or (rng.random() < 0.15 and place is not documents):
                kind = rng.integers(4)
                if kind == 0 and isinstance(place, dict):
                    place[str(JUNK[rng.integers(len(JUNK))])] = place.pop(key)
                elif kind == 1 and isinstance(place, list):
                    place.insert(int(key), deepcopy(inside))
                else:
                    values = JUNK if kind == 2 else NASTY
                    place[key] = deepcopy(values[rng.integers(len(values))])  # type: ignore[index]
                break
            place = inside
    return "\n".join(json.dumps(document) for document in documents).encode()


def _npz(data: bytes, rng: np.random.Generator) -> bytes:
    """Arrays with other values, kinds or shapes."""
    with np.load(io.BytesIO(data), allow_pickle=False) as archive:
        arrays = {}
        for key in archive.files:
            try:
                arrays[key] = archive[key]
            except ValueError:  # Objects.
                return _bytes_of(data, rng)
    with np.errstate(all="ignore"):
        _change(arrays, rng)
        stream = io.BytesIO()
        np.savez_compressed(stream, **arrays)
    return stream.getvalue()


def _change(arrays: dict[str, np.ndarray], rng: np.random.Generator) -> None:
    for _ in range(rng.integers(1, 4)):
        key = list(arrays)[int(rng.integers(len(arrays)))]
        array, kind = arrays[key], rng.integers(6)
        if kind == 0:
            with contextlib.suppress(ValueError):  # Text that is no number of that kind stays text.
                arrays[key] = array.astype(str(rng.choice(["f2", "f4", "i4", "u1", "c16", "U3", "?"])))
        elif kind == 1:
            arrays[key] = array[..., : int(rng.integers(0, 3))] if array.ndim else array
        elif kind == 2:
            arrays[key] = array[: int(rng.integers(0, 5))] if array.ndim else array
        elif kind == 3 and array.dtype.kind == "f" and array.size:
            changed = array.copy()
            changed.reshape(-1)[rng.integers(0, array.size, 3)] = NASTY[rng.integers(len(NASTY))]
            arrays[key] = changed
        elif kind == 4 and array.dtype.kind == "f":
            arrays[key] = array * float(rng.choice([0, -1, 1e-3, 1e3, 1e-9, 1e9, 1e30]))
        else:
            arrays.pop(key)
            if not arrays:
                break


def _bytes_of(data: bytes, rng: np.random.Generator) -> bytes:
    changed = bytearray(data)
    changed[int(rng.integers(len(data)))] ^= 1 << int(rng.integers(8))
    return bytes(changed)


def _floats(data: bytes, rng: np.random.Generator) -> bytes:
    """Binary records: numbers of single precision in their places."""
    changed = bytearray(data)
    for _ in range(rng.integers(1, 20)):
        place = int(rng.integers(0, max(len(data) - 4, 1)))
        with np.errstate(all="ignore"):
            changed[place : place + 4] = np.float32(NASTY[rng.integers(len(NASTY))]).tobytes()
    return bytes(changed)


CHANGES: tuple[tuple[tuple[str, ...], Callable[[bytes, np.random.Generator], bytes]], ...] = (
    (TEXTS, _text),
    ((".json", ".jsonl"), _json),
    ((".npz",), _npz),
    ((".bsor", ".dat", ".mcap", ".xror", ".hdf5"), _floats),
)
