"""The cheapest sequence of choices over time (Viterbi 1967)."""

import numpy as np


def shortest_path(costs: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """The choices (T,) whose ``costs`` (T, K) and ``steps`` (T - 1, K, K) or (K, K), [to, from], sum to the least."""
    total, best = costs[0], np.zeros(costs.shape, np.int64)
    for time in range(1, len(costs)):
        reached = total[None] + (steps if steps.ndim == 2 else steps[time - 1])
        best[time] = reached.argmin(1)
        total = costs[time] + reached.min(1)
    chosen = np.empty(len(costs), np.int64)
    chosen[-1] = total.argmin()
    for time in range(len(costs) - 1, 0, -1):
        chosen[time - 1] = best[time, chosen[time]]
    return chosen
