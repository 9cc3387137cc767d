"""The road on recordings without a truth: how near head and hands come, how still the body and its feet are."""

from dataclasses import replace

import numpy as np

from threepoint.model_core.body import load_body
from threepoint.model_core.calibration import calibrate
from threepoint.model_core.mocap.clips import FPS
from threepoint.model_core.errors import InputError
from threepoint.model_core.refinement.feet import LIKELY
from threepoint.model_core.refinement.refine import refine
from threepoint.model_core.geometry.kinematics import forward_kinematics
from threepoint.model_core.evaluation.metrics import floor_penetration, foot_skate, jitter
from threepoint.model_core.pipeline import observe
from threepoint.model_core.recordings import read
from threepoint.model_core.geometry.rotations import geodesic_angle
from threepoint.model_core.sage.inference import predict
from threepoint.model_core.geometry.skeleton import BODY_JOINT_COUNT, TRACKED_JOINTS

CM = 100.0
SHORTEST = 4
"""Frames: jitter is a third difference."""
LONGEST_SECONDS = 120.0
"""Of each recording: longer ones are cut, unless asked otherwise."""
COLUMNS = {
    "seconds": "of the recording",
    "head": "distance of the head from its tracker, cm, where that is valid",
    "hands": "the same of the wrists, cm",
    "hand_p95": "its 95th percentile, cm",
    "turn": "angle of head and wrists from their trackers, degrees",
    "jitter": "of all joints, 10^2 m/s^3",
    "seen_jitter": "of head and hands as they were recorded",
    "skate": "horizontal speed of ankles and toes where SAGE expects contact, cm/s",
    "floor_pen": "mean depth of ankles and toes below their rest heights, cm",
    "stands": "share of ankles and toes that are expected in contact",
}


def score_recordings(folder, networks, seconds=LONGEST_SECONDS, progress=None):
    """Rows of ``COLUMNS``: dict file -> dict method -> row, the methods being "SAGE" and "SAGE, refined".

    Every file below ``folder`` that can be read as a recording; others come back as the second value, dict file ->
    message. Raises ``InputError`` where there is no recording.
    """
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    rows, refused = {}, {}
    for number, path in enumerate(paths):
        name = str(path.relative_to(folder))
        if progress:
            progress(number / len(paths), name)
        try:
            rows[name] = score_recording(read(path), networks, seconds)
        except InputError as error:
            refused[name] = str(error)
    if not rows:
        raise InputError(f"{folder}: holds no recording that can be read")
    return rows, refused


def score_recording(recording, networks, seconds=LONGEST_SECONDS):
    """The rows of one ``Recording``, by method."""
    body = load_body()
    calibration = calibrate(recording, body)
    observation = _beginning(observe(recording, calibration), round(seconds * FPS))
    if observation.frame_count < SHORTEST:
        raise InputError(f"{recording.source}: {observation.frame_count} frames are too few to score, need {SHORTEST}")
    rest_joints = body.rest_joints(observation.betas)
    start = predict(networks.sage, observation, rest_joints)
    refined = refine(networks.flag, observation, start.rotations, start.translation, rest_joints, start.contacts)
    sole = float(body.sole(observation.betas))
    return {
        name: _row(*(part.cpu().numpy() for part in motion), start.contacts, observation, rest_joints, sole)
        for name, motion in {"SAGE": (start.rotations, start.translation), "SAGE, refined": refined}.items()
    }


def _beginning(observation, frames):
    parts = {name: getattr(observation, name)[:frames] for name in ("rotations", "positions", "valid")}
    return replace(observation, **parts)


def _row(rotations, translation, contacts, observation, rest_joints, sole):
    rest_joints = rest_joints[:BODY_JOINT_COUNT]
    world, joints = forward_kinematics(rotations.astype(np.float64), translation.astype(np.float64), rest_joints)
    tracked, valid = list(TRACKED_JOINTS), observation.valid
    distance = CM * np.linalg.norm(joints[:, tracked] - observation.positions, axis=-1)
    turned = np.degrees(geodesic_angle(world[:, tracked], observation.rotations.astype(np.float64)))
    stands = contacts.cpu().numpy()[1:] > LIKELY
    hands = distance[:, 1:][valid[:, 1:]]
    return {
        "seconds": len(joints) / FPS,
        "head": _mean(distance[:, 0][valid[:, 0]]),
        "hands": _mean(hands),
        "hand_p95": float(np.percentile(hands, 95)) if len(hands) else float("nan"),
        "turn": _mean(turned[valid]),
        "jitter": float(jitter(joints)),
        "seen_jitter": float(jitter(observation.positions)),
        "skate": float(foot_skate(joints, stands)),
        "floor_pen": float(floor_penetration(joints, rest_joints, sole)),
        "stands": float(stands.mean()),
    }


def _mean(values):
    """The mean, or nan of nothing."""
    return float(values.mean()) if len(values) else float("nan")


def format_scores(rows, refused):
    """A table, a line a file and method; below it the files that are no recordings."""
    width = max(len(name) for name in rows)
    lines = [" ".join(["recording".ljust(width), "method".ljust(13), *(f"{name:>11}" for name in COLUMNS)])]
    for name, methods in rows.items():
        for method, row in methods.items():
            lines.append(" ".join([name.ljust(width), method.ljust(13), *(f"{row[c]:11.2f}" for c in COLUMNS)]))
    return "\n".join([*lines, *(f"{name}: not read: {message}" for name, message in refused.items())])
