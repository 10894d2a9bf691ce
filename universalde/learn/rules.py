"""What the stages of a fit and the compiled program say to each other."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

__all__ = ["Context", "Evaluation", "Told", "Verdict", "select_tree"]


class Verdict:
    """Why a stage is over; ``going`` means it is not."""

    going = 0
    steps = 1
    target = 2
    patience = 3
    tolerance = 4
    stuck = 5
    flat = 6
    no_descent = 7


class Evaluation(NamedTuple):
    """The loss and its gradient at one point; ``good`` when all of it is finite."""

    point: Any
    value: Any
    gradient: Any
    good: Any


class Context(NamedTuple):
    """What a rule may look at besides its own state."""

    numbers: Any
    iteration: Any
    space: Any
    value_function: Any


class Told(NamedTuple):
    """A rule's answer: its state, the next trial point, the finished step, whether there is one, and a verdict."""

    state: Any
    trial: Any
    step: Evaluation
    finished: Any
    verdict: Any


def select_tree(condition: Any, yes: Any, no: Any) -> Any:
    """``yes`` or ``no``, leaf by leaf."""
    return jax.tree.map(lambda a, b: jnp.where(condition, a, b), yes, no)
