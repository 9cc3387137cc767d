"""The messages between Blender and its engine: JSON headers with arrays behind them, over pipes (numpy only).

What is asked and answered is in ``server``'s docstring; here it becomes bytes and back. A message is a 4-byte
big-endian length, a JSON header of that length, and the bytes of the arrays that the header's ``arrays`` lists as
(name, dtype, shape), one after the other.
"""

import json
import math
import struct
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, BinaryIO

import numpy as np

from ..body import Body
from ..calibration import Calibration, calibration_to_json
from ..errors import InputError
from ..motion import Motion, Uncertainty
from ..notes import note_from_json
from ..recordings import Dropout, DropoutReason, Recording, Track
from ..untrusted.budgets import NUMBERS, PARSE_ERRORS
from ..untrusted.values import text

LONGEST_HEADER = 1 << 24
"""Bytes; a longer one means that something else than messages is in the pipe."""


LARGEST_MESSAGE = 4 << 30
"""Bytes of a message's arrays; a day of motion with its uncertainty is smaller."""
REASONS = tuple(DropoutReason)
"""Messages have a dropout's reason as an index into these."""
START = "start/"
"""What the names of the arrays begin with that are of the motion a request starts from."""
PIECE = 1 << 24
"""Bytes that are read at once: memory is taken only for what has come."""


class BrokenMessage(ValueError):
    """Something else than messages is in the pipe."""


Header = dict[str, Any]
Arrays = dict[str, np.ndarray]


def pack(header: Header, arrays: Mapping[str, np.ndarray] | None = None) -> bytes:
    """Header (dict) and arrays (dict by name) -> the bytes of a message."""
    arrays = {name: np.ascontiguousarray(array) for name, array in (arrays or {}).items()}
    listing = [(name, array.dtype.str, array.shape) for name, array in arrays.items()]
    head = json.dumps({**header, "arrays": listing}).encode()
    return b"".join([struct.pack(">I", len(head)), head, *(array.tobytes() for array in arrays.values())])


def unpack(stream: BinaryIO) -> tuple[Header, Arrays]:
    """Read one message from a binary stream: (header, arrays).

    Raises ``EOFError`` where it ends, ``BrokenMessage`` where something else than a message is in it: then nobody knows
    where the next one begins.
    """
    (length,) = struct.unpack(">I", _exactly(stream, 4))
    if length > LONGEST_HEADER:
        raise BrokenMessage(f"a header of {length} bytes")
    try:
        header = json.loads(_exactly(stream, length))
    except (ValueError, RecursionError):
        raise BrokenMessage("a header that is no JSON") from None
    if not isinstance(header, dict) or not isinstance(header.get("type"), str):
        raise BrokenMessage("a header without a type")
    listing = header.pop("arrays", None)
    if not isinstance(listing, list):
        raise BrokenMessage("a header that lists no arrays")
    sizes = [_size(entry) for entry in listing]
    if sum(sizes) > LARGEST_MESSAGE:
        raise BrokenMessage("a header that lists arrays of more than fits")
    arrays = {}
    for (name, dtype, shape), size in zip(listing, sizes, strict=True):
        arrays[name] = np.frombuffer(_exactly(stream, size), dtype).reshape(shape)
    return header, arrays


def _size(entry: Any) -> int:
    """Bytes of an array that a header lists as (name, dtype, shape). Raises ``BrokenMessage``."""
    kind = None
    if isinstance(entry, list) and len(entry) == 3 and isinstance(entry[0], str) and isinstance(entry[1], str):
        try:
            kind = np.dtype(entry[1])
        except PARSE_ERRORS:
            kind = None
    shape = entry[2] if kind is not None and kind.kind in NUMBERS else None
    if not isinstance(shape, list) or not all(type(side) is int and side >= 0 for side in shape):
        raise BrokenMessage("an array of no known kind")
    assert kind is not None
    return math.prod(shape) * kind.itemsize


def job_of(header: Header) -> int | None:
    """The number of the job that a message is about; None where it has none."""
    job = header.get("job")
    return job if type(job) is int else None


def _exactly(stream: BinaryIO, count: int) -> bytes:
    parts, missing = [], count
    while missing:
        part = stream.read(min(missing, PIECE))
        if not part:
            raise EOFError("the other side is gone")
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


def recording_message(recording: Recording) -> tuple[Header, Arrays]:
    """``Recording`` -> (header, arrays); its dropouts are in the tracks' ``valid``."""
    arrays = {"time": recording.time}
    for role, track in recording.tracks.items():
        arrays |= {f"{role}/{part}": getattr(track, part) for part in ("position", "rotation", "valid")}
    if recording.betas is not None:
        arrays["betas"] = recording.betas
    return {"source": recording.source, "device": recording.device, "roles": list(recording.tracks)}, arrays


