"""Adjoints whose integral is a quadrature over the steps of the backward solve."""

from collections.abc import Callable
from typing import Any, NamedTuple

from ..adjoint.rows import Residuals
from ..loop.program import Operands
from ..spec.method import Equation as Seen
from ..spec.method import Method, Step
from .backward import Equation, Swept, Work, solved
from .continuous import Continuous
from .path import Path, before, state_at
from .products import flattened, pulled, transposed_masses, transposed_structure
from .rules import Rule, gauss, integral, kronrod

__all__ = ["GaussAdjoint", "GaussKronrodAdjoint", "adjoint_equation", "integrand"]


class Memory(NamedTuple):
    """That of the method, and the integral so far."""

    of_method: Any
    total: Any


class Integrating(Method):
    """A method that integrates ``integrand(s, u)`` over each of its steps, along its dense output."""

    inner: Method
    over: Callable  # (curve, s, h, total) -> total after the step
    begin: Any

    @property
    def order(self) -> int:
        return self.inner.order

    @property
    def error_order(self) -> int:
        return self.inner.error_order

    def init(self, equation: Seen, t: Any, y: Any, h: Any) -> tuple[Any, Any]:
        memory, cache = self.inner.init(equation, t, y, h)
        return Memory(memory, self.begin), cache

    def step(self, equation: Seen, t: Any, h: Any, y: Any, memory: Any, cache: Any) -> Step:
        step = self.inner.step(equation, t, h, y, memory.of_method, cache)
        data = self.inner.complete(equation, t, h, step.data)
        total = self.over(lambda s: self.inner.dense(data, (s - t) / h), t, h, memory.total)
        return step._replace(memory=Memory(step.memory, total), data=())

    def dense(self, data: Any, theta: Any) -> Any:
        return self.inner.dense(data, theta)


def adjoint_equation(tolerances: tuple, work: Work, res: Residuals, path: Path | None) -> Equation:
    """The adjoint equation alone, without integrals."""
    walk = work.walk
    operands: Operands = walk.operands(res.leaves, walk.values(res.leaves))

    def f(s: Any, u: Any, args: tuple) -> Any:
        leaves, path = args
        return pulled(walk, leaves, -s, state_at(walk.program.method, path, -s), u)[1]

    mass = transposed_masses(operands.mass, 0)
    return Equation(f, (res.leaves, path), *tolerances[:2], mass, transposed_structure(walk.program.structure))


def integrand(work: Work, res: Residuals, path: Path | None) -> Callable:
    """What is integrated at (s, adjoint): the product of the transposed derivative by the parameters."""
    walk = work.walk

    def f(s: Any, u: Any) -> Any:
        y = state_at(walk.program.method, path, -s)
        return flattened(pulled(walk, res.leaves, -s, y, u)[0], u.dtype)

    return f


class GaussAdjoint(Continuous):
    r"""The adjoint equation, and for the parameters Gauss quadrature over each of its steps.

    .. math:: \bar\theta = \sum_n h_n \sum_i w_i f_\theta(t_i, y(t_i))^T \lambda(t_i)

    over the steps of the backward solve, divided where steps of the forward solve end, with ``points`` nodes each (``None``: as
    many as the order of the method asks for).  The state is :math:`\lambda` alone, n numbers however many parameters there are: the
    choice for stiff problems and for networks.  Else as :class:`InterpolatingAdjoint`, with the same
    options, memory and errors.
    Source: S. Kim, W. Ji, S. Deng, Y. Ma and C. Rackauckas, Chaos 31 (2021) 093122, on the cost of integrals in the state.

    Example: ``ude.solve(problem, ude.Rodas5P(), saveat=ts, adjoint=ude.GaussAdjoint())``
    """

    points: Any = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.points is not None and not (type(self.points) is int and 1 <= self.points <= 64):
            raise ValueError(f"GaussAdjoint(points={self.points!r}): give a whole number of nodes from 1 to 64, or None")

    def _covered(
        self, work: Work, res: Residuals, path: Path | None, at: Swept, target: Any, rooms: Any
    ) -> tuple[Swept, Any]:
        """With the quadrature in the memory of the method."""
        rule = gauss(self.points or work.method.order // 2 + 2)
        return _with_quadrature(rule, self._tolerances(work, res, at), work, res, path, at, target), rooms


class GaussKronrodAdjoint(Continuous):
    r"""The adjoint equation, and for the parameters Gauss–Kronrod quadrature over each of its steps, halved where it is not accurate.

    Like :class:`GaussAdjoint` with 15 nodes and the difference from the 7 of Gauss among them as estimate: a piece of a step is halved
    until that is within ``atol + rtol |integral|``.
    Sources: as there; A. S. Kronrod, Nodes and weights of quadrature formulas, 1965.

    Example: ``ude.solve(problem, saveat=ts, adjoint=ude.GaussKronrodAdjoint())``
    """

    def _covered(
        self, work: Work, res: Residuals, path: Path | None, at: Swept, target: Any, rooms: Any
    ) -> tuple[Swept, Any]:
        """With the quadrature in the memory of the method."""
        return _with_quadrature(kronrod(), self._tolerances(work, res, at), work, res, path, at, target), rooms


def _with_quadrature(
    rule: Rule, tolerances: tuple, work: Work, res: Residuals, path: Path | None, at: Swept, target: Any
) -> Swept:
    equation, f = adjoint_equation(tolerances, work, res, path), integrand(work, res, path)

    def over(curve: Callable, s: Any, h: Any, total: Any) -> Any:
        asked = None if rule.differences is None else (tolerances[0], tolerances[2], total)
        limit_of = lambda s: -before(path, -s)  # noqa: E731
        return total + integral(lambda s: f(s, curve(s)), total * 0, s, s + h, rule, limit_of, asked)[0]

    new = solved(
        work, res.leaves, equation, at.adjoint, at, target, wrapped=lambda method: Integrating(method, over, at.integral)
    )
    state = new.outcome.state
    return at._replace(adjoint=state.y, integral=state.memory.total, h=new.h, ok=at.ok & new.ok)
