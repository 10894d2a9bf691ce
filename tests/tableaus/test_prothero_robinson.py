"""Orders of Rosenbrock methods on Prothero and Robinson's stiff problem, y' = λ (y - φ(t)) + φ'(t) with φ(t) = sin(t + π / 4)."""

from math import cos, log2, pi, sin

import pytest

from tests.tableaus.test_rosenbrock_tableaus import TABLES

DECAY = -1e4  # far beyond the step sizes
END = 2.0


def error(name, count):
    """The largest error at the ends of ``count`` equal steps."""
    numbers, h, worst = TABLES[name].numbers, END / count, 0.0
    y = sin(pi / 4)
    for n in range(count):
        t, u = n * h, []
        by_time = -DECAY * cos(t + pi / 4) - sin(t + pi / 4)
        for k, (row, couplings) in enumerate(zip(numbers.a, numbers.c, strict=True)):
            angle = t + numbers.alpha[k] * h + pi / 4
            slope = DECAY * (y + sum(x * v for x, v in zip(row, u, strict=True)) - sin(angle)) + cos(angle)
            right = slope + sum(x * v for x, v in zip(couplings, u, strict=True)) / h + numbers.gammas[k] * h * by_time
            u.append(right / (1 / (h * numbers.gamma) - DECAY))
        y += sum(x * v for x, v in zip(numbers.m, u, strict=True))
        worst = max(worst, abs(y - sin(t + h + pi / 4)))
    return worst


# One is what stiffly accurate methods have in general, at errors of 1 / (λ h).
ORDERS = {"Rodas3": 1, "Rodas4": 1, "Rodas5": 1, "ROS34PW2": 2, "ROS3P": 2, "Rodas3P": 2, "ROS34PW1a": 3, "ROS34PW1b": 3, "ROS3PR": 3,
          "ROS3PRL2": 3, "Rodas4P": 3, "Rodas4P2": 3, "Rodas4PW": 3, "Rodas5P": 3, "Scholz4_7": 4}  # fmt: skip


@pytest.mark.parametrize("name", ORDERS)
def test_on_a_very_stiff_problem_the_order_is_the_one_that_the_method_was_made_for(name):
    assert abs(log2(error(name, 40) / error(name, 80)) - ORDERS[name]) < 0.35


def test_rosenbrock32_is_not_for_very_stiff_problems():
    assert error("Rosenbrock32", 80) > 1e6
