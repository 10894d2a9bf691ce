"""What implicit multistep methods share: the equation of the new point, its solution, and the differentiable form."""

import abc
from typing import Any, ClassVar, NamedTuple

import jax.numpy as jnp

from ..base.hold import hold
from ..base.implicit import frozen, root
from ..base.powers import exp2, log2
from ..base.status import NEWTON
from ..nonlinear.newton import Found, Kept, Matrix, after, believed, newton, prepared, refused, unprepared
from ..spec.method import Equation, Method, Step, Work
from .rosenbrock_rows import Rodas5P
from .tabled import Tabled

__all__ = ["Judgement", "Multistep", "Predicted", "growth"]

SMALL = 8  # equations up to which every step has a Jacobian of its own, which costs no more than a second iteration
DOUBTED = 0.5  # rate of convergence that is taken for granted with an old Jacobian
HALF = 0.5  # of the step size, after a step whose equation could not be solved with a new Jacobian
ALMOST = 1 - 1e-6  # an error beyond this may be refused by the loop, which rounds otherwise


class Predicted(NamedTuple):
    """The point to come as the past says it: its value; what of h dy/dt the past gives, over the leading coefficient; that
    coefficient; and what ``absorb`` wants to have kept."""

    y: Any
    slope: Any
    leading: Any
    carried: Any


class Judgement(NamedTuple):
    """The estimate of the error, the size of the next step if this one stands, and if it does not, and the memory."""

    error: Any
    next_h: Any
    retry_h: Any
    memory: Any


class Multistep(Tabled):
    r"""A method whose new point :math:`y_1 = y^* + d` solves one equation with what the past gave:

    .. math:: \frac{\alpha}{h} M (\psi + d) = f(t + h, y^* + d)

    A method says what the past predicts (``predict``), what the past is after the step (``absorb``), and judges it (``judge``).
    Order and step size are its own: the controller sets limits.  Integers of the memory, such as the order, are
    recorded; derivatives hold them and follow the numbers.
    """

    implicit: ClassVar[bool] = True
    multistep: ClassVar[bool] = True
    accepts: ClassVar[frozenset[str]] = frozenset({"f", "history", "mass"})

    @property
    def one_step(self) -> Method:
        """What takes a single step again, where a state was changed."""
        return Rodas5P()

    @abc.abstractmethod
    def begin(self, slope: Any, h: Any) -> Any:
        """The memory of a method that knows only the slope of the present."""

    @abc.abstractmethod
    def span(self, memory: Any) -> Any:
        """The size of the last step."""

    @abc.abstractmethod
    def predict(self, y: Any, memory: Any, h: Any) -> Predicted:
        """The point to come."""

    @abc.abstractmethod
    def absorb(self, memory: Any, predicted: Predicted, h: Any, d: Any) -> Any:
        """The memory with the new point, which is ``d`` beside that predicted."""

    @abc.abstractmethod
    def judge(self, size: Any, memory: Any, new: Any, h: Any, d: Any) -> Judgement:
        """The error of the step, and what comes next; ``size(v)`` is the norm of a vector in tolerances.

        Of the ``new`` memory only integers may change, which say what the next step is to do first.
        """

    @abc.abstractmethod
    def interpolated(self, y: Any, memory: Any) -> Any:
        """What ``dense`` reads, numbers only, from the new point and the memory with it."""

    def init(self, equation: Equation, t: Any, y: Any, h: Any) -> tuple[Any, Kept]:
        return self.begin(equation.slope(t, y), h), unprepared(equation, t, y, y.size > SMALL)

    def reset(self, equation: Equation, t: Any, y: Any, memory: Any) -> Any:
        return self.begin(equation.slope(t, y), self.span(memory))

    def step(self, equation: Equation, t: Any, h: Any, y: Any, memory: Any, cache: Kept) -> Step:
        predicted = self.predict(y, memory, h)
        predicted = predicted._replace(y=hold(predicted.y), slope=hold(predicted.slope))
        found, matrix, work = _solved(equation, t + h, h, predicted, cache)
        new_y, new = predicted.y + found.x, self.absorb(memory, predicted, h, found.x)
        scale = jnp.maximum(jnp.abs(y), jnp.abs(new_y))
        said = self.judge(lambda v: equation.norm(v, scale), memory, new, h, found.x)
        stood = equation.norm(said.error, scale) <= ALMOST
        # With a Jacobian of an earlier point the same step is tried again, with a new one.
        tried = jnp.where(jnp.asarray(work.jacobians) > 0, HALF * h, h)
        next_h = jnp.where(found.ok, jnp.where(stood, said.next_h, said.retry_h), tried)
        return Step(
            y=new_y,
            error=said.error,
            memory=said.memory,
            cache=after(matrix.kept, found.rate),
            cache_if_rejected=_elsewhere(refused(matrix.kept, found.ok)),
            data=self.interpolated(new_y, new),
            next_h=next_h,
            ok=found.ok,
            trouble=NEWTON,
            rhs=found.iterations,
            work=work._replace(iterations=found.iterations),
        )

    def replay(self, equation: Equation, t: Any, h: Any, y: Any, memory: Any, cache: Kept) -> Step:
        def solve(t: Any, h: Any, y: Any, memory: Any) -> Any:
            return _solved(equation, t + h, h, self.predict(y, memory, h), cache)[0].x

        value, predicted = frozen(solve, t, h, y, memory), self.predict(y, memory, h)
        shift = predicted.leading / h
        d = root(
            lambda d: equation.f(t + h, predicted.y + d) - shift * equation.mass(predicted.slope + d),
            lambda d, change: equation.factor(equation.jac(t + h, predicted.y + d), shift).solve(change),
            value,
        )
        new_y, new = predicted.y + d, self.absorb(memory, predicted, h, d)
        return Step(y=new_y, error=None, memory=new, data=self.interpolated(new_y, new))


def _solved(equation: Equation, time: Any, h: Any, predicted: Predicted, cache: Kept) -> tuple[Found, Matrix, Work]:
    """The change of the predicted point, by Newton's method."""
    shift = predicted.leading / h
    matrix, work = prepared(equation, time, predicted.y, cache, shift)

    def correction(d: Any) -> Any:
        return matrix.solve(equation.f(time, predicted.y + d) - shift * equation.mass(predicted.slope + d))

    size = lambda change: equation.norm(change, predicted.y)  # noqa: E731
    # A rate found with a matrix that has grown old is doubted: one correction does only if it is small itself, and then the
    # Jacobian is renewed (a wrong matrix makes wrong corrections, small ones too).
    rate = matrix.kept.rate if cache.jacobian is None else jnp.where(work.jacobians > 0, matrix.kept.rate, jnp.maximum(matrix.kept.rate, DOUBTED))
    return newton(correction, jnp.zeros_like(predicted.y), size, believed(equation, predicted.y, rate)), matrix, work


def _elsewhere(kept: Kept) -> Kept:
    """Another attempt predicts another point."""
    return kept if kept.jacobian is None else kept._replace(here=jnp.zeros_like(kept.here))


def growth(error: Any, k: Any, bias: Any, most: float) -> Any:
    """By which factor a step could be larger at an error of this size that shrinks like ``h ** k``; zero if there is none."""
    known = jnp.isfinite(error)
    least = (bias * most) ** -8.0  # below, the factor is the largest anyway
    factor = exp2(-log2(jnp.where(known, jnp.maximum(error, least), 1)) / k) / bias
    return jnp.where(known, jnp.minimum(factor, most), 0)
