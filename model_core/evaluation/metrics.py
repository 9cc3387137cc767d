"""How far a predicted motion is from the true one: every measure that the field publishes.

Positions are those of SMPL's 22 joints. SAGE, AGRoL and AvatarPoser place a prediction by the *true head position*
before they compare (``score_clip``); ``score_motion`` compares where the prediction puts itself. Errors are in cm and
cm/s, angles in degrees, jitter in 10^2 m/s^3. ``METRICS`` says what each name means.
"""

from collections.abc import Sequence

import numpy as np

from ..mocap.clips import FPS, Clip
from ..body.foot_contacts import foot_rest_heights, stands
from ..errors import InputError
from ..geometry.kinematics import forward_kinematics
from ..geometry.rotations import axis_angle_to_matrix, geodesic_angle, matrix_to_axis_angle
from ..geometry.skeleton import (
    BODY_JOINT_COUNT,
    FEET,
    HEAD,
    LEFT_WRIST,
    LOWER_HALF,
    PELVIS,
    RIGHT_WRIST,
    UPPER_HALF,
)

UPPER = tuple(joint for joint in UPPER_HALF if joint != PELVIS)
"""The 13 upper joints of published tables: without the root."""
LOWER = LOWER_HALF
HANDS = (LEFT_WRIST, RIGHT_WRIST)
ELBOWS, KNEES = (18, 19), (4, 5)
CM = 100.0
JITTER_UNIT = 100.0
SHORTEST_CLIP = 4
"""Frames: jitter is a third difference."""

METRICS = {
    "mpjpe": "mean distance of 22 joints, cm",
    "upperpe": "the same of the 13 upper joints, cm",
    "lowerpe": "the same of the 9 lower joints with the root, cm",
    "handpe": "the same of the two wrists, cm",
    "rootpe": "the same of the pelvis, cm",
    "mpjve": "mean norm of the difference of joint velocities, cm/s",
    "jitter": "mean norm of the third derivative of joint positions, 10^2 m/s^3",
    "gt_jitter": "the same of the true motion",
    "mpjre": "as published: mean |component| of the wrapped axis-angle difference of 21 joints, degrees",
    "mpjre_geo": "mean geodesic angle of the local rotations of 21 joints, degrees",
    "root_geo": "geodesic angle of the global orient, degrees",
    "head_geo": "geodesic angle of the head in the world, degrees",
    "wrist_geo": "mean geodesic angle of the wrists in the world, degrees",
    "skate": "mean horizontal speed of ankles and toes while the true ones stand, cm/s",
    "gt_skate": "the same of the true motion",
    "floor_pen": "mean depth of ankles and toes below their rest heights, cm",
    "gt_floor_pen": "the same of the true motion",
    "feet": "mean distance of ankles and toes, cm",
    "elbow": "mean distance of the elbows, cm",
    "knee": "mean distance of the knees, cm",
    "p95": "95th percentile over frames of the mean distance of 22 joints, cm",
    "flag_full": "mean distance of 22 joints with the pelvises laid together, as FLAG reports, cm",
    "flag_upper": "the same of the 13 upper joints, cm",
}
COUNTS = {
    "frames": "frames scored",
    "contacts": "ankles and toes in contact, summed over frames",
}
TABLE_COLUMNS = (
    "mpjpe", "upperpe", "lowerpe", "handpe", "rootpe", "mpjve", "jitter", "gt_jitter", "mpjre", "mpjre_geo", "skate",
    "gt_skate", "floor_pen", "flag_upper", "flag_full",
)  # fmt: skip


def score_clip(rotations, truth: Clip) -> dict[str, float]:
    """Score local rotations (T, 22, 3, 3), placed by the true head position; returns ``METRICS`` and ``COUNTS``."""
    rotations = _checked(rotations, truth)
    world, positions = forward_kinematics(rotations, np.zeros((len(rotations), 3)), truth.rest_joints)
    true_world, true_positions = truth.world()
    positions = positions - positions[:, HEAD, None] + true_positions[:, HEAD, None]
    return _score(rotations, world, positions, truth, true_world, true_positions)


def score_motion(rotations, translation, truth: Clip) -> dict[str, float]:
    """Score local rotations (T, 22, 3, 3) with the pelvis at ``translation`` (T, 3), as the prediction places itself.

    Both in the frame of the truth: what a refined motion is judged by.
    """
    rotations = _checked(rotations, truth)
    translation = np.asarray(translation, np.float64)
    if translation.shape != (len(truth), 3):
        raise InputError(f"clip {truth.name}: predicted translation {translation.shape} should be ({len(truth)}, 3)")
    world, positions = forward_kinematics(rotations, translation, truth.rest_joints)
    return _score(rotations, world, positions, truth, *truth.world())


def head_placed(rotations, truth: Clip):
    """Joint positions (T, 22, 3) of local rotations (T, 22, 3, 3), placed by the true head position."""
    rotations = _checked(rotations, truth)
    _, positions = forward_kinematics(rotations, np.zeros((len(rotations), 3)), truth.rest_joints)
    return positions - positions[:, HEAD, None] + truth.world()[1][:, HEAD, None]


def joint_errors(positions, true_positions):
    """Distance (T, 22) in cm of each joint in each frame."""
    return np.linalg.norm(positions - true_positions, axis=-1) * CM


def _checked(rotations, truth):
    rotations = np.asarray(rotations, np.float64)
    if rotations.shape != (len(truth), BODY_JOINT_COUNT, 3, 3):
        raise InputError(
            f"clip {truth.name}: predicted rotations {rotations.shape} should be "
            f"({len(truth)}, {BODY_JOINT_COUNT}, 3, 3)"
        )
    if len(truth) < SHORTEST_CLIP:
        raise InputError(f"clip {truth.name}: {len(truth)} frames are too few to score, should be {SHORTEST_CLIP}")
    return rotations


