"""Dense output for methods that were published without one."""

from fractions import Fraction

from .numbers import Matrix, Vector

__all__ = ["bootstrapped"]

HIGHEST = 8  # further orders take ever more stages: 1 + (p - 2)(p - 3) / 2 for order p


def bootstrapped(b: Vector, end: int, order: int) -> tuple[Matrix, Matrix]:
    """Further stages and weights (by powers of θ) of a dense output of ``order``, at most eight, for a method of that order.

    Cubic Hermite interpolation has order 3. Derivatives at places on it are good for order 4, those on that for order 5, and so
    on: each polynomial meets the values and slopes at both ends and the slopes at inner places, which lie on the one
    before (Enright, Jackson, Nørsett & Thomsen, ACM Transactions on Mathematical Software 12 (1986) 193–218).
    Stage ``end`` is the slope at the end; where ``b`` has no such stage, it is the first of the further ones.
    """
    stages = max(len(b), end + 1)
    further: list[Vector] = [] if end < len(b) else [b]
    slopes = {Fraction(0): 0, Fraction(1): end}
    polynomial = _through(slopes, b, stages)
    for degree in range(4, min(order, HIGHEST) + 1):
        inner = degree - 3
        # Equally spaced places, the last left out: placed symmetrically they would not determine the polynomial.
        slopes = {Fraction(0): 0, Fraction(1): end}
        for place in (Fraction(k, inner + 2) for k in range(1, inner + 1)):
            row = [sum((x * place ** (d + 1) for d, x in enumerate(w)), Fraction(0)) for w in polynomial]
            slopes[place] = stages
            further.append((*row, *[Fraction(0)] * (stages - len(row))))
            stages += 1
        polynomial = _through(slopes, b, stages)
    return tuple(further), polynomial


def _through(slopes: dict[Fraction, int], b: Vector, stages: int) -> Matrix:
    """Weights, by powers of θ, of the polynomial that ends at the result and has the slopes of the stages at the places."""
    count = len(slopes) + 1
    rows = [[Fraction(1)] * count, *([(d + 1) * place**d for d in range(count)] for place in slopes)]
    known = [[*b, *[Fraction(0)] * (stages - len(b))]]
    known += [[Fraction(int(k == stage)) for k in range(stages)] for stage in slopes.values()]
    system = [[*map(Fraction, row), *right] for row, right in zip(rows, known, strict=True)]
    for i in range(count):  # elimination of Gauss and Jordan, exactly
        pivot = next(k for k in range(i, count) if system[k][i])
        system[i], system[pivot] = system[pivot], system[i]
        system[i] = [x / system[i][i] for x in system[i]]
        for k in range(count):
            factor = system[k][i]
            if k != i and factor:
                system[k] = [x - factor * y for x, y in zip(system[k], system[i], strict=True)]
    return tuple(tuple(system[d][count + stage] for d in range(count)) for stage in range(stages))
