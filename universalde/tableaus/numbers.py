"""Coefficients as exact numbers, written as text."""

from collections.abc import Iterable
from fractions import Fraction
from math import comb, isqrt
from typing import Any

__all__ = ["ROOT_OF_TWO", "Matrix", "Vector", "centred", "exact_matrix", "exact_vector"]

Vector = tuple[Fraction, ...]
Matrix = tuple[Vector, ...]

ROOT_OF_TWO = Fraction(isqrt(2 * 10**120), 10**60)  # to 60 digits


def exact_vector(numbers: Any) -> Vector:
    """``"1/6 2/3 0.5"`` or a sequence of numbers, exactly; a float counts as the binary number it is."""
    parts: Iterable = numbers.split() if isinstance(numbers, str) else numbers
    return tuple(x if isinstance(x, Fraction) else Fraction(x if isinstance(x, str) else float(x)) for x in parts)


def exact_matrix(rows: Any) -> Matrix:
    """Rows of numbers; in text one row per line, a line of ``-`` is a row without entries."""
    if isinstance(rows, str):
        lines = [line.strip() for line in rows.strip().splitlines() if line.strip()]
        return tuple(() if line == "-" else exact_vector(line) for line in lines)
    return tuple(exact_vector(row) for row in rows)


def centred(row: Vector) -> Vector:
    """Coefficients of ``q`` in powers of θ - 1/2, where ``θ q(θ)`` is the polynomial with coefficients ``row`` of θ, θ², …

    The powers of θ cancel: evaluated by them in double precision, the weights of Vern8 are wrong by 2e-10, by these 2e-13.
    """
    count, half = len(row), Fraction(1, 2)
    return tuple(
        sum((row[k] * comb(k, j) * half ** (k - j) for k in range(j, count)), Fraction(0)) for j in range(count)
    )
