"""What a method is: one pure step, seen through an :class:`Equation`."""

import abc
from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

from ..base.static import Static
from ..base.status import TOO_SMALL

__all__ = ["Equation", "Method", "Step", "Work"]


class Equation:
    """The problem as a method sees it: raveled, and running forward in time.

    Parts: ``f(t, y)``, ``stiff(t, y)``, ``residual``, ``diffusion(t, y)``, ``increment(t, h)``, ``past(t)``; for implicit methods ``jac(t, y)``,
    the Jacobian J of ``f`` (an Operator), ``directions(n)``, in how many directions that differentiates ``f``, ``factor(J, s)``, the factors of ``s M - J``, ``mass(v) = M v``, ``time_slope(t, y) = df/dt`` (``None``
    where ``f`` does not see the time), ``slope(t, y)``, the part of dy/dt that ``f`` says without solving (pseudo-inverse of M), and ``norm(v, y)``, the size of a
    change ``v`` of ``y`` in tolerances; and ``apply(function, t, y)``: a function ``(y, t, args) -> y`` that the user gave the method.  A part that the problem does not have does not exist here.
    """

    def __init__(self, **parts: Callable):
        self._parts = parts

    def __getattr__(self, name: str) -> Callable:
        try:
            return self.__dict__["_parts"][name]
        except KeyError:
            have = ", ".join(sorted(self.__dict__.get("_parts", {})))
            raise AttributeError(f"this problem has no {name!r}; it has: {have}") from None

    def has(self, name: str) -> bool:
        """Whether the problem has this part."""
        return name in self._parts


class Work(NamedTuple):
    """What implicit methods do besides evaluating ``f``: Jacobians, factorisations, iterations of Newton's method."""

    jacobians: Any = 0
    factorisations: Any = 0
    iterations: Any = 0


class Step(NamedTuple):
    """One attempted step from ``(t, y)`` to ``t + h``.

    ``error`` is a vector like ``y`` (``None``: no estimate, always accepted); ``coarse`` a second, lower estimate that tempers it.  ``memory`` is state: differentiated and
    taped.  ``cache`` can be dropped without changing the answer and is never differentiated; ``cache_if_rejected`` is
    what the loop keeps when the step is refused.  ``data`` is what ``Method.dense`` interpolates from.  ``next_h`` is the
    proposal of a variable-order method.  ``stiffness`` estimates |λ| h, of explicit methods over the size of the stability region.  ``ok`` is false when the step could not be computed (Newton diverged).
    ``error_order`` is that of this step, where steps of one method differ.  ``trouble`` is the status of a solve that ends because of that.  ``work`` is :class:`Work` for implicit methods and ``()`` for others.
    """

    y: Any
    error: Any
    coarse: Any = None
    memory: Any = ()
    cache: Any = ()
    cache_if_rejected: Any = ()
    data: Any = ()
    next_h: Any = None
    ok: Any = True
    trouble: Any = TOO_SMALL
    rhs: Any = 0
    work: Any = ()
    stiffness: Any = None
    error_order: Any = None


class Method(Static):
    """A method is a pure step; everything else about a solve is the loop's.

    ``needs`` and ``accepts`` are sets of problem parts: a method fits a problem when
    ``needs <= problem.parts <= accepts``.  ``native=False`` keeps the compiled solve from being one native kernel.
    ``remembers = False`` says that ``memory`` is what ``init`` gives at ``(t, y)``, like the derivative at the start of a step:
    the tape does not hold it, derivatives make it again.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"f"})
    accepts: ClassVar[frozenset[str]] = frozenset({"f", "history"})
    remembers: ClassVar[bool] = True
    implicit: ClassVar[bool] = False  # reads the Jacobian
    multistep: ClassVar[bool] = False  # a step cannot be taken again from its start alone
    estimates_global_error: ClassVar[bool] = False

    @property
    def native(self) -> bool:
        """Whether the compiled solve may be one native kernel."""
        return True

    @property
    def adaptive(self) -> bool:
        """Whether a step brings an error estimate; without one the step size is fixed."""
        return True

    @property
    def algebraic(self) -> bool:
        """Whether its steps keep to the algebraic equations of a singular mass matrix, if it accepts a mass matrix at all."""
        return True

    @property
    def completes(self) -> bool:
        """Whether ``dense`` reads more than the step leaves, made by ``complete``."""
        return False

    @property
    @abc.abstractmethod
    def order(self) -> int:
        """Order of the solution that is carried on."""

    @property
    def error_order(self) -> int:
        """Order of the error estimate's step dependence, less one (5(4) pairs: 4)."""
        return self.order - 1

    @property
    def name(self) -> str:
        """Name in tables and messages."""
        return type(self).__name__

    @abc.abstractmethod
    def init(self, equation: Equation, t: Any, y: Any, h: Any) -> tuple[Any, Any]:
        """``(memory, cache)`` at the start."""

    @abc.abstractmethod
    def step(self, equation: Equation, t: Any, h: Any, y: Any, memory: Any, cache: Any) -> Step:
        """Attempt a step of size ``h``."""

    def replay(self, equation: Equation, t: Any, h: Any, y: Any, memory: Any, cache: Any) -> Step:
        """The step in the form that is differentiated; the same numbers up to rounding, error estimate not needed."""
        return self.step(equation, t, h, y, memory, cache)

    def retake(self, equation: Equation, t: Any, h: Any, y: Any, end: Any) -> Any:
        """``data`` of the step from ``y`` at ``t`` that came to ``end``, complete: dense output between saved steps."""
        memory, cache = self.init(equation, t, y, h)
        return self.complete(equation, t, h, self.step(equation, t, h, y, memory, cache).data)

    def reset(self, equation: Equation, t: Any, y: Any, memory: Any) -> Any:
        """``memory`` after the state was changed discontinuously; by default a fresh start."""
        return self.init(equation, t, y, t * 0)[0]

    def global_error(self, memory: Any) -> Any:
        """The estimate of the exact solution less the state; ``None``: the method has none (``estimates_global_error``)."""
        return None

    def complete(self, equation: Equation, t: Any, h: Any, data: Any) -> Any:
        """What ``dense`` reads, from what the step left; evaluated only for steps that are read between their ends."""
        return data

    @abc.abstractmethod
    def dense(self, data: Any, theta: Any) -> Any:
        """The solution at the fraction ``theta`` of the step that left ``data``."""