def _score(rotations, world, positions, truth, true_world, true_positions):
    errors = joint_errors(positions, true_positions)
    relative = positions - positions[:, PELVIS, None]
    root_aligned = joint_errors(relative, true_positions - true_positions[:, PELVIS, None])
    contact = foot_contacts(true_positions, truth.rest_joints, truth.sole)
    true_rotations = truth.rotations()
    turns = np.degrees(geodesic_angle(rotations, true_rotations))
    world_turns = np.degrees(geodesic_angle(world, true_world))
    row = {
        "frames": len(truth),
        "contacts": contact.sum(),
        "mpjpe": errors.mean(),
        "upperpe": errors[:, UPPER].mean(),
        "lowerpe": errors[:, LOWER].mean(),
        "handpe": errors[:, HANDS].mean(),
        "rootpe": errors[:, PELVIS].mean(),
        "mpjve": np.linalg.norm(velocity(positions) - velocity(true_positions), axis=-1).mean() * CM,
        "jitter": jitter(positions),
        "gt_jitter": jitter(true_positions),
        "mpjre": published_rotation_error(rotations, true_rotations),
        "mpjre_geo": turns[:, 1:].mean(),
        "root_geo": turns[:, PELVIS].mean(),
        "head_geo": world_turns[:, HEAD].mean(),
        "wrist_geo": world_turns[:, HANDS].mean(),
        "skate": foot_skate(positions, contact),
        "gt_skate": foot_skate(true_positions, contact),
        "floor_pen": floor_penetration(positions, truth.rest_joints, truth.sole),
        "gt_floor_pen": floor_penetration(true_positions, truth.rest_joints, truth.sole),
        "feet": errors[:, FEET].mean(),
        "elbow": errors[:, ELBOWS].mean(),
        "knee": errors[:, KNEES].mean(),
        "p95": np.percentile(errors.mean(1), 95),
        "flag_full": root_aligned.mean(),
        "flag_upper": root_aligned[:, UPPER].mean(),
    }
    return {name: float(value) for name, value in row.items()}


def velocity(positions):
    """(T, ...) positions at 60 Hz -> (T - 1, ...) a second."""
    return (positions[1:] - positions[:-1]) * FPS


def jitter(positions):
    """Mean norm of the third difference of (T, J, 3) metres at 60 Hz, in 10^2 m/s^3."""
    jerk = np.diff(positions, n=3, axis=0) * FPS**3
    return np.linalg.norm(jerk, axis=-1).mean() / JITTER_UNIT


def published_rotation_error(rotations, true_rotations):
    """The "MPJRE" of published tables, in degrees. It is no angle.

    Axis-angles are subtracted, the difference is wrapped as if it were a rotation, and its components' absolute values
    are averaged over the 21 joints other than the root.
    """
    difference = (matrix_to_axis_angle(true_rotations) - matrix_to_axis_angle(rotations))[:, 1:]
    wrapped = matrix_to_axis_angle(axis_angle_to_matrix(difference))
    return np.degrees(np.abs(wrapped).mean())


def foot_contacts(true_positions, rest_joints, sole):
    """(T - 1, 4) whether each true ankle and toe stands: low and slow, from the second frame on."""
    feet = true_positions[:, FEET]
    speeds = np.linalg.norm(velocity(feet), axis=-1)
    return stands(feet[1:, :, 1], speeds, foot_rest_heights(rest_joints, sole))


def foot_skate(positions, contact):
    """Mean horizontal speed of ``FEET`` in cm/s over the contacts (T - 1, 4); 0 where there are none."""
    speed = np.linalg.norm(velocity(positions[:, FEET])[..., [0, 2]], axis=-1) * CM
    return speed[contact].sum() / max(contact.sum(), 1)


def floor_penetration(positions, rest_joints, sole):
    """Mean depth in cm of ``FEET`` below their rest heights, over all feet and frames."""
    return np.maximum(0, foot_rest_heights(rest_joints, sole) - positions[:, FEET, 1]).mean() * CM


def aggregate(rows: Sequence[dict]) -> dict[str, float]:
    """Means over clips, weighted by frames (foot skate by contacts), and sums of ``COUNTS``.

    ``NAME_clipmean`` is the plain mean over clips of each metric, as SAGE's scripts print it.
    """
    if not rows:
        raise InputError("no clips to aggregate; should be at least one")
    result = {name: float(sum(row[name] for row in rows)) for name in COUNTS}
    for name in METRICS:
        values = np.array([row[name] for row in rows])
        weights = np.array([row["contacts" if name.endswith("skate") else "frames"] for row in rows])
        result[name] = float((weights * values).sum() / max(weights.sum(), 1))
        result[name + "_clipmean"] = float(values.mean())
    return result


def aggregate_by(rows: Sequence[dict], key: str) -> dict[str, dict[str, float]]:
    """``aggregate`` of the rows that share ``row[key]`` (an activity, a split, a skeleton), by that value, sorted."""
    groups: dict[str, list[dict]] = {}
    for row in rows:
        groups.setdefault(str(row[key]), []).append(row)
    return {value: aggregate(groups[value]) for value in sorted(groups)}


def format_table(
    rows: dict[str, dict[str, float]], columns: Sequence[str] = TABLE_COLUMNS, placed: dict[str, str] | None = None
) -> str:
    """A plain-text table of aggregated rows by label; units as in ``METRICS``.

    ``placed`` has a word a row for a column of that name: who says where the body stands.
    """
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
