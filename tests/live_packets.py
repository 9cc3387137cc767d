"""What a network does to packets."""

import numpy as np


def disturbed(moments, seed, lost=0.05):
    """Moments of which, after the first, some are lost, some come twice and some after the next."""
    random, result = np.random.default_rng(seed), list(moments[:1])
    for moment in moments[1:]:
        chance = random.random()
        if chance < lost:
            continue
        result += [moment, moment] if chance < 2 * lost else [moment]
        if chance > 1 - lost and len(result) > 2:
            result[-1], result[-2] = result[-2], result[-1]
    return result
