"""The person and the floor, estimated from a recording (numpy only)."""

from dataclasses import dataclass, replace

import numpy as np

from ..body import Body
from ..geometry.rotations import quaternion_to_matrix
from ..motion import BETA_COUNT
from ..notes import Note
from ..recordings.model_frame import ModelFrameRecording
from . import posture
from .calibration import Calibration, Offset
from .height import HeightEvidence, evidence_of_likelihood, height_evidence
from .levels import described_frames, find_ground, regular_frames
from .reach import far_reaches, log_likelihood
from .stature import STATURES, StatureEstimate, estimate, log_prior

EYES_FROM_HEAD = np.array([0.0, 0.105, 0.062])
"""From the head joint to the point between the eyes, which a headset reports, on the default body at rest (metres)."""
UPRIGHT_PERCENTILE = 95.0
"""Of the time, a person's head is this seldom higher than when standing upright: jumps and toes are rarer."""
SLOUCH = 0.02
"""Metres by which a living person who stands upright holds the head lower than SMPL's rest pose (from mocap)."""
ROAMING_EXTENT = 0.6
"""Nobody roams a room so far, in metres, on a chair."""
FLOOR_TOLERANCE = 0.10
"""Metres by which the eyes of somebody on their feet may be, at their highest, off those of who stands upright on the
floor: nobody stands on tiptoe or with bent knees all the time, so beyond it the floor follows the stature."""
HAND_STD = 0.04
"""Metres by which wrists lie along the arm from where a device of which nothing is known is: it may be up to 12 cm from
the wrist in any direction."""
RESTS = np.arange(-0.50, 0.21, 0.01)
"""Logarithms of the head's height in the rest pose over the highest of a recording: lower where levels raised it."""
SURE = 0.02
"""A stature whose standard error is above this many metres is called a guess."""


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
    hand_std: float = HAND_STD,
    in_pose: bool = False,
) -> Person:
    """The ``Person`` of a recording for ``body``.

    ``stature`` in metres, ``floor`` as a height in the recording's space and the recording's own betas are taken as
    given; what is None is estimated from how the head moves, how far the hands reach and how high the eyes are
    (``stature.estimate``). ``hands`` are the hands' offsets by role as far as they are known, and ``hand_std`` by how
    much, metres along the arm. Of somebody who is seen ``in_pose``, a known one, only a floor that cannot be is moved:
    the pose tells the stature better than the motion.
    """
    error, notes = None, []
    found = estimate_stature(recording, body, floor or 0.0, hands, hand_std)
    if recording.betas is not None:
        betas = np.asarray(recording.betas, np.float64)
    elif stature is not None:
        betas = body.betas_for(stature).astype(np.float64)
    else:
        betas, error = body.betas_for(found.stature.value).astype(np.float64), found.stature.error
    if floor is not None:
        return Person(betas, float(floor), error, True, tuple(notes))
    eyes, ground = upright_eye_height(recording), 0.0
    below = floor_below(eyes, body, betas)
    stands = error is not None and not in_pose and found.explanation == "standing"
    off = stands and abs(below) > FLOOR_TOLERANCE
    # Steps up from the floor and down to it show that it is at y = 0.
    if not found.on_levels and (found.explanation.startswith("floor") or off):
        ground = below
        notes.append(Note("floor_below_person", {"floor": ground}))
    elif found.explanation == "sitting":
        notes.append(Note("nobody_stands", {"height": eyes}))
    return Person(betas, ground, error, False, tuple(notes))


