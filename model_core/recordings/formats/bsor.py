"""BSOR: BeatLeader's replays of Beat Saber, read and written (numpy only).

Little-endian: magic, version, then sections that each begin with their number: 0 info, 1 frames, 2 notes, 3 walls,
4 heights, 5 pauses; what may follow (controller offsets, user data) holds no motion and is left alone. Poses are
Unity's (left-handed, +Y up, +Z forward, metres, quaternion ``xyzw``); the hands are saber grips.
"""

import struct
from pathlib import Path

import numpy as np

from ...errors import InputError
from ...notes import Note
from ...untrusted.budgets import read_bytes
from ..cleaning import RawTrack, build_recording
from ..conventions import from_openxr, to_openxr
from ..recording import Recording

NAME = "BSOR"
SUFFIXES = (".bsor",)
OPTIONS = ()
MAGIC = (0x442D3D69).to_bytes(4, "little")
VERSION = 1
FRAME = np.dtype([("time", "<f4"), ("fps", "<i4"), ("poses", "<f4", (3, 7))])
ROLES = ("head", "left_hand", "right_hand")

NOTE = struct.Struct("<iffi")
CUT_SIZE = 72
CUT_EVENTS = (0, 1)
"""Notes that were cut, well or badly: only these carry the cut's details."""
WALL_SIZE, HEIGHT_SIZE, PAUSE_SIZE = 16, 8, 12

TEMPO = {"FS": 1.2, "SF": 1.5, "SS": 0.85}
"""Beat Saber's modifiers that play the song faster or slower: stamps are song seconds, bodies move in real ones."""
SLOWEST, FASTEST = 0.05, 5.0
"""Practice speeds that the game offers, and more."""
MOST_MISCOUNTED = 4096
"""Bytes by which a text may be longer than it says."""
LONGEST_NAME = 100
"""Bytes of the longest platform or difficulty name; longer ones mean that the string before was counted wrongly."""


def recognises(head: bytes, path: Path) -> bool:
    """Whether a file that begins with the bytes ``head`` is a BSOR replay."""
    return head.startswith(MAGIC)


def read(path: Path) -> Recording:
    """A BSOR file -> ``Recording`` with the device preset ``saber``."""
    cursor = _Cursor(read_bytes(path), path.name)
    warnings: list[Note] = []
    info, frames = _parse(cursor, warnings)
    tempo = next((TEMPO[word] for word in info["modifiers"].split(",") if word in TEMPO), 1.0)
    if np.isfinite(info["speed"]) and SLOWEST <= info["speed"] <= FASTEST:
        tempo = info["speed"]  # Practice mode's own, which is 0 elsewhere.
    if tempo != 1:
        warnings.append(Note("song_speed", {"speed": tempo}))
    poses = frames["poses"].astype(np.float64)
    tracks = {}
    for index, role in enumerate(ROLES):
        position, rotation = to_openxr(poses[:, index, :3], poses[:, index, [6, 3, 4, 5]], "unity")
        tracks[role] = RawTrack(position, rotation)
    return build_recording(frames["time"].astype(np.float64) / tempo, tracks, cursor.name, "saber", warnings=warnings)


def write(path: str | Path, recording: Recording, hmd: str = "", controller: str = "") -> None:
    """Write head and hands as a BSOR replay without notes; a lost pose becomes zeros, as the game itself writes it."""
    frames = np.zeros(len(recording.time), FRAME)
    frames["time"] = recording.time - recording.time[0]
    frames["fps"] = round((len(recording.time) - 1) / recording.duration)
    for index, role in enumerate(ROLES):
        if role not in recording.tracks:
            continue
        track = recording.tracks[role]
        position, rotation = from_openxr(track.position, track.rotation, "unity")
        pose = np.concatenate([position, rotation[:, [1, 2, 3, 0]]], -1)
        frames["poses"][:, index] = np.where(track.valid[:, None], pose, 0)
    texts = ["", "", "", "", "", "", "", hmd, controller, "", "", "", ""]
    info = b"".join(struct.pack("<i", len(text.encode())) + text.encode() for text in texts)
    info += struct.pack("<i", 0) + 3 * struct.pack("<i", 0)  # score, then mode, environment and modifiers, all empty
    info += struct.pack("<f?4f", 0, False, 0, 0, recording.duration, 0)
    parts = [MAGIC, bytes([VERSION]), bytes([0]), info, bytes([1]), struct.pack("<i", len(frames)), frames.tobytes()]
    parts += [bytes([section]) + struct.pack("<i", 0) for section in (2, 3, 4, 5)]
    Path(path).write_bytes(b"".join(parts))


