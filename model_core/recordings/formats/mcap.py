"""Isaac Teleop's MCAP: poses of head, controllers, hands and body as FlatBuffers, read by the schemas in the file.

Channels end in ``head``, ``left_controller``, ``right_hand`` and so on. Poses are OpenXR's: position, quaternion
``xyzw``, with bits that say if they are valid. Chunks may be packed with zstandard or lz4, whose libraries are then
needed.
"""

import importlib
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import InputError
from ...geometry.hand import HANDS, OPENXR_POINTS
from ...notes import Note
from ...untrusted.budgets import Budget, read_bytes
from ..binary.flatbuffers import decode, parse_schema
from ..cleaning import RawTrack, build_recording
from ..recording import Recording
from ..tables.words import BODY_ROLES, role_of, words

NAME = "Isaac Teleop MCAP"
SUFFIXES = (".mcap",)
OPTIONS = ()
MAGIC = b"\x89MCAP0\r\n"
SCHEMA, CHANNEL, MESSAGE, CHUNK = 3, 4, 5, 6
ENCODING = "flatbuffer"
SECONDS = 1e-9
JOINTS = 26
"""OpenXR's, of a hand."""
FARTHEST = 0.05
"""Seconds from a head's sample within which a hand's joints are taken for it."""
VALID_WORDS = ("valid", "tracked", "active")


def recognises(head: bytes, path: Path) -> bool:
    """Whether a file that begins with ``head`` is MCAP."""
    return head.startswith(MAGIC)


def read(path: Path) -> Recording:
    """An MCAP of Isaac Teleop's -> ``Recording``: controllers (preset ``grip``), or, without any, tracked hands."""
    data = read_bytes(path)
    schemas: dict[int, tuple[str, dict]] = {}
    channels: dict[int, tuple[str, int]] = {}
    rows: dict[str, list[tuple[float, list[float], bool]]] = {}
    joints: dict[str, list[tuple[float, list[list[float]]]]] = {}
    broken, cut, odd = 0, False, set()
    try:
        for code, content in _records(data, len(MAGIC), Budget(path.name, len(data))):
            if code == SCHEMA:
                _read_schema(content, schemas)
            elif code == CHANNEL:
                number, schema = struct.unpack_from("<HH", content)
                channels[number] = (_text(content, 4)[0], schema)
            elif code == MESSAGE:
                number, _, logged, _ = struct.unpack_from("<HIQQ", content)
                topic, schema = channels.get(number, ("", -1))
                if schema not in schemas:
                    odd.add(topic)
                    continue
                try:
                    name, kinds = schemas[schema]
                    message = decode(kinds, name, content[22:])
                except (ValueError, KeyError):
                    broken += 1
                    continue
                pose = _pose(message)
                if pose is None:
                    odd.add(topic)
                else:
                    rows.setdefault(topic, []).append((logged * SECONDS, *pose))
                    if (points := _points(message)) is not None:
                        joints.setdefault(topic, []).append((logged * SECONDS, points))
    except (struct.error, IndexError, UnicodeDecodeError):
        cut = True
    return _recording(path.name, rows, joints, broken, cut, odd)


def _recording(name, rows, joints, broken, cut, odd):
    """What the channels' poses make."""
    found, fingers = {}, {}
    for topic, samples in rows.items():
        parts = words(topic.rpartition("/")[2])
        role = role_of(parts) or role_of(words(topic))
        kind = "controller" if "controller" in parts else "hand"
        if role in BODY_ROLES and len(samples) > 1:
            found.setdefault(role, {})[kind if role.endswith("_hand") else "only"] = samples
            if role in HANDS and len(joints.get(topic, ())) > 1:
                fingers[role] = joints[topic]
        else:
            odd.add(topic)
    if "head" not in found:
        raise InputError(
            f"{name}: no channel with a head's poses (channels: {', '.join([*rows, *sorted(odd)][:8]) or 'none'})"
        )
    held = any("controller" in kinds for kinds in found.values())
    start = found["head"]["only"][0][0]
    tracks = {}
    for role, kinds in found.items():
        samples = kinds.get("only") or kinds.get("controller" if held else "hand")
        if samples is None:
            continue
        poses = np.array([pose for _, pose, _ in samples])
        time = np.array([stamp for stamp, _, _ in samples]) - start
        tracks[role] = RawTrack(poses[:, :3], poses[:, [6, 3, 4, 5]], np.array([seen for _, _, seen in samples]), time)
    notes = [Note("joints_unused", {"names": ", ".join(sorted(odd))})] if odd else []
    if broken:
        notes.append(Note("broken_lines", {"count": broken, "total": broken + sum(map(len, rows.values()))}))
    if cut:
        notes.append(Note("cut_after_frames", {"reason": "its last record is not whole"}))
    time = tracks["head"].time
    points = {role: _nearest(samples, start, time) for role, samples in fingers.items()}
    return build_recording(time, tracks, name, "grip" if held else "hand", warnings=notes, points=points)


