"""How far a predicted motion is from the true one: every measure that the field publishes.

Positions are those of SMPL's 22 joints. SAGE, AGRoL and AvatarPoser place a prediction by the *true head position*
before they compare (``score_clip``); ``score_motion`` compares where the prediction puts itself. To add a metric, write
one function below, marked ``@metric``: scores, means, tables and JSON then have it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..body.foot_contacts import foot_rest_heights, in_contact
from ..geometry.rotations import axis_angle_to_matrix, geodesic_angle, matrix_to_axis_angle
from ..geometry.skeleton import ELBOWS, FEET, HEAD, KNEES, LOWER_HALF, PELVIS, UPPER_HALF, WRISTS
from ..mocap.clips import Clip
from ..observation import FPS

UPPER = tuple(joint for joint in UPPER_HALF if joint != PELVIS)
"""The 13 upper joints of published tables: without the root."""
LOWER = LOWER_HALF
CM = 100.0
JITTER_UNIT = 100.0
SHORTEST_CLIP = 4
"""Frames: jitter is a third difference."""
COUNTS = {
    "frames": "frames scored",
    "contacts": "ankles and toes in contact, summed over frames",
}
"""What means over clips are weighted by."""


@dataclass(frozen=True)
class Comparison:
    """A predicted motion beside the true one: what every metric is computed from.

    Local ``rotations`` and world rotations ``world`` (T, 22, 3, 3) and ``positions`` (T, 22, 3) in metres, each with
    its true counterpart.
    """

    rotations: np.ndarray
    world: np.ndarray
    positions: np.ndarray
    true_rotations: np.ndarray
    true_world: np.ndarray
    true_positions: np.ndarray
    truth: Clip

    @cached_property
    def errors(self) -> np.ndarray:
        """Distance (T, 22) in cm of each joint in each frame."""
        return joint_errors(self.positions, self.true_positions)

    @cached_property
    def root_aligned_errors(self) -> np.ndarray:
        """The same with the pelvises laid together."""
        true, predicted = self.true_positions, self.positions
        return joint_errors(predicted - predicted[:, PELVIS, None], true - true[:, PELVIS, None])

    @cached_property
    def angles(self) -> np.ndarray:
        """Angle (T, 22) in degrees between local rotations."""
        return np.degrees(geodesic_angle(self.rotations, self.true_rotations))

    @cached_property
    def world_angles(self) -> np.ndarray:
        """Angle (T, 22) in degrees between world rotations."""
        return np.degrees(geodesic_angle(self.world, self.true_world))

    @cached_property
    def contacts(self) -> np.ndarray:
        """(T - 1, 4) whether each true ankle and toe is in contact."""
        return true_contacts(self.true_positions, self.truth.rest_joints, self.truth.sole)


@dataclass(frozen=True)
class Metric:
    """One measure of a ``Comparison``: its unit, what it is, whether tables show it, and which of ``COUNTS`` weighs its
    mean over clips."""

    compute: Callable[[Comparison], float]
    unit: str
    description: str
    in_table: bool
    weight: str

    def __str__(self) -> str:
        return f"{self.description}, {self.unit}"


METRICS: dict[str, Metric] = {}
"""Every metric by its name, in the order of the tables' columns."""

Compute = Callable[[Comparison], float]


def metric(unit: str, description: str, in_table: bool = True, weight: str = "frames") -> Callable[[Compute], Compute]:
    """Register a function of a ``Comparison`` as the metric of the function's name."""

    def register(compute: Compute) -> Compute:
        METRICS[compute.__name__] = Metric(compute, unit, description, in_table, weight)
        return compute

    return register


@metric("cm", "mean distance of 22 joints")
def mpjpe(pair: Comparison) -> float:
    return pair.errors.mean()


@metric("cm", "mean distance of the 13 upper joints")
def upperpe(pair: Comparison) -> float:
    return pair.errors[:, UPPER].mean()


@metric("cm", "mean distance of the 9 lower joints with the root")
def lowerpe(pair: Comparison) -> float:
    return pair.errors[:, LOWER].mean()


@metric("cm", "mean distance of the two wrists")
def handpe(pair: Comparison) -> float:
    return pair.errors[:, WRISTS].mean()


@metric("cm", "mean distance of the pelvis")
def rootpe(pair: Comparison) -> float:
    return pair.errors[:, PELVIS].mean()


@metric("cm/s", "mean norm of the difference of joint velocities")
def mpjve(pair: Comparison) -> float:
    return np.linalg.norm(velocity(pair.positions) - velocity(pair.true_positions), axis=-1).mean() * CM


@metric("10^2 m/s^3", "mean norm of the third derivative of joint positions")
def jitter(pair: Comparison) -> float:
    return mean_jerk(pair.positions)


@metric("10^2 m/s^3", "jitter of the true motion")
def gt_jitter(pair: Comparison) -> float:
    return mean_jerk(pair.true_positions)


