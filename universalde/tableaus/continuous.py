"""Dense output made of the stages that a step has."""

from collections.abc import Callable
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np

from .numbers import Matrix
from .tableau import ROUNDING
from .trees import UNIT

__all__ = ["continuous_weights"]

QUADRATURE = np.polynomial.legendre.leggauss(8)
SMALL = 1e-2  # what moves the next order's conditions less than this part is left alone: it would take large weights
LARGEST = 20  # sum of the weights' sizes; larger ones amplify what Newton's method leaves


def continuous_weights(table: Any, *preferred: Callable) -> Matrix:
    r"""Weights :math:`b_i(\theta)`, by powers of θ, of the dense output of the highest order that the stages allow.

    Conditions: the order conditions at every θ, :math:`b_i(1) = b_i`, and, where the first stage is the slope at the start and the last one
    that at the end, those slopes.  What they leave free is spent on the conditions of the next order (least squares over the
    step), and then on small weights.  ``table.elementary(order)`` gives the conditions, ``preferred`` more of them, which hold where
    they cost no order.
    """
    smooth = table.explicit_first and table.stiffly_accurate
    for order in range(table.order, 1, -1):
        for elementary, slopes in product((*preferred, table.elementary), (True, False) if smooth else (False,)):
            for degree in (order, order + 1):
                found = _solved(table, elementary, order, degree, slopes)
                if found is not None and np.max(np.sum(np.abs(_at_places(found)), axis=1)) < LARGEST:
                    return _exact(found, table.b)
    return tuple((b,) for b in table.b)


def _solved(table: Any, elementary: Callable, order: int, degree: int, slopes: bool) -> np.ndarray | None:
    """Coefficients (stages, degree), or ``None`` where the conditions contradict each other."""
    stages = len(table.b)
    known, wanted = _conditions(elementary, order, degree)
    ends = [(np.ones(degree), table.b)]
    if slopes:
        powers = np.arange(degree)
        ends += [(0.0 + (powers == 0), np.eye(stages)[0]), (1.0 + powers, np.eye(stages)[-1])]
    for row, values in ends:
        known.append(np.kron(np.eye(stages), row))
        wanted.append(np.array(values, float))
    matrix, right = np.concatenate(known), np.concatenate(wanted)
    solution, *_ = np.linalg.lstsq(matrix, right, rcond=ROUNDING)
    if np.max(np.abs(matrix @ solution - right)) > ROUNDING:
        return None
    _, sizes, basis = np.linalg.svd(matrix)
    free = basis[np.sum(sizes > ROUNDING * sizes[0]) :].T
    if free.size:
        defects, of_next = _next_order(elementary, order + 1, degree)
        solution = solution + free @ np.linalg.lstsq(defects @ free, of_next - defects @ solution, rcond=SMALL)[0]
    return solution.reshape(stages, degree)


def _conditions(elementary: Callable, order: int, degree: int) -> tuple[list, list]:
    """Rows over the coefficients: the weight of each power of θ in each tree's condition."""
    rows, right = [], []
    for tree in elementary(order):
        vector = np.array([x / UNIT for x in tree.vector])
        rows.append(np.kron(vector, np.eye(degree)))
        right.append((np.arange(1, degree + 1) == tree.order) * float(tree.share))
    return rows, right


def _next_order(elementary: Callable, order: int, degree: int) -> tuple[np.ndarray, np.ndarray]:
    """The conditions of ``order`` at the places of a quadrature over the step."""
    places, sizes = (QUADRATURE[0] + 1) / 2, np.sqrt(QUADRATURE[1] / 2)
    rows, right = [], []
    for tree in elementary(order):
        if tree.order == order:
            vector = np.array([x / UNIT for x in tree.vector])
            rows += [size * np.kron(vector, x ** np.arange(1, degree + 1)) for x, size in zip(places, sizes, strict=True)]
            right += list(sizes * places**order * float(tree.share))
    return np.array(rows), np.array(right)


def _at_places(found: np.ndarray) -> np.ndarray:
    """The weights at the places of the quadrature."""
    places = (QUADRATURE[0][:, None] + 1) / 2
    return places ** np.arange(1, found.shape[1] + 1) @ found.T


def _exact(found: np.ndarray, b: Any) -> Matrix:
    """As fractions, with the last coefficients such that the end is the result in all digits."""
    rows = [[Fraction(float(x)) for x in row] for row in found]
    return tuple((*row[:-1], weight - sum(row[:-1], Fraction(0))) for row, weight in zip(rows, b, strict=True))