def _nearest(samples, start, time):
    """The joints (N, 21, 3) of a hand nearest to ``time`` (N,), NaN where there are none within ``FARTHEST``."""
    stamps, points = np.array([stamp for stamp, _ in samples]) - start, np.array([points for _, points in samples])
    after = np.clip(np.searchsorted(stamps, time), 1, len(stamps) - 1)
    near = np.where(time - stamps[after - 1] < stamps[after] - time, after - 1, after)
    return np.where((np.abs(stamps[near] - time) < FARTHEST)[:, None, None], points[near], np.nan)


def _records(data: bytes, offset: int, budget: Budget, deep: bool = False) -> Iterator[tuple[int, bytes]]:
    """(opcode, content) of the records from ``offset`` on, those in chunks included."""
    while offset + 9 <= len(data):
        if data.startswith(MAGIC, offset):
            return
        code, length = struct.unpack_from("<BQ", data, offset)
        content = data[offset + 9 : offset + 9 + length]
        if len(content) < length:
            raise IndexError("cut short")
        if code == CHUNK and not deep:
            yield from _records(_unpacked(content, budget), 0, budget, deep=True)
        else:
            yield code, content
        offset += 9 + length


def _unpacked(content, budget):
    """The records in a chunk."""
    name = budget.name
    size = struct.unpack_from("<Q", content, 16)[0]
    kind, after = _text(content, 28)
    (length,) = struct.unpack_from("<Q", content, after)
    packed = content[after + 8 : after + 8 + length]
    budget.claim(size, "a packed chunk")
    if kind == "":
        return packed
    library = {"zstd": "zstandard", "lz4": "lz4.frame"}.get(kind)
    if library is None:
        raise InputError(f"{name}: is packed with '{kind}'; plain, zstd and lz4 can be read")
    try:
        module = importlib.import_module(library)
    except ImportError:
        raise InputError(f"{name}: is packed with {kind}, and the library {library.partition('.')[0]} is lacking; "
                         "install it, or write the file without compression") from None  # fmt: skip
    try:
        if kind == "zstd":
            return module.ZstdDecompressor().decompress(packed, max_output_size=size)
        return module.LZ4FrameDecompressor().decompress(packed, size)
    except Exception as error:  # Each library has errors of its own.
        raise InputError(f"{name}: a packed chunk is damaged ({type(error).__name__})") from None


def _read_schema(content, schemas):
    number = struct.unpack_from("<H", content)[0]
    name, after = _text(content, 2)
    encoding, after = _text(content, after)
    (length,) = struct.unpack_from("<I", content, after)
    if encoding != ENCODING:
        return
    try:
        kinds = parse_schema(content[after + 4 : after + 4 + length])
    except (ValueError, KeyError):
        return
    schemas[number] = (name if name in kinds else "", kinds)


def _text(content, offset):
    (length,) = struct.unpack_from("<I", content, offset)
    return content[offset + 4 : offset + 4 + length].decode("utf-8"), offset + 4 + length


def _points(message: Any) -> list[list[float]] | None:
    """The points (21, 3) of a hand in a message; None where it has none."""
    inside = message.get("data") if isinstance(message, dict) and isinstance(message.get("data"), dict) else message
    joints = inside.get("joints") if isinstance(inside, dict) else None
    if not isinstance(joints, list) or len(joints) != JOINTS:
        return None
    poses = [_pose(joints[number]) for number in OPENXR_POINTS]
    return [pose[0][:3] if pose is not None else [np.nan] * 3 for pose in poses]


def _pose(message: Any) -> tuple[list[float], bool] | None:
    """Position and quaternion xyzw (7 numbers), of a controller the grip, and whether they are valid; None for none."""
    inside = message
    for key in ("data", "grip", "grip_pose", "wrist"):
        if isinstance(inside, dict) and isinstance(inside.get(key), dict):
            inside = inside[key]
    if isinstance(inside, dict) and isinstance(inside.get("joints"), list) and len(inside["joints"]) == 26:
        inside = inside["joints"][1]  # OpenXR's second joint of a hand is the wrist.
    holder, flags = inside, []
    while isinstance(holder, dict) and not {"position", "orientation"} <= set(holder):
        flags += [value for key, value in holder.items() if any(word in key.lower() for word in VALID_WORDS)]
        holder = next((value for key, value in holder.items() if key == "pose" and isinstance(value, dict)), None)
    if not isinstance(holder, dict):
        return None
    position, rotation = holder["position"], holder["orientation"]
    try:
        numbers = [float(position[axis]) for axis in "xyz"] + [float(rotation[axis]) for axis in "xyzw"]
    except (KeyError, TypeError, ValueError):
        return None
    return numbers, all(bool(flag) for flag in flags)
