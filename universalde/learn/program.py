"""The compiled part of a fit: many iterations in one call, one copy of the loss for all stages.

Every pass evaluates loss and gradient once, at the trial point of the active stage, and tells that stage.  How many
passes one call makes, the limits and the learning rates are operands, so nothing is compiled twice; because the
stopping rules are applied after each pass, results do not depend on how the passes are split into calls.
"""

from functools import partial
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from universalde.base.kernel import kernel
from universalde.base.loop import loop
from universalde.learn.constraints import Space
from universalde.learn.rules import Context, Evaluation, Told, Verdict, select_tree

__all__ = ["CAPACITY", "SMALL", "Limits", "Rows", "Run", "advance", "begin"]

CAPACITY = 2048  # rows of history, and so passes, of one call
# Parameters up to which the rules are one native kernel, and all stages one program. XLA sums 4096 numbers or more in
# a fusion that a native kernel cannot hold.
SMALL = 4095


class Limits(NamedTuple):
    """When a stage ends."""

    steps: Any
    patience: Any
    tolerance: Any
    target: Any
    validate_every: Any


class Run(NamedTuple):
    """Everything a fit knows between two passes; saved as it is in a checkpoint."""

    active: Any
    states: tuple
    trial: Any
    last: Evaluation
    best_point: Any
    best_value: Any
    best_score: Any
    reference: Any
    since: Any
    iteration: Any
    evaluations: Any
    failures: Any
    verdict: Any


class Rows(NamedTuple):
    """One row per iteration."""

    loss: Any
    gradient: Any
    score: Any


def begin(rules: tuple, active: int, vector: Any, space: Space, run: Run | None = None) -> Run:
    """The record at the start of a stage; what was found so far is kept."""
    vector = np.asarray(vector)
    states = tuple(rule.start(vector, space) for rule in rules)
    inf, none = vector.dtype.type(np.inf), np.int32(0)
    here = Evaluation(vector, inf, np.zeros_like(vector), np.bool_(True))
    run = run or Run(none, states, vector, here, vector, inf, inf, inf, none, none, none, none, none)
    return run._replace(
        active=np.int32(active), states=states, trial=vector, last=here, reference=inf, since=none,
        iteration=np.int32(-1), verdict=none,
    )  # fmt: skip


class _Task(NamedTuple):
    """The user's part of a pass, and the numbers of the stages."""

    loss: Any
    validate: Any
    space: Space
    args: tuple
    rules: tuple
    numbers: tuple
    limits: Limits


@eqx.filter_jit
def advance(
    loss: Any,
    validate: Any,
    rules: tuple,
    space: Space,
    args: tuple,
    numbers: tuple,
    limits: Limits,
    run: Run,
    passes: Any,
) -> tuple[bool, Any, Run, Rows]:
    """At most ``passes`` passes; returns whether the loss is a pair, the rows written, the new record, and the rows."""
    task = _Task(loss, validate, space, args, rules, numbers, limits)
    returned: list = []
    value_and_gradient = jax.value_and_grad(_scalar_loss(task, returned))
    answer = partial(_answer, task)
    if space.size <= SMALL and validate is None and all(rule.closed for rule in rules):
        answer = kernel(answer)  # a hundred small operations compile several times faster as one

    def body(i: Any, active: Any, state: tuple, shared: Any, rows: Rows) -> tuple:
        count, run = state
        value, gradient = value_and_gradient(run.trial)
        finished, run, row = answer(run, value, gradient, numbers, limits)
        rows = jax.tree.map(lambda buffer, x: lax.dynamic_update_index_in_dim(buffer, x, count, 0), rows, row)
        return (count + finished, run), shared, rows

    blank = jnp.full(CAPACITY, jnp.nan, space.dtype)
    (_, (count, run), _, rows) = loop(
        body,
        (jnp.int32(0), run),
        limit=jnp.minimum(passes, CAPACITY),
        running=lambda state: state[1].verdict == Verdict.going,
        private=Rows(blank, blank, blank),
    )
    return returned[0], count, run, rows


