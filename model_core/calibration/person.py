"""The person and the floor, learnt from a recording (numpy only)."""

from dataclasses import replace

import numpy as np

from ..geometry.frames import OPENXR_TO_MODEL, convert_positions, convert_quaternions
from ..motion import BETA_COUNT
from ..recordings.resample import frame_count, resample
from ..geometry.rotations import quaternion_to_matrix
from ..geometry.skeleton import ROLES
from . import posture
from .calibration import Calibration, Offset, joint_pose
from .fitting import fit_hands, needed_size
from .height import STATURE_MEAN, likely_height
from .presets import DEFAULT_PRESET, FITTED_PRESETS, OTHER_PRESETS, PRESETS, preset_offsets

EYES_FROM_HEAD = np.array([0.0, 0.105, 0.062])
"""From the head joint to the point between the eyes, which a headset reports, on the default body at rest (metres)."""
UPRIGHT_PERCENTILE = 95.0
"""Of the time, a person's head is this seldom higher than when standing upright: jumps and toes are rarer."""
SLOUCH = 0.02
"""Metres by which a living person who stands upright holds the head lower than SMPL's rest pose (from mocap)."""
LOWEST_STANDING_EYES, HIGHEST_STANDING_EYES = 1.30, 2.10
"""Metres between which a standing grown person's eyes are: lower ones sit, unless the stature is given."""
LOWEST_WALKING_EYES, ROAMING = 1.00, 0.6
"""Nobody roams a room so far, in metres, on a chair: then the eyes may be this low."""
REACH_TOLERANCE, TALLEST = 1.10, 2.05
"""Hands that reach farther than arms by this factor tell that the person is taller, up to this many metres."""
ROUGH_REACH_TOLERANCE = 1.18
"""The same where it is not known how a device sits, which may be a hand's breadth farther out than expected, and the
stature is a wilder guess than reach: on the training motion with trackers worn anyhow, whoever was beyond it was too
small by far."""
STRETCH = 1.05
"""By so much some people do reach farther than most: only what is beyond it makes them taller."""
SURE = 0.02
"""A stature whose standard error is above this many metres is called a guess."""
GROWN_SPREAD, REACHING_SPREAD = 0.10, 0.06
"""Standard error in metres of the mean stature, taken for grown people who sit, and of one that is told by reach."""
LOWEST_EYES = 0.5
"""Eyes this low above y = 0 tell that y = 0 is not the floor."""


def calibrate(recording, body, stature=None, floor=None, preset=None, betas=None):
    """The ``Calibration`` of a recording for ``body``.

    ``stature`` in metres, ``floor`` as a height in the recording's space, the device ``preset`` (a name of
    ``presets.PRESETS``, ``hand`` or ``joints``) and ``betas`` (10,) are taken as given; what is None is found. The
    size comes from how high the eyes are while the person does what they do (``posture``); where nobody stands, the
    mean person is taken.
    """
    preset = preset or recording.device
    betas = recording.betas if betas is None else betas
    if preset == "joints":
        betas = np.zeros(BETA_COUNT) if betas is None else np.asarray(betas, np.float64)
        return Calibration(betas, floor or 0.0, preset_offsets("joints"), ("tracks are joints: nothing to calibrate",))
    notes, known = [], is_known(preset)
    if not known:
        notes.append(f"no preset for the device '{preset}': '{DEFAULT_PRESET}' is used")
        preset = DEFAULT_PRESET
    free = betas is None and stature is None
    hands = preset_offsets(preset) if known else {}
    betas, ground, error = person_by_height(recording, body, stature, floor, betas, notes, hands)
    calibration = _hands(recording, body, betas, ground, preset)
    longer = needed_size(recording, calibration, body)
    if free and (longer > REACH_TOLERANCE if known else longer > ROUGH_REACH_TOLERANCE and error > REACHING_SPREAD):
        taller = min(float(body.stature(betas)) * longer / STRETCH, TALLEST)
        betas = body.betas_for(taller).astype(np.float64)
        if floor is None:
            ground = upright_eye_height(recording) - standing_eye_height(body, betas)
        error = max(error, REACHING_SPREAD)
        notes.append(f"the hands reach {longer:.2f} times as far as arms of that height: a taller person is taken")
        calibration = _hands(recording, body, betas, ground, preset)
    tall = float(body.stature(betas))
    if error is not None:
        notes.append(stature_line(tall, error))
    notes.append(f"person {tall:.2f} m tall, floor at {ground:.2f} m, hands by preset '{preset}'")
    return replace(calibration, notes=(*notes, *calibration.notes), stature_error=error)


def stature_line(stature, error):
    """What is said of a stature in metres that was found in the motion, and its standard error."""
    if error > SURE:
        return (
            f"warning: the stature is a guess: {stature:.2f} m ± {100 * error:.0f} cm; "
            "give it as the stature, or stand in a T-pose"
        )
    return f"{stature:.2f} m tall by how the head moves, give or take {100 * error:.1f} cm"


def is_known(device):
    """Whether it is known how a device of this name sits in the hand, or on it."""
    return device in PRESETS or device in OTHER_PRESETS