def _parse(cursor, warnings):
    """Info and frames. A file that is cut short behind whole frames is read, and a note says so."""
    cursor.take(len(MAGIC), "the magic number")
    version = cursor.take(1, "the version")[0]
    if version != VERSION:
        raise InputError(f"{cursor.name}: is BSOR version {version}; version {VERSION} can be read")
    cursor.section(0, "info")
    info = _info(cursor)
    cursor.section(1, "frames")
    count = cursor.count(FRAME.itemsize, "frames")
    frames = np.frombuffer(cursor.take(count * FRAME.itemsize, "frames"), FRAME)
    try:
        _walk(cursor)
    except InputError as error:
        warnings.append(Note("cut_after_frames", {"reason": str(error).partition(": ")[2]}))
    return info, frames


def _walk(cursor):
    """Go through the sections after the frames, which hold no motion."""
    cursor.section(2, "notes")
    for _ in range(cursor.count(NOTE.size, "notes")):
        event = NOTE.unpack(cursor.take(NOTE.size, "notes"))[3]
        cursor.take(CUT_SIZE if event in CUT_EVENTS else 0, "notes")
    for section, (name, size) in enumerate([("walls", WALL_SIZE), ("heights", HEIGHT_SIZE), ("pauses", PAUSE_SIZE)], 3):
        cursor.section(section, name)
        cursor.take(cursor.count(size, name) * size, name)


def _info(cursor):
    """The fields of section 0 that matter here; the walk itself needs all of them."""
    for _ in range(4):
        cursor.text()  # version, game version, time stamp, player id
    cursor.text(may_be_miscounted=True)  # player's name
    for _ in range(5):
        cursor.text()  # platform, tracking system, headset, controller, song hash
    cursor.text(may_be_miscounted=True)  # song
    cursor.text(may_be_miscounted=True)  # mapper
    cursor.text()  # difficulty
    cursor.take(4, "info")  # score
    mode, environment, modifiers = cursor.text(), cursor.text(), cursor.text()
    # Jump distance, left-handed, height, start, fail, practice speed.
    *_, speed = struct.unpack("<f?4f", cursor.take(struct.calcsize("<f?4f"), "info"))
    return {"mode": mode, "environment": environment, "modifiers": modifiers, "speed": speed}


class _Cursor:
    """A position in the bytes of a file that never runs past the end unnoticed."""

    def __init__(self, data, name):
        self.data, self.name, self.offset = data, name, 0

    def take(self, size, what):
        end = self.offset + size
        if end > len(self.data):
            raise InputError(f"{self.name}: ends in the middle of {what} (byte {len(self.data)}): it is cut short")
        taken = self.data[self.offset : end]
        self.offset = end
        return taken

    def section(self, number, name):
        found = self.take(1, f"the section numbers, before {name}")[0]
        if found != number:
            raise InputError(f"{self.name}: byte {self.offset - 1} is {found}, should be {number}, where {name} begin")

    def count(self, size, what):
        """How many items of at least ``size`` bytes follow."""
        count = int.from_bytes(self.take(4, what), "little", signed=True)
        left = len(self.data) - self.offset
        if count < 0 or count * size > left:
            raise InputError(f"{self.name}: tells of {count} {what}, but {left} bytes follow; the file is cut short")
        return count

    def text(self, may_be_miscounted=False):
        length = int.from_bytes(self.take(4, "info"), "little", signed=True)
        if length < 0:
            raise InputError(f"{self.name}: has a text of length {length} in its info (byte {self.offset - 4})")
        begin, taken = self.offset, self.take(length, "info")
        if may_be_miscounted:
            # Old writers counted letters in place of bytes: go on until the next text's length makes sense.
            while not 0 <= self._peek_length() <= LONGEST_NAME and self.offset - begin - length < MOST_MISCOUNTED:
                self.take(1, "info")
            taken = self.data[begin : self.offset]
        return taken.decode("utf-8", "replace")

    def _peek_length(self):
        return int.from_bytes(self.data[self.offset : self.offset + 4], "little", signed=True)
