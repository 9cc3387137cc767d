"""The cheapest sequence of choices over time (Viterbi 1967), decided a bounded time later."""

import numpy as np

DECIDED_AFTER = 15
"""Choices after which one is decided, once for as many of them: one depends on at most twice as many later ones."""


def shortest_path(costs: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """The choices (T,) whose ``costs`` (T, K) and ``steps`` (T - 1, K, K) or (K, K), [to, from], sum to the least.

    Every ``DECIDED_AFTER`` choices what is cheapest so far decides the one that is as many back; from then on only
    sequences that pass there are looked at. Nearly always all of them do.
    """
    total, best = costs[0], np.zeros(costs.shape, np.int64)
    for time in range(1, len(costs)):
        reached = total[None] + (steps if steps.ndim == 2 else steps[time - 1])
        best[time] = reached.argmin(1)
        total = costs[time] + reached.min(1)
        if time % DECIDED_AFTER == 0:
            passed = np.arange(len(total))
            for back in range(time, time - DECIDED_AFTER, -1):
                passed = best[back, passed]
            total = np.where(passed == passed[total.argmin()], total, np.inf)
    chosen = np.empty(len(costs), np.int64)
    chosen[-1] = total.argmin()
    for time in range(len(costs) - 1, 0, -1):
        chosen[time - 1] = best[time, chosen[time]]
    return chosen
