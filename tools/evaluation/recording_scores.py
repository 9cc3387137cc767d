"""The pipeline on recordings without a truth: how near head and hands come, how still the body and its feet are."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from ...model_core.body import load_body
from ...model_core.errors import InputError
from ...model_core.evaluation.metrics import floor_penetration, foot_skate, mean_jerk
from ...model_core.geometry.kinematics import forward_kinematics
from ...model_core.geometry.rotations import geodesic_angle
from ...model_core.geometry.skeleton import BODY_JOINT_COUNT, TRACKED_JOINTS
from ...model_core.observation import FPS, Observation
from ...model_core.pipeline import Networks, Options, Solution, calibrate, model_frame, observe, solve_pose
from ...model_core.progress import Progress
from ...model_core.recordings import Recording, read
from ...model_core.refinement.feet import LIKELY_CONTACT

Row = dict[str, dict[str, float]]
"""Scores of a recording by method."""

CM = 100.0
SHORTEST = 4
"""Frames: jitter is a third difference."""
LONGEST_SECONDS = 120.0
"""Of each recording: longer ones are cut, unless asked otherwise."""
METHODS = {"SAGE": 0.0, "SAGE, refined": 1.0}
"""How far each method refines."""
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


def score_recordings(
    folder: Path, networks: Networks, seconds: float = LONGEST_SECONDS, progress: Progress | None = None
) -> tuple[dict[str, Row], dict[str, str]]:
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


def score_recording(recording: Recording, networks: Networks, seconds: float = LONGEST_SECONDS) -> Row:
    """The rows of one ``Recording``, by method: SAGE's prediction, and what the whole pipeline makes of it."""
    body = load_body()
    options, placed = Options(body=body, uncertainty=False), model_frame(recording)
    calibration = calibrate(placed, options, networks)
    observation = observe(placed, calibration).first(round(seconds * FPS))
    if observation.frame_count < SHORTEST:
        raise InputError(f"{recording.source}: {observation.frame_count} frames are too few to score, need {SHORTEST}")
    rest_joints, sole = body.rest_joints(observation.betas), float(body.sole(observation.betas))
    found = {
        name: solve_pose(observation, rest_joints, replace(options, refinement=refinement), networks, calibration)
        for name, refinement in METHODS.items()
    }
    contacts = found["SAGE"].contacts.cpu().numpy()
    return {name: _row(solution, contacts, observation, rest_joints, sole) for name, solution in found.items()}


def _row(
    solution: Solution, contacts: np.ndarray, observation: Observation, rest_joints: np.ndarray, sole: float
) -> dict[str, float]:
    rest_joints = rest_joints[:BODY_JOINT_COUNT]
    rotations, translation = (
        part.cpu().numpy().astype(np.float64) for part in (solution.rotations, solution.translation)
    )
    world, joints = forward_kinematics(rotations, translation, rest_joints)
    tracked, valid = list(TRACKED_JOINTS), observation.valid
    distance = CM * np.linalg.norm(joints[:, tracked] - observation.positions, axis=-1)
    turned = np.degrees(geodesic_angle(world[:, tracked], observation.rotations.astype(np.float64)))
    stands = contacts[1:] > LIKELY_CONTACT
    hands = distance[:, 1:][valid[:, 1:]]
    return {
        "seconds": len(joints) / FPS,
        "head": _mean(distance[:, 0][valid[:, 0]]),
        "hands": _mean(hands),
        "hand_p95": float(np.percentile(hands, 95)) if len(hands) else float("nan"),
        "turn": _mean(turned[valid]),
        "jitter": float(mean_jerk(joints)),
        "seen_jitter": float(mean_jerk(observation.positions)),
        "skate": float(foot_skate(joints, stands)),
        "floor_pen": float(floor_penetration(joints, rest_joints, sole)),
        "stands": float(stands.mean()),
    }


def _mean(values: np.ndarray) -> float:
    """The mean, or nan of nothing."""
    return float(values.mean()) if len(values) else float("nan")


def format_scores(rows: dict[str, Row], refused: dict[str, str]) -> str:
    """A table, a line a file and method; below it the files that are no recordings."""
    width = max(len(name) for name in rows)
    lines = [" ".join(["recording".ljust(width), "method".ljust(13), *(f"{name:>11}" for name in COLUMNS)])]
    for name, methods in rows.items():
        for method, row in methods.items():
            lines.append(" ".join([name.ljust(width), method.ljust(13), *(f"{row[c]:11.2f}" for c in COLUMNS)]))
    return "\n".join([*lines, *(f"{name}: not read: {message}" for name, message in refused.items())])