def _answer(task: _Task, run: Run, value: Any, gradient: Any, numbers: tuple, limits: Limits) -> tuple[Any, Run, Rows]:
    """What one evaluation changes: whether an iteration is finished, the record, and its row of history."""
    task = task._replace(numbers=numbers, limits=limits)
    good = jnp.isfinite(value) & jnp.all(jnp.isfinite(gradient))
    tried = Evaluation(run.trial, value, gradient, good)
    told = _tell(task, run, tried)
    run, row = _record(task, run, told, tried)
    return told.finished, run, row


def _scalar_loss(task: _Task, returned: list | None = None) -> Any:
    """The loss as a function of the vector; what it returns is checked here, while tracing."""

    def scalar(vector: Any) -> Any:
        result = task.loss(task.space.params(vector), *task.args)
        if returned is not None:
            returned.append(isinstance(result, tuple))
        return checked_scalar(result, "loss").astype(task.space.dtype)

    return scalar


def checked_scalar(result: Any, name: str) -> Any:
    """The number in what a loss returned: a scalar, or a pair of a scalar and anything."""
    value = result[0] if isinstance(result, tuple) and len(result) == 2 else result
    if not isinstance(value, float | int | jax.Array) or isinstance(value, bool):
        raise TypeError(
            f"The {name} returned {type(result).__name__}; it must return a real scalar, or a pair (scalar, anything)."
        )
    value = jnp.asarray(value)
    if value.shape != () or not jnp.issubdtype(value.dtype, jnp.floating):
        raise TypeError(
            f"The {name} returned an array of shape {value.shape} and type {value.dtype}; it must return a real "
            "scalar, for example jnp.mean(residual ** 2)."
        )
    return value


def _tell(task: _Task, run: Run, told: Evaluation) -> Told:
    value_function = _scalar_loss(task)

    def branch(k: int) -> Any:
        def answer(states: tuple) -> tuple:
            context = Context(task.numbers[k], jnp.maximum(run.iteration, 0), task.space, value_function)
            answered = task.rules[k].tell(states[k], told, context)
            return answered._replace(state=(*states[:k], answered.state, *states[k + 1 :]))

        return answer

    branches = [branch(k) for k in range(len(task.rules))]
    return branches[0](run.states) if len(branches) == 1 else lax.switch(run.active, branches, run.states)


def _record(task: _Task, run: Run, told: Told, tried: Evaluation) -> tuple[Run, Rows]:
    """Keep the best point, watch for progress, and decide whether the stage is over."""
    step, limits = told.step, task.limits
    iteration = run.iteration + told.finished
    score = _score(task, step, told.finished, iteration)
    usable = told.finished & step.good
    better = usable & (score < run.best_score)
    margin = limits.tolerance * jnp.abs(jnp.where(jnp.isfinite(run.reference), run.reference, 0))
    progress = usable & (score < run.reference - margin)
    since = jnp.where(progress, 0, run.since + told.finished)
    best_score = jnp.where(better, score, run.best_score)
    verdict = jnp.where(told.finished & (iteration >= limits.steps), Verdict.steps, told.verdict)
    verdict = jnp.where((told.verdict == 0) & (since >= limits.patience), Verdict.patience, verdict)
    verdict = jnp.where(best_score <= limits.target, Verdict.target, verdict)
    new = run._replace(
        states=told.state,
        trial=told.trial,
        last=select_tree(usable, step, select_tree(run.evaluations == 0, tried, run.last)),
        best_point=jnp.where(better, step.point, run.best_point),
        best_value=jnp.where(better, step.value, run.best_value),
        best_score=best_score,
        reference=jnp.where(progress, score, run.reference),
        since=since,
        iteration=iteration,
        evaluations=run.evaluations + 1,
        failures=run.failures + ~tried.good,
        verdict=verdict.astype(jnp.int32),
    )
    return new, Rows(step.value, jnp.linalg.norm(step.gradient), score)


def _score(task: _Task, step: Evaluation, finished: Any, iteration: Any) -> Any:
    """What the best point is chosen by: the loss, or the validation loss where it is evaluated."""
    if task.validate is None:
        return step.value
    due = finished & step.good & (iteration % task.limits.validate_every == 0)

    def validated() -> Any:
        value = checked_scalar(task.validate(task.space.params(step.point), *task.args), "validation loss")
        return value.astype(task.space.dtype)

    return lax.cond(due, validated, lambda: jnp.full((), jnp.nan, task.space.dtype))
