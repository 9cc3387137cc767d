"""ScoreSaber: replays of Beat Saber, in ``UserData/ScoreSaber/Replays`` (numpy only).

A line "ScoreSaber Replay" with two emoji, then LZMA. Unpacked, nine offsets: metadata, poses, heights, notes and more.
A pose is head, left and right (position, quaternion ``xyzw``), frames a second and song time; Unity's axes, metres. The
hands are saber grips. Poses stand in the game's room, which the player may have moved: that is undone.
"""

import lzma
import struct
from pathlib import Path

import numpy as np

from ...errors import InputError
from ...geometry.rotations import axis_angle_to_quaternion, quaternion_multiply
from ...notes import Note
from ...untrusted.budgets import Budget, read_bytes
from ..cleaning import RawTrack, build_recording
from ..conventions import from_openxr, to_openxr
from ..guessing import rotate
from ..recording import Recording

NAME = "ScoreSaber"
SUFFIXES = (".dat",)
OPTIONS = ()
MAGIC = "ScoreSaber Replay \U0001f44c\U0001f920\r\n".encode()
LEGACY = b"\x5d\x00\x00\x80"
FIRST_WORDS = b"ScoreSaber Replay"
POSE = np.dtype([("poses", "<f4", (3, 7)), ("fps", "<i4"), ("time", "<f4")])
ROLES = ("head", "left_hand", "right_hand")
OFFSETS = 9
TEMPO = {"FS": 1.2, "SF": 1.5, "SS": 0.85}
MEMORY = 128 * 2**20
"""Bytes that LZMA's own dictionary may take."""
LONGEST_TEXT, MOST_MODIFIERS = 4096, 64


def recognises(head: bytes, path: Path) -> bool:
    """Whether a file that begins with ``head`` is a replay of ScoreSaber's, the oldest kind included."""
    return head.startswith((FIRST_WORDS, LEGACY))


