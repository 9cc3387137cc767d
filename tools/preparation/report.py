"""What could differ between skeletons after retargeting, measured: heads, wrists, feet, knees, noise."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...model_core.evaluation.metrics import mean_jerk
from ...model_core.geometry.rotations import geodesic_angle, matrix_to_axis_angle, nearest_rotation, rotation_about_y
from ...model_core.geometry.skeleton import HEAD, PELVIS
from ...model_core.mocap.cleaning import foot_heights
from ...model_core.mocap.clips import Clip
from ...model_core.mocap.preparation import UNEVEN_GROUND
from ...model_core.observation import FPS

UPRIGHT = 0.95
"""Cosine of the pelvis's lean in frames that count as walking."""
WALKING_SPEED = (0.7, 1.8)
"""m/s of the pelvis between which they count: people differ less in how they walk than in how they stand."""
KNEE_BACKWARDS, FOOT_STILL, SUNK = -8.0, 0.05, -0.03
"""Degrees of a knee bent the wrong way; m/s of an ankle that stands; metres of a foot that sank."""
CM = 100.0


def report(clips: Sequence[Clip]) -> str:
    """A table with a line for each skeleton, of what should agree between them, and what the columns mean."""
    groups = defaultdict(list)
    for clip in clips:
        groups[clip.meta["skeleton"]].append(clip)
    rows = {name: _measure(group) for name, group in groups.items()}
    wrists = {name: row.pop("wrist") for name, row in rows.items()}
    known = {name: wrist for name, wrist in wrists.items() if wrist is not None}
    middle = nearest_rotation(np.mean(list(known.values()), 0)) if known else np.eye(3)
    for name, row in rows.items():
        row["wrist from mean"] = float(np.degrees(geodesic_angle(known[name], middle))) if name in known else np.nan
    return "\n".join([_table(rows), "", *(f"{name}: {meaning}" for name, meaning in MEANINGS.items())])


MEANINGS = {
    "head pitch": "degrees the head looks up while walking, mean",
    "head ahead": "cm from pelvis to head along the pelvis's heading, then, mean",
    "wrist from mean": "degrees between the hanging wrists' mean orientation (mirrored to one) and all skeletons' mean",
    "wrist on forearm": "degrees between wrist and forearm, mean over all frames",
    "foot pitch": "degrees that standing feet's toes point up, median",
    "lowest foot": "cm of the lowest ankle or toe above its rest height, median over frames on flat ground",
    "sunk": "share of those frames in which it is over 3 cm below",
    "knee back": "share of frames with a knee bent backwards by over 8 degrees (CMU's straight knee is at 5)",
    "jitter": "mean third derivative of joint positions, 10^2 m/s^3",
}


def _measure(clips: Sequence[Clip]) -> dict[str, Any]:
    samples = defaultdict(list)
    for clip in clips:
        _sample(clip, samples)
    rows = {name: np.concatenate(values) for name, values in samples.items() if name != "jitter"}
    return {
        "minutes": sum(len(clip) for clip in clips) / FPS / 60,
        "head pitch": _of(np.mean, rows["head_pitch"]),
        "head ahead": _of(np.mean, rows["head_ahead"]) * CM,
        "wrist": nearest_rotation(rows["wrist"].mean(0)) if len(rows["wrist"]) else None,
        "wrist on forearm": rows["wrist_on_forearm"].mean(),
        "foot pitch": _of(np.median, rows["foot_pitch"]),
        "lowest foot": _of(np.median, rows["lowest"]) * CM,
        "sunk": _of(np.mean, rows["lowest"] < SUNK),
        "knee back": rows["knee_back"].mean(),
        "jitter": np.average(samples["jitter"], weights=[len(clip) for clip in clips]),
    }


def _sample(clip: Clip, samples: dict[str, list[Any]]) -> None:
    rotations, (world, positions) = clip.rotations(), clip.world()
    forward = world[:, PELVIS, :, 2]
    straight = rotation_about_y(-np.arctan2(forward[:, 0], forward[:, 2]))
    speed = np.linalg.norm(np.gradient(positions[:, PELVIS], axis=0), axis=-1) * FPS
    knees = np.degrees(matrix_to_axis_angle(rotations[:, [4, 5]]))[..., 0]
    walking = (world[:, PELVIS, 1, 1] > UPRIGHT) & (speed > WALKING_SPEED[0]) & (speed < WALKING_SPEED[1])
    samples["head_pitch"].append(np.degrees(np.arcsin(np.clip(world[walking, HEAD, 1, 2], -1, 1))))
    ahead = np.einsum("nij,nj->ni", straight, positions[:, HEAD] - positions[:, PELVIS])[:, 2]
    samples["head_ahead"].append(ahead[walking])
    for wrist, elbow, sign in ((20, 18, 1), (21, 19, -1)):
        hanging = walking & (positions[:, wrist, 1] < positions[:, PELVIS, 1] + 0.1)
        flip = np.array([1.0, sign, sign])
        turned = (straight @ world[:, wrist])[hanging] * flip[:, None] * flip
        samples["wrist"].append(turned)
        samples["wrist_on_forearm"].append(np.degrees(geodesic_angle(world[:, elbow], world[:, wrist])))
    for ankle in (7, 8):
        still = np.linalg.norm(np.gradient(positions[:, ankle], axis=0), axis=-1) * FPS < FOOT_STILL
        samples["foot_pitch"].append(np.degrees(np.arcsin(np.clip(world[still, ankle, 1, 2], -1, 1))))
    flat = UNEVEN_GROUND not in clip.meta["flags"]
    samples["lowest"].append(foot_heights(positions, clip.rest_joints, clip.sole).min(1)[: None if flat else 0])
    samples["knee_back"].append((knees < KNEE_BACKWARDS).any(1))
    samples["jitter"].append(mean_jerk(positions))


def _of(statistic: Callable[[np.ndarray], Any], values: np.ndarray) -> float:
    """The statistic, or not a number where nothing was measured."""
    return statistic(values) if len(values) else np.nan


def _table(rows: dict[str, dict[str, Any]]) -> str:
    columns = list(next(iter(rows.values())))
    lines = [" ".join([" " * 8, *(column.rjust(16) for column in columns)])]
    for name in sorted(rows):
        lines.append(" ".join([name.ljust(8), *(f"{rows[name][column]:16.2f}" for column in columns)]))
    return "\n".join(lines)
