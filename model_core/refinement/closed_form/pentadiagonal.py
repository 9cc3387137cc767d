"""Symmetric systems of equations in which an unknown meets only the two before and the two after it (numpy only)."""

import numpy as np

BLOCK = 24
"""Unknowns that are solved for at a time: numpy's calls take as long as the work itself with about so many."""


def solve(diagonal: np.ndarray, first: np.ndarray, second: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The solution (T, D) of a symmetric positive definite system with the right-hand sides ``right`` (T, D).

    Its matrix has ``diagonal`` (T,) and beside it ``first`` (T - 1,) and ``second`` (T - 2,), all float64. Block
    elimination (the Thomas algorithm with blocks for numbers; Golub and Van Loan, Matrix Computations, 4.5.1), whose
    time and memory grow with T alone.
    """
    count = -(-len(diagonal) // BLOCK)
    unknowns = count * BLOCK
    blocks, below = np.zeros((count, BLOCK, BLOCK)), np.zeros((count, BLOCK, BLOCK))
    rows = np.arange(unknowns)
    # What fills the last block up is solved by zeros.
    blocks[rows // BLOCK, rows % BLOCK, rows % BLOCK] = 1
    for distance, band in enumerate((diagonal, first, second)):
        column = np.arange(len(band))
        row, block = column + distance, column // BLOCK
        inside = row // BLOCK == block
        for into, chosen in ((blocks, inside), (below, ~inside)):
            into[block[chosen], row[chosen] % BLOCK, column[chosen] % BLOCK] = band[chosen]
        row, column, block = row[inside], column[inside], block[inside]
        blocks[block, column % BLOCK, row % BLOCK] = band[inside]
    sides = np.zeros((unknowns, right.shape[1]))
    sides[: len(right)] = right
    sides = sides.reshape(count, BLOCK, -1)
    for index in range(1, count):
        gain = np.linalg.solve(blocks[index - 1], below[index - 1].T).T
        blocks[index] -= gain @ below[index - 1].T
        sides[index] -= gain @ sides[index - 1]
    for index in reversed(range(count)):
        if index + 1 < count:
            sides[index] -= below[index].T @ sides[index + 1]
        sides[index] = np.linalg.solve(blocks[index], sides[index])
    return sides.reshape(unknowns, -1)[: len(right)]