def stature_note(stature: float, error: float) -> Note:
    """What is said of a stature in metres that was estimated from the motion, and its standard error."""
    code = "stature_uncertain" if error > SURE else "stature_from_motion"
    return Note(code, {"stature": stature, "error_cm": 100 * error})


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
    recording: ModelFrameRecording,
    body: Body,
    floor: float = 0.0,
    hands: dict[str, Offset] | None = None,
    hand_std: float = HAND_STD,
) -> StatureEstimate:
    """How tall the person is who moves as in the recording and whose floor is, if it is, at ``floor`` metres.

    ``hands`` are the hands' offsets by role as far as they are known, and ``hand_std`` by how much, metres along the
    arm.
    """
    mean, size = np.zeros(BETA_COUNT), 1.0
    head, tall = float(body.head_height(mean)), float(body.stature(mean))
    reach, roams = _log_reach(recording, hands or {}, hand_std, tall, size), _roams(recording)
    regular = regular_frames(recording)
    level, evidence = _without_levels(recording, regular, floor, hands or {}, head / tall, reach)
    eyes = upright_eye_height(level) - floor
    found = None
    for _ in range(2):  # How far the head joint lies below the eyes depends on the size that is sought.
        if level is recording:
            evidence = height_evidence(*_posture(regular, floor, hands or {}, size))
        reach = _log_reach(recording, hands or {}, hand_std, tall, size)
        found = estimate(evidence, eyes, reach, head / tall, roams)
        size = found.stature.value / tall
    assert found is not None
    return replace(found, on_levels=level is not recording)


def _log_reach(
    recording: ModelFrameRecording, hands: dict[str, Offset], hand_std: float, tall: float, size: float
) -> np.ndarray:
    """Logarithms (G,) of the likelihood of the hands' reach at ``STATURES``; ``tall`` is the mean person's stature."""
    reaches = far_reaches(recording, head_offset(size), hands)
    return log_likelihood(reaches, recording.duration, STATURES / tall, hand_std)


def _without_levels(
    recording: ModelFrameRecording,
    regular: ModelFrameRecording,
    floor: float,
    hands: dict[str, Offset],
    head_ratio: float,
    log_reach: np.ndarray,
) -> tuple[ModelFrameRecording, HeightEvidence | None]:
    """The recording as it would be had the person stayed on the floor, and the evidence of how high their head is at
    rest; the recording itself and None where they did. ``regular`` are its ``levels.regular_frames``."""
    nobody = Calibration(np.zeros(BETA_COUNT), floor, {"head": head_offset(1.0), **hands})
    seen, turns, heads, wrists = described_frames(regular, nobody)
    if not seen.any():
        return recording, None
    inputs, heads = posture.describe(turns, heads, wrists)[seen], heads[:: posture.STRIDE][seen]
    rest = np.log(np.percentile(heads[:, 1], posture.HIGHEST)) + RESTS
    ground = find_ground(inputs, heads, rest, log_prior(np.exp(rest) / head_ratio, log_reach))
    if ground is None:
        return recording, None
    below = np.interp(recording.time, regular.time[:: posture.STRIDE][seen], ground.heights)[:, None] * [0.0, 1, 0]
    lowered = {role: replace(track, position=track.position - below) for role, track in recording.tracks.items()}
    return replace(recording, tracks=lowered), evidence_of_likelihood(rest, ground.log_likelihood)


def _posture(
    regular: ModelFrameRecording, floor: float, hands: dict[str, Offset], size: float
) -> tuple[np.ndarray, np.ndarray]:
    """What ``height.height_evidence`` asks for of ``levels.regular_frames`` in which the head is seen: inputs (T, 12),
    heights (T,)."""
    nobody = Calibration(np.zeros(BETA_COUNT), floor, {"head": head_offset(size), **hands})
    seen, turns, heads, wrists = described_frames(regular, nobody)
    inputs = posture.describe(turns, heads, wrists)
    return inputs[seen], np.log(heads[:: posture.STRIDE][seen, 1])


def _roams(recording: ModelFrameRecording) -> bool:
    """Whether the head is carried about the room."""
    head = recording.tracks["head"]
    extent = np.ptp(np.percentile(head.position[head.valid][:, [0, 2]], [5, 95], axis=0), axis=0)
    return bool(np.hypot(*extent) > ROAMING_EXTENT)
