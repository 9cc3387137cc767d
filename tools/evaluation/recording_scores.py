"""The pipeline on recordings without a truth: how human the motion looks, and how near head and hands come."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.ndimage import maximum_filter1d

from ...model_core.body import Body, load_body
from ...model_core.calibration import Calibration
from ...model_core.calibration.calibration import NO_OFFSET
from ...model_core.errors import InputError
from ...model_core.evaluation.metrics import floor_penetration, mean_jerk
from ...model_core.evaluation.plausibility import HAND_LENGTH, LIMITS, plausibility
from ...model_core.geometry.kinematics import forward_kinematics
from ...model_core.geometry.rotations import geodesic_angle, quaternion_to_matrix, transpose
from ...model_core.geometry.skeleton import BODY_JOINT_COUNT, ELBOWS, ROLES, TRACKED_JOINTS, WRISTS
from ...model_core.live.body import follow
from ...model_core.observation import FPS, Observation
from ...model_core.pipeline import Networks, Options, calibrate, model_frame, observe, solve_pose
from ...model_core.progress import Progress
from ...model_core.recordings import Recording, read
from ...model_core.refinement.initial_motion import BodyMotion
from ...model_core.sage.ensemble import members_of

Row = dict[str, dict[str, float]]
"""Scores of a recording by method."""

CM = 100.0
SHORTEST = 4
"""Frames: jitter is a third difference."""
LONGEST_SECONDS = 120.0
"""Of each recording: longer ones are cut, unless asked otherwise."""
REFINEMENTS = {"SAGE": 0.0, "SAGE, refined": 1.0}
"""How far each method refines."""
LIVE = "SAGE, live"
"""What ``live`` would have shown, each frame from those before it; scored where it is asked for."""
METHODS = (*REFINEMENTS, LIVE)
TURNED = 25.0
"""Degrees between two frames beyond which an elbow has jumped."""
COLUMNS = {
    "seconds": "of the recording",
    "still_seconds": "in which the head is still",
    **{name: limit.what for name, limit in LIMITS.items()},
    "palm": "distance of the palm's centre from the controller, cm",
    "elbow_jumps": "turns of an elbow by more than 25 degrees between frames where its tracker turns less, a minute",
    "knee_p50": "knee bend, degrees, median",
    "spine_p95": "spine bend, degrees, 95th percentile",
    "head": "distance of the head from its tracker, cm, where that is valid",
    "hands": "the same of the wrists, cm",
    "hand_p95": "its 95th percentile, cm",
    "hand_turn": "angle of the wrists from their trackers, degrees",
    "jitter": "of all joints, 10^2 m/s^3",
    "seen_jitter": "of head and hands as they were recorded",
    "floor_pen": "mean depth of ankles and toes below their rest heights, cm",
}
HUMAN = {
    "CMU, validation": {name: limit.cmu for name, limit in LIMITS.items()},
    "Bandai-2": {name: limit.bandai for name, limit in LIMITS.items()},
    "at most": {name: limit.most for name, limit in LIMITS.items()},
}
"""What motion capture of people has, and what recordings are to stay below."""
EXCEEDED = "!"
"""Stands behind what is more than it should be."""


def score_recordings(
    folder: Path,
    networks: Networks,
    seconds: float = LONGEST_SECONDS,
    progress: Progress | None = None,
    methods: Sequence[str] = tuple(REFINEMENTS),
) -> tuple[dict[str, Row], dict[str, str]]:
    """Rows of ``COLUMNS``: dict file -> dict method -> row, the ``methods`` being some of ``METHODS``.

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
            rows[name] = score_recording(read(path), networks, seconds, methods)
        except InputError as error:
            refused[name] = str(error)
    if not rows:
        raise InputError(f"{folder}: holds no recording that can be read")
    return rows, refused


def score_recording(
    recording: Recording,
    networks: Networks,
    seconds: float = LONGEST_SECONDS,
    methods: Sequence[str] = tuple(REFINEMENTS),
) -> Row:
    """The rows of one ``Recording``, by method: SAGE's prediction, what the whole pipeline makes of it, or the body
    that is shown live."""
    body = load_body()
    options, placed = Options(body=body, uncertainty=False), model_frame(recording)
    calibration = calibrate(placed, options, networks)
    observation = observe(placed, calibration).first(round(seconds * FPS))
    if observation.frame_count < SHORTEST:
        raise InputError(f"{recording.source}: {observation.frame_count} frames are too few to score, need {SHORTEST}")
    rest_joints = body.rest_joints(observation.betas)
    rows = {}
    for name in methods:
        if name == LIVE:
            found = follow(members_of(networks.sage)[0], observation, rest_joints)
        else:
            chosen = replace(options, refinement=REFINEMENTS[name])
            found = solve_pose(observation, rest_joints, chosen, networks, calibration)
        rows[name] = _row(found, observation, calibration, body)
    return rows


