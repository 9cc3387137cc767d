"""The person and the floor, estimated from a recording (numpy only)."""

from dataclasses import dataclass

import numpy as np

from ..body import Body
from ..geometry.rotations import quaternion_to_matrix
from ..geometry.skeleton import ROLES
from ..motion import BETA_COUNT
from ..notes import Note
from ..recordings.model_frame import ModelFrameRecording
from ..recordings.resample import frame_count, resample
from . import posture
from .calibration import Calibration, Offset, joint_pose
from .height import STATURE_MEAN, Height, likely_height

EYES_FROM_HEAD = np.array([0.0, 0.105, 0.062])
"""From the head joint to the point between the eyes, which a headset reports, on the default body at rest (metres)."""
UPRIGHT_PERCENTILE = 95.0
"""Of the time, a person's head is this seldom higher than when standing upright: jumps and toes are rarer."""
SLOUCH = 0.02
"""Metres by which a living person who stands upright holds the head lower than SMPL's rest pose (from mocap)."""
LOWEST_STANDING_EYES, HIGHEST_STANDING_EYES = 1.30, 2.10
"""Metres between which a standing grown person's eyes are: lower ones sit, unless the stature is given."""
LOWEST_WALKING_EYES, ROAMING_EXTENT = 1.00, 0.6
"""Nobody roams a room so far, in metres, on a chair: then the eyes may be this low."""
MEAN_STATURE_ERROR = 0.10
"""Standard error in metres of the mean stature, taken for grown people who sit."""
LOWEST_EYES = 0.5
"""Eyes this low above y = 0 show that y = 0 is not the floor."""


@dataclass(frozen=True)
class Person:
    """Who is recorded: SMPL's ``betas`` (10,), the ``floor``'s height in metres, and the standard error of the stature
    in metres, which is None where betas or stature were given. ``floor_given``: whether the floor was. ``notes`` say
    what was found."""

    betas: np.ndarray
    floor: float
    stature_error: float | None
    floor_given: bool
    notes: tuple[Note, ...] = ()


def find_person(
    recording: ModelFrameRecording,
    body: Body,
    stature: float | None = None,
    floor: float | None = None,
    hands: dict[str, Offset] | None = None,
) -> Person:
    """The ``Person`` of a recording for ``body``.

    ``stature`` in metres, ``floor`` as a height in the recording's space and the recording's own betas are taken as
    given; what is None is estimated from how high the eyes are while the person does what they do (``posture``). Where
    nobody stands, the mean person is taken. ``hands`` are the hands' offsets by role as far as they are known.
    """
    eyes, error, notes = upright_eye_height(recording), None, []
    if recording.betas is not None:
        betas = np.asarray(recording.betas, np.float64)
    elif stature is not None:
        betas = body.betas_for(stature).astype(np.float64)
    else:
        betas, error, notes = _betas_by_posture(recording, body, eyes, floor or 0.0, hands or {})
    if floor is not None:
        return Person(betas, float(floor), error, True, tuple(notes))
    # The floor is y = 0, unless that would bury the person or make them fly.
    ground = 0.0
    if not LOWEST_EYES <= eyes <= HIGHEST_STANDING_EYES:
        ground = floor_below(eyes, body, betas)
        notes.append(Note("floor_below_person", {"floor": ground}))
    return Person(betas, ground, error, False, tuple(notes))


def floor_below(eyes: float, body: Body, betas: np.ndarray) -> float:
    """Height in metres of the floor on which a person of ``betas`` stands whose eyes are at ``eyes`` metres."""
    return eyes - standing_eye_height(body, betas)


def head_offset(size: float) -> Offset:
    """The head joint on a headset of a person of ``size`` times the mean person's."""
    return Offset(np.array([1.0, 0, 0, 0]), -EYES_FROM_HEAD * size)


