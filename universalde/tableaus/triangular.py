"""Arithmetic with lower triangular matrices of exact numbers, held as rows without the zeros."""

from fractions import Fraction

from .numbers import Matrix, Vector
from .trees import UNIT

__all__ = ["inverse", "product", "strictly", "times"]


def inverse(rows: Matrix) -> Matrix:
    """The inverse of a lower triangular matrix, by forward substitution."""
    found: list[Vector] = []
    for i, row in enumerate(rows):
        above = [sum((row[k] * found[k][j] for k in range(j, i)), Fraction(0)) for j in range(i)]
        found.append(tuple(_short(x / row[i]) for x in (*[-x for x in above], Fraction(1))))
    return tuple(found)


def product(left: Matrix, right: Matrix) -> Matrix:
    """``left @ right``; rows of ``left`` may be shorter than the diagonal asks."""
    return tuple(times(row, right[: len(row)]) for row in left)


def times(weights: Vector, rows: Matrix) -> Vector:
    """``weights @ rows``."""
    return tuple(
        _short(sum((weights[i] * rows[i][j] for i in range(j, len(weights))), Fraction(0))) for j in range(len(weights))
    )


def strictly(rows: Matrix) -> Matrix:
    """The part below the diagonal."""
    return tuple(row[:k] for k, row in enumerate(rows))


def _short(x: Fraction) -> Fraction:
    """To 120 decimals where more are there: fractions grow with every product."""
    return x if x.denominator <= UNIT else Fraction(round(x * UNIT), UNIT)