@metric("degrees", "as published: mean |component| of the wrapped axis-angle difference of 21 joints")
def mpjre(pair: Comparison) -> float:
    """It is no angle.

    Axis-angles are subtracted, the difference is wrapped as if it were a rotation, and its components' absolute values
    are averaged over the 21 joints other than the root.
    """
    difference = (matrix_to_axis_angle(pair.true_rotations) - matrix_to_axis_angle(pair.rotations))[:, 1:]
    wrapped = matrix_to_axis_angle(axis_angle_to_matrix(difference))
    return np.degrees(np.abs(wrapped).mean())


@metric("degrees", "mean geodesic angle of the local rotations of 21 joints")
def mpjre_geo(pair: Comparison) -> float:
    return pair.angles[:, 1:].mean()


@metric("degrees", "geodesic angle of the global orient", in_table=False)
def root_geo(pair: Comparison) -> float:
    return pair.angles[:, PELVIS].mean()


@metric("degrees", "geodesic angle of the head in the world", in_table=False)
def head_geo(pair: Comparison) -> float:
    return pair.world_angles[:, HEAD].mean()


@metric("degrees", "mean geodesic angle of the wrists in the world", in_table=False)
def wrist_geo(pair: Comparison) -> float:
    return pair.world_angles[:, WRISTS].mean()


@metric("cm/s", "mean horizontal speed of ankles and toes while the true ones stand", weight="contacts")
def skate(pair: Comparison) -> float:
    return foot_skate(pair.positions, pair.contacts)


@metric("cm/s", "skate of the true motion", weight="contacts")
def gt_skate(pair: Comparison) -> float:
    return foot_skate(pair.true_positions, pair.contacts)


@metric("cm", "mean depth of ankles and toes below their rest heights")
def floor_pen(pair: Comparison) -> float:
    return floor_penetration(pair.positions, pair.truth.rest_joints, pair.truth.sole)


@metric("cm", "floor_pen of the true motion", in_table=False)
def gt_floor_pen(pair: Comparison) -> float:
    return floor_penetration(pair.true_positions, pair.truth.rest_joints, pair.truth.sole)


@metric("cm", "mean distance of ankles and toes", in_table=False)
def feet(pair: Comparison) -> float:
    return pair.errors[:, FEET].mean()


@metric("cm", "mean distance of the elbows", in_table=False)
def elbow(pair: Comparison) -> float:
    return pair.errors[:, ELBOWS].mean()


@metric("cm", "mean distance of the knees", in_table=False)
def knee(pair: Comparison) -> float:
    return pair.errors[:, KNEES].mean()


@metric("cm", "95th percentile over frames of the mean distance of 22 joints", in_table=False)
def p95(pair: Comparison) -> float:
    return float(np.percentile(pair.errors.mean(1), 95))


@metric("cm", "mean distance of the 13 upper joints with the pelvises laid together, as FLAG reports")
def flag_upper(pair: Comparison) -> float:
    return pair.root_aligned_errors[:, UPPER].mean()


@metric("cm", "mean distance of 22 joints with the pelvises laid together, as FLAG reports")
def flag_full(pair: Comparison) -> float:
    return pair.root_aligned_errors.mean()


def joint_errors(positions: np.ndarray, true_positions: np.ndarray) -> np.ndarray:
    """Distance (T, 22) in cm of each joint in each frame."""
    return np.linalg.norm(positions - true_positions, axis=-1) * CM


def velocity(positions: np.ndarray) -> np.ndarray:
    """(T, ...) positions at 60 Hz -> (T - 1, ...) a second."""
    return (positions[1:] - positions[:-1]) * FPS


def mean_jerk(positions: np.ndarray) -> float:
    """Mean norm of the third difference of (T, J, 3) metres at 60 Hz, in 10^2 m/s^3."""
    jerk = np.diff(positions, n=3, axis=0) * FPS**3
    return np.linalg.norm(jerk, axis=-1).mean() / JITTER_UNIT


def true_contacts(true_positions: np.ndarray, rest_joints: np.ndarray, sole: float) -> np.ndarray:
    """(T - 1, 4) whether each true ankle and toe is in contact: low and slow, from the second frame on."""
    feet = true_positions[:, FEET]
    speeds = np.linalg.norm(velocity(feet), axis=-1)
    return in_contact(feet[1:, :, 1], speeds, foot_rest_heights(rest_joints, sole))


def foot_skate(positions: np.ndarray, contacts: np.ndarray) -> float:
    """Mean horizontal speed of ``FEET`` in cm/s over the contacts (T - 1, 4); 0 where there are none."""
    speed = np.linalg.norm(velocity(positions[:, FEET])[..., [0, 2]], axis=-1) * CM
    return speed[contacts].sum() / max(contacts.sum(), 1)


def floor_penetration(positions: np.ndarray, rest_joints: np.ndarray, sole: float) -> float:
    """Mean depth in cm of ``FEET`` below their rest heights, over all feet and frames."""
    return np.maximum(0, foot_rest_heights(rest_joints, sole) - positions[:, FEET, 1]).mean() * CM