def read_recording(header: Header, arrays: Arrays) -> Recording:
    """The inverse of ``recording_message``; validated."""
    try:
        tracks = {
            role: Track(*(arrays[f"{role}/{part}"] for part in ("position", "rotation", "valid")))
            for role in header["roles"]
        }
        source, device = text(header["source"], "source"), text(header["device"], "device")
        return Recording(arrays["time"], tracks, source, device, arrays.get("betas")).validate()
    except InputError:
        raise
    except PARSE_ERRORS as error:
        raise InputError(f"the request's recording is not whole ({type(error).__name__}: {error})") from None


def recording_answer(recording: Recording) -> tuple[Header, Arrays]:
    """A ``Recording`` with all that its reader found -> (header, arrays)."""
    about, arrays = recording_message(recording)
    roles = list(recording.tracks)
    lost = [(roles.index(lost.role), lost.first, lost.last, REASONS.index(lost.reason)) for lost in recording.dropouts]
    arrays["dropouts"] = np.array(lost, np.int64).reshape(-1, 4)
    header = {
        "type": "recording",
        "recording": about,
        "warnings": [note.to_json() for note in recording.warnings],
        "runs": recording.runs,
    }
    return header, arrays


def read_recording_answer(header: Header, arrays: Arrays) -> Recording:
    """The inverse of ``recording_answer``. Raises ``InputError`` with what the reader refused."""
    _raise_refusal(header)
    roles = list(header["recording"]["roles"])
    dropouts = tuple(
        Dropout(roles[role], first, last, REASONS[why]) for role, first, last, why in arrays.pop("dropouts").tolist()
    )
    warnings = tuple(note_from_json(note) for note in header["warnings"])
    runs = tuple((begin, end) for begin, end in header["runs"])
    return replace(read_recording(header["recording"], arrays), dropouts=dropouts, warnings=warnings, runs=runs)


def body_answer(body: Body) -> tuple[Header, Arrays]:
    """``Body`` -> (header, arrays)."""
    arrays = {field.name: getattr(body, field.name) for field in fields(body)}
    return {"type": "body"}, {name: array for name, array in arrays.items() if array is not None}


def read_body_answer(header: Header, arrays: Arrays) -> Body:
    """The inverse of ``body_answer``. Raises ``InputError`` with what the reader refused."""
    _raise_refusal(header)
    return Body(**arrays)


def _raise_refusal(header: Header) -> None:
    if header["type"] == "refused":
        said = header["message"]
        raise InputError(said if isinstance(said, str) else note_from_json(said))


def request(
    kind: str,
    recording: Recording,
    options: Header | None = None,
    calibration: Calibration | None = None,
    body: str | None = None,
    start: Motion | None = None,
) -> tuple[Header, Arrays]:
    """The (header, arrays) of a request of the ``kind`` "animate" or "calibrate".

    ``options`` as in ``options.options_to_json``, any of them left out; ``body`` is the path of the body's file.
    """
    about, arrays = recording_message(recording)
    given = None if calibration is None else calibration_to_json(calibration)
    header = {"type": kind, "recording": about, "options": options or {}, "calibration": given, "body": body}
    if start is not None:
        header["start"], values = motion_message(start)
        arrays |= {f"{START}{name}": array for name, array in values.items()}
    return header, arrays


def read_start(header: Header, arrays: Arrays) -> Motion | None:
    """The motion that a request starts from; None where it has none. Raises ``InputError``."""
    if header.get("start") is None:
        return None
    values = {name.removeprefix(START): array for name, array in arrays.items() if name.startswith(START)}
    try:
        return read_motion(header["start"], values)
    except InputError:
        raise
    except PARSE_ERRORS as error:
        raise InputError(f"the request's start is not whole ({type(error).__name__}: {error})") from None


def motion_message(motion: Motion) -> tuple[Header, Arrays]:
    """``Motion`` -> (header, arrays)."""
    arrays = {"rotations": motion.rotations, "translation": motion.translation, "betas": motion.betas}
    if motion.contacts is not None:
        arrays["contacts"] = motion.contacts
    if motion.uncertainty is not None:
        arrays |= {f"uncertainty/{part}": getattr(motion.uncertainty, part) for part in ("probes", "index", "weight")}
    header = {
        "fps": motion.fps,
        "start": motion.start,
        "floor": motion.floor,
        "provenance": motion.provenance,
        "notes": [note.to_json() for note in motion.notes],
    }
    return header, arrays


def read_motion(header: Header, arrays: Arrays) -> Motion:
    """The inverse of ``motion_message``; validated."""
    uncertainty = None
    if "uncertainty/probes" in arrays:
        uncertainty = Uncertainty(*(arrays[f"uncertainty/{part}"] for part in ("probes", "index", "weight")))
    return Motion(
        header["fps"],
        arrays["rotations"],
        arrays["translation"],
        arrays["betas"],
        header["start"],
        header["floor"],
        uncertainty,
        header["provenance"],
        arrays.get("contacts"),
        tuple(note_from_json(note) for note in header["notes"]),
    ).validate()
