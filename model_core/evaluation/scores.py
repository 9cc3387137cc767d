"""Score predictions of true clips by every metric; means over clips, and tables of them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..errors import InputError
from ..geometry.kinematics import forward_kinematics
from ..geometry.skeleton import BODY_JOINT_COUNT, HEAD
from ..mocap.clips import Clip
from .metrics import COUNTS, METRICS, SHORTEST_CLIP, Comparison


def score_clip(rotations: np.ndarray, truth: Clip) -> dict[str, float]:
    """Score local rotations (T, 22, 3, 3), placed by the true head position; returns ``METRICS`` and ``COUNTS``."""
    rotations = _checked(rotations, truth)
    world, positions = forward_kinematics(rotations, np.zeros((len(rotations), 3)), truth.rest_joints)
    true_world, true_positions = truth.world()
    positions = positions - positions[:, HEAD, None] + true_positions[:, HEAD, None]
    return _score(Comparison(rotations, world, positions, truth.rotations(), true_world, true_positions, truth))


def score_motion(rotations: np.ndarray, translation: np.ndarray, truth: Clip) -> dict[str, float]:
    """Score local rotations (T, 22, 3, 3) with the pelvis at ``translation`` (T, 3), as the prediction places itself.

    Both in the frame of the truth: what a refined motion is judged by.
    """
    rotations = _checked(rotations, truth)
    translation = np.asarray(translation, np.float64)
    if translation.shape != (len(truth), 3):
        raise InputError(f"clip {truth.name}: predicted translation {translation.shape} should be ({len(truth)}, 3)")
    world, positions = forward_kinematics(rotations, translation, truth.rest_joints)
    return _score(Comparison(rotations, world, positions, truth.rotations(), *truth.world(), truth))


def head_placed(rotations: np.ndarray, truth: Clip) -> np.ndarray:
    """Joint positions (T, 22, 3) of local rotations (T, 22, 3, 3), placed by the true head position."""
    rotations = _checked(rotations, truth)
    _, positions = forward_kinematics(rotations, np.zeros((len(rotations), 3)), truth.rest_joints)
    return positions - positions[:, HEAD, None] + truth.world()[1][:, HEAD, None]


def _checked(rotations: np.ndarray, truth: Clip) -> np.ndarray:
    rotations = np.asarray(rotations, np.float64)
    if rotations.shape != (len(truth), BODY_JOINT_COUNT, 3, 3):
        raise InputError(
            f"clip {truth.name}: predicted rotations {rotations.shape} should be "
            f"({len(truth)}, {BODY_JOINT_COUNT}, 3, 3)"
        )
    if len(truth) < SHORTEST_CLIP:
        raise InputError(f"clip {truth.name}: {len(truth)} frames are too few to score, should be {SHORTEST_CLIP}")
    return rotations


def _score(pair: Comparison) -> dict[str, float]:
    row = {"frames": float(len(pair.truth)), "contacts": float(pair.contacts.sum())}
    return row | {name: float(metric.compute(pair)) for name, metric in METRICS.items()}


def aggregate(rows: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Means over clips, weighted by frames (foot skate by contacts), and sums of ``COUNTS``.

    ``NAME_clipmean`` is the plain mean over clips of each metric, as SAGE's scripts print it.
    """
    if not rows:
        raise InputError("no clips to aggregate; should be at least one")
    result = {name: float(sum(row[name] for row in rows)) for name in COUNTS}
    for name, metric in METRICS.items():
        values = np.array([row[name] for row in rows])
        weights = np.array([row[metric.weight] for row in rows])
        result[name] = float((weights * values).sum() / max(weights.sum(), 1))
        result[name + "_clipmean"] = float(values.mean())
    return result


def aggregate_by(rows: Sequence[Mapping[str, Any]], key: str) -> dict[str, dict[str, float]]:
    """``aggregate`` of the rows that share ``row[key]`` (an activity, a split, a skeleton), by that value, sorted."""
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        groups.setdefault(str(row[key]), []).append(row)
    return {value: aggregate(groups[value]) for value in sorted(groups)}


def format_table(
    rows: dict[str, dict[str, float]], columns: Sequence[str] | None = None, placed: dict[str, str] | None = None
) -> str:
    """A plain-text table of aggregated rows by label; columns are the ``METRICS`` that are ``in_table``, unless given.

    ``placed`` has a word a row for a column of that name: who says where the body stands.
    """
    if columns is None:
        columns = [name for name, metric in METRICS.items() if metric.in_table]
    label_width = max(len("frames"), *(len(label) for label in rows))
    widths = [max(len(column), 6) for column in columns]
    placed_width = max(len("placed"), *(len(word) for word in placed.values())) if placed else 0
    head = [" " * label_width, *(["placed".ljust(placed_width)] if placed else []), " frames"]
    lines = [" ".join([*head, *(column.rjust(width) for column, width in zip(columns, widths, strict=True))])]
    for label, row in rows.items():
        cells = [f"{row[column]:{width}.2f}" for column, width in zip(columns, widths, strict=True)]
        where = [placed[label].ljust(placed_width)] if placed else []
        lines.append(" ".join([label.ljust(label_width), *where, f"{int(row['frames']):7d}", *cells]))
    return "\n".join(lines)
