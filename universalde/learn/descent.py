"""First-order stages: Adam, and any optax transformation.

A stage is an ask-and-tell rule: it names a trial point, is told the loss and gradient there, and answers with the next
trial.  That way one copy of the loss serves every stage in one compiled program (see ``program.py``).
"""

import dataclasses
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax

from universalde.learn.rules import Evaluation, Told, Verdict, select_tree

__all__ = ["Adam", "Optax"]

_SHRINK, _RECOVER, _SMALLEST = 0.5, 1.1, 1e-6


class Adam(eqx.Module):
    r"""Adam for ``steps`` iterations: :math:`z \leftarrow z - \eta_k \hat m_k / (\sqrt{\hat v_k} + \epsilon)`.

    ``schedule="constant"`` keeps the rate, ``"cosine"`` lowers it from ``rate`` to ``final_rate`` over the stage.
    ``clip`` bounds the Euclidean norm of the gradient before Adam sees it.

    Raises ``ValueError`` for a rate or a number of steps that is not positive and for an unknown schedule.

    >>> Adam(0.01, steps=500, schedule="cosine").steps
    500

    Kingma and Ba, Adam: a method for stochastic optimization, ICLR 2015.
    """

    rate: float | int = 1e-2
    steps: int = 1000
    schedule: str = eqx.field(static=True, default="constant")
    final_rate: float | int = 0.0
    clip: float | int | None = None
    b1: float = eqx.field(static=True, default=0.9)
    b2: float = eqx.field(static=True, default=0.999)
    eps: float = eqx.field(static=True, default=1e-8)

    def __check_init__(self) -> None:
        if not self.rate > 0:
            raise ValueError(f"Adam(rate={self.rate}): the rate must be above zero, for example 0.01.")
        if self.schedule not in ("constant", "cosine"):
            raise ValueError(f"Adam(schedule={self.schedule!r}): the schedules are 'constant' and 'cosine'.")
        if self.clip is not None and not self.clip > 0:
            raise ValueError(f"Adam(clip={self.clip}): the largest gradient norm must be above zero, or None.")

    @property
    def rule(self) -> "DescentRule":
        return DescentRule(_adam(self.b1, self.b2, self.eps), scaled=True)

    @property
    def numbers(self) -> tuple[float, ...]:
        final = self.final_rate if self.schedule == "cosine" else self.rate
        return (self.rate, final, float(self.steps), float("inf") if self.clip is None else self.clip)


class Optax(eqx.Module):
    """``steps`` iterations of any optax gradient transformation; it sees the trained leaves of the parameters.

    >>> import optax
    >>> Optax(optax.chain(optax.clip(1.0), optax.sgd(0.1)), steps=100).steps
    100
    """

    transformation: Any
    steps: int = 1000

    def __check_init__(self) -> None:
        if not isinstance(self.transformation, optax.GradientTransformation):
            raise TypeError(
                f"Optax(...) takes an optax gradient transformation such as optax.sgd(0.1); it was given "
                f"{type(self.transformation).__name__}."
            )

    @property
    def rule(self) -> "DescentRule":
        return DescentRule(self.transformation, scaled=False)

    @property
    def numbers(self) -> tuple[float, ...]:
        return (1.0, 1.0, 1.0, float("inf"))


_known: dict[tuple[float, float, float], optax.GradientTransformation] = {}


def _adam(b1: float, b2: float, eps: float) -> optax.GradientTransformation:
    """One object for the same numbers, so that a second fit finds the compiled program of the first."""
    return _known.setdefault((b1, b2, eps), optax.scale_by_adam(b1, b2, eps))


class DescentState(NamedTuple):
    """The last good point, the move proposed from it, and by how much that move is shortened."""

    point: Any
    move: Any
    memory: Any
    shrink: Any


@dataclasses.dataclass(frozen=True)
class DescentRule:
    """Move along what the transformation proposes; a point without a finite loss and gradient is taken back."""

    transformation: optax.GradientTransformation
    scaled: bool

    monotone = False

    @property
    def closed(self) -> bool:
        """Whether the rule is known to call nothing of the user's."""
        return self.scaled

    def start(self, vector: Any, space: Any) -> DescentState:
        if self.scaled:  # the moments of Adam start at zero; made on the host, because each eager operation compiles
            shapes = jax.eval_shape(self.transformation.init, vector)
            memory = jax.tree.map(lambda x: np.zeros(x.shape, x.dtype), shapes)
        else:
            memory = jax.jit(self.transformation.init)(space.free_leaves(vector))
        return DescentState(vector, np.zeros_like(vector), memory, vector.dtype.type(1))

    def _move(self, state: DescentState, told: Evaluation, context: Any) -> tuple[Any, Any]:
        space, value_function = context.space, context.value_function
        if self.scaled:
            rate, final, steps, clip = context.numbers
            norm = jnp.linalg.norm(told.gradient)
            gradient = told.gradient * jnp.where(norm > clip, clip / jnp.where(norm > 0, norm, 1), 1)
            update, memory = self.transformation.update(gradient, state.memory)
            share = jnp.minimum(context.iteration.astype(rate.dtype) / steps, 1)
            return -(final + (rate - final) * (1 + jnp.cos(jnp.pi * share)) / 2) * update, memory
        leaves = space.free_leaves(told.point)  # a user's transformation may label leaves: it sees them one by one
        extra = {}
        if isinstance(self.transformation, optax.GradientTransformationExtraArgs):
            gradient = space.free_leaves(told.gradient)
            extra = dict(value=told.value, grad=gradient, value_fn=lambda x: value_function(space.flat(x)))
        update, memory = self.transformation.update(space.free_leaves(told.gradient), state.memory, leaves, **extra)
        return space.flat(update), memory

    def tell(self, state: DescentState, told: Evaluation, context: Any) -> Told:
        move, memory = self._move(state, told, context)
        taken = DescentState(told.point, move, memory, jnp.minimum(1, state.shrink * _RECOVER))
        refused = state._replace(shrink=state.shrink * _SHRINK)
        state = select_tree(told.good, taken, refused)
        stuck = state.shrink < _SMALLEST
        verdict = jnp.where(stuck, Verdict.stuck, Verdict.going)
        step = Evaluation(told.point, told.value, told.gradient, told.good)
        return Told(state, state.point + state.shrink * state.move, step, jnp.bool_(True), verdict)
