"""XROR, the format of the BOXRR-23 dataset: BSON around an array that is packed with fpzip.

Column 0 is the time, then each device's axes as ``info.hardware.devices`` lists them: ``x y z`` and ``i j k 1`` (the
quaternion xyzw). Unity's axes, metres, seconds; of Beat Saber the hands are saber grips. The fpzip library belongs to
the engine: Blender's own Python does not have it, and lets the engine's do the unpacking.
"""

from pathlib import Path
from typing import Any

import numpy as np

from ...errors import InputError
from ...notes import Note
from ...untrusted.budgets import read_bytes
from ..binary.bson import parse_bson
from ..cleaning import RawTrack, build_recording
from ..conventions import to_openxr
from ..library_process import arrays_from
from ..recording import Recording
from ..tables.words import BODY_ROLES, role_of, words

NAME = "XROR"
SUFFIXES = (".xror",)
OPTIONS = ("python",)
ROLES = {"HEAD": "head", "HAND_LEFT": "left_hand", "HAND_RIGHT": "right_hand"}
AXES = ("x", "y", "z", "1", "i", "j", "k")
APP_PRESETS = {"Beat Saber": "saber"}
FPZIP_MAGIC = b"fp"
UNPACK = """
arrays["frames"] = np.squeeze(fpzip.decompress(sys.stdin.buffer.read(), order="C"))
"""


def recognises(head: bytes, path: Path) -> bool:
    """Whether a file that begins with the bytes ``head`` is an XROR document."""
    return head[4:].startswith(b"\x02$schema\0") and b"xror" in head[:200]


def read(path: Path, python: str | Path | None = None) -> Recording:
    """An XROR file -> ``Recording``. ``python``: an interpreter that has fpzip, by default the one that runs this."""
    name = path.name
    try:
        content = parse_bson(read_bytes(path))
    except ValueError as error:
        raise InputError(f"{name}: is not a whole XROR document ({error})") from None
    devices, packed, app = _parts(content, name)
    frames = _unpack(packed, path, python)
    width = 1 + sum(len(axes) for _, axes in devices)
    if frames.shape[1] != width:
        raise InputError(f"{name}: its frames have {frames.shape[1]} columns, its devices tell of {width}")
    tracks, column = {}, 1
    for role, axes in devices:
        if set(AXES) <= set(axes) and role not in tracks:
            order = [column + axes.index(axis) for axis in AXES]
            poses = frames[:, order].astype(np.float64)
            tracks[role] = RawTrack(*to_openxr(poses[:, :3], poses[:, 3:], "unity"))
        column += len(axes)
    unknown = [Note("tracker_unknown", {"tracker": role}) for role in tracks if role not in BODY_ROLES]
    return build_recording(frames[:, 0].astype(np.float64), tracks, name, APP_PRESETS.get(app, ""),
                           warnings=unknown)  # fmt: skip


def _parts(content: Any, name: str) -> tuple[list[tuple[str, list[str]]], bytes, str]:
    """Devices as (role, axes), the packed frames, and the app's name."""
    try:
        info = content["info"]
        devices = [
            (_role(str(device["joint"])), [str(axis) for axis in _listed(device["axes"])])
            for device in info["hardware"]["devices"]
        ]
        packed = content["frames"]
        app = info.get("software", {}).get("app", {}).get("name", "")
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{name}: lacks a part of XROR: {error}") from None
    if not isinstance(packed, bytes) or not packed.startswith(FPZIP_MAGIC):
        raise InputError(f"{name}: its frames are not packed with fpzip")
    return devices, packed, app


def _listed(axes: object) -> list[Any]:
    if not isinstance(axes, list):
        raise TypeError("axes that are no list")
    return axes


def _role(joint: str) -> str:
    """The role of a joint by the schema's name, or by any that says what it is, such as ``WRIST_LEFT``."""
    return ROLES.get(joint) or role_of(words(joint)) or joint.lower()


def _unpack(packed: bytes, path: Path, python: str | Path | None) -> np.ndarray:
    """The frames (N, columns), unpacked by a process that may die of them."""
    frames = arrays_from(path, "fpzip", UNPACK, python, packed).get("frames")
    if frames is None or frames.ndim != 2 or frames.dtype.kind != "f":
        raise InputError(f"{path.name}: its packed frames are no table of numbers")
    return frames
