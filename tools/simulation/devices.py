"""Attach made-up trackers to mocap of known truth, and show how well calibration finds them again.

Each clip's person is scaled by 0.85 to 1.15, holds a T-pose for two seconds and then moves as captured. A headset is
before the eyes; on each hand a tracker sits anyhow, up to 12 cm and 60 degrees from the wrist. What calibration finds,
from the T-pose and from the motion without it, is compared with that. "On flat ground" leaves out clips of people who
walk over obstacles: there y = 0 is not the floor they stand on. "Sure" are clips of which calibration does not call the
stature a guess.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...model_core.body import Body, load_body
from ...model_core.calibration import Offset
from ...model_core.calibration.person import SURE, estimate_stature, head_offset
from ...model_core.errors import InputError
from ...model_core.geometry.frames import OPENXR_TO_MODEL
from ...model_core.geometry.kinematics import forward_kinematics
from ...model_core.geometry.rotations import (
    axis_angle_to_matrix,
    axis_angle_to_quaternion,
    geodesic_angle,
    matrix_to_axis_angle,
    matrix_to_quaternion,
    quaternion_to_matrix,
    rotation_about_y,
)
from ...model_core.geometry.skeleton import BODY_JOINT_COUNT, FEET, ROLES, TRACKED_JOINTS
from ...model_core.mocap.clips import Clip, load_clips
from ...model_core.observation import FPS
from ...model_core.pipeline import KnownPose, Options, calibrate, model_frame
from ...model_core.recordings import Recording, Track
from ...model_core.recordings.model_frame import ModelFrameRecording
from ...model_core.whole_files import Outputs
from ..support.arguments import command_parser
from ..support.checkout import WORK

Rows = list[dict[str, Any]]
"""What was found in each clip."""

T_POSE_SECONDS, BLEND_SECONDS = 2.0, 1.0
FARTHEST, LARGEST_ANGLE = 0.12, np.radians(60)
SMALLEST, LARGEST = 0.85, 1.15
SHORTEST_PREDICTED = 5.0
"""Seconds of a clip, at least, for a prediction to be shown."""
UNEVEN = "non_flat_ground"
SWAY = 2e-4
"""Radians by which a person who stands still sways; nobody holds a pose to the last bit."""


@dataclass(frozen=True)
class Simulation:
    """A recording whose truth is known: the person's ``betas``, the ``offsets``, the joints' world rotations
    (T, 22, 3, 3) and positions (T, 22, 3) in the model's frame; the T-pose is left ``moves_from`` seconds on.
    """

    recording: Recording
    betas: np.ndarray
    offsets: dict[str, Offset]
    rotations: np.ndarray
    positions: np.ndarray
    moves_from: float


def run(arguments: list[str]) -> int:
    """Simulate, calibrate, print a table."""
    parser = command_parser("simulate devices", __doc__)
    parser.add_argument("clips", nargs="*", type=Path, metavar="CLIPS.npz", help="by default val and test")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only every N-th clip")
    parser.add_argument("--predict", action="store_true", help="show what offsets cost a prediction, too (slow)")
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every row")
    options = parser.parse_args(arguments)
    body, rng, rows = load_body(), np.random.default_rng(options.seed), []
    paths = options.clips or [WORK / "data" / "motion" / f"{split}.npz" for split in ("val", "test")]
    predicted = _predictor(body) if options.predict else lambda simulation: {}
    for path in paths:
        for clip in list(load_clips(path))[:: options.every]:
            simulation = simulate(clip, body, rng)
            found = {**score(simulation, body), **predicted(simulation)}
            if UNEVEN not in (clip.meta.get("flags") or []):
                found["no pose, on flat ground: stature"] = found["no pose: stature"]
            if found["no pose: standard error"] <= SURE:
                found["no pose, sure: stature"] = found["no pose: stature"]
            rows.append({"clip": clip.name, **found})
    print("\n".join([*table(rows), *stature_uncertainty(rows)]))
    if options.json:
        with Outputs() as outputs:
            outputs.path_for(options.json).write_text(json.dumps(rows, indent=1))
    return 0


COLUMNS = (
    ("T-pose: offset's position", "cm", 100, 1.0),
    ("T-pose: offset's rotation", "degrees", 1, 3.0),
    ("T-pose: stature", "cm", 100, 2.0),
    ("T-pose: moment found", "of clips", 1, None),
    ("no pose: stature", "cm", 100, 2.0),
    ("no pose, on flat ground: stature", "cm", 100, 2.0),
    ("no pose, sure: stature", "cm", 100, 2.0),
    ("MPJPE, true offsets", "cm", 100, None),
    ("MPJPE, none", "cm", 100, None),
    ("MPJPE, fitted to SAGE", "cm", 100, None),
    ("MPJPE, fitted by FLAG", "cm", 100, None),
    ("MPJPE, all found", "cm", 100, None),
)
"""What is shown: its name, unit and scale, and what the median should stay below."""
MOST_WORSE = 1.15
"""Times the error with true offsets: what fitted offsets should bring a prediction to."""


def table(rows: Rows) -> list[str]:
    """Lines of a table of what ``score`` and the predictions found in each clip."""
    lines = [f"{len(rows)} clips {'mean':>34} {'median':>8} {'worst':>8} {'goal':>8}"]
    for name, unit, scale, goal in COLUMNS:
        values = scale * np.array([row[name] for row in rows if name in row])
        if len(values):
            shown = f"  {name:<34} {values.mean():8.2f} {np.median(values):8.2f} {values.max():8.2f}"
            lines.append(f"{shown} {'' if goal is None else goal:>8} {unit}")
    predicted = [row for row in rows if "MPJPE, true offsets" in row]
    for name in ("MPJPE, fitted by FLAG", "MPJPE, all found") if predicted else ():
        means = [np.mean([row[column] for row in predicted]) for column in (name, "MPJPE, true offsets")]
        lines.append(f"  {name}: {means[0] / means[1]:.3f} of that with true offsets (goal {MOST_WORSE})")
    return lines


def stature_uncertainty(rows: Rows) -> list[str]:
    """Lines on how well the standard errors of statures without a pose agree with what is wrong."""
    wrong = 100 * np.array([row["no pose, sure: stature"] for row in rows if "no pose, sure: stature" in row])
    lines = [f"  sure of the stature (standard error up to {100 * SURE:.1f} cm) in {len(wrong)} of {len(rows)} clips"]
    if len(wrong):
        most = np.percentile(wrong, 90)
        lines.append(f"    of these {(wrong <= 2).mean():.0%} within 2 cm, 90% within {most:.1f} cm")
    sigma, ninety = (np.mean([row[f"no pose: within {name}"] for row in rows]) for name in ("sigma", "90%"))
    return [*lines, f"    of all the truth is within one sigma in {sigma:.0%}, within the 90% interval in {ninety:.0%}"]


def _predictor(body: Body) -> Callable[[Simulation], dict[str, float]]:
    """A function of a simulation that says what its offsets cost a prediction."""
    from ...model_core.pipeline import load_networks
    from .prediction import prediction_errors

    networks = load_networks()

    def predicted(simulation: Simulation) -> dict[str, float]:
        recording = without_t_pose(simulation)
        long_enough = recording.duration >= SHORTEST_PREDICTED
        return prediction_errors(simulation, recording, body, networks) if long_enough else {}

    return predicted


def simulate(clip: Clip, body: Body, rng: np.random.Generator) -> Simulation:
    """The ``Simulation`` of a clip with a person, and trackers, drawn from ``rng``."""
    mean = np.zeros(10, np.float32)
    betas = body.betas_for(float(body.stature(mean)) * rng.uniform(SMALLEST, LARGEST)).astype(float)
    rest, sole = body.rest_joints(betas)[:BODY_JOINT_COUNT], float(body.sole(betas))
    local, pelvis = _with_t_pose(clip, rest, sole, rng)
    world, positions = forward_kinematics(local, pelvis, rest)
    offsets = {"head": head_offset(float(body.size(betas)))}
    for role in ROLES[1:]:
        rotation, position = random_within(rng, LARGEST_ANGLE), random_within(rng, FARTHEST)
        offsets[role] = Offset(axis_angle_to_quaternion(rotation), position)
    tracks = {}
    for role, joint in zip(ROLES, TRACKED_JOINTS, strict=True):
        rotation = world[:, joint] @ quaternion_to_matrix(offsets[role].rotation).T
        position = positions[:, joint] - rotation @ offsets[role].position
        quaternion = matrix_to_quaternion(OPENXR_TO_MODEL.T @ rotation @ OPENXR_TO_MODEL)
        tracks[role] = Track(position @ OPENXR_TO_MODEL, quaternion, np.ones(len(position), bool))
    recording = Recording(np.arange(len(pelvis)) / FPS, tracks, clip.name).validate()
    return Simulation(recording, betas, offsets, world, positions, T_POSE_SECONDS + BLEND_SECONDS)


def _with_t_pose(clip: Clip, rest: np.ndarray, sole: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Local rotations and pelvis of a T-pose, a second to leave it, and the clip, on a person of other size."""
    local = clip.rotations()
    ratio = (rest[0, 1] - sole) / (clip.rest_joints[0, 1] - clip.sole)
    pelvis = clip.translation.astype(float) * ratio
    standing = np.tile(np.eye(3), (BODY_JOINT_COUNT, 1, 1))
    standing[0] = rotation_about_y(np.arctan2(local[0, 0, 0, 2], local[0, 0, 2, 2]))
    origin = np.array([pelvis[0, 0], rest[0, 1] - sole, pelvis[0, 2]])
    held, blend = round(T_POSE_SECONDS * FPS), round(BLEND_SECONDS * FPS)
    weight = np.arange(1, blend + 1)[:, None, None] / (blend + 1)
    between = standing @ axis_angle_to_matrix(matrix_to_axis_angle(standing.swapaxes(-1, -2) @ local[0]) * weight)
    sway = axis_angle_to_matrix(rng.normal(0, SWAY, (held, BODY_JOINT_COUNT, 3)))
    rotations = np.concatenate([standing @ sway, between, local])
    translations = np.concatenate([np.tile(origin, (held, 1)), origin + (pelvis[0] - origin) * weight[:, 0], pelvis])
    # The floor is the clip's: on the way out of the T-pose feet go straight through it.
    _, positions = forward_kinematics(rotations[held + blend :], translations[held + blend :], rest)
    lowest = (positions[:, list(FEET), 1] - (rest[list(FEET), 1] - sole)).min(-1)
    translations[held:, 1] -= np.percentile(lowest, 5)
    return rotations, translations


