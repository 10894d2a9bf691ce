"""Strong stability preserving methods with limiters on their convex combinations."""

from collections.abc import Callable
from typing import Any

from ..base.hold import hold
from ..spec.method import Equation, Step
from ..tableaus.low_storage import weighted_sum
from ..tableaus.shu_osher import FORMS
from ..tableaus.tableau import Tableau
from .explicit import ExplicitRow
from .hermite import Interpolated

__all__ = ["LimitedSSP", "SSPRow"]


class LimitedSSP(Interpolated):
    r"""A strong stability preserving method in the form of Shu and Osher, with limiters.

    .. math:: u_i = L\Bigl(\sum_{j<i} \alpha_{ij} u_j + h \beta_{ij} f(t + c_j h, u_j)\Bigr), \qquad y_1 = S(u_s)

    ``stage_limiter`` L acts on every stage and on the result, ``step_limiter`` S on the result after it; both are functions
    ``(u, t, args) -> u`` on states as ``f`` sees them.  Numbers that may change belong into ``args``: a new function is a new
    compilation.  The error estimate, where the method has one, is that of the limited stages.  Dense output: cubic Hermite
    interpolation, which is not limited.

    Made by the rows of the methods, for example ``ude.SSPRK33(stage_limiter=lambda u, t, args: jnp.maximum(u, 0))``.
    """

    tableau: Tableau
    stage_limiter: Callable | None = None
    step_limiter: Callable | None = None

    def init(self, equation: Equation, t: Any, y: Any, h: Any) -> tuple[Any, Any]:
        return (), ()

    def step(self, equation: Equation, t: Any, h: Any, y: Any, memory: Any, cache: Any) -> Step:
        form, table = FORMS[self.name], self.tableau
        nodes = [*map(float, table.c[: form.stages]), 1.0]
        states, slopes = [y], []
        for i, (shares, steps) in enumerate(zip(form.alpha, form.beta, strict=True)):
            slopes.append(hold(equation.f(t + nodes[i] * h, states[i])))
            new = weighted_sum(_floats(shares), states)
            change = weighted_sum(_floats(steps), slopes)
            new = new if change is None else new + h * change
            states.append(hold(self._limit(equation, self.stage_limiter, t + nodes[i + 1] * h, new)))
        new = self._limit(equation, self.step_limiter, t + h, states[-1])
        error = None if table.error is None else h * weighted_sum(_floats(table.error), slopes)
        return Step(y=new, error=error, data=(y, new), rhs=form.stages)

    @staticmethod
    def _limit(equation: Equation, limiter: Callable | None, t: Any, u: Any) -> Any:
        return u if limiter is None else equation.apply(limiter, t, u)


def _floats(weights: Any) -> list[float]:
    return [float(x) for x in weights]


class SSPRow(ExplicitRow):
    """A row whose method takes limiters: with one it gives the :class:`LimitedSSP`, without the :class:`~universalde.ExplicitRK`."""

    def __call__(self, *, native: bool = True, stage_limiter: Any = None, step_limiter: Any = None) -> Any:
        for what, limiter in (("stage_limiter", stage_limiter), ("step_limiter", step_limiter)):
            if limiter is not None and not callable(limiter):
                raise TypeError(f"{self.__name__}({what}={limiter!r}): a limiter is a function (u, t, args) -> u, or None")
        if stage_limiter is None and step_limiter is None:
            return super().__call__(native=native)
        return LimitedSSP(self.tableau, native, stage_limiter, step_limiter)
