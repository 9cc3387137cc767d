"""From a capture to clips for training: retarget, one rate, glitches out, smooth, on the floor."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..geometry.rotations import matrix_to_quaternion, quaternion_to_axis_angle
from ..retargeting.capture import Capture
from ..retargeting.retarget import retarget
from ..retargeting.skeletons import SkeletonMap
from .cleaning import floor_height, glitches, resample_motion, segments, smooth
from .clips import Clip

UNEVEN_GROUND_SUBJECTS = (1, 3)
"""CMU subjects that climb and walk on uneven ground."""
UNEVEN_GROUND = "non_flat_ground"
FLOOR_TOLERANCE = 0.06
"""Metres. On uneven ground a take whose floor lies further from its subject's median takes the median."""


@dataclass(frozen=True)
class Prepared:
    """A whole take as SMPL motion at 60 Hz, not yet cut or put on the floor.

    ``rotations`` (N, 22, 4) float32 ``wxyz``, local; ``translation`` (N, 3) of the pelvis; ``bad`` (N,) glitches;
    ``floor`` its height in metres. ``meta``: name, subject, activity, source, skeleton, flags, scale.
    """

    meta: dict[str, Any]
    rotations: np.ndarray
    translation: np.ndarray
    bad: np.ndarray
    floor: float


def prepare_capture(capture: Capture, skeleton: SkeletonMap, rest_joints: np.ndarray, sole: float) -> Prepared:
    """Retarget a capture and find its glitches and its floor.

    ``rest_joints`` (22, 3) and ``sole`` (y of the lowest point) are the body's.
    """
    result = retarget(capture, skeleton, rest_joints)
    flags = list(capture.flags)
    if capture.subject in UNEVEN_GROUND_SUBJECTS and UNEVEN_GROUND not in flags:
        flags.append(UNEVEN_GROUND)
    meta = {
        "name": capture.name,
        "subject": capture.subject,
        "activity": capture.activity,
        "source": capture.source,
        "skeleton": skeleton.name,
        "flags": flags,
        "scale": round(result.scale, 4),
    }
    return assess(meta, result.rotations, result.translation, capture.bad, capture.fps, rest_joints, sole)


def assess(
    meta: dict[str, Any],
    rotations: np.ndarray,
    translation: np.ndarray,
    bad: np.ndarray,
    fps: float,
    rest_joints: np.ndarray,
    sole: float,
) -> Prepared:
    """SMPL motion, rotations (N, 22, 3, 3), at any rate -> at 60 Hz, its glitches and its floor found."""
    rotations, translation, bad = resample_motion(rotations, translation, bad, fps)
    bad = bad | glitches(rotations, translation, rest_joints)
    floor = floor_height(rotations, translation, rest_joints, sole)
    return Prepared(meta, matrix_to_quaternion(rotations).astype(np.float32), translation, bad, floor)


def choose_floors(prepared: Sequence[Prepared]) -> list[float]:
    """The floor to use for each take: its own, but on uneven ground its subject's median where it strays from that.

    On flat ground somebody's foot comes down in every take; on uneven ground a whole take may happen on a step.
    """
    of_subject: defaultdict[tuple[str, Any], list[float]] = defaultdict(list)
    for take in prepared:
        of_subject[take.meta["skeleton"], take.meta["subject"]].append(take.floor)
    floors = []
    for take in prepared:
        median = float(np.median(of_subject[take.meta["skeleton"], take.meta["subject"]]))
        own = UNEVEN_GROUND not in take.meta["flags"] or abs(take.floor - median) <= FLOOR_TOLERANCE
        floors.append(take.floor if own else median)
    return floors


def cut(take: Prepared, floor: float, split: str, rest_joints: np.ndarray, sole: float) -> list[Clip]:
    """The good stretches as clips, smoothed, on the floor, each starting above the origin."""
    clips = []
    for number, (start, end) in enumerate(segments(take.bad)):
        rotations, translation = smooth(take.rotations[start:end].astype(np.float64), take.translation[start:end])
        translation = translation - [translation[0, 0], floor, translation[0, 2]]
        name = take.meta["name"] + (f"#{number}" if number else "")
        poses = quaternion_to_axis_angle(rotations).reshape(len(rotations), -1).astype(np.float32)
        meta = take.meta | {"name": name, "split": split}
        clips.append(Clip(name, poses, translation.astype(np.float32), rest_joints, sole, meta))
    return clips
