"""Calls of ``ensemble`` that make no sense; ``python -m tests.ensemble.bad_input`` prints what each raises."""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

import universalde as ude

DECAY = ude.ODE(lambda t, y, k: -k * y, 1.0, (0.0, 1.0))
FIVE = np.ones(5)


class Case(NamedTuple):
    """A call, the class of its error, and a pattern that the sentence matches."""

    call: Callable[[], Any]
    error: str
    sentence: str


def over(rows: Any, problem: Any = DECAY, **options: Any) -> Callable:
    """A call of ``ensemble`` to be made later."""
    return lambda: ude.ensemble(problem, over=rows, **options)


def ones(**options: Any) -> Callable:
    """A call with five rows that fit."""
    return over({"args": FIVE}, **options)


CASES = {
    "no problem": Case(over({"args": FIVE}, DECAY.f), "TypeError", "ensemble was given function; build a problem"),
    "an array for over": Case(over(FIVE), "TypeError", r"over = array.*give a dict of slots.*change=lambda"),
    "an empty dict": Case(over({}), "TypeError", "over = {}; give a dict of slots"),
    "an unknown slot": Case(over({"p": FIVE}), "ValueError", "over names 'p'; what may differ .* is 'y0' and 'args'"),
    "time spans": Case(over({"tspan": FIVE}), "ValueError", "over names 'tspan'.*length of the time span, into args"),
    "sizes that differ": Case(over({"y0": FIVE, "args": FIVE[:4]}), "ValueError", r"over\['args'\] has 4 rows, over\['y0'\] has 5 rows"),
    "no rows": Case(over({"args": np.ones((0, 2))}), "ValueError", r"over\['args'\] has the shape \(0, 2\), no trajectory at all"),
    "single numbers": Case(over({"args": 0.5}), "ValueError", "over holds no array with one row per trajectory; give arrays"),
    "a ragged list": Case(over({"y0": [[1.0], [1.0, 2.0]]}), "ValueError", "over is .*rows must have the same length"),
    "inside jit": Case(lambda: jax.jit(lambda k: over({"args": k})().y)(FIVE), "TypeError", r"inside jit, grad or vmap; there write jax.vmap"),
    "a problem inside grad": Case(
        lambda: jax.grad(lambda y: over({"args": FIVE}, DECAY.replace(y0=y))().y.sum())(1.0), "TypeError", "inside jit, grad or vmap"
    ),
    "a change that forgets to return": Case(over(FIVE, change=lambda p, k: None), "TypeError", "change returned None; it returns a problem"),
    "a change of the span": Case(over(FIVE, change=lambda p, k: p.replace(tspan=(0.0, k))), "ValueError", "change replaced tspan; what may differ"),
    "a change of nothing": Case(over(FIVE, change=lambda p, k: p.replace(args=1.0).replace(args=p.args)), "ValueError", "same problem for every row"),
    "a change that cannot be called": Case(over(FIVE, change=3), "TypeError", r"change = 3; give a function change\(problem, row\)"),
    "every step": Case(ones(saveat=ude.Save()), "ValueError", "cannot keep every step.*give a vector of times"),
    "a component of a number": Case(ones(saveat=ude.Save(end=True, only=0)), "TypeError", "the state is an array of shape"),
    "a function of every step": Case(ones(saveat=ude.Save(of=lambda t, y, k: y)), "ValueError", "cannot keep every step"),
    "a reduce that cannot be called": Case(ones(reduce="mean"), "TypeError", r"reduce = 'mean'; give ude.mean, ude.quantiles\(...\), or a function"),
    "quantiles without levels": Case(ones(reduce=ude.quantiles), "TypeError", r"write ude.quantiles\(\(0.05, 0.5, 0.95\)\)"),
    "percent as levels": Case(lambda: ude.quantiles((5, 50)), "ValueError", r"given \(5, 50\); give levels between 0 and 1"),
    "chunk zero": Case(ones(chunk=0), "ValueError", "chunk = 0; give a whole number of trajectories"),
    "progress a word": Case(ones(progress="yes"), "TypeError", "progress = 'yes'; write True for a bar"),
    "a right-hand side of another shape": Case(over({"y0": np.ones((5, 3))}, ude.ODE(lambda t, y, k: y[:2], FIVE, (0.0, 1.0))), "ValueError", r"shape \(2,\) for a state of shape \(3,\)"),
    "rtol negative": Case(ones(rtol=-1.0), "ValueError", "rtol = -1.0"),
    "a method by name": Case(ones(method="Tsit5"), "TypeError", "method = 'Tsit5' is not a method"),
}  # fmt: skip


def said(case: Case) -> tuple[str, str]:
    """Class and sentence of what a case raises."""
    try:
        case.call()
    except Exception as error:
        return type(error).__name__, str(error)
    return "nothing", ""


if __name__ == "__main__":
    jax.config.update("jax_enable_x64", True)
    jnp.zeros(1)
    print(json.dumps({name: said(case) for name, case in CASES.items()}))
