"""Steps of one size."""

from typing import Any, ClassVar

import jax.numpy as jnp

from ..spec.controller import Controller, Verdict

__all__ = ["Fixed"]


class Fixed(Controller):
    r"""Steps of the size that ``dt0`` gives, :math:`t_{n+1} = t_n + h`; error estimates are not looked at.

    Steps are shorter where they have to end exactly (the end of the span, a stop, an event), and where ``hmax`` says so; then
    they have the given size again.  A step whose error is NaN or infinite ends the solve.
    Errors: ``ValueError`` from ``solve`` without ``dt0``.

    Example: ``ude.solve(problem, dt0=0.01, controller=ude.Fixed())``
    """

    needs_dt0: ClassVar[bool] = True
    follows: ClassVar[bool] = False

    def init(self, h: Any) -> Any:
        return h

    def judge(self, square: Any, h: Any, state: Any, order: Any) -> Verdict:
        finite = jnp.isfinite(square)
        return Verdict(finite, jnp.where(finite, state, 0), state)
