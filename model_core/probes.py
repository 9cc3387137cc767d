"""A few vertices that stand for the whole skin: where uncertainty is measured and how it spreads (numpy only)."""

import numpy as np

PROBE_COUNT = 128
NEIGHBOURS = 4
SKINNING_DISTANCE = 0.2
"""Metres that two vertices seem apart for a whole weight's difference: keeps thighs, or an arm and the flank, apart."""
SMALLEST = 1e-6
"""Weight of a probe at the rim of its reach: more than nothing, should all four lie there."""


def choose_probes(body, count=PROBE_COUNT):
    """Spread ``count`` probes over the rest mesh and share each vertex among the four nearest ones.

    Returns ``vertices`` (count,) int64, the probes' vertices; ``index`` (V, 4) int32 into the probes and ``weight``
    (V, 4) float32, convex, as in ``motion.Uncertainty``; what is measured at the probes is blended smoothly between
    them. "Near" is measured on the rest pose and in the skin weights alike.
    """
    places = np.concatenate([body.template, SKINNING_DISTANCE * body.weights], 1).astype(np.float64)
    vertices = _farthest_points(places, min(count, len(places)))
    distances = np.stack([np.linalg.norm(places - places[vertex], axis=1) for vertex in vertices], 1)
    order = np.argsort(distances, 1)[:, : NEIGHBOURS + 1]
    near = np.take_along_axis(distances, order, 1)
    # A bump that ends where the first probe left out begins, so that nothing jumps where neighbours change places.
    weight = np.square(1 - np.square(near[:, :NEIGHBOURS] / near[:, NEIGHBOURS:])) + SMALLEST
    weight /= weight.sum(1, keepdims=True)
    return vertices, order[:, :NEIGHBOURS].astype(np.int32), weight.astype(np.float32)


def _farthest_points(places, count):
    """Indices (count,) of points (V, n), each the farthest from those before it; the first is the highest."""
    chosen = [int(places[:, 1].argmax())]
    distances = np.full(len(places), np.inf)
    while len(chosen) < count:
        distances = np.minimum(distances, np.linalg.norm(places - places[chosen[-1]], axis=1))
        chosen.append(int(distances.argmax()))
    return np.array(chosen)