def upright_eye_height(recording: ModelFrameRecording) -> float:
    """Height in metres, in the recording's space, of the eyes of the person standing as upright as they ever do.

    Looking down lowers the eyes though the head stays up: the head joint's height is what is measured.
    """
    head = recording.tracks["head"]
    head = head.at(head.valid)
    joint = head.position[:, 1] - (quaternion_to_matrix(head.rotation) @ EYES_FROM_HEAD)[:, 1]
    return float(np.percentile(joint, UPRIGHT_PERCENTILE) + EYES_FROM_HEAD[1])


def standing_eye_height(body: Body, betas: np.ndarray) -> float:
    """Height in metres of the eyes above the sole when a person of ``betas`` stands upright."""
    size = float(body.size(betas))
    return float(body.head_height(betas)) + (EYES_FROM_HEAD[1] - SLOUCH) * size


def estimate_stature(
    recording: ModelFrameRecording, body: Body, floor: float = 0.0, hands: dict[str, Offset] | None = None
) -> Height:
    """The stature of the person who moves as in the recording and whose floor is at ``floor`` metres.

    ``hands`` are the hands' offsets by role as far as they are known.
    """
    mean, size = np.zeros(BETA_COUNT), 1.0
    head, typical = float(body.head_height(mean)), float(body.head_height(body.betas_for(STATURE_MEAN)))
    height = Height(head, 0.0, head, head)
    for _ in range(2):  # How far the head joint lies below the eyes depends on the size that is sought.
        height = likely_height(*_posture(recording, floor, hands or {}, size), typical)
        size = height.value / head
    return height.scaled(float(body.stature(mean)) / head)


def _betas_by_posture(
    recording: ModelFrameRecording, body: Body, eyes: float, floor: float, hands: dict[str, Offset]
) -> tuple[np.ndarray, float, list[Note]]:
    """The shape of the person whose eyes are at ``eyes`` metres when they hold them high, and who moves as they do; its
    stature's standard error in metres; and what is to be said of it."""
    height = eyes - floor
    lowest = LOWEST_WALKING_EYES if _roams(recording) else LOWEST_STANDING_EYES
    mean = np.zeros(BETA_COUNT)
    if not lowest <= height <= HIGHEST_STANDING_EYES:
        return mean, MEAN_STATURE_ERROR, [Note("nobody_stands", {"height": height})]
    found = estimate_stature(recording, body, floor, hands)
    head, stature = float(body.head_height(mean)), float(body.stature(mean))
    slope = float(body.head_height(np.eye(BETA_COUNT)[0])) - head
    return np.eye(BETA_COUNT)[0] * (found.value / stature - 1) * head / slope, found.error, []


def _posture(
    recording: ModelFrameRecording, floor: float, hands: dict[str, Offset], size: float
) -> tuple[np.ndarray, np.ndarray]:
    """What ``height.likely_height`` asks for of the frames in which the head is seen: inputs (T, 12), heights (T,)."""
    count = max(frame_count(recording.duration, posture.FPS), posture.STRIDE)
    regular = resample(recording, posture.FPS, count=count)
    nobody = Calibration(np.zeros(BETA_COUNT), floor, {"head": head_offset(size), **hands})
    rotations, heads = joint_pose(regular.tracks["head"], nobody, "head")
    positions = np.full((len(heads), 2, 3), np.nan)
    for side, role in enumerate(ROLES[1:]):
        if role in regular.tracks:
            _, wrist = joint_pose(regular.tracks[role], nobody, role)
            positions[:, side] = np.where(regular.tracks[role].valid[:, None], wrist, np.nan)
    inputs = posture.describe(quaternion_to_matrix(rotations), heads, positions)
    seen = (regular.tracks["head"].valid & (heads[:, 1] > posture.LOWEST_HEAD))[:: posture.STRIDE]
    return inputs[seen], np.log(heads[:: posture.STRIDE][seen, 1])


def _roams(recording: ModelFrameRecording) -> bool:
    """Whether the head is carried about the room."""
    head = recording.tracks["head"]
    extent = np.ptp(np.percentile(head.position[head.valid][:, [0, 2]], [5, 95], axis=0), axis=0)
    return bool(np.hypot(*extent) > ROAMING_EXTENT)
