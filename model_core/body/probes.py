"""A few vertices that stand for the whole skin: where uncertainty is estimated, and its interpolation (numpy only)."""

import numpy as np

from ..geometry.skeleton import BODY_JOINT_COUNT, PARENTS
from .model import Body

PROBE_COUNT = 128
NEIGHBOURS = 4
PLACING_DISTANCE, MIXING_DISTANCE = 0.2, 0.1
"""Metres that a skin weight's difference of one adds to the distance of two vertices, when probes are placed and when
vertices are shared among them: keeps thighs, or an arm and the flank, apart. Found by trial: see ``choose_probes``."""
NEAREST = 1e-4
"""Metres below which a vertex is its probe."""
SMALLEST = 1e-6
"""Weight of a probe at the rim of its reach: more than nothing, should all four lie there."""


def choose_probes(body: Body, count: int = PROBE_COUNT) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Spread ``count`` probes over the rest mesh and share each vertex among the four nearest ones.

    Returns ``vertices`` (count,) int64, the probes' vertices; ``index`` (V, 4) int32 into the probes and ``weight``
    (V, 4) float32, convex, as in ``motion.Uncertainty``; what is measured at the probes is blended smoothly between
    them. "Near" is measured on the rest pose and in the skin weights alike. With 128 probes FLAG's uncertainty of the
    default body is on average within 2 % of one that is computed at every vertex.
    """
    weights = body_weights(body)
    vertices = _farthest_points(_embedding(body, weights, PLACING_DISTANCE), min(count, len(weights)))
    points = _embedding(body, weights, MIXING_DISTANCE)
    distances = _distances(points, points[vertices])
    order = np.argpartition(distances, NEIGHBOURS, 1)[:, : NEIGHBOURS + 1]
    order = np.take_along_axis(order, np.argsort(np.take_along_axis(distances, order, 1), 1), 1)
    near = np.take_along_axis(distances, order, 1)
    # A bump that ends where the first probe left out begins, so that nothing jumps where neighbours change places.
    weight = np.square(1 - np.square(near[:, :NEIGHBOURS] / near[:, NEIGHBOURS:])) + SMALLEST
    weight /= np.maximum(near[:, :NEIGHBOURS], NEAREST)
    weight /= weight.sum(1, keepdims=True)
    return vertices, order[:, :NEIGHBOURS].astype(np.int32), weight.astype(np.float32)


def body_weights(body: Body) -> np.ndarray:
    """Skin weights (V, 22) of a body whose hands are stiff: what follows a hand follows its wrist."""
    weights = np.array(body.weights[:, :BODY_JOINT_COUNT])
    for joint in range(BODY_JOINT_COUNT, body.weights.shape[1]):
        weights[:, PARENTS[joint]] += body.weights[:, joint]
    return weights


def _embedding(body: Body, weights: np.ndarray, distance: float) -> np.ndarray:
    return np.concatenate([body.template, distance * weights], 1).astype(np.float64)


def _farthest_points(points: np.ndarray, count: int) -> np.ndarray:
    """Indices (count,) of points (V, n), each the farthest from those before it; the first is the highest."""
    chosen = [int(points[:, 1].argmax())]
    distances = np.full(len(points), np.inf)
    while len(chosen) < count:
        distances = np.minimum(distances, _distances(points, points[chosen[-1:]])[:, 0])
        chosen.append(int(distances.argmax()))
    return np.array(chosen)


def _distances(points: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Distances (V, K) of points (V, n) from ``others`` (K, n), by one product of matrices."""
    squares, other_squares = (np.einsum("vn,vn->v", some, some) for some in (points, others))
    return np.sqrt(np.maximum(squares[:, None] + other_squares - 2 * (points @ others.T), 0))