def read(path: Path) -> Recording:
    """A ScoreSaber replay -> ``Recording`` with the device preset ``saber``."""
    name = path.name
    data = read_bytes(path)
    if data.startswith(LEGACY):
        raise InputError(f"{name}: is a ScoreSaber replay of the kind written before 2021, which cannot be read")
    body = _unpack(data[data.find(b"\n") + 1 :], name)
    try:
        offsets = struct.unpack_from(f"<{OFFSETS}i", body, 0)
        (count,) = struct.unpack_from("<i", body, offsets[1])
        if offsets[1] < 0 or count < 0 or offsets[1] + 4 + count * POSE.itemsize > len(body):
            raise InputError(f"{name}: tells of {count} poses, but is {len(body)} bytes long; the file is cut short")
        frames = np.frombuffer(body, POSE, count, offsets[1] + 4)
        about = _metadata(body, offsets[0])
    except (struct.error, UnicodeDecodeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{name}: is not a whole ScoreSaber replay ({error})") from None
    notes: list[Note] = []
    tempo = next((TEMPO[word] for word in about["modifiers"] if word in TEMPO), 1.0)
    if tempo != 1:
        notes.append(Note("song_speed", {"speed": tempo}))
    poses = frames["poses"].astype(np.float64)
    tracks = {}
    for index, role in enumerate(ROLES):
        position, rotation = _out_of_room(poses[:, index, :3], poses[:, index, [6, 3, 4, 5]], about)
        tracks[role] = RawTrack(*to_openxr(position, rotation, "unity"))
    if about["centre"].any() or about["rotation"]:
        notes.append(Note("room_undone", {"height": float(about["centre"][1]), "degrees": float(about["rotation"])}))
    return build_recording(frames["time"].astype(np.float64) / tempo, tracks, name, "saber", warnings=notes)


def _unpack(packed, name):
    try:
        unpacker = lzma.LZMADecompressor(lzma.FORMAT_ALONE, MEMORY)
        body = unpacker.decompress(packed, Budget(name, len(packed)).granted)
    except (lzma.LZMAError, EOFError, MemoryError) as error:
        raise InputError(f"{name}: its packed replay is damaged ({error})") from None
    if len(body) < 4 * OFFSETS or not unpacker.eof and not body:
        raise InputError(f"{name}: is cut short")
    return body


def _metadata(body, offset):
    """Modifiers, and the rotation (degrees) and centre (3,) of the room.

    Of later versions what follows is left alone.
    """

    def text():
        nonlocal offset
        (length,) = struct.unpack_from("<i", body, offset)
        if not 0 <= length <= LONGEST_TEXT:
            raise ValueError(f"a text of length {length} in its metadata")
        found = body[offset + 4 : offset + 4 + length].decode("utf-8")
        offset += 4 + length
        return found

    for _ in range(2):
        text()  # version, level
    offset += 4  # difficulty
    for _ in range(2):
        text()  # characteristic, environment
    (count,) = struct.unpack_from("<i", body, offset)
    if not 0 <= count <= MOST_MODIFIERS:
        raise ValueError(f"{count} modifiers in its metadata")
    offset += 4
    modifiers = [text() for _ in range(count)]
    # Spawn offset, left-handed, height, the room's rotation and centre, time of failing.
    _, _, _, rotation, x, y, z, _ = struct.unpack_from("<f?f5f", body, offset)
    centre = np.array([x, y, z], np.float64)
    usable = np.isfinite(centre).all() and np.isfinite(rotation) and np.abs(centre).max() < 100
    return {
        "modifiers": modifiers,
        "rotation": rotation if usable else 0.0,
        "centre": centre if usable else np.zeros(3),
    }


def _out_of_room(position, rotation, about):
    """Poses in Unity's axes (a lost pose stays zeros) as they would be had the player not moved the room."""
    if not about["rotation"] and not about["centre"].any():
        return position, rotation
    lost = (position == 0).all(-1) & (rotation[:, 1:] == 0).all(-1)
    back = np.broadcast_to(axis_angle_to_quaternion(np.array([0, -np.radians(about["rotation"]), 0])), rotation.shape)
    position = np.where(lost[:, None], 0.0, rotate(back, position - about["centre"]))
    return position, np.where(lost[:, None], 0.0, quaternion_multiply(back, rotation))


def write(
    path: str | Path, recording: Recording, modifiers: tuple[str, ...] = (), centre: tuple[float, ...] = (0, 0, 0)
) -> None:
    """Write head and hands as a ScoreSaber replay without notes; ``centre`` is where the player moved the room to."""
    frames = np.zeros(len(recording.time), POSE)
    tempo = next((TEMPO[word] for word in modifiers if word in TEMPO), 1.0)
    frames["time"] = (recording.time - recording.time[0]) * tempo
    frames["fps"] = round((len(recording.time) - 1) / recording.duration)
    for index, role in enumerate(ROLES):
        if role in recording.tracks:
            track = recording.tracks[role]
            position, rotation = from_openxr(track.position, track.rotation, "unity")
            pose = np.concatenate([position + np.array(centre), rotation[:, [1, 2, 3, 0]]], -1)
            frames["poses"][:, index] = np.where(track.valid[:, None], pose, 0)

    def text(value):
        return struct.pack("<i", len(value.encode())) + value.encode()

    about = text("2.0.0") + text("level") + struct.pack("<i", 9) + text("Standard") + text("Environment")
    about += struct.pack("<i", len(modifiers)) + b"".join(map(text, modifiers))
    about += struct.pack("<f?f5f", 0, False, 1.8, 0, *centre, 0)
    begin = 4 * OFFSETS
    poses = struct.pack("<i", len(frames)) + frames.tobytes()
    rest = begin + len(about) + len(poses)
    body = struct.pack(f"<{OFFSETS}i", begin, begin + len(about), *[rest] * (OFFSETS - 2)) + about + poses
    body += struct.pack("<i", 0)
    Path(path).write_bytes(MAGIC + lzma.compress(body, lzma.FORMAT_ALONE))
