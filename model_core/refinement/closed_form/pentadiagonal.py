"""Symmetric systems of equations in which an unknown meets only the two before and the two after it (numpy only)."""

from collections.abc import Sequence

import numpy as np


def solve(diagonal: np.ndarray, first: np.ndarray, second: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The solution (T, D) of a symmetric positive definite system with the right-hand sides ``right`` (T, D).

    Its matrix has ``diagonal`` (T,) and beside it ``first`` (T - 1,) and ``second`` (T - 2,), all float64. L D L^T
    without pivoting (Golub and Van Loan, Matrix Computations, 4.3.6), whose time and memory grow with T alone. One
    number after the other is Python's own work: numpy's calls would take longer than what they compute.
    """
    below = ([*band.tolist(), 0.0, 0.0][: len(diagonal)] for band in (first, second))
    pivots, ones, twos = _factorise(diagonal.tolist(), *below)
    columns = [_substitute(pivots, ones, twos, column.tolist()) for column in right.T]
    return np.array(columns, np.float64).reshape(len(columns), len(diagonal)).T


def _factorise(
    diagonal: Sequence[float], first: Sequence[float], second: Sequence[float]
) -> tuple[list[float], list[float], list[float]]:
    """D, and the two bands of L below its diagonal of ones."""
    pivots, ones, twos = [], [], []
    # Of the row before: its pivot and multipliers; of the one before that what it still takes away.
    pivot = one = two = earlier = 0.0
    for centre, beside, beyond in zip(diagonal, first, second, strict=True):
        centre -= one * one * pivot + earlier
        beside -= two * pivot * one
        earlier = two * two * pivot
        pivot, one, two = centre, beside / centre, beyond / centre
        pivots.append(pivot)
        ones.append(one)
        twos.append(two)
    return pivots, ones, twos


def _substitute(
    pivots: Sequence[float], ones: Sequence[float], twos: Sequence[float], right: Sequence[float]
) -> list[float]:
    """One column of the solution: down through L, then back up through D and L^T."""
    down, before, last = [], 0.0, 0.0
    for value, one, two in zip(right, [0.0, *ones[:-1]], [0.0, 0.0, *twos[:-2]], strict=False):
        before, last = last, value - one * last - two * before
        down.append(last)
    found, after, next_one = [], 0.0, 0.0
    for value, pivot, one, two in zip(reversed(down), reversed(pivots), reversed(ones), reversed(twos), strict=True):
        after, next_one = next_one, value / pivot - one * next_one - two * after
        found.append(next_one)
    return found[::-1]
