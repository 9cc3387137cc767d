"""What Blender and its engine say to each other: JSON headers with arrays behind them, over pipes (numpy only).

A message is a 4-byte big-endian length, a JSON header of that length, and the bytes of the arrays that the header's
``arrays`` lists as (name, dtype, shape), one after the other.
"""

import json
import struct

import numpy as np

from ..calibration import Calibration, Offset
from ..motion import Motion, Uncertainty
from ..recordings import Recording, Track

LONGEST_HEADER = 1 << 24
"""Bytes; a longer one means that something else than messages is in the pipe."""


def pack(header, arrays=None):
    """Header (dict) and arrays (dict by name) -> the bytes of a message."""
    arrays = {name: np.ascontiguousarray(array) for name, array in (arrays or {}).items()}
    listing = [(name, array.dtype.str, array.shape) for name, array in arrays.items()]
    head = json.dumps({**header, "arrays": listing}).encode()
    return b"".join([struct.pack(">I", len(head)), head, *(array.tobytes() for array in arrays.values())])


def unpack(stream):
    """Read one message from a binary stream: (header, arrays). Raises ``EOFError`` where it ends."""
    (length,) = struct.unpack(">I", _exactly(stream, 4))
    if length > LONGEST_HEADER:
        raise EOFError("the pipe holds something else than messages")
    header = json.loads(_exactly(stream, length))
    arrays = {}
    for name, dtype, shape in header.pop("arrays"):
        dtype = np.dtype(dtype)
        data = _exactly(stream, int(np.prod(shape, dtype=np.int64)) * dtype.itemsize)
        arrays[name] = np.frombuffer(data, dtype).reshape(shape)
    return header, arrays


def _exactly(stream, count):
    parts, missing = [], count
    while missing:
        part = stream.read(missing)
        if not part:
            raise EOFError("the other side is gone")
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


def recording_message(recording):
    """``Recording`` -> (header, arrays); its dropouts are in the tracks' ``valid``."""
    arrays = {"time": recording.time}
    for role, track in recording.tracks.items():
        arrays |= {f"{role}/{part}": getattr(track, part) for part in ("position", "rotation", "valid")}
    if recording.betas is not None:
        arrays["betas"] = recording.betas
    return {"source": recording.source, "device": recording.device, "roles": list(recording.tracks)}, arrays


def read_recording(header, arrays):
    """The inverse of ``recording_message``; validated."""
    tracks = {
        role: Track(*(arrays[f"{role}/{part}"] for part in ("position", "rotation", "valid")))
        for role in header["roles"]
    }
    return Recording(arrays["time"], tracks, header["source"], header["device"], arrays.get("betas")).validate()


def calibration_message(calibration):
    """``Calibration`` -> (header, arrays)."""
    arrays = {"calibration/betas": calibration.betas}
    for role, offset in calibration.offsets.items():
        arrays[f"calibration/{role}/rotation"] = offset.rotation
        arrays[f"calibration/{role}/position"] = offset.position
    return {"floor": calibration.floor, "offsets": list(calibration.offsets)}, arrays


def read_calibration(header, arrays):
    """The inverse of ``calibration_message``."""
    offsets = {
        role: Offset(arrays[f"calibration/{role}/rotation"], arrays[f"calibration/{role}/position"])
        for role in header["offsets"]
    }
    return Calibration(arrays["calibration/betas"], header["floor"], offsets)


def motion_message(motion):
    """``Motion`` -> (header, arrays)."""
    arrays = {"rotations": motion.rotations, "translation": motion.translation, "betas": motion.betas}
    if motion.contacts is not None:
        arrays["contacts"] = motion.contacts
    if motion.uncertainty is not None:
        arrays |= {f"uncertainty/{part}": getattr(motion.uncertainty, part) for part in ("probes", "index", "weight")}
    header = {"fps": motion.fps, "start": motion.start, "floor": motion.floor, "provenance": motion.provenance}
    return header, arrays


def read_motion(header, arrays):
    """The inverse of ``motion_message``; validated."""
    uncertainty = None
    if "uncertainty/probes" in arrays:
        uncertainty = Uncertainty(*(arrays[f"uncertainty/{part}"] for part in ("probes", "index", "weight")))
    parts = (arrays[name] for name in ("rotations", "translation", "betas"))
    about = (header[name] for name in ("start", "floor"))
    contacts = arrays.get("contacts")
    return Motion(header["fps"], *parts, *about, uncertainty, header["provenance"], contacts).validate()
