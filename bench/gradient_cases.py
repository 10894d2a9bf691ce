"""What the benchmarks of gradients differentiate: right-hand sides, losses, and references by SciPy."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from bench import problems
from bench.explicit_problems import PLEIADES_START
from bench.lotka_volterra import jax_lotka_volterra

PLEIADES_TIMES = np.linspace(0.0, 3.0, 31)
ROBER_TIMES = np.array([0.0, *np.logspace(-1.0, 5.0, 19)])
ROBER_RATES = np.array([0.04, 3e7, 1e4])
ROBER_SIZES = np.array([1.0, 1e4, 1.0])
LINE_TIMES = np.linspace(0.0, 10.0, 11)
LINE = 40


class Case(NamedTuple):
    """A right-hand side, its start and save times, the parameters, the solution by a reference solver, and how it is solved.

    The loss is the sum of squares of deviations from `data`, times `sizes`.  `method` and `peer` are names of methods in
    universalde and diffrax; `count` gradients are taken in one call.
    """

    f: Callable
    y0: np.ndarray
    times: np.ndarray
    parameters: Any
    reference: Callable[[Any], np.ndarray]
    data: Any = 0.0
    sizes: Any = 1.0
    method: str = "Tsit5"
    peer: str = "Tsit5"
    rtol: float = 1e-6
    atol: float = 1e-6
    count: int = 100

    def loss(self, ys: Any, array: Callable = np.asarray) -> Any:
        """The loss of a solution; `array` makes constants into what `ys` can be subtracted from."""
        return (((ys - array(self.data)) * array(self.sizes)) ** 2).sum()

    def reference_loss(self, parameters: Any) -> float:
        """The loss of the reference solution."""
        return float(self.loss(self.reference(parameters)))


def orbit_case() -> Case:
    """Lotka-Volterra on [0, 20], sum of squares at 21 times."""
    y0, times, parameters = problems.LOTKA_VOLTERRA_START, problems.ORBIT_TIMES, problems.LOTKA_VOLTERRA
    return Case(jax_lotka_volterra, y0, times, parameters, lambda p: problems.tight(problems.lotka_volterra, y0, times, p))


def jax_spiral_net(t, u, weights):
    """The network of `problems.spiral_net` for JAX."""
    import jax.numpy as jnp

    first, first_bias, second, second_bias = weights
    return jnp.tanh(u**3 @ first + first_bias) @ second + second_bias


def spiral_case(weights: Callable[[], Any]) -> Case:
    """The 2-50-2 network on [0, 1.5], sum of squares against thirty points of the spiral."""
    y0, times = problems.SPIRAL_START, problems.SPIRAL_TIMES

    def reference(weights):
        return problems.tight(problems.spiral_net, y0, times, weights)

    return Case(jax_spiral_net, y0, times, weights(), reference, data=problems.spiral_data())


def seven_stars(numpy: Any) -> Callable:
    """Seven stars in a plane, the masses as parameters, in `numpy` or `jax.numpy`."""

    def f(t, y, masses):
        dx, dy = y[:7] - y[:7, None], y[7:14] - y[7:14, None]
        squares = dx * dx + dy * dy + np.eye(7)
        weights = masses * (1 - np.eye(7)) / (squares * numpy.sqrt(squares))
        return numpy.concatenate([y[14:], (weights * dx).sum(1), (weights * dy).sum(1)])

    return f


def pleiades_case() -> Case:
    """Pleiades on [0, 3], by its masses, sum of squares at 31 times."""
    import jax.numpy as jnp

    masses = np.arange(1.0, 8.0)

    def reference(masses):
        return problems.tight(seven_stars(np), PLEIADES_START, PLEIADES_TIMES, masses)

    f = seven_stars(jnp)
    return Case(f, PLEIADES_START, PLEIADES_TIMES, masses, reference, rtol=1e-8, atol=1e-8, count=20)


def reactions(numpy: Any) -> Callable:
    """Robertson's reactions, their rates as multiples of the usual ones."""

    def f(t, y, factors):
        rates = factors * ROBER_RATES
        first, second, third = rates[0] * y[0], rates[1] * y[1] * y[1], rates[2] * y[1] * y[2]
        return numpy.stack([third - first, first - second - third, second])

    return f


def rober_case() -> Case:
    """ROBER on [0, 1e5] by its rates, sum of squares of components of like size at 20 times."""
    import jax.numpy as jnp

    start = np.array([1.0, 0.0, 0.0])

    def reference(factors):
        return problems.tight(reactions(np), start, ROBER_TIMES, factors, method="Radau", atol=1e-18)

    how = {"sizes": ROBER_SIZES, "method": "Rodas5P", "peer": "Kvaerno5", "atol": 1e-9, "count": 20}
    return Case(reactions(jnp), start, ROBER_TIMES, np.ones(3), reference, **how)


def line(numpy: Any) -> Callable:
    """The Brusselator on a line of 40 points, ends held, by its two rates and its diffusion."""
    first, second = np.array([1.0]), np.array([3.0])

    def f(t, y, p):
        u, v = y[:LINE], y[LINE:]

        def spread(w, edge):
            wide = numpy.concatenate([edge, w, edge])
            return p[2] * (LINE + 1) ** 2 * (wide[:-2] - 2 * w + wide[2:])

        react = u * u * v
        return numpy.concatenate([p[0] + react - (p[1] + 1) * u + spread(u, first), p[1] * u - react + spread(v, second)])

    return f


def line_case() -> Case:
    """The Brusselator on a line, sum of squares at 11 times on [0, 10]."""
    import jax.numpy as jnp

    x = np.arange(1, LINE + 1) / (LINE + 1)
    start = np.concatenate([1 + np.sin(2 * np.pi * x), np.full(LINE, 3.0)])

    def reference(p):
        return problems.tight(line(np), start, LINE_TIMES, p)

    return Case(line(jnp), start, LINE_TIMES, np.array([1.0, 3.0, 0.02]), reference, count=20)
