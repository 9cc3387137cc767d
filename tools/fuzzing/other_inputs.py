"""Damaged bodies, calibrations, table options and streams of messages: each is taken, or refused in one line."""

import io
import json
import struct
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ...model_core.body import DEFAULT_BODY, load_body, skin
from ...model_core.calibration import Calibration, calibration_to_json, load, preset_offsets
from ...model_core.calibration.person import head_offset
from ...model_core.command_line.animate_arguments import table_options
from ...model_core.errors import InputError
from ...model_core.untrusted.values import STATURE
from ...model_core.worker import messages
from .structured import structured

TAKEN, REFUSED = "taken", "refused"
OPTIONS = {
    "time_unit": "ms",
    "fps": 90,
    "columns": {"time": "t", "head": ["a", "b", "c", "d", "e", "f"]},
    "device": "grip",
}


def small_body() -> dict[str, np.ndarray]:
    """The arrays of the default body, of which every 97th vertex is kept."""
    with np.load(DEFAULT_BODY, allow_pickle=False) as archive:
        keep = np.arange(0, len(archive["v_template"]), 97)
        arrays = {key: archive[key] for key in archive.files}
    small = {key: arrays[key][keep] for key in ("v_template", "weights", "posedirs", "shapedirs")}
    regressor = arrays["J_regressor"][:, keep] + 1e-9
    small["J_regressor"] = regressor / regressor.sum(1, keepdims=True)
    return small | {"f": np.arange(30).reshape(10, 3), "kintree_table": arrays["kintree_table"]}


def fuzz_bodies(count: int, seed: int = 0) -> Counter[str]:
    """Outcomes of ``count`` damaged copies of the default body."""
    stream = io.BytesIO()
    np.savez_compressed(stream, **small_body())
    data = stream.getvalue()

    def use(path: Path) -> None:
        body = load_body(path)
        betas = np.zeros(10, np.float32)
        if not STATURE.least <= float(body.stature(betas)) <= STATURE.largest:
            raise AssertionError("a body of no person's size was taken")
        posed = skin(body, np.tile(np.eye(3, dtype=np.float32), (1, 22, 1, 1)), np.zeros((1, 3), np.float32), betas)
        if not np.isfinite(posed).all():
            raise AssertionError("a body whose skin is not finite was taken")

    return _each(count, seed, "body.npz", data, use)


def fuzz_calibrations(count: int, seed: int = 0) -> Counter[str]:
    """Outcomes of ``count`` damaged calibrations and files of table options."""
    offsets = {"head": head_offset(1.0), **preset_offsets("grip")}
    calibration = json.dumps(calibration_to_json(Calibration(np.zeros(10), 0.0, offsets, (), 0.05))).encode()

    def use(path: Path) -> None:
        found = load(path)
        values = [found.floor, found.stature_error or 0, *found.betas]
        if not np.isfinite(values).all() or np.abs(values).max() > 1000:
            raise AssertionError("an absurd calibration was taken")
        "\n".join(map(str, found.notes)).encode()

    outcomes = _each(count // 2, seed, "me.json", calibration, use)
    return outcomes + _each(count - count // 2, seed, "table.json", json.dumps(OPTIONS).encode(),
                            lambda path: table_options(str(path)))  # fmt: skip


def fuzz_messages(count: int, seed: int = 0) -> Counter[str]:
    """Outcomes of ``count`` damaged streams of messages."""
    rotations = np.tile([1.0, 0, 0, 0], (4, 1))
    arrays = {"time": np.arange(4.0), "head/position": np.zeros((4, 3)), "head/rotation": rotations,
              "head/valid": np.ones(4, bool)}  # fmt: skip
    about = {"source": "a", "device": "grip", "roles": ["head"]}
    sound = messages.pack({"type": "animate", "job": 1, "recording": about}, arrays)
    length = struct.unpack(">I", sound[:4])[0]
    outcomes: Counter[str] = Counter()
    for number in range(seed, seed + count):
        rng = np.random.default_rng(number)
        if rng.random() < 0.5:
            head = structured("a.json", sound[4 : 4 + length], rng) or b""
            data = struct.pack(">I", len(head)) + head + sound[4 + length :]
        else:
            data = bytearray(sound)
            for place in rng.integers(0, len(sound), 3):
                data[place] ^= 1 << int(rng.integers(8))
        outcomes[outcome_of(lambda data=data: _receive(bytes(data)), number)] += 1
    return outcomes


def _receive(data: bytes) -> None:
    try:
        header, arrays = messages.unpack(io.BytesIO(data + data))
    except (EOFError, messages.BrokenMessage) as error:
        raise InputError(str(error)) from None
    recording = header.get("recording")
    messages.read_recording(recording if isinstance(recording, dict) else {}, arrays)


def _each(count: int, seed: int, name: str, data: bytes, use: Callable[[Path], object]) -> Counter[str]:
    outcomes: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        for number in range(seed, seed + count):
            rng = np.random.default_rng(number)
            changed = structured(name, data, rng) or b""
            if rng.random() < 0.2 and changed:
                place = int(rng.integers(len(changed)))
                changed = changed[:place] + rng.bytes(3) + changed[place + int(rng.integers(4)) :]
            path.write_bytes(changed)
            outcomes[outcome_of(lambda: use(path), number)] += 1
    return outcomes


def outcome_of(use: Callable[[], object], number: int) -> str:
    """``TAKEN``, ``REFUSED`` or, in a line with the seed ``number``, what went wrong in ``use``."""
    try:
        with np.errstate(all="ignore"):
            use()
    except InputError as error:
        plain = str(error).isprintable() and 0 < len(str(error)) <= 400
        return REFUSED if plain else f"seed {number}: message is not a line: {str(error)[:100]!r}"
    except Exception as error:
        return f"seed {number}: {type(error).__name__}: {str(error)[:160]}"
    return TAKEN
