"""A capture's way to clips that can be learned from: retarget, one rate, glitches out, smooth, on the floor."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ..clips import Clip
from ..rotations import matrix_to_axis_angle
from .capture import Capture
from .cleaning import floor_height, glitches, resample, segments, smooth
from .retarget import retarget
from .skeletons import SkeletonMap

LEFT_OUT = {"13_18": "both elbows bend backwards", "14_23": "left elbow bends backwards"}
"""CMU trials that are wrong at their source."""
UNEVEN_GROUND_SUBJECTS = (1, 3)
"""CMU subjects that climb and walk on uneven ground."""
UNEVEN_GROUND = "non_flat_ground"
FLOOR_TOLERANCE = 0.06
"""Metres. A clip whose floor lies further from its subject's median takes the median."""
UNKNOWN_SUBJECT = 0


@dataclass(frozen=True)
class Prepared:
    """A whole capture as SMPL motion at 60 Hz, not yet cut or put on the floor.

    ``rotations`` (N, 22, 3, 3), ``translation`` (N, 3), ``bad`` (N,), ``floor`` its height in metres.
    """

    meta: dict
    rotations: np.ndarray
    translation: np.ndarray
    bad: np.ndarray
    floor: float


def prepare_capture(capture: Capture, skeleton: SkeletonMap, rest_joints, sole) -> Prepared:
    """Retarget, resample, find glitches and the floor. ``sole``: y of the body's lowest point at rest."""
    result = retarget(capture, skeleton, rest_joints)
    rotations, translation, bad = resample(result.rotations, result.translation, capture.bad, capture.fps)
    bad = bad | glitches(rotations, translation, rest_joints)
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
    return Prepared(meta, rotations, translation, bad, floor_height(rotations, translation, rest_joints, sole))


def settle_floors(prepared: Iterable[Prepared]) -> list[float]:
    """The floor to use for each clip: its own, or its subject's median where it strays."""
    prepared = list(prepared)
    of_subject = defaultdict(list)
    for clip in prepared:
        of_subject[clip.meta["skeleton"], clip.meta["subject"]].append(clip.floor)
    floors = []
    for clip in prepared:
        median = float(np.median(of_subject[clip.meta["skeleton"], clip.meta["subject"]]))
        own = clip.meta["subject"] == UNKNOWN_SUBJECT or abs(clip.floor - median) <= FLOOR_TOLERANCE
        floors.append(clip.floor if own else median)
    return floors


def cut(prepared: Prepared, floor: float, split: str, rest_joints, sole) -> list[Clip]:
    """The good stretches as clips, smoothed, on the floor, each starting above the origin."""
    clips = []
    for number, (start, end) in enumerate(segments(prepared.bad)):
        rotations, translation = smooth(prepared.rotations[start:end], prepared.translation[start:end])
        translation = translation - [translation[0, 0], floor, translation[0, 2]]
        name = prepared.meta["name"] + (f"#{number}" if number else "")
        poses = matrix_to_axis_angle(rotations).reshape(len(rotations), -1).astype(np.float32)
        meta = prepared.meta | {"name": name, "split": split}
        clips.append(Clip(name, poses, translation.astype(np.float32), rest_joints, sole, meta))
    return clips
