"""Switching between an explicit and an implicit method by the stiffness of the problem."""

from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

import jax
import jax.numpy as jnp

from ..base.branch import branch
from ..nonlinear.stiffness import vote
from ..spec.method import Equation, Method, Step, Work

__all__ = ["Auto"]

TO_STIFF, TO_NONSTIFF = 10, 3  # votes


class Mode(NamedTuple):
    """Which method is on, how many steps in a row asked for the other, and the memories of both."""

    stiff: Any
    count: Any
    memories: tuple


class Auto(Method):
    r"""An explicit method that hands over to an implicit one where the problem is stiff, and takes over again where it is not.

    Every step votes (:func:`universalde.nonlinear.stiffness.vote`): one of the explicit method by :math:`|\lambda| h`, estimated from its
    last two stages, over its interval of stability, one of the implicit method by :math:`h \|J\|_\infty` over the same.  Ten votes more than
    against it switch to the implicit method, three switch back.

    Of the two only the one that is on is computed (under ``vmap``: those that any lane needs).
    Errors: ``TypeError`` when the first method does not estimate stiffness, or one has a memory that its state does not determine.
    Source: E. Hairer and G. Wanner, Solving Ordinary Differential Equations II (1996), IV.2; L. Petzold, SIAM J. Sci. Stat.
    Comput. 4 (1983) 136.

    Example: ``ude.solve(problem, ude.Auto(ude.Tsit5(), ude.Rodas5P()))``
    """

    accepts: ClassVar[frozenset[str]] = frozenset({"f", "history"})
    implicit: ClassVar[bool] = True

    nonstiff: Any
    stiff: Any
    native: bool = True  # pyright: ignore[reportIncompatibleMethodOverride, reportIncompatibleVariableOverride]

    def __post_init__(self) -> None:
        for method in (self.nonstiff, self.stiff):
            if not isinstance(method, Method):
                raise TypeError(f"Auto was given {method!r}; write ude.Auto(ude.Tsit5(), ude.Rodas5P()), with two methods")
            if method.remembers or not method.adaptive:
                raise TypeError(f"Auto cannot use {method.name}: it takes one-step methods that choose their step size")
        if self.nonstiff.implicit or not self.stiff.implicit:
            raise TypeError(
                f"Auto was given {self.nonstiff.name} and {self.stiff.name}; the first is an explicit method, the second an implicit one"
            )

    @property
    def order(self) -> int:
        return min(self.nonstiff.order, self.stiff.order)

    @property
    def error_order(self) -> int:
        return self.nonstiff.error_order

    @property
    def name(self) -> str:
        return f"Auto({self.nonstiff.name}, {self.stiff.name})"

    @property
    def completes(self) -> bool:
        return self.nonstiff.completes or self.stiff.completes

    @property
    def _methods(self) -> tuple[Method, Method]:
        return self.nonstiff, self.stiff

    def _memories(self, equation: Equation, t: Any, y: Any, h: Any) -> tuple:
        return tuple(method.init(equation, t, y, h)[0] for method in self._methods)

    def init(self, equation: Equation, t: Any, y: Any, h: Any) -> tuple[Any, Any]:
        memories = self._memories(equation, t, y, h)
        return Mode(jnp.bool_(False), jnp.int32(0), memories), self.stiff.init(equation, t, y, h)[1]

    def reset(self, equation: Equation, t: Any, y: Any, memory: Any) -> Any:
        return memory._replace(memories=self._memories(equation, t, y, t * 0))

    def step(self, equation: Equation, t: Any, h: Any, y: Any, memory: Any, cache: Any) -> Step:
        on = memory.stiff

        def taken(k: int) -> Callable[[], Step]:
            return lambda: _complete(self._methods[k].step(equation, t, h, y, memory.memories[k], cache), cache)

        step = self._branch(on, taken)
        interval = jnp.where(on, self.nonstiff.tableau.real_interval, 1)
        count = jnp.maximum(memory.count + jnp.where(on, -1, 1) * vote(step.stiffness / interval), 0)
        switch = count >= jnp.where(on, TO_NONSTIFF, TO_STIFF)
        memories = branch(switch, lambda: self._memories(equation, t + h, step.y, h), lambda: step.memory)
        orders = self.nonstiff.error_order, self.stiff.error_order
        return step._replace(
            memory=Mode(on ^ switch, jnp.where(switch, 0, count), memories),
            data=(on.astype(h.dtype), *step.data),
            error_order=None if orders[0] == orders[1] else jnp.where(on, orders[1], orders[0]).astype(h.dtype),
            rhs=step.rhs + switch,
        )

    def _branch(self, on: Any, taken: Callable[[int], Callable[[], Step]], choose: Callable = branch) -> Step:
        """The step that is on; ``memory`` and ``data`` are pairs, zeros for the method that is off."""
        shapes = [jax.eval_shape(taken(k)) for k in (0, 1)]

        def padded(k: int) -> Callable[[], Step]:
            def run() -> Step:
                step = taken(k)()
                pairs = {}
                for name in ("memory", "data"):
                    pair = [_zeros(getattr(shape, name)) for shape in shapes]
                    pair[k] = getattr(step, name)
                    pairs[name] = tuple(pair)
                return step._replace(**pairs)

            return run

        return choose(on, padded(1), padded(0))

    def retake(self, equation: Equation, t: Any, h: Any, y: Any, end: Any) -> Any:
        """That of the method that comes to ``end``, up to roundings; the other one misses it by its error."""
        misses, taken = [], []
        for method in self._methods:
            step = method.step(equation, t, h, y, *method.init(equation, t, y, h))
            misses.append(jnp.max(jnp.abs(step.y - end)))
            taken.append(method.complete(equation, t, h, step.data))
        return (~(misses[0] < misses[1])).astype(h.dtype), *taken

    def replay(self, equation: Equation, t: Any, h: Any, y: Any, memory: Any, cache: Any) -> Step:
        def taken(k: int) -> Callable[[], Step]:
            method = self._methods[k]  # its memory is what ``init`` makes of the state
            return lambda: _complete(method.replay(equation, t, h, y, method.init(equation, t, y, h)[0], cache), cache)

        step = self._branch(memory.stiff, taken, jax.lax.cond)
        return step._replace(memory=jax.tree.map(jnp.zeros_like, memory), data=(memory.stiff.astype(h.dtype), *step.data))

    def complete(self, equation: Equation, t: Any, h: Any, data: Any) -> Any:
        on, *parts = data
        wanted = (on < 0.5, on > 0.5)
        made = []
        for method, flag, part in zip(self._methods, wanted, parts, strict=True):
            whole = lambda method=method, part=part: method.complete(equation, t, h, part)  # noqa: E731
            made.append(jax.lax.cond(flag, whole, lambda whole=whole: _zeros(jax.eval_shape(whole))) if method.completes else part)
        return on, *made

    def dense(self, data: Any, theta: Any) -> Any:
        on, explicit, implicit = data
        return jax.lax.cond(on > 0.5, lambda: self.stiff.dense(implicit, theta), lambda: self.nonstiff.dense(explicit, theta))


def _zeros(shapes: Any) -> Any:
    return jax.tree.map(lambda x: jnp.zeros(x.shape, x.dtype), shapes)


def _complete(step: Step, cache: Any) -> Step:
    """The step with everything that an implicit one has, as arrays."""
    if step.stiffness is None:
        raise TypeError("Auto needs an explicit method that estimates stiffness, such as ude.Tsit5() and ude.Vern7()")
    explicit = step.work == ()
    step = step._replace(
        work=Work(0, 0, 0) if explicit else step.work, coarse=None, cache=cache if explicit else step.cache,
        cache_if_rejected=cache if explicit else step.cache_if_rejected, next_h=None,
    )  # fmt: skip
    return jax.tree.map(jnp.asarray, step)