def random_within(rng: np.random.Generator, largest: float) -> np.ndarray:
    """A random vector of any direction, its length even between 0 and ``largest``."""
    direction = rng.normal(size=3)
    return direction / np.linalg.norm(direction) * largest * rng.random()


def without_t_pose(simulation: Simulation) -> Recording:
    """The recording from where the clip begins."""
    return simulation.recording.at(simulation.recording.time >= simulation.moves_from).validate()


def score(simulation: Simulation, body: Body) -> dict[str, float]:
    """Errors of the calibrations in metres and degrees, and whether the T-pose was found."""
    recording, truth = model_frame(simulation.recording), float(body.stature(simulation.betas))
    found = calibrate(recording, Options(body=body, pose=KnownPose("t", T_POSE_SECONDS / 2)))
    distances, angles = [], []
    for role in ROLES[1:]:
        true, estimated = simulation.offsets[role], found.offsets[role]
        distances.append(float(np.linalg.norm(true.position - estimated.position)))
        rotations = quaternion_to_matrix(true.rotation), quaternion_to_matrix(estimated.rotation)
        angles.append(float(np.degrees(geodesic_angle(*rotations))))
    # A calibration keeps no interval of the stature: its estimate does, from which an unknown device's person is taken.
    stature = estimate_stature(model_frame(without_t_pose(simulation)), body).stature
    error = abs(stature.value - truth)
    return {
        "T-pose: offset's position": max(distances),
        "T-pose: offset's rotation": max(angles),
        "T-pose: stature": abs(float(body.stature(found.betas)) - truth),
        "T-pose: moment found": float(_finds_t_pose(recording, body)),
        "no pose: stature": error,
        "no pose: standard error": stature.error,
        "no pose: within sigma": float(error <= stature.error),
        "no pose: within 90%": float(stature.low <= truth <= stature.high),
    }


def _finds_t_pose(recording: ModelFrameRecording, body: Body) -> bool:
    """Whether calibration finds the T-pose that the simulation begins with."""
    try:
        found = calibrate(recording, Options(body=body, pose=KnownPose("t")))
    except InputError:
        return False
    second = next((note.values["second"] for note in found.notes if note.code == "person_in_pose"), None)
    return isinstance(second, float) and second < T_POSE_SECONDS