def _row(solution: BodyMotion, observation: Observation, calibration: Calibration, body: Body) -> dict[str, float]:
    rest_joints, sole = body.rest_joints(observation.betas)[:BODY_JOINT_COUNT], float(body.sole(observation.betas))
    rotations, translation = (
        part.cpu().numpy().astype(np.float64) for part in (solution.rotations, solution.translation)
    )
    world, joints = forward_kinematics(rotations, translation, rest_joints)
    tracked, valid = list(TRACKED_JOINTS), observation.valid
    distance = CM * np.linalg.norm(joints[:, tracked] - observation.positions, axis=-1)
    turned = np.degrees(geodesic_angle(world[:, tracked], observation.rotations.astype(np.float64)))
    hands = distance[:, 1:][valid[:, 1:]]
    jumps = elbow_jumps(rotations, observation)
    row = plausibility(rotations, translation, rest_joints, sole, FPS) | {
        "palm": _palm_distance(world, joints, observation, calibration),
        "elbow_jumps": float(jumps.sum() / len(joints) * FPS * 60),
        "head": _mean(distance[:, 0][valid[:, 0]]),
        "hands": _mean(hands),
        "hand_p95": float(np.percentile(hands, 95)) if len(hands) else float("nan"),
        "hand_turn": _mean(turned[:, 1:][valid[:, 1:]]),
        "jitter": float(mean_jerk(joints)),
        "seen_jitter": float(mean_jerk(observation.positions)),
        "floor_pen": float(floor_penetration(joints, rest_joints, sole)),
    }
    return {name: row[name] for name in COLUMNS}


def elbow_jumps(rotations: np.ndarray, observation: Observation) -> np.ndarray:
    """(T - 1, 2) bool: where an elbow of local rotations (T, 22, 3, 3) turns by more than ``TURNED`` between two frames
    and its hand's tracker does not, nor in the frames beside them."""
    turned = np.degrees(geodesic_angle(rotations[1:, ELBOWS], rotations[:-1, ELBOWS]))
    hands = observation.rotations[:, 1:].astype(np.float64)
    seen = maximum_filter1d(np.degrees(geodesic_angle(hands[1:], hands[:-1])), 3, axis=0)
    return (turned > TURNED) & (seen <= TURNED)


def _palm_distance(world: np.ndarray, joints: np.ndarray, observation: Observation, calibration: Calibration) -> float:
    """Mean distance in cm of the palms' centres from what the hands hold, where that is seen."""
    away = []
    for side, role in enumerate(ROLES[1:]):
        offset, seen = calibration.offsets.get(role, NO_OFFSET), observation.valid[:, 1 + side]
        device = observation.rotations[:, 1 + side] @ transpose(quaternion_to_matrix(offset.rotation))
        held = observation.positions[:, 1 + side] - device @ offset.position
        palm = joints[:, WRISTS[side]] + world[:, WRISTS[side]] @ np.array([(1 - 2 * side) * HAND_LENGTH, 0.0, 0.0])
        away.append(CM * np.linalg.norm(palm - held, axis=-1)[seen])
    return _mean(np.concatenate(away))


def _mean(values: np.ndarray) -> float:
    """The mean, or nan of nothing."""
    return float(values.mean()) if len(values) else float("nan")


def format_scores(rows: dict[str, Row], refused: dict[str, str]) -> str:
    """A table, a line a file and method, then those of motion capture; below it the files that are no recordings.

    What is more than ``plausibility.LIMITS`` allow is marked.
    """
    width = max(len(name) for name in [*rows, *HUMAN])
    lines = [" ".join(["recording".ljust(width), "method".ljust(13), *(f"{name:>13}" for name in COLUMNS)])]
    for name, methods in rows.items():
        lines += [_line(name.ljust(width), method, row) for method, row in methods.items()]
    lines += [_line(name.ljust(width), "", row) for name, row in HUMAN.items()]
    return "\n".join([*lines, *(f"{name}: not read: {message}" for name, message in refused.items())])


def _line(name: str, method: str, row: dict[str, float]) -> str:
    """One line of the table; columns that are not known are left blank."""
    cells = []
    for column in COLUMNS:
        mark = EXCEEDED if exceeds(column, row) else " "
        cells.append(f"{row[column]:12.2f}{mark}" if column in row else " " * 13)
    return " ".join([name, method.ljust(13), *cells]).rstrip()


def exceeds(column: str, row: dict[str, float]) -> bool:
    """Whether a recording's value is more than it should be."""
    return column in LIMITS and "seconds" in row and row[column] > LIMITS[column].most
