"""Whether a step of an explicit method was held by stability, not by accuracy."""

from typing import Any

import jax.numpy as jnp

__all__ = ["near", "vote"]

STIFF, FREE = 0.8, 0.5  # of the stability region
NEAR = 0.25  # where fast oscillations hold a step, whose border lies nearer than that of decay


def vote(size: Any) -> Any:
    r"""What a step says, to be summed over steps: 1 stiff, 0 neither, -2 not stiff; ``size`` is :math:`|\lambda| h` over the stability interval.

    Steps held by stability swing about its border, the wider the more lively the controller is: of those of ``PI`` all are
    beyond 0.8, of those of ``Predictive`` nine in ten, and nearly none below 0.5.
    """
    held = ~(size < STIFF)  # not a number counts as stiff
    return jnp.where(held, 1, jnp.where(size < FREE, -2, 0)).astype(jnp.int32)


def near(size: Any) -> Any:
    """Whether fast oscillations may hold the step: always, if they do; of steps held by accuracy some at loose tolerances, none at tight ones."""
    return ~(size < NEAR)
