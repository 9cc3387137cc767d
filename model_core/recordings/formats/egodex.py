"""EgoDex: Apple Vision Pro sessions, an HDF5 each, which the h5py library reads on the engine's side.

``transforms/camera``, ``leftHand``, ``rightHand``, ``hip`` and more (T, 4, 4) in a room with +Y up, metres, 30
samples a
second; ARKit's camera looks along -Z with +Y up, as OpenXR's head does. ``confidences`` say how sure a joint is.
"""

import re
from pathlib import Path

import numpy as np

from ...errors import InputError
from ...geometry.hand import POINT_COUNT
from ...geometry.rotations import matrix_to_quaternion
from ...notes import Note
from ..cleaning import RawTrack, build_recording
from ..library_process import arrays_from
from ..recording import Recording

NAME = "EgoDex"
SUFFIXES = (".hdf5", ".h5")
OPTIONS = ("python",)
MAGIC = b"\x89HDF\r\n\x1a\n"
RATE = 30.0
ROLES = {"camera": "head", "leftHand": "left_hand", "rightHand": "right_hand", "hip": "waist"}
LEAST_CONFIDENCE = 0.1
USED = re.compile("(left|right)((Index|Middle|Little|Ring)Finger|Thumb)(Knuckle|Intermediate(Base|Tip)|Tip)$")
"""Joints of fingers that are read: ARKit's palms have more."""
PROGRAM = """
with h5py.File(sys.argv[1], "r") as file:
    transforms = file.get("transforms")
    confidences = file.get("confidences")
    names = list(transforms) if transforms is not None else []
    arrays["names"] = np.array([str(name) for name in names] or [""])
    fingers = ("IndexFinger", "MiddleFinger", "LittleFinger", "RingFinger", "Thumb")
    parts = ("Knuckle", "IntermediateBase", "IntermediateTip", "Tip")
    for hand in ("left", "right"):
        joints = [hand + finger + part for finger in fingers for part in parts]
        if all(name in names for name in joints):
            places = [np.asarray(transforms[name], np.float64)[:, :3, 3] for name in joints]
            arrays["fingers " + hand + "Hand"] = np.stack(places, 1)
    for name in ("camera", "leftHand", "rightHand", "hip"):
        if name in names:
            arrays["transform " + name] = np.asarray(transforms[name], np.float64)
            if confidences is not None and name in confidences:
                arrays["confidence " + name] = np.asarray(confidences[name], np.float64)
"""


def recognises(head: bytes, path: Path) -> bool:
    """Whether a file that begins with ``head`` is HDF5."""
    return head.startswith(MAGIC)


def read(path: Path, python: str | Path | None = None) -> Recording:
    """An EgoDex file -> ``Recording``, hands of a device without preset. ``python``: an interpreter that has h5py."""
    arrays = arrays_from(path, "h5py", PROGRAM, python)
    tracks = {}
    for name, role in ROLES.items():
        matrices = arrays.get(f"transform {name}")
        if matrices is None:
            continue
        if matrices.ndim != 3 or matrices.shape[1:] != (4, 4):
            raise InputError(f"{path.name}: transforms/{name} has the shape {matrices.shape}; should be (T, 4, 4)")
        sure = arrays.get(f"confidence {name}")
        tracked = sure.reshape(-1) > LEAST_CONFIDENCE if sure is not None and sure.size == len(matrices) else None
        tracks[role] = RawTrack(matrices[:, :3, 3], matrix_to_quaternion(matrices[:, :3, :3]), tracked)
    if "head" not in tracks:
        raise InputError(f"{path.name}: is HDF5 without transforms/camera: no EgoDex session")
    count = len(tracks["head"].position)
    if any(len(track.position) != count for track in tracks.values()):
        raise InputError(f"{path.name}: its transforms have different numbers of samples")
    points = _points(path, arrays, count)
    names = [str(name) for name in arrays["names"] if str(name) not in ROLES]
    others = [name for name in names if not (points and USED.match(name))]
    notes = [Note("joints_unused", {"names": ", ".join(others[:4]) + (" and more" if len(others) > 4 else "")})]
    warnings = notes if others else ()
    return build_recording(np.arange(count) / RATE, tracks, path.name, "", warnings=warnings, points=points)


def _points(path: Path, arrays: dict[str, np.ndarray], count: int) -> dict[str, np.ndarray]:
    """Each hand's points (T, 21, 3), as of ``geometry.hand``, where the file has its fingers."""
    points = {}
    for name, role in ROLES.items():
        fingers, hand = arrays.get(f"fingers {name}"), arrays.get(f"transform {name}")
        if fingers is not None and hand is not None:
            if fingers.shape != (count, POINT_COUNT - 1, 3):
                raise InputError(f"{path.name}: its fingers have another number of samples than its camera")
            points[role] = np.concatenate([hand[:, None, :3, 3], fingers], 1)
    return points