def person_by_height(recording, body, stature, floor, betas, notes, hands=None):
    """The person's ``betas`` (10,), the floor, and the stature's standard error in metres: as given, which makes the
    error None, else from how high the eyes are. Adds to ``notes``.

    ``hands`` are the hands' offsets by role as far as they are known.
    """
    eyes, error = upright_eye_height(recording), None
    if betas is None and stature is not None:
        betas = body.betas_for(stature)
    elif betas is None:
        betas, error = _betas_by_posture(recording, body, eyes, floor or 0.0, hands or {}, notes)
    betas = np.asarray(betas, np.float64)
    return betas, _floor(eyes, body, betas, notes) if floor is None else float(floor), error


def _hands(recording, body, betas, floor, preset):
    """The calibration of a known person: the head by their size, the hands by the preset, fitted where it is rough."""
    size = float(body.size(betas))
    calibration = Calibration(betas, floor, {"head": head_offset(size), **preset_offsets(preset, size)})
    return fit_hands(recording, calibration, body) if preset in FITTED_PRESETS else calibration


def head_offset(size):
    """The head joint on a headset of a person of ``size`` times the mean person's."""
    return Offset(np.array([1.0, 0, 0, 0]), -EYES_FROM_HEAD * size)


def upright_eye_height(recording):
    """Height in metres, in the recording's space, of the eyes of the person standing as upright as they ever do.

    Looking down lowers the eyes though the head stays up: the head joint's height is what is measured.
    """
    head = recording.tracks["head"]
    rotation = quaternion_to_matrix(convert_quaternions(head.rotation[head.valid], OPENXR_TO_MODEL))
    position = convert_positions(head.position[head.valid], OPENXR_TO_MODEL)
    joint = position[:, 1] - (rotation @ EYES_FROM_HEAD)[:, 1]
    return float(np.percentile(joint, UPRIGHT_PERCENTILE) + EYES_FROM_HEAD[1])


def standing_eye_height(body, betas):
    """Height in metres of the eyes above the sole when a person of ``betas`` stands upright."""
    size = float(body.size(betas))
    return float(body.head_height(betas)) + (EYES_FROM_HEAD[1] - SLOUCH) * size


def _betas_by_posture(recording, body, eyes, floor, hands, notes):
    """The shape of the person whose eyes are at ``eyes`` metres when they hold them high, and who moves as they do; and
    its stature's standard error in metres."""
    height = eyes - floor
    lowest = LOWEST_WALKING_EYES if _roams(recording) else LOWEST_STANDING_EYES
    mean = np.zeros(BETA_COUNT)
    if not lowest <= height <= HIGHEST_STANDING_EYES:
        notes.append(
            f"the eyes never are higher than {height:.2f} m: nobody stands there; a person of the mean size is taken"
        )
        return mean, GROWN_SPREAD
    found = likely_stature(recording, body, floor, hands)
    head, stature = float(body.head_height(mean)), float(body.stature(mean))
    slope = float(body.head_height(np.eye(BETA_COUNT)[0])) - head
    return np.eye(BETA_COUNT)[0] * (found.value / stature - 1) * head / slope, found.error


def likely_stature(recording, body, floor=0.0, hands=None):
    """The stature, a ``Height``, of the person who moves as in the recording and whose floor is at ``floor`` metres.

    ``hands`` are the hands' offsets by role as far as they are known.
    """
    mean, size = np.zeros(BETA_COUNT), 1.0
    head, typical = float(body.head_height(mean)), float(body.head_height(body.betas_for(STATURE_MEAN)))
    for _ in range(2):  # How far the head joint lies below the eyes depends on the size that is sought.
        found = likely_height(*_posture(recording, floor, hands or {}, size), typical)
        size = found.value / head
    return found.scaled(float(body.stature(mean)) / head)


def _posture(recording, floor, hands, size):
    """What ``height.likely_height`` asks for of the frames in which the head is seen: inputs (T, 12), heights (T,)."""
    count = max(frame_count(recording.duration, posture.FPS), posture.STRIDE)
    regular = resample(recording, posture.FPS, count=count)
    nobody = Calibration(np.zeros(BETA_COUNT), floor, {"head": head_offset(size), **hands})
    turns, heads = joint_pose(regular.tracks["head"], nobody, "head")
    places = np.full((len(heads), 2, 3), np.nan)
    for side, role in enumerate(ROLES[1:]):
        if role in regular.tracks:
            _, place = joint_pose(regular.tracks[role], nobody, role)
            places[:, side] = np.where(regular.tracks[role].valid[:, None], place, np.nan)
    inputs = posture.describe(quaternion_to_matrix(turns), heads, places)
    seen = (regular.tracks["head"].valid & (heads[:, 1] > posture.LOWEST_HEAD))[:: posture.STRIDE]
    return inputs[seen], np.log(heads[:: posture.STRIDE][seen, 1])


def _roams(recording):
    """Whether the head is carried about the room."""
    head = recording.tracks["head"]
    extent = np.ptp(np.percentile(head.position[head.valid][:, [0, 2]], [5, 95], axis=0), axis=0)
    return bool(np.hypot(*extent) > ROAMING)


def _floor(eyes, body, betas, notes):
    """The floor is y = 0, unless that would bury or fly the person: then it is where a standing person's would be."""
    if LOWEST_EYES <= eyes <= HIGHEST_STANDING_EYES:
        return 0.0
    floor = eyes - standing_eye_height(body, betas)
    notes.append(f"y = 0 cannot be the floor: it is taken to be at {floor:.2f} m, under a person who stands")
    return floor
